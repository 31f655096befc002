# SPDX-License-Identifier: Apache-2.0
"""From the ratio of ratios R to SpO2: a falling, piecewise straight curve of a sensor, kept as calibration.

R = (AC red / DC red) / (AC infrared / DC infrared). R is in 1/1000, SpO2 in 0.1 %.
"""

from array import array

from micropython import const

# An example, not a calibration: the straight line 110 - 25 R that textbooks give (for instance J. G. Webster, ed.,
# "Design of Pulse Oximeters", 1997), cut at 100 %. Real sensors differ from it by several percent, so a board that uses
# it sets the flag `uncalibrated`. Below R = 0.3 and above 1.76 (66 %) nothing is read from it.
TEXTBOOK = ((300, 1000), (400, 1000), (1760, 660))

_MIN_KNOTS = const(2)
_MAX_KNOTS = const(16)


class Curve:
    """SpO2 by straight lines between 2 to 16 knots of (R in 1/1000, 1-5000; SpO2 in 0.1 %, 0-1000). R must rise, SpO2
    must not rise with it. ValueError names the knot that does not."""

    def __init__(self, knots=TEXTBOOK):
        knots = tuple(knots)
        if not _MIN_KNOTS <= len(knots) <= _MAX_KNOTS:
            raise ValueError("SpO2 curve of %d knots" % len(knots))
        self._ratio = array("i", [0] * len(knots))
        self._spo2 = array("i", [0] * len(knots))
        for i, (ratio, spo2) in enumerate(knots):
            falls = not i or (ratio > self._ratio[i - 1] and spo2 <= self._spo2[i - 1])
            if not (falls and 0 < ratio <= 5000 and 0 <= spo2 <= 1000):
                raise ValueError("SpO2 curve: knot %d" % i)
            self._ratio[i] = ratio
            self._spo2[i] = spo2

    def spo2_x10(self, ratio_x1000):
        """SpO2 in 0.1 %, or None outside the curve: a line is not continued beyond what was calibrated."""
        ratio = self._ratio
        if ratio_x1000 < ratio[0] or ratio_x1000 > ratio[-1]:
            return None
        i = 1
        while ratio_x1000 > ratio[i]:
            i += 1
        span = ratio[i] - ratio[i - 1]
        drop = (self._spo2[i - 1] - self._spo2[i]) * (ratio_x1000 - ratio[i - 1])
        return self._spo2[i - 1] - (drop + span // 2) // span

    def spread_x10(self, ratio_x1000, off_x1000):
        """How far SpO2 at `off_x1000` below and above a ratio lie apart, 0.1 %; beyond its ends the curve is level."""
        low = max(self._ratio[0], ratio_x1000 - off_x1000)
        high = min(self._ratio[-1], ratio_x1000 + off_x1000)
        if low >= high:
            return 0
        return self.spo2_x10(low) - self.spo2_x10(high)
