# SPDX-License-Identifier: Apache-2.0
"""The board's clock over the wrap of `ticks_ms`, and the names of boards."""

import json
import sys


class Time:
    """The module `time` of a board: milliseconds modulo 2^30, differences as MicroPython takes them."""

    def __init__(self):
        self.ms = 0x3FFFFFF0
        self.slept = []

    def ticks_ms(self):
        return self.ms & 0x3FFFFFFF

    def ticks_us(self):
        return (self.ms * 1000) & 0x3FFFFFFF

    def ticks_diff(self, a, b):
        return ((a - b + 0x20000000) & 0x3FFFFFFF) - 0x20000000

    def sleep_ms(self, ms):
        self.slept.append(ms)
        self.ms += ms


time = sys.modules["time"] = Time()

from vitals.boards import name_of  # noqa: E402
from vitals.boards.clock import McuClock  # noqa: E402

clock = McuClock()
seen = [clock.now_ms()]
for step in (10, 10, 100000, 0x1FFFFFFF, 0x1FFFFFFF, 0x1FFFFFFF):
    time.ms += step
    seen.append(clock.now_ms())
before = clock.now_ms()
clock.sleep_until(before + 25)
clock.sleep_until(before)
names = ("Raspberry Pi Pico with RP2040", "Raspberry Pi Pico W with RP2040", "Raspberry Pi Pico2 with RP2350")
names += (
    "Generic ESP32S3 module with ESP32S3",
    "Generic ESP32C3 module with ESP32C3",
    "",
    "linux [GCC 14.2.0] version",
)
print(
    json.dumps(
        {
            "ms": seen,
            "slept": time.slept,
            "woke": clock.now_ms() - before,
            "boards": [name_of(name) for name in names],
        }
    )
)
