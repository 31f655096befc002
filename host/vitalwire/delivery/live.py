# SPDX-License-Identifier: Apache-2.0
"""A board as a source of items that goes on when its link is lost and comes back, and says so in its place."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Final

from ..clock import Clock
from ..errors import Incompatible, LinkLost, NoBoard, NoPermission, PortBusy, VitalwireError
from ..items import Event, Item, Origin, Wave, item_in
from ..link.board import Board
from ..link.opening import open_board
from ..link.reconnect import Reconnect
from ..link.waves import waves_on

_COMES_BACK: Final = (LinkLost, NoBoard, PortBusy, NoPermission)
"""What a board that is unplugged and plugged in again goes through."""


def origin_of(board: Board) -> Origin:
    """Who the items of a board outside a session are of."""
    who = board.identity
    return Origin(who.serial, who.bed, who.firmware, simulated=board.simulated)


class Live:
    """The items of the board at `port`, for ever or for `duration_s` of its clock. The first connection must succeed;
    later ones are tried again, as often as it takes."""

    def __init__(
        self,
        port: str | None,
        say: Callable[[str], None],
        open_board: Callable[[str | None], Board] = open_board,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Opens it. Raises VitalwireError where that cannot be done."""
        self.board = open_board(port)
        self.origin = origin_of(self.board)
        self.stream = secrets.token_hex(4)
        """A name for this stream of items that no other one has."""
        self._port, self._say, self._open, self._pause = port, say, open_board, pause

    def items(self, duration_s: float | None, waves: bool) -> Iterator[Item]:
        """What it measures and what happens, each as soon as it has come."""
        clock = self.board.clock
        end_ms = None if duration_s is None else clock.monotonic_ms() + round(duration_s * 1000)
        while True:
            board = self.board
            boot, simulated = board.hello.boot, board.simulated
            try:
                left_s = None if end_ms is None else max(0.0, (end_ms - clock.monotonic_ms()) / 1000)
                with waves_on(board, waves):
                    for received in board.messages(duration_s=left_s):
                        item = item_in(received, boot, simulated)
                        if item is not None and (waves or not isinstance(item, Wave)):
                            yield item
                return
            except _COMES_BACK as error:
                board.close()
                if board.virtual:  # the simulation is over
                    raise
                yield self._link(clock, "raised", error.what)
                if not self._again(clock, end_ms):
                    return
                yield self._link(clock, "cleared", "")

    def _link(self, clock: Clock, state: str, why: str) -> Event:
        flags = ("simulated",) if self.origin.simulated else ()
        return Event(clock.utc_ms(), "technical", "link_lost", state, "high", detail=why, flags=flags)

    def _again(self, clock: Clock, end_ms: int | None) -> bool:
        """Until the board is back; False where the time is over first."""
        reconnect = Reconnect()
        reconnect.start(clock.monotonic_ms())
        while True:
            now_ms = clock.monotonic_ms()
            if end_ms is not None and now_ms >= end_ms:
                return False
            if not reconnect.advance(now_ms):
                self._pause(0.05)
                continue
            try:
                self.board = self._open(self._port)
            except Incompatible:
                raise
            except VitalwireError:
                reconnect.failed(clock.monotonic_ms())
                continue
            self.origin = origin_of(self.board)
            self._say(f"board {self.board.identity} is back")
            return True

    def close(self) -> None:
        """Closes the port."""
        self.board.close()


__all__ = ["Live", "origin_of"]
