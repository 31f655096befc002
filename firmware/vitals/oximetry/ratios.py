# SPDX-License-Identifier: Apache-2.0
"""The ratio of ratios of each beat, measured on the shape that the other beats of the last seconds have together.

What moves in the light beside the blood is in red and infrared at once, with a ratio of its own; over a single beat
nothing parts the two, and the ratio is drawn away. But it does not come again with every beat. So each beat of red and
of infrared is projected on the sum of the *other* beats of infrared (an instrument, in the language of statistics).
What is not common to the beats has a mean of zero there, in the numerator and in the denominator, and noise of the
converter draws nothing either. How far the beats differ then tells how uncertain their mean is.
"""

from array import array

from micropython import const

from vitals.oximetry.conditioning import MASK
from vitals.signal import kernels, rhythm_kernels, scratch

_KEPT_MASK = const(63)  # as in `beats`, which imports this
_SOUND = const(0)
LONGEST = const(110)  # values of a beat: 27 a minute
_BIAS = const(1 << 23)
_MOST_X1000 = const(65535)
_AT_ONCE = const(2)  # beats in one step
_USUAL = const(511)  # the usual amplitude is scaled to this
_SHARE_LEAST = const(26)  # of 64: a beat with less or more in it of the common shape is disturbed
_SHARE_MOST = const(154)


# A beat of infrared and one of red, or one and what it is compared with; for whoever needs them within one call.
beat_a = array("i", bytes(4 * LONGEST))
beat_b = array("i", bytes(4 * LONGEST))


class Ratios:
    """`begin` and `step` fill in `beats.ratio_x1000` (0: none) and `beats.share_x64` (how much of the
    common shape a beat has, 64 is usual)."""

    def __init__(self):
        self._total = array("i", bytes(4 * LONGEST))
        self._conditioning = None
        self._adding = self._projecting = self._count = self._length = 0
        self._shift = self._shift_ir = self._shift_red = 0
        self._sums = array("i", bytes(4 * 4))

    def begin(self, conditioning, beats, oldest):
        """Begins with the sound beats that lie wholly at or after ring index `oldest`; call `step` until it is True."""
        first = beats.head
        while first > 0 and beats.head - first <= _KEPT_MASK:
            k = (first - 1) & _KEPT_MASK
            if beats.index[k] - (beats.interval_x16[k] >> 4) < oldest + 2:
                break
            first -= 1
        self._conditioning = conditioning
        self._adding = self._projecting = first
        n = self._gather(beats, beats.interval_x16, first)
        if n < 2:
            self._adding = self._projecting = beats.head
            return
        self._count = n - 1
        self._length = max(8, min(LONGEST, scratch[n >> 1] >> 4))
        self._gather(beats, beats.amplitude, first)
        self._shift_ir = rhythm_kernels.shift_to(scratch[n >> 1], _USUAL)
        self._gather(beats, beats.red_amplitude, first)
        self._shift_red = rhythm_kernels.shift_to(scratch[n >> 1], _USUAL)
        self._shift = rhythm_kernels.shift_to((n - 1) * _USUAL, 2 * _USUAL)
        for i in range(self._length):
            self._total[i] = _BIAS

    def step(self, beats):
        """Adds up or measures a few beats; True when all are measured."""
        for _ in range(_AT_ONCE):
            if self._adding < beats.head:
                self._add(self._conditioning.ir.out, beats, self._adding & _KEPT_MASK)
                self._adding += 1
            elif self._projecting < beats.head:
                k = self._projecting & _KEPT_MASK
                beats.ratio_x1000[k] = beats.share_x64[k] = 0
                if beats.interval_x16[k] and beats.fault[k] == _SOUND:
                    self._project(self._conditioning, beats, k)
                self._projecting += 1
            else:
                return True
        return False

    @staticmethod
    def _gather(beats, source, first):
        """Values of the sound beats from number `first` on, sorted in the work array; returns how many."""
        n = 0
        for j in range(first, beats.head):
            k = j & _KEPT_MASK
            if beats.interval_x16[k] and beats.fault[k] == _SOUND:
                scratch[n] = source[k]
                n += 1
        kernels.sort(scratch, n)
        return n

    def _add(self, ring, beats, k):
        """Adds a sound beat of infrared to the sum."""
        if beats.interval_x16[k] and beats.fault[k] == _SOUND:
            begin = beats.index[(k - 1) & _KEPT_MASK]
            own = beats.index[k] - begin
            n = min(self._length, own)
            rhythm_kernels.lift(ring, MASK, begin, n, own, self._shift_ir, beat_a)
            rhythm_kernels.add(self._total, beat_a, n)

    def _project(self, conditioning, beats, k):
        """The ratio of one beat on the others."""
        ir, red = conditioning.ir, conditioning.red
        begin = beats.index[(k - 1) & _KEPT_MASK]
        own = beats.index[k] - begin
        n = min(self._length, own)
        sums = self._sums
        common = scratch
        rhythm_kernels.lift(ir.out, MASK, begin, n, own, self._shift_ir, beat_a)
        rhythm_kernels.lift(red.out, MASK, begin, n, own, self._shift_red, beat_b)
        rhythm_kernels.others(self._total, beat_a, n, self._shift, common)
        rhythm_kernels.dot(beat_a, common, n, sums)
        at, tt, opposed = sums[1], sums[2], sums[3]
        rhythm_kernels.dot(beat_b, common, n, sums)
        scale = rhythm_kernels.shift_to(max(at, tt, sums[1]), 0x1FFFF)
        at, bt, tt = at >> scale, sums[1] >> scale, tt >> scale
        if opposed or sums[3] or not at or not tt:
            return
        share = (at * self._count << 6) // (tt << self._shift)
        if not _SHARE_LEAST <= share <= _SHARE_MOST:
            return
        slope_q12 = (bt << 12) // at
        if self._shift_red >= self._shift_ir:
            slope_q12 <<= self._shift_red - self._shift_ir
        else:
            slope_q12 >>= self._shift_ir - self._shift_red
        red_dc, ir_dc = conditioning.red_level, conditioning.ir_level
        if red_dc > 0 and ir_dc < 16 * red_dc and slope_q12 < 32768:
            beats.ratio_x1000[k] = min(_MOST_X1000, ((slope_q12 * ((ir_dc << 10) // red_dc) >> 12) * 1000) >> 10)
            beats.share_x64[k] = share
