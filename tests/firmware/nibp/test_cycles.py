# SPDX-License-Identifier: Apache-2.0
"""Whole cycles with a pulse or a record that makes it hard: read with its doubt named, or refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vitalwire_protocol.codec import NibpDoubt, NibpOutcome

Drive = Callable[..., Any]
SHAKEN = [[0.2, {"shake": 8.0}]]
PLANS: list[tuple[str, dict[str, Any]]] = [
    ("usual", {"seconds": 50}),
    ("weak", {"seconds": 60, "at": [[0.2, {"coupling": 0.2}]]}),
    ("uneven", {"seconds": 60, "at": [[0.2, {"uneven": 0.6}]]}),
    ("shaken", {"seconds": 100, "at": SHAKEN}),
    ("rising", {"seconds": 50, "method": 1}),
    ("cut off", {"seconds": 80, "start": False, "at": [[2, {"command": "observe"}]], "other": 260, "let_go": 90}),
]


@pytest.mark.parametrize("plan", [p[1] for p in PLANS], ids=[p[0] for p in PLANS])
def test_the_oscillogram_alone_gives_the_same_result_again(drive: Drive, plan: dict[str, Any]) -> None:
    story = drive(session=False, **plan)
    (result,) = story.results
    assert story.again == {name: result[name] for name in story.again}


@pytest.mark.parametrize(
    ("coupling", "outcome"),
    [(0.04, NibpOutcome.NO_PULSE), (0.1, NibpOutcome.WEAK_PULSE), (0.3, NibpOutcome.OK)],
)
def test_a_weaker_pulse_is_doubted_then_refused_then_not_seen(drive: Drive, coupling: float, outcome: int) -> None:
    (result,) = drive(70, at=[[0.2, {"coupling": coupling}]], session=False).results
    assert result["outcome"] == outcome
    if outcome == NibpOutcome.OK:
        assert result["doubts"] & NibpDoubt.WEAK_PULSE
        assert result["dbp_x10"] == pytest.approx(800, abs=60)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_pulse_without_any_rhythm_is_read_from_what_its_beats_have_in_common(drive: Drive, seed: int) -> None:
    (result,) = drive(70, at=[[0.2, {"uneven": 0.6}]], cuff={"seed": seed}, session=False).results
    assert result["outcome"] in (NibpOutcome.OK, NibpOutcome.IRREGULAR)
    if result["outcome"] == NibpOutcome.OK:
        assert result["sbp_x10"] == pytest.approx(1200, abs=80)
        assert result["dbp_x10"] == pytest.approx(800, abs=60)


@pytest.mark.parametrize("every", [3, 4, 6])
def test_of_early_beats_there_is_a_doubt(drive: Drive, every: int) -> None:
    (result,) = drive(70, at=[[0.2, {"ectopic_every": every}]], session=False).results
    assert result["outcome"] == NibpOutcome.OK
    assert result["doubts"] & NibpDoubt.IRREGULAR
    assert result["sbp_x10"] == pytest.approx(1200, abs=80)
    assert result["dbp_x10"] == pytest.approx(800, abs=60)


@pytest.mark.parametrize("pulse", [44, 58, 71, 84, 97, 118])
def test_an_arm_that_is_still_is_never_said_to_have_moved(drive: Drive, pulse: int) -> None:
    for seed in (1, 2, 3):
        (result,) = drive(60, cuff={"pulse_bpm": pulse, "seed": seed, "noise": 0.2}, session=False).results
        assert result["outcome"] == NibpOutcome.OK
        assert not result["doubts"] & NibpDoubt.MOVEMENT


def test_a_sensor_with_steps_of_a_whole_mmhg_is_good_enough(drive: Drive) -> None:
    fine = drive(60, session=False).results[0]
    coarse = drive(60, at=[[0.2, {"steps": 1.0}]], session=False).results[0]
    for name in ("sbp_x10", "map_x10", "dbp_x10"):
        assert coarse[name] == pytest.approx(fine[name], abs=40)


@pytest.mark.parametrize(
    ("let_go", "outcome"),
    [(66, NibpOutcome.OK), (78, NibpOutcome.OK), (90, NibpOutcome.NOT_BRACKETED), (105, NibpOutcome.NO_CLEAR_MAXIMUM)],
)
def test_a_record_is_read_when_it_reaches_below_the_diastolic_pressure_and_not_when_it_ends_above(
    drive: Drive, let_go: int, outcome: int
) -> None:
    story = drive(80, start=False, at=[[2, {"command": "observe"}]], other=260, let_go=let_go)
    (result,) = story.results
    assert result["outcome"] == outcome
    if outcome == NibpOutcome.OK:
        assert result["dbp_x10"] == pytest.approx(800, abs=60)
        assert bool(result["doubts"] & NibpDoubt.SHORT_DIASTOLIC) == (let_go > 75)
