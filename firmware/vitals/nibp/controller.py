# SPDX-License-Identifier: Apache-2.0
"""The cuff's controller: one reading from zero check to empty cuff, a state machine fed with samples and the time.

Outputs are what the valves and the pump are to do; the application copies them to the pins after every call. At rest
and after any failure they say: pump off, both valves open. Phases: zeroing, inflating, settling, deflating, dumping,
then resting until the cuff was empty for 30 s. Every cycle ends with exactly one `Result`, taken with `take_result`.
"""

from vitals.link import wire
from vitals.nibp import limits
from vitals.nibp.capture import Capture
from vitals.nibp.deflation import Deflation
from vitals.nibp.oscillometry import ALGORITHM, Oscillometry
from vitals.nibp.phases import Phases
from vitals.nibp.result import Result
from vitals.nibp.rising import Rising
from vitals.nibp.supervision import Supervision

# A second try may help with these; with the others a person has to look first.
_RETRY = (
    wire.NIBP_OUTCOME_NO_INFLATION,
    wire.NIBP_OUTCOME_LEAK,
    wire.NIBP_OUTCOME_DEFLATION_TOO_FAST,
    wire.NIBP_OUTCOME_DEFLATION_TOO_SLOW,
    wire.NIBP_OUTCOME_NO_PULSE,
    wire.NIBP_OUTCOME_WEAK_PULSE,
    wire.NIBP_OUTCOME_MOVEMENT,
    wire.NIBP_OUTCOME_IRREGULAR,
    wire.NIBP_OUTCOME_ZERO_ERROR,
    wire.NIBP_OUTCOME_TOO_FEW_BEATS,
    wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM,
    wire.NIBP_OUTCOME_NOT_BRACKETED,
    wire.NIBP_OUTCOME_IMPLAUSIBLE,
    wire.NIBP_OUTCOME_TIMEOUT,
)
# With these the hill may have been cut off above.
_CUT_OFF = (wire.NIBP_OUTCOME_NOT_BRACKETED, wire.NIBP_OUTCOME_NO_CLEAR_MAXIMUM, wire.NIBP_OUTCOME_IRREGULAR)
_FAULT_OF = {
    wire.NIBP_OUTCOME_OVER_PRESSURE: wire.FAULT_OVER_PRESSURE,
    wire.NIBP_OUTCOME_CHANNEL_MISMATCH: wire.FAULT_CHANNEL_MISMATCH,
    wire.NIBP_OUTCOME_GUARD_FAULT: wire.FAULT_GUARD_RANGE,
    wire.NIBP_OUTCOME_BLOCKED: wire.FAULT_BLOCKED,
}


