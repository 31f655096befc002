# SPDX-License-Identifier: Apache-2.0
"""Honeywell MPR pressure sensor, 0-300 mmHg gauge, transfer function B (MPRLS0300YG00001B): started, then collected.

Status byte and transfer function: Honeywell MPR series data sheet (bit 6 powered, 5 busy, 2 memory integrity error,
0 arithmetic saturation, others always 0; 0-300 mmHg is 2.5-22.5 % of 2^24 counts).
"""

from micropython import const

from vitals.link import wire

ADDRESS = const(0x18)
CONVERSION_MS = const(5)

_COUNTS_AT_ZERO = const(419430)
# 300 mmHg spans 3355443 counts: 111.8481 a 0.01 mmHg, which is 5145 / 46 (2.5 millionths off). Times 46 every 24-bit
# count stays below 2^30.
_TIMES = const(46)
_PER_TIMES = const(5145)
# "Out of range" above this; the sensor is specified to 300.
TOP_CMMHG = const(29500)
# Gauge pressure in a cuff does not fall below the air around it; total error is 1.5 % of full scale.
BOTTOM_CMMHG = const(-3000)

_POWERED = const(0x40)
_BUSY = const(0x20)
_INTEGRITY = const(0x04)
_ALWAYS_ZERO = const(0x9A)

_BUSY_MS = const(30)
# A loop that stood still may have started the conversion later than it thinks, so time alone does not tell.
_BUSY_LOOKS = const(3)
# Failures in a row before they are a fault: one disturbed transfer is none.
_PATIENCE = const(3)
# The last bits of 24 are noise. A reading that repeats to the bit for this long while the cuff works is not alive.
_STALE_MS = const(2000)


class Mprls:
    """Call `advance(t_ms, active)` on each tick: it collects the conversion that is ready and starts the next.

    `fresh` says whether that brought a reading. `counts` and `cmmhg` are the last one, None if the last attempt gave
    none. `fault` is wire.FAULT_*: FAULT_CUFF_BUS no answer or no power, CUFF_ID not this sensor, CUFF_INTEGRITY its
    memory, CUFF_SATURATED its arithmetic or a pressure below what can be, OVER_PRESSURE above 295 mmHg (out of the
    sensor's range), CUFF_STALE no new value.
    """

    def __init__(self, bus):
        self._bus = bus
        self._command = b"\xaa\x00\x00"
        self._answer = bytearray(4)
        self._started_ms = None
        self._busy_looks = 0
        self._failures = 0
        self._same_counts = None
        self._same_since_ms = 0
        self.fresh = False
        self.counts = None
        self.cmmhg = None
        self.fault = wire.FAULT_NONE
        self.status = None

    def advance(self, t_ms, active):
        """`active`: the cuff works, so that a reading that never changes is a fault."""
        self.fresh = False
        started = self._started_ms
        if started is not None:
            if t_ms - started < CONVERSION_MS:
                return
            answer = self._answer
            if not self._bus.read(ADDRESS, answer):
                self._missed(wire.FAULT_CUFF_BUS)
            else:
                self.status = status = answer[0]
                if status == _POWERED:  # all that a good conversion says
                    self._accept(answer[1] << 16 | answer[2] << 8 | answer[3], t_ms, active)
                elif not self._done_with(status, t_ms):
                    return
        self._busy_looks = 0
        if self._bus.write(ADDRESS, self._command):
            self._started_ms = t_ms
        else:
            self._started_ms = None
            self._missed(wire.FAULT_CUFF_BUS)

    def _done_with(self, status, t_ms):
        """Names what is wrong with a conversion; False where it may still end well."""
        if status & _ALWAYS_ZERO:
            self._missed(wire.FAULT_CUFF_ID)
        elif not status & _POWERED:
            self._missed(wire.FAULT_CUFF_BUS)
        elif status & _BUSY:
            self._busy_looks += 1
            if self._busy_looks < _BUSY_LOOKS or t_ms - self._started_ms < _BUSY_MS:
                return False
            self._missed(wire.FAULT_CUFF_STALE)
        elif status & _INTEGRITY:
            self._missed(wire.FAULT_CUFF_INTEGRITY)
        else:
            self._missed(wire.FAULT_CUFF_SATURATED)
        return True

    def _accept(self, counts, t_ms, active):
        cmmhg = (counts - _COUNTS_AT_ZERO) * _TIMES // _PER_TIMES
        if not BOTTOM_CMMHG <= cmmhg <= TOP_CMMHG:
            self._missed(wire.FAULT_OVER_PRESSURE if cmmhg > TOP_CMMHG else wire.FAULT_CUFF_SATURATED)
            return
        if counts != self._same_counts or not active:
            self._same_counts = counts
            self._same_since_ms = t_ms
        elif t_ms - self._same_since_ms >= _STALE_MS:
            self._missed(wire.FAULT_CUFF_STALE)
            return
        self._failures = 0
        self.fault = wire.FAULT_NONE
        self.counts = counts
        self.cmmhg = cmmhg
        self.fresh = True

    def _missed(self, fault):
        self.counts = None
        self.cmmhg = None
        self._failures += 1
        # Two kinds are certain at once; the others may be one disturbed transfer.
        if fault == wire.FAULT_CUFF_STALE or self._failures >= _PATIENCE:
            self.fault = fault
