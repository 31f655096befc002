# SPDX-License-Identifier: Apache-2.0
"""Heartbeats in a conditioned finger signal: the period by autocorrelation, then each beat by its steepest rise.

The period says how far apart beats must be, so that a dicrotic notch or a ripple is not taken for a beat; the beats
give the rate its precision and each its own ratio of ratios, so that a disturbed beat spoils nothing but itself.
"""

from array import array

from micropython import const

from vitals.oximetry.conditioning import MASK
from vitals.signal import correlations, kernels, scratch

KEPT = const(64)  # 16 s at 240 beats a minute
_KEPT_MASK = const(63)

# Lags of the autocorrelation, 25 a second: 250 to 28.8 beats a minute with one more on each side to see a maximum
_LAG_MIN = const(5)
_LAG_MAX = const(53)
_PAIRS_MAX = const(150)  # 6 s
_PAIRS_MIN = const(90)  # 3.6 s: with less a slow pulse would not repeat in it, and its notch be taken for a beat
_EVEN = const(700)  # above this the rhythm is even
PERIODIC = const(300)  # below this the signal repeats no better than noise does
_FIRST_PCT = const(55)  # of the best correlation: the first lag that has it is the period, later ones its multiples
_SHORTEST_X16 = const(11 * 16)  # in 1/16 of 20 ms: 273 a minute
_LONGEST_X16 = const(110 * 16)  # 27 a minute

_BEFORE = const(7)  # ring values before and after the steepest rise in which beats are compared
_AFTER = const(14)
_REMEMBERED = const(300)  # 6 s

# What is wrong with a beat; 0 is nothing
SOUND = const(0)
OUTSIZED = const(1)  # far larger than its neighbours: movement
DETACHED = const(2)  # the one before is missing or spoiled, so there is no interval


