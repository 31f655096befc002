# SPDX-License-Identifier: Apache-2.0
"""Audio paused: timed, at most three minutes, and broken by anything worse than what it was given for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_audio_pause(play: Run) -> None:
    seen = play(Path(__file__).parent / "play_audio.py")

    def changes(name: str) -> list[list[Any]]:
        return list(seen[name]["changes"])

    assert changes("before_its_end") == [[True, 1000]]
    assert seen["before_its_end"]["deadlines"] == [121000, 121000]
    assert changes("at_its_end") == [[True, 1000], [False, 121000]]
    assert seen["at_its_end"]["deadlines"] == [121000, None]
    assert changes("seen_late") == [[True, 1000], [False, 121000]]
    assert changes("ended_by_hand") == [[True, 1000], [False, 5000]]
    assert changes("prolonged") == [[True, 1000]], "prolonging is no new pause"
    assert seen["prolonged"]["deadlines"][-1] == 91000
    assert seen["longest"]["returned"] == [True]
    assert seen["too_long"]["returned"] == [False]
    assert changes("too_long") == []
    assert seen["negative"]["returned"] == [True, False]
    assert seen["negative"]["paused"] is True
    assert changes("same_alarm_again") == [[True, 0]]
    assert changes("worse_alarm") == [[True, 0], [False, 500]]
    assert changes("any_alarm_where_none_was") == [[True, 0], [False, 500]]
    assert changes("session_over") == [[True, 0], [False, 700]]
    assert changes("ending_nothing") == []
    assert len(changes("many_that_nobody_takes")) == 8
    assert changes("many_that_nobody_takes")[-1] == [False, 100]
