# SPDX-License-Identifier: Apache-2.0
"""The pressure of one cycle as it comes in: smoothed, kept whole, and its pulse period found once a second.

The record is the largest thing on the board: 25 values a second in 16 bits, each the mean of 8 samples. The period is
that after which the slope of the pressure repeats itself; of the slope a steady fall is a constant, which goes.
"""

from array import array

from micropython import const

from vitals.nibp.kernels import slopes, smooth
from vitals.signal import correlations, rhythm_kernels, scratch

# State of the smoothing, as `kernels_plain` describes it: a file's own numbers take no memory.
_COUNT = const(0)
_SUM = const(1)
_ROUGH = const(2)
_LAST = const(3)
_BEFORE = const(4)
_STATE_SIZE = const(5)

OFFSET = const(2000)  # 0.01 mmHg: keeps readings a little below zero positive
LONGEST = const(1950)  # values: 78 s
_BATCH = const(10)  # samples
_HELD = const(2)  # batches kept back, so that a dump is noticed before it reaches the record
_LOOK = const(50)  # samples from one look at the record to the next
_VALUES_MOST = const(100)  # 4 s
_VALUES_LEAST = const(63)
_LAG_FIRST = const(3)
_LAG_SHORTEST = const(7)  # 214 beats a minute; what comes quicker is a tremor
_LAG_LONGEST = const(45)  # 33 beats a minute
_PERIODS_MOST = const(96)
_ACF_ZERO = const(1000)
_PERIODIC = const(500)
_SUDDEN_BATCH = const(190)  # 0.01 mmHg that someone else's valve lets off in 70 ms when it dumps