class Beats:
    """The last `KEPT` beats, newest at `head - 1`. Times are ring indices (20 ms); nothing is allocated after start."""

    def __init__(self):
        self.index = array("i", bytes(4 * KEPT))
        self.interval_x16 = array("H", bytes(2 * KEPT))  # to the beat before, in 1/16 of 20 ms
        self.rise = array("i", bytes(4 * KEPT))
        self.amplitude = array("i", bytes(4 * KEPT))  # infrared, peak to peak, 1/8 count
        self.red_amplitude = array("i", bytes(4 * KEPT))
        self.ratio_x1000 = array("i", bytes(4 * KEPT))  # ratio of ratios; 0 where red does not follow infrared
        self.likeness = array("H", bytes(2 * KEPT))  # squared correlation of red and infrared, in 1/1000; 0 if opposed
        self.resemblance = array("H", bytes(2 * KEPT))  # squared correlation with the beat before, in 1/1000
        self.fault = bytearray(KEPT)
        self.head = 0
        self.scanned = 0
        self.period_x16 = 0  # of the last autocorrelation, in 1/16 of 20 ms; 0: not periodic
        self.periodicity = 0  # 0-1000
        self.span = 0  # largest excursion seen by the last autocorrelation, 1/8 count
        self._fraction_x16 = array("h", bytes(2 * KEPT))  # of the index, in 1/16
        self._reference = 0  # steepest rise in the signal at hand
        self._sums = array("i", bytes(4 * 4))

    def clear(self):
        self.head = 0
        self.scanned = 0
        self.forget_period()

    def forget_period(self):
        self.period_x16 = 0
        self.periodicity = 0
        self.span = 0

    def update(self, conditioning, usable):
        """Looks at what came since the last call, once a second; `usable` newest ring values are unspoiled."""
        newest = conditioning.newest
        oldest = newest - usable
        if usable < 2 * _PAIRS_MIN:
            self.forget_period()
            return
        self._find_period(conditioning.ir.out, newest, min(usable // 2, _PAIRS_MAX))
        half = self._half_window()
        start = max(self.scanned, oldest + half + 2)
        self._reference = kernels.steepest(conditioning.ir.out, MASK, oldest + 2, usable - 4)
        stop = newest - half - 2
        while start < stop:
            at = kernels.next_upstroke(conditioning.ir.out, MASK, start, stop, half)
            if at < 0:
                break
            self._add(conditioning, at, oldest)
            start = at + 1
        self.scanned = max(stop, self.scanned)

    def _half_window(self):
        """Within 0.4 of a period either side (uneven rhythm: 0.3, no period: 0.2 s) only one rise can be a beat."""
        if not self.period_x16:
            return 10
        if self.periodicity < _EVEN:
            return max(5, min(30, self.period_x16 * 3 // 160))
        return max(5, min(44, self.period_x16 * 2 // 80))

    def _find_period(self, ring, end, pairs):
        acf = correlations
        last = min(_LAG_MAX, pairs * 6 // 10)
        self.span = kernels.autocorrelate(ring, MASK, end, pairs, scratch, acf, _LAG_MIN, last)
        best = 0
        for lag in range(_LAG_MIN + 1, last):
            here = acf[lag]
            if here > best and here >= acf[lag - 1] and here >= acf[lag + 1]:
                best = here
        self.periodicity = best
        self.period_x16 = 0
        if best < PERIODIC:
            return
        enough = best * _FIRST_PCT // 100
        for lag in range(_LAG_MIN + 1, last):  # multiples of the period repeat as well: take the first good one
            here = acf[lag]
            before = acf[lag - 1]
            after = acf[lag + 1]
            if here >= enough and here >= before and here >= after:
                self.period_x16 = 32 * lag + _vertex_x16(before, here, after) * 2
                return

    def _add(self, conditioning, at, oldest):
        ring = conditioning.ir.out
        rise = _rise(ring, at)
        fraction = _vertex_x16(_rise(ring, at - 1), rise, _rise(ring, at + 1))
        usual = self._usual_rise(at)
        if rise * 5 < (usual or self._reference) * 2:
            return  # a notch, or a ripple between beats
        if self._is_crowded(at, rise):
            if rise <= self.rise[(self.head - 1) & _KEPT_MASK]:
                return
            self.head -= 1
        k = self.head & _KEPT_MASK
        fault = SOUND
        if usual and rise * 5 > usual * 11:
            fault = OUTSIZED
        self.index[k] = at
        self.rise[k] = rise
        self.interval_x16[k] = 0
        self.ratio_x1000[k] = 0
        self.likeness[k] = 0
        self.amplitude[k] = 0
        self.red_amplitude[k] = 0
        if fault == SOUND:
            fault = DETACHED
            if self.head:
                previous = (self.head - 1) & _KEPT_MASK
                begin = self.index[previous]
                interval = (at - begin) * 16 + fraction - self._fraction_x16[previous]
                if begin >= oldest and _SHORTEST_X16 <= interval <= _LONGEST_X16:
                    if self.fault[previous] == SOUND or self.fault[previous] == DETACHED:
                        fault = SOUND
                        self.interval_x16[k] = interval
                        self._measure(conditioning, k, begin, at - begin)
                        self._compare(ring, k, at, begin)
        self.fault[k] = fault
        self._fraction_x16[k] = fraction
        self.head += 1

    def _is_crowded(self, at, rise):
        """Nearer than 0.6 of a period to the one before: one of the two is a notch, unless uneven beats are alike."""
        if not self.head:
            return False
        before = (self.head - 1) & _KEPT_MASK
        if (at - self.index[before]) * 160 >= self.period_x16 * 6:
            return False
        least, most = min(rise, self.rise[before]), max(rise, self.rise[before])
        return self.periodicity >= _EVEN or least * 10 < most * 7

    def _usual_rise(self, at):
        """Median rise of the last 9 beats within 6 s, sound or not: a disturbance is forgotten again. 0: too few."""
        values = scratch
        n = 0
        while n < 9 and n < self.head:
            k = (self.head - 1 - n) & _KEPT_MASK
            if at - self.index[k] > _REMEMBERED:
                break
            values[n] = self.rise[k]
            n += 1
        if n < 3:
            return 0
        kernels.sort(values, n)
        return values[n >> 1]

    def _compare(self, ring, k, at, before):
        """How alike the tops of this beat and of the one before are: noise has no shape that comes again."""
        n = _BEFORE + min(_AFTER, self._half_window())
        shift = _shift_to(max(self.amplitude[k], 1), 511)
        kernels.regress(ring, at - _BEFORE, ring, before - _BEFORE, MASK, n, shift, shift, self._sums)
        self.resemblance[k] = _correlation(self._sums)

    def _measure(self, conditioning, k, begin, n):
        """Amplitudes, correlation and ratio of ratios over one beat."""
        ir = conditioning.ir
        red = conditioning.red
        ir_extent = kernels.extent(ir.out, MASK, begin, n)
        red_extent = kernels.extent(red.out, MASK, begin, n)
        self.amplitude[k] = ir_extent
        self.red_amplitude[k] = red_extent
        if ir_extent < 8 or red_extent < 8:  # a beat of less than one count carries nothing
            return
        ir_shift = _shift_to(ir_extent, 1023)
        red_shift = _shift_to(red_extent, 1023)
        sums = self._sums
        kernels.regress(ir.out, begin, red.out, begin, MASK, n, ir_shift, red_shift, sums)
        scale = _shift_to(max(sums[0], sums[1], sums[2]), 16383)
        ii = sums[0] >> scale
        ri = sums[1] >> scale
        self.likeness[k] = _correlation(sums)
        if not self.likeness[k] or not ii:
            return
        slope_q12 = (ri << 12) // ii
        if red_shift >= ir_shift:
            slope_q12 <<= red_shift - ir_shift
        else:
            slope_q12 >>= ir_shift - red_shift
        red_dc = red.baseline()
        ir_dc = ir.baseline()
        if red_dc > 0 and ir_dc < 16 * red_dc and slope_q12 < 32768:
            self.ratio_x1000[k] = ((slope_q12 * ((ir_dc << 10) // red_dc) >> 12) * 1000) >> 10


def _correlation(sums):
    """Squared correlation from the sums of `regress`, in 1/1000; 0 where the two are opposed."""
    scale = _shift_to(max(sums[0], sums[1], sums[2]), 16383)
    a, ab, b = sums[0] >> scale, sums[1] >> scale, sums[2] >> scale
    if sums[3] or not a or not b:
        return 0
    return min(1000, ab * ab // max(1, a * b // 1000))


def _rise(ring, n):
    return ring[(n + 2) & MASK] - ring[(n - 2) & MASK]


def _vertex_x16(before, here, after):
    """Where the parabola through three neighbours has its top, in 1/16 from the middle one: -8 to 8."""
    bend = 2 * here - before - after
    if bend <= 0:
        return 0
    return min(8, max(-8, (after - before) * 8 // bend))


def _shift_to(value, limit):
    shift = 0
    while (value >> shift) > limit:
        shift += 1
    return shift
