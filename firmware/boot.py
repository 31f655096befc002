# SPDX-License-Identifier: Apache-2.0
"""Runs first after every start: outputs safe before anything else, then which copy of the firmware runs.

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


def choose_copy():
    """Lets imports find the copy of the firmware that the file `active` names.

    A board keeps two, so that one is whole while the other is written. Without that file the firmware lies beside this.
    """
    try:
        with open("active") as f:
            name = f.read(8)
    except OSError:
        return
    if name in ("copy_a", "copy_b"):
        sys.path.insert(0, name)


def count_start():
    """The copy's own, so that it and this file can be replaced one after the other."""
    from vitals import start

    start.count_start()


choose_copy()
count_start()
