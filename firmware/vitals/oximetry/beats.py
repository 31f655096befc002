# SPDX-License-Identifier: Apache-2.0
"""Heartbeats in a conditioned finger signal: of all rises, the chain that fits the rhythm best.

Every rise of the last 8 s is a candidate. The chain of candidates is chosen that is strong in each beat and near to the
period in each interval (dynamic programming, as D. P. W. Ellis tracks the beats of music, Journal of New Music Research
36, 2007), so that neither a notch nor a jerk between two beats is taken for one. Without a rhythm all that counts is
strength, and a shortest interval.
"""

from array import array

from micropython import const

from vitals.oximetry.conditioning import MASK
from vitals.oximetry.ratios import LONGEST, Ratios, beat_a, beat_b
from vitals.oximetry.rhythm import PAIRS_LEAST, PAIRS_MOST, Rhythm
from vitals.signal import kernels, rhythm_kernels, scratch

KEPT = const(64)  # 16 s at 240 beats a minute
_KEPT_MASK = const(63)
PERIODIC = const(300)  # below this the signal repeats no better than noise does
# A rhythm that has lasted is believed through a weaker moment.
_STILL = const(230)
_LASTED = const(350)
_CANDIDATES = const(64)
_AGAIN = const(350)  # ring values: the chain of the last 7 s is chosen anew each second

_USUAL = const(64)  # strength of a usual beat
_SHORTEST_X16 = const(11 * 16)  # in 1/16 of 20 ms: 273 a minute
_LONGEST_X16 = const(110 * 16)  # 27 a minute
_OUTSIZED = const(141)  # 2.2 times as strong as a usual beat

_BEFORE = const(7)  # ring values before and after the steepest rise in which beats are compared
_AFTER = const(14)

# Pieces of the work
_RHYTHM = const(0)
_CHAIN = const(1)
_ADD = const(2)
_RATIOS = const(3)
_DONE = const(4)

# What is wrong with a beat; 0 is nothing
SOUND = const(0)
OUTSIZED = const(1)  # far larger than its neighbours: movement
DETACHED = const(2)  # the one before is missing or spoiled, so there is no interval


