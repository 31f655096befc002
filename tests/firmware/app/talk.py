# SPDX-License-Identifier: Apache-2.0
"""A host in a test's hand: sends commands, lets time pass, and keeps every message that the board said."""

from __future__ import annotations

from typing import Any

from cobs import cobs
from twin_host import Twin

from vitalwire_protocol import codec
from vitalwire_protocol.codec import Answer, Outcome, Ping
from vitalwire_protocol.errors import FrameError
from vitalwire_protocol.framing import decode_body, encode_frame


class Talk:
    """One board. `said` is everything since the start, `console` what was no frame."""

    def __init__(self, interpreter: str, options: dict[str, Any]) -> None:
        self.twin = Twin(interpreter, firmware=None, **options)
        self.said: list[Any] = []
        self.console = b""
        self.client = 0xC0FFEE01
        self.number = 0
        self._rest = b""

    def close(self) -> None:
        self.twin.__exit__()

    def run(self, seconds: float) -> list[Any]:
        """Lets time pass; what was said in it."""
        return self._take(self.twin.run(seconds))

    def run_pinging(self, seconds: int) -> list[Any]:
        """As `run`, with a host that is there."""
        heard: list[Any] = []
        for _ in range(seconds):
            self.send(Ping)
            heard += self.run(1)
        return heard

    def send(self, command: type[Any], *fields: Any, client: int | None = None, number: int | None = None) -> int:
        """Sends one command; returns its number. A number of one's own makes a repeat."""
        if number is None:
            self.number += 1
            number = self.number
        message = command(0, 0, self.client if client is None else client, number, *fields)
        self.twin.write(encode_frame(message, number & 0xFFFF, 0))
        return number

    def ask(self, command: type[Any], *fields: Any, seconds: float = 0.3) -> Answer:
        """Sends one command and returns its last answer; everything but a cuff cycle is answered at once."""
        number = self.send(command, *fields)
        answers = [m for m in self.run(seconds) if isinstance(m, Answer) and m.number == number]
        assert answers, f"{command.__name__} was not answered"
        if answers[-1].outcome == Outcome.DONE:
            assert [a.outcome for a in answers] == [Outcome.ACCEPTED, Outcome.DONE], "accepted, then done once"
        return answers[-1]

    def all(self, kind: type[Any], since: int = 0) -> list[Any]:
        return [m for m in self.said[since:] if isinstance(m, kind)]

    def last(self, kind: type[Any]) -> Any:
        return self.all(kind)[-1]

    def events(self, since: int = 0) -> list[str]:
        return [codec.name_of(codec.EventKind, m.event) for m in self.all(codec.Event, since)]

    def _take(self, data: bytes) -> list[Any]:
        *parts, self._rest = (self._rest + data).split(b"\0")
        heard = []
        for part in filter(None, parts):
            try:
                heard.append(decode_body(cobs.decode(part)))
            except (cobs.DecodeError, FrameError):
                self.console += part
        self.said += heard
        return heard
