# SPDX-License-Identifier: Apache-2.0
"""The analogue channels: guard pressure and supply voltage, 16-bit counts of 3.3 V.

Guard: MPXV5050GP behind a divider of 2/3: 0.2 V at 0 mmHg and 12 mV/mmHg make 2648 counts and 158.87 counts/mmHg.
Supply: a divider of 33/133.
"""

from micropython import const

from vitals.link import wire

NOMINAL_ZERO_RAW = const(2648)
# 0.01 mmHg a count, times 2^13; see safety/interlock.py, which uses the same numbers on its own.
NOMINAL_GAIN_Q13 = const(5156)
# -12 mmHg is below, 380 mmHg above anything a healthy sensor gives: the wire is open or shorted.
LOW_RAW = const(741)
HIGH_RAW = const(63020)


class Guard:
    """`sample()` reads once. `raw`, `cmmhg` (0.01 mmHg, None if `fault`) and `fault` (wire.FAULT_*) are the result."""

    def __init__(self, read):
        self._read = read
        self._zero_raw = NOMINAL_ZERO_RAW
        self._gain_q13 = NOMINAL_GAIN_Q13
        self.raw = 0
        self.cmmhg = None
        self.fault = wire.FAULT_NONE

    def calibrate(self, zero_raw, gain_q13):
        """Raw counts at 0 mmHg, and 0.01 mmHg a count times 2^13."""
        self._zero_raw = zero_raw
        self._gain_q13 = gain_q13

    def sample(self):
        raw = self._read()
        self.raw = raw
        if LOW_RAW <= raw <= HIGH_RAW:
            self.cmmhg = ((raw - self._zero_raw) * self._gain_q13) >> 13
            self.fault = wire.FAULT_NONE
        else:
            self.cmmhg = None
            self.fault = wire.FAULT_GUARD_RANGE
        return self.cmmhg


def supply_mv(raw):
    """Millivolts at the supply for raw counts: 3300 mV x 133/33 at full scale."""
    return raw * 13300 // 65535