class Record:
    """Takes 100 samples/s in 0.01 mmHg. `values` holds `count` values in 1/200 mmHg above -20 mmHg.

    Value k is the mean of the samples 4 k - 1 to 4 k + 6. `periodicity` is the autocorrelation of the last seconds in
    1/1000, `period` the usual length of a beat in values (None: not found yet).
    """

    def __init__(self):
        # From bytes: a list of zeros would take twice as much for a moment, while the heap is being filled.
        self.values = array("H", bytes(2 * (LONGEST + 8)))
        self._state = array("i", bytes(4 * _STATE_SIZE))
        self._last = array("i", bytes(4 * 8))
        self._in = array("i", bytes(4 * _BATCH))
        self._batches = [array("i", bytes(4 * _BATCH)) for _ in range(_HELD)]
        self._periods = bytearray(_PERIODS_MOST)
        self._near = bytearray(_LAG_LONGEST + 1)  # by period: how many were within a tenth of it, and their sum
        self._near_total = array("H", bytes(2 * (_LAG_LONGEST + 1)))
        self.begin(0)

    def begin(self, pressure_cmmhg):
        """Starts a record at a pressure."""
        level = max(0, pressure_cmmhg + OFFSET)
        for i in range(8):  # as if the pressure had been there for ever
            self._last[i] = level
        state = self._state
        state[_COUNT] = state[_ROUGH] = 0
        state[_SUM] = level * 8
        state[_LAST] = state[_BEFORE] = level
        self._filled = 0
        self._held = 0
        self._since_look = 0
        self._looks = 0
        self._period_count = 0
        for lag in range(_LAG_LONGEST + 1):
            self._near[lag] = self._near_total[lag] = 0
        self.periodicity = 0
        self.period = None

    @property
    def count(self):
        """Values in the record."""
        return max(0, (self._state[_COUNT] - 4) >> 2)

    @property
    def full(self):
        """True when the record can hold no more."""
        return self._state[_COUNT] >> 2 >= LONGEST - _BATCH

    @property
    def noise_mmmhg(self):
        """RMS of the noise of single samples, from their second differences: 1.95 of it are their mean size."""
        n = self._state[_COUNT] - 8
        return self._state[_ROUGH] * 41 // (8 * n) if n > 0 else 0

    def last_cmmhg(self):
        """The pressure at the end of the record."""
        n = self.count
        return max(0, (self.values[n - 1] >> 1) - OFFSET) if n else 0

    def feed(self, pressure_cmmhg):
        """One sample. Returns True twice a second, when it is time to look for beats."""
        value = pressure_cmmhg + OFFSET
        if value < 0:
            value = 0
        elif value > 32767:
            value = 32767
        filled = self._filled
        self._in[filled] = value
        self._filled = filled = filled + 1
        if filled < _BATCH:
            return False
        self._filled = 0
        batches = self._batches
        at = self._held % _HELD
        oldest = batches[at]
        if self._held >= _HELD:
            self._take(oldest)
        batches[at] = self._in
        self._in = oldest
        self._held += 1
        self._since_look += _BATCH
        if self._since_look < _LOOK:
            return False
        self._since_look = 0
        self._looks += 1
        if self._looks & 1 == 0:
            self._find_period()
        return True

    def dumped(self):
        """True when the pressure fell as through an opened valve in both batches that are kept back."""
        if self._held < _HELD or self._filled:
            return False
        for batch in self._batches:
            # Of three samples each, because a lone one may be a glitch.
            if batch[0] + batch[1] + batch[2] - batch[7] - batch[8] - batch[9] < 3 * _SUDDEN_BATCH:
                return False
        return True

    def finish(self, dumped):
        """Ends the record; `dumped` drops what is kept back."""
        if not dumped:
            for i in range(min(self._held, _HELD)):
                self._take(self._batches[(self._held - min(self._held, _HELD) + i) % _HELD])
        self._held = 0

    def _take(self, batch):
        if not self.full:
            smooth(batch, _BATCH, self._state, self._last, self.values)

    def fall_rate(self):
        """How fast the pressure falls, 0.01 mmHg/s: means of half a second, one second apart."""
        n = self.count
        if n < 38:
            return 0
        total = 0
        for i in range(n - 38, n - 25):
            total += self.values[i] - self.values[i + 25]
        return total // 26

    def _find_period(self):
        n = min(_VALUES_MOST, self.count - 2)
        if n < _VALUES_LEAST:
            return
        acf = correlations
        last = min(_LAG_LONGEST, n * 6 // 10)
        slopes(self.values, self.count - n - 2, n, scratch)
        rhythm_kernels.correlate(scratch, n, acf, last)
        best = 0
        for lag in range(_LAG_FIRST, last):
            if acf[lag] > best and acf[lag] >= acf[lag - 1] and acf[lag] >= acf[lag + 1]:
                best = acf[lag]
        self.periodicity = best = max(0, best - _ACF_ZERO)
        if best < _PERIODIC:
            return
        for lag in range(_LAG_FIRST, last):
            # A tremor falls between two lags, and is met less well at its period than at a multiple of it.
            share_pct = 85 if lag >= _LAG_SHORTEST else 55
            here = acf[lag]
            if (here - _ACF_ZERO) * 100 >= best * share_pct and here >= acf[lag - 1] and here >= acf[lag + 1]:
                if lag >= _LAG_SHORTEST:
                    self._vote(lag)
                return

    def _vote(self, period):
        """Counts a period; the usual one is that with the most others within a tenth of it, of equals the first."""
        if self._period_count >= _PERIODS_MOST:
            return
        self._periods[self._period_count] = period
        self._period_count += 1
        near, total = self._near, self._near_total
        for lag in range(max(_LAG_SHORTEST, period * 9 // 10), min(_LAG_LONGEST, period * 9 // 8 + 2)):
            if abs(period - lag) * 9 <= lag:
                near[lag] += 1
                total[lag] += period
        most = 0
        for i in range(self._period_count):
            lag = self._periods[i]
            if near[lag] > most:
                most = near[lag]
                self.period = (total[lag] + most // 2) // most
