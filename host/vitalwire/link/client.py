# SPDX-License-Identifier: Apache-2.0
"""The host's side of the protocol as a state machine: bytes and time in, events and bytes out. No I/O, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import LinkEvent

if TYPE_CHECKING:
    from vitalwire_protocol.codec import Message


class Client:
    """One host talking with one board. All `t_ms` are the host's monotonic ms; call `take_output` after each call."""

    def __init__(self, client_id: int, utc_offset_ms: int = 0) -> None:
        """`client_id`: random, 1..2^32-1, new for each program run. `utc_offset_ms`: UTC ms minus monotonic ms."""
        self.client_id = client_id
        self.utc_offset_ms = utc_offset_ms

    def link_opened(self, t_ms: int) -> list[LinkEvent]:
        """The port is open: the handshake starts."""
        raise NotImplementedError

    def link_closed(self, t_ms: int, why: str) -> list[LinkEvent]:
        """The port is gone. Requests under way wait for it to come back until their own time-out."""
        raise NotImplementedError

    def receive(self, data: bytes, t_ms: int) -> list[LinkEvent]:
        """Takes bytes as they came from the transport, any number of them, damaged or not. Never raises."""
        raise NotImplementedError

    def advance(self, t_ms: int) -> list[LinkEvent]:
        """Lets time pass: retries, pings, time-outs. Call it at `next_deadline()`."""
        raise NotImplementedError

    def next_deadline(self) -> int | None:
        """The next `t_ms` at which `advance` has something to do, or None."""
        raise NotImplementedError

    def send(self, command: Message, t_ms: int) -> int:
        """Queues a command made by `link.commands` and returns its request number, found again in `Answered`."""
        raise NotImplementedError

    def take_output(self) -> bytes:
        """The bytes to write now; b"" if none."""
        raise NotImplementedError
