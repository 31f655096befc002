# SPDX-License-Identifier: Apache-2.0
"""Service mode: entered without a session and never with pressure in the cuff, outputs cut, and a way out in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalwire_protocol.codec import Refusal, ResetCause

Run = Callable[..., Any]


def test_service_mode(play: Run) -> None:
    seen = play(Path(__file__).parent / "play_service.py")
    assert seen["requests"] == {
        "free": [Refusal.NONE, True],
        "session": [Refusal.SESSION_OPEN, False],
        "inflated": [Refusal.CUFF_NOT_EMPTY, False],
        "unknown": [Refusal.NONE, True],
        "both": [Refusal.SESSION_OPEN, False],
        "no_flash": Refusal.STORAGE,
    }
    for name in ("asked", "loop"):
        cuts, said = seen["words"][name]
        assert cuts == 1, "the outputs are cut before anything is said"
        assert "no alarm is given" in " ".join(said)
        assert "Pump off, valves open, no watchdog" in said[-1]
    assert "as requested" in seen["words"]["asked"][1][0]
    assert "crashed 3 times in a row" in seen["words"]["loop"][1][0]
    wanted = [[True, True, ResetCause.POWER_ON, empty] for empty in (None, True)]
    assert [row[:4] for row in seen["buttons"] if row[4]] == wanted
