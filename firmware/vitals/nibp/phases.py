# SPDX-License-Identifier: Apache-2.0
"""What the controller does with a sample in each phase of a cycle; `controller` holds commands, start and end."""

from micropython import const

from vitals.link import wire
from vitals.nibp import course, limits

_SHUT = const(1000)
_FULL = const(1000)
_GENTLE = const(400)  # pump, permille, over the last stretch to the target
_STRETCH = const(800)
_BARELY_OPEN = const(100)  # permille: what falls through such an opening is no cuff, or falls elsewhere


class Phases:
    """Mixed into `CuffController`, whose attributes these are."""

    def _find_zero(self, t_ms, pressure):
        if t_ms - self._since < limits.ZERO_WAIT_MS:
            return
        if not self._zero_count:
            self._zero_low = self._zero_high = pressure
        self._zero_low = min(self._zero_low, pressure)
        self._zero_high = max(self._zero_high, pressure)
        self._zero_total += pressure
        self._zero_count += 1
        if self._zero_count < limits.ZERO_SAMPLES:
            return
        zero = self._zero_total // self._zero_count
        if abs(zero) > limits.ZERO_MOST or self._zero_high - self._zero_low > limits.ZERO_SPREAD_MOST:
            self._fail(t_ms, wire.NIBP_OUTCOME_ZERO_ERROR)
            return
        self._zero = zero
        self._start_pump(t_ms, 0)

    def _start_pump(self, t_ms, pressure):
        self.bleed_permille = _SHUT
        self.dump_shut = True
        self.pump_enable = True
        self.pump_permille = _FULL
        self._pump_from = pressure
        self._mark = pressure
        self._mark_ms = t_ms
        self._steep_from = pressure
        self._steep_from_ms = t_ms
        self._steep = 0
        # What failed on the way up is tried again on the way down.
        first = self._result.attempt == 1 and not self._rises and not self.serving
        self._is_rising = first and self.method == wire.CUFF_DIRECTION_INFLATION
        self._rising_seen = self._rising_fallen = False
        self._work = None
        self._enter(t_ms, wire.CUFF_PHASE_INFLATING)

    def _rises_steeply(self, t_ms, pressure):
        """True when the pump fills so little that it cannot be the cuff. A narrow hose makes one steep step only."""
        passed_ms = t_ms - self._steep_from_ms
        if passed_ms < limits.BLOCKED_STEP_MS:
            return False
        # A longer step spans a stall of the loop, in which a healthy cuff rises that much too.
        steep = pressure - self._steep_from > limits.BLOCKED_RISE and passed_ms <= 2 * limits.BLOCKED_STEP_MS
        self._steep = self._steep + 1 if steep else 0
        self._steep_from = pressure
        self._steep_from_ms = t_ms
        return self._steep >= limits.BLOCKED_STEPS

    def _inflate(self, t_ms, pressure):
        self._peak = max(self._peak, pressure)
        if self._rises_steeply(t_ms, pressure):
            self._fail(t_ms, wire.NIBP_OUTCOME_BLOCKED)
            return
        if self._is_rising and self._measured_rising(t_ms, pressure):
            return
        if pressure >= self._target:
            self.pump_permille = 0
            self.pump_enable = False
            self._settled_from = None
            self._falls = 0
            self._enter(t_ms, wire.CUFF_PHASE_SETTLING)
            return
        if pressure >= self._target - _STRETCH and not self._is_rising:
            self.pump_permille = _GENTLE
        pumped_ms = t_ms - self._since
        if pumped_ms >= limits.NO_INFLATION_MS and pressure - self._pump_from < limits.NO_INFLATION_RISE:
            self._fail(
                t_ms, wire.NIBP_OUTCOME_NO_INFLATION if self._pump_from < limits.EMPTY else wire.NIBP_OUTCOME_LEAK
            )
        elif pumped_ms >= limits.INFLATION_MS:
            self._fail(t_ms, wire.NIBP_OUTCOME_TIMEOUT)
        elif t_ms - self._mark_ms >= limits.STALL_MS:
            if pressure - self._mark < limits.STALL_RISE and pressure > limits.NO_INFLATION_RISE:
                self._fail(t_ms, wire.NIBP_OUTCOME_LEAK)
            self._mark = pressure
            self._mark_ms = t_ms

    def _measured_rising(self, t_ms, pressure):
        """Raises the pressure along a line and looks for beats; True when all pressures were found on the way up.

        While the oscillations do not become smaller the target rises. If it ends there without all pressures, the
        cycle goes on as any other and measures on the way down.
        """
        capture = self.capture
        if not self._rising_seen:
            if pressure < limits.RISING_HALF:
                self._half_ms = t_ms
            elif pressure >= limits.RISING_FROM:
                self._rising_seen = True
                rate = (limits.RISING_FROM - limits.RISING_HALF) * 1000 // max(10, t_ms - self._half_ms)
                self._rising.begin(pressure, rate)
                self.pump_permille = self._rising.pump_permille
                start_10ms = (t_ms - self._result.started_ms) // 10
                capture.begin(pressure, start_10ms, wire.CUFF_DIRECTION_INFLATION)
            return False
        self._rising.feed(pressure)
        self.pump_permille = self._rising.pump_permille
        searched = capture.feed(pressure)
        if searched and capture.period_10ms is not None:
            seen = course.judge(capture.amplitude_mmmhg, capture.beats, capture.noise_mmmhg)
            self._rising_fallen = seen == course.ENOUGH
        if self._work is not None:
            if self._certain():
                self._measure(t_ms)
                return True
        elif searched and self._rising_fallen:
            self._work = self._evaluation(pressure)
        if pressure >= self._target - _STRETCH and not self._rising_fallen and capture.periodicity >= limits.PERIODIC:
            self._go_higher()
        return False

    def _go_higher(self):
        """Sets the next target where one is left; True if so."""
        if self._rises >= limits.RISES_MOST or self._peak >= limits.TARGET_MOST - limits.TARGET_STEP // 4:
            return False
        self._rises += 1
        self._target = min(self._peak + limits.TARGET_STEP, limits.TARGET_MOST)
        self.target_mmhg = self._target // 100
        return True

    def _settle(self, t_ms, pressure):
        self._peak = max(self._peak, pressure)
        settled_ms = t_ms - self._since
        if settled_ms < limits.SETTLE_SKIP_MS:
            return
        if self._settled_from is None:
            self._settled_from = pressure
            self.capture.begin(pressure, (t_ms - self._result.started_ms) // 10)
        self.capture.feed(pressure)
        if settled_ms < limits.SETTLE_MS + self._falls * limits.SETTLE_MORE_MS:
            return
        if pressure - self._settled_from > limits.UNPUMPED_RISE:
            self._fail(t_ms, wire.NIBP_OUTCOME_OVER_PRESSURE)
            self.fault = wire.FAULT_PUMP_STUCK
            return
        if self._settled_from - pressure > limits.SETTLE_FALL_MOST:
            # A leak goes on and on; an arm that moves does not.
            self._settled_from = pressure
            self._falls += 1
            if self._falls >= limits.SETTLE_FALLS:
                self._fail(t_ms, wire.NIBP_OUTCOME_LEAK)
            return
        self._deflation.begin(pressure)
        self._work = None
        self._mark = self._before_mark = self._decided_at = pressure
        self._mark_ms = t_ms
        self._fast_since = self._slow_since = self._rise_since = None
        self._enter(t_ms, wire.CUFF_PHASE_DEFLATING)

    def _deflate(self, t_ms, pressure):
        steady = self._deflation.steady
        self._deflation.feed(pressure)
        if self._deflation.steady and not steady:
            self.capture.attend(pressure)
        self.bleed_permille = _SHUT - self._deflation.opening_permille
        searched = self.capture.feed(pressure)
        if searched and self.capture.period_10ms is not None:
            rate = limits.BEAT_FALL * 100 // self.capture.period_10ms
            self._deflation.rate = max(limits.RATE_LEAST, min(limits.RATE_MOST, rate))
        if t_ms - self._mark_ms >= 200 and not self._follows(t_ms, pressure):
            return
        certain = self._work is not None and self._certain()
        if certain and pressure >= self._before_mark - limits.FALL_SUDDEN:
            self._measure(t_ms)
            return
        if searched:
            self._judge_rate(t_ms)
            # A fall that `_follows` has not judged yet must not count as having come to the end.
            if self.phase == wire.CUFF_PHASE_DEFLATING and pressure >= self._before_mark - limits.FALL_SUDDEN:
                if self._ended_by_itself(t_ms, pressure):
                    return
                self._decide(t_ms, pressure)

    def _follows(self, t_ms, pressure):
        """False, and the cycle ended, where the pressure dropped at once and stayed down: the hose came off, say."""
        dropped = self._before_mark - limits.FALL_SUDDEN
        if self._mark < dropped and pressure < dropped:
            self._fail(t_ms, wire.NIBP_OUTCOME_LEAK)
            return False
        self._before_mark = self._mark
        self._mark = pressure
        self._mark_ms = t_ms
        return True

    def _ended_by_itself(self, t_ms, pressure):
        """True, and the cycle ended, where half a second took the pressure below the floor, as a kinked hose does."""
        before = self._decided_at
        self._decided_at = pressure
        if pressure > limits.FLOOR or before - pressure <= limits.FALL_AT_LAST:
            return False
        self._fail(t_ms, wire.NIBP_OUTCOME_LEAK)
        self._dump_from = before
        return True

    def _judge_rate(self, t_ms):
        """Ends the cycle where the valve cannot hold the rate; looks at it once a second, from the third on."""
        if t_ms - self._since < 3000:
            return
        rate = self.capture.fall_rate()
        opening = self._deflation.opening_permille
        leaks = opening < _BARELY_OPEN and rate * 2 > self._deflation.rate
        if rate <= limits.RATE_FAST and not leaks:
            self._fast_since = None
        elif self._fast_since is None:
            self._fast_since = t_ms
        elif t_ms - self._fast_since >= limits.RATE_FAST_MS:
            self._fail(t_ms, wire.NIBP_OUTCOME_LEAK if leaks else wire.NIBP_OUTCOME_DEFLATION_TOO_FAST)
            return
        if rate >= -limits.UNPUMPED_RISE // 2:
            self._rise_since = None
        elif self._rise_since is None:
            self._rise_since = t_ms
        elif t_ms - self._rise_since >= limits.UNPUMPED_MS:
            self._fail(t_ms, wire.NIBP_OUTCOME_OVER_PRESSURE)
            self.fault = wire.FAULT_PUMP_STUCK
            return
        if rate >= limits.RATE_SLOW or opening < 990:
            self._slow_since = None
        elif self._slow_since is None:
            self._slow_since = t_ms
        elif t_ms - self._slow_since >= limits.RATE_SLOW_MS:
            self._fail(t_ms, wire.NIBP_OUTCOME_DEFLATION_TOO_SLOW)

    def _decide(self, t_ms, pressure):
        """Once a second: inflate further, stop because diastole is certain, or go on."""
        capture = self.capture
        periodic = capture.periodicity >= limits.PERIODIC  # movement is large as well, and no reason to squeeze harder
        seen = course.judge(capture.amplitude_mmmhg, capture.beats, capture.noise_mmmhg)
        if periodic and seen == course.TOO_LOW:
            if self._go_higher():
                self._start_pump(t_ms, pressure)
                return
        if pressure <= limits.FLOOR or capture.full:
            self._measure(t_ms)
        elif seen == course.ENOUGH and capture.period_10ms is not None and self._work is None:
            # It looks as if; the fit has the last word, while the pressure goes on falling.
            self._work = self._evaluation(pressure)

    def _evaluation(self, end_cmmhg):
        o = self.capture
        return self.oscillometry.work(
            o.pressure_cmmhg,
            o.amplitude_mmmhg,
            o.t_10ms,
            o.beats,
            o.direction,
            o.left_out,
            o.noise_mmmhg,
            o.begin_cmmhg,
            end_cmmhg,
        )

    def _certain(self):
        """True when a trial of the evaluation has ended and has found all three pressures, well enough."""
        for _ in self._work:
            return False
        self._work = None
        meter = self.oscillometry
        return meter.outcome == wire.NIBP_OUTCOME_OK and meter.unsure_x10 <= limits.CERTAIN_X10

    def _observe(self, t_ms, pressure):
        """Someone else's cycle: wait for the highest pressure, record while it falls, end when it is let go."""
        capture = self.capture
        if t_ms >= self._observe_until:
            if self.phase == wire.CUFF_PHASE_DEFLATING:
                self._measure(t_ms)
            else:
                self._fail(t_ms, wire.NIBP_OUTCOME_NO_INFLATION)
            return
        self._peak = max(self._peak, pressure)
        if pressure > self._turn_from:
            self._turn_from = pressure
            self.phase = wire.CUFF_PHASE_INFLATING
        elif self.phase == wire.CUFF_PHASE_INFLATING:
            if self._peak >= limits.OBSERVE_START and pressure <= self._turn_from - limits.OBSERVE_TURN:
                capture.begin(pressure, (t_ms - self._result.started_ms) // 10)
                self._enter(t_ms, wire.CUFF_PHASE_DEFLATING)
        else:
            capture.feed(pressure)
            dumped = capture.dumped()
            if dumped and capture.beats < limits.OBSERVE_BEATS and pressure > limits.OBSERVE_START:
                # Let off in a hurry, before there was anything to see: what counts begins where it slows down.
                self._turn_from = pressure
                self.phase = wire.CUFF_PHASE_INFLATING
            elif dumped or pressure < limits.EMPTY + 500 or capture.full:
                self._measure(t_ms, dumped)

    # ---------------------------------------------------------------- dumping and rest

    def _dump(self, t_ms):
        """Waits for the cuff to be empty and works the record off meanwhile, a little at each sample."""
        watch = self._supervision
        if not self._observing and watch.pressure is not None:
            self._look_for_kink(t_ms, watch.pressure)
        done = not self._measured or self._work_off()
        late = t_ms - self._dump_since >= limits.DUMP_MS
        if done and (watch.empty_since is not None or self._guard_says_empty()):
            self._end(t_ms)
        elif done and self._observing:
            self._end(t_ms)
        elif late:
            if not self._measured:
                self._fail(t_ms, wire.NIBP_OUTCOME_BLOCKED)
            self.fault = wire.FAULT_CUFF_NOT_EMPTY
            self._end(t_ms)

    def _look_for_kink(self, t_ms, pressure):
        """Names a hose that is kinked: through it the valves empty the manifold at once, and the cuff not at all."""
        if t_ms - self._dump_last_ms > limits.SILENCE_MS:
            # The loop stood still while the valves worked, and this value was measured before it did.
            self._dump_from = 0
            self._dump_from_ms = t_ms - limits.DUMP_QUICK_MS
        elif pressure * 8 <= self._dump_last:
            # From one sample to the next not even the valves empty the manifold: the hose is off, and the cuff open.
            self._dump_from = 0
        elif self._dump_from >= limits.DUMP_QUICK_FROM and (
            pressure * 4 <= self._dump_from or (pressure < limits.EMPTY and self._dump_from >= 2 * limits.EMPTY)
        ):
            self._dump_from = 0
            if self._result.outcome == wire.NIBP_OUTCOME_LEAK:
                self._result.outcome = wire.NIBP_OUTCOME_BLOCKED
            self._fail(t_ms, wire.NIBP_OUTCOME_BLOCKED)
        elif t_ms - self._dump_from_ms >= limits.DUMP_QUICK_MS:
            self._dump_from = pressure
            self._dump_from_ms = t_ms
        self._dump_last = pressure
        self._dump_last_ms = t_ms

    def _guard_says_empty(self):
        watch = self._supervision
        return watch.pressure is None and watch.guard is not None and watch.guard < limits.EMPTY

    def _work_off(self):
        """One step of the evaluation; True when it is finished."""
        capture = self.capture
        if not self._swept:
            self._swept = capture.sweep()
            if self._swept:
                self._work = self._evaluation(capture.end_cmmhg)
            return False
        if self._work is not None:
            for _ in self._work:
                return False
            self._work = None
        return True

    def _rest(self, t_ms):
        """No cycle runs: ends the rest, clears a fault whose cause has gone, notices a cuff that fills by itself."""
        watch = self._supervision
        if watch.empty_since is not None:
            if self.fault != wire.FAULT_NONE and self.fault != wire.FAULT_BLOCKED:
                agree = watch.guard is not None and abs(watch.pressure - watch.guard) < limits.MISMATCH
                if agree and t_ms - watch.empty_since >= limits.FAULT_GONE_MS:
                    self.fault = wire.FAULT_NONE
            if self.phase == wire.CUFF_PHASE_FAULT and self.fault == wire.FAULT_NONE:
                self.phase = wire.CUFF_PHASE_RESTING
            if self.phase == wire.CUFF_PHASE_RESTING and watch.rested(t_ms):
                self.phase = wire.CUFF_PHASE_IDLE
        elif watch.above_empty_since is not None and t_ms - watch.above_empty_since >= limits.UNASKED_MS:
            if self.fault == wire.FAULT_NONE:
                self.fault = wire.FAULT_CHANNEL_MISMATCH if watch.differs(t_ms) else wire.FAULT_PUMP_STUCK
            self.phase = wire.CUFF_PHASE_FAULT
