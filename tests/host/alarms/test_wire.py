# SPDX-License-Identifier: Apache-2.0
"""What the board is sent of a profile's limits and of how they behave."""

from __future__ import annotations

import binascii
import struct

from vitalwire.alarms.rules import Conduct, Limit
from vitalwire.alarms.wire import wire_limits

SPO2 = Limit("spo2_low", 92.5, 1, 8, "medium", "")
PULSE = Limit("pulse_high", 120, 2, 10, "medium", "")
CONDUCT = Conduct(
    overrides=(("spo2_low", 85, "high"), ("sbp_high", 200, "high")),
    index_pct_s=30,
    index_priority="high",
    latching=frozenset({"pulse_high", "sbp_high", "sbp_rise"}),
    escalate_s=60,
)


def test_items_carry_tenths_and_the_crc_is_of_all_that_is_sent() -> None:
    wire = wire_limits((SPO2, PULSE))
    assert wire.items == ((0, 2, 925, 10, 80), (2, 2, 1200, 20, 100))
    assert (wire.latching, wire.escalate_s) == (0, 0)
    packed = b"".join(struct.pack("<BBHHH", *item) for item in wire.items)
    assert wire.crc_of_items == binascii.crc32(packed)
    assert wire.crc == binascii.crc32(packed + bytes(4))


def test_a_worse_limit_and_the_index_are_items_of_their_own_behind_the_limits() -> None:
    wire = wire_limits((SPO2, PULSE), CONDUCT)
    assert wire.items[2:] == ((7, 3, 850, 0, 0), (14, 3, 300, 0, 0))
    assert (wire.latching, wire.escalate_s) == (1 << 2, 60)
    packed = b"".join(struct.pack("<BBHHH", *item) for item in wire.items)
    assert wire.crc == binascii.crc32(packed + struct.pack("<HH", 4, 60))


def test_what_belongs_to_a_limit_that_is_off_is_not_sent() -> None:
    assert wire_limits((PULSE,), CONDUCT).items == ((2, 2, 1200, 20, 100),)
