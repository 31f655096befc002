# SPDX-License-Identifier: Apache-2.0
"""The cuff: samples both pressures, drives the controller, sets the outputs, and watches the layers below it."""

from micropython import const

from vitals.link import wire
from vitals.link.telemetry import OSCILLOGRAM_PART
from vitals.nibp.oscillometry import ALGORITHM

ACTIVE_MS = const(10)
IDLE_MS = const(100)
_WATCH_MS = const(90)
PRESSURISED_CMMHG = const(1500)
# After the valves have opened a free cuff is empty in a few seconds; one that is not has to be taken off.
_EMPTY_WITHIN_MS = const(8000)
# Without any valid pressure a cuff counts as inflated for as long as it could stay so with open valves.
_UNKNOWN_MS = const(15000)


class Cuff:
    """`sensor`, `guard` and `outputs` are drivers; `controller`, `interlock` and `faults` decide.

    `external_ok()` is true while the external layer reports that it is fitted and has not tripped; `hard_timer` says
    whether the interlock is driven by an interrupt. `cmmhg` is the calibrated cuff pressure, or None.
    """

    def __init__(self, sensor, guard, outputs, controller, interlock, faults, telemetry, external_ok, hard_timer):
        self.sensor = sensor
        self.guard = guard
        self._outputs = outputs
        self.controller = controller
        self.interlock = interlock
        self._faults = faults
        self._telemetry = telemetry
        self._external_ok = external_ok
        self.hard_timer = hard_timer
        self.calibration = None  # (zero_cmmhg, gain_q14)
        self.cmmhg = None
        self.pressurised = False
        self.pressurised_since_ms = None
        self.external_seen = bool(external_ok())
        self.testing_external = False
        self.session = None
        self._next_ms = 0
        self._report_ms = 0
        self._was_active = False
        self._fault = wire.FAULT_NONE
        self._tripped = False
        self._released_ms = 0
        self._mask = 1
        self._watch_ms = 0

    # ------------------------------------------------------------ the loop's side

    def next_deadline(self):
        deadline = self.controller.next_deadline()
        return deadline if deadline is not None and deadline < self._next_ms else self._next_ms

    def advance(self, t_ms):
        """Samples when it is time, lets the controller act at its own deadlines, and sets the outputs."""
        controller = self.controller
        if t_ms >= self._next_ms:
            self._sample(t_ms)
            period = ACTIVE_MS if controller.active else IDLE_MS
            self._next_ms += period
            if self._next_ms <= t_ms or self._next_ms > t_ms + period:
                self._next_ms = t_ms + period
        retry_ms = controller.retry_at_ms
        if retry_ms is not None and t_ms >= retry_ms and self.refusal() != wire.REFUSAL_NONE:
            # The controller would try again by itself, but what it cannot see is against it.
            controller.retry_at_ms = None
        controller.advance(t_ms)
        self.apply()
        if controller.active != self._was_active:
            self._turn(t_ms)

    def apply(self):
        """Sets the outputs as the controller wants them, as far as the interlock lets it."""
        c = self.controller
        self._outputs.apply(c.pump_permille, c.pump_enable, c.bleed_permille, c.dump_shut)

    def _turn(self, t_ms):
        self._was_active = self.controller.active
        if self._was_active:
            self.session = self._telemetry.session
            self._telemetry.event(t_ms, wire.EVENT_CUFF_STARTED, wire.FAULT_NONE, self.controller.cycle)
            self._next_ms = t_ms + ACTIVE_MS
        else:
            self._released_ms = t_ms

    def _sample(self, t_ms):
        controller = self.controller
        sensor = self.sensor
        guard = self.guard
        sensor.advance(t_ms, controller.active)
        guard.sample()
        if sensor.cmmhg is None:
            self.cmmhg = None
        elif sensor.fresh:
            self.cmmhg = self._calibrated(sensor.cmmhg)
        self._watch(t_ms)
        if self._fault and controller.active:
            controller.sensor_fault(t_ms, self._fault)
        if sensor.fresh or sensor.cmmhg is None:
            controller.sample(t_ms, self.cmmhg, guard.cmmhg)
        if t_ms >= self._report_ms:
            self._report_ms = t_ms + IDLE_MS
            if controller.active or self.pressurised:
                self._report(t_ms)

    def _calibrated(self, cmmhg):
        if self.calibration is None:
            return cmmhg
        return ((cmmhg - self.calibration[0]) * self.calibration[1]) >> 14

    # ------------------------------------------------------------ what is watched

    def _watch(self, t_ms):
        """Collects what the sensors, the controller and the layers below say; each fault is told where it changes.

        The sensor and the interlock are looked at with every sample, the rest ten times a second.
        """
        if self.interlock.tripped != self._tripped:
            self._turn_interlock(t_ms)
        if self.sensor.fault == self._fault and t_ms < self._watch_ms:
            return
        self._watch_ms = t_ms + _WATCH_MS
        self._fault = self.sensor.fault
        mask = 1 << self._fault | 1 << self.guard.fault | 1 << self.controller.fault
        if self._stuck(t_ms):
            mask |= 1 << wire.FAULT_CUFF_NOT_EMPTY
        if not self.interlock.running(t_ms):
            mask |= 1 << wire.FAULT_TIMER_MISSING
        mask |= 1 << self._external(t_ms)
        if mask != self._mask:
            self._turn_faults(mask, t_ms)

    def _turn_faults(self, mask, t_ms):
        changed = mask ^ self._mask
        self._mask = mask
        fault = 1
        while changed >> fault:
            if (changed >> fault) & 1:
                if fault == self.controller.fault:
                    self._faults.report(fault, t_ms, self.cmmhg)
                else:
                    self._faults.observe(fault, bool((mask >> fault) & 1), t_ms, self._value_of(fault))
            fault += 1

    def _value_of(self, fault):
        if fault == wire.FAULT_GUARD_RANGE:
            return self.guard.raw
        return self.sensor.status if fault == self._fault else self.cmmhg

    def _stuck(self, t_ms):
        """Notes whether the cuff holds pressure. Returns whether it still does when it should long be empty."""
        controller = self.controller
        cmmhg = self.cmmhg
        guard = self.guard.cmmhg
        known = cmmhg is not None or guard is not None
        if known:
            pressurised = (cmmhg is not None and cmmhg > PRESSURISED_CMMHG) or (
                guard is not None and guard > PRESSURISED_CMMHG
            )
        else:
            # Nobody knows: believe the worst for as long as it may be true.
            pressurised = controller.active or t_ms - self._released_ms < _UNKNOWN_MS
        if pressurised != self.pressurised:
            self.pressurised = pressurised
            self.pressurised_since_ms = t_ms if pressurised else None
            if pressurised and not controller.active:
                # Somebody else inflates it, or leans on it: its time to be empty again begins now.
                self._released_ms = max(self._released_ms, t_ms)
        return pressurised and known and not controller.active and t_ms - self._released_ms >= _EMPTY_WITHIN_MS

    def _turn_interlock(self, t_ms):
        self._tripped = self.interlock.tripped
        if self._tripped:
            cause = self.interlock.cause
            self._telemetry.event(t_ms, wire.EVENT_INTERLOCK_TRIP, cause, self.interlock.trip_cmmhg)
            self._faults.report(wire.FAULT_INTERLOCK, t_ms, cause)
            self.controller.abort(t_ms, wire.NIBP_OUTCOME_INTERLOCK)
        else:
            self._faults.resolve(wire.FAULT_INTERLOCK, t_ms)

    def _external(self, t_ms):
        """wire.FAULT_* of the external layer."""
        if self._external_ok():
            self.external_seen = True
            return wire.FAULT_NONE
        if not self.external_seen:
            return wire.FAULT_EXTERNAL_MISSING
        if self.testing_external:
            return wire.FAULT_NONE  # it was asked to act
        if self.controller.active:
            self.controller.abort(t_ms, wire.NIBP_OUTCOME_EXTERNAL_TRIPPED)
        return wire.FAULT_EXTERNAL_TRIPPED

    def _report(self, t_ms):
        c = self.controller
        guard = self.guard.cmmhg
        self._telemetry.cuff_pressure(
            t_ms,
            None if self.cmmhg is None else self.cmmhg // 10,
            None if guard is None else guard // 10,
            None if not c.target_mmhg else c.target_mmhg * 10,
            c.phase,
            c.pump_permille // 10,
            c.cycle,
        )

    # ------------------------------------------------------------ what is asked of it

    def empty(self):
        """Whether the cuff is empty by a valid reading; None if nobody knows, False while a cycle runs."""
        if self.pressurised or self.controller.active:
            return False
        if self.cmmhg is None and self.guard.cmmhg is None:
            return None
        return True

    def refusal(self):
        """Why no cycle may begin, from everything but the controller's own rests; wire.REFUSAL_NONE if one may."""
        if self.interlock.tripped or self._faults.is_standing(wire.FAULT_TIMER_MISSING):
            return wire.REFUSAL_INTERLOCK
        if not self._external_ok():
            if not self.hard_timer:
                return wire.REFUSAL_NO_EXTERNAL_LAYER
            if self.external_seen:
                return wire.REFUSAL_INTERLOCK
        if self._fault or self.guard.fault:
            return wire.REFUSAL_CUFF_FAULT
        if self._faults.is_standing(wire.FAULT_SUPPLY_LOW):
            return wire.REFUSAL_SUPPLY_LOW
        return wire.REFUSAL_NONE

    def start(self, t_ms, trigger):
        """Begins a cycle. Returns wire.REFUSAL_*."""
        refusal = self.refusal()
        if refusal == wire.REFUSAL_NONE:
            refusal = self.controller.start(t_ms, trigger)
            self._begun(refusal, t_ms)
        return refusal

    def start_service(self, t_ms, target_cmmhg):
        """Begins to hold a pressure for service. Returns wire.REFUSAL_*."""
        refusal = self.refusal()
        if refusal == wire.REFUSAL_NONE:
            refusal = self.controller.start_service(t_ms, target_cmmhg)
            self._begun(refusal, t_ms)
        return refusal

    def observe(self, t_ms, max_s):
        """Begins to watch a cycle that someone else drives; nothing is energised. Returns wire.REFUSAL_*."""
        refusal = wire.REFUSAL_CUFF_FAULT if self._fault else self.controller.observe(t_ms, max_s)
        self._begun(refusal, t_ms)
        return refusal

    def _begun(self, refusal, t_ms):
        if refusal == wire.REFUSAL_NONE:
            self.apply()
            self._turn(t_ms)

    def stop(self, t_ms):
        """Ends any cycle and opens the valves, whatever goes on."""
        self.controller.abort(t_ms, wire.NIBP_OUTCOME_ABORTED)
        self.apply()

    def send_oscillogram(self, cycle, t_ms):
        """Sends the beats of the last cycle. Returns wire.REFUSAL_*."""
        controller = self.controller
        oscillogram = controller.capture
        count = oscillogram.beats
        if controller.active or cycle != controller.oscillogram_cycle or not count:
            return wire.REFUSAL_NOT_FOUND
        parts = (count + OSCILLOGRAM_PART - 1) // OSCILLOGRAM_PART
        for part in range(parts):
            if not self._telemetry.oscillogram_part(t_ms, cycle, ALGORITHM, part, parts, oscillogram):
                return wire.REFUSAL_BUSY
        return wire.REFUSAL_NONE

    def reset_interlock(self):
        """A person has looked: releases a tripped interlock if the cuff is empty. Returns wire.FAULT_*."""
        return self.interlock.reset()
