# SPDX-License-Identifier: Apache-2.0
"""Waiting for a whole simulated board to be where a test wants it."""

from __future__ import annotations

import time

from vitalwire.link.whole_board import WholeBoard


def wait_for(board: WholeBoard, state: str) -> None:
    """Until the board is `firmware`, `prompt`, `bootloader` or `off`; it takes well under a second."""
    end = time.monotonic() + 30
    while board.state != state:
        assert time.monotonic() < end, f"the board is still {board.state}: {board.failure}"
        time.sleep(0.01)
