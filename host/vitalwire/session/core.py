# SPDX-License-Identifier: Apache-2.0
"""The whole decision-making of a session as one function of its inputs: link client and session together.

The pump feeds a core live; `record.rebuild` feeds another one from the capture. Both take this same way, which is why a
record can be rebuilt byte for byte.
"""

from __future__ import annotations

from ..link.client import Client
from ..link.events import LinkEvent
from .facts import Fact
from .inputs import Input, Kind, Setup
from .session import Session
from .snapshot import Snapshot


class Core:
    """`apply` one input after the other, in order of time; take the bytes for the board after each."""

    def __init__(self, setup: Setup) -> None:
        self.client = Client(setup.client, setup.started_utc_ms - setup.started_t_ms, setup.minor)
        self.session = Session(setup)
        self.seen: tuple[LinkEvent, ...] = ()
        """What the link said to the last input, for those who show it."""

    def next_deadline(self) -> int | None:
        """The time of the EXPIRED input that comes next, unless something else is first; None: nothing is due."""
        times = (self.client.next_deadline(), self.session.next_deadline())
        return min((t for t in times if t is not None), default=None)

    def apply(self, item: Input) -> list[Fact]:
        """What this input causes, in order. OPEN is the first."""
        t_ms = item.t_ms
        events: list[LinkEvent] = []
        facts: list[Fact] = []
        match item.kind:
            case Kind.RECEIVED:
                events = self.client.receive(item.data, t_ms)
            case Kind.EXPIRED:
                events = self.client.advance(t_ms)
                facts += self.session.advance(t_ms)
            case Kind.LINK:
                link = item.json()
                up = link.get("state") == "up"
                events = (
                    self.client.link_opened(t_ms) if up else self.client.link_closed(t_ms, str(link.get("why", "")))
                )
            case Kind.ACTION:
                action = item.json()
                facts += self.session.action(str(action.pop("action", "")), t_ms, action)
            case Kind.RECORDER:
                state = item.json()
                facts += self.session.recorder(str(state.get("state", "")), str(state.get("why", "")), t_ms)
            case Kind.CLOCK:
                facts += self.session.clock_set(int(item.json().get("step_ms", 0)), t_ms)
            case Kind.AWAY:
                away = item.json()
                facts += self.session.away(int(away.get("since_ms", t_ms)), str(away.get("why", "")), t_ms, away)
            case Kind.OPEN:
                facts += self.session.begin(t_ms)
            case Kind.SENT:
                pass
        self.seen = tuple(events)
        handle = self.session.handle
        for event in events:
            facts += handle(event, t_ms)
        for command in self.session.take_commands():
            if not self.session.setup.replayed:  # the board heard other ones, and answers those
                self.client.send(command, t_ms)
        return facts

    def take_output(self) -> bytes:
        """The bytes to write to the board now."""
        return self.client.take_output()

    def snapshot(self, t_ms: int) -> Snapshot:
        """What may be shown at `t_ms`."""
        return self.session.snapshot(t_ms)
