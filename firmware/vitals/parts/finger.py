# SPDX-License-Identifier: Apache-2.0
"""The finger: drains the oximeter, feeds the algorithm, reports readings and samples, and withholds what is not new."""

from array import array

from micropython import const

from vitals.alarms.limit import PULSE, SPO2
from vitals.drivers.max30102 import RATE_HZ
from vitals.link import wire

DRAIN_MS = const(100)
# 250 ms of samples a message: few enough frames, and a trace that still looks live.
_BATCH = const(25)
_ROOM = const(64)
# While a cuff squeezes the same limb, "no pulse" is what one expects to see; for this long at most.
_BLANKED_MS = const(60000)
# A turn spends this on a reading, and what the piece takes that was begun within it.
_SLICE_US = const(4000)
_TICKS_MASK = const(0x3FFFFFFF)
_BLANKED = (wire.REASON_NO_PULSE, wire.REASON_LOW_PERFUSION, wire.REASON_LOW_SIGNAL)
_LOST = (wire.REASON_NO_PULSE, wire.REASON_LOW_PERFUSION)

_REASON_OF_FAULT = {
    wire.FAULT_OXIMETER_BUS: wire.REASON_BUS_FAULT,
    wire.FAULT_OXIMETER_ID: wire.REASON_WRONG_PART,
    wire.FAULT_OXIMETER_FIFO: wire.REASON_SENSOR_STALE,
}


