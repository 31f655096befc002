# SPDX-License-Identifier: Apache-2.0
"""`web://`: a server for browsers and programs, with a WebSocket, Server-Sent Events, a poll and a page.

| path | what |
|---|---|
| `/` | a page with the values of the moment |
| `/events` | Server-Sent Events `reading`, `event`, `wave`; `Last-Event-ID` or `?after=ID` resumes |
| `/ws` | the same as JSON texts on a WebSocket; `?after=ID` resumes |
| `/latest` | JSON: what is current; what is absent or too old is null, with its age and the reason |

Both streams begin with `hello`. A client that is too slow gets `dropped` with the count of what it misses.
`?types=reading,event,wave,latest` chooses; `latest` comes twice a second. An id is the number of the delivery and,
after a dash, a mark of its stream: numbers of a board begin anew with each run of the program, and what a client has of
the one before must not hide that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ..clock import SystemClock
from ..errors import SinkDown, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .urls import SinkUrl
from .web_hub import Hub
from .web_values import Values

if TYPE_CHECKING:
    from .web_server import Server, Settings

PORT: Final = 8765
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class WebSink(Sink):
    """The server. What it has delivered stays in its history when it is closed and opened again."""

    wants = frozenset({"reading", "event"})

    def __init__(self, settings: Settings, history: int, room: int, clients: int) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._values = Values()
        self._hub = Hub(history, room, clients, self._latest)
        self._server: Server | None = None
        self.port = settings.port
        """The port that it serves at, once it is open."""

    def _latest(self) -> dict[str, Any]:
        return self._values.shown(self._clock.utc_ms(), self._clock.monotonic_ms())

    def open(self, origin: Origin) -> None:
        from .web_server import Server

        self.close()
        self._server = Server(self._settings, self._hub)
        try:
            self.port = self._server.start()
        except BaseException:
            self.close()
            raise
        if self._values.origin is None:
            self._values.origin = origin

    def deliver(self, batch: Sequence[Delivery]) -> None:
        if self._server is None:
            raise SinkDown(f"{self._settings.shown}: not open")
        frames = [self._hub.frame(delivery) for delivery in batch]

        def publish() -> None:
            fresh = {frame.number for frame in self._hub.publish(frames)}
            mono_ms = self._clock.monotonic_ms()
            for delivery in batch:
                if delivery.number in fresh:
                    self._values.take(delivery, mono_ms)

        self._server.call(publish)

    def idle(self) -> None:
        if self._server is None or not self._server.alive:
            raise SinkDown(f"{self._settings.shown}: the server has stopped")

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.stop()


class WebWaveSink(WebSink):
    """The same with the pulse wave."""

    wants = frozenset({"reading", "event", "wave"})


def _make(url: SinkUrl) -> Sink:
    from .web_server import Settings

    host = url.host or "127.0.0.1"
    base = url.path.rstrip("/")
    token = url.secret("token")
    origins = _origins(url)
    history = url.whole("history", 1000, 0, 100_000)
    room = url.whole("queue", 500, 1, 100_000)
    clients = url.whole("clients", 50, 1, 1000)
    waves = url.flag("waves")
    url.finish()
    if url.user:
        raise UsageError(f"--to {url.shown}: there are no users here", "ask for a token with token= or token_file=")
    if not re.fullmatch(r"(/[\w.~-]+)*", base, re.ASCII):
        raise UsageError(f"--to {url.shown}: {base!r} is no path for a server")
    if base.endswith(("/ws", "/events", "/latest")):
        last = base.rpartition("/")[2]
        raise UsageError(f"--to {url.shown}: a client adds /{last}, the server does not want it", f"leave /{last} out")
    near = _is_loopback(host)
    if not near and not token:
        raise UsageError(
            f"--to {url.shown}: whoever reaches {host} could read the patient's values",
            "add token_file=FILE, or serve at 127.0.0.1",
        )
    # A page of a stranger may call our address by a name of its own; near us that name is not one of these.
    named = {host.lower(), *_LOOPBACK_NAMES, *(urlsplit(origin).hostname or "" for origin in origins)}
    port = PORT if url.port is None else url.port
    settings = Settings(host, port, base, token, origins, frozenset(named) if near else frozenset(), url.shown)
    return (WebWaveSink if waves else WebSink)(settings, history, room, clients)


def _origins(url: SinkUrl) -> frozenset[str]:
    said = [one.strip().lower() for one in url.text("origin").split(",") if one.strip()]
    for origin in said:
        if not re.fullmatch(r"https?://[^/?#@\s*]+", origin):
            hint = "write https://ward.example or http://localhost:3000, with commas between"
            raise UsageError(f"--to {url.shown}: {origin!r} is no origin of a page", hint)
    return frozenset(said)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


KIND: Final = SinkKind(
    name="web",
    schemes=("web", "ws", "sse"),
    summary="A server with a WebSocket, Server-Sent Events, the latest values as JSON, and a page that shows them",
    example="web://127.0.0.1:8765",
    make=_make,
    options={
        "token": "what a client must bring: ?token=... or Authorization: Bearer ...; needed beyond this computer",
        "token_file": "a file with the token, so that it stands in no URL",
        "origin": "origins of other pages that may read, with commas between: https://ward.example",
        "waves": "yes: the pulse wave too",
        "history": "how many items a client that comes back can catch up on (1000)",
        "queue": "how many items wait for a slow client before it misses some (500)",
        "clients": "how many clients there may be at once (50)",
    },
    modules=("aiohttp",),
    extra="web",
    keeps=False,
)

__all__ = ["KIND", "WebSink"]
