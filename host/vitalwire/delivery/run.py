# SPDX-License-Identifier: Apache-2.0
"""A stream as a whole: makes the sinks of some URLs, and takes a source to its end through them."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import LinkLost, UsageError
from ..record.folder import default_folder
from ..record.follow import POLL_S, Follow
from ..sinks.base import Sink, SinkKind
from ..sinks.registry import make_sink
from .hub import DRAIN_S, Hub
from .live import Live
from .spool import BYTES_MAX, Spool
from .worker import Worker

SPOOLS: Final = ".streams"
HELD_MAX: Final = 4096
"""A source that can wait is held up while this many items wait for a sink that takes them."""
STUCK_S: Final = 2.0
"""A sink that takes nothing for so long holds nobody up any more, until it takes something again."""


Made = tuple[str, SinkKind, Sink]
"""A sink: how it is called in messages, its kind, and itself."""


@dataclass(frozen=True)
class Order:
    """What was asked for. `spool`: the folder for what waits; `drain_s`: how long it may be delivered at the end."""

    urls: tuple[str, ...]
    spool: Path | None = None
    spool_bytes: int = BYTES_MAX
    drain_s: float = DRAIN_S


def make_sinks(urls: Sequence[str]) -> list[Made]:
    """The sinks of these URLs; nothing is opened yet. Raises UsageError where one cannot be meant."""
    if len(set(urls)) != len(urls):
        raise UsageError("--to: the same sink is named twice")
    return [make_sink(url) for url in urls]


def open_hub(order: Order, made: Sequence[Made], stream: str, say: Callable[[str], None]) -> Hub:
    """The sinks of an order, `made` of its URLs, each with its spool; nothing is connected yet. `stream` names the
    source: the same stream to the same URL finds what an earlier run left. Raises UsageError, PortBusy."""
    folder = order.spool if order.spool is not None else default_folder() / SPOOLS
    workers: list[Worker] = []
    try:
        for url, (name, kind, sink) in zip(order.urls, made, strict=True):
            path = folder / _file_name(kind.name, stream, url) if kind.keeps else None
            worker = Worker(name, sink, Spool(path, order.spool_bytes), say)
            worker.resume(stream)
            if worker.spool.left_over:
                say(f"{name}: {worker.spool.left_over} items of an earlier run are delivered first")
            workers.append(worker)
    except BaseException:
        for worker in workers:
            worker.spool.close()
        raise
    return Hub(workers, stream)


def _file_name(kind: str, stream: str, url: str) -> str:
    return f"{kind}-{hashlib.sha256(f'{stream} {url}'.encode()).hexdigest()[:12]}.spool"


def stream_name(text: str) -> str:
    """What keys begin with: letters, digits, dots and dashes of a session's or board's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:40] or "stream"


class Brake:
    """Holds up a source that can wait, so that a sink which is only slower than the source loses nothing."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._count = 0
        self._seen: dict[Worker, tuple[int, float]] = {}

    def hold(self) -> None:
        """Returns once no sink that takes something is far behind. Called for each item; looks now and then."""
        self._count += 1
        if self._count % 256:
            return
        while any(self._behind(worker) for worker in self._hub.workers):
            time.sleep(0.005)

    def _behind(self, worker: Worker) -> bool:
        standing = worker.standing()
        if standing.waiting < HELD_MAX or standing.state not in ("up", "starting"):
            return False
        now_s = time.monotonic()
        taken, since_s = self._seen.get(worker, (-1, now_s))
        if standing.delivered != taken:
            self._seen[worker] = (standing.delivered, now_s)
            return True
        return now_s - since_s < STUCK_S


def run_live(live: Live, hub: Hub, duration_s: float | None) -> None:
    """A board, until its duration is over or no sink is left. A real board is never held up."""
    brake = Brake(hub)
    for item in live.items(duration_s, "wave" in hub.wants):
        hub.put(item, live.origin)
        if live.board.virtual:
            brake.hold()
        if hub.all_refused():
            return


def run_follow(follow: Follow, hub: Hub, *, from_now: bool = False) -> None:
    """A session, until it is closed or no sink is left. What was there before is late, or with `from_now` left out.
    Raises LinkLost where its program has ended without closing it."""
    brake = Brake(hub)
    while True:
        item = follow.poll()
        if item is None:
            if follow.closed or hub.all_refused():
                return
            if follow.abandoned:
                raise LinkLost(
                    f"{follow.folder.name}: its program has ended without closing it; all that it recorded was taken",
                    "`vitalwire monitor --resume` goes on with it, and then this command too",
                )
            time.sleep(POLL_S)
            continue
        if follow.caught_up or not from_now:
            hub.put(item, follow.origin, late=not follow.caught_up, number=follow.number)
            brake.hold()


__all__ = ["SPOOLS", "Order", "make_sinks", "open_hub", "run_follow", "run_live", "stream_name"]
