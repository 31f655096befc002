# SPDX-License-Identifier: Apache-2.0
"""Set-points over the tolerances of the parts, and their order among the layers."""

from __future__ import annotations

import re

import pytest

from circuit import setpoints
from circuit.setpoints import NOMINAL, QUANTITIES, Draw
from generate.tables import HARDWARE

ROOT = HARDWARE.parent
BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}
TRIP, CUFF, WIRE = (
    BY_NAME["comparator trips"],
    BY_NAME["timer starts above"],
    BY_NAME["broken wire below (sensor output)"],
)


def firmware(path: str, name: str) -> int:
    """The value of a const() of the firmware."""
    found = re.search(
        rf"^{name} = const\(\s*(\d+)\s*\)", (ROOT / "firmware" / "vitals" / path).read_text(), re.MULTILINE
    )
    assert found, name
    return int(found.group(1))


def twin(name: str) -> str:
    text = (HARDWARE / "twin" / "world" / "external.py").read_text(encoding="utf-8")
    found = re.search(rf"^{name} = (.+)$", text, re.MULTILINE)
    assert found, name
    return found.group(1)


def test_the_comparator_trips_at_315_mmhg_nominally() -> None:
    assert setpoints.trip_mmhg(NOMINAL) == pytest.approx(315, abs=1)


def test_the_comparator_stays_within_300_and_330_mmhg_in_the_worst_case() -> None:
    low, high = setpoints.worst_case(TRIP)
    assert 300 < low < 310
    assert 320 < high < 330


def test_parts_of_1_percent_would_leave_the_limits() -> None:
    low, high = setpoints.worst_case_with(TRIP, 0.01)
    assert low < 300
    assert high > 330


def test_no_board_drawn_leaves_a_limit() -> None:
    found = setpoints.analyse(boards=5000, seed=7)
    assert {name: r.outside for name, r in found.items() if r.outside} == {}
    assert setpoints.kept(found)


def test_boards_drawn_lie_within_the_worst_case() -> None:
    for quantity in QUANTITIES:
        low, high = setpoints.worst_case(quantity)
        (least, mean, most), _ = setpoints.monte_carlo(quantity, 2000, 3)
        assert low <= least <= mean <= most <= high, quantity.name


def test_the_supply_cancels_out_but_for_offsets() -> None:
    for end in (-1.0, 1.0):
        assert setpoints.trip_mmhg(Draw({"supply": end})) == pytest.approx(setpoints.trip_mmhg(NOMINAL), abs=0.1)


def test_the_sensor_moves_the_set_point_most() -> None:
    (first, moved), *_ = setpoints.contributions(TRIP)
    assert first == "sensor"
    assert moved == pytest.approx(0.025 * 375, abs=0.01)


def test_an_empty_cuff_never_starts_the_timer() -> None:
    assert setpoints.worst_case(CUFF)[0] > 0


def test_no_healthy_sensor_reads_as_a_broken_wire() -> None:
    low, high = setpoints.worst_case(WIRE)
    assert low > 0
    assert high < setpoints.SENSOR_LEAST_V


def test_the_timer_acts_after_the_interlock_and_leaves_time_to_empty() -> None:
    low, high = setpoints.worst_case(BY_NAME["timer acts after"])
    assert firmware("safety/interlock.py", "CUFF_TIME_MS") / 1000 == setpoints.INTERLOCK_S
    assert low > setpoints.INTERLOCK_S + 1
    assert high + setpoints.EMPTYING_S < setpoints.LIMIT_S


def test_the_layers_act_in_their_order() -> None:
    controller = firmware("nibp/limits.py", "OVER_PRESSURE") / 100
    interlock = firmware("safety/interlock.py", "TRIP_CMMHG") / 100
    assert controller < interlock < setpoints.worst_case(TRIP)[0]


def test_a_dip_must_last_as_long_as_for_the_interlock() -> None:
    low, _ = setpoints.worst_case(BY_NAME["empty for, to start anew"])
    assert low * 1000 >= firmware("safety/interlock.py", "EMPTY_HOLD_MS")


def test_the_simulated_board_s_layer_is_this_one() -> None:
    assert int(twin("TRIP_MMMHG")) / 1000 == pytest.approx(setpoints.trip_mmhg(NOMINAL), abs=1)
    assert twin("TRIP_RANGE_MMMHG") == "(300000, 330000)"
    assert int(twin("TIMER_MMMHG")) / 1000 == pytest.approx(setpoints.cuff_mmhg(NOMINAL), abs=1)
    assert int(twin("TIMER_US")) / 1e6 == pytest.approx(setpoints.timer_s(NOMINAL), abs=0.5)


def test_the_firmware_s_scale_of_the_guard_channel_is_the_divider_s() -> None:
    """0.2 V through R1 and R2, as counts of 65535 for 3.3 V."""
    share = NOMINAL.resistor("R2") / (NOMINAL.resistor("R1") + NOMINAL.resistor("R2"))
    zero = setpoints.ZERO_V * share / 3.3 * 65535
    assert firmware("safety/interlock.py", "NOMINAL_ZERO_RAW") == round(zero)


def test_the_command_prints_the_table_and_ends_with_1_when_a_limit_is_not_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert setpoints.main(["--boards", "1000"]) == 0
    assert "| comparator trips | mmHg | 315.9 |" in capsys.readouterr().out
    monkeypatch.setattr(setpoints, "SENSOR_ERROR_V", 0.04 * 4.5)
    assert setpoints.main(["--boards", "1000"]) == 1
