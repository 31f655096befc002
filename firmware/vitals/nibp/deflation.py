# SPDX-License-Identifier: Apache-2.0
"""Lets the pressure down along a straight line with a proportional bleed valve whose characteristic is not known.

The valve's opening follows the distance from the line (which has no delay, unlike a measured rate) and its sum over
time. The line waits for the pressure while the valve has not opened yet, so that there is nothing to catch up.
"""

from array import array

from micropython import const

from vitals.nibp import limits

_PERIOD = const(10)  # samples between two moves of the valve
_LEAD_MOST = const(400)  # the line is never further below the pressure than this, 0.01 mmHg
_PROPORTIONAL = const(10)  # permille of opening a mmHg off the line
_SUM_SHARE = const(500)  # 0.01 mmHg in which the sum moves 1 permille a step: 2 permille a mmHg and second
_SEARCH_X8 = const(56)  # 7 permille a step while nothing falls, less the nearer the fall is to the wanted rate
_OPEN_MOST_X8 = const(8000)
_BACK = const(8)  # steps over which a fall is measured while searching
_LEARNED_AT = const(60)  # steps: by then the line is found


class Deflation:
    """After each `feed` the valve's opening is in `opening_permille`: 0 shut, 1000 open."""

    def __init__(self):
        self._learned_x8 = limits.PERMILLE_FIRST * 8
        self._means = array("i", [0] * _BACK)
        self.opening_permille = 0
        self.begin(0)

    def begin(self, pressure):
        """Starts the line at a pressure (0.01 mmHg)."""
        self._line = pressure
        self._sum_x8 = self._learned_x8
        self._total = 0
        self._count = 0
        self._steps = 0
        for i in range(_BACK):
            self._means[i] = pressure

    def feed(self, pressure):
        self._total += pressure
        self._count += 1
        if self._count < _PERIOD:
            return
        mean = self._total // _PERIOD
        self._total = self._count = 0
        k = self._steps % _BACK
        fall = self._means[k] - mean
        self._means[k] = mean
        self._steps += 1
        self._line = max(self._line - limits.DEFLATION_RATE // 10, mean - _LEAD_MOST)
        off = mean - self._line
        wanted = limits.DEFLATION_RATE * _BACK // 10
        if off >= _LEAD_MOST and fall < wanted:
            self._sum_x8 += _SEARCH_X8 * (wanted - max(0, fall)) // wanted
        else:
            self._sum_x8 += off * 8 // _SUM_SHARE
        self._sum_x8 = max(0, min(_OPEN_MOST_X8, self._sum_x8))
        opening = self._sum_x8 // 8 + off * _PROPORTIONAL // 100
        self.opening_permille = max(0, min(1000, opening))
        if self._steps == _LEARNED_AT:
            # The next deflation begins a little below where the valve stands now.
            self._learned_x8 = max(limits.PERMILLE_FIRST * 8, self._sum_x8 * 8 // 10)
