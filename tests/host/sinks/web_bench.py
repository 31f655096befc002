# SPDX-License-Identifier: Apache-2.0
"""What the tests of the web sink share: a sink that is open, deliveries, and a reader of Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from vitalwire.items import Event, Item, Origin, Reading, Wave
from vitalwire.sinks.base import Delivery, Sink
from vitalwire.sinks.urls import SinkUrl
from vitalwire.sinks.web import KIND, WebSink

ORIGIN = Origin("SN001", bed="bay 2", session="000000ab", patient="K-017")
SIMULATED = Origin("SIM00001", bed="bay 2", patient="K-017", simulated=True)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def reading(spo2: float | None = 97.0, **more: Any) -> Reading:
    given = {"utc_ms": now_ms(), "device_ms": 1000, "boot": 1, "seq": 1, "source": "oximeter"} | more
    reasons = () if spo2 is not None else (("spo2_pct", "no_finger"), ("pulse_bpm", "no_finger"))
    pulse = 71.0 if spo2 is not None else None
    return Reading(**({"spo2_pct": spo2, "pulse_bpm": pulse, "quality": 90, "reasons": reasons} | given))


def cuff(sbp: float, dbp: float, **more: Any) -> Reading:
    mean = round((sbp + 2 * dbp) / 3, 1)
    values = {"source": "cuff", "sbp_mmhg": sbp, "map_mmhg": mean, "dbp_mmhg": dbp, "pulse_bpm": 70.0}
    return reading(**({"spo2": None, "reasons": ()} | values | more))


def wave() -> Wave:
    return Wave(now_ms(), 100, (1, 2, 3), (4, 5, 6))


def link(state: str, why: str = "") -> Event:
    return Event(now_ms(), "link", "link", state, detail=why)


def alarm(name: str, state: str, priority: str = "high", **more: Any) -> Event:
    return Event(now_ms(), more.pop("kind", "physiological"), name, state, priority, **more)


def delivery(number: int, item: Item, origin: Origin = ORIGIN, stream: str = "SN001-run1", **more: Any) -> Delivery:
    return Delivery(number, item, origin, f"{stream}-{number}", **more)


def readings(first: int, last: int, stream: str = "SN001-run1") -> list[Delivery]:
    """Deliveries `first` to `last`, whose saturation tells them apart."""
    return [delivery(n, reading(80 + n % 20 + n / 1000), stream=stream) for n in range(first, last + 1)]


def make(url: str = "web://127.0.0.1:0") -> WebSink:
    sink: Sink = KIND.make(SinkUrl(url))
    assert isinstance(sink, WebSink)
    return sink


@contextmanager
def opened(url: str = "web://127.0.0.1:0", origin: Origin = ORIGIN) -> Iterator[WebSink]:
    sink = make(url)
    try:
        sink.open(origin)
        yield sink
    finally:
        sink.close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def steadily(sink: Sink, first: int = 1, every_s: float = 0.02, origin: Origin = ORIGIN) -> Iterator[list[int]]:
    """Delivers readings meanwhile, from another thread as the engine does; gives the numbers that it delivered."""
    done: list[int] = []
    over = threading.Event()

    def run() -> None:
        number = first
        while not over.wait(every_s):
            sink.deliver([delivery(number, reading(80 + number % 20), origin)])
            done.append(number)
            number += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


class Sse:
    """One event of a stream."""

    def __init__(self, name: str, ident: str, text: str) -> None:
        self.name, self.id = name, ident
        self.data: dict[str, Any] = json.loads(text)


async def sse(response: aiohttp.ClientResponse) -> AsyncIterator[Sse | str]:
    """Events as they come, and comments and fields without an event as text."""
    fields: dict[str, str] = {}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line.startswith(":"):
            yield line
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield Sse(fields["event"], fields.get("id", ""), fields["data"])
            fields = {}
        elif fields:
            yield json.dumps(fields)
            fields = {}


Talk = Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Any]]


def ask(sink: WebSink, talk: Talk, **more: Any) -> Any:
    """Runs a client's side against an open sink."""

    async def run() -> Any:
        base = f"http://127.0.0.1:{sink.port}"
        async with aiohttp.ClientSession(base, timeout=aiohttp.ClientTimeout(20), **more) as client:
            return await talk(client)

    return asyncio.run(run())


def get(sink: WebSink, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async def talk(client: aiohttp.ClientSession) -> tuple[int, str, dict[str, str]]:
        async with client.get(path, headers=headers) as response:
            return response.status, await response.text(), dict(response.headers)

    status, text, said = ask(sink, talk)
    return status, text, said


def events(sink: WebSink, path: str, count: int, **headers: str) -> list[Sse]:
    """The first events of a stream."""

    async def talk(client: aiohttp.ClientSession) -> list[Sse]:
        async with client.get(path, headers=headers) as response:
            assert response.status == 200, await response.text()
            found: list[Sse] = []
            async for one in sse(response):
                if isinstance(one, Sse):
                    found.append(one)
                if len(found) == count:
                    break
            return found

    found: list[Sse] = ask(sink, talk)
    return found


def wait_until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)
