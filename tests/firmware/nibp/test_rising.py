# SPDX-License-Identifier: Apache-2.0
"""Measuring while the cuff inflates: as near as on the way down, quicker, at a lower pressure, its faults named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vitalwire_protocol.codec import CuffDirection, CuffPhase, NibpOutcome

Drive = Callable[..., Any]
RISING = int(CuffDirection.INFLATION)


@pytest.mark.parametrize(
    ("sbp", "dbp", "pulse"), [(120, 80, 72), (100, 60, 95), (120, 80, 45), (150, 95, 60), (120, 80, 130)]
)
def test_a_reading_on_the_way_up_comes_near_the_model(drive: Drive, sbp: int, dbp: int, pulse: int) -> None:
    story = drive(60, method=RISING, cuff={"sbp": sbp, "dbp": dbp, "pulse_bpm": pulse})
    (result,) = story.results
    assert (result["outcome"], result["direction"]) == (NibpOutcome.OK, RISING)
    assert result["sbp_x10"] == pytest.approx(sbp * 10, abs=80)
    assert result["dbp_x10"] == pytest.approx(dbp * 10, abs=60)
    assert result["pulse_x10"] == pytest.approx(pulse * 10, rel=0.04)
    assert result["quality"] >= 50
    assert result["peak_pressure_x10"] <= 10 * (sbp + 25), "it stops when the systolic pressure is certain"
    assert not any(phase == CuffPhase.DEFLATING for _, phase, _ in story.phases)


def test_an_adult_s_reading_takes_at_most_half_a_minute(drive: Drive) -> None:
    (result,) = drive(60, method=RISING).results
    assert result["ended_ms"] - result["started_ms"] <= 27000


def test_the_pressure_rises_at_five_to_six_mmhg_a_second(drive: Drive) -> None:
    story = drive(60, method=RISING)
    begin, end = story.first(int(CuffPhase.INFLATING)), story.first(int(CuffPhase.DUMPING))
    steady = [(t, cuff) for t, cuff, *_ in story.trace if begin + 5 <= t <= end]
    rate = (steady[-1][1] - steady[0][1]) / (steady[-1][0] - steady[0][0])
    assert 5.0 <= rate <= 6.0


@pytest.mark.parametrize("size", [0.6, 3.5])
def test_a_small_cuff_and_a_large_one_are_filled_at_that_rate_too(drive: Drive, size: float) -> None:
    story = drive(70, method=RISING, at=[[0.5, {"size": size}]])
    (result,) = story.results
    assert (result["outcome"], result["direction"]) == (NibpOutcome.OK, RISING)
    assert result["sbp_x10"] == pytest.approx(1200, abs=100)


def test_a_higher_pressure_raises_the_target_without_a_second_inflation(drive: Drive) -> None:
    story = drive(80, method=RISING, cuff={"sbp": 180, "dbp": 110})
    (result,) = story.results
    assert (result["outcome"], result["direction"]) == (NibpOutcome.OK, RISING)
    assert result["sbp_x10"] == pytest.approx(1800, abs=100)
    assert [phase for _, phase, _ in story.phases].count(int(CuffPhase.INFLATING)) == 1


def test_what_failed_on_the_way_up_is_tried_again_on_the_way_down(drive: Drive) -> None:
    story = drive(180, method=RISING, at=[[0.5, {"shake": 8.0}], [88, {"shake": 0.0}]])
    first, second = story.results[:2]
    assert first["outcome"] != NibpOutcome.OK
    assert (second["attempt"], second["outcome"]) == (2, NibpOutcome.OK)
    assert second["direction"] == int(CuffDirection.DEFLATION)


FAULTS = [
    ("pump dead", {"pump_works": False}, {NibpOutcome.NO_INFLATION}),
    ("cuff open", {"leak": 3.0}, {NibpOutcome.NO_INFLATION}),
    ("kinked from the start", {"kinked": True}, {NibpOutcome.BLOCKED}),
    ("no arm in the cuff", {"coupling": 0.0}, {NibpOutcome.NO_PULSE}),
    ("channels differ", {"guard_gain": 0.7}, {NibpOutcome.CHANNEL_MISMATCH}),
    ("shaken arm", {"shake": 8.0}, {NibpOutcome.MOVEMENT}),
]


@pytest.mark.parametrize(("change", "outcomes"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_every_failure_has_its_name_and_gives_no_number(
    drive: Drive, change: dict[str, Any], outcomes: set[NibpOutcome]
) -> None:
    story = drive(150, method=RISING, at=[[0.2, change]], session=False)
    (result,) = story.results
    assert result["outcome"] in outcomes
    assert [result[k] for k in ("sbp_x10", "map_x10", "dbp_x10", "pulse_x10", "quality")] == [None] * 5
    assert story.trace[-1][1] < 15 or change.get("kinked")
    assert [story.trace[-1][3], story.trace[-1][4]] == [False, False]  # dump valve open, pump off


@pytest.mark.parametrize("after_s", [0.5, 8, 15])
def test_a_stop_on_the_way_up_empties_the_cuff(drive: Drive, after_s: float) -> None:
    story = drive(50, method=RISING, at=[[f"{int(CuffPhase.INFLATING)}+{after_s}", {"command": "abort"}]])
    assert story.outcomes == [NibpOutcome.ABORTED]
    assert story.results[0]["ended_ms"] / 1000 - story.first(int(CuffPhase.INFLATING)) - after_s < 10
    assert story.trace[-1][1] < 15


def test_a_pump_that_does_not_stop_is_held_by_the_controller_s_limit(drive: Drive) -> None:
    story = drive(60, method=RISING, at=[[f"{int(CuffPhase.INFLATING)}+5", {"pump_stuck": True}]], session=False)
    assert len(story.results) == 1
    assert max(cuff for _, cuff, *_ in story.trace) < 285
