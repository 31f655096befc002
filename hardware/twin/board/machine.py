# SPDX-License-Identifier: Apache-2.0
"""`machine` as the firmware sees it: the classes and rules of the MicroPython port of the simulated board.

Methods that an interlock calls in a hard interrupt (Pin.value, PWM.duty_u16, ADC.read_u16) allocate nothing.
"""

from board import pins as _pins
from board.bus import Controller
from board.pins import ALT, IN, OPEN_DRAIN, OUT

_board = None
_port = None

PWRON_RESET = 1
WDT_RESET = 3


def attach(board):
    """Puts the module on a board: its port's rules, its pads, its time."""
    global _board, _port
    _board = board
    _port = board.port
    for value, name in enumerate(("HARD_RESET", "", "DEEPSLEEP_RESET", "SOFT_RESET"), 2):
        if name in _port.reset_names:
            globals()[name] = value


def reset():
    """Restarts the chip."""
    raise _board.end("hard_reset")


def soft_reset():
    """Restarts the interpreter: pads keep their levels, timers are gone."""
    raise _board.end("soft_reset")


def bootloader(timeout=0):
    """Stops the firmware for good, until the power is cycled."""
    raise _board.end("bootloader")


def reset_cause():
    """Why the chip started, in the port's numbers."""
    return _board.reset_cause()


def unique_id():
    """Serial number of the chip; begins with SIM."""
    return _board.serial.encode()[:8]


def freq(hz=None):
    """Processor clock, Hz."""
    return _port.frequency_hz if hz is None else None


def idle():
    """Waits for the next interrupt: a millisecond at most."""
    _board.advance(_board.timeline.now_us + 1000, True)


def disable_irq():
    """Interrupts off; gives what `enable_irq` wants back."""
    state = _board.irq_off
    _board.irq_off = True
    return state


def enable_irq(state=False):
    """Interrupts as they were."""
    if not state:
        _board.irq_on()


def lightsleep(time_ms=None):
    """Sleeps; with USB connected it is an ordinary sleep."""
    _board.advance(_board.timeline.now_us + (time_ms or 0) * 1000, True)


def _pad(id):
    """The pad of a pin's number, name or object."""
    if isinstance(id, Pin):
        return id._pad
    if isinstance(id, str) and id.startswith("GP") and _port.family == "rp2":
        id = int(id[2:])
    if not isinstance(id, int) or id not in _board.pads:
        raise ValueError("invalid pin")
    return _board.pads[id]


class _PinIrq:
    """An edge handler of a pin."""

    def __init__(self, pin, callback, hard):
        self.pin = pin
        self.callback = self._call
        self.user = callback
        self.hard = hard

    def _call(self, _):
        self.user(self.pin)

    def edge(self):
        if self.hard:
            _board.call_hard(self)
        else:
            _board.schedule(self.callback, self)

    def deinit(self):
        self.pin._pad.handler = None


class Pin:
    """A pin: `Pin(id, mode, pull, value=)`."""

    IN = IN
    OUT = OUT
    OPEN_DRAIN = OPEN_DRAIN
    ALT = ALT
    PULL_UP = _pins.PULL_UP
    PULL_DOWN = _pins.PULL_DOWN
    IRQ_FALLING = _pins.IRQ_FALLING
    IRQ_RISING = _pins.IRQ_RISING

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        self._pad = _pad(id)
        if mode != -1 or pull != -1 or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        """Changes function, pull and level; the level is set before the pin becomes an output."""
        pad = self._pad
        if value is not None:
            pad.out = 1 if value else 0
        if pull != -1:
            pad.pull = pull
        if mode != -1:
            if mode not in (IN, OUT, OPEN_DRAIN, ALT):
                raise ValueError("invalid pin mode")
            pad.mode = mode
            pad.pwm_on = False
            pad.bus = None
        if pad.bus_line():
            _board.bus_line_moved(pad)
        else:
            pad.drive()

    def value(self, level=None):
        """Reads the pin, or sets it."""
        if level is None:
            return self._pad.level()
        self._pad.write(level)
        return None

    __call__ = value

    def on(self):
        """High."""
        self._pad.write(1)

    def off(self):
        """Low."""
        self._pad.write(0)

    high = on
    low = off

    def toggle(self):
        """The other level."""
        self._pad.write(not self._pad.out)

    def irq(self, handler=None, trigger=12, *, hard=False):
        """Calls `handler(pin)` at an edge."""
        self._pad.trigger = trigger
        self._pad.handler = None if handler is None else _PinIrq(self, handler, hard)
        return self._pad.handler

    def __repr__(self):
        return "Pin(%d)" % self._pad.number


