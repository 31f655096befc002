# SPDX-License-Identifier: Apache-2.0
"""Honeywell MPR pressure sensor (MPRLS0300YG: 0-300 mmHg gauge, I2C 0x18, transfer function B).

The command AA 00 00 starts one conversion; until it ends the status says busy and the data are the last ones. Nothing
is measured that was not commanded: reading again gives the same value with a good status.
"""

from world.rng import Rng

_POWERED = 0x40
_BUSY = 0x20
_INTEGRITY = 0x04
_SATURATED = 0x01

_FULL = 1 << 24
_LOW = 419430  # 2.5 % of 2^24 at 0 mmHg
_SPAN = 3355443  # 20 % of 2^24 for 300 mmHg
_CONVERSION_US = 5000
NOISE_MMMHG = 60  # half width: a standard deviation of 0.025 mmHg, about 14 effective bits of the span


class Mpr:
    """The sensor on the manifold. What tests and faults may set: `present`, `stale`, `integrity_error`, `drift_mmmhg`,
    `gain_ppm`, `conversion_us`, `stuck_busy`, `noise_mmmhg` (half width of its triangle, 0.001 mmHg)."""

    ADDRESS = 0x18

    def __init__(self, world, timeline, seed):
        self.world = world
        self.timeline = timeline
        self._rng = Rng(seed, 902)
        self._entry = None
        self.present = True
        self.stale = False
        self.stuck_busy = False
        self.integrity_error = False
        self.drift_mmmhg = 0
        self.drift_per_s_mmmhg = 0
        self._drift_from_us = 0
        self.gain_ppm = 0
        self.noise_mmmhg = NOISE_MMMHG
        self.conversion_us = _CONVERSION_US
        self.conversions = 0
        self.power_on()

    def power_on(self):
        """The state after power: no value yet."""
        self.timeline.cancel(self._entry)
        self._entry = None
        self.busy = False
        self.counts = 0
        self.saturated = False

    def drift(self, now_mmmhg, per_s_mmmhg=0):
        """Starts an error of `now_mmmhg` that grows by `per_s_mmmhg` each second."""
        self.drift_mmmhg = now_mmmhg
        self.drift_per_s_mmmhg = per_s_mmmhg
        self._drift_from_us = self.timeline.now_us

    def write(self, data):
        """A command. Anything but AA 00 00 changes nothing; nor does a command while one is worked on."""
        if len(data) == 3 and data[0] == 0xAA and data[1] == 0 and data[2] == 0 and not self.busy:
            self.busy = True
            self._entry = self.timeline.at(self.timeline.now_us + self.conversion_us, self._converted)

    def read_into(self, buf):
        """Status and three bytes of data; a shorter read gives the first of them."""
        status = _POWERED
        if self.busy or self.stuck_busy:
            status |= _BUSY
        if self.integrity_error:
            status |= _INTEGRITY
        if self.saturated:
            status |= _SATURATED
        counts = self.counts
        n = len(buf)
        if n == 4:
            buf[0] = status
            buf[1] = counts >> 16
            buf[2] = counts >> 8 & 0xFF
            buf[3] = counts & 0xFF
        else:
            answer = (status, counts >> 16, counts >> 8 & 0xFF, counts & 0xFF)
            for i in range(n):
                buf[i] = answer[i] if i < 4 else 0xFF

    def mem_read_into(self, register, buf):
        """The part has no registers: a register address is a wrong command, then an ordinary read follows."""
        self.read_into(buf)

    def mem_write(self, register, data):
        """The part has no registers: the address is just the first byte."""
        self.write(bytes([register]) + bytes(data))

    def _converted(self, entry):
        self.busy = False
        self._entry = None
        self.conversions += 1
        if self.stale:
            return
        world = self.world
        if world.t_us != self.timeline.now_us:
            world.advance_to(self.timeline.now_us)
        mmmhg = world.manifold_mmmhg
        mmmhg += mmmhg * self.gain_ppm // 1000000 + self._rng.spread(self.noise_mmmhg) + self.drift_mmmhg
        if self.drift_per_s_mmmhg:
            mmmhg += (self.timeline.now_us - self._drift_from_us) // 1000 * self.drift_per_s_mmmhg // 1000
        counts = _LOW + mmmhg * _SPAN // 300000
        # Beyond the span the output goes on until its 24 bits end; there the part says that its arithmetic saturated.
        self.saturated = counts < 0 or counts >= _FULL
        self.counts = 0 if counts < 0 else (_FULL - 1 if counts >= _FULL else counts)
