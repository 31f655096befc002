# SPDX-License-Identifier: Apache-2.0
"""The board's samples of the pulse wave, switched on for as long as somebody wants them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vitalwire_protocol.codec import ConfigKey

from ..errors import VitalwireError
from .board import Board
from .commands import ConfigGet, ConfigSet


@contextmanager
def waves_on(board: Board, wanted: bool = True) -> Iterator[None]:
    """Where `wanted`, the board sends its samples meanwhile; afterwards it does as it did before."""
    before = _switch_on(board) if wanted else None
    try:
        yield
    finally:
        if before is not None and not board.closed:
            _put_back(board, before)


def _switch_on(board: Board) -> str | None:
    """Turns the samples on where they are off; returns the setting to put back."""
    setting = board.command(ConfigGet.request(ConfigKey.PPG_STREAM)).detail
    if setting not in ("", "0"):
        return None
    board.command(ConfigSet.request(ConfigKey.PPG_STREAM, "1"))
    return setting or "0"


def _put_back(board: Board, setting: str) -> None:
    try:
        board.command(ConfigSet.request(ConfigKey.PPG_STREAM, setting))
    except VitalwireError:  # the link is lost: what ended this says so
        board.notices.append("the board still sends its samples: the link was lost before they could be switched off")


__all__ = ["waves_on"]
