# SPDX-License-Identifier: Apache-2.0
"""Lets the pressure down along a line with a proportional bleed valve whose characteristic is not known.

The valve's opening follows the distance from the line (which has no delay, unlike a measured rate) and its sum over
time. The line waits for the pressure while the valve has not opened yet, so that there is nothing to catch up. The
line's slope may change on the way; it does so gradually, because a bend would look like a beat.
"""

from array import array

from micropython import const

from vitals.nibp import limits

_PERIOD = const(10)  # samples between two moves of the valve
_LEAD_MOST = const(400)  # the line is never further below the pressure than this, 0.01 mmHg
_PROPORTIONAL = const(10)  # permille of opening a mmHg off the line
_SUM_SHARE = const(350)  # 0.01 mmHg in which the sum moves 1 permille a step: 3 permille a mmHg and second
_SEARCH_X8 = const(320)  # 40 permille a step while nothing falls, less the nearer the fall is to the wanted rate
_AGAIN_X8 = const(56)  # the same later on, where a fall that stops is none of the valve's doing
_OPEN_MOST_X8 = const(8000)
_BACK = const(4)  # steps over which a fall is measured while searching
_LEARNED_AT = const(40)  # steps: by then the line is found
_BEND_MOST = const(8)  # 0.01 mmHg/s by which the rate changes in a step


class Deflation:
    """After each `feed` the valve's opening is in `opening_permille`: 0 shut, 1000 open. `rate` is the wanted fall in
    0.01 mmHg/s; the line bends towards it. `steady` turns True when the pressure has come to fall as wanted."""

    def __init__(self):
        self._learned_x8 = limits.PERMILLE_FIRST * 8
        self._means = array("i", [0] * _BACK)
        self.opening_permille = 0
        self.begin(0)

    def begin(self, pressure, rate=limits.DEFLATION_RATE):
        """Starts the line at a pressure (0.01 mmHg)."""
        self.rate = self._rate = rate
        self._line_x10 = pressure * 10
        self._sum_x8 = self._learned_x8
        self._total = 0
        self._count = 0
        self._steps = 0
        self.steady = False
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
        self._rate += max(-_BEND_MOST, min(_BEND_MOST, self.rate - self._rate))
        self._line_x10 = max(self._line_x10 - self._rate, (mean - _LEAD_MOST) * 10)
        off = mean - self._line_x10 // 10
        wanted = self._rate * _BACK // 10
        if fall * 4 >= wanted * 3:
            self.steady = True
        if off >= _LEAD_MOST and fall < wanted:
            search = _AGAIN_X8 if self.steady else _SEARCH_X8
            self._sum_x8 += search * (wanted - max(0, fall)) // wanted
        else:
            self._sum_x8 += off * 8 // _SUM_SHARE
        self._sum_x8 = max(0, min(_OPEN_MOST_X8, self._sum_x8))
        opening = self._sum_x8 // 8 + off * _PROPORTIONAL // 100
        self.opening_permille = max(0, min(1000, opening))
        if self._steps == _LEARNED_AT:
            # The next deflation begins a little below where the valve stands now.
            self._learned_x8 = max(limits.PERMILLE_FIRST * 8, self._sum_x8 * 8 // 10)
