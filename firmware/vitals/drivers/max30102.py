# SPDX-License-Identifier: Apache-2.0
"""MAX30102 pulse oximeter: started step by step, drained in bursts, every lost sample counted.

No call waits: each takes a few bus transfers at most, and what the chip needs time for is looked at on a later tick.
Registers and their side effects: MAX30102 data sheet, rev. 1.
"""

from array import array

from micropython import const

from vitals.link import wire
from vitals.signal import kernels

ADDRESS = const(0x57)
PART_ID = const(0x15)
RATE_HZ = const(100)
DEPTH = const(32)

_STATUS = const(0x00)  # status 1 and 2, enable 1 and 2, write pointer, overflow counter, read pointer
_ENABLE = const(0x02)
_FIFO_WRITE = const(0x04)
_FIFO_DATA = const(0x07)
_FIFO_CONFIG = const(0x08)
_LED_RED = const(0x0C)
_TEMPERATURE = const(0x1F)
_TEMPERATURE_START = const(0x21)
_MODE = const(0x09)
_PART = const(0xFF)

_NEW_SAMPLE = const(0x40)
_POWER_READY = const(0x01)
_TEMPERATURE_READY = const(0x02)

_SAMPLE_BYTES = const(6)
_RESET_MS = const(100)
_RESET_POLL_MS = const(10)
_RETRY_MS = const(1000)
# Without a new sample for this long the chip has stopped, whatever its registers say.
_SILENT_MS = const(500)
_TEMPERATURE_EVERY_MS = const(10000)
# Drains that fail in a row before that is a fault.
_PATIENCE = const(3)
# Saturated: the counter has five bits.
_OVERFLOW_MAX = const(31)

_OFF = const(0)
_RESETTING = const(1)
_RUNNING = const(2)


