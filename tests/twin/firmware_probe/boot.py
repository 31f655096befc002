# SPDX-License-Identifier: Apache-2.0
"""Firmware of the twin's own tests: outputs safe first, as real firmware does."""

import machine

for number in (10, 11, 12, 13):
    machine.Pin(number, machine.Pin.OUT, value=0)
