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


class LedServo:
    """One LED. `steps` is the wanted current in register steps of 0.2 mA."""

    def __init__(self):
        self.steps = DEFAULT_STEPS
        self._changed_at = 0

    def reset(self):
        """Back to the default current; returns True if that is a change."""
        changed = self.steps != DEFAULT_STEPS
        self.steps = DEFAULT_STEPS
        self._changed_at = 0
        return changed

    def advance(self, count, level_counts, clipped):
        """Judges the level at sample number `count`; returns True if `steps` changed."""
        if count - self._changed_at < _HOLD_SAMPLES:
            return False
        if clipped:
            wanted = self.steps // 2  # how far beyond the end it is cannot be seen
        elif _LOW_COUNTS <= level_counts <= _HIGH_COUNTS:
            return False
        else:
            wanted = self.steps * _TARGET_COUNTS // max(level_counts, _TARGET_COUNTS // 3)
        wanted = max(MIN_STEPS, min(MAX_STEPS, wanted))
        if wanted == self.steps:
            return False
        self.steps = wanted
        self._changed_at = count
        return True
