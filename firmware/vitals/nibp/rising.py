# SPDX-License-Identifier: Apache-2.0
"""Lets the pump raise the pressure along a line, slowly enough to see the beats on the way up.

The pump follows the distance from the line and its sum over time, as the valve does in `deflation`. It acts on means of
0.1 s and gently, because what it did from beat to beat would be taken for a part of the pulse.

Deflation is the default, by measurement. Of the 82 simulated patients for training that have an answer the way up alone
gave 33 a reading, in 26 s where the way down takes 34, but with both pressures 2.5 mmHg too high; all others then took
58 s instead of 35. With a pump's ripple of half a mmHg it gave 23, and with 1.5 none; nobody here knows the real one.
"""

from micropython import const

from vitals.nibp import limits

_PERIOD = const(10)  # samples between two moves
_LEAD_MOST = const(300)  # the line is never further above the pressure than this, 0.01 mmHg
_PROPORTIONAL = const(15)  # permille a mmHg off the line
_SUM_SHARE = const(400)  # 0.01 mmHg in which the sum moves 1 permille a step
_MOST_X8 = const(8000)
_FIRST_MOST = const(500)
_LEAST = const(60)  # below this a small pump stops turning


class Rising:
    """After each `feed` the pump's share is in `pump_permille`."""

    def __init__(self):
        self.begin(0, 0)

    def begin(self, pressure, rate):
        """Starts the line at a pressure (0.01 mmHg), which rose at `rate` (0.01 mmHg/s) while the pump was full on."""
        self.pump_permille = min(_FIRST_MOST, limits.RISING_RATE * 1000 // max(1, rate))
        self._line = pressure
        self._sum_x8 = self.pump_permille * 8
        self._total = self._count = 0

    def feed(self, pressure):
        self._total += pressure
        self._count += 1
        if self._count < _PERIOD:
            return
        mean = self._total // _PERIOD
        self._total = self._count = 0
        self._line = min(self._line + limits.RISING_RATE // 10, mean + _LEAD_MOST)
        off = self._line - mean
        self._sum_x8 = max(0, min(_MOST_X8, self._sum_x8 + off * 8 // _SUM_SHARE))
        self.pump_permille = max(_LEAST, min(1000, self._sum_x8 // 8 + off * _PROPORTIONAL // 100))
