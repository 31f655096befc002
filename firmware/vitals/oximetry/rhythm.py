# SPDX-License-Identifier: Apache-2.0
"""The period of the pulse in the last 8 s of a conditioned finger signal, followed from second to second.

Before it is compared with itself the signal is brought to one size within each second, so that a jerk counts for no
more than a beat. Several seconds of a weak pulse outweigh one of a strong disturbance; see `signal.rhythm_plain`.
"""

from array import array

from micropython import const

from vitals.oximetry.conditioning import MASK
from vitals.signal import correlations, kernels, rhythm_kernels, root, scratch

PAIRS_MOST = const(200)  # 8 s
PAIRS_LEAST = const(90)  # 3.6 s: with less a slow pulse would not repeat in it, and its notch be taken for a beat
_BLOCK = const(25)  # pairs in a second
_BLOCKS_MOST = const(8)
_LAG_LAST = const(53)
_PERIODS = const(109)  # 25 values a second: 250 to 28.6 a minute in steps of 2 %
_SURE = const(6000)
_ACF_BIAS = const(1000)
_CUBES_BIAS = const(1 << 28)
_OCTAVE = const(35)  # steps of 2 % to twice the period


class Rhythm:
    """After `update`: `period_x16` in 1/16 of 20 ms (0: too little signal), `strength` 0-1000 (how well the signal
    repeats after it), `lasting` (the same over the last seconds in which the period stayed), `lean` (skewness of the
    rises in 1/1000: a pulse rises faster than it falls), `span` (largest excursion, 1/8 count) and `size_at`."""

    def __init__(self):
        self._levels = array("i", bytes(4 * _PERIODS))
        self._sizes = array("i", bytes(4 * _BLOCKS_MOST))
        self._own = array("i", bytes(4 * _BLOCKS_MOST))
        self.clear()

    def clear(self):
        """Forgets every period: another finger."""
        for k in range(_PERIODS):
            self._levels[k] = _SURE
        self._before_x16 = 0
        self.lasting = 0
        self.forget()

    def forget(self):
        """There is too little signal to see a period now; those before are remembered."""
        self.period_x16 = 0
        self.strength = 0
        self.span = 0
        self.lean = 0
        self._blocks = 0

    def size_at(self, age):
        """Usual size of the signal `age` ring values before the newest one, 1/8 count; at least 1."""
        return self._sizes[max(0, self._blocks - 1 - age // (2 * _BLOCK))]

    def update(self, ring, newest, pairs):
        """Looks at the last `pairs` pairs of the ring before index `newest`, once a second."""
        work = scratch
        loops = rhythm_kernels
        pairs = min(pairs, PAIRS_MOST)
        loops.halve(ring, MASK, newest, pairs, work)
        self.span = kernels.extent(ring, MASK, newest - 2 * pairs, 2 * pairs) >> 1
        self.lean = self._find_lean(ring, newest, 2 * pairs)
        self._find_sizes(work, pairs)
        start = pairs
        for b in range(self._blocks - 1, -1, -1):
            begin = start - _BLOCK if b else 0
            loops.limit(work, begin, start - begin, self._sizes[b])
            start = begin
        last = min(_LAG_LAST, pairs * 6 // 10)
        acf = correlations
        loops.correlate(work, pairs, acf, last)
        period = loops.follow(self._levels, work, _PERIODS, acf, 16 * (last - 1))
        if period > 16 * (last - 1):
            self.forget()
            return
        self._settle(acf, period, last)
        self._last()

    def _settle(self, acf, period_x16, last):
        """Takes the top of the correlation next to the period that was followed."""
        lag = (period_x16 + 8) >> 4
        best = lag
        for i in range(max(5, lag - 2), min(last - 1, lag + 2) + 1):
            if acf[i] > acf[best]:
                best = i
        self.strength = max(0, acf[best] - _ACF_BIAS)
        self.period_x16 = 2 * period_x16
        if acf[best] >= acf[best - 1] and acf[best] >= acf[best + 1]:
            bend = 2 * acf[best] - acf[best - 1] - acf[best + 1]
            shift = (acf[best + 1] - acf[best - 1]) * 8 // bend if bend > 0 else 0
            self.period_x16 = 2 * (16 * best + min(8, max(-8, shift)))

    def _last(self):
        before = self._before_x16
        if before and abs(self.period_x16 - before) * 8 < before:
            self.lasting += (self.strength - self.lasting) >> 2
        else:
            self.lasting = self.strength >> 1  # one look may be mistaken
        self._before_x16 = self.period_x16

    def _find_sizes(self, work, pairs):
        """The usual size of each second is the median over five of them, so that a jerk hides no other."""
        own = self._own
        n = max(1, pairs // _BLOCK)
        self._blocks = n
        end = pairs
        for b in range(n - 1, -1, -1):
            begin = end - _BLOCK if b else 0
            n_own = end - begin
            rhythm_kernels.sizes(work, begin, n_own, correlations)
            kernels.sort(correlations, n_own)
            own[b] = correlations[n_own >> 1]
            end = begin
        middle = self._middle(0, n)
        for b in range(n):
            self._sizes[b] = max(1, middle // 10, self._middle(max(0, b - 2), min(n, b + 3)))

    def _find_lean(self, ring, newest, n):
        """Skewness of the rises, -1000 to 2000 or so: a pulse rises faster than it falls, and nothing else does."""
        sums = correlations
        rhythm_kernels.lean(ring, MASK, newest - n + 2, n - 4, sums)
        square = sums[0] * 16 // n  # mean, in 1/16
        root_x64 = root(square << 8)  # of the mean, in 1/64
        return (sums[1] - _CUBES_BIAS) // n * 1000 * 64 // max(1, square * root_x64 >> 4)

    def halve(self):
        """Every other beat had been passed over: the period is half of what was followed."""
        levels = self._levels
        for k in range(_PERIODS):
            levels[k] = levels[k + _OCTAVE] if k + _OCTAVE < _PERIODS else 0
        self.period_x16 >>= 1
        self._before_x16 = self.period_x16

    def _middle(self, start, stop):
        values = correlations
        for i in range(start, stop):
            values[i - start] = self._own[i]
        kernels.sort(values, stop - start)
        return values[(stop - start) >> 1]
