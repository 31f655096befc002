# SPDX-License-Identifier: Apache-2.0
"""Outputs fail towards off and open; alarm patterns keep to the rates of IEC 60601-1-8; a press counts once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Run = Callable[..., Any]


def test_outputs_and_buttons(play: Run) -> None:
    seen = play(HERE / "play_panel.py")
    pneumatics(seen["pneumatics"])
    assert seen["race"] == [False, 0, 0, 0, 0], "an interlock that trips in the middle of setting wins"
    high(seen["high"])
    medium(seen["medium"])
    low(seen["low"])
    assert seen["silenced"] == [[65535, 32768], [65535, 0], [0, 0, 0], None]
    assert seen["bounce"] == [150], "once, when it has been down for 20 ms"
    assert seen["twice"] == [120, 320]
    assert seen["held_at_start"] == [False] * 4, "a button that is held from the start is not a press"
    assert seen["wakes"] == [None, 120, True, None], "the loop is asked to look again after 20 ms"


def pneumatics(seen: Any) -> None:
    assert seen["made"] == [0, 0, 0, 0], "pump off, valves open, from the first moment"
    assert seen["idle"] == [False, False]
    assert seen["allowed"] is True
    assert seen["inflating"] == [65535, 1, 65535, 1, True, True]
    assert seen["deflating"] == [0, 0, 55704, 1, True, False]
    assert seen["forbidden"] is False
    assert seen["cut"] == [0, 0, 0, 0, False, False]
    assert seen["still_safe"] is True, "what is off may be set off"
    assert seen["second_switch"] == [True, False]


def pulses(changes: list[list[int]]) -> list[tuple[int, int]]:
    """(start, length) of each time it was on."""
    return [(a[0], b[0] - a[0]) for a, b in pairwise(changes) if a[1]]


def rate_hz(changes: list[list[int]]) -> float:
    starts = [start for start, _ in pulses(changes)]
    return 1000 * (len(starts) - 1) / (starts[-1] - starts[0])


def high(seen: Any) -> None:
    assert 1.4 <= rate_hz(seen["red"]) <= 2.8
    assert seen["yellow"] == []
    sound = pulses(seen["buzzer"])
    assert len(sound) >= 10
    burst = sound[:10]
    assert all(75 <= length <= 200 for _, length in burst)
    gaps = [b[0] - a[0] - a[1] for a, b in pairwise(burst)]
    assert [50 <= gap <= 125 for gap in gaps] == [True, True, False, True, False, True, True, False, True], "3+2, twice"
    assert 2500 <= sound[10][0] - burst[-1][0] - burst[-1][1] <= 15000
    assert seen["wakes"] < 100, "bounded: nothing is asked for between two edges"


def medium(seen: Any) -> None:
    assert 0.4 <= rate_hz(seen["yellow"]) <= 0.8
    assert seen["red"] == []
    sound = pulses(seen["buzzer"])
    assert all(125 <= length <= 250 for _, length in sound[:3])
    assert all(125 <= b[0] - a[0] - a[1] <= 250 for a, b in pairwise(sound[:3]))
    assert 2500 <= sound[3][0] - sound[2][0] - sound[2][1] <= 30000
    assert {level for _, level in seen["buzzer"]} == {0, 16384}, "half of the volume is half of the duty"


def low(seen: Any) -> None:
    assert seen["yellow"] == [[0, 65535]], "steady"
    sound = pulses(seen["buzzer"])
    assert len(sound) == 2
    assert sound[1][0] - sum(sound[0]) > 15000
