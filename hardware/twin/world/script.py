# SPDX-License-Identifier: Apache-2.0
"""A patient as a script: what the body does over time, from a JSON file in `patients/`.

    {"description": "one sentence",
     "person": {"artery": "normal", "same_limb": false, ...},
     "points": [{"t_s": 0, "spo2_pct": 97, "pulse_bpm": 70, ...}, {"t_s": 120, "pulse_bpm": 90}, ...]}

A point names only what changes there. Numbers run in a straight line from one point that names them to the next one;
words and switches (`rhythm`, `finger`) change at their point. Before its first and after its last point a value holds.
What a person may bring stands in `person.py`.
"""

from . import person
from .person import ScriptError

# name: (default, lowest, highest); the unit is in the name. Scripts may give up to three decimals.
NUMBERS = {
    "spo2_pct": (97, 50, 100),
    "pulse_bpm": (70, 0, 250),
    "sbp_mmhg": (120, 40, 280),
    "dbp_mmhg": (78, 20, 200),
    "perfusion_pct": (2.5, 0, 20),  # pulsatile over constant infrared light, peak to peak
    "variability_pct": (2, 0, 40),  # random part of the interval from beat to beat
    "ectopic_pct": (12, 0, 50),  # with rhythm "ectopic": how many beats come early
    "respiration_bpm": (14, 0, 60),
    "respiration_pct": (0.4, 0, 10),  # swing of the finger's light with each breath, peak to peak
    "motion_pct": (0, 0, 100),  # of the finger; 100 throws the light by 5 % of itself and more
    "arm_motion_pct": (0, 0, 100),  # of the arm in the cuff; 100 shakes the cuff by several mmHg
    "ambient_na": (2, 0, 20000),  # light that is not the sensor's own, as current in the photodiode
}
RHYTHMS = ("regular", "irregular", "afib", "ectopic")
SWITCHES = {"rhythm": "regular", "finger": True}


def _number(name, value, where):
    """A scripted number as an integer in thousandths."""
    default, low, high = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ScriptError("%s: %s must be a number from %s to %s, not %r" % (where, name, low, high, value))
    if not low <= value <= high:
        raise ScriptError("%s: %s must be from %s to %s, not %s" % (where, name, low, high, value))
    # Three decimals at most are promised; half a thousandth more makes the truncation a rounding on any float type.
    return int(value * 1000 + 0.5)


def _switch(name, value, where):
    if name == "rhythm" and value not in RHYTHMS:
        raise ScriptError("%s: rhythm must be one of %s, not %r" % (where, ", ".join(RHYTHMS), value))
    if name == "finger" and not isinstance(value, bool):
        raise ScriptError("%s: finger must be true or false, not %r" % (where, value))
    return value


class _Track:
    """One value over time: `times` in ms, rising; `values` in thousandths (or words, which step)."""

    def __init__(self, times, values, steps):
        self.times = times
        self.values = values
        self._steps = steps
        self._i = 0

    def at(self, t_ms):
        times = self.times
        i = self._i
        last = len(times) - 1
        while i < last and times[i + 1] <= t_ms:
            i += 1
        while i > 0 and times[i] > t_ms:
            i -= 1
        self._i = i
        value = self.values[i]
        if self._steps or i == last or t_ms <= times[i]:
            return value
        return value + (self.values[i + 1] - value) * (t_ms - times[i]) // (times[i + 1] - times[i])


class Script:
    """The values of the patient at a time. Numbers are integers in thousandths of the unit in the name."""

    def __init__(self, patient):
        if not isinstance(patient, dict) or not isinstance(patient.get("points"), list) or not patient["points"]:
            raise ScriptError("the patient needs a list 'points' with at least one point")
        self.description = patient.get("description", "")
        self.person = person.checked(patient.get("person", {}))
        points = self._checked(patient["points"])
        self.now = {}
        self._moving = []
        self._start = {}
        self._overrides = {}
        for name in sorted(NUMBERS):
            self._add(name, points, [(0, int(NUMBERS[name][0] * 1000 + 0.5))], False)
        for name in sorted(SWITCHES):
            self._add(name, points, [(0, SWITCHES[name])], True)

    @staticmethod
    def _checked(points):
        """Points as (t_ms, {name: value in thousandths or word}), in rising time."""
        out = []
        for number, point in enumerate(points):
            where = "point %d" % (number + 1)
            t_s = point.get("t_s")
            if isinstance(t_s, bool) or not isinstance(t_s, (int, float)) or t_s < 0:
                raise ScriptError("%s: t_s must be a number of seconds from 0" % where)
            t_ms = int(t_s * 1000 + 0.5)
            if out and t_ms <= out[-1][0]:
                raise ScriptError("%s: t_s must be later than in the point before" % where)
            values = {}
            for name, value in point.items():
                if name in NUMBERS:
                    values[name] = _number(name, value, where)
                elif name in SWITCHES:
                    values[name] = _switch(name, value, where)
                elif name != "t_s" and name != "note":
                    known = ", ".join(sorted(NUMBERS) + sorted(SWITCHES))
                    raise ScriptError("%s: no such value %r; there are %s" % (where, name, known))
            out.append((t_ms, values))
        return out

    def _add(self, name, points, default, steps):
        named = [(t_ms, values[name]) for t_ms, values in points if name in values] or default
        track = _Track([t for t, _ in named], [v for _, v in named], steps)
        self.now[name] = self._start[name] = track.at(0)
        if len(named) > 1:
            self._moving.append((name, track))

    def update(self, t_ms):
        """Bring `now` to a time; consumers may ask for times in any order."""
        now = self.now
        for name, track in self._moving:
            now[name] = track.at(t_ms)
        if self._overrides:
            now.update(self._overrides)
        return now

    def override(self, name, value, t_ms):
        """Hold a value whatever the script says; None gives it back to the script."""
        if value is None:
            if self._overrides.pop(name, None) is not None:
                self.now[name] = self._start[name]
        elif name in NUMBERS:
            self._overrides[name] = _number(name, value, "patient")
        elif name in SWITCHES:
            self._overrides[name] = _switch(name, value, "patient")
        else:
            raise ScriptError("patient: no such value %r" % (name,))
        self.update(t_ms)
