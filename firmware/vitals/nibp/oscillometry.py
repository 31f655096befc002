# SPDX-License-Identifier: Apache-2.0
"""From the beats of a cycle to systolic, mean and diastolic pressure; a pure function of the oscillogram.

The amplitude of the oscillations against cuff pressure is a hill. `hill` fits a curve to it and `readout` takes the
pressures from the curve; here is judged whether there is a hill at all and how far it can be trusted. All arithmetic is
in integers, so that a host that has the oscillogram gets the same numbers to the last digit.

Pressures in 0.01 mmHg, amplitudes in 0.001 mmHg, times in 10 ms.
"""

from array import array

from micropython import const

from vitals.link import wire
from vitals.nibp import course, readout
from vitals.nibp.beats import BEATS_MOST
from vitals.nibp.hill import Hill
from vitals.signal import kernels, root, scratch

ALGORITHM = const(2)

_BEATS_LEAST = const(7)
_NO_PULSE = const(120)
_WEAK = const(300)
# Of the RMS noise of a sample:
_NO_PULSE_PCT = const(150)
_WEAK_PCT = const(185)
_NOISE_ALONE_PCT = const(60)  # crest above foot where there is no beat
_SINGLE_PCT = const(40)  # by so much it makes an amplitude uncertain
_EVEN_PCT = const(60)  # of the intervals near the usual one; below, early beats cannot be told from others
_EARLY_PCT = const(80)  # of the usual interval
# Beats that are unlike their neighbours or lie off the curve, of all:
_MOVED_PCT = const(20)
_MOVED_MOST_PCT = const(60)
# The median distance from the curve, of its height:
_ROUGH_PCT = const(9)
_ROUGH_MOST_PCT = const(16)
_UNSURE_MOST_X10 = const(72)  # a pressure that is less certain by its beats is not shown (standard deviation)
_SHAPELESS_X10 = const(150)
_BEYOND_X100 = const(200)  # the record reaches as far as the pressures, but for this
_INSIDE_LEAST = const(3)  # beats between systolic and diastolic pressure
# What leaves a doubt:
_WEAK_DOUBT = const(800)
_INSIDE_DOUBT = const(6)
_ABOVE_DOUBT = const(500)
_BELOW_DOUBT = const(300)


