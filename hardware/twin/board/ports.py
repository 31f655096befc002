# SPDX-License-Identifier: Apache-2.0
"""The rules of each MicroPython port that the firmware can run into: ranges, ids, what a reset leaves behind.

Sources: the ports' sources (`ports/rp2`, `ports/esp32`: machine_timer.c, machine_wdt.c, modmachine.c, machine_i2c.c,
machine_pwm.c, machine_adc.c) and the chips' data sheets.
"""

ENODEV = 19
EIO = 5
ETIMEDOUT = 110
ETIMEDOUT_ESP = 116  # the ESP32's C library has another number

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


class Port:
    """What a board's port allows. `adc_channels` maps a pin to its ADC channel."""

    family = "rp2"
    machine_name = ""  # what sys.implementation._machine and os.uname().machine say
    sysname = "rp2"
    pins = range(30)
    adc_channels = {26: 0, 27: 1, 28: 2, 29: 3}
    adc_fullscale_uv = 3300000  # the reference is the supply of 3.3 V
    adc_spread_lsb = 6  # about 9 effective bits of 12: standard deviation 2.4 counts
    hard_timers = True
    timer_ids = (-1,)
    wdt_max_ms = 8388  # 24 bits of half microseconds (RP2040 erratum E1)
    pwm_min_hz = 8
    pwm_max_hz = 62500000
    i2c_missing = EIO
    i2c_timeout = ETIMEDOUT
    frequency_hz = 125000000
    reset_names = ("PWRON_RESET", "WDT_RESET")
    causes = {"power_on": PWRON_RESET, "brown_out": PWRON_RESET, "watchdog": WDT_RESET, "hard_reset": WDT_RESET}
    boot_us = 200000  # from power to the first line of boot.py
    i2c_pins = {0: ((0, 4, 8, 12, 16, 20, 24, 28), 1), 1: ((2, 6, 10, 14, 18, 26), 1)}

    def check_i2c(self, bus, scl, sda):
        """Raises ValueError as the port does where a controller does not exist or is not on these pins."""
        if bus not in self.i2c_pins:
            raise ValueError("I2C(%d) doesn't exist" % bus)
        places, step = self.i2c_pins[bus]
        if sda not in places:
            raise ValueError("bad SDA pin")
        if scl - step not in places:
            raise ValueError("bad SCL pin")

    def pwm_slice(self, pin):
        """Pins of one slice share a frequency."""
        return pin >> 1 & 7


class Pico(Port):
    """Raspberry Pi Pico, RP2040."""

    name = "pico"
    machine_name = "Raspberry Pi Pico with RP2040"


class Pico2(Port):
    """Raspberry Pi Pico 2, RP2350."""

    name = "pico2"
    machine_name = "Raspberry Pi Pico2 with RP2350"
    wdt_max_ms = 16777
    frequency_hz = 150000000


class Esp32S3(Port):
    """Generic ESP32-S3."""

    name = "esp32s3"
    family = "esp32"
    machine_name = "Generic ESP32S3 module with ESP32S3"
    sysname = "esp32"
    pins = tuple(p for p in range(49) if not 22 <= p <= 32)  # 22-25 do not exist, 26-32 are the flash
    adc_channels = {p: p - 1 for p in range(1, 21)}
    adc_fullscale_uv = 950000  # at 0 dB, which is the default; see `attenuations`
    attenuations = {0: 950000, 1: 1250000, 2: 1750000, 3: 3100000}
    adc_spread_lsb = 12
    hard_timers = False
    timer_ids = (-1, 0, 1, 2, 3)
    wdt_max_ms = 4294967
    pwm_min_hz = 1
    pwm_max_hz = 40000000
    i2c_missing = ENODEV
    i2c_timeout = ETIMEDOUT_ESP
    frequency_hz = 160000000
    reset_names = ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET")
    causes = {"power_on": PWRON_RESET, "brown_out": PWRON_RESET, "watchdog": WDT_RESET, "hard_reset": HARD_RESET}
    boot_us = 400000

    def check_i2c(self, bus, scl, sda):
        """Any pins; two controllers."""
        if bus not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % bus)

    def pwm_slice(self, pin):
        """The port finds a timer for each frequency: nothing is shared that matters here."""
        return pin


PORTS = {"pico": Pico, "pico2": Pico2, "esp32s3": Esp32S3}
