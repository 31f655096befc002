# SPDX-License-Identifier: Apache-2.0
"""The interlock alone, with no controller beside it: what trips it, at which tick of 20 ms, and what lets it go.

Each story is [tick that tripped (0: none), cause, guard pressure at the trip in 0.01 mmHg, trips, cuts, inhibited].
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
Run = Callable[..., Any]
NEVER = [0, 0, None, 0, 0, False]
TICK_MS = 20


@pytest.fixture
def seen(play: Run) -> Any:
    return play(HERE / "play_interlock.py")


def test_set_points(seen: Any) -> None:
    """One run tells all: starting an interpreter costs more than the ticks."""
    faults = seen["faults"]
    over_pressure(seen["over_pressure"], faults["over_pressure"])
    cuff_timer(seen["cuff_timer"], faults["over_time"])
    electrical_range(seen["electrical_range"], faults["guard_range"])
    stuck(seen["stuck"], faults["guard_range"])
    deadman(seen["deadman"], faults["loop_slow"])
    latch_and_reset(seen["latch_and_reset"], faults)
    calibrated(seen["calibrated"], faults["over_pressure"])
    with_a_clock(seen["with_a_clock"], faults)
    # 200 ms without a tick is still a running timer, 201 ms is not
    assert seen["running"] == [True, True, False, True, True, False]


def over_pressure(seen: Any, cause: int) -> None:
    assert seen["below"] == NEVER, "299.99 mmHg is allowed for ever (10 s here)"
    assert seen["at"] == [1, cause, 30000, 1, 1, True], "300.00 mmHg trips on the first tick that sees it"
    assert seen["idle"] == [1, cause, 30000, 1, 1, True], "whether or not an output is on"
    fixed_point, physics = seen["scale_mmhg_x100"]
    assert abs(fixed_point - physics) <= 4, "the integer scale is the data sheet's, to 0.03 mmHg"


def cuff_timer(seen: Any, cause: int) -> None:
    assert seen["above_15"] == [173_000 // TICK_MS, cause, 1501, 1, 1, True]
    assert seen["at_15"] == NEVER
    assert seen["a_dip_of_980_ms_stops_nothing"] == [8650 - 8000 - 49, cause, 1501, 1, 1, True]
    assert seen["after_1_s_empty_it_starts_anew"] == [8650, cause, 1501, 1, 1, True]
    assert seen["without_a_reading_it_goes_on"] == [650, cause, None, 1, 1, True]
    assert seen["without_a_reading_it_does_not_begin"] == NEVER


def electrical_range(seen: Any, cause: int) -> None:
    for name in ("open", "low", "high", "shorted", "error", "none"):
        assert seen[name] == [100 // TICK_MS, cause, None, 1, 1, True], name
    assert seen["highest"][0] == 1, "still a reading, of 380 mmHg"
    assert seen["highest"][2] == (63020 - 2648) * 5156 >> 13
    for name in ("lowest", "zero", "idle", "four_bad_one_good_four_bad"):
        assert seen[name] == NEVER, name


def stuck(seen: Any, cause: int) -> None:
    assert seen["frozen"] == [1 + 12_000 // TICK_MS, cause, 9999, 1, 1, True]
    assert seen["noise"][1] == cause, "movement below 2 mmHg is no movement"
    for name in ("pulsation", "moves_in_time", "pump_off", "pump_paused"):
        assert seen[name] == NEVER, name


def deadman(seen: Any, cause: int) -> None:
    assert seen["energised"] == [1000 // TICK_MS, cause, 0, 1, 1, True]
    assert seen["kicked_only_once_between"] == [1000 // TICK_MS, cause, 0, 1, 1, True]
    for name in ("idle", "energised_after_a_kick", "kicked_each_second"):
        assert seen[name] == NEVER, name


def latch_and_reset(seen: Any, faults: Any) -> None:
    assert seen["cut_again_on_every_tick"] == [False, 2], "what is switched on after a trip is off by the next tick"
    assert seen["cause_stays"] == [0, faults["over_pressure"], 30997, 1, 2, True]
    assert seen["cuff_not_empty"] == [faults["cuff_not_empty"], True, True]
    assert seen["no_reading"] == [faults["guard_range"], True, True]
    assert seen["empty"] == [0, False, False, 0]
    assert seen["again"] == 0
    assert seen["works_again"][:2] == [1, faults["over_pressure"]]
    assert seen["works_again"][3] == 2
    assert seen["timer_starts_anew"][0] == 0
    assert seen["timer_starts_anew"][1][0] == 0


def calibrated(seen: Any, cause: int) -> None:
    assert all("outside a healthy channel" in message for message in seen["refused"])
    assert len(seen["refused"]) == 4
    assert seen["below"] == NEVER
    assert seen["at"] == [1, cause, 30000, 1, 1, True]
    # the most that a calibration can lift the trip: 312 mmHg on the nominal scale, below the comparator's 315
    assert seen["ceiling_below"] == NEVER
    assert seen["ceiling"][:2] == [1, cause]
    assert seen["ceiling"][2] < 30000


def with_a_clock(seen: Any, faults: Any) -> None:
    assert seen["late"][:2] == [-(-1000 // 70), faults["loop_slow"]]
    assert seen["wrap"] == seen["late"]
    assert seen["one_long_gap"] == [0, [1, faults["over_time"], 1999, 1, 1, True]]


def test_ticks_allocate_nothing(play_micropython: Run) -> None:
    seen = play_micropython(HERE / "play_heap.py")
    assert seen["wasteful_caught"] is True, (
        "the locked heap would not show an allocation: the other tests prove nothing"
    )
    assert seen["frugal_caught"] is False
    assert seen["allocated_no_reading"] == 0
    assert seen["allocated_idle"] == 0
    assert seen["allocated_tripped"] == 0


def test_no_product_passes_what_a_small_integer_holds() -> None:
    """The board's small integers end at 2^30; the desktop's do not, so a locked heap there would not show it."""
    source = (Path(__file__).resolve().parents[3] / "firmware" / "vitals" / "safety" / "interlock.py").read_text()
    constant = {
        name: int(value.rstrip(")"))
        for name, value in (
            line.split(" = const(") for line in source.splitlines() if " = const(" in line and "0x" not in line
        )
    }
    widest = 65535 - (constant["NOMINAL_ZERO_RAW"] - constant["ZERO_SPAN_RAW"])
    steepest = constant["NOMINAL_GAIN_Q13"] + constant["GAIN_SPAN_Q13"]
    assert widest * steepest < 2**30
    assert 65536 * steepest < 2**30
    assert 2 * constant["CUFF_TIME_MS"] < 2**30
