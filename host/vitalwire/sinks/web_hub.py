# SPDX-License-Identifier: Apache-2.0
"""Who listens, and what each of them still has to get: a history to resume from and a bounded queue for each client.

Everything here happens in the server's event loop; nothing waits for a client.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ..encode.envelope import envelope, to_json
from .base import Delivery
from .web_values import NOTICE

KINDS: Final = frozenset({"reading", "event", "wave"})
TYPES: Final = KINDS | {"latest"}
BATCH: Final = 32
"""Frames that are handed to a connection at once; the rest stays where it is counted."""


class Frame(NamedTuple):
    """One message to a client; its `id` is empty where there is nothing to resume from."""

    kind: str
    text: str
    number: int = 0
    stream: str = ""
    """Of which stream of items the number is."""

    @property
    def id(self) -> str:
        return f"{self.number}-{self.stream}" if self.stream else ""


class After(NamedTuple):
    """What a client has: all of a stream up to a number. No stream: of the one that there is."""

    number: int
    stream: str = ""

    def has(self, frame: Frame) -> bool:
        return frame.number <= self.number and (not self.stream or frame.stream == self.stream)


class Subscriber:
    """A client's queue. What does not fit is dropped, oldest first, counted, and said before what comes next."""

    def __init__(
        self,
        kinds: frozenset[str],
        room: int,
        first: Sequence[Frame],
        latest: Callable[[], Frame],
        after: After | None = None,
    ) -> None:
        """`first` is what it gets before anything else; `room` is how many frames more it may leave waiting; `after` is
        what it has already."""
        self.kinds = kinds
        self.after = after
        self.dropped = 0
        self.ended = False
        self._queue = deque(first)
        self._room = room + len(first)
        self._latest = latest
        self._latest_due = "latest" in kinds
        self._ready = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """A frame for it, where it wants such."""
        if frame.kind not in self.kinds or (self.after is not None and self.after.has(frame)):
            return
        if len(self._queue) >= self._room:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(frame)
        self._ready.set()

    def tick(self) -> None:
        """How things stand is due again; where the last one was not taken yet there is still only one."""
        if "latest" in self.kinds:
            self._latest_due = True
            self._ready.set()

    def end(self) -> None:
        """Nothing more comes; what waits is not sent any more."""
        self.ended = True
        self._ready.set()

    async def take(self, timeout_s: float) -> list[Frame]:
        """The next frames; none after `timeout_s` without any, or at the end."""
        if not (self._queue or self.dropped or self._latest_due or self.ended):
            self._ready.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._ready.wait()
            except TimeoutError:
                return []
        if self.ended:
            return []
        frames = []
        if self.dropped:
            frames.append(dropped(self.dropped, "slow"))
            self.dropped = 0
        while self._queue and len(frames) < BATCH:
            frames.append(self._queue.popleft())
        if self._latest_due:
            self._latest_due = False
            frames.append(self._latest())
        return frames


class Hub:
    """All clients, and the history. It outlives a server that is closed and opened again."""

    def __init__(self, history: int, room: int, clients: int, latest: Callable[[], dict[str, Any]]) -> None:
        self.stream = ""
        """The stream of the items, once there is one. Numbers of another stream mean nothing in it: those of a board
        begin anew with each run, while those of a session stay what they are."""
        self.subscribers: set[Subscriber] = set()
        self._history: deque[Frame] = deque()
        self._size, self._room, self._clients = history, room, clients
        self._make_latest = latest
        self._newest = self._forgotten = 0

    def frame(self, delivery: Delivery) -> Frame:
        """A delivery as every client gets it."""
        # A key is the name of its stream and the number.
        stream = hashlib.sha256(delivery.key.rpartition("-")[0].encode()).hexdigest()[:8]
        values = {"id": f"{delivery.number}-{stream}", **envelope(delivery)}
        return Frame(values["type"], to_json(values), delivery.number, stream)

    def publish(self, frames: Sequence[Frame]) -> list[Frame]:
        """Into the history and to everybody, in order; those that are in already are left out. Returns the new ones."""
        fresh = []
        for frame in frames:
            if frame.number <= self._newest:
                continue
            self._newest, self.stream = frame.number, frame.stream
            self._history.append(frame)
            while len(self._history) > self._size:
                self._forgotten = self._history.popleft().number
            for subscriber in self.subscribers:
                subscriber.put(frame)
            fresh.append(frame)
        return fresh

    @property
    def full(self) -> bool:
        """Whether there is no place for another client."""
        return len(self.subscribers) >= self._clients

    def subscribe(self, kinds: frozenset[str], after: str | None) -> Subscriber:
        """A new client. `after` is the last id that it has; None is from now on. Raises ValueError for no id."""
        first = [self._hello()]
        known = None if after is None else _after(after)
        if known is not None:
            number = 0 if known.stream and known.stream != self.stream else known.number
            if number < self._forgotten:
                first.append(dropped(self._forgotten - number, "history"))
            first += [frame for frame in self._history if frame.kind in kinds and not known.has(frame)]
        subscriber = Subscriber(kinds, self._room, first, self.latest, known)
        self.subscribers.add(subscriber)
        return subscriber

    def latest(self) -> Frame:
        """How things stand now."""
        return Frame("latest", to_json(self._make_latest()))

    def _hello(self) -> Frame:
        oldest = self._history[0].number if self._history else None
        about = {"stream": self.stream or None, "oldest": oldest, "newest": self._newest or None, "notice": NOTICE}
        return Frame("hello", to_json({"type": "hello", **about}))


def _after(ident: str) -> After:
    digits, _, stream = ident.partition("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise ValueError(f"{ident[:40]!r} is no id of an event")
    return After(int(digits), stream)


def dropped(count: int, why: str) -> Frame:
    """Tells a client that it misses frames. `why` is `slow` (it did not take them in time) or `history` (they are
    older than what is kept; then `count` is the most that can be missing)."""
    return Frame("dropped", to_json({"type": "dropped", "count": count, "why": why}))


__all__ = ["KINDS", "TYPES", "Frame", "Hub", "Subscriber", "dropped"]
