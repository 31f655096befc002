# SPDX-License-Identifier: Apache-2.0
"""Small register-level chips on a small bus, for both interpreters. They answer as the data sheets say, and no more."""

EIO = 5
ETIMEDOUT = 110


class I2C:
    """A bus with chips by address. `error` makes every transfer fail with that errno; `transfers` counts them."""

    def __init__(self, chips):
        self.chips = chips
        self.error = 0
        self.transfers = 0

    def _chip(self, address):
        self.transfers += 1
        if self.error:
            raise OSError(self.error)
        if address not in self.chips:
            raise OSError(EIO)
        return self.chips[address]

    def readfrom_mem_into(self, address, register, buf):
        self._chip(address).read_register(register, buf)

    def writeto_mem(self, address, register, buf):
        self._chip(address).write_register(register, buf)

    def readfrom_into(self, address, buf):
        self._chip(address).read(buf)

    def writeto(self, address, buf):
        self._chip(address).write(buf)


class Lines:
    """The two lines of a bus. `held_for` clocks are needed until the chip lets go; None: it never does."""

    def __init__(self, i2c):
        self.i2c = i2c
        self.held_for = 0
        self.log = []
        self.made = 0

    def make(self):
        self.made += 1
        if self.held_for == 0:
            self.i2c.error = 0
        return self.i2c

    def hold(self, clocks):
        self.held_for = clocks
        self.i2c.error = ETIMEDOUT

    def take(self):
        self.log.append("take")

    def pulse(self):
        self.log.append("pulse")
        if self.held_for:
            self.held_for -= 1

    def stop(self):
        self.log.append("stop")

    def free(self):
        return self.held_for == 0


class Oximeter:
    """MAX30102: identity, reset, FIFO with pointers and overflow counter, data that do not advance the register."""

    def __init__(self):
        self.part = 0x15
        self.resets = True
        self.registers = bytearray(256)
        self.power_on()

    def power_on(self):
        for i in range(256):
            self.registers[i] = 0
        self.registers[0] = 0x01  # power ready
        self.fifo = []
        self.write_pointer = self.read_pointer = self.overflow = 0
        self.next_value = 0

    def sample(self, n=1):
        """n new samples, in the mode that measures."""
        if self.registers[9] != 0x03:
            return
        for _ in range(n):
            self.next_value += 1
            self.registers[0] |= 0x40
            if len(self.fifo) == 32:
                self.overflow = min(31, self.overflow + 1)
                continue
            self.fifo.append((self.next_value, 200000 + self.next_value))
            self.write_pointer = (self.write_pointer + 1) % 32

    def read_register(self, register, buf):
        if register == 7:
            self._read_fifo(buf)
            return
        for i in range(len(buf)):
            r = (register + i) % 256
            special = {4: self.write_pointer, 5: self.overflow, 6: self.read_pointer, 0xFF: self.part}
            buf[i] = special.get(r, self.registers[r])
            if r in (0, 1):
                self.registers[r] = 0
            if r == 9 and self.resets:
                self.registers[9] &= 0xBF

    def _read_fifo(self, buf):
        assert len(buf) % 6 == 0, "red and infrared are read together, in whole samples"
        for i in range(0, len(buf), 6):
            red, ir = self.fifo.pop(0)
            self.read_pointer = (self.read_pointer + 1) % 32
            self.overflow = 0
            for j, value in ((i, red), (i + 3, ir)):
                buf[j], buf[j + 1], buf[j + 2] = value >> 16, value >> 8 & 255, value & 255

    def write_register(self, register, buf):
        for i in range(len(buf)):
            r = register + i
            if r == 4:
                self.write_pointer = buf[i]
            elif r == 5:
                self.overflow = buf[i]
            elif r == 6:
                self.read_pointer = buf[i]
                self.fifo = []
            elif r == 0x21:
                self.registers[1] |= 0x02
            elif r == 9 and buf[i] & 0x40 and self.resets:
                self.power_on()
            else:
                self.registers[r] = buf[i]


class Pressure:
    """Honeywell MPR: a command starts a conversion; while it lasts the status says busy."""

    def __init__(self):
        self.counts = 419430
        self.flags = 0x40
        self.busy_reads = 0
        self.commands = 0
        self._left = 0

    def write(self, data):
        assert bytes(data) == b"\xaa\x00\x00"
        self.commands += 1
        self._left = self.busy_reads

    def read(self, buf):
        status = self.flags
        if self._left:
            self._left -= 1
            status |= 0x20
        buf[0] = status
        buf[1], buf[2], buf[3] = self.counts >> 16, self.counts >> 8 & 255, self.counts & 255


class Output:
    """A pin or a PWM channel; remembers every change."""

    def __init__(self):
        self.level = None
        self.changes = []

    def value(self, level=None):
        if level is None:
            return self.level
        self._set(level)
        return None

    def duty_u16(self, duty):
        self._set(duty)

    def _set(self, level):
        if level != self.level:
            self.level = level
            self.changes.append(level)
