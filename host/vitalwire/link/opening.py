# SPDX-License-Identifier: Apache-2.0
"""Opening: from what a person calls a board to an open port, or to a board that has said hello."""

from __future__ import annotations

import secrets

from .board import Board
from .client import Client
from .hello import Identity
from .ports import resolve_port
from .transport import Transport, open_transport


def open_port(port: str | None = None) -> Transport:
    """Opens `port`: a URL with `://`, a device path or `COMn`, a serial number or a bed label (whole or unique
    prefix).

    None is the one board that is plugged in. Raises UsageError, NoBoard, AmbiguousBoard, PortBusy, NoPermission or
    LinkLost, each in a sentence.
    """
    return open_transport(resolve_port(port, ask=_ask))


def open_board(port: str | None = None, *, service: bool = False) -> Board:
    """Opens the board at `port` and waits for its hello.

    `port`: a URL (`sim://`, `socket://HOST:PORT`, `rfc2217://HOST:PORT`), a device, a serial number or a bed label
    (whole or a unique prefix); None is the only board that is plugged in. Raises a VitalwireError that says what to
    do.
    """
    return _greet(open_port(port), service)


def _greet(transport: Transport, service: bool) -> Board:
    """The board at the other end, once it has said who it is; the port is closed where it does not."""
    try:
        offset_ms = transport.clock.utc_ms() - transport.clock.monotonic_ms()
        board = Board(transport, Client(secrets.randbelow((1 << 32) - 1) + 1, offset_ms))
        board.connect(service=service)
    except BaseException:
        transport.close()
        raise
    return board


def _ask(device: str) -> Identity:
    with _greet(open_transport(device), service=True) as board:
        return board.identity


__all__ = ["open_board", "open_port"]
