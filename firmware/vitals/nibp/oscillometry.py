# SPDX-License-Identifier: Apache-2.0
"""From the beats of a deflation to systolic, mean and diastolic pressure; a pure function of the oscillogram.

The amplitude of the oscillations against cuff pressure is a hill. Its top is at the mean arterial pressure; systolic
and diastolic pressure are taken where it has fallen to fixed shares of its height: 0.50 and 0.80, the means that L. A.
Geddes and others found (Annals of Biomedical Engineering 10, 1982). Published shares spread over 0.45-0.73 and
0.69-0.83, and they dominate the error. All arithmetic is in integers, so that a host that
has the oscillogram gets the same numbers to the last digit.

Pressures in 0.01 mmHg, amplitudes in 0.001 mmHg, times in 10 ms.
"""

from array import array

from micropython import const

from vitals.link import wire
from vitals.signal import kernels, scratch

ALGORITHM = const(1)

BEATS_MOST = const(128)
_SYSTOLIC_PCT = const(50)
_DIASTOLIC_PCT = const(80)
_BEATS_LEAST = const(8)
_INSIDE_LEAST = const(4)  # beats between systolic and diastolic pressure
_NO_PULSE = const(250)  # what is smaller cannot be told from noise
_WEAK = const(450)
_REACH_LEAST = const(900)  # half width of the smoothing
_GRID = const(50)  # steps in which the top is searched
_OUTLIER_PCT = const(35)
_OUTLIER_FLOOR = const(120)
_REJECTED_MOST_PCT = const(40)
_ROUGHNESS_MOST_PCT = const(16)
_ROUGHNESS_MOVEMENT_PCT = const(24)  # no uneven rhythm alone is so rough
_ROUGH_PCT = const(6)  # beats of an arm at rest lie within 1-3 %
_REJECTED_ROUGH_PCT = const(15)