class Finger:
    """`sensor` is the driver, `oximetry` the algorithm, `faults` the registry, `telemetry` the way out,
    `ticks_us` tells how long something took (wraps at 2^30)."""

    def __init__(self, sensor, oximetry, faults, telemetry, ticks_us):
        self._ticks_us = ticks_us
        self.reporting = False  # a reading was begun and is not sent yet
        self.spo2_x10 = self._newest_x10 = self.pulse_x10 = None
        self._spo2_reason = self._pulse_reason = wire.REASON_SETTLING  # as they were sent last
        self._instead = wire.REASON_OK
        self._blanked = False
        self._flags = 0
        self.sensor = sensor
        self.oximetry = oximetry
        self._faults = faults
        self._telemetry = telemetry
        self.ppg_stream = False
        self._fault = wire.FAULT_NONE
        self._restarts = 0
        self._next_ms = 0
        self._index = 0
        self._new = 0
        self._lost = 0
        self._was_on = False
        self._red = array("i", bytes(4 * _ROOM))
        self._ir = array("i", bytes(4 * _ROOM))
        self._n = 0
        self._lost_before = 0
        # For service: the LEDs are not the servo's while `held`; `seen` sums red, ir and their squares.
        self.held = False
        self.taken = self.lost_ever = 0
        self.seen = None
        self._skip = self._watch = 0

    def next_deadline(self):
        if self.reporting:
            return 0
        start = self.sensor.next_deadline()
        return start if start is not None and start < self._next_ms else self._next_ms

    def advance(self, t_ms):
        """Drains the sensor when it is time, or goes on starting it."""
        start_ms = self.sensor.next_deadline()
        if t_ms < self._next_ms and (start_ms is None or t_ms < start_ms):
            return
        if t_ms >= self._next_ms:
            self._next_ms += DRAIN_MS
            if self._next_ms <= t_ms:
                self._next_ms = t_ms + DRAIN_MS
        sensor = self.sensor
        n = sensor.advance(t_ms)
        if sensor.restarts != self._restarts:
            self._restarts = sensor.restarts
            self.oximetry.reset()
        if sensor.fault != self._fault:
            self._turn_fault(sensor.fault, t_ms)
        if n:
            self._take(n, sensor.lost, t_ms)
        if self.oximetry.leds_changed and not self.held:
            self.oximetry.leds_changed = False
            sensor.set_leds(self.oximetry.led_red, self.oximetry.led_ir)

    def _turn_fault(self, fault, t_ms):
        if self._fault:
            self._faults.observe(self._fault, False, t_ms)
        if fault:
            self._faults.observe(fault, True, t_ms, self.sensor.part_id)
            # What was heard before is not this sensor's any more.
            self.oximetry.reset()
        self._fault = fault

    def _take(self, n, lost, t_ms):
        sensor = self.sensor
        self._new += n
        self._lost += lost
        self.taken += n
        self.lost_ever += lost
        if self._watch:
            self._sum(n)
        self.oximetry.feed(sensor.red, sensor.ir, n, lost)
        if self.ppg_stream:
            if lost:
                self._send_samples(t_ms)
                self._lost_before = lost
            self._index += lost
            for i in range(n):
                self._red[self._n] = sensor.red[i]
                self._ir[self._n] = sensor.ir[i]
                self._n += 1
            self._index += n
            if self._n >= _BATCH:
                self._send_samples(t_ms)
        else:
            self._index += n + lost
        if self.oximetry.finger != self._was_on:
            self._was_on = self.oximetry.finger
            self._telemetry.event(t_ms, wire.EVENT_FINGER_ON if self._was_on else wire.EVENT_FINGER_OFF)

    def _send_samples(self, t_ms):
        if self._n:
            self._telemetry.ppg(t_ms, self._index - self._n, RATE_HZ, self._lost_before, self._red, self._ir, self._n)
            self._n = 0
            self._lost_before = 0

    def begin_report(self, t_ms, blanked_ms, cuff_inflated):
        """Once a second: begins a reading. `blanked_ms`: how long a cuff has squeezed the same limb. Then call
        `go_on` until it returns True."""
        o = self.oximetry
        if self._lost:
            self._telemetry.event(t_ms, wire.EVENT_SAMPLES_LOST, wire.FAULT_NONE, self._lost)
            self._lost = 0
        self._instead = wire.REASON_OK
        if self._fault:
            self._instead = _REASON_OF_FAULT[self._fault]
        elif self._new:
            o.begin()
        else:
            # Samples are the algorithm's clock: without new ones it would say the same for ever.
            self._instead = wire.REASON_SENSOR_STALE
        self._new = 0
        self._blanked = 0 < blanked_ms <= _BLANKED_MS
        self._flags = wire.READING_FLAGS_CUFF_INFLATED if cuff_inflated else 0
        self.reporting = True

    def go_on(self, t_ms):
        """Works on the reading for some ms, so that the rest of the board waits no longer; True, once, when it was
        sent, and `spo2_x10` and `pulse_x10` are its values."""
        o = self.oximetry
        began_us = self._ticks_us()
        while not self._instead and not o.step():
            if (self._ticks_us() - began_us) & _TICKS_MASK > _SLICE_US:
                return False
        self.reporting = False
        instead = self._instead
        self.spo2_x10 = None if instead else o.spo2_x10
        self._newest_x10 = o.newest_x10
        self.pulse_x10 = None if instead else o.pulse_x10
        self._spo2_reason = instead or _reason(o.spo2_reason, self._blanked)
        self._pulse_reason = instead or _reason(o.pulse_reason, self._blanked)
        self._telemetry.oximetry(
            t_ms,
            o,
            self._spo2_reason,
            self._pulse_reason,
            instead or _reason(o.perfusion_reason, self._blanked),
            self._flags if o.calibrated else self._flags | wire.READING_FLAGS_UNCALIBRATED,
        )
        return True

    def judge(self, limits, t_ms):
        """Tells the limits of the reading that was sent. What a cuff on the probe's limb takes away is no alarm yet,
        and clears none."""
        a, b = self._spo2_reason, self._pulse_reason
        limits.see(wire.RULE_NO_FINGER, a == wire.REASON_NO_FINGER or b == wire.REASON_NO_FINGER, t_ms)
        lost = a in _LOST or b in _LOST
        if a == wire.REASON_CUFF_INFLATED or b == wire.REASON_CUFF_INFLATED:
            lost = limits.state(wire.RULE_NO_PULSE) != wire.ALARM_STATE_CLEAR
        limits.see(wire.RULE_NO_PULSE, lost, t_ms)
        limits.observe(SPO2, self.spo2_x10, t_ms, self._newest_x10, self.oximetry.newest_ms)
        limits.observe(PULSE, self.pulse_x10, t_ms)

    def watch(self, skip, n):
        """For service: sums the next `n` samples after the next `skip` into `seen`; `watched` says when."""
        self._skip, self._watch = skip, n
        self.seen = [0, 0, 0, 0]

    def watched(self):
        return not self._watch

    def _sum(self, n):
        sensor, seen = self.sensor, self.seen
        for i in range(n):
            if self._skip:
                self._skip -= 1
            elif self._watch:
                self._watch -= 1
                red, ir = sensor.red[i], sensor.ir[i]
                seen[0] += red
                seen[1] += ir
                seen[2] += red * red
                seen[3] += ir * ir

    def release(self):
        """Gives the LEDs back to the servo after a test."""
        self._watch = 0
        if self.held:
            self.held = False
            self.oximetry.reset()
            self.sensor.set_leds(self.oximetry.led_red, self.oximetry.led_ir)

    def new_session(self):
        """Nothing of the last patient stays."""
        self._spo2_reason = self._pulse_reason = wire.REASON_SETTLING
        self.oximetry.reset()
        self.reporting = False
        self._new = 0
        self._n = 0


def _reason(reason, blanked):
    return wire.REASON_CUFF_INFLATED if blanked and reason in _BLANKED else reason
