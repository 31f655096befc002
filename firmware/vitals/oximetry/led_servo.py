# SPDX-License-Identifier: Apache-2.0
"""LED currents that keep the light on the photodiode in the middle of the converter's range."""

from micropython import const

STEP_UA = const(200)  # one step of the MAX30102's current registers (data sheet: 0.2 mA)
DEFAULT_STEPS = const(32)  # 6.4 mA: bright enough for most fingers, and where every finger starts
MIN_STEPS = const(4)
MAX_STEPS = const(200)  # 40 mA of 51 mA

_LOW_COUNTS = const(45000)
_HIGH_COUNTS = const(215000)
_TARGET_COUNTS = const(125000)  # a little under half of 262143
_HOLD_SAMPLES = const(300)  # the filters need 2 s to forget a step


UNCHANGED = const(0)
CHANGED = const(1)  # the level will step
GIVEN_UP = const(2)  # back to the default, because the light does not follow the current


class LedServo:
    """One LED. `steps` is the wanted current in register steps of 0.2 mA."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Back to the default current; returns True if that is a change."""
        changed = getattr(self, "steps", DEFAULT_STEPS) != DEFAULT_STEPS
        self.steps = DEFAULT_STEPS
        self.deaf = False  # the light did not follow the current
        self._changed_at = 0
        self._before_steps = 0  # to see whether the last change had its effect; 0: not to be judged
        self._before_counts = 0
        return changed

    def advance(self, count, level_counts, clipped):
        """Judges the level at sample number `count`; returns UNCHANGED, CHANGED or GIVEN_UP."""
        if self.deaf or count - self._changed_at < _HOLD_SAMPLES:
            return UNCHANGED
        if self._before_steps and not self._followed(level_counts):
            self.deaf = True
            self.steps = DEFAULT_STEPS
            return GIVEN_UP
        self._before_steps = 0
        if clipped:
            wanted = self.steps // 2  # how far beyond the end it is cannot be seen
        elif _LOW_COUNTS <= level_counts <= _HIGH_COUNTS:
            return UNCHANGED
        else:
            wanted = self.steps * _TARGET_COUNTS // max(level_counts, _TARGET_COUNTS // 3)
        wanted = max(MIN_STEPS, min(MAX_STEPS, wanted))
        if wanted == self.steps:
            return UNCHANGED
        if not clipped:
            self._before_steps = self.steps
            self._before_counts = level_counts
        self.steps = wanted
        self._changed_at = count
        return CHANGED

    def _followed(self, level_counts):
        """True if the light moved by at least a quarter of what the current did."""
        expected = self._before_counts * (self.steps - self._before_steps)
        moved = (level_counts - self._before_counts) * self._before_steps
        return moved * 4 >= expected if expected > 0 else moved * 4 <= expected
