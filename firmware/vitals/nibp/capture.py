# SPDX-License-Identifier: Apache-2.0
"""Records a deflation: takes the slope off the pressure and finds the beats in what is left.

While the cuff deflates beats are found once a second with the period known so far; that is enough to decide when to
stop or to inflate further. At the end the whole record is gone through again with the period of the whole.

The filter works on a ring of 32-bit numbers, as the kernels want them. The record beside it holds the same values in
16 bits, because it is the largest thing on the board: within 41 mmHg, which no oscillation reaches. For the second
time through it is laid back into the ring piece by piece.
"""

from array import array

from micropython import const

from vitals.link import wire
from vitals.nibp.oscillometry import BEATS_MOST
from vitals.signal import correlations, kernels, scratch

# State of a detrended channel, as `signal.kernels_plain` describes it: a file's own numbers take no memory.
_COUNT = const(0)
_SHORT = const(1)
_FIRST = const(2)
_SECOND = const(3)
_JUMPED_AT = const(5)
_CEILING = const(6)
_RISING = const(7)
_STATE_SIZE = const(8)
_DELAY = const(95)
_BIAS = const(1 << 23)

_MASK = const(511)  # of the ring: 10 s
_LONGEST = const(3900)  # values at 50 a second: 78 s of deflation
_SIZE = const(4020)  # and room for what `finish` adds
_MOST = const(32767)
_BATCH = const(10)  # samples
_HELD = const(2)  # batches kept back, so that a dump is noticed before it reaches the filter
_OFFSET = const(3000)  # keeps readings a little below zero positive
_BASE_EVERY = const(5)  # values of the record for one of the baseline
_FLUSH = const(200)
_PAIRS_MOST = const(150)
_PAIRS_LEAST = const(75)
_LAG_MIN = const(5)
_LAG_MAX = const(45)  # 33 beats a minute
_PERIODIC = const(500)
_SWEEP = const(100)  # values gone through at one call while finishing
_SUDDEN_BATCH = const(250)  # 0.01 mmHg that someone else's valve lets off in 0.1 s when it dumps