class PWM:
    """Pulse-width modulation on a pin: `PWM(pin, freq=, duty_u16=)`."""

    def __init__(self, pin, freq=-1, duty_u16=-1, duty_ns=-1, invert=False):
        self._pad = _pad(pin)
        self._pad.mode = ALT
        self._pad.bus = None
        self._pad.duty = 0
        self.init(freq, duty_u16, duty_ns)

    def init(self, freq=-1, duty_u16=-1, duty_ns=-1):
        """Sets what is given, and starts."""
        if freq != -1:
            self.freq(freq)
        if duty_ns != -1:
            self.duty_ns(duty_ns)
        if duty_u16 != -1:
            self.duty_u16(duty_u16)

    def freq(self, hz=None):
        """Hz; the port's limits hold, and on the RP2 both pins of a slice share it."""
        pad = self._pad
        if hz is None:
            return pad.pwm_hz
        if hz < _port.pwm_min_hz:
            raise ValueError("freq too small")
        if hz > _port.pwm_max_hz:
            raise ValueError("freq too large")
        shared = _port.pwm_slice(pad.number)
        for other in _board.pads.values():
            if other is pad or (other.pwm_on and _port.pwm_slice(other.number) == shared):
                other.pwm_hz = hz
        return None

    def duty_u16(self, duty=None):
        """Duty, 0..65535. Starts the pin."""
        pad = self._pad
        if duty is None:
            return pad.duty
        if duty < 0:
            duty = 0
        elif duty > 65535:
            duty = 65535
        pad.duty = duty
        pad.pwm_on = True
        pad.drive()
        return None

    def duty_ns(self, ns=None):
        """Width of the pulse, ns."""
        if ns is None:
            return self._pad.duty * 1000000000 // 65535 // (self._pad.pwm_hz or 1)
        return self.duty_u16(ns * self._pad.pwm_hz // 1000 * 65535 // 1000000)

    def deinit(self):
        """Stops; the pin is low."""
        self._pad.pwm_on = False
        self._pad.drive()


class ADC:
    """An analogue input: `ADC(pin)`; on the ESP32 with `atten=`."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, id, atten=None):
        if _port.family == "rp2" and atten is not None:
            raise TypeError("extra keyword arguments given")
        if _port.family == "rp2" and isinstance(id, int) and id < 5:
            self._net = None
            for pin, channel in _port.adc_channels.items():
                if channel == id:
                    self._net = _board.pads[pin].net
        else:
            pad = _pad(id)
            if pad.number not in _port.adc_channels:
                raise ValueError("Pin doesn't have ADC capabilities")
            pad.pwm_on = False
            pad.mode = IN
            self._net = pad.net
        self._fullscale_uv = _port.adc_fullscale_uv
        if atten is not None:
            self.atten(atten)

    def atten(self, atten):
        """ESP32: the attenuation before the converter, and so its range."""
        if _port.family == "rp2":
            raise AttributeError("'ADC' object has no attribute 'atten'")
        if atten not in _port.attenuations:
            raise ValueError("invalid attenuation")
        self._fullscale_uv = _port.attenuations[atten]

    def read_u16(self):
        """One conversion, 12 bits stretched to 0..65535."""
        _board.sync()
        raw = _board.analog.raw12(self._net, self._fullscale_uv)
        return raw << 4 | raw >> 8

    def read_uv(self):
        """ESP32: one conversion in uV, calibrated."""
        if _port.family == "rp2":
            raise AttributeError("'ADC' object has no attribute 'read_uv'")
        _board.sync()
        return _board.analog.raw12(self._net, self._fullscale_uv) * self._fullscale_uv // 4095


class Timer:
    """A timer: `Timer(period=, mode=, callback=, hard=)`; the port says which ids there are and whether `hard` is."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=None, **settings):
        if id is None:
            if _port.family == "esp32":
                raise TypeError("function missing 1 required positional arguments")
            id = -1
        if id not in _port.timer_ids:
            raise ValueError("Timer doesn't exist" if _port.family == "rp2" else "invalid Timer number")
        self.entry = None
        self.callback = None
        if settings:
            self.init(**settings)

    def init(self, *, mode=1, freq=None, period=-1, tick_hz=1000, callback=None, hard=False):
        """Starts the timer anew."""
        self.deinit()
        if hard and not _port.hard_timers:
            raise ValueError("hard Timers are not implemented")
        self.period_us = int(1000000 / freq) if freq is not None else period * 1000000 // tick_hz
        if self.period_us < 1:
            self.period_us = 1
        self.periodic = mode == self.PERIODIC
        self.hard = hard
        self.callback = callback
        self.due_us = _board.crystal.counted_us() + self.period_us
        self.entry = _board.timeline.at(_board.crystal.when_us(self.due_us), self._due)
        if self not in _board.timers:
            _board.timers.append(self)

    def deinit(self):
        """Stops the timer."""
        _board.timeline.cancel(self.entry)
        self.entry = None

    def _due(self, entry):
        if self.periodic:
            self.due_us += self.period_us + self.period_us * _board.timer_slow_ppm // 1000000
            _board.timeline.again(entry, _board.crystal.when_us(self.due_us))
        else:
            self.entry = None
        if self.callback is None or _board.timers_dead:
            return
        if self.hard:
            _board.call_hard(self)
        else:
            _board.schedule(self.callback, self)


class WDT:
    """The watchdog: `WDT(timeout=ms)`. It cannot be stopped."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if timeout > _port.wdt_max_ms:
            raise ValueError("timeout exceeds %d" % _port.wdt_max_ms)
        if timeout < 1:
            raise ValueError("WDT timeout too short")
        _board.watchdog.start(timeout * 1000)

    def feed(self):
        """Puts the bite off."""
        _board.watchdog.feed()


class I2C(Controller):
    """A bus controller: `I2C(id, scl=, sda=, freq=, timeout=us)`.

    A missing device and a held line raise OSError with the port's numbers; a held line only after the time-out.
    """

    def __init__(self, id, *, scl=None, sda=None, freq=400000, timeout=50000):
        if scl is None or sda is None:
            raise TypeError("give scl and sda: the default pins of the port are not where this board has its sensors")
        scl_pad, sda_pad = _pad(scl), _pad(sda)
        _port.check_i2c(id, scl_pad.number, sda_pad.number)
        self.take(_board, scl_pad, sda_pad, freq, timeout)
