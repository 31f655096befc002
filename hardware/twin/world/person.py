# SPDX-License-Identifier: Apache-2.0
"""The person of a patient script: what does not change over time. Checked here, so that nothing odd gets further.

Beside its plain properties a person may bring an artery, a cuff, beats and more of its own, as numbers in the script:

    "artery": {"volume_nl": [...], "segments": [[share, part], ...], "wave": [...], "systole_ms": 310}
    "cuff": {"empty_ml": 200, "stretch_ml": 60, "half_mmhg": 25, "slope_ul_mmhg": 50}
    "beats": [[length_ms, strength_permille, sbp_mmmhg, dbp_mmmhg], ...]
    "squeeze": [[t_ms, nl], ...]
    "ppg": [...], "shake": [[t_ms, ppm], ...], "finger_noise_pa": 60

`tables` and `pneumatics` say what they mean; README.md explains them.
"""

from array import array

from .tables import (
    ARTERY_MEAN_PERMILLE,
    ARTERY_SHAPE,
    ARTERY_TOP,
    ARTERY_ZERO,
    PHASES,
    PPG_SHAPE,
    UNIT,
    artery_volume,
    cuff_compliance,
)

PERSON = {
    "artery": "normal",
    "same_limb": False,
    "red_pa_per_ua": 210,
    "infrared_pa_per_ua": 260,
    "cuff": None,
    "beats": None,
    "squeeze": None,
    "ppg": None,
    "shake": None,
    "finger_noise_pa": 60,
}
ARTERIES = {"normal": (110000, 45300), "stiff": (76000, 21000)}  # a and b of Babbs' model, 1/1,000,000 per mmHg
# Towards its edges a cuff presses less upon the artery than in its middle, so there the artery still beats when it is
# already shut in the middle. This share of it feels this part of the pressure, which makes the oscillations at the
# systolic pressure 0.5 to 0.6 of the largest, as published ratios have it (the middle alone would make them 0.4).
SEGMENTS = ((850, 1000), (150, 700))  # (share, part of the pressure), permille
LONGEST_SYSTOLE_MS = 310
CUFF = {
    "empty_ml": (200, 20, 1000),
    "stretch_ml": (60, 0, 500),
    "half_mmhg": (25, 1, 200),
    "slope_ul_mmhg": (50, 0, 1000),
}
_SEGMENTS_MOST = 8
_VOLUME_MOST_NL = 20000000
_SHAKE_MOST_PPM = 200000
_SQUEEZE_MOST_NL = 20000000
_KNOTS_MOST = 20000


class ScriptError(ValueError):
    """A patient file that cannot be used; the message says where and why."""


class Artery:
    """The artery under the cuff: `volume_nl` by transmural pressure, `segments` along it, and the wave in it."""

    def __init__(self, volume_nl, segments, wave, systole_us, mean_permille):
        self.volume_nl = volume_nl
        self.segments = segments
        self.wave = wave
        self.systole_us = systole_us
        self.mean_permille = mean_permille


def checked(given):
    """The person's properties with defaults for what is not named. Raises ScriptError."""
    if not isinstance(given, dict):
        raise ScriptError("person must be an object, not %r" % (given,))
    person = dict(PERSON)
    for name, value in given.items():
        if name not in PERSON:
            raise ScriptError("person: no such property %r; there are %s" % (name, ", ".join(sorted(PERSON))))
        person[name] = value
    person["artery"] = _artery(person["artery"])
    person["cuff"] = _cuff(person["cuff"])
    person["ppg"] = _ppg(person["ppg"])
    if person["beats"] is not None:
        person["beats"] = _beats(person["beats"])
    for name, most in (("squeeze", _SQUEEZE_MOST_NL), ("shake", _SHAKE_MOST_PPM)):
        if person[name] is not None:
            person[name] = _line(person[name], "person: " + name, most)
    for name in ("red_pa_per_ua", "infrared_pa_per_ua", "finger_noise_pa"):
        _whole(person[name], 0, 100000, "person: " + name)
    return person


def _whole(value, low, high, where):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ScriptError("%s must be a whole number from %d to %d, not %r" % (where, low, high, value))
    return value


def _row(value, length, where):
    """A list of `length` items (None: of any length but 0)."""
    if not isinstance(value, list) or not value or (length is not None and len(value) != length):
        raise ScriptError("%s must be a list of %s numbers" % (where, "some" if length is None else length))
    return value


def _known(value, names, where):
    if not isinstance(value, dict):
        raise ScriptError("%s must be an object, not %r" % (where, value))
    for name in value:
        if name not in names:
            raise ScriptError("%s: no such value %r; there are %s" % (where, name, ", ".join(sorted(names))))


