# SPDX-License-Identifier: Apache-2.0
"""Every setting: what a person may write, what goes over the wire, and back. Pure.

Ranges are those of the board (`vitals/store/config.py`), held equal by a test.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from vitalwire_protocol.codec import ConfigKey, Priority, Rule, name_of

from ...alarms.rules import Limit
from ...alarms.wire import WireLimits, wire_limits
from ...errors import CheckFailed, UsageError

LABEL_BYTES: Final = 32
NUMBERS: Final = {"led_brightness_pct": (10, 100), "sound_pct": (20, 100)}
CHOICES: Final = {"averaging_s": (4, 8, 16)}
SWITCHES: Final = ("ppg_stream", "own_supply")
METHODS: Final = ("deflation", "inflation")
FALLBACK: Final = "fallback_limits"
_HEAD: Final = struct.Struct("<HH")
_ITEM: Final = struct.Struct("<BBHHH")
_YES: Final = {"yes": "1", "on": "1", "true": "1", "1": "1", "no": "0", "off": "0", "false": "0", "0": "0"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name, its number on the wire, and a line about it."""

    name: str
    key: ConfigKey
    about: str


SETTINGS: Final = {
    setting.name: setting
    for setting in (
        Setting("bed_label", ConfigKey.BED_LABEL, f"where the board stands, at most {LABEL_BYTES} bytes"),
        Setting("averaging_s", ConfigKey.AVERAGING_S, "seconds that SpO2 and pulse are means of: 4, 8 or 16"),
        Setting("led_brightness_pct", ConfigKey.LED_BRIGHTNESS_PCT, "brightness of the alarm lights, 10 to 100"),
        Setting("sound_pct", ConfigKey.SOUND_PCT, "loudness of the buzzer, 20 to 100"),
        Setting("ppg_stream", ConfigKey.PPG_STREAM, "send the pulse wave: yes or no"),
        Setting("own_supply", ConfigKey.OWN_SUPPLY, "the board has a supply of its own, and measures it: yes or no"),
        Setting("cuff_method", ConfigKey.CUFF_METHOD, "the cuff measures on deflation or on inflation"),
        Setting(FALLBACK, ConfigKey.FALLBACK_LIMITS, "limits by which the board guards a session that got none: FILE"),
    )
}


def to_wire(name: str, text: str) -> str:
    """What is sent for a setting that a person has written. Raises UsageError with what it may be.

    `fallback_limits` is given as the wire has it already: see `pack_limits`.
    """
    text = text.strip()
    about = SETTINGS[name].about
    if name == "bed_label":
        good = text.isprintable() and len(text.encode()) <= LABEL_BYTES  # what is not printable may have no bytes
        return _checked(name, text, text if good else None, about)
    if name in NUMBERS:
        low, high = NUMBERS[name]
        good = text.isascii() and text.isdigit() and len(text) <= 3 and low <= int(text) <= high
        return _checked(name, text, str(int(text)) if good else None, about)
    if name in CHOICES:
        good = text.isascii() and text.isdigit() and len(text) <= 3 and int(text) in CHOICES[name]
        return _checked(name, text, str(int(text)) if good else None, about)
    if name in SWITCHES:
        return _checked(name, text, _YES.get(text.lower()), about)
    if name == "cuff_method":
        return _checked(name, text, str(METHODS.index(text)) if text in METHODS else None, about)
    unpack_limits(text)
    return text


def from_wire(name: str, text: str) -> Any:
    """A setting as JSON has it: text, number, true or false; of `fallback_limits` a list of limits, None for none.

    Raises CheckFailed where what the board says is none.
    """
    try:
        return _from_wire(name, text)
    except (ValueError, IndexError, UsageError):
        what = f"the board says {name}={text[:60]!r}, which it cannot be"
        raise CheckFailed(what, "run `vitalwire selftest flash`") from None


def _from_wire(name: str, text: str) -> Any:
    if name in NUMBERS or name in CHOICES:
        return int(text)
    if name in SWITCHES:
        return text == "1"
    if name == "cuff_method":
        return METHODS[int(text)]
    return text if name == "bed_label" else unpack_limits(text)


def shown(name: str, value: Any) -> str:
    """A value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == FALLBACK:
        return "none: the board's own defaults" if value is None else ", ".join(_limit(one) for one in value["limits"])
    return str(value) if value != "" else "-"


def pack_limits(limits: Iterable[Limit]) -> str:
    """Limits as the setting `fallback_limits` carries them: base64 of latching, escalation and the items."""
    packed: WireLimits = wire_limits(limits)
    data = _HEAD.pack(packed.latching, packed.escalate_s) + b"".join(_ITEM.pack(*item) for item in packed.items)
    return base64.b64encode(data).decode()


def unpack_limits(text: str) -> dict[str, Any] | None:
    """The limits of the setting, None for none. Raises UsageError for text that is none."""
    if not text:
        return None
    try:
        data = base64.b64decode(text, validate=True)
        latching, escalate_s = _HEAD.unpack_from(data)
        items = list(_ITEM.iter_unpack(data[_HEAD.size :]))
        if len(items) > len(Rule):
            raise ValueError
    except (struct.error, binascii.Error, ValueError):
        raise UsageError(f"{FALLBACK}: what is given are no packed limits", "name a limits file instead") from None
    limits = [
        {
            "rule": name_of(Rule, rule),
            "priority": name_of(Priority, priority),
            "threshold": threshold / 10,
            "hysteresis": hysteresis / 10,
            "delay_s": delay / 10,
        }
        for rule, priority, threshold, hysteresis, delay in items
    ]
    return {"packed": text, "latching": latching, "escalate_s": escalate_s, "limits": limits}


def _limit(one: dict[str, Any]) -> str:
    return f"{one['rule']} {one['threshold']:g} ({one['priority']}, {one['delay_s']:g} s)"


def _checked(name: str, text: str, good: str | None, about: str) -> str:
    if good is None:
        raise UsageError(f"{name}={text}: not allowed", about)
    return good


__all__ = ["FALLBACK", "SETTINGS", "Setting", "from_wire", "pack_limits", "shown", "to_wire", "unpack_limits"]
