# SPDX-License-Identifier: Apache-2.0
"""A pulse in a held pressure is seen however slow or irregular; a vessel that leaks and a sensor's noise are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_pulse_is_told_from_a_vessel(play: Callable[..., Any]) -> None:
    seen = play(Path(__file__).parent / "play_pulse.py")
    assert seen["vessels"] == [None] * 8
    for heart in ("slow", "usual", "quick", "irregular"):
        assert seen[heart] is not None, heart
        assert seen[heart] < 5, heart
    assert seen["one rise"] is None, "somebody knocked at the table"
    assert seen["absent"] is None
    assert seen["step of a valve"] is None
    assert seen["reset"] == [None, None]