class CuffController(Phases):
    """Sans-I/O. Times in ms of the board's clock, pressures in 0.01 mmHg.

    Outputs: `pump_permille` 0-1000, `pump_enable`, `bleed_permille` (0 open, 1000 shut), `dump_shut`; `phase`
    (`wire.CUFF_PHASE_*`), `cycle`, `target_mmhg` (None when there is none), `active`, `fault` (`wire.FAULT_*`: stands
    until the cause has gone; BLOCKED until a person starts or the session ends). The application sets `method`
    (`wire.CUFF_DIRECTION_*`: whether the first attempt measures on the way up or on the way down) and `session_open`:
    outside a session nothing starts by itself, so a failed reading is then not retried. `rest_first`: the cuff may
    have been inflated just before this start of the firmware, so it rests before the first cycle too.
    """

    def __init__(self, rest_first=False):
        self.capture = Capture()
        self.oscillometry = Oscillometry()
        self._deflation = Deflation()
        self._supervision = Supervision()
        self._rest_first = rest_first
        self.session_open = False
        self.method = wire.CUFF_DIRECTION_DEFLATION
        self.cycle = 0
        self.phase = wire.CUFF_PHASE_IDLE
        self.fault = wire.FAULT_NONE
        self.target_mmhg = None
        self.oscillogram_cycle = 0
        self._result = None
        self._finished = None
        self._observing = False
        self.serving = False  # a pressure for service: no reading comes of it
        self._started_ms = None
        self._zero = 0
        self._work = None
        self._rising = Rising()
        self._is_rising = self._rising_seen = self._rising_fallen = False
        self._half_ms = 0
        # Made here, because an attribute that is new in the middle of a cycle grows the object on the heap.
        self._since = self._target = self._peak = self._rises = 0
        self._pump_from = self._mark = self._mark_ms = self._steep = 0
        self._steep_from = self._steep_from_ms = 0
        self._before_mark = self._decided_at = 0
        self._settled_from = self._fast_since = self._slow_since = self._rise_since = None
        self._falls = 0
        self._dump_since = self._dump_from = self._dump_from_ms = self._dump_last = self._dump_last_ms = 0
        self._measured = self._swept = False
        self._zero_count = self._zero_total = self._turn_from = self._observe_until = 0
        self._zero_low = self._zero_high = None
        self.session_reset()
        self._safe_outputs()

    # ---------------------------------------------------------------- commands

    def session_reset(self):
        """Forgets the last pressure, failures and the pending retry: nobody inherits another patient."""
        self.last_sbp_mmhg = None
        self.retry_at_ms = None
        self._retry_target = None
        self._failures = 0
        if self.fault == wire.FAULT_BLOCKED:
            self.fault = wire.FAULT_NONE

    @property
    def active(self):
        """True from a start until the cuff is empty and the result is there."""
        return wire.CUFF_PHASE_ZEROING <= self.phase <= wire.CUFF_PHASE_DUMPING

    def start(self, t_ms, trigger, target_mmhg=None):
        """Starts a cycle. Returns `wire.REFUSAL_NONE`, or why not (busy, cuff_fault, resting and so on)."""
        if target_mmhg is not None and not limits.TARGET_LEAST <= target_mmhg * 100 <= limits.TARGET_MOST:
            return wire.REFUSAL_BAD_VALUE
        by_person = trigger == wire.TRIGGER_HOST or trigger == wire.TRIGGER_BUTTON
        refusal = self._refusal(t_ms, by_person)
        if refusal != wire.REFUSAL_NONE:
            return refusal
        if by_person or trigger == wire.TRIGGER_INTERVAL:
            self._failures = 0
            self.retry_at_ms = None
        elif self._failures >= 2:
            return wire.REFUSAL_WAIT_FOR_PERSON
        if by_person and self.fault == wire.FAULT_BLOCKED:
            self.fault = wire.FAULT_NONE
        self._begin(t_ms, trigger)
        self._target = self._first_target(trigger) if target_mmhg is None else int(target_mmhg * 100)
        self.target_mmhg = self._target // 100
        return wire.REFUSAL_NONE

    def observe(self, t_ms, max_s):
        """Records a cycle of someone else's cuff: pump off, valves left alone (open), no actuator is checked."""
        if self.active:
            return wire.REFUSAL_BUSY
        if not 1 <= max_s <= limits.OBSERVE_MOST_S:
            return wire.REFUSAL_BAD_VALUE
        self._begin(t_ms, wire.TRIGGER_OBSERVE)
        self._observing = True
        self._observe_until = t_ms + max_s * 1000
        self.phase = wire.CUFF_PHASE_INFLATING
        return wire.REFUSAL_NONE

    def start_service(self, t_ms, target_cmmhg):
        """Inflates from zero as for a reading and stays there, for service; every limit and timer holds as ever.

        In the settling phase the caller sets `bleed_permille` and `dump_shut`, and looks for a pulse.
        `end_service` or `abort` empties the cuff. Returns `wire.REFUSAL_*`.
        """
        if not 0 < target_cmmhg <= limits.TARGET_MOST:
            return wire.REFUSAL_BAD_VALUE
        refusal = self._refusal(t_ms, True)
        if refusal == wire.REFUSAL_NONE:
            self._begin(t_ms, wire.TRIGGER_HOST)
            self.serving = True
            self._target = target_cmmhg
            self.target_mmhg = target_cmmhg // 100
        return refusal

    def go_on(self, t_ms, target_cmmhg):
        """Pumps on from a pressure that is held for service."""
        if self.serving and self.phase == wire.CUFF_PHASE_SETTLING and target_cmmhg <= limits.TARGET_MOST:
            self._target = target_cmmhg
            self.target_mmhg = target_cmmhg // 100
            self._start_pump(t_ms, self._supervision.pressure or 0)

    def service_refusal(self, t_ms):
        """Why `start_service` would be refused now; `wire.REFUSAL_NONE` if it would not."""
        return self._refusal(t_ms, True)

    def end_service(self, t_ms):
        """The pressure has served: empties the cuff."""
        if self.serving and self.active and self.phase != wire.CUFF_PHASE_DUMPING:
            self._result.outcome = wire.NIBP_OUTCOME_OK
            self._start_dump(t_ms)

    def abort(self, t_ms, outcome=wire.NIBP_OUTCOME_ABORTED):
        """Ends any cycle and empties the cuff; a pending retry is dropped. Works in every phase."""
        self.retry_at_ms = None
        if self.active and self._result is not None:
            self._fail(t_ms, outcome)
        else:
            self._safe_outputs()

    def sensor_fault(self, t_ms, fault):
        """The driver of the pressure sensor has given up: vents, and names the fault (`wire.FAULT_*`)."""
        if self.active and self._result is not None:
            self._fail(t_ms, wire.NIBP_OUTCOME_SENSOR_FAULT)
        self.fault = fault

    def take_result(self):
        """The result of a cycle that has ended, once; else None."""
        result = self._finished
        self._finished = None
        return result

    # ---------------------------------------------------------------- time and samples

    def sample(self, t_ms, pressure_cmmhg, guard_cmmhg):
        """One reading of both channels, None where a channel gave nothing: 100 a second while active, 10 while idle."""
        watch = self._supervision
        watch.see(t_ms, pressure_cmmhg, guard_cmmhg)
        if not self.active:
            self._rest(t_ms)
            return
        if self._result is not None and self._result.outcome is None:
            outcome = watch.judge(t_ms, self._observing)
            if outcome != wire.NIBP_OUTCOME_OK:
                self._fail(t_ms, outcome)
        if self.phase == wire.CUFF_PHASE_DUMPING:
            self._dump(t_ms)
        elif pressure_cmmhg is None:
            return
        elif self._observing:
            self._observe(t_ms, pressure_cmmhg)
        elif self.phase == wire.CUFF_PHASE_DEFLATING:
            self._deflate(t_ms, pressure_cmmhg - self._zero)
        elif self.phase == wire.CUFF_PHASE_INFLATING:
            self._inflate(t_ms, pressure_cmmhg - self._zero)
        elif self.phase == wire.CUFF_PHASE_SETTLING:
            if not self.serving:
                self._settle(t_ms, pressure_cmmhg - self._zero)
        else:
            self._find_zero(t_ms, pressure_cmmhg)

    def advance(self, t_ms):
        """What time alone decides: silence of a sensor, the end of the rest, the retry."""
        if self.active:
            if self.phase != wire.CUFF_PHASE_DUMPING:
                outcome = self._supervision.judge(t_ms, self._observing)
                if outcome != wire.NIBP_OUTCOME_OK:
                    self._fail(t_ms, outcome)
            elif t_ms - self._dump_since >= limits.DUMP_MS:
                self._dump(t_ms)
            return
        if self.retry_at_ms is not None and t_ms >= self.retry_at_ms and self._supervision.rested(t_ms):
            self.retry_at_ms = None
            if self.session_open:
                self.start(t_ms, wire.TRIGGER_RETRY)
        elif self.phase == wire.CUFF_PHASE_RESTING:
            self._rest(t_ms)

    def next_deadline(self):
        """When `advance` has something to do without a sample, or None."""
        watch = self._supervision
        if self.active:
            if self.phase == wire.CUFF_PHASE_DUMPING:
                return self._dump_since + limits.DUMP_MS
            return watch.silent_at(self._observing)
        rested = None if watch.empty_since is None else watch.empty_since + limits.REST_MS
        if self.retry_at_ms is not None and rested is not None:
            return max(self.retry_at_ms, rested)
        return rested if self.phase == wire.CUFF_PHASE_RESTING else None

    # ---------------------------------------------------------------- start and end

    def _refusal(self, t_ms, by_person):
        if self.active:
            return wire.REFUSAL_BUSY
        watch = self._supervision
        if self.fault != wire.FAULT_NONE and not (by_person and self.fault == wire.FAULT_BLOCKED):
            if self.fault == wire.FAULT_CUFF_NOT_EMPTY or self.fault == wire.FAULT_OVER_TIME:
                return wire.REFUSAL_CUFF_NOT_EMPTY
            return wire.REFUSAL_CUFF_FAULT
        if watch.pressure is None or watch.guard is None:
            return wire.REFUSAL_CUFF_FAULT
        if watch.empty_since is None:
            return wire.REFUSAL_CUFF_NOT_EMPTY
        if (self._started_ms is not None or self._rest_first) and not watch.rested(t_ms):
            return wire.REFUSAL_RESTING
        if not by_person and self._started_ms is not None and t_ms - self._started_ms < limits.AUTOMATIC_MS:
            return wire.REFUSAL_RESTING
        return wire.REFUSAL_NONE

    def _first_target(self, trigger):
        if trigger == wire.TRIGGER_RETRY and self._retry_target is not None:
            return self._retry_target
        if self.last_sbp_mmhg is None:
            return limits.TARGET_FIRST
        wanted = self.last_sbp_mmhg * 100 + limits.TARGET_ABOVE_LAST
        return max(limits.TARGET_LEAST, min(limits.TARGET_MOST, wanted))

    def _begin(self, t_ms, trigger):
        self.cycle = (self.cycle + 1) & 0xFFFF
        attempt = 2 if trigger == wire.TRIGGER_RETRY else 1
        flags = wire.READING_FLAGS_OBSERVED if trigger == wire.TRIGGER_OBSERVE else 0
        self._result = Result(self.cycle, trigger, attempt, t_ms, flags, ALGORITHM)
        self._started_ms = t_ms
        self._observing = self.serving = False
        self._zero = 0
        self._zero_count = self._zero_total = 0
        self._zero_low = self._zero_high = None
        self._peak = 0
        self._turn_from = 0
        self._rises = 0
        self._measured = False
        self.target_mmhg = None
        self.capture.begin(0, 0)
        self._supervision.arm(t_ms)
        self._safe_outputs()
        self._enter(t_ms, wire.CUFF_PHASE_ZEROING)

    def _enter(self, t_ms, phase):
        self.phase = phase
        self._since = t_ms

    def _safe_outputs(self):
        self.pump_permille = 0
        self.pump_enable = False
        self.bleed_permille = 0
        self.dump_shut = False

    def _fail(self, t_ms, outcome):
        """The cycle ends without a value: everything off and open now, the result when the cuff is empty."""
        if self._result.outcome is None or self._result.outcome == wire.NIBP_OUTCOME_OK:
            self._result.outcome = outcome
        self._measured = False
        if outcome in _FAULT_OF:
            self.fault = _FAULT_OF[outcome]
        elif outcome == wire.NIBP_OUTCOME_TIMEOUT and self._supervision.above_empty_since is not None:
            self.fault = wire.FAULT_OVER_TIME
        if self.phase != wire.CUFF_PHASE_DUMPING:
            self._start_dump(t_ms)

    def _start_dump(self, t_ms):
        self._safe_outputs()
        self._dump_since = t_ms
        self._dump_from = self._dump_last = self._supervision.pressure or 0
        self._dump_from_ms = t_ms
        self._dump_last_ms = self._supervision.pressure_at
        self._enter(t_ms, wire.CUFF_PHASE_DUMPING)

    def _measure(self, t_ms, dumped=False):
        """The deflation is over: empty the cuff, and find out what it said meanwhile."""
        self.capture.finish(dumped)
        self.oscillogram_cycle = self.cycle
        self._measured = True
        self._swept = False
        self._start_dump(t_ms)
        self._work = None

    def _end(self, t_ms):
        """The cycle is over: exactly one result, then rest and perhaps a retry."""
        result = self._result
        self._result = None
        if self._measured:
            self._read_off(result)
        if self._peak:
            result.peak_pressure_x10 = max(0, self._peak // 10)
        self._finished = result
        self.target_mmhg = None
        self._safe_outputs()
        resting = self.fault == wire.FAULT_NONE or self.fault == wire.FAULT_BLOCKED
        self._enter(t_ms, wire.CUFF_PHASE_RESTING if resting else wire.CUFF_PHASE_FAULT)
        if self._observing or self.serving:
            return
        if result.outcome == wire.NIBP_OUTCOME_OK:
            self._failures = 0
            self.last_sbp_mmhg = result.sbp_x10 // 10
            return
        self._failures += 1
        higher = result.outcome in _CUT_OFF and self.oscillometry.short_above
        self._retry_target = min(self._peak + limits.TARGET_STEP, limits.TARGET_MOST) if higher else None
        if self.session_open and self._failures < 2 and result.outcome in _RETRY:
            self.retry_at_ms = max(t_ms + limits.REST_MS, self._started_ms + limits.AUTOMATIC_MS)

    def _read_off(self, result):
        meter = self.oscillometry
        result.outcome = meter.outcome
        result.sbp_x10 = meter.sbp_x10
        result.map_x10 = meter.map_x10
        result.dbp_x10 = meter.dbp_x10
        result.quality = meter.quality
        result.peak_amplitude_x100 = meter.peak_amplitude_x100
        result.beats = self.capture.beats
        result.direction = self.capture.direction
        result.doubts = meter.doubts
        if result.outcome == wire.NIBP_OUTCOME_OK:
            result.pulse_x10 = meter.pulse_x10
