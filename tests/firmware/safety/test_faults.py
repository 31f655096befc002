# SPDX-License-Identifier: Apache-2.0
"""Technical faults: when they are raised and cleared, to the millisecond; and who keeps the watchdog hungry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalwire_protocol.codec import Fault

HERE = Path(__file__).parent
Run = Callable[..., Any]


def test_faults_and_watchdog(play: Run) -> None:
    seen = play(HERE / "play_faults.py")
    bus, stale, supply, last, capacity = seen["numbers"]
    courses(seen["courses"], bus, stale, supply)
    status(seen["status"], seen["bits"])
    assert last == max(Fault)
    assert max(Fault) < capacity, "every fault has its place"
    assert seen["overflow"] == [32, 8], "bounded: the oldest go, and are counted"
    assert all("is not a wire.FAULT_" in message for message in seen["unknown"])
    watchdog(seen["watchdog"])


def courses(seen: Any, bus: int, stale: int, supply: int) -> None:
    bit = 1 << bus
    assert seen["not_yet"] == [[], 0, 1500]
    assert seen["exactly"] == [[[1500, True, bus, -7]], bit, None]
    assert seen["seen_late"] == [[[1500, True, bus, None]], bit, None]
    assert seen["gone_in_time"] == [[], 0, None]
    assert seen["gone_too_late"] == [[[1500, True, bus, None]], bit, 3500]
    assert seen["clears_after_2_s"] == [[[0, True, bus, None], [3000, False, bus, None]], 0, None]
    assert seen["away_and_seen_away"] == seen["clears_after_2_s"]
    assert seen["not_before"] == [[[0, True, bus, None]], bit, 3000]
    assert seen["back_again"] == [[[0, True, bus, None]], bit, None]
    assert seen["reported_twice"] == [[[0, True, bus, 5]], bit, None]
    assert seen["reported_while_coming"] == [[[100, True, bus, None]], bit, None]
    assert seen["resolved_at_once"] == [[[0, True, bus, None], [10, False, bus, None]], 0, None]
    assert seen["resolved_that_was_not_there"] == [[], 0, None]
    assert seen["in_order_of_time"][0] == [
        [550, True, bus, None],
        [600, True, stale, None],
        [600, True, supply, None],
    ]


def status(seen: Any, bits: list[int]) -> None:
    oximeter, cuff, guard, supply, external, config = bits
    expected = dict.fromkeys(Fault, 0)
    expected |= dict.fromkeys((Fault.OXIMETER_BUS, Fault.OXIMETER_ID, Fault.OXIMETER_FIFO), oximeter)
    expected |= {Fault.GUARD_RANGE: guard, Fault.SUPPLY_LOW: supply}
    expected |= {Fault.EXTERNAL_TRIPPED: external, Fault.CONFIG_CORRUPT: config}
    expected |= {fault: cuff for fault in Fault if Fault.CUFF_BUS <= fault <= Fault.CUFF_SATURATED}
    expected |= {fault: cuff for fault in Fault if Fault.CHANNEL_MISMATCH <= fault <= Fault.BLOCKED}
    expected |= dict.fromkeys((Fault.EXTERNAL_MISSING, Fault.INTERLOCK, Fault.TIMER_MISSING), cuff)
    assert seen["each"] == {str(int(fault)): bit for fault, bit in expected.items() if fault}
    assert seen["two"] == cuff | supply
    assert seen["none"] == 0
    assert seen["standing"] == [True, False]


def watchdog(seen: Any) -> None:
    assert seen["turns"] == [
        [True, 1, [], 0],
        [False, 1, ["cuff"], 1],
        [False, 1, ["oximeter", "cuff", "link"], 2],
        [True, 2, [], 0],
        [False, 2, ["oximeter", "link"], 1],
    ]
    assert all("1 to 30 parts" in message for message in seen["refused"])
