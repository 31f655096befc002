# SPDX-License-Identifier: Apache-2.0
"""What the beats of the last seconds say together: middles, means and how sure they are."""

from array import array

from micropython import const

from vitals.oximetry.beats import KEPT
from vitals.signal import kernels, rhythm_kernels, root, scratch

_BIAS = const(1 << 28)
_INLIER_PCT = const(20)  # an interval or amplitude this near to the median counts as its like
_RATIO_REACH_LEAST = const(30)  # 1/1000; nearer to the middle one no ratio is an outlier

# Scatter of the intervals in 1/1000, and -120 times its logarithm
_SCATTER = (20, 30, 45, 70, 100, 150, 220, 330, 500)
_EVENNESS = (469, 421, 372, 319, 276, 228, 182, 133, 83)


class Window:
    """Looks at the beats from ring index `since` on. `gather` leaves its values sorted in the work array `scratch`."""

    def __init__(self, beats):
        self._beats = beats
        self.since = 0
        self._sums = array("i", bytes(4 * 4))
        self.near = 0  # of the last `mean_near_median`: values that were its like
        self.uncertain_x1000 = 0  # standard error of the last `ratio_x1000`

    def gather(self, source, sound=True, most=KEPT):
        """The newest values of an array of the beats, only those that are not 0 (nothing was measured there), and only
        of sound beats unless told otherwise; sorted. Returns how many."""
        beats = self._beats
        n = rhythm_kernels.gather(beats.index, source, beats.fault, beats.head, self.since, sound, most, scratch)
        kernels.sort(scratch, n)
        return n

    def middle(self, source, sound=True, most=KEPT):
        """Median of what `gather` finds; 0 if that is nothing."""
        n = self.gather(source, sound, most)
        return scratch[n >> 1] if n else 0

    def mean_x16(self, n):
        """Mean of the n gathered values, in 1/16."""
        total = 0
        for i in range(n):
            total += scratch[i]
        return total * 16 // n

    def mean_near_median(self, n):
        """Mean of the n gathered values without those beyond 20 % of their median; `near` is how many are left."""
        middle = scratch[n >> 1]
        rhythm_kernels.near(scratch, n, middle, middle * _INLIER_PCT // 100, self._sums)
        self.near = self._sums[0]
        return middle + (self._sums[1] - _BIAS) // self.near

    def evenness(self):
        """-120 times the logarithm of the intervals' scatter (standard deviation over mean): 83 for 50 %, 469 for 2 %
        and less; 0 without intervals."""
        n = self.gather(self._beats.interval_x16, False)
        if n < 2:
            return 0
        mean = self.mean_x16(n) >> 4
        off = 0
        for i in range(n):
            off += abs(scratch[i] - mean)
        scatter = max(_SCATTER[0], min(_SCATTER[-1], off * 1253 // (n * mean)))  # 1.253 of them: a standard one
        i = 1
        while scatter > _SCATTER[i]:
            i += 1
        span = _SCATTER[i] - _SCATTER[i - 1]
        return _EVENNESS[i - 1] - (_EVENNESS[i - 1] - _EVENNESS[i]) * (scatter - _SCATTER[i - 1]) // span

    def spread_pct(self, source):
        """Median distance of what `gather` finds from its median, in percent of that; 0 if it finds nothing."""
        n = self.gather(source, False)
        if not n:
            return 0
        middle = max(1, scratch[n >> 1])
        for i in range(n):
            scratch[i] = abs(scratch[i] - middle)
        kernels.sort(scratch, n)
        return scratch[n >> 1] * 100 // middle

    def ratio_x1000(self, least):
        """Ratio of ratios of the beats, None with less than `least` of them; `uncertain_x1000` is its standard error.

        The mean of those within three standard deviations (by the median distance) of the middle one, each weighing as
        much as it has of the common shape. The error comes from how far they differ, and is taken larger where they are
        few, which then say little about it (as in Student's distribution).
        """
        ratios = self._beats.ratio_x1000
        n = self.gather(ratios)
        if n < least:
            return None
        middle = scratch[n >> 1]
        for i in range(n):
            scratch[i] = abs(scratch[i] - middle)
        kernels.sort(scratch, n)
        reach = max(_RATIO_REACH_LEAST, scratch[n >> 1] * 9 // 2)
        mean = middle + self._weigh(middle, middle, reach)
        if self.near < least or self.near * 2 < n:
            return None
        self._weigh(mean, middle, reach)
        self.uncertain_x1000 = root(self._sums[3]) * 64 * (self.near + 3) // (self._sums[1] * self.near)
        return mean

    def _weigh(self, about, middle, reach):
        """How far the weighted mean of the ratios within `reach` of `middle` is from a value."""
        sums = self._sums
        b = self._beats
        rhythm_kernels.weigh(
            b.index, b.ratio_x1000, b.share_x64, b.fault, b.head, self.since, middle, reach, about, sums
        )
        self.near = sums[0]
        return (sums[2] - _BIAS) // max(1, sums[1])
