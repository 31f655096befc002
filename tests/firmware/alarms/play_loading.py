# SPDX-License-Identifier: Apache-2.0
"""What the board's limits accept and refuse, what a reset leaves, and what a full queue does."""

import binascii
import json
import struct

from vitals.alarms.limit import SPO2
from vitals.alarms.limits import Limits
from vitals.link import wire

HIGH, LOW = wire.PRIORITY_HIGH, wire.PRIORITY_LOW
SPO2_NOW = (wire.RULE_SPO2_LOW, HIGH, 900, 10, 0)
PULSE_NOW = (wire.RULE_PULSE_HIGH, wire.PRIORITY_MEDIUM, 1200, 20, 0)


def taken(limits):
    changes = []
    while True:
        change = limits.take_change()
        if change is None:
            return changes
        changes.append((change.t_ms, change.rule, change.state, change.value))


def packed():
    limits = Limits()
    data = struct.pack("<BBHHHBBHHH", 4, HIGH, 1700, 50, 0, 0, HIGH, 920, 10, 80)
    refusal = limits.load_packed(memoryview(data), 0)
    return {"refusal": refusal, "crc": limits.crc, "wire_crc": binascii.crc32(data), "items": limits.items()}


def empty():
    limits = Limits()
    return {"refusal": limits.load([], 0), "crc": limits.crc, "items": limits.items()}


def order_matters():
    one, other = Limits(), Limits()
    one.load([SPO2_NOW, PULSE_NOW], 0)
    other.load([PULSE_NOW, SPO2_NOW], 0)
    return one.crc != other.crc and one.items() == [SPO2_NOW, PULSE_NOW]


def refused():
    bad = {
        "unknown rule": [(7, HIGH, 900, 10, 0)],
        "no priority": [(0, 0, 900, 10, 0)],
        "unknown priority": [(0, 4, 900, 10, 0)],
        "no threshold": [(0, HIGH, 0, 10, 0)],
        "threshold too large": [(0, HIGH, 65536, 10, 0)],
        "high limit that nothing clears": [(2, HIGH, 100, 100, 0)],
        "a rule twice": [SPO2_NOW, SPO2_NOW],
        "the last of several": [SPO2_NOW, (9, HIGH, 900, 10, 0)],
        "a worse limit without its limit": [PULSE_NOW, (7, HIGH, 850, 0, 0)],
        "a worse limit that is not worse": [SPO2_NOW, (7, HIGH, 900, 0, 0)],
        "a worse high limit that is lower": [PULSE_NOW, (9, HIGH, 1190, 0, 0)],
        "a worse limit that waits": [SPO2_NOW, (7, HIGH, 850, 0, 10)],
        "a worse limit twice": [SPO2_NOW, (7, HIGH, 850, 0, 0), (7, HIGH, 840, 0, 0)],
        "an index without a saturation": [PULSE_NOW, (14, HIGH, 300, 0, 0)],
        "what is no limit": [(15, HIGH, 900, 10, 0)],
        "delay too long": [(0, HIGH, 900, 10, 65536)],
    }
    out = {}
    for name, items in bad.items():
        limits = Limits()
        limits.load([PULSE_NOW], 0)
        crc = limits.crc
        refusal = limits.load(items, 0)
        out[name] = (refusal, limits.crc == crc and limits.items() == [PULSE_NOW])
    limits = Limits()
    crc = limits.crc
    out["latching of what is no limit"] = (limits.load([SPO2_NOW], 0, 1 << 7, 0), limits.crc == crc)
    out["half an item"] = (limits.load_packed(bytes(12), 0), limits.crc == crc)
    return out


def conduct():
    """What behaves as a profile says is in force, and its CRC is of all that was sent."""
    rows = [SPO2_NOW, (7, HIGH, 850, 0, 0), (14, HIGH, 300, 0, 0)]
    data = b"".join([struct.pack("<BBHHH", *row) for row in rows])
    limits = Limits()
    refusal = limits.load_packed(data, 0, 1, 60)
    with_it = limits.crc == binascii.crc32(data + struct.pack("<HH", 1, 60))
    limits.load(rows, 0)
    return refusal, with_it, limits.crc == binascii.crc32(data), limits.items() == rows


def off_and_on_again():
    """A rule that was off has forgotten what it saw before."""
    limits = Limits()
    limits.load([(wire.RULE_SBP_HIGH, HIGH, 1800, 50, 0)], 0)
    limits.update(wire.RULE_SBP_HIGH, 1900, 1000)
    limits.load([], 2000)
    limits.load([(wire.RULE_SBP_HIGH, HIGH, 1800, 50, 0)], 3000)
    return taken(limits)


def extremes():
    """The largest and smallest numbers that fit are accepted."""
    rows = [(0, HIGH, 65535, 65535, 65535), (2, LOW, 1, 0, 0), (3, LOW, 1, 0, 0)]
    limits = Limits()
    return limits.load(rows, 0), limits.items() == rows


def after_reset():
    limits = Limits()
    default_crc = limits.crc
    by_host = [limits.set_by_host]
    limits.load([SPO2_NOW], 0)
    by_host.append(limits.set_by_host)
    limits.update(wire.RULE_SPO2_LOW, 800, 1000)
    taken(limits)
    limits.reset(2000)
    by_host.append(limits.set_by_host)
    return {
        "changes": taken(limits),
        "state": limits.state(wire.RULE_SPO2_LOW),
        "set_by_host": by_host,
        "crc_is_default": limits.crc == default_crc,
        "deadline": limits.next_deadline(),
    }


def nothing_inherited():
    limits = Limits()
    limits.load([(wire.RULE_SBP_HIGH, HIGH, 1800, 50, 0)], 0)
    limits.update(wire.RULE_SBP_HIGH, 1790, 1000)
    limits.reset(2000)
    limits.load([(wire.RULE_SBP_HIGH, HIGH, 1500, 50, 0)], 3000)
    limits.advance(600000)
    return taken(limits)


def worst():
    limits = Limits()
    limits.load([SPO2_NOW, PULSE_NOW], 0)
    sounding, showing = [limits.sounding()], [limits.showing()]

    def note():
        sounding.append(limits.sounding())
        showing.append(limits.showing())

    limits.observe(SPO2, 800, 1000)
    limits.update(wire.RULE_PULSE_HIGH, 1300, 1000)
    note()
    limits.acknowledge(wire.RULE_SPO2_LOW, 2000)
    note()
    limits.acknowledge(wire.RULE_PULSE_HIGH, 2000)
    note()
    return {"sounding": sounding, "showing": showing}


def overflow():
    limits = Limits()
    limits.load([SPO2_NOW], 0)
    for i in range(40):
        limits.update(wire.RULE_SPO2_LOW, 950 if i % 2 else 850, i)
    return len(taken(limits)), limits.overflowed


print(
    json.dumps(
        {
            "default_crc": Limits().crc,
            "bad_value": wire.REFUSAL_BAD_VALUE,
            "packed": packed(),
            "empty": empty(),
            "order_matters": order_matters(),
            "refused": refused(),
            "conduct": conduct(),
            "off_and_on_again": off_and_on_again(),
            "extremes": extremes(),
            "after_reset": after_reset(),
            "nothing_inherited": nothing_inherited(),
            "worst": worst(),
            "overflow": overflow(),
        }
    )
)
