# SPDX-License-Identifier: Apache-2.0
"""MAX30102 pulse oximeter at register level (I2C 0x57). Samples are made when somebody looks, not when they are due."""

from array import array

from world.rng import Rng

from chips.fifo_pack import pack_red_ir, store

_STATUS_1 = 0x00
_STATUS_2 = 0x01
_ENABLE_1 = 0x02
_ENABLE_2 = 0x03
_FIFO_WRITE = 0x04
_FIFO_LOST = 0x05
_FIFO_READ = 0x06
_FIFO_DATA = 0x07
_FIFO_CONFIG = 0x08
_MODE = 0x09
_SPO2_CONFIG = 0x0A
_LED_RED = 0x0C
_LED_IR = 0x0D
_TEMP_INT = 0x1F
_TEMP_FRAC = 0x20
_TEMP_START = 0x21
_REVISION = 0xFE
_PART = 0xFF

_A_FULL = 0x80
_PPG_RDY = 0x40
_PWR_RDY = 0x01
_DIE_TEMP_RDY = 0x02
_SHUTDOWN = 0x80
_RESET = 0x40
_MODE_RED = 2
_MODE_RED_IR = 3
_DEPTH = 32

_WRITABLE = (0x02, 0x03, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x11, 0x12)
_RATES = (50, 100, 200, 400, 800, 1000, 1600, 3200)
# The fastest rate that a pulse width leaves room for, with two LEDs in turn (data sheet, "SpO2 mode" table).
_FASTEST_RED_IR = (1600, 1000, 800, 400)
_FASTEST_RED = (3200, 1600, 1600, 1000)
_AVERAGES = (1, 2, 4, 8, 16, 32, 32, 32)
_FULLSCALE_NA = (2048, 4096, 8192, 16384)
_LED_STEP_UA = 200
_TOP = (1 << 18) - 1
_RESET_US = 1000
_TEMPERATURE_US = 29000


