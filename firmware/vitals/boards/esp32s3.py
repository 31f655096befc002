# SPDX-License-Identifier: Apache-2.0
"""ESP32-S3 DevKitC.

This port has no hard timers, so the interlock runs from a soft one and the cuff works only with the external layer
fitted. Its converter does not span 3.3 V evenly: readings come from the calibrated microvolts. Its I2C driver sets the
time-out of a transfer by itself.
"""

import machine

from vitals.boards import common
from vitals.link import wire

# Written by `make hardware` from hardware/pinout.csv.
PINS = {
    "oximeter_sda": 8,
    "oximeter_scl": 9,
    "cuff_sda": 10,
    "cuff_scl": 11,
    "pump_pwm": 12,
    "pump_enable": 13,
    "valve_bleed": 14,
    "valve_dump": 15,
    "external_ok": 16,
    "external_test": 17,
    "led_red": 18,
    "led_yellow": 21,
    "buzzer": 38,
    "button_a": 39,
    "button_b": 40,
    "guard_adc": 1,
    "supply_adc": 2,
}


class Board(common.Board):
    name = "esp32s3"
    kind = wire.BOARD_ESP32S3
    pins = PINS
    # Timer(-1) is taken by nothing else, but older builds know only 0..3.
    _soft_timer = 0

    def _make_converters(self):
        self._guard = machine.ADC(machine.Pin(self.pins["guard_adc"]), atten=machine.ADC.ATTN_11DB)
        self._supply = machine.ADC(machine.Pin(self.pins["supply_adc"]), atten=machine.ADC.ATTN_11DB)
        self.guard_read = self._read_guard

    def _read_guard(self):
        return _u16(self._guard.read_uv())

    def guard_read_shared(self):
        return _u16(self._guard.read_uv())

    def supply_read(self):
        return _u16(self._supply.read_uv())


def _u16(microvolts):
    """Microvolts as the counts of a 16-bit converter of 3.3 V: 65535 / 3.3e6 = 5206 / 2^18, in steps that fit 2^30."""
    counts = ((microvolts >> 4) * 5206) >> 14
    return counts if counts < 65535 else 65535
