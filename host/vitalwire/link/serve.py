# SPDX-License-Identifier: Apache-2.0
"""Serves a simulated board to other programs, on a pseudo-terminal or a TCP port, one at a time."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable
from typing import Final, Protocol

from ..errors import PortBusy, UsageError
from .transport import SimTransport

STEP_S: Final = 0.02
"""How long a byte from the client may wait until the board sees it."""
KEPT_BYTES: Final = 16_384
"""What is kept for a client that does not read. The rest is dropped, and its decoder counts the loss."""

Announce = Callable[[str], None]
"""Told the port under which the board can be opened, once it can be."""


class _Client(Protocol):
    """The other end: takes what it can, and gives what it has."""

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        """Writes a part of `data` without waiting; returns how much, and what came in."""
        ...


def serve_pty(transport: SimTransport, announce: Announce) -> None:
    """Serves on a new pseudo-terminal until an exception ends it."""
    if sys.platform == "win32":
        raise UsageError("there are no pseudo-terminals on Windows", "serve on a TCP port")
    import tty

    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        announce(os.ttyname(slave))
        # The slave stays open here as well, so that a client may come and go.
        _pump(transport, _Pty(master))
    finally:
        os.close(master)
        os.close(slave)


def serve_tcp(transport: SimTransport, where: str, announce: Announce) -> None:
    """Serves on `HOST:PORT` until an exception ends it. Raises UsageError or PortBusy where that cannot be."""
    host, _, number = where.rpartition(":")
    if not host or not number.isdigit() or int(number) > 65535:
        raise UsageError(f"{where!r} is not HOST:PORT", "write it like 127.0.0.1:7878")
    try:
        server = socket.create_server((host.strip("[]"), int(number)))
    except socket.gaierror as error:
        raise UsageError(f"{host!r} is no address of this computer", "try 127.0.0.1") from error
    except OSError as error:
        raise PortBusy(f"{where} cannot be served: {error.strerror}", "choose another port, 0 takes any") from error
    with server:
        server.setblocking(False)
        announce(f"socket://{host}:{server.getsockname()[1]}")
        _pump(transport, _Tcp(server))


def _pump(transport: SimTransport, client: _Client) -> None:
    pending = bytearray()
    while True:
        pending += transport.read(STEP_S)
        written, received = client.exchange(bytes(pending))
        del pending[:written]
        if len(pending) > KEPT_BYTES:
            del pending[:-KEPT_BYTES]
        transport.write(received)


class _Pty:
    def __init__(self, master: int) -> None:
        self._master = master

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        readable, writable, _ = select.select([self._master], [self._master] if data else [], [], 0)
        received = os.read(self._master, 4096) if readable else b""
        try:
            return (os.write(self._master, data) if writable else 0), received
        except BlockingIOError:
            return 0, received


class _Tcp:
    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._client: socket.socket | None = None

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        self._accept()
        if self._client is None:
            return len(data), b""
        written, received = 0, b""
        try:
            readable, writable, _ = select.select([self._client], [self._client] if data else [], [], 0)
            if writable:
                written = self._client.send(data)
            if readable:
                received = self._client.recv(4096)
                if not received:
                    self._hang_up()
        except OSError:
            self._hang_up()
        return written, received

    def _accept(self) -> None:
        try:
            client, _ = self._server.accept()
        except BlockingIOError:
            return
        if self._client is not None:
            client.close()  # a board has one port, and that is in use
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


__all__ = ["serve_pty", "serve_tcp"]