class Max30102:
    """The chip on the patient cable. Faults and tests set `present`, `part_id`, `swapped`, `die_temperature_16ths` and
    `noise_counts` (half width of a triangle, beside the noise of the world's own photodiode)."""

    ADDRESS = 0x57

    def __init__(self, world, timeline, seed):
        self.world = world
        self.timeline = timeline
        self.present = True
        self.part_id = 0x15
        self.swapped = False
        self.die_temperature_16ths = 31 * 16 + 5
        self.noise_counts = 0
        self._rng = Rng(seed, 903)
        self._red = array("i", [0] * _DEPTH)
        self._ir = array("i", [0] * _DEPTH)
        self._new_red = array("i", [0] * _DEPTH)
        self._new_ir = array("i", [0] * _DEPTH)
        self._registers = bytearray(256)
        self._latch = bytearray(6)
        self._reset_entry = None
        self._temperature_entry = None
        self.samples_lost = 0  # ever, for tests
        self.power_on()

    def power_on(self):
        """Registers as after power; the status says that power came."""
        self._defaults()
        self._registers[_STATUS_1] = _PWR_RDY

    def _defaults(self):
        registers = self._registers
        for i in range(256):
            registers[i] = 0
        registers[_REVISION] = 0x03
        self.timeline.cancel(self._reset_entry)
        self.timeline.cancel(self._temperature_entry)
        self._reset_entry = self._temperature_entry = None
        self._pointer = 0
        self._written = 0  # write pointer
        self._read = 0  # read pointer
        self._count = 0  # samples in the FIFO, 0..32: equal pointers are empty or full
        self._lost = 0
        self._phase = 0  # byte of the sample that comes next
        self._period_us = 0  # between samples in the FIFO; 0 is not sampling
        self._bytes = 6
        self._last_us = 0

    # ------------------------------------------------------------ the bus

    def write(self, data):
        """The register's address, then values for it and those that follow."""
        if len(data):
            self._pointer = data[0]
            for i in range(1, len(data)):
                self._write_next(data[i])

    def read_into(self, buf):
        """Registers from the last address on; FIFO data repeats its own address."""
        if self._pointer == _FIFO_DATA:
            self._read_fifo(buf)
            return
        for i in range(len(buf)):
            buf[i] = self._read_register(self._pointer)
            if self._pointer == _FIFO_DATA:
                self._read_fifo(memoryview(buf)[i:])
                return
            self._pointer = self._pointer + 1 & 0xFF

    def mem_read_into(self, register, buf):
        """Address and read in one transfer."""
        self._pointer = register
        if register == _FIFO_DATA:
            self._read_fifo(buf)
        else:
            self.read_into(buf)

    def mem_write(self, register, data):
        """Address and values in one transfer."""
        self._pointer = register
        for value in data:
            self._write_next(value)

    def _write_next(self, value):
        self._write_register(self._pointer, value)
        if self._pointer != _FIFO_DATA:
            self._pointer = self._pointer + 1 & 0xFF

    # ------------------------------------------------------------ registers

    def _read_register(self, register):
        if register == _PART:
            return self.part_id
        if register <= _FIFO_DATA:
            self.sample()
            if register == _FIFO_WRITE:
                return self._written
            if register == _FIFO_LOST:
                return self._lost
            if register == _FIFO_READ:
                return self._read
            if register == _FIFO_DATA:
                return 0  # the caller reads the FIFO itself
            value = self._registers[register]
            if register <= _STATUS_2:
                self._registers[register] = 0
            return value
        if register == _TEMP_FRAC:
            self._registers[_STATUS_2] &= ~_DIE_TEMP_RDY & 0xFF
        return self._registers[register]

    def _write_register(self, register, value):
        self.sample()  # what was sampled until now was sampled under the old settings
        if register == _FIFO_WRITE:
            self._written = value & 31
            self._pointers_set()
        elif register == _FIFO_READ:
            self._read = value & 31
            self._pointers_set()
        elif register == _FIFO_LOST:
            self._lost = value & 31
        elif register == _TEMP_START:
            if value & 1 and self._temperature_entry is None:
                self._registers[_TEMP_START] = 1
                self._temperature_entry = self.timeline.at(
                    self.timeline.now_us + _TEMPERATURE_US, self._temperature_done
                )
        elif register in _WRITABLE:
            self._registers[register] = value
            if register == _MODE and value & _RESET:
                self.timeline.cancel(self._reset_entry)
                self._period_us = 0
                self._reset_entry = self.timeline.at(self.timeline.now_us + _RESET_US, self._reset_done)
            elif register in (_MODE, _SPO2_CONFIG, _FIFO_CONFIG):
                self._restart_sampling()

    def _pointers_set(self):
        self._count = self._written - self._read & 31
        self._phase = 0

    def _reset_done(self, entry):
        self._defaults()

    def _temperature_done(self, entry):
        self._temperature_entry = None
        self._registers[_TEMP_START] = 0
        self._registers[_TEMP_INT] = self.die_temperature_16ths >> 4 & 0xFF
        self._registers[_TEMP_FRAC] = self.die_temperature_16ths & 15
        if self._registers[_ENABLE_2] & _DIE_TEMP_RDY:
            self._registers[_STATUS_2] |= _DIE_TEMP_RDY

    # ------------------------------------------------------------ sampling

    def _restart_sampling(self):
        """A changed mode, rate or averaging: the first sample comes one period from now."""
        mode = self._registers[_MODE]
        config = self._registers[_SPO2_CONFIG]
        self._period_us = 0
        self._phase = 0
        if mode & (_SHUTDOWN | _RESET) or mode & 7 not in (_MODE_RED, _MODE_RED_IR):
            return
        both = mode & 7 == _MODE_RED_IR
        width = config & 3
        rate = _RATES[config >> 2 & 7]
        fastest = (_FASTEST_RED_IR if both else _FASTEST_RED)[width]
        if rate > fastest:  # the data sheet: then the highest possible rate is programmed
            rate = fastest
        self._bytes = 6 if both else 3
        self._cut = 3 - width  # low bits that a short pulse leaves at zero: 15..18 bits, left-justified
        self._fullscale_na = _FULLSCALE_NA[config >> 5 & 3]
        self._period_us = 1000000 * _AVERAGES[self._registers[_FIFO_CONFIG] >> 5] // rate
        self._last_us = self.timeline.now_us

    def sample(self):
        """Makes the samples that are due by now."""
        if not self._period_us:
            return
        due = (self.timeline.now_us - self._last_us) // self._period_us
        if due <= 0:
            return
        first_us = self._last_us + self._period_us
        self._last_us += due * self._period_us
        lost = self._count + due - _DEPTH
        if lost > 0:
            self._lost = min(31, self._lost + lost)
            self.samples_lost += lost
            if self._registers[_FIFO_CONFIG] & 0x10:  # rolls over: the newest push out the oldest
                skipped = max(0, due - _DEPTH)
                first_us += skipped * self._period_us
                due -= skipped
                dropped = self._count + due - _DEPTH
                self._count -= dropped
                self._read = self._read + dropped + skipped & 31
                self._written = self._written + skipped & 31
                self._phase = 0
            else:  # full: the newest are lost
                due -= lost
        if due > 0:
            self._store(due, first_us)
        self._raise_flags(due)

    def _store(self, n, first_us):
        world = self.world
        if world.t_us != self.timeline.now_us:
            world.advance_to(self.timeline.now_us)
        world.ppg_t_us = first_us
        registers = self._registers
        red = self._new_red
        ir = self._new_ir
        world.ppg(
            n, self._period_us, red, ir,
            registers[_LED_RED] * _LED_STEP_UA, registers[_LED_IR] * _LED_STEP_UA, self._fullscale_na,
        )  # fmt: skip
        if self.noise_counts:
            self._scatter(red, n)
            self._scatter(ir, n)
        if self.swapped:
            red, ir = ir, red
        store(self._red, self._ir, self._written, red, ir, n)
        self._written = self._written + n & 31
        self._count += n

    def _scatter(self, values, n):
        """Noise of the part's own converter, which ends at 0 and at 18 bits."""
        for i in range(n):
            values[i] = min(_TOP, max(0, values[i] + self._rng.spread(self.noise_counts)))

    def _raise_flags(self, due):
        enabled = self._registers[_ENABLE_1]
        flags = _PPG_RDY if due > 0 else 0
        if self._count >= _DEPTH - (self._registers[_FIFO_CONFIG] & 15):
            flags |= _A_FULL
        self._registers[_STATUS_1] |= flags & enabled

    def _read_fifo(self, buf):
        """A burst of FIFO data. The read pointer moves with the first byte of a sample.

        A burst that ends inside a sample leaves the rest of it for the next burst, so the channels slide apart.
        """
        self.sample()
        n = len(buf)
        at = 0
        size = self._bytes
        while at < n and self._phase:
            buf[at] = self._latch[self._phase]
            at += 1
            self._phase = (self._phase + 1) % size
        whole = min((n - at) // size, self._count)
        if whole > 0 and size == 6:
            pack_red_ir(buf, at, self._red, self._ir, self._read, whole, self._cut)
            at += whole * 6
            self._latch[:] = buf[at - 6 : at]
            self._took(whole)
        while at < n:
            if self._phase == 0 and self._count:
                self._latch_next()
                self._took(1)
            buf[at] = self._latch[self._phase]
            at += 1
            self._phase = (self._phase + 1) % size  # an empty FIFO repeats its last sample

    def _latch_next(self):
        for slot, values in ((0, self._red), (3, self._ir)):
            value = values[self._read] >> self._cut << self._cut
            self._latch[slot] = value >> 16 & 3
            self._latch[slot + 1] = value >> 8 & 0xFF
            self._latch[slot + 2] = value & 0xFF

    def _took(self, n):
        self._read = self._read + n & 31
        self._count -= n
        self._lost = 0  # the counter clears when a sample is taken out
        self._registers[_STATUS_1] &= ~(_A_FULL | _PPG_RDY) & 0xFF
