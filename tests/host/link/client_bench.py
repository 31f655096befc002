# SPDX-License-Identifier: Apache-2.0
"""A client, a board and the time, for tests: time passes exactly from deadline to deadline."""

from __future__ import annotations

from board_script import BoardScript

from vitalwire.link.client import Client
from vitalwire.link.events import LinkEvent
from vitalwire_protocol import codec

ME = 0xC0FFEE


class Bench:
    """A client and the time: lets time pass exactly from deadline to deadline."""

    def __init__(self) -> None:
        self.client = Client(ME, utc_offset_ms=1_000_000)
        self.board = BoardScript()
        self.now = 0
        self.out = b""

    def open(self) -> list[LinkEvent]:
        return self._after(self.client.link_opened(self.now))

    def get(self, data: bytes) -> list[LinkEvent]:
        return self._after(self.client.receive(data, self.now))

    def wait(self, ms: int) -> list[LinkEvent]:
        events: list[LinkEvent] = []
        end = self.now + ms
        while (deadline := self.client.next_deadline()) is not None and deadline <= end:
            assert deadline >= self.now, "a deadline in the past would make the pump spin"
            self.now = deadline
            events += self._after(self.client.advance(deadline))
        self.now = end
        return events

    def live(self, ms: int) -> list[LinkEvent]:
        """Time passes while the board beats once a second."""
        events: list[LinkEvent] = []
        for _ in range(ms // 1000):
            events += self.wait(1000)
            events += self.get(self.board.heartbeat(self.now))
        return events

    def connect(self) -> None:
        self.open()
        self.get(self.board.hello())
        self.take()

    def send(self, command: codec.Message) -> int:
        number = self.client.send(command, self.now)  # type: ignore[arg-type]
        self._after([])
        return number

    def take(self) -> bytes:
        data, self.out = self.out, b""
        return data

    def _after(self, events: list[LinkEvent]) -> list[LinkEvent]:
        self.out += self.client.take_output()
        return events


def kinds(events: list[LinkEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def of(events: list[LinkEvent], kind: type) -> list[LinkEvent]:
    return [event for event in events if isinstance(event, kind)]
