# SPDX-License-Identifier: Apache-2.0
"""Bytes to and from a board, whatever lies between: USB serial, a socket, RFC 2217, a pty, a simulated board."""

from __future__ import annotations

from typing import Protocol

from ..clock import Clock


class Transport(Protocol):
    """An open way to one board. Made by `open_transport`; not for use by two threads at once."""

    clock: Clock
    name: str
    simulated: bool

    def read(self, timeout_s: float) -> bytes:
        """Returns what has arrived, as soon as there is any; b"" after `timeout_s`. Raises LinkLost."""
        ...

    def write(self, data: bytes) -> None:
        """Hands all of `data` to the system. Raises LinkLost."""
        ...

    def close(self) -> None:
        """Ends it; may be called twice. A simulated board's process ends with it."""
        ...


def open_transport(port: str) -> Transport:
    """Opens `port`: a URL with `://`, a device path or `COMn`, a serial number or a bed label (whole or unique prefix).

    Raises UsageError, NoBoard, AmbiguousBoard, PortBusy, NoPermission or LinkLost, each in a sentence.
    """
    raise NotImplementedError
