# SPDX-License-Identifier: Apache-2.0
"""Time on the board does not wrap, and a board that nobody wired is not guessed at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def test_clock_and_names(play: Callable[..., Any]) -> None:
    seen = play(HERE / "play_clock.py")
    half = 0x1FFFFFFF
    assert seen["ms"] == [0, 10, 20, 100020, 100020 + half, 100020 + 2 * half, 100020 + 3 * half], "over 2^30 and on"
    assert seen["slept"] == [25], "a time that is past is not waited for"
    assert seen["woke"] == 25
    assert seen["boards"] == ["pico", "pico", "pico2", "esp32s3", None, None, None]
