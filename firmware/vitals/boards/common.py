# SPDX-License-Identifier: Apache-2.0
"""What the supported boards have in common: how pins, buses, converters and timers are made from a pin map."""

import gc

import machine
from micropython import const

from vitals.boards.clock import McuClock
from vitals.link import wire

I2C_HZ = const(400000)
# A burst of 32 samples takes 4.7 ms; anything longer than this is a bus that hangs.
I2C_TIMEOUT_US = const(10000)
PUMP_HZ = const(20000)
BLEED_HZ = const(1000)
BUZZER_HZ = const(660)
# Too fast to be seen flickering; the bleed valve's, because an ESP32-S3 has four timers for all frequencies.
LED_HZ = BLEED_HZ

_CAUSES = (
    ("PWRON_RESET", wire.RESET_CAUSE_POWER_ON),
    ("HARD_RESET", wire.RESET_CAUSE_HARD_RESET),
    ("WDT_RESET", wire.RESET_CAUSE_WATCHDOG),
    ("DEEPSLEEP_RESET", wire.RESET_CAUSE_DEEP_SLEEP),
    ("SOFT_RESET", wire.RESET_CAUSE_SOFT_RESET),
    ("BROWN_OUT_RESET", wire.RESET_CAUSE_BROWN_OUT),
)


def reset_cause():
    """wire.RESET_CAUSE_* of the last start, as far as this port tells."""
    cause = machine.reset_cause()
    for name, value in _CAUSES:
        if getattr(machine, name, None) == cause:
            return value
    return wire.RESET_CAUSE_UNKNOWN


def serial_number():
    """The board's own number: as it is where it is printable ASCII, else in hex."""
    unique = bytes(machine.unique_id())
    if unique and min(unique) >= 0x21 and max(unique) <= 0x7E:
        return unique.decode()
    return "".join(["%02x" % b for b in unique])


class Lines:
    """The two lines of one I2C bus: makes the bus, and frees it by hand when a chip holds it."""

    def __init__(self, number, scl, sda):
        self._number = number
        self._scl = scl
        self._sda = sda
        self._scl_pin = None
        self._sda_pin = None

    def make(self):
        """The bus, on its pins. Raises no error for a bus that is held: that shows when it is used."""
        return machine.I2C(
            self._number,
            scl=machine.Pin(self._scl),
            sda=machine.Pin(self._sda),
            freq=I2C_HZ,
            timeout=I2C_TIMEOUT_US,
        )

    def take(self):
        """Takes both lines from the bus, released (high by their pull-ups)."""
        self._scl_pin = machine.Pin(self._scl, machine.Pin.OPEN_DRAIN, machine.Pin.PULL_UP, value=1)
        self._sda_pin = machine.Pin(self._sda, machine.Pin.OPEN_DRAIN, machine.Pin.PULL_UP, value=1)

    def pulse(self):
        """One clock. Python is slow enough for the low time of any chip."""
        self._scl_pin.value(0)
        self._scl_pin.value(1)

    def stop(self):
        """A stop condition: data rises while the clock is high."""
        self._scl_pin.value(0)
        self._sda_pin.value(0)
        self._scl_pin.value(1)
        self._sda_pin.value(1)

    def free(self):
        """After `take`: whether both lines are high, so that nobody holds the bus."""
        return bool(self._scl_pin.value() and self._sda_pin.value())


class Board:
    """One board. Making it sets every output to its safe level; `pins` maps the signals of the pinout to numbers.

    `clock`, `wire` and `storage_path` replace the board's own. `hard_timer` says after `start_timer` whether the timer
    fires in an interrupt. Attributes that are functions (`guard_read`, `supply_read`) return 0..65535 of 3.3 V.
    `heap_free()` is the free heap in bytes, None where nobody knows.
    """

    name = ""
    kind = wire.BOARD_UNKNOWN
    pins = {}
    oximeter_bus = 0
    cuff_bus = 1
    # The longest that every port offers is 8388 ms; cuff safety does not rest on it (the interlock acts within 1 s).
    watchdog_ms = 5000
    hard_timer = False

    def __init__(self, clock=None, wire=None, storage_path=None):
        self._make_outputs()
        pins = self.pins
        pin = machine.Pin
        self.button_a = pin(pins["button_a"], pin.IN, pin.PULL_UP)
        self.button_b = pin(pins["button_b"], pin.IN, pin.PULL_UP)
        self.external_ok = pin(pins["external_ok"], pin.IN, pin.PULL_DOWN)
        self.oximeter_lines = Lines(self.oximeter_bus, pins["oximeter_scl"], pins["oximeter_sda"])
        self.cuff_lines = Lines(self.cuff_bus, pins["cuff_scl"], pins["cuff_sda"])
        self._make_converters()
        self.serial = serial_number()
        self.reset_cause = reset_cause()
        self.storage_path = storage_path if storage_path is not None else ""
        if wire is None:
            from vitals.boards.usb import UsbWire

            wire = UsbWire()
        self.wire = wire
        self.clock = clock or McuClock(getattr(wire, "wait", None))
        # Where the clock is somebody else's the heap is too, and says nothing about the board.
        self.heap_free = getattr(gc, "mem_free", None) if clock is None else None

    def _make_outputs(self):
        pins = self.pins
        pin = machine.Pin
        self.pump_enable = pin(pins["pump_enable"], pin.OUT, value=0)
        self.pump = machine.PWM(pin(pins["pump_pwm"]), freq=PUMP_HZ, duty_u16=0)
        self.bleed = machine.PWM(pin(pins["valve_bleed"]), freq=BLEED_HZ, duty_u16=0)
        self.dump = pin(pins["valve_dump"], pin.OUT, value=0)
        self.external_test = pin(pins["external_test"], pin.OUT, value=0)
        self.led_red = machine.PWM(pin(pins["led_red"]), freq=LED_HZ, duty_u16=0)
        self.led_yellow = machine.PWM(pin(pins["led_yellow"]), freq=LED_HZ, duty_u16=0)
        self.buzzer = machine.PWM(pin(pins["buzzer"]), freq=BUZZER_HZ, duty_u16=0)

    def _make_converters(self):
        self._guard = machine.ADC(machine.Pin(self.pins["guard_adc"]))
        self._supply = machine.ADC(machine.Pin(self.pins["supply_adc"]))
        # For the timer's callback: nothing can come between choosing the input and reading it.
        self.guard_read = self._guard.read_u16

    def guard_read_shared(self):
        """The guard channel outside the callback, which uses the same converter and may come at any moment."""
        state = machine.disable_irq()
        raw = self._guard.read_u16()
        machine.enable_irq(state)
        return raw

    def supply_read(self):
        """The supply behind its divider."""
        state = machine.disable_irq()
        raw = self._supply.read_u16()
        machine.enable_irq(state)
        return raw

    def start_timer(self, period_ms, callback):
        """Calls `callback(timer)` every `period_ms`, from an interrupt where the port can; see `hard_timer`."""
        if self.hard_timer:
            try:
                self._timer = machine.Timer(
                    -1, mode=machine.Timer.PERIODIC, period=period_ms, callback=callback, hard=True
                )
                return
            except (TypeError, ValueError):
                self.hard_timer = False
        self._timer = machine.Timer(self._soft_timer, mode=machine.Timer.PERIODIC, period=period_ms, callback=callback)

    _soft_timer = -1

    def start_watchdog(self):
        """Starts the watchdog, which cannot be stopped. Returns the function that feeds it."""
        return machine.WDT(timeout=self.watchdog_ms).feed

    def reset(self):
        """Restarts the board. Does not return."""
        machine.reset()
