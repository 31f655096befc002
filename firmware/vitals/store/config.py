# SPDX-License-Identifier: Apache-2.0
"""The settings kept on the board: by wire.CONFIG_KEY_*, each with a type, a range and a default.

On flash they are items of key (u8), length (u8) and UTF-8 text, in a record of two copies with counter and CRC. Keys
that this firmware does not know are kept as they are, so that going back to an older firmware loses nothing.
No setting reaches a limit or a timer of the cuff; sound and light have a floor so that no setting hides an alarm.
"""

import binascii

from micropython import const

from vitals.link import wire

from .twocopy import TwoCopies

LABEL_BYTES = const(32)
_MAX_BYTES = const(240)

# key: (lowest, highest, default) or the tuple of the values allowed, default first
_NUMBERS = {
    wire.CONFIG_KEY_LED_BRIGHTNESS_PCT: (10, 100, 50),
    wire.CONFIG_KEY_SOUND_PCT: (20, 100, 60),
    wire.CONFIG_KEY_PPG_STREAM: (0, 1, 0),
    wire.CONFIG_KEY_OWN_SUPPLY: (0, 1, 0),
    wire.CONFIG_KEY_CUFF_METHOD: (0, 1, 0),
}
# Averaging in common use on pulse oximeters, s.
AVERAGING_S = (8, 4, 16)

_KNOWN = (wire.CONFIG_KEY_BED_LABEL, wire.CONFIG_KEY_AVERAGING_S) + tuple(_NUMBERS)
# A setting that may be absent: then the board's own defaults guard, and nothing is missing.
_FALLBACK = wire.CONFIG_KEY_FALLBACK_LIMITS


def _packed(text):
    """The bytes of a fallback given in base64; None if it is not just what is stored for them."""
    try:
        packed = binascii.a2b_base64(text)
    except ValueError:
        return None
    return packed if binascii.b2a_base64(packed)[:-1] == text.encode() else None


def _fallback(text):
    """The same text if the board may guard by it, else None."""
    # Loaded when it is wanted: in service mode nobody judges limits.
    from vitals.alarms.limits import fallback_of

    packed = _packed(text)
    return text if packed is not None and fallback_of(packed) else None


def _clean(key, text):
    """The text under which a setting is stored, None if it is not allowed."""
    if key == wire.CONFIG_KEY_BED_LABEL:
        text = text.strip()
        if len(text.encode()) > LABEL_BYTES:
            return None
        # Control characters would break the lines of the hello.
        return None if [c for c in text if ord(c) < 32 or ord(c) == 127] else text
    if key == _FALLBACK:
        return _fallback(text) if text else text
    # Digits only: int() would take signs, spaces and underscores too.
    if not text or len(text) > 5 or [c for c in text if c not in "0123456789"]:
        return None
    number = int(text)
    if key == wire.CONFIG_KEY_AVERAGING_S:
        return str(number) if number in AVERAGING_S else None
    lowest, highest, _ = _NUMBERS[key]
    return str(number) if lowest <= number <= highest else None


def _pack(settings):
    packed = b""
    for key in sorted(settings):
        text = settings[key].encode()
        packed += bytes((key, len(text))) + text
    return packed


def _decode(data):
    try:
        return str(data, "utf-8")
    except ValueError:  # UnicodeError is one
        return None


class Config:
    """The settings. Reads the flash when made; a setting changes only with `set()`.

    `bed_label` (text, may be empty), `averaging_s`, `led_brightness_pct`, `sound_pct` (ints), `ppg_stream` and
    `own_supply` (bools) are the settings, and `cuff_method`: the `wire.CUFF_DIRECTION_*` in which the cuff measures.
    `fallback_limits` (bytes) is what `Limits.fall_back` takes, b"" where none are set up.
    `defaulted` is true while any setting in use is a default because nothing valid was stored for it; `corrupt` while
    a stored copy was not whole, or held a value out of range.
    """

    def __init__(self, storage):
        self._storage = storage
        self._copies = TwoCopies(storage.path, "config", _MAX_BYTES)
        payload = self._copies.load()
        self.corrupt = self._copies.bad > 0
        self._stored = {}
        if payload is not None and not self._unpack(payload):
            self.corrupt = True
        self._apply()

    def get(self, key):
        """The setting as text; None for a key that does not exist."""
        if key == wire.CONFIG_KEY_BED_LABEL:
            return self.bed_label
        if key == wire.CONFIG_KEY_AVERAGING_S:
            return str(self.averaging_s)
        if key == _FALLBACK:
            return self._stored.get(key, "")
        return str(self._number(key)) if key in _NUMBERS else None

    def set(self, key, text):
        """Checks and saves one setting given as text.

        Returns wire.REFUSAL_NONE; NOT_FOUND for an unknown key, BAD_VALUE for a value that is not allowed,
        CUFF_NOT_EMPTY while flash may not be written, STORAGE if it could not be stored. Refused changes nothing.
        """
        if self.get(key) is None:
            return wire.REFUSAL_NOT_FOUND
        clean = _clean(key, text)
        if clean is None:
            return wire.REFUSAL_BAD_VALUE
        if self._storage.blocked:
            return wire.REFUSAL_CUFF_NOT_EMPTY
        if self._stored.get(key) == clean and not self.corrupt and not self.defaulted:
            return wire.REFUSAL_NONE
        # Everything in force is stored, so that a later firmware's defaults change nothing behind anybody's back.
        stored = dict(self._stored)
        for other in _KNOWN:
            stored[other] = self.get(other)
        stored[key] = clean
        try:
            self._copies.save(_pack(stored))
        except (OSError, ValueError):
            return wire.REFUSAL_STORAGE
        self._stored = stored
        self.corrupt = False
        self._apply()
        return wire.REFUSAL_NONE

    # ------------------------------------------------------------ inside

    def _unpack(self, payload):
        """Takes the items of a whole record; False if one of them is not what `_pack` writes."""
        i = 0
        whole = True
        while i + 2 <= len(payload):
            key, end = payload[i], i + 2 + payload[i + 1]
            text = _decode(payload[i + 2 : end])
            if text is None or end > len(payload):
                whole = False
            elif (key in _KNOWN or key == _FALLBACK) and _clean(key, text) != text:
                whole = False
            else:
                self._stored[key] = text
            i = end
        return whole and i == len(payload)

    def _apply(self):
        stored = self._stored
        self.bed_label = stored.get(wire.CONFIG_KEY_BED_LABEL, "")
        self.averaging_s = int(stored.get(wire.CONFIG_KEY_AVERAGING_S, AVERAGING_S[0]))
        self.led_brightness_pct = self._number(wire.CONFIG_KEY_LED_BRIGHTNESS_PCT)
        self.sound_pct = self._number(wire.CONFIG_KEY_SOUND_PCT)
        self.ppg_stream = bool(self._number(wire.CONFIG_KEY_PPG_STREAM))
        self.own_supply = bool(self._number(wire.CONFIG_KEY_OWN_SUPPLY))
        self.cuff_method = self._number(wire.CONFIG_KEY_CUFF_METHOD)
        self.fallback_limits = _packed(stored.get(_FALLBACK, ""))
        self.defaulted = False
        for key in _KNOWN:
            if key not in stored:
                self.defaulted = True

    def _number(self, key):
        return int(self._stored.get(key, _NUMBERS[key][2]))