class Oscillometry:
    """Judges an oscillogram. After `evaluate` the attributes hold `outcome` and, if that is OK, the pressures.

    `sbp_x10`, `map_x10`, `dbp_x10` in 0.1 mmHg, `pulse_x10` in 0.1 / min, `quality` 0-100, `peak_amplitude_x100` in
    0.01 mmHg; `kept[i]` is 1 for beats that were used, `smooth[i]` the height of the fit at beat i.
    """

    def __init__(self):
        self.kept = bytearray(BEATS_MOST)
        self.smooth = array("i", bytes(4 * BEATS_MOST))
        self._clear()

    def _clear(self):
        self.outcome = wire.NIBP_OUTCOME_NO_PULSE
        self.sbp_x10 = None
        self.map_x10 = None
        self.dbp_x10 = None
        self.pulse_x10 = None
        self.quality = None
        self.peak_amplitude_x100 = None

    def evaluate(self, pressure, amplitude, t_10ms, n, direction=0, left_out=0, noise=0, begin=0, end=0):
        """Judges n beats in order of time, in one go; returns the outcome. All arguments are in the oscillogram."""
        for _ in self.work(pressure, amplitude, t_10ms, n, direction, left_out, noise, begin, end):
            pass
        return self.outcome

    def work(self, pressure, amplitude, t_10ms, n, direction, left_out, noise, begin, end):
        """The same in steps of a few ms on a microcontroller: a generator that is exhausted when the outcome stands."""
        self._clear()
        n = min(n, BEATS_MOST)
        outcome = self._judge_amount(amplitude, n)
        if outcome == wire.NIBP_OUTCOME_OK:
            rejected = self._reject(amplitude, n)
            yield
            even_pct = self._judge_rhythm(t_10ms, n)
            for i in range(n):
                self.smooth[i] = self._fit(pressure, amplitude, n, pressure[i])
                yield
            top = self._top(n)
            roughness_pct = self._roughness(amplitude, n, self.smooth[top])
            outcome = self._judge_disturbance(n, rejected, roughness_pct, even_pct)
        if outcome == wire.NIBP_OUTCOME_OK:
            height = at = 0
            for p in range(pressure[min(n - 1, top + 1)], pressure[max(0, top - 1)] + 1, _GRID):
                fitted = self._fit(pressure, amplitude, n, p)
                if fitted > height:
                    height, at = fitted, p
                yield
            outcome = self._read_off(pressure, n, top, height, at)
            shapeless = outcome == wire.NIBP_OUTCOME_NOT_BRACKETED or outcome == wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM
            if shapeless and (roughness_pct >= _ROUGH_PCT or rejected * 100 >= _REJECTED_ROUGH_PCT * n):
                outcome = wire.NIBP_OUTCOME_MOVEMENT  # what has no shape here was disturbed, not cut off
            self.quality = self._quality(rejected * 100 // n, roughness_pct, even_pct)
        if outcome != wire.NIBP_OUTCOME_OK:
            self.sbp_x10 = self.map_x10 = self.dbp_x10 = self.quality = None
        self.outcome = outcome

    def _judge_amount(self, amplitude, n):
        """Whether there is enough to look at."""
        if not n:
            return wire.NIBP_OUTCOME_NO_PULSE
        height = self.height(amplitude, n)
        self.peak_amplitude_x100 = height // 10
        if height < _NO_PULSE:
            return wire.NIBP_OUTCOME_NO_PULSE
        if n < _BEATS_LEAST:
            return wire.NIBP_OUTCOME_TOO_FEW_BEATS
        return wire.NIBP_OUTCOME_WEAK_PULSE if height < _WEAK else wire.NIBP_OUTCOME_OK

    def _judge_disturbance(self, n, rejected, roughness_pct, even_pct):
        if rejected * 100 <= _REJECTED_MOST_PCT * n and roughness_pct <= _ROUGHNESS_MOST_PCT:
            return wire.NIBP_OUTCOME_OK
        rough = rejected * 2 > n or roughness_pct > _ROUGHNESS_MOVEMENT_PCT
        return wire.NIBP_OUTCOME_MOVEMENT if rough or even_pct >= 50 else wire.NIBP_OUTCOME_IRREGULAR

    def height(self, amplitude, n):
        """Largest median of three neighbours: the height of the hill without a lone peak."""
        best = 0
        for i in range(1, n - 1):
            a, b, c = amplitude[i - 1], amplitude[i], amplitude[i + 1]
            middle = max(min(a, b), min(max(a, b), c))
            if middle > best:
                best = middle
        return best

    def _reject(self, amplitude, n):
        """Marks beats that stand out from the three on either side; returns how many."""
        values = scratch
        rejected = 0
        for i in range(n):
            m = 0
            for j in range(max(0, i - 3), min(n, i + 4)):
                if j != i:
                    values[m] = amplitude[j]
                    m += 1
            kernels.sort(values, m)
            usual = values[m >> 1] if m & 1 else (values[(m >> 1) - 1] + values[m >> 1]) >> 1
            edge = i < 3 or i >= n - 3
            most = usual * (_OUTLIER_PCT * 2 if edge else _OUTLIER_PCT) // 100 + _OUTLIER_FLOOR
            self.kept[i] = 1 if abs(amplitude[i] - usual) <= most else 0
            rejected += 1 - self.kept[i]
        return rejected

    def _judge_rhythm(self, t_10ms, n):
        """Sets the pulse from the median interval; returns the share of intervals within 20 % of it, in percent."""
        values = scratch
        m = 0
        for i in range(1, n):
            if self.kept[i] and self.kept[i - 1]:
                values[m] = t_10ms[i] - t_10ms[i - 1]
                m += 1
        if m < 3:
            return 0
        kernels.sort(values, m)
        middle = max(1, values[m >> 1])
        total = near = 0
        for i in range(m):
            if abs(values[i] - middle) * 5 <= middle:
                total += values[i]
                near += 1
        if total:
            self.pulse_x10 = (60000 * near + total // 2) // total
        return near * 100 // m

    def _fit(self, pressure, amplitude, n, at):
        """Height of the hill at a pressure: a line through the kept beats nearby, near ones weighing more."""
        reach = self._reach(pressure, n, at)
        w0 = w1 = w2 = a0 = a1 = 0
        for i in range(n):
            d = pressure[i] - at
            if self.kept[i] and -reach < d < reach:
                u = d * 64 // reach
                w = (4096 - u * u) * (4096 - u * u) >> 16  # biweight, 0-256
                w0 += w
                w1 += w * d
                w2 += w * d * d
                a0 += w * amplitude[i]
                a1 += w * d * amplitude[i]
        spread = w0 * w2 - w1 * w1
        if spread <= 0:
            return a0 // w0 if w0 else 0
        return max(0, (w2 * a0 - w1 * a1) // spread)

    def _reach(self, pressure, n, at):
        """At least `_REACH_LEAST`, and wide enough to hold four kept beats."""
        reach = _REACH_LEAST
        while reach < 6400:
            inside = 0
            for i in range(n):
                if self.kept[i] and -reach < pressure[i] - at < reach:
                    inside += 1
            if inside >= 4:
                break
            reach += reach >> 1
        return reach

    def _top(self, n):
        top = 0
        for i in range(n):
            if self.kept[i] and (not self.kept[top] or self.smooth[i] > self.smooth[top]):
                top = i
        return top

    def _roughness(self, amplitude, n, height):
        """Mean distance of the kept beats from the fit, in percent of its height."""
        total = count = 0
        for i in range(n):
            if self.kept[i]:
                total += abs(amplitude[i] - self.smooth[i])
                count += 1
        return total * 100 // max(1, count * height)

    def _read_off(self, pressure, n, top, height, at):
        """Where the hill has fallen to its shares, on both sides of its top (`height` at pressure `at`)."""
        if not height:
            return wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM
        systolic = self._crossing(pressure, n, top, -1, height * _SYSTOLIC_PCT // 100)
        diastolic = self._crossing(pressure, n, top, 1, height * _DIASTOLIC_PCT // 100)
        if systolic is None or diastolic is None:
            one_sided = top < 2 or top > n - 3
            return wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM if one_sided else wire.NIBP_OUTCOME_NOT_BRACKETED
        self.sbp_x10 = (systolic + 5) // 10
        self.map_x10 = (at + 5) // 10
        self.dbp_x10 = (diastolic + 5) // 10
        inside = 0
        for i in range(n):
            if self.kept[i] and diastolic <= pressure[i] <= systolic:
                inside += 1
        if inside < _INSIDE_LEAST:
            return wire.NIBP_OUTCOME_TOO_FEW_BEATS
        return self._plausible()

    def _crossing(self, pressure, n, top, step, level):
        """Pressure at which the fit falls below `level`, walking beats away from the top; None: it never does."""
        last = top
        i = top + step
        while 0 <= i < n:
            if self.kept[i]:
                if self.smooth[i] < level:
                    drop = self.smooth[last] - self.smooth[i]
                    part = self.smooth[last] - level
                    return pressure[last] + (pressure[i] - pressure[last]) * part // max(1, drop)
                last = i
            i += step
        return None

    def _plausible(self):
        """Limits of what an adult's pressures can be, wide enough for the very ill."""
        width = self.sbp_x10 - self.dbp_x10
        if not (500 <= self.sbp_x10 <= 2700 and 250 <= self.dbp_x10 <= 2000 and 120 <= width <= 1600):
            return wire.NIBP_OUTCOME_IMPLAUSIBLE
        return wire.NIBP_OUTCOME_OK if self.dbp_x10 < self.map_x10 < self.sbp_x10 else wire.NIBP_OUTCOME_IMPLAUSIBLE

    def _quality(self, rejected_pct, roughness_pct, even_pct):
        strength = min(100, (self.peak_amplitude_x100 * 10 - _WEAK) // 8 + 40)
        smoothness = 100 - roughness_pct * 5
        return max(0, min(100, strength, smoothness, 100 - rejected_pct * 2, 40 + even_pct * 6 // 10))


def diastole_passed(oscillometry, amplitude, n):
    """True once the last three beats lie well below the diastolic share of a hill that was seen to fall."""
    if n < _BEATS_LEAST:
        return False
    height = oscillometry.height(amplitude, n)
    if height < _WEAK:
        return False
    below = height * (_DIASTOLIC_PCT - 14) // 100
    return amplitude[n - 1] < below and amplitude[n - 2] < below and amplitude[n - 3] < below


def started_too_low(oscillometry, amplitude, n):
    """True once the hill is past its top and its first beats were no lower than the systolic share: inflate further."""
    if n < 7:
        return False
    height = oscillometry.height(amplitude, n)
    if height < _WEAK:
        return False
    a, b, c = amplitude[0], amplitude[1], amplitude[2]
    first = max(min(a, b), min(max(a, b), c))
    falling = max(amplitude[n - 1], amplitude[n - 2], amplitude[n - 3]) * 100 < height * 90
    return falling and first * 100 > height * (_SYSTOLIC_PCT - 5)
