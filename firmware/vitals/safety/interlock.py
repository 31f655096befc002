# SPDX-License-Identifier: Apache-2.0
"""The software interlock: the layer that empties the cuff when the controller does not.

It is driven by a hard timer every 20 ms and relies on nothing that the controller uses: it sees the raw counts of the
analogue guard channel, the time, what the outputs are set to, and a counter that the main loop kicks. It knows no
bus, waits for nothing and allocates nothing, so it also works while a bus hangs or the main loop is stuck.

What trips it, and from which source:

* guard pressure of 300 mmHg or more, in one reading (normal-condition limit of IEC 60601-2-30 as cited in the
  project's set-points; the worst case from crossing to cutting is one tick, 20 ms);
* guard pressure above 15 mmHg for 173 s in all, so that the cuff is empty before the 180 s of the standard; only 1 s
  at or below 15 mmHg starts that time anew, so that oscillations around 15 mmHg cannot stretch it;
* while an output is energised: a guard reading outside what a healthy sensor can give (open or shorted wire, no
  reading at all) for 100 ms;
* while the pump runs: a guard reading that moves by less than 2 mmHg in 12 s (stuck sensor, dead pump, no cuff);
* while an output is energised: a main loop that has not kicked for 1 s.

A trip de-energises everything, is repeated on every tick, and stays until a person resets it with the cuff empty.
"""

from micropython import const

from vitals.link import wire

TICK_MS = const(20)
TRIP_CMMHG = const(30000)
EMPTY_CMMHG = const(1500)
CUFF_TIME_MS = const(173000)
EMPTY_HOLD_MS = const(1000)
RANGE_MS = const(100)
STUCK_MS = const(12000)
STUCK_CMMHG = const(200)
DEADMAN_MS = const(1000)
SILENT_MS = const(200)

# MPXV5050GP: 0.2 V at 0 mmHg, 12 mV/mmHg; divider 2/3; 65535 counts at 3.3 V. 0 mmHg is 2648 counts, 1 mmHg 158.87.
NOMINAL_ZERO_RAW = const(2648)
# 0.01 mmHg a count, times 2^13: 100 / 158.87 * 8192. Times a full-scale reading (2^16) it stays below 2^29.
NOMINAL_GAIN_Q13 = const(5156)
# A healthy guard channel is within 2.5 % of full scale (9.4 mmHg) at zero and 3.5 % in slope, its divider included.
# What a calibration may say is bounded by that: it cannot lift a limit.
ZERO_SPAN_RAW = const(1500)
GAIN_SPAN_Q13 = const(206)
# 312 mmHg on the nominal scale is 300 mmHg on the healthy sensor that reads highest: trips whatever a calibration says.
CEILING_RAW = const(52216)
# -12 mmHg nominal is below, 380 mmHg is above anything that a healthy sensor gives (it saturates at 4.7 V).
LOW_RAW = const(741)
HIGH_RAW = const(63020)

_NO_READING = const(-1)
_SMALL = const(0x3FFFFFFF)
# Counters wrap here: one more than 2^30 - 1 would be a heap number on a board, and the interrupt may not allocate.
_COUNT = const(0x1FFFFFFF)


def calibration_ok(zero_raw, gain_q13):
    """Whether these guard numbers lie within the tolerances of a healthy channel, so that they may be used at all."""
    return (
        -ZERO_SPAN_RAW <= zero_raw - NOMINAL_ZERO_RAW <= ZERO_SPAN_RAW
        and -GAIN_SPAN_Q13 <= gain_q13 - NOMINAL_GAIN_Q13 <= GAIN_SPAN_Q13
    )


