# SPDX-License-Identifier: Apache-2.0
"""A sink whose counterpart is a list, and which a test can make slow, stuck, absent or choosy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from vitalwire.delivery.hub import Hub
from vitalwire.delivery.spool import Spool
from vitalwire.delivery.worker import Worker
from vitalwire.errors import ItemRefused, SinkDown, SinkRefused
from vitalwire.items import Event, Item, Origin, Reading, Wave
from vitalwire.sinks.base import Delivery, Sink

ORIGIN = Origin("SIM00001", "bed 3", "0.1.0", simulated=True)
START_MS = 1_767_225_600_000


def reading(number: int, **values: float | None) -> Reading:
    """The `number`th reading of an oximeter."""
    given = {"spo2_pct": 97.0, "pulse_bpm": 70.0, **values}
    return Reading(START_MS + 1000 * number, 1000 * number, 1, number, "oximeter", flags=("simulated",), **given)  # type: ignore[arg-type]


def wave(number: int) -> Wave:
    return Wave(START_MS + 1000 * number, 100, (1, 2, 3), (4, 5, 6), flags=("simulated",))


class ListSink(Sink):
    """Takes what it is given into `got`, unless told otherwise."""

    def __init__(self, wants: frozenset[str] = frozenset({"reading", "event"})) -> None:
        self.wants = wants  # type: ignore[misc]
        self.got: list[Delivery] = []
        self.away = self.unwelcome = False
        self.cut_after: int | None = None
        """So many of a batch arrive, then the connection breaks before anything is acknowledged."""
        self.refuses: Callable[[Item], bool] = lambda _item: False
        self.stuck = threading.Event()
        self.opened = self.closed = self.idled = 0

    def open(self, origin: Origin) -> None:
        self.origin = origin
        if self.unwelcome:
            raise SinkRefused("list: wrong password", "give another one")
        if self.away:
            raise SinkDown("list: nobody is there")
        self.opened += 1

    def deliver(self, batch: Sequence[Delivery]) -> None:
        while self.stuck.is_set():
            time.sleep(0.01)
        if self.away:
            raise SinkDown("list: the connection broke")
        for place, delivery in enumerate(batch):
            if place == self.cut_after:
                self.cut_after = None
                raise SinkDown("list: the connection broke")
            if self.refuses(delivery.item):
                raise ItemRefused("list: that I do not take", delivered=place)
            self.got.append(delivery)

    def idle(self) -> None:
        self.idled += 1

    def close(self) -> None:
        self.closed += 1

    @property
    def numbers(self) -> list[int]:
        return [delivery.number for delivery in self.got]


def bench(
    sinks: dict[str, Sink], spools: dict[str, Spool] | None = None, first_pause_s: float = 0.01
) -> tuple[Hub, list[str]]:
    """A hub that runs, and what it says."""
    heard: list[str] = []
    kept = spools or {}
    workers = [
        Worker(name, sink, kept.get(name) or Spool(None), heard.append, first_pause_s=first_pause_s)
        for name, sink in sinks.items()
    ]
    hub = Hub(workers, "test")
    hub.start()
    return hub, heard


def until(what: Callable[[], bool], within_s: float = 10.0) -> None:
    """Waits for what another thread does."""
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


__all__ = ["ORIGIN", "START_MS", "Event", "ListSink", "bench", "reading", "until", "wave"]
