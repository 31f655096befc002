# SPDX-License-Identifier: Apache-2.0
"""Who listens, and what each of them still has to get: a history to resume from and a bounded queue for each client.

Everything here happens in the server's event loop; nothing waits for a client.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from .base import Delivery
from .web_values import NOTICE, origin_dict

KINDS: Final = frozenset({"reading", "event", "wave"})
TYPES: Final = KINDS | {"latest"}
BATCH: Final = 32
"""Frames that are handed to a connection at once; the rest stays where it is counted."""


class Frame(NamedTuple):
    """One message to a client. `id` is empty where there is nothing to resume from."""

    kind: str
    text: str
    id: str = ""
    number: int = 0


class Subscriber:
    """A client's queue. What does not fit is dropped, oldest first, counted, and said before what comes next."""

    def __init__(self, kinds: frozenset[str], room: int, first: Sequence[Frame], latest: Callable[[], Frame]) -> None:
        """`first` is what it gets before anything else; `room` is how many frames more it may leave waiting."""
        self.kinds = kinds
        self.dropped = 0
        self.ended = False
        self._queue = deque(first)
        self._room = room + len(first)
        self._latest = latest
        self._latest_due = "latest" in kinds
        self._ready = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """A frame for it, where it wants such."""
        if frame.kind not in self.kinds:
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
        self.stream = secrets.token_hex(4)
        """Tells the numbers of this program from those of the one that ran here before."""
        self.subscribers: set[Subscriber] = set()
        self._history: deque[Frame] = deque()
        self._size, self._room, self._clients = history, room, clients
        self._make_latest = latest
        self._newest = self._forgotten = 0

    def frame(self, delivery: Delivery) -> Frame:
        """A delivery as every client gets it."""
        values = delivery.item.as_dict()
        kind = str(values.pop("type"))
        ident = f"{delivery.number}-{self.stream}"
        about = {
            "type": kind,
            "id": ident,
            "number": delivery.number,
            "key": delivery.key,
            "late": delivery.late,
            "repeated": delivery.repeated,
        }
        text = _json({**about, **values, "origin": origin_dict(delivery.origin)})
        return Frame(kind, text, ident, delivery.number)

    def publish(self, frames: Sequence[Frame]) -> list[Frame]:
        """Into the history and to everybody, in order; those that are in already are left out. Returns the new ones."""
        fresh = []
        for frame in frames:
            if frame.number <= self._newest:
                continue
            self._newest = frame.number
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
        if after is not None:
            number = self._number(after)
            if number < self._forgotten:
                first.append(dropped(self._forgotten - number, "history"))
            first += [frame for frame in self._history if frame.number > number and frame.kind in kinds]
        subscriber = Subscriber(kinds, self._room, first, self.latest)
        self.subscribers.add(subscriber)
        return subscriber

    def _number(self, ident: str) -> int:
        """The number in an id; 0 where it is of another stream, whose numbers say nothing here."""
        digits, dash, stream = ident.partition("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            raise ValueError(f"{ident[:40]!r} is no id of an event")
        number = int(digits)
        return 0 if (dash and stream != self.stream) or number > self._newest else number

    def latest(self) -> Frame:
        """How things stand now."""
        return Frame("latest", _json(self._make_latest()))

    def _hello(self) -> Frame:
        oldest = self._history[0].number if self._history else None
        about = {"stream": self.stream, "oldest": oldest, "newest": self._newest or None, "notice": NOTICE}
        return Frame("hello", _json({"type": "hello", **about}))


def dropped(count: int, why: str) -> Frame:
    """Tells a client that it misses frames. `why` is `slow` (it did not take them in time) or `history` (they are
    older than what is kept; then `count` is the most that can be missing)."""
    return Frame("dropped", _json({"type": "dropped", "count": count, "why": why}))


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


__all__ = ["KINDS", "TYPES", "Frame", "Hub", "Subscriber", "dropped"]