class Capture:
    """One deflation at 100 samples/s. Buffers are made once; `begin` starts a new record.

    The oscillogram, as on the wire: `beats` entries of `pressure_cmmhg`, `amplitude_mmmhg` and `t_10ms`; `direction`
    (`wire.CUFF_DIRECTION_*`), `left_out` (beats that are not listed), `noise_mmmhg`, `begin_cmmhg`, `end_cmmhg`.
    """

    def __init__(self):
        # From bytes: a list of zeros would take twice as much for a moment, while the heap is being filled.
        self.pressure_cmmhg = array("H", bytes(2 * BEATS_MOST))
        self.amplitude_mmmhg = array("H", bytes(2 * BEATS_MOST))
        self.t_10ms = array("H", bytes(2 * BEATS_MOST))
        self.beats = 0
        self._rise = array("i", bytes(4 * BEATS_MOST))
        self._record = array("h", bytes(2 * _SIZE))
        self._base = array("H", bytes(2 * (_SIZE // _BASE_EVERY + 2)))
        self._ring = array("i", bytes(4 * (_MASK + 1)))
        self._state = array("i", bytes(4 * _STATE_SIZE))
        self._raw = array("i", bytes(4 * 128))
        self._mean = array("i", bytes(4 * 128))
        self._in = array("i", bytes(4 * _BATCH))
        self._batches = tuple([array("i", bytes(4 * _BATCH)) for _ in range(_HELD)])
        self._periods = array("i", bytes(4 * 96))
        self.begin(0, 0)

    def begin(self, pressure_cmmhg, start_10ms):
        """Starts a record at a pressure; `start_10ms` is the time since the start of the cycle."""
        level = pressure_cmmhg + _OFFSET
        for i in range(128):  # as if the pressure had been there for ever
            self._raw[i] = level
            self._mean[i] = level * 8
        state = self._state
        state[_COUNT] = 0
        state[_SHORT] = level * 8
        state[_FIRST] = level * 64
        state[_SECOND] = level * 1024
        state[_CEILING] = 1 << 20
        state[_JUMPED_AT] = 0
        state[_RISING] = 1
        self._start_10ms = start_10ms
        self.direction = wire.CUFF_DIRECTION_DEFLATION
        self.left_out = 0
        self.noise_mmmhg = 0
        self.begin_cmmhg = self.end_cmmhg = min(65535, max(0, pressure_cmmhg))
        self._filled = 0
        self._held = 0
        self._bases = 0
        self._since_search = 0
        self._period_count = 0
        self.periodicity = 0
        self._half = 15
        self.beats = 0
        self._scanned = 4
        self._sweep_at = None

    @property
    def full(self):
        """True when the record can hold no more."""
        return self._state[_COUNT] >> 1 >= _LONGEST

    def feed(self, pressure_cmmhg):
        """One sample. Returns True when beats were looked for (once a second)."""
        self._in[self._filled] = pressure_cmmhg + _OFFSET
        self._filled += 1
        if self._filled < _BATCH:
            return False
        self._filled = 0
        self._rotate()
        self._since_search += _BATCH
        if self._since_search < 100:
            return False
        self._since_search = 0
        self._find_period()
        self._scan((self._state[_COUNT] >> 1) - self._half - 3)
        return True

    def _rotate(self):
        """The oldest batch kept back goes to the filter, the new one takes its place."""
        oldest = self._batches[self._held % _HELD]
        if self._held >= _HELD:
            self._filter(oldest)
        for i in range(_BATCH):
            oldest[i] = self._in[i]
        self._held += 1

    def dumped(self):
        """True when the pressure fell as through an opened valve in both batches that are kept back."""
        if self._held < _HELD or self._filled:
            return False
        for batch in self._batches:
            if batch[0] - batch[_BATCH - 1] < _SUDDEN_BATCH:
                return False
        return True

    def _filter(self, batch):
        ring = self._ring
        record = self._record
        at = self._state[_COUNT] >> 1
        kernels.detrend(batch, _BATCH, self._state, self._raw, self._mean, ring, _MASK)
        for i in range(at, self._state[_COUNT] >> 1):
            record[i] = max(-_MOST, min(_MOST, ring[i & _MASK] - _BIAS))
        self._base[self._bases] = max(0, self._state[_SECOND] >> 10)
        self._bases += 1

    def fall_rate(self):
        """How fast the pressure falls, 0.01 mmHg/s, over the second before the filter's delay."""
        n = self._bases
        if n < 11:
            return 0
        return self._base[n - 11] - self._base[n - 1]

    def _find_period(self):
        pairs = min(_PAIRS_MOST, self._state[_COUNT] >> 2)
        if pairs < _PAIRS_LEAST:
            return
        acf = correlations
        last = min(_LAG_MAX, pairs * 6 // 10)
        kernels.autocorrelate(self._ring, _MASK, self._state[_COUNT] >> 1, pairs, scratch, acf, _LAG_MIN, last)
        best = 0
        for lag in range(_LAG_MIN + 1, last):
            if acf[lag] > best and acf[lag] >= acf[lag - 1] and acf[lag] >= acf[lag + 1]:
                best = acf[lag]
        self.periodicity = best
        if best < _PERIODIC:
            return
        for lag in range(_LAG_MIN + 1, last):
            if acf[lag] * 100 >= best * 85 and acf[lag] >= acf[lag - 1] and acf[lag] >= acf[lag + 1]:
                if self._period_count < len(self._periods):
                    self._periods[self._period_count] = 2 * lag
                    self._period_count += 1
                self._half = max(6, 2 * lag * 4 // 10)
                return

    def finish(self, dumped):
        """Ends the record; `dumped` drops what is kept back. Call `sweep` until it returns True."""
        if not dumped:
            for i in range(min(self._held, _HELD)):
                self._filter(self._batches[(self._held - min(self._held, _HELD) + i) % _HELD])
        self._held = 0
        self.end_cmmhg = min(65535, max(0, (self._state[_SECOND] >> 10) - _OFFSET))
        self._flush()
        if self._period_count:
            kernels.sort(self._periods, self._period_count)
            self._half = max(6, self._periods[self._period_count >> 1] * 4 // 10)
        self.beats = 0
        self._scanned = 4
        self._sweep_at = self._scanned

    def _flush(self):
        """Lets the last beats through the filter: the pressure goes on falling as it did."""
        rate = self.fall_rate()
        level = (self._state[_SECOND] >> 10) - rate * _DELAY // 100
        batch = self._in
        for k in range(0, _FLUSH, _BATCH):
            for i in range(_BATCH):
                batch[i] = max(0, level - rate * (k + i) // 100)
            self._filter(batch)

    def sweep(self):
        """Goes on finding beats in the finished record; True when done. One call is about a millisecond's work."""
        end = ((self._state[_COUNT] - _FLUSH + _DELAY) >> 1) - self._half - 3
        self._sweep_at = min(self._sweep_at + _SWEEP, end)
        self._lay_back(self._scanned - self._half - 4, self._sweep_at + self._half + 4)
        self._scan(self._sweep_at)
        return self._sweep_at >= end

    def _lay_back(self, start, stop):
        """Fills the ring with a part of the record."""
        ring = self._ring
        record = self._record
        for i in range(max(0, start), min(stop, self._state[_COUNT] >> 1)):
            ring[i & _MASK] = record[i] + _BIAS

    def _scan(self, stop):
        """Adds the beats up to index `stop` of the record."""
        start = max(self._scanned, self._half + 4)
        while start < stop:
            at = kernels.next_upstroke(self._ring, _MASK, start, stop, self._half)
            if at < 0:
                break
            self._add(at)
            start = at + 1
        if stop > self._scanned:
            self._scanned = stop

    def _add(self, at):
        ring = self._ring
        rise = ring[(at + 2) & _MASK] - ring[(at - 2) & _MASK]
        t_10ms = self._start_10ms + 2 * at - _DELAY
        n = self.beats
        if n and (t_10ms - self.t_10ms[n - 1]) * 4 < self._half * 12:  # nearer than 0.6 periods: one of them is no beat
            if rise <= self._rise[n - 1]:
                return
            n -= 1
        if n >= BEATS_MOST or t_10ms < 0:
            return
        extent = kernels.extent(ring, _MASK, at - self._half * 3 // 4, self._half * 7 // 4)
        self.t_10ms[n] = t_10ms
        self.amplitude_mmmhg[n] = min(65535, extent * 10 // 8)
        self.pressure_cmmhg[n] = min(65535, max(0, self._baseline(at)))
        self._rise[n] = rise
        self.beats = n + 1

    def _baseline(self, at):
        """Cuff pressure without oscillation at an index of the record, 0.01 mmHg."""
        k = (at - _BASE_EVERY + 1) // _BASE_EVERY
        part = (at - _BASE_EVERY + 1) % _BASE_EVERY
        k = max(0, min(k, self._bases - 1))
        after = self._base[min(k + 1, self._bases - 1)]
        return self._base[k] + (after - self._base[k]) * part // _BASE_EVERY - _OFFSET
