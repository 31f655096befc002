# SPDX-License-Identifier: Apache-2.0
"""What a board sends, for one who iterates it: a bounded queue, and what it cost to be slow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from .events import Received

if TYPE_CHECKING:
    from .board import Board

KEPT: Final = 10_000
"""Messages kept for an iterator that is not asked; a board that streams makes about 30 a second. The oldest go
first."""
STEP_S: Final = 1.0
T = TypeVar("T")


class Stream(Generic[T]):
    """Iterates what a board sends. Ends when its duration is over or the board is closed.

    At most `KEPT` items wait for who iterates; beyond that the oldest go, and `dropped` counts them.
    """

    def __init__(
        self,
        board: Board,
        convert: Callable[[Received], T | None],
        timeout_s: float | None,
        duration_s: float | None,
    ) -> None:
        self.dropped = 0
        """How many were lost because the iterator was not asked for too long."""
        self._board, self._convert, self._timeout_s = board, convert, timeout_s
        self._end_ms = None if duration_s is None else board.clock.monotonic_ms() + round(duration_s * 1000)
        self._kept: deque[T] = deque()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        give_up_ms = self.give_up_ms()
        while True:
            item = self.take()
            if item is not None:
                return item
            if self.ended:
                raise StopIteration
            self._board.poll(self.wait_s(give_up_ms))

    def give_up_ms(self) -> int | None:
        """By when the next item must have come, on the board's clock; None: it may take for ever."""
        return None if self._timeout_s is None else self._board.clock.monotonic_ms() + round(self._timeout_s * 1000)

    def take(self) -> T | None:
        """The next item that has come, or None; never waits."""
        return self._kept.popleft() if self._kept else None

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._board.closed or (self._end_ms is not None and self._board.clock.monotonic_ms() >= self._end_ms)

    def wait_s(self, give_up_ms: int | None) -> float:
        """How long the board may be waited for at once. Raises TimeoutError where it was too long."""
        now_ms = self._board.clock.monotonic_ms()
        if give_up_ms is not None and now_ms >= give_up_ms:
            raise TimeoutError(f"nothing came within {self._timeout_s:g} s")
        until = [t for t in (self._end_ms, give_up_ms) if t is not None]
        return (min(until) - now_ms) / 1000 if until else STEP_S

    def _put(self, received: Received) -> None:
        item = self._convert(received)
        if item is not None:
            self._kept.append(item)
            if len(self._kept) > KEPT:
                self._kept.popleft()
                self.dropped += 1


__all__ = ["KEPT", "Stream"]
