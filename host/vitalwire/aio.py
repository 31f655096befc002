# SPDX-License-Identifier: Apache-2.0
"""The library for asyncio: the same boards and records, iterated with `async for`.

    async with vitalwire.aio.open_board("sim://") as board:
        async for reading in board.readings(duration_s=60):
            print(reading.spo2_pct)

The very same objects do the work, in one thread a board; nothing here decides anything. The bounds are those of
`Stream`: what is not taken in time is dropped, oldest first, and counted in `dropped`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from vitalwire_protocol.codec import Abort, CuffPressure

from .clock import Clock
from .errors import LinkLost
from .items import Item, Origin
from .link.board import Board
from .link.commands import Command
from .link.events import Answered
from .link.hello import Identity
from .link.opening import open_board as _open_board
from .link.readings import Reading
from .link.stream import Stream
from .record.follow import POLL_S, Follow
from .record.follow import follow as _follow

T = TypeVar("T")
R = TypeVar("R")
STEP_S: Final = 0.2
"""So long the board is read at once: a task that is cancelled leaves it alone after that."""
BATCH: Final = 512


class AsyncStream(Generic[T]):
    """Iterates what a board sends; a cancelled iteration loses nothing."""

    def __init__(self, board: AsyncBoard, stream: Stream[T]) -> None:
        self._board, self._stream = board, stream

    @property
    def dropped(self) -> int:
        """How many were lost because nobody took them in time."""
        return self._stream.dropped

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        give_up_ms = self._stream.give_up_ms()
        while True:
            item = self._stream.take()
            if item is not None:
                return item
            if self._stream.ended:
                raise StopAsyncIteration
            await self._board.call(self._board.board.poll, min(STEP_S, self._stream.wait_s(give_up_ms)))


class AsyncBoard:
    """A board for asyncio. Made by `open_board`; tasks may share it. `board` is what does the work."""

    def __init__(self, board: Board, thread: ThreadPoolExecutor) -> None:
        self.board = board
        self._thread = thread
        self._stop = threading.Event()
        self._measuring: asyncio.Future[Reading] | None = None

    async def call(self, function: Callable[..., R], *arguments: Any) -> R:
        """Runs a method of `board` in its thread, one at a time: `await board.call(board.board.truth)`. Raises LinkLost
        where the board is closed."""
        if self.board.closed:
            raise LinkLost(f"{self.board.name} is closed", "open it again")
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    @property
    def identity(self) -> Identity:
        """Who the board is."""
        return self.board.identity

    @property
    def clock(self) -> Clock:
        """The board's clock, virtual on a simulated one."""
        return self.board.clock

    def readings(self, *, timeout_s: float | None = None, duration_s: float | None = None) -> AsyncStream[Reading]:
        """As `Board.readings`."""
        return AsyncStream(self, self.board.readings(timeout_s=timeout_s, duration_s=duration_s))

    def items(
        self, *, waves: bool = False, timeout_s: float | None = None, duration_s: float | None = None
    ) -> AsyncStream[Item]:
        """As `Board.items`."""
        return AsyncStream(self, self.board.items(waves=waves, timeout_s=timeout_s, duration_s=duration_s))

    async def command(self, command: Command) -> Answered:
        """As `Board.command`. Other tasks get what comes meanwhile afterwards."""
        return await self.call(self.board.command, command)

    async def start_cuff(self) -> Reading:
        """As `Board.start_cuff`. A task that is cancelled in it stops the cuff."""
        self._stop.clear()
        measuring = asyncio.ensure_future(self.call(self._measure))
        self._measuring = measuring
        try:
            return await asyncio.shield(measuring)
        except asyncio.CancelledError:
            self._stop.set()
            raise

    async def stop_cuff(self) -> None:
        """Ends any cycle and empties the cuff, also one that `start_cuff` of another task waits for."""
        self._stop.set()
        if self._measuring is not None and not self._measuring.done():
            await asyncio.wait([self._measuring])
        await self.call(self.board.stop_cuff)

    def _measure(self) -> Reading:
        """In the board's thread: a stop is sent between two messages of the cuff's pressure, of which ten come a
        second."""
        told = False

        def watch(_pressure: CuffPressure) -> None:
            nonlocal told
            if self._stop.is_set() and not told:
                told = True
                self.board.tell(Abort.request())

        return self.board.start_cuff(progress=watch)

    async def close(self) -> None:
        """Closes the port; may be called twice."""
        if not self.board.closed:
            await self.call(self.board.close)
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> AsyncBoard:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


class _Opening:
    """What `open_board` gives: awaited, or entered with `async with`."""

    def __init__(self, port: str | None) -> None:
        self._port = port
        self._board: AsyncBoard | None = None

    async def _open(self) -> AsyncBoard:
        thread = ThreadPoolExecutor(1, thread_name_prefix="board")
        try:
            board = await asyncio.get_running_loop().run_in_executor(thread, _open_board, self._port)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return AsyncBoard(board, thread)

    def __await__(self) -> Any:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncBoard:
        self._board = await self._open()
        return self._board

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._board is not None:
            await self._board.close()


def open_board(port: str | None = None) -> _Opening:
    """As `vitalwire.open_board`: `async with aio.open_board(port) as board`, or `await` it and close it yourself."""
    return _Opening(port)


class AsyncFollow:
    """A session that is followed; see `vitalwire.follow`."""

    def __init__(self, followed: Follow) -> None:
        self.followed = followed
        self._kept: deque[Item] = deque()
        self._dry = False

    @property
    def origin(self) -> Origin:
        """Who the session is of."""
        return self.followed.origin

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while not self._kept:
            if self._dry and (self.followed.closed or self.followed.abandoned):
                raise StopAsyncIteration
            await asyncio.to_thread(self._read)
            if self._dry and not self._kept and not self.followed.closed:
                await asyncio.sleep(POLL_S)
        return self._kept.popleft()

    def _read(self) -> None:
        for _ in range(BATCH):
            item = self.followed.poll()
            self._dry = item is None
            if item is None:
                return
            self._kept.append(item)

    async def __aenter__(self) -> AsyncFollow:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.followed.close()


def follow(session: str | Path | None = None) -> AsyncFollow:
    """As `vitalwire.follow`: `async for item in aio.follow(folder)`."""
    return AsyncFollow(_follow(session))


__all__ = ["AsyncBoard", "AsyncFollow", "AsyncStream", "follow", "open_board"]
