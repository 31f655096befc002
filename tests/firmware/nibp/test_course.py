# SPDX-License-Identifier: Apache-2.0
"""When a deflation has shown enough, and when it began too low."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLAY = Path(__file__).with_name("play_course.py")
RISE = [150, 180, 200, 260, 400, 650, 900, 1200, 1500]
TOP = [1750, 1900, 1950, 1850]
FALL = [1700, 1550, 1400, 1250, 1100, 950]


@pytest.fixture
def verdicts(play: Callable[..., Any], tmp_path: Path) -> Callable[..., list[str]]:
    def run(amplitudes: list[int], noise: int = 150) -> list[str]:
        path = tmp_path / "amplitudes.json"
        path.write_text(json.dumps([[amplitudes, noise]]), encoding="utf-8")
        found = play(PLAY, str(path))
        names = dict(zip(found["names"], ("unclear", "too low", "enough"), strict=True))
        return [names[v] for v in found["said"][0]]

    return run


Verdicts = Callable[..., list[str]]


def test_a_hill_that_has_risen_and_fallen_is_enough_and_no_sooner(verdicts: Verdicts) -> None:
    said = verdicts(RISE + TOP + FALL)
    fallen_at = len(RISE + TOP) + 4  # two beats below three quarters of the top
    assert set(said[:fallen_at]) == {"unclear"}
    assert said[fallen_at:] == ["enough"] * (len(said) - fallen_at)


def test_a_hill_whose_rise_was_not_seen_began_too_low(verdicts: Verdicts) -> None:
    said = verdicts([1600, 1750, *TOP, *FALL])
    assert said[-1] == "too low"
    assert "enough" not in said


@pytest.mark.parametrize(
    "amplitudes",
    [
        [150, 180, 160, 140, 170, 150, 160, 150, 140, 150, 130, 140],  # nothing but noise
        [150, 900, 150, 160, 2400, 150, 170, 150, 140, 160, 150, 140],  # lone peaks
        [1500, 200, 210, 220, 260, 300, 420, 600, 800, 1000],  # the bend at the beginning is no hill
        RISE + TOP + FALL[:2] + [1600, 1700, 1800],  # it goes on
        [4 * a for a in [1600, 1750, *TOP, *FALL]],  # an arm that sways
    ],
)
def test_what_is_no_hill_is_neither(verdicts: Verdicts, amplitudes: list[int]) -> None:
    assert set(verdicts(amplitudes)) == {"unclear"}


def test_a_weak_hill_is_enough_where_there_is_little_noise_and_not_where_there_is_much(verdicts: Verdicts) -> None:
    weak = [a // 3 for a in RISE + TOP + FALL]
    assert verdicts(weak, 100)[-1] == "enough"
    assert set(verdicts(weak, 400)) == {"unclear"}
