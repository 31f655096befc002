# SPDX-License-Identifier: Apache-2.0
"""Service work that ends before its time leaves the cuff empty, and says what the board says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from vitalwire_protocol.codec import Heartbeat, Status

from ..errors import Incompatible, Refused, VitalwireError
from ..link.board import Board

WITHIN_S: Final = 15.0
"""A cuff that empties is below 15 mmHg within 8 s, or the board has a fault; heartbeats come once a second."""
EMPTY: Final = "stopped: the board says that the cuff is empty"
NOT_KNOWN: Final = (
    "stopped: THE BOARD DID NOT SAY THAT THE CUFF IS EMPTY: open its hose, or take the board's power away"
)
_FULL: Final = Status.CUFF_ACTIVE | Status.CUFF_PRESSURISED


def empty_cuff(board: Board) -> bool:
    """Ends whatever the cuff does, and waits until a heartbeat says that it is empty; whether one did.

    The board answers the command when its valves are open, which is before that. Never raises a VitalwireError.
    """
    try:
        board.stop_cuff()
        for received in board.messages(duration_s=WITHIN_S):
            if isinstance(received.message, Heartbeat) and not received.message.status & _FULL:
                return True
    except (VitalwireError, KeyboardInterrupt):
        pass  # whoever is asked whether it is empty gets no yes
    return False


@contextmanager
def emptying(board: Callable[[], Board], say: Callable[[str], None]) -> Iterator[None]:
    """Whatever ends what is within, the cuff is emptied, and `say` gets how that went. `board`: the one in use then.

    A board that refuses is left alone: it may guard somebody else's session.
    """
    try:
        yield
    except (Refused, Incompatible):
        raise
    except BaseException:
        say(EMPTY if empty_cuff(board()) else NOT_KNOWN)
        raise


__all__ = ["EMPTY", "NOT_KNOWN", "empty_cuff", "emptying"]
