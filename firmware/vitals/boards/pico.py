# SPDX-License-Identifier: Apache-2.0
"""Raspberry Pi Pico (RP2040), the reference board."""

from vitals.boards import common
from vitals.link import wire

# Written by `make hardware` from hardware/pinout.csv.
PINS = {
    "oximeter_sda": 4,
    "oximeter_scl": 5,
    "cuff_sda": 2,
    "cuff_scl": 3,
    "pump_pwm": 10,
    "pump_enable": 11,
    "valve_bleed": 12,
    "valve_dump": 13,
    "external_ok": 14,
    "external_test": 15,
    "led_red": 16,
    "led_yellow": 17,
    "buzzer": 18,
    "button_a": 20,
    "button_b": 21,
    "guard_adc": 26,
    "supply_adc": 27,
}


class Board(common.Board):
    name = "pico"
    kind = wire.BOARD_PICO
    pins = PINS
    # From MicroPython 1.26 on; an older one gets a soft timer, and the hello says so.
    hard_timer = True
