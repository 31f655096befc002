# SPDX-License-Identifier: Apache-2.0
"""The curve from ratio of ratios to SpO2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAY = Path(__file__).with_name("play_curve.py")


def test_the_curve_falls_and_answers_nothing_outside(play: Callable[..., Any]) -> None:
    said = play(PLAY)
    values = [v for _, v in said["textbook"]]
    inside = [v for v in values if v is not None]
    assert values[0] is None
    assert values[-1] is None
    assert inside == sorted(inside, reverse=True)
    assert [1000, 850] in said["textbook"]
    assert said["two_knots"] == [990, 845, 700, None]


def test_a_curve_that_is_none_is_refused_with_its_knot(play: Callable[..., Any]) -> None:
    refused = play(PLAY)["refused"]
    assert "of 1 knots" in refused[0]
    assert "knot 1" in refused[1]
    assert "knot 1" in refused[2]
    assert "knot 1" in refused[3]