def _costs():
    """What an interval of q/32 periods costs, q = 0..71: 256 (ln q/32)^2, which is 4 usual beats a factor of e."""
    table = array("i", bytes(4 * 72))
    for q in range(16, 72):
        # ln by its series in (q - 32) / (q + 32), in 1/4096
        x = ((q - 32) << 12) // (q + 32)
        ln = 2 * (x + ((x * x >> 12) * x >> 12) // 3)
        table[q] = (ln * ln) >> 16
    return table


class Beats:
    """The last `KEPT` beats, newest at `head - 1`. Times are ring indices (20 ms); nothing is allocated after start."""

    def __init__(self):
        self.rhythm = Rhythm()
        self.index = array("i", bytes(4 * KEPT))
        self.interval_x16 = array("i", bytes(4 * KEPT))  # to the beat before, in 1/16 of 20 ms; 0: none
        self.amplitude = array("i", bytes(4 * KEPT))  # infrared, peak to peak, 1/8 count
        self.red_amplitude = array("i", bytes(4 * KEPT))
        self.ratio_x1000 = array("i", bytes(4 * KEPT))  # ratio of ratios, see `ratios`; 0: none
        self.share_x64 = array("i", bytes(4 * KEPT))  # how much of the common shape is in it, 64 is usual
        self.likeness = array("i", bytes(4 * KEPT))  # squared correlation of red and infrared, in 1/1000; 0 if opposed
        self.resemblance = array("i", bytes(4 * KEPT))  # squared correlation with the beat before, in 1/1000
        self.fault = bytearray(KEPT)
        self.even = False  # the last chain followed a rhythm
        self.head = 0
        self._stage = _DONE
        self._conditioning = None
        self._oldest = self._since = self._left = self._nearest = 0
        self._fraction_x16 = array("h", bytes(2 * KEPT))  # of the index, in 1/16
        self._ratios = Ratios()
        self._costs = _costs()
        self._at = array("i", bytes(4 * _CANDIDATES))
        self._rise = array("i", bytes(4 * _CANDIDATES))
        self._score = array("i", bytes(4 * _CANDIDATES))
        self._from = array("i", bytes(4 * _CANDIDATES))
        self._sums = array("i", bytes(4 * 4))

    def clear(self):
        self.head = 0
        self._stage = _DONE
        self.even = False
        self.rhythm.clear()

    def begin(self, conditioning, usable):
        """Begins to look at what came since the last time, once a second, where `conditioning` was frozen; `usable`
        newest ring values are unspoiled. Then call `step` until it returns True."""
        self._conditioning = conditioning
        self._oldest = conditioning.newest - min(usable, 2 * PAIRS_MOST)
        self._stage = _RHYTHM
        if usable < 2 * PAIRS_LEAST:
            self.rhythm.forget()
            self._stage = _DONE

    def step(self):
        """One piece of the work, a few ms on a microcontroller; True when all is done."""
        stage = self._stage
        conditioning = self._conditioning
        if stage == _RHYTHM:
            newest = conditioning.newest
            self.rhythm.update(conditioning.ir.out, newest, (newest - self._oldest) >> 1)
            strength = self.rhythm.strength
            self.even = strength >= PERIODIC or (strength >= _STILL and self.rhythm.lasting >= _LASTED)
            self._stage = _CHAIN
        elif stage == _CHAIN:
            self._find_chain(conditioning)
            self._stage = _ADD
        elif stage == _ADD:
            if not self._add_next(conditioning):
                self._ratios.begin(conditioning, self, self._oldest)
                self._stage = _RATIOS
        elif stage == _RATIOS and self._ratios.step(self):
            self._stage = _DONE
        return self._stage == _DONE

    def _find_chain(self, conditioning):
        newest = conditioning.newest
        loops = rhythm_kernels
        at, rise = self._at, self._rise
        n = loops.rises(conditioning.ir.out, MASK, self._oldest + 4, newest - 4, at, rise, _CANDIDATES)
        self._weigh(n, newest)
        period_x16 = self.rhythm.period_x16 if self.even else 0
        end = loops.chain(at, rise, self._score, self._from, n, period_x16, self._costs)
        if self.even and self._passes_over(end - 1):
            self.rhythm.halve()
            end = loops.chain(at, rise, self._score, self._from, n, self.rhythm.period_x16, self._costs)
        self._replace(end - 1, newest)

    def has_outsized(self, since):
        """Whether a beat from ring index `since` on was far larger than its neighbours."""
        for i in range(1, min(self.head, KEPT) + 1):
            k = (self.head - i) & _KEPT_MASK
            if self.index[k] < since:
                break
            if self.fault[k] == OUTSIZED:
                return True
        return False

    # ------------------------------------------------------------ the chain

    def _weigh(self, n, newest):
        """Turns rises into strengths: against the size of the signal then, and against the usual beat's rise."""
        rise = self._rise
        values = scratch
        for i in range(n):
            rise[i] = (rise[i] << 6) // self.rhythm.size_at(newest - 1 - self._at[i])
            values[i] = rise[i]
        kernels.sort(values, n)
        expected = n >> 1
        if self.even:
            expected = min(n, max(1, (newest - self._at[0]) * 16 // self.rhythm.period_x16)) if n else 0
        usual = max(1, values[n - 1 - (expected >> 1)]) if n else 1
        for i in range(n):
            rise[i] = min(4 * _USUAL, rise[i] * _USUAL // usual)

    def _passes_over(self, end):
        """True where most intervals of the chain have a rise as strong as its beats in their middle."""
        if self.rhythm.period_x16 < 4 * _SHORTEST_X16:
            return False
        at, rise = self._at, self._rise
        intervals = filled = 0
        while end >= 0 and self._from[end]:
            begin = self._from[end] - 1
            span = at[end] - at[begin]
            least = min(rise[begin], rise[end]) * 5 >> 3
            intervals += 1
            for i in range(begin + 1, end):
                off = at[i] - at[begin]
                if rise[i] >= least and span * 3 <= off * 8 <= span * 5:
                    filled += 1
                    break
            end = begin
        return intervals >= 3 and filled * 3 >= intervals * 2

    def _replace(self, end, newest):
        """Lays out the chain, its last beat first, in place of the beats chosen before in the same stretch."""
        self._since = newest - _AGAIN
        while self.head and self.index[(self.head - 1) & _KEPT_MASK] >= self._since:
            self.head -= 1
        chain = self._score  # not needed any more
        n = 0
        while end >= 0:
            chain[n] = end
            n += 1
            end = self._from[end] - 1
        self._left = n
        self._nearest = (self.rhythm.period_x16 >> 5) if self.even else 15

    def _add_next(self, conditioning):
        """Adds the next beat of the chain; False when there is none left."""
        while self._left:
            self._left -= 1
            candidate = self._score[self._left]
            at = self._at[candidate]
            # What lies before the stretch stands as it was chosen when it was in the middle.
            last = self.index[(self.head - 1) & _KEPT_MASK]
            if not self.head or (at >= self._since and at - last >= self._nearest):
                self._add(conditioning, at, self._rise[candidate], self._oldest)
                return True
        return False

    # ------------------------------------------------------------ one beat

    def _add(self, conditioning, at, strength, oldest):
        ring = conditioning.ir.out
        k = self.head & _KEPT_MASK
        fraction = _vertex_x16(_rise(ring, at - 1), _rise(ring, at), _rise(ring, at + 1))
        self.index[k] = at
        self._fraction_x16[k] = fraction
        self.interval_x16[k] = self.ratio_x1000[k] = self.likeness[k] = self.resemblance[k] = 0
        self.amplitude[k] = self.red_amplitude[k] = self.share_x64[k] = 0
        fault = DETACHED
        if self.head:
            previous = (self.head - 1) & _KEPT_MASK
            begin = self.index[previous]
            interval = (at - begin) * 16 + fraction - self._fraction_x16[previous]
            if begin >= oldest + 2 and _SHORTEST_X16 <= interval <= self._longest_x16():
                fault = SOUND
                self.interval_x16[k] = interval
                self._measure(conditioning, k, begin, at - begin)
                self._compare(ring, k, at, begin)
        self.fault[k] = OUTSIZED if fault == SOUND and strength > _OUTSIZED else fault
        self.head += 1

    def _longest_x16(self):
        """An interval of more than 1.6 periods has lost a beat."""
        return min(_LONGEST_X16, self.rhythm.period_x16 * 8 // 5) if self.even else _LONGEST_X16

    def _compare(self, ring, k, at, before):
        """How alike the tops of this beat and of the one before are: noise has no shape that comes again."""
        n = _BEFORE + min(_AFTER, max(5, self.interval_x16[k] // 40))
        most = max(kernels.extent(ring, MASK, at - _BEFORE, n), kernels.extent(ring, MASK, before - _BEFORE, n))
        shift = rhythm_kernels.shift_to(most, 1023)
        rhythm_kernels.lift(ring, MASK, at - _BEFORE, n, 0, shift, beat_a)
        rhythm_kernels.lift(ring, MASK, before - _BEFORE, n, 0, shift, beat_b)
        self.resemblance[k] = self._correlation(n)

    def _measure(self, conditioning, k, begin, n):
        """Amplitudes and correlation of the two colours over one beat, drift taken off."""
        n = min(n, LONGEST)
        self.amplitude[k] = self._lift(conditioning.ir.out, begin, n, beat_a)
        self.red_amplitude[k] = self._lift(conditioning.red.out, begin, n, beat_b)
        if self.amplitude[k] >= 8 and self.red_amplitude[k] >= 8:  # a beat of less than one count carries nothing
            self.likeness[k] = self._correlation(n)

    @staticmethod
    def _lift(ring, begin, n, out):
        shift = rhythm_kernels.shift_to(kernels.extent(ring, MASK, begin, n + 1), 1023)
        return rhythm_kernels.lift(ring, MASK, begin, n, n, shift, out) << shift

    def _correlation(self, n):
        """Squared correlation of the two beats that were lifted last, in 1/1000; 0 where they are opposed."""
        sums = self._sums
        rhythm_kernels.dot(beat_a, beat_b, n, sums)
        scale = rhythm_kernels.shift_to(max(sums[0], sums[1], sums[2]), 16383)
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
