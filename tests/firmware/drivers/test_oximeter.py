# SPDX-License-Identifier: Apache-2.0
"""The MAX30102 driver: nothing waits, every lost sample is counted, and every way the chip can fail has its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitalwire_protocol.codec import Fault

HERE = Path(__file__).parent
Run = Callable[..., Any]


@pytest.fixture
def seen(play: Run) -> Any:
    return play(HERE / "play_oximeter.py")


def test_the_oximeter(seen: Any) -> None:
    starts_and_streams(seen["normal"])
    counts_what_was_lost(seen["overflow"])
    assert seen["exactly_full"] == [32, 0, 0, Fault.NONE], "equal pointers were full, then empty"
    assert seen["temperature"] == [[None, 25 * 16 + 8], [None, -5 * 16 + 4]], "1/16 degC, signed; None before the first"
    names_its_faults(seen)
    holds_no_one_up(seen["held_bus"], seen["held_for_good"])


def starts_and_streams(normal: Any) -> None:
    assert normal["red"] == list(range(1, len(normal["red"]) + 1)), "each sample once, in order"
    assert len(normal["red"]) >= 80
    assert normal["ir"] > 200000
    assert normal["lost"] == 0
    assert (normal["fault"], normal["part"], normal["restarts"]) == (Fault.NONE, 0x15, 1)
    assert normal["leds"] == [30, 40], "currents set before the start are not lost"
    assert normal["setup"] == [0x0F, 0x03, 0x27], "no averaging, red and infrared, 4096 nA, 100/s, 411 us"


def counts_what_was_lost(overflow: Any) -> None:
    assert overflow == [[32, 0], [10, 7], [32, 0], [3, 100], Fault.NONE]


def names_its_faults(seen: Any) -> None:
    missing = seen["missing"]
    assert missing["fault"] == Fault.OXIMETER_BUS
    assert missing["attempts"] <= 3, "a missing chip is asked for once a second"
    assert (missing["after"], missing["flows"]) == (Fault.NONE, True), "and works when it is plugged in"
    assert seen["wrong_part"] == [Fault.OXIMETER_ID, 0x11, False]
    fault, running, transfers = seen["stuck_in_reset"]
    assert (fault, running) == (Fault.OXIMETER_BUS, False)
    assert transfers < 20, "the wait for the reset has an end"
    assert seen["silent"] == [Fault.OXIMETER_FIFO, Fault.NONE, 2], "a chip without samples is started anew"
    assert seen["lost_power"] == [Fault.NONE, 2, True]


def holds_no_one_up(held: Any, for_good: Any) -> None:
    assert held["wasted"] == 1, "one time-out, then no transfer until the bus is free"
    assert held["during"] == 0
    assert held["log"] == ["take"] + ["pulse"] * 9 + ["stop"]
    assert held["ticks"] == 10, "one clock a tick"
    assert (held["fault"], held["after"], held["flows"]) == (Fault.OXIMETER_BUS, Fault.NONE, True)
    assert for_good == {"transfers": 1, "rounds": 5, "held": True, "fault": Fault.OXIMETER_BUS}
