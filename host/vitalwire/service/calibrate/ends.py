# SPDX-License-Identifier: Apache-2.0
"""How a hold ended."""

from __future__ import annotations

from enum import IntEnum


class SelftestEnd(IntEnum):
    DONE = 0
    ABORTED = 1
    PULSE_SEEN = 2
    SENSOR_FAULT = 3
    NOT_INFLATED = 4
    OVER_PRESSURE = 5
    INTERLOCK = 6
    EXTERNAL_TRIPPED = 7
    TIMEOUT = 8
    NOT_FITTED = 9
    SUPPLY_LOW = 10
    BUTTON = 11
