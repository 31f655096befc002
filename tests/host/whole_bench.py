# SPDX-License-Identifier: Apache-2.0
"""Waiting for a whole simulated board to be where a test wants it, and for its port."""

from __future__ import annotations

import time

from vitalwire.errors import PortBusy
from vitalwire.link.board import Board
from vitalwire.link.opening import open_board
from vitalwire.link.whole_board import WholeBoard


def wait_for(board: WholeBoard, state: str) -> None:
    """Until the board is `firmware`, `prompt`, `bootloader` or `off`; it takes well under a second."""
    end = time.monotonic() + 30
    while board.state != state:
        assert time.monotonic() < end, f"the board is still {board.state}: {board.failure}"
        time.sleep(0.01)


def open_at(board: WholeBoard) -> Board:
    """The board behind its port. While a whole board starts its next process, that has our last lock for a moment."""
    end = time.monotonic() + 5
    while True:
        try:
            return open_board(board.port)
        except PortBusy:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
