# SPDX-License-Identifier: Apache-2.0
"""What a board says before it restarts reaches its end, and does not wait for a host that has stopped reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"


def test_a_traceback_is_said_to_its_end_and_a_wire_without_room_is_given_up(play: Callable[..., Any]) -> None:
    whole, taken, waited_ms = play(Path(__file__).parent / "play_say.py", str(FIRMWARE))
    assert whole, "a wire that takes 64 bytes a call gets all of it"
    assert taken == 100
    assert 200 <= waited_ms <= 210