def _artery(value):
    if isinstance(value, str) and value in ARTERIES:
        rise, fall = ARTERIES[value]
        systole_us = LONGEST_SYSTOLE_MS * 1000
        return Artery(artery_volume(rise, fall), SEGMENTS, ARTERY_SHAPE, systole_us, ARTERY_MEAN_PERMILLE)
    if not isinstance(value, dict):
        raise ScriptError("person: artery must be one of %s, or an object" % ", ".join(sorted(ARTERIES)))
    where = "person: artery"
    _known(value, ("volume_nl", "segments", "wave", "systole_ms"), where)
    if "volume_nl" not in value:
        raise ScriptError(where + " of its own needs volume_nl")
    volume = array("i", _volume(value["volume_nl"], where + ": volume_nl"))
    segments = SEGMENTS
    if "segments" in value:
        segments = _segments(value["segments"], where + ": segments")
    wave, mean = ARTERY_SHAPE, ARTERY_MEAN_PERMILLE
    if "wave" in value:
        wave = array("i", _shape(value["wave"], where + ": wave"))
        mean = (sum(wave) * 1000 // PHASES + UNIT // 2) // UNIT
    systole_ms = _whole(value.get("systole_ms", LONGEST_SYSTOLE_MS), 100, 600, where + ": systole_ms")
    return Artery(volume, segments, wave, systole_ms * 1000, mean)


def _volume(values, where):
    last = 0
    for nl in _row(values, ARTERY_ZERO + ARTERY_TOP + 1, where):
        if _whole(nl, 0, _VOLUME_MOST_NL, where) < last:
            raise ScriptError("%s must not fall: an artery does not get smaller when it is filled" % where)
        last = nl
    return values


def _segments(values, where):
    total = 0
    out = []
    for pair in _row(values, None, where):
        share, part = _row(pair, 2, where)
        total += _whole(share, 1, 1000, where)
        _whole(part, 0, 1000, where)
        out.append((share, part))
    if total != 1000 or len(out) > _SEGMENTS_MOST:
        raise ScriptError("%s: at most %d shares that make 1000 together, not %d" % (where, _SEGMENTS_MOST, total))
    return tuple(out)


def _shape(values, where):
    """Heights of one beat over its phases; the last is the next beat's first."""
    for height in _row(values, PHASES + 1, where):
        _whole(height, 0, UNIT, where)
    if values[0] or values[-1] or max(values) != UNIT:
        raise ScriptError("%s must begin and end at 0 and reach %d" % (where, UNIT))
    return values


def _ppg(values):
    if values is None:
        return PPG_SHAPE
    _shape(values, "person: ppg")
    # With its mean taken off, as the shape that everybody else has.
    mean = sum(values[:PHASES]) // PHASES
    return array("i", [y - mean for y in values])


def _cuff(value):
    """The table of the cuff's compliance."""
    if value is None:
        return cuff_compliance()
    _known(value, CUFF, "person: cuff")
    numbers = []
    for name in ("empty_ml", "stretch_ml", "half_mmhg", "slope_ul_mmhg"):
        usual, low, high = CUFF[name]
        numbers.append(_whole(value.get(name, usual), low, high, "person: cuff: " + name))
    return cuff_compliance(*numbers)


def _beats(values):
    """Beats as a flat array of four numbers each."""
    where = "person: beats"
    out = array("i")
    for beat in _row(values, None, where):
        length_ms, strength, sbp, dbp = _row(beat, 4, where)
        out.append(_whole(length_ms, 200, 5000, where + ": length_ms"))
        out.append(_whole(strength, 0, 3000, where + ": strength_permille"))
        out.append(_whole(sbp, 0, 300000, where + ": sbp_mmmhg"))
        out.append(_whole(dbp, 0, 300000, where + ": dbp_mmmhg"))
        if sbp < dbp:
            raise ScriptError("%s: the systolic pressure must not be below the diastolic: %r" % (where, beat))
    return out


def _line(values, where, most):
    """Knots of a line as (times in us, heights), in rising time."""
    times, heights = [], []
    for knot in _row(values, None, where):
        t_ms, height = _row(knot, 2, where)
        _whole(t_ms, 0, 100000000, where + ": t_ms")
        if times and t_ms * 1000 <= times[-1]:
            raise ScriptError("%s: each time must be later than the one before, not %d" % (where, t_ms))
        times.append(t_ms * 1000)
        heights.append(_whole(height, -most, most, where))
    if len(times) > _KNOTS_MOST:
        raise ScriptError("%s: at most %d knots" % (where, _KNOTS_MOST))
    return Line(times, heights)


class Line:
    """A line through knots, asked for at rising times; flat before its first knot and after its last."""

    def __init__(self, times_us, heights):
        self._times = times_us
        self._heights = heights
        self._i = 0

    def at(self, t_us):
        """The height at a time."""
        times = self._times
        i = self._i
        last = len(times) - 1
        while i < last and times[i + 1] <= t_us:
            i += 1
        self._i = i
        height = self._heights[i]
        if i == last or t_us <= times[i]:
            return height
        return height + (self._heights[i + 1] - height) * (t_us - times[i]) // (times[i + 1] - times[i])
