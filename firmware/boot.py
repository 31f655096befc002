# SPDX-License-Identifier: Apache-2.0
"""Runs first after every start: outputs safe before anything else, then the decision between application and service.

A soft reset keeps pin levels but ends the timers, the interlock's among them: a pump that was on would stay on. So this
file names the pins by itself, and a fault anywhere in the application cannot keep it from making them safe.
"""

import sys

from machine import Pin

# Written by `make hardware` from hardware/pinout.csv.
# pump_enable, pump_pwm, valve_bleed, valve_dump, external_test.
SAFE_LOW = {
    "RP2040": (11, 10, 12, 13, 15),
    "RP2350": (11, 10, 12, 13, 15),
    "ESP32S3": (13, 12, 14, 15, 17),
}


def outputs_safe():
    """Pump off, both valves open. Pins of a board that is not known here are not touched."""
    machine = getattr(sys.implementation, "_machine", "")
    for chip in SAFE_LOW:
        if chip in machine:
            for number in SAFE_LOW[chip]:
                Pin(number, Pin.OUT, value=0)


outputs_safe()


def count_start():
    """Counts this start and decides on service mode; vitals/start.py takes the decision from here.

    Nothing is saved yet: the cuff may still be emptying, and flash is not written while it is inflated.
    """
    import vitals
    from vitals.boards.common import reset_cause
    from vitals.store.bootlog import BootLog

    log = BootLog("")
    log.start(reset_cause(), save=False)
    vitals.boot_log = log


count_start()
