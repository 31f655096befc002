# SPDX-License-Identifier: Apache-2.0
"""Finds the beats in a record: where each rises, the foot it rises from, and how high it gets above the line from its
own foot to the next one's. That line takes the deflation off exactly, at any pulse rate.

While the pressure still changes beats are found as they come, which is enough to decide when to stop. At the end the
record is gone through again with the usual period of the whole, and what is no beat like its neighbours is left out.
"""

from array import array

from micropython import const

from vitals.nibp.kernels import next_rise
from vitals.nibp.record import OFFSET
from vitals.signal import kernels, root, scratch

BEATS_MOST = const(128)
_PERIOD_FIRST = const(20)  # values: 75 beats a minute, while none is known
_SWEEP = const(100)  # values gone through in one step at the end
_STEP_BEATS = const(4)
_SIDE = const(3)  # neighbours on either side


class Beats:
    """`count` beats: `pressure_cmmhg`, `amplitude_mmmhg`, `t_10ms`; `left_out` that were found but are not listed."""

    def __init__(self, record):
        self._record = record
        self.pressure_cmmhg = array("H", bytes(2 * BEATS_MOST))
        self.amplitude_mmmhg = array("H", bytes(2 * BEATS_MOST))
        self.t_10ms = array("H", bytes(2 * BEATS_MOST))
        self._rise = array("H", bytes(2 * BEATS_MOST))  # index of the steepest rise
        self._foot = array("H", bytes(2 * BEATS_MOST))
        self._unlike = array("H", bytes(2 * BEATS_MOST))  # what is left over against the most alike neighbour
        self._clean = bytearray(BEATS_MOST)
        self.begin(0)

    def begin(self, start_10ms):
        """Starts anew; `start_10ms` is the time since the start of the cycle at which the record begins."""
        self._start_10ms = start_10ms
        self._first = 0
        self._restart()

    def attend(self):
        """Forgets what was found: only what comes from here on counts."""
        self._first = self._record.count
        self._restart()

    def _restart(self):
        self.count = 0  # beats that are measured
        self.left_out = 0
        self._found = 0  # rises
        self._scanned = self._first
        self._trial = self._settled = False
        self._period = self._record.period or _PERIOD_FIRST

    # ---------------------------------------------------------------- finding

    def scan(self, stop):
        """Adds the beats that rise before index `stop` of the record, which must go on for half a period after it."""
        if not self._settled:
            self._period = self._record.period or self._period
        period = self._period
        half = period * 2 // 5
        at = max(self._scanned, self._first + half + 2)
        while at < stop:
            at = next_rise(self._record.values, at, stop, half)
            if at < 0:
                break
            self._add(at, period)
            at += 1
        self._scanned = max(self._scanned, stop)

    def ready(self):
        """Up to where `scan` may go now."""
        return self._record.count - self._period * 2 // 5 - 2

    def _add(self, at, period):
        values = self._record.values
        n = self._found
        if n and (at - self._rise[n - 1]) * 2 < period:  # so near that one is the other's second wave
            before = self._rise[n - 1]
            here = values[at + 1] - values[at - 1]
            there = values[before + 1] - values[before - 1]
            # Unless, in the first trial, both are as steep: then the period may be that of two beats.
            if not self._trial or abs(here - there) * 2 >= max(here, there):
                if here <= there:
                    return
                n -= 1
        if n >= BEATS_MOST:
            return
        self._rise[n] = at
        self._foot[n] = self._find_foot(at, self._rise[n - 1] if n else 0, period)
        self._found = n + 1
        self.count = n
        if n:
            self._measure(n - 1, self._foot[n] - self._foot[n - 1], self._low(n))

    def _find_foot(self, at, before, period):
        """Index of the last lowest value ahead of a rise, with the slope of the pressure taken off."""
        values = self._record.values
        start = max(1, self._first, at - period // 2)
        if before:
            start = max(start, min(at - 2, before + 2))
        end = min(self._record.count - 1, at + period)
        begin = max(self._first, at - period)
        slope = (values[end] - values[begin]) * 16 // max(1, end - begin)
        best = start
        lowest = values[start] << 4
        fallen = 0
        for i in range(start + 1, at):
            fallen += slope
            v = (values[i] << 4) - fallen
            if v <= lowest:
                lowest = v
                best = i
        return best

    def _low(self, i):
        """The foot of beat i as the sum of two values."""
        foot = self._foot[i]
        values = self._record.values
        return values[foot - 1] + values[foot]

    def _measure(self, i, length, high):
        """Takes pressure, amplitude and time of beat i, whose line ends at the sum `high` after `length` values."""
        values = self._record.values
        foot = self._foot[i]
        low = self._low(i)
        length = max(2, length)
        stop = min(foot + min(length * 3 // 4, self._period), self._record.count)
        fall = high - low
        height = line = 0
        for k in range(stop - foot):
            v = (2 * values[foot + k] - low) * length - line
            line += fall
            if v > height:
                height = v
        height //= 2 * length
        ahead = min(length, self._rise[i] - foot + self._period // 10)
        line = (low + fall * ahead // length) >> 1
        self.amplitude_mmmhg[i] = min(65535, height * 5)
        self.pressure_cmmhg[i] = max(0, ((line + height // 3) >> 1) - OFFSET)
        self.t_10ms[i] = min(65535, self._start_10ms + self._time_of_rise(self._rise[i]))

    def _time_of_rise(self, at):
        """When the pressure rose steepest, 10 ms since the record began: the top of a parabola through three rises."""
        values = self._record.values
        before = values[at] - values[at - 2]
        here = values[at + 1] - values[at - 1]
        after = values[at + 2] - values[at]
        bend = 2 * here - before - after
        shift = max(-2, min(2, 2 * (after - before) // bend)) if bend > 0 else 0
        return max(0, 4 * at + 3 + shift)

    # ---------------------------------------------------------------- at the end

    def work(self):
        """Goes through the whole record again, in steps of a few ms on a microcontroller: a generator."""
        usual = self._record.period or _PERIOD_FIRST
        for trial in (True, False):
            self._restart()
            self._trial = trial
            self._settled = True
            self._period = max(7, usual)
            while self._scanned < self.ready():
                self.scan(min(self._scanned + _SWEEP, self.ready()))
                yield
            # An uneven rhythm repeats itself after two beats as well as after one.
            between = self._usual_interval()
            if between * 4 < usual * 3:
                usual = between
        self._measure_last()
        for i in range(self.count):
            self._unlike[i] = self._compare(i)
            yield
        usual = self._usual_unlike()
        for i in range(self.count):
            self._clean[i] = self._is_clean(i, usual)
            if i % _STEP_BEATS == 0:
                yield
        self._squeeze_out()

    def _measure_last(self):
        """The last beat has no foot after it: its line goes on as the one before it."""
        n = self._found
        if n < 2:
            return
        foot = self._foot[n - 1]
        before = foot - self._foot[n - 2]
        if before * 3 > self._period * 4 or self._record.count - foot < self._period // 2:
            return
        self._measure(n - 1, before, 2 * self._low(n - 1) - self._low(n - 2))
        self.count = n

    def _usual_interval(self):
        n = self._found - 1
        if n < 4:
            return self._period
        for i in range(n):
            scratch[i] = self._rise[i + 1] - self._rise[i]
        kernels.sort(scratch, n)
        return scratch[n >> 1]

    def _length(self, i):
        """Values from the foot of beat i to the next; the last beat's is the one before it."""
        if i + 1 < self._found:
            return self._foot[i + 1] - self._foot[i]
        return self._foot[i] - self._foot[i - 1]

    def _fall(self, i):
        """Sums of two by which the foot after beat i lies higher than its own."""
        if i + 1 < self._found:
            return self._low(i + 1) - self._low(i)
        return self._low(i) - self._low(i - 1)

    def _compare(self, i):
        """RMS of what is left of beat i when the most alike of its neighbours is taken off, in units of the record."""
        best = 65535
        for j in range(max(0, i - 2), min(self.count, i + 3)):
            if j != i:
                best = min(best, self._distance(i, j))
        return best

    def _distance(self, i, j):
        """RMS of what is left of beat i when beat j, made as large, is taken off; about their rises."""
        values = self._record.values
        period = self._period
        before = min(period * 3 // 20, self._rise[i] - 1, self._rise[j] - 1)
        a = self._rise[i] - before
        b = self._rise[j] - before
        n = min(32, before + period // 2, self._record.count - max(a, b))
        shift = 4
        while max(self.amplitude_mmmhg[i], self.amplitude_mmmhg[j]) >> shift > 460:
            shift += 1
        rise_a = self._slope(i)
        rise_b = self._slope(j)
        line_a = self._low(i) * 8 + rise_a * (a - self._foot[i])
        line_b = self._low(j) * 8 + rise_b * (b - self._foot[j])
        aa = ab = bb = 0
        for k in range(n):
            va = (values[a + k] << 4) - line_a >> shift
            vb = (values[b + k] << 4) - line_b >> shift
            line_a += rise_a
            line_b += rise_b
            aa += va * va
            ab += va * vb
            bb += vb * vb
        if bb > 1024 and ab > 0:
            aa -= ab // (bb >> 10) * (ab >> 10)
        return min(65535, root(max(0, aa) // max(1, n)) << (shift - 4))

    def _slope(self, i):
        """How the line under beat i rises from value to value, in 1/16."""
        return self._fall(i) * 8 // max(1, self._length(i))

    def _usual_unlike(self):
        n = self.count
        for i in range(n):
            scratch[i] = self._unlike[i]
        kernels.sort(scratch, n)
        return scratch[n // 3] if n else 0

    def _is_clean(self, i, usual):
        first = max(0, min(i - _SIDE, self.count - 2 * _SIDE - 1))
        m = 0
        for j in range(first, min(self.count, first + 2 * _SIDE + 1)):
            scratch[m] = self.amplitude_mmmhg[j]
            scratch[m + 16] = 1048576 + self._fall(j) * 64 // max(1, self._length(j))
            m += 1
        for k in range(m):
            scratch[k + 32] = scratch[k + 16]
        kernels.sort(scratch, m)
        height = scratch[m >> 1] // 5
        for k in range(m):
            scratch[k] = scratch[k + 32]
        kernels.sort(scratch, m)
        usual_fall = scratch[m >> 1] - 1048576
        if self._unlike[i] > 5 * usual // 2 + height // 10 + 10:
            return 0
        length = self._length(i)
        if length * 5 > self._period * 11:
            return 0
        if self._trembles(i, length):
            return 0
        off = abs(self._fall(i) - usual_fall * length // 64) // 2
        return 1 if off <= height * 2 // 5 + 4 * usual + 20 else 0

    def _trembles(self, i, length):
        """True where the pressure goes up and down more often than one pulse does."""
        values = self._record.values
        foot = self._foot[i]
        steps = min(length, self._record.count - foot) // 2 - 1
        rise = self._fall(i) // max(1, length)
        way = 0
        for k in range(foot, foot + 2 * steps, 2):
            way += abs(values[k + 2] - values[k] - rise)
        noise = steps * self._record.noise_mmmhg // 8
        return way * 5 > self.amplitude_mmmhg[i] * 3 + noise * 5 + 150

    def _squeeze_out(self):
        """Lists the clean beats only."""
        n = 0
        for i in range(self.count):
            if self._clean[i]:
                self.pressure_cmmhg[n] = self.pressure_cmmhg[i]
                self.amplitude_mmmhg[n] = self.amplitude_mmmhg[i]
                self.t_10ms[n] = self.t_10ms[i]
                n += 1
        self.left_out = self.count - n
        self.count = n
