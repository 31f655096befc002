# SPDX-License-Identifier: Apache-2.0
"""The HTTP side of the web sink: a server in a thread of its own. Imported late, for it needs aiohttp."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import hashlib
import hmac
import re
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from weakref import WeakSet

from aiohttp import WSMsgType, web

from ..errors import SinkDown, SinkRefused
from .web_hub import KINDS, TYPES, Frame, Hub, Subscriber

TICK_S: Final = 0.5
HEARTBEAT_S: Final = 10.0
STUCK_S: Final = 30.0
"""A connection that takes nothing for this long is ended; its client comes again and resumes."""
RETRY_MS: Final = 2000
START_S: Final = 8.0
CALL_S: Final = 5.0
STOP_S: Final = 1.5
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """Where and for whom. `origins`: of pages that may read besides our own; `token`: empty where none is asked for;
    `open_hosts`: names by which a browser may call us (empty: any)."""

    host: str
    port: int
    base: str = ""
    token: str = ""
    origins: frozenset[str] = frozenset()
    open_hosts: frozenset[str] = frozenset()
    shown: str = ""


class Server:
    """Serves a hub. `start` and `stop` are called by the sink's thread; all else happens in this one's loop."""

    def __init__(self, settings: Settings, hub: Hub) -> None:
        self._settings, self._hub = settings, hub
        self._loop = asyncio.new_event_loop()
        self._started: Future[int] = Future()
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[object]] = set()
        self._transports: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._thread = threading.Thread(target=self._run, name="vitalwire-web", daemon=True)
        self._page, self._policy = _page()

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive() and self._started.done()

    def start(self) -> int:
        """Binds and returns the port. Raises SinkRefused where that cannot be had."""
        self._thread.start()
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            return self._started.result(START_S)
        except TimeoutError:
            raise SinkDown(f"{self._settings.shown}: the server did not start in {START_S:.0f} s") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                hint = "end that program, or name another port"
                raise SinkRefused(f"{self._settings.shown}: another program serves at {where}", hint) from None
            if error.errno == errno.EACCES:
                hint = "name one from 1024 up"
                raise SinkRefused(f"{self._settings.shown}: this user may not serve at {where}", hint) from None
            why = error.strerror or str(error)
            hint = "name an address of this computer"
            raise SinkRefused(f"{self._settings.shown}: cannot serve at {where}: {why}", hint) from None

    def call(self, work: Callable[[], T]) -> T:
        """Runs a short piece of work in the loop. Raises SinkDown where the loop is not there."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # whatever it is, it is the caller's
                done.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(run)
            return done.result(CALL_S)
        except (RuntimeError, TimeoutError):
            raise SinkDown(f"{self._settings.shown}: the server has stopped") from None

    def stop(self) -> None:
        """Ends every connection and the thread, within two seconds."""
        with contextlib.suppress(RuntimeError):  # it is over already
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._guard])
        base = self._settings.base
        if base:
            app.router.add_get(base, self._to_page)
        app.router.add_get(f"{base}/", self._show_page)
        app.router.add_get(f"{base}/latest", self._latest)
        app.router.add_get(f"{base}/events", self._events, allow_head=False)
        app.router.add_get(f"{base}/ws", self._socket, allow_head=False)
        app.on_response_prepare.append(self._headers)
        # A log of requests would hold tokens. A client that goes takes its handler with it.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            self._started.set_result(int(runner.addresses[0][1]))
            while not self._stop.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await self._stop.wait()
                for subscriber in self._hub.subscribers:
                    subscriber.tick()
        finally:
            await self._end_all()
            await runner.cleanup()
            for transport in list(self._transports):
                transport.abort()  # those that are closing still wait for a client to take the rest
            await asyncio.sleep(0)

    async def _end_all(self) -> None:
        for subscriber in self._hub.subscribers:
            subscriber.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.4)
        for task in self._tasks:
            task.cancel()  # it waits for a client that takes nothing

    # ------------------------------------------------------------ who may

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A page of another origin, a host name that is not ours, and whoever has no token go no further."""
        if isinstance(request.transport, asyncio.WriteTransport):
            self._transports.add(request.transport)
        host = _host_of(request)
        if self._settings.open_hosts and host not in self._settings.open_hosts:
            raise web.HTTPForbidden(text="This server is not known by that name.\n")
        origin = _foreign(request)
        if origin is not None and origin.lower() not in self._settings.origins:
            raise web.HTTPForbidden(text="A page of that origin may not read this; see the option origin=.\n")
        if request.method == "OPTIONS":  # a browser asks before it sends a token; the answer holds nothing
            return web.Response(status=204)
        if self._settings.token and not hmac.compare_digest(_token_of(request), self._settings.token.encode()):
            text = "A token is needed: ?token=... or Authorization: Bearer ...\n"
            raise web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    async def _headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "vitalwire"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Vary"] = "Origin"
        origin = _foreign(request)
        if origin is not None and origin.lower() in self._settings.origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Last-Event-ID"

    # ------------------------------------------------------------ what there is

    async def _to_page(self, request: web.Request) -> web.StreamResponse:
        query = f"?{request.query_string}" if request.query_string else ""
        raise web.HTTPPermanentRedirect(f"{self._settings.base}/{query}")

    async def _show_page(self, _request: web.Request) -> web.StreamResponse:
        policy = {"Content-Security-Policy": self._policy}
        return web.Response(body=self._page, content_type="text/html", charset="utf-8", headers=policy)

    async def _latest(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(text=self._hub.latest().text + "\n", content_type="application/json")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        subscriber = self._subscribe(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})

        async def send(frames: list[Frame]) -> None:
            text = "".join(_sse(frame) for frame in frames) or ": nothing new\n\n"
            await response.write(text.encode())

        async def begin() -> None:
            await response.prepare(request)
            await response.write(f"retry: {RETRY_MS}\n\n".encode())

        await self._feed(request, subscriber, begin, send)
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        subscriber = self._subscribe(request)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, timeout=0.3, max_msg_size=4096)
        listening: list[asyncio.Task[None]] = []

        async def listen() -> None:
            try:
                while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    pass  # a client has nothing to tell us
            finally:
                subscriber.end()

        async def send(frames: list[Frame]) -> None:
            for frame in frames:
                await socket.send_str(frame.text)

        async def begin() -> None:
            await socket.prepare(request)
            listening.append(asyncio.create_task(listen()))

        try:
            await self._feed(request, subscriber, begin, send)
        finally:
            for task in listening:
                task.cancel()
                with contextlib.suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(0.3):
                        await socket.close(code=1001, message=b"the server ends")
        return socket

    def _subscribe(self, request: web.Request) -> Subscriber:
        said = request.query.get("types")
        kinds = KINDS if said is None else frozenset(said.split(","))
        if not kinds <= TYPES:
            raise web.HTTPBadRequest(text=f"types= takes {', '.join(sorted(TYPES))}, with commas between.\n")
        if self._hub.full:
            raise web.HTTPServiceUnavailable(text="There are as many clients as there may be.\n")
        header = request.headers.get("Last-Event-ID")
        try:
            return self._hub.subscribe(kinds, header if header is not None else request.query.get("after"))
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from None

    async def _feed(
        self,
        request: web.Request,
        subscriber: Subscriber,
        begin: Callable[[], Awaitable[None]],
        send: Callable[[list[Frame]], Awaitable[None]],
    ) -> None:
        """Sends to one client what it has to get, until it goes, gets stuck, or the server ends."""
        task: Any = asyncio.current_task()
        self._tasks.add(task)
        try:
            await begin()
            while not subscriber.ended:
                frames = await subscriber.take(HEARTBEAT_S)
                if subscriber.ended:
                    break
                async with asyncio.timeout(STUCK_S):
                    await send(frames)
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._hub.subscribers.discard(subscriber)
            self._tasks.discard(task)


def _sse(frame: Frame) -> str:
    ident = f"id: {frame.id}\n" if frame.id else ""
    return f"{ident}event: {frame.kind}\ndata: {frame.text}\n\n"


def _token_of(request: web.Request) -> bytes:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    said = value.strip() if kind.lower() == "bearer" else request.query.get("token", "")
    return said.encode("utf-8", "surrogateescape")


def _foreign(request: web.Request) -> str | None:
    """The origin of the page that asks, where it is not one of ours. A program that is no browser names none."""
    origin = request.headers.get("Origin")
    if origin is None or origin.lower().partition("://")[2] == request.host.lower():
        return None
    return origin


def _host_of(request: web.Request) -> str:
    try:
        return (urlsplit(f"//{request.host}").hostname or "").lower()
    except ValueError:
        return ""


def _page() -> tuple[bytes, str]:
    """The built-in page, and a policy that lets a browser run nothing in it but its own script."""
    text = files(__package__).joinpath("web_page.html").read_text(encoding="utf-8")

    def hashes(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        sums = (base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in found)
        return " ".join(f"'sha256-{one}'" for one in sums)

    rest = "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return text.encode(), f"default-src 'none'; script-src {hashes('script')}; style-src {hashes('style')}; {rest}"


__all__ = ["Server", "Settings"]