class Max30102:
    """Call `advance(t_ms)` about every 100 ms; it returns n, and red[0:n], ir[0:n] hold the new samples.

    Samples are 18-bit counts. `lost` is how many were lost just before them. `fault` is wire.FAULT_* (0 while samples
    flow), `part_id` what the chip said it is, `temperature_c16` the die temperature in 1/16 degC, or None.
    """

    def __init__(self, bus):
        self._bus = bus
        self.red = array("i", bytes(4 * DEPTH))
        self.ir = array("i", bytes(4 * DEPTH))
        self.lost = 0
        self.fault = wire.FAULT_NONE
        self.part_id = None
        self.temperature_c16 = None
        self.restarts = 0
        self._state = _OFF
        self._next_ms = 0
        self._deadline_ms = 0
        self._drained_ms = 0
        self._sample_ms = 0
        self._lost_next = 0
        self._empty = 0
        self._missed = 0
        self._leds = bytearray(2)
        self._one = bytearray(1)
        self._two = bytearray(2)
        self._status = bytearray(7)
        self._fifo = bytearray(DEPTH * _SAMPLE_BYTES)
        # A view for each length that occurs, made once: ten samples nearly always.
        self._whole = memoryview(self._fifo)
        self._bursts = {}
        self._temperature_ms = 0

    @property
    def running(self):
        return self._state == _RUNNING

    def next_deadline(self):
        """When a start under way goes on, ms; None while running or waiting for nothing."""
        return None if self._state == _RUNNING else self._next_ms

    def set_leds(self, red, ir):
        """LED currents, 0..255 steps of 0.2 mA. Returns whether the chip has them; it gets them at its next start."""
        self._leds[0] = red
        self._leds[1] = ir
        if self._state != _RUNNING:
            return False
        return self._bus.write_register(ADDRESS, _LED_RED, self._leds)

    def advance(self, t_ms):
        """Goes on with the start, or drains the FIFO. Returns the number of new samples."""
        self.lost = 0
        if self._state == _RUNNING:
            return self._drain(t_ms)
        if t_ms >= self._next_ms:
            if self._state == _OFF:
                self._probe(t_ms)
            else:
                self._await_reset(t_ms)
        return 0

    # ------------------------------------------------------------ starting

    def _fail(self, fault, t_ms):
        self.fault = fault
        self._state = _OFF
        self._next_ms = t_ms + _RETRY_MS

    def _write(self, register, value):
        self._one[0] = value
        return self._bus.write_register(ADDRESS, register, self._one)

    def _probe(self, t_ms):
        if not self._bus.read_register(ADDRESS, _PART, self._one):
            self.part_id = None
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
            return
        self.part_id = self._one[0]
        if self.part_id != PART_ID:
            self._fail(wire.FAULT_OXIMETER_ID, t_ms)
        elif not self._write(_MODE, 0x40):
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
        else:
            self._state = _RESETTING
            self._deadline_ms = t_ms + _RESET_MS
            self._next_ms = t_ms + _RESET_POLL_MS

    def _await_reset(self, t_ms):
        if not self._bus.read_register(ADDRESS, _MODE, self._one):
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
        elif not self._one[0] & 0x40:
            self._configure(t_ms)
        elif t_ms >= self._deadline_ms:
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
        else:
            self._next_ms = t_ms + _RESET_POLL_MS

    def _configure(self, t_ms):
        self._two[0] = _NEW_SAMPLE
        self._two[1] = _TEMPERATURE_READY
        ok = (
            self._bus.read_register(ADDRESS, _STATUS, self._status)  # clears "power ready" of this start
            and self._bus.write_register(ADDRESS, _ENABLE, self._two)
            # no averaging; a full FIFO keeps what it has: what is lost comes after the 32 that can be read
            and self._write(_FIFO_CONFIG, 0x0F)
            # 4096 nA full scale, 100 samples/s, 411 us: 18 bits
            and self._write(0x0A, 0x27)
            and self._bus.write_register(ADDRESS, _LED_RED, self._leds)
            and self._write(_FIFO_WRITE, 0)
            and self._write(0x05, 0)
            and self._write(0x06, 0)
            and self._write(_MODE, 0x03)  # red and infrared
        )
        if not ok:
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
            return
        self._state = _RUNNING
        self.restarts += 1
        self._lost_next = 0
        self._empty = 0
        self._missed = 0
        self._drained_ms = t_ms
        self._sample_ms = t_ms
        self._temperature_ms = t_ms

    # ------------------------------------------------------------ running

    def _drain(self, t_ms):
        status = self._status
        if not self._bus.read_register(ADDRESS, _STATUS, status):
            self._missed += 1
            # One disturbed transfer is no fault: nothing was taken out of the FIFO, which holds three drains.
            if self._missed >= _PATIENCE:
                self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
            return 0
        self._missed = 0
        if status[0] & _POWER_READY:
            # The chip lost its power and forgot everything: begin again now.
            self._fail(wire.FAULT_OXIMETER_FIFO, t_ms)
            self._next_ms = t_ms
            return 0
        n = self._held(status, t_ms)
        if n == 0:
            self._empty += 1
            # The first empty look after a stall proves nothing: the FIFO may have been drained at the end of it.
            if self._empty > 1 and t_ms - self._sample_ms >= _SILENT_MS:
                self._fail(wire.FAULT_OXIMETER_FIFO, t_ms)
            return 0
        self._empty = 0
        # Whole samples in one burst: the read pointer moves with each sample's first byte.
        if not self._bus.read_register(ADDRESS, _FIFO_DATA, self._burst(n)):
            self._fail(wire.FAULT_OXIMETER_BUS, t_ms)
            return 0
        self.fault = wire.FAULT_NONE
        self.lost = self._lost_next
        self._lost_next = self._overflow(status[5] & 0x1F, n, t_ms)
        self._drained_ms = t_ms
        self._sample_ms = t_ms
        kernels.unpack(self._fifo, n, self.red, self.ir)
        self._temperature(status[1], t_ms)
        return n

    def _burst(self, n):
        view = self._bursts.get(n)
        if view is None:
            view = self._bursts[n] = self._whole[0 : n * _SAMPLE_BYTES]
        return view

    def _held(self, status, t_ms):
        """Samples in the FIFO. Equal pointers mean empty or full: full if it overflowed, or a sample came long ago."""
        if status[5] & 0x1F:
            return DEPTH
        n = (status[4] - status[6]) & (DEPTH - 1)
        if n == 0 and status[0] & _NEW_SAMPLE and (t_ms - self._drained_ms) * RATE_HZ >= 900 * DEPTH:
            return DEPTH
        return n

    def _overflow(self, counted, n, t_ms):
        if counted < _OVERFLOW_MAX:
            return counted
        by_time = (t_ms - self._drained_ms) * RATE_HZ // 1000 - n
        return by_time if by_time > counted else counted

    def _temperature(self, status, t_ms):
        if status & _TEMPERATURE_READY and self._bus.read_register(ADDRESS, _TEMPERATURE, self._two):
            whole = self._two[0]
            if whole > 127:
                whole -= 256
            self.temperature_c16 = whole * 16 + (self._two[1] & 0x0F)
        if t_ms - self._temperature_ms >= _TEMPERATURE_EVERY_MS:
            self._temperature_ms = t_ms
            self._write(_TEMPERATURE_START, 1)