class Interlock:
    """Watches the guard channel and the main loop, and cuts the outputs.

    `outputs` is an object with

    * `energised`: true while the pump is enabled or turning, or a valve is held shut;
    * `pumping`: true while the pump is commanded to turn;
    * `inhibited`: set here; while it is true the object must refuse to energise anything;
    * `cut()`: pump_enable low, pump duty 0, both valves open; must neither allocate nor wait nor raise.

    `guard_read()` returns the guard channel's raw counts, 0..65535. `ticks_ms()`, where given, is a free-running
    millisecond counter (any power-of-two wrap from 2^30 up); with it time is right even if a tick is late or lost, as
    it can be with a soft timer. Without it each tick counts 20 ms.

    `tripped`, `cause` (wire.FAULT_*), `trip_cmmhg` (guard pressure at the trip, None if it had no valid reading) and
    `trips` (count) say what happened; `guard_raw` and `guard_cmmhg` (0.01 mmHg, None outside the electrical range)
    are the last reading.
    """

    def __init__(self, outputs, guard_read, ticks_ms=None):
        self._outputs = outputs
        self._guard_read = guard_read
        self._ticks_ms = ticks_ms
        self._last_ms = None
        self._zero_raw = NOMINAL_ZERO_RAW
        self._gain_q13 = NOMINAL_GAIN_Q13
        self.tripped = False
        self.cause = wire.FAULT_NONE
        self.trip_cmmhg = None
        self.trips = 0
        self.guard_raw = None
        self.guard_cmmhg = None
        self.ticks = 0
        self.above_ms = 0
        self._empty_ms = 0
        self._range_ms = 0
        self._stuck_ms = 0
        self._stuck_raw = 0
        self._kicks = 0
        self._seen_kicks = 0
        self._deadman_ms = 0
        self._checked_ticks = 0
        self._checked_ms = None

    # ------------------------------------------------------------ from the main loop

    def calibrate(self, zero_raw, gain_q13):
        """Takes the guard channel's zero (raw counts at 0 mmHg) and gain (0.01 mmHg a count, times 2^13).

        Raises ValueError, and keeps what it had, for numbers that no healthy channel has.
        """
        if not calibration_ok(zero_raw, gain_q13):
            raise ValueError("guard calibration %d, %d is outside a healthy channel" % (zero_raw, gain_q13))
        self._zero_raw = zero_raw
        self._gain_q13 = gain_q13

    def kick(self):
        """The main loop says that it lives. Call once a turn, after every part has run."""
        self._kicks = (self._kicks + 1) & _COUNT

    def reset(self):
        """A person has looked: releases the outputs if the cuff is empty by a valid reading.

        Returns wire.FAULT_NONE when released, else the fault that still stands; then nothing changes. Only a button
        or a command that a person gave may lead here.
        """
        if not self.tripped:
            return wire.FAULT_NONE
        if self.guard_cmmhg is None:
            return wire.FAULT_GUARD_RANGE
        if self.guard_cmmhg > EMPTY_CMMHG:
            return wire.FAULT_CUFF_NOT_EMPTY
        self.above_ms = 0
        self._range_ms = 0
        self._stuck_ms = 0
        self._deadman_ms = 0
        self.cause = wire.FAULT_NONE
        self.trip_cmmhg = None
        self._outputs.inhibited = False
        self.tripped = False
        return wire.FAULT_NONE

    def running(self, t_ms):
        """Whether the timer really calls `tick()`: False once no tick has come for more than 200 ms before `t_ms`."""
        if self._checked_ms is None or self.ticks != self._checked_ticks:
            self._checked_ticks = self.ticks
            self._checked_ms = t_ms
            return True
        return t_ms - self._checked_ms <= SILENT_MS

    # ------------------------------------------------------------ from the hard timer: no allocation below

    def tick(self, _timer=None):
        """Judges one guard reading. Give this to the timer as its callback."""
        self.ticks = (self.ticks + 1) & _COUNT
        elapsed_ms = self._elapsed()
        raw = self._read()
        fault = self._judge(raw, elapsed_ms)
        if fault and not self.tripped:
            self.cause = fault
            self.trip_cmmhg = self.guard_cmmhg
            self.trips = (self.trips + 1) & _COUNT
            self.tripped = True
        if self.tripped:
            self._outputs.inhibited = True
            self._outputs.cut()

    def _elapsed(self):
        ticks_ms = self._ticks_ms
        if ticks_ms is None:
            return TICK_MS
        now = ticks_ms() & _SMALL
        last = self._last_ms
        self._last_ms = now
        if last is None:
            return TICK_MS
        elapsed = (now - last) & _SMALL
        return elapsed if elapsed < CUFF_TIME_MS else CUFF_TIME_MS

    def _read(self):
        # Whatever goes wrong with the reading is treated as no reading: an error must not end the interlock.
        try:
            raw = self._guard_read()
            valid = LOW_RAW <= raw <= HIGH_RAW
        except Exception:
            raw = _NO_READING
            valid = False
        self.guard_raw = raw if raw != _NO_READING else None
        if valid:
            self.guard_cmmhg = ((raw - self._zero_raw) * self._gain_q13) >> 13
        else:
            self.guard_cmmhg = None
        return raw

    def _judge(self, raw, elapsed_ms):
        """All timers move on every tick; the worst finding is returned, wire.FAULT_NONE if there is none."""
        over_time = self._cuff_time(elapsed_ms)
        out_of_range = self._out_of_range(elapsed_ms)
        stuck = self._stuck(raw, elapsed_ms)
        dead = self._dead(elapsed_ms)
        cmmhg = self.guard_cmmhg
        if cmmhg is not None and (cmmhg >= TRIP_CMMHG or raw >= CEILING_RAW):
            return wire.FAULT_OVER_PRESSURE
        if over_time:
            return wire.FAULT_OVER_TIME
        if out_of_range or stuck:
            return wire.FAULT_GUARD_RANGE
        if dead:
            return wire.FAULT_LOOP_SLOW
        return wire.FAULT_NONE

    def _cuff_time(self, elapsed_ms):
        cmmhg = self.guard_cmmhg
        if cmmhg is not None and cmmhg <= EMPTY_CMMHG:
            self._empty_ms += elapsed_ms
            if self._empty_ms >= EMPTY_HOLD_MS:
                self._empty_ms = EMPTY_HOLD_MS
                self.above_ms = 0
                return False
        else:
            self._empty_ms = 0
        # Without a valid reading, and while a dip is not yet believed, a time that has begun goes on.
        if self.above_ms or (cmmhg is not None and cmmhg > EMPTY_CMMHG):
            self.above_ms += elapsed_ms
            if self.above_ms >= CUFF_TIME_MS:
                self.above_ms = CUFF_TIME_MS
                return True
        return False

    def _out_of_range(self, elapsed_ms):
        if self.guard_cmmhg is not None or not self._outputs.energised:
            self._range_ms = 0
            return False
        self._range_ms += elapsed_ms
        if self._range_ms < RANGE_MS:
            return False
        self._range_ms = RANGE_MS
        return True

    def _stuck(self, raw, elapsed_ms):
        if not self._outputs.pumping or self.guard_cmmhg is None:
            self._stuck_ms = 0
            self._stuck_raw = raw
            return False
        moved = ((raw - self._stuck_raw) * self._gain_q13) >> 13
        if moved >= STUCK_CMMHG or moved <= -STUCK_CMMHG:
            self._stuck_ms = 0
            self._stuck_raw = raw
            return False
        self._stuck_ms += elapsed_ms
        if self._stuck_ms < STUCK_MS:
            return False
        self._stuck_ms = STUCK_MS
        return True

    def _dead(self, elapsed_ms):
        kicks = self._kicks
        if kicks != self._seen_kicks:
            self._seen_kicks = kicks
            self._deadman_ms = 0
            return False
        self._deadman_ms += elapsed_ms
        if self._deadman_ms < DEADMAN_MS:
            return False
        self._deadman_ms = DEADMAN_MS
        return self._outputs.energised