class Oscillometry:
    """Judges an oscillogram. After `evaluate` the attributes hold `outcome` and, if that is OK, the pressures.

    `sbp_x10`, `map_x10`, `dbp_x10` in 0.1 mmHg, `pulse_x10` in 0.1 / min, `quality` 0-100 and `doubts`
    (`wire.NIBP_DOUBT_*`), `peak_amplitude_x100` in 0.01 mmHg; `unsure_x10` is how far off the less certain of the two
    pressures may be by the scatter of the beats (a standard deviation, 0.1 mmHg); `short_above` is True where the hill
    goes on above the highest pressure. `kept[i]` is 1 for beats that were
    used, `smooth[i]` the height of the curve at beat i.
    """

    def __init__(self):
        self.kept = bytearray(BEATS_MOST)
        self.smooth = array("i", bytes(4 * BEATS_MOST))
        self.size = array("i", bytes(4 * BEATS_MOST))  # amplitudes less what noise adds to them
        self.hill = Hill()
        self._clear()

    def _clear(self):
        self.outcome = wire.NIBP_OUTCOME_NO_PULSE
        self.sbp_x10 = None
        self.map_x10 = None
        self.dbp_x10 = None
        self.pulse_x10 = None
        self.quality = None
        self.peak_amplitude_x100 = None
        self.unsure_x10 = None
        self.doubts = 0
        self.short_above = False
        self._low = self._high = self._above = self._below = 0
        self._inside = self._early = 0

    def evaluate(self, pressure, amplitude, t_10ms, n, direction=0, left_out=0, noise=0, begin=0, end=0):
        """Judges n beats in order of time, in one go; returns the outcome. All arguments are in the oscillogram."""
        for _ in self.work(pressure, amplitude, t_10ms, n, direction, left_out, noise, begin, end):
            pass
        return self.outcome

    def work(self, pressure, amplitude, t_10ms, n, direction, left_out, noise, begin, end):
        """The same in steps of a few ms on a microcontroller: a generator that is exhausted when the outcome stands."""
        self._clear()
        n = min(n, BEATS_MOST)
        outcome = self._judge_amount(amplitude, n, left_out, noise)
        if outcome == wire.NIBP_OUTCOME_OK:
            yield
            even_pct = self._judge_rhythm(t_10ms, amplitude, n, noise)
            self._take_noise_off(amplitude, n, noise)
            yield
            for _ in self.hill.begin(pressure, self.size, self.kept, n):
                yield
            uncertain = max(30, noise * _SINGLE_PCT // 100)
            for _ in self.hill.fit(pressure, self.size, self.kept, n, uncertain, self.smooth):
                yield
            far = self._mark_far(pressure, n)
            yield
            moved_pct = (far + left_out) * 100 // (n + left_out)
            self._find_range(pressure, n, begin, end)
            cause = self._find_cause(n, left_out, moved_pct, even_pct, noise)
            outcome = self._judge(pressure, n, moved_pct, cause)
            if outcome == wire.NIBP_OUTCOME_OK:
                self._set_quality(moved_pct, even_pct, noise)
        if outcome != wire.NIBP_OUTCOME_OK:
            self.sbp_x10 = self.map_x10 = self.dbp_x10 = self.quality = None
            self.doubts = 0
        self.outcome = outcome

    # ---------------------------------------------------------------- before the fit

    def _judge_amount(self, amplitude, n, left_out, noise):
        """Whether there is enough to look at."""
        if not n:
            return wire.NIBP_OUTCOME_MOVEMENT if left_out >= _BEATS_LEAST else wire.NIBP_OUTCOME_NO_PULSE
        height = self.height(amplitude, n)
        self.peak_amplitude_x100 = height // 10
        if height < max(_NO_PULSE, noise * _NO_PULSE_PCT // 100):
            return wire.NIBP_OUTCOME_NO_PULSE
        if n < _BEATS_LEAST:
            return wire.NIBP_OUTCOME_MOVEMENT if left_out > n else wire.NIBP_OUTCOME_TOO_FEW_BEATS
        if height < max(_WEAK, noise * _WEAK_PCT // 100):
            return wire.NIBP_OUTCOME_WEAK_PULSE
        return wire.NIBP_OUTCOME_MOVEMENT if height > course.HUGE else wire.NIBP_OUTCOME_OK

    def height(self, amplitude, n):
        """Largest median of three neighbours: the height of the hill without a lone peak."""
        best = 0
        for i in range(1, n - 1):
            a, b, c = amplitude[i - 1], amplitude[i], amplitude[i + 1]
            middle = max(min(a, b), min(max(a, b), c))
            if middle > best:
                best = middle
        return best

    def _judge_rhythm(self, t_10ms, amplitude, n, noise):
        """Sets the pulse from the usual interval, leaves out early beats and those before them.

        Returns the share of intervals within 15 % of the usual one, in percent, but for long ones, which
        span beats that are not listed.
        """
        m = n - 1
        for i in range(m):
            scratch[i] = max(0, t_10ms[i + 1] - t_10ms[i])
        kernels.sort(scratch, m)
        usual = max(1, scratch[m * 2 // 5])
        total = near = gaps = 0
        for i in range(m):
            if scratch[i] * 5 > usual * 8:
                gaps += 1
            elif abs(scratch[i] - usual) * 20 <= usual * 3:
                total += scratch[i]
                near += 1
        if total:
            self.pulse_x10 = (60000 * near + total // 2) // total
        even_pct = near * 100 // max(1, m - gaps)
        for i in range(n):
            self.kept[i] = 1
        self._early = 0
        if _EVEN_PCT <= even_pct < 100:
            for i in range(1, n):
                early = (t_10ms[i] - t_10ms[i - 1]) * 100 < usual * _EARLY_PCT
                if early and amplitude[i - 1] > 2 * noise:  # of smaller ones the time is not certain enough
                    # An early beat is weak, and its foot lies high, which takes from the beat before it.
                    self.kept[i] = self.kept[i - 1] = 0
                    self._early += 1
        return even_pct

    def _take_noise_off(self, amplitude, n, noise):
        alone = noise * _NOISE_ALONE_PCT // 100
        for i in range(n):
            a = min(16000, amplitude[i])
            self.size[i] = root(a * a - alone * alone) if a > alone else 0

    # ---------------------------------------------------------------- after it

    def _mark_far(self, pressure, n):
        """Sets `smooth`, and `kept` to 0 where a beat does not fit the curve; returns how many do not."""
        hill = self.hill
        allowed = 6 + max(3, hill.spread * 3)
        out = 0
        for i in range(n):
            self.smooth[i] = hill.at(pressure[i])
            if self.kept[i] and abs(self.size[i] - self.smooth[i]) * 100 > hill.height * allowed:
                self.kept[i] = 0
                out += 1
        return out

    def _find_range(self, pressure, n, begin, end):
        """Lowest and highest pressure that were gone through."""
        self._low = min(begin, end)
        self._high = max(begin, end)
        if not self._high:
            self._low = self._high = pressure[0]
            for i in range(n):
                self._low = min(self._low, pressure[i])
                self._high = max(self._high, pressure[i])

    def _find_cause(self, n, left_out, moved_pct, even_pct, noise):
        """What is to blame if these beats make no hill, or None: movement, an uneven pulse, or noise."""
        # An uneven pulse makes beats that are like one another; movement does not.
        alike = left_out * 4 <= n and self.hill.spread <= _ROUGH_MOST_PCT
        if moved_pct >= _MOVED_PCT and not (even_pct < _EVEN_PCT and alike):
            return wire.NIBP_OUTCOME_MOVEMENT
        if (even_pct < _EVEN_PCT and alike) or self._early * 5 > n:
            return wire.NIBP_OUTCOME_IRREGULAR
        return wire.NIBP_OUTCOME_WEAK_PULSE if noise * 4 > self.hill.height else None

    def _judge(self, pressure, n, moved_pct, cause):
        """Reads the pressures off and judges them."""
        hill = self.hill
        sbp = readout.systolic(hill)
        dbp = readout.diastolic(hill)
        self._inside = 0
        for i in range(n):
            if self.kept[i] and dbp <= pressure[i] <= sbp:
                self._inside += 1
        self._above = self._high - sbp
        self._below = dbp - self._low
        self.unsure_x10 = max(
            hill.uncertainty(readout.systolic_slopes(hill)), hill.uncertainty(readout.diastolic_slopes(hill))
        )
        if self.unsure_x10 > _SHAPELESS_X10 and cause == wire.NIBP_OUTCOME_IRREGULAR:
            cause = wire.NIBP_OUTCOME_MOVEMENT  # an uneven pulse still makes a hill
        if moved_pct > _MOVED_MOST_PCT or hill.spread > _ROUGH_MOST_PCT:
            return cause or wire.NIBP_OUTCOME_MOVEMENT
        weak = cause == wire.NIBP_OUTCOME_WEAK_PULSE
        if weak or hill.spread <= _ROUGH_PCT >= moved_pct:
            cause = None  # what has a shape, though not a whole one, was cut off
        self.short_above = hill.top >= self._high or self._above < -_BEYOND_X100
        if not self._low < hill.top < self._high:
            return cause or wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM
        if self._above < -_BEYOND_X100 or self._below < -_BEYOND_X100:
            return cause or wire.NIBP_OUTCOME_NOT_BRACKETED
        if self._inside < _INSIDE_LEAST:
            return cause or wire.NIBP_OUTCOME_TOO_FEW_BEATS
        if self.unsure_x10 > _UNSURE_MOST_X10:
            return cause or (weak and wire.NIBP_OUTCOME_WEAK_PULSE) or wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM
        self.sbp_x10 = (sbp + 5) // 10
        self.map_x10 = (readout.mean(hill, sbp, dbp) + 5) // 10
        self.dbp_x10 = (dbp + 5) // 10
        return self._plausible()

    def _plausible(self):
        """Limits of what an adult's pressures can be, wide enough for the very ill."""
        width = self.sbp_x10 - self.dbp_x10
        if not (500 <= self.sbp_x10 <= 2700 and 250 <= self.dbp_x10 <= 2000 and 120 <= width <= 1600):
            return wire.NIBP_OUTCOME_IMPLAUSIBLE
        return wire.NIBP_OUTCOME_OK if self.dbp_x10 < self.map_x10 < self.sbp_x10 else wire.NIBP_OUTCOME_IMPLAUSIBLE

    def _set_quality(self, moved_pct, even_pct, noise):
        """Quality falls with the uncertainty that the beats leave; the doubts name what may be behind it."""
        self.quality = max(1, min(100, 110 - self.unsure_x10 * 14 // 10))
        height = self.hill.height
        doubts = 0
        if moved_pct >= _MOVED_PCT:
            doubts |= wire.NIBP_DOUBT_MOVEMENT
        if even_pct < _EVEN_PCT or self._early:
            doubts |= wire.NIBP_DOUBT_IRREGULAR
        if height < _WEAK_DOUBT:
            doubts |= wire.NIBP_DOUBT_WEAK_PULSE
        if self._inside < _INSIDE_DOUBT:
            doubts |= wire.NIBP_DOUBT_FEW_BEATS
        if self._above < _ABOVE_DOUBT:
            doubts |= wire.NIBP_DOUBT_SHORT_SYSTOLIC
        if self._below < _BELOW_DOUBT:
            doubts |= wire.NIBP_DOUBT_SHORT_DIASTOLIC
        if noise * 4 > height:
            doubts |= wire.NIBP_DOUBT_NOISY
        if self.hill.spread > _ROUGH_PCT // 2:
            doubts |= wire.NIBP_DOUBT_UNEVEN_SHAPE
        self.doubts = doubts
