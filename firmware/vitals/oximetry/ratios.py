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
_USUAL = const(511)  # the usual amplitude is scaled to this
_SHARE_LEAST = const(26)  # of 64: a beat with less or more in it of the common shape is disturbed
_SHARE_MOST = const(154)


# A beat of infrared and one of red, or one and what it is compared with; for whoever needs them within one call.
beat_a = array("i", bytes(4 * LONGEST))
beat_b = array("i", bytes(4 * LONGEST))


class Ratios:
    """`measure` fills in `beats.ratio_x1000` (0: none) and `beats.share_x64`, how much of the common shape is in it."""

    def __init__(self):
        self._total = array("i", bytes(4 * LONGEST))
        self._sums = array("i", bytes(4 * 4))

    def measure(self, conditioning, beats, oldest):
        """Measures every sound beat that lies wholly at or after ring index `oldest`."""
        first = beats.head
        while first > 0 and beats.head - first <= _KEPT_MASK:
            k = (first - 1) & _KEPT_MASK
            if beats.index[k] - (beats.interval_x16[k] >> 4) < oldest + 2:
                break
            first -= 1
        n = self._gather(beats, beats.interval_x16, first)
        if n < 2:
            return
        length = max(8, min(LONGEST, scratch[n >> 1] >> 4))
        self._gather(beats, beats.amplitude, first)
        self._shift_ir = shift_to(scratch[n >> 1], _USUAL)
        self._gather(beats, beats.red_amplitude, first)
        self._shift_red = shift_to(scratch[n >> 1], _USUAL)
        self._add_up(conditioning.ir.out, beats, first, length)
        shift = shift_to((n - 1) * _USUAL, 2 * _USUAL)
        for j in range(first, beats.head):
            k = j & _KEPT_MASK
            beats.ratio_x1000[k] = beats.share_x64[k] = 0
            if beats.interval_x16[k] and beats.fault[k] == _SOUND:
                self._project(conditioning, beats, k, length, shift, n - 1)

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

    def _add_up(self, ring, beats, first, length):
        """The sum of the sound beats of infrared."""
        total = self._total
        for i in range(length):
            total[i] = _BIAS
        for j in range(first, beats.head):
            k = j & _KEPT_MASK
            if beats.interval_x16[k] and beats.fault[k] == _SOUND:
                begin = beats.index[(k - 1) & _KEPT_MASK]
                own = beats.index[k] - begin
                n = min(length, own)
                rhythm_kernels.lift(ring, MASK, begin, n, own, self._shift_ir, beat_a)
                rhythm_kernels.add(total, beat_a, n)

    def _project(self, conditioning, beats, k, length, shift, count):
        """The ratio of one beat on the `count` others."""
        ir, red = conditioning.ir, conditioning.red
        begin = beats.index[(k - 1) & _KEPT_MASK]
        own = beats.index[k] - begin
        n = min(length, own)
        sums = self._sums
        common = scratch
        rhythm_kernels.lift(ir.out, MASK, begin, n, own, self._shift_ir, beat_a)
        rhythm_kernels.lift(red.out, MASK, begin, n, own, self._shift_red, beat_b)
        rhythm_kernels.others(self._total, beat_a, n, shift, common)
        rhythm_kernels.dot(beat_a, common, n, sums)
        at, tt, opposed = sums[1], sums[2], sums[3]
        rhythm_kernels.dot(beat_b, common, n, sums)
        scale = shift_to(max(at, tt, sums[1]), 0x1FFFF)
        at, bt, tt = at >> scale, sums[1] >> scale, tt >> scale
        if opposed or sums[3] or not at or not tt:
            return
        share = (at * count << 6) // (tt << shift)
        if not _SHARE_LEAST <= share <= _SHARE_MOST:
            return
        slope_q12 = (bt << 12) // at
        if self._shift_red >= self._shift_ir:
            slope_q12 <<= self._shift_red - self._shift_ir
        else:
            slope_q12 >>= self._shift_ir - self._shift_red
        red_dc, ir_dc = red.baseline(), ir.baseline()
        if red_dc > 0 and ir_dc < 16 * red_dc and slope_q12 < 32768:
            beats.ratio_x1000[k] = min(_MOST_X1000, ((slope_q12 * ((ir_dc << 10) // red_dc) >> 12) * 1000) >> 10)
            beats.share_x64[k] = share


def shift_to(value, limit):
    """How far a value must be shifted right to be within a limit."""
    shift = 0
    while (value >> shift) > limit:
        shift += 1
    return shift
