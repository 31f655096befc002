# SPDX-License-Identifier: Apache-2.0
"""One I2C bus that never raises and never hangs for long: failures are return values, recovery is spread over ticks."""

from micropython import const

# ETIMEDOUT has another number in the C library of the ESP32.
_TIMEOUTS = (110, 116)
_CLOCKS = const(9)
_RETRY_MS = const(1000)

_WORKING = const(0)
_CLOCKING = const(1)
_HELD = const(2)


class Bus:
    """`lines` makes the I2C object and frees the bus by hand (`make`, `take`, `pulse`, `stop`, `free`).

    A transfer that times out (10 ms at most) means that a chip holds the bus: from then on nothing is transferred, and
    each `advance` gives one clock, nine in all, then a stop condition. A bus that is still held after that is left
    alone and looked at on each `advance`, which costs nothing; the nine clocks come again every second.
    `held` says that the bus is not usable now; `error` is the errno of the last failure, `failures` counts them.
    """

    def __init__(self, lines):
        self._lines = lines
        self._i2c = lines.make()
        self._state = _WORKING
        self._clocks = 0
        self._retry_ms = 0
        self.error = 0
        self.failures = 0
        self.recoveries = 0

    @property
    def held(self):
        return self._state != _WORKING

    def read_register(self, address, register, buf):
        """Reads into all of `buf` from a register. Returns whether that worked, as do the other three."""
        if self._state != _WORKING:
            return False
        try:
            self._i2c.readfrom_mem_into(address, register, buf)
            return True
        except OSError as e:
            return self._failed(e)

    def write_register(self, address, register, buf):
        if self._state != _WORKING:
            return False
        try:
            self._i2c.writeto_mem(address, register, buf)
            return True
        except OSError as e:
            return self._failed(e)

    def read(self, address, buf):
        if self._state != _WORKING:
            return False
        try:
            self._i2c.readfrom_into(address, buf)
            return True
        except OSError as e:
            return self._failed(e)

    def write(self, address, buf):
        if self._state != _WORKING:
            return False
        try:
            self._i2c.writeto(address, buf)
            return True
        except OSError as e:
            return self._failed(e)

    def _failed(self, error):
        # Not `errno`: CPython sets that only where a text came with the number.
        self.error = error.args[0] if error.args else 0
        self.failures += 1
        if self.error in _TIMEOUTS:
            self._begin()
        return False

    def _begin(self):
        self._lines.take()
        self._state = _CLOCKING
        self._clocks = 0

    def advance(self, t_ms):
        """One step of the recovery, if one is under way."""
        if self._state == _WORKING:
            return
        if self._state == _CLOCKING:
            if self._clocks < _CLOCKS:
                self._clocks += 1
                self._lines.pulse()
                return
            self._lines.stop()
            self._state = _HELD
            self._retry_ms = t_ms + _RETRY_MS
        if self._lines.free():
            self._i2c = self._lines.make()
            self._state = _WORKING
            self.recoveries += 1
        elif t_ms >= self._retry_ms:
            self._begin()
