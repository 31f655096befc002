# SPDX-License-Identifier: Apache-2.0
"""The host's side of the protocol as a state machine: bytes and time in, events and bytes out. No I/O, no clock.

    down --link_opened--> greeting --hello--> connected        identify is sent every second while greeting
                             |   ^               |
                             |   +-- restart ----+             a heartbeat or hello with another boot count
                             +--hello--> refused               another layout of messages, or another major version

Nothing but hellos is believed before a hello was understood. When connected a ping a second tells the board that its
host is there, and its answers serve the clock fit. No heartbeat for 3 s is `Silent`, whatever else may come: a
heartbeat carries the state that alarms depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from vitalwire_protocol.codec import Answer, Heartbeat, Hello, Identify, Ping, ResetCause, name_of
from vitalwire_protocol.framing import encode_frame

from .clockfit import ClockFit
from .decoder import Decoder, Loss
from .diagnosis import Diagnosis
from .events import (
    Connected,
    Console,
    Incompatible,
    LinkDown,
    LinkEvent,
    LinkUp,
    Lost,
    NoHello,
    Notice,
    Received,
    Restarted,
    Silent,
)
from .hello import identity, notices, refusal, wrong_major
from .requests import Requests

if TYPE_CHECKING:
    from vitalwire_protocol.codec import Message

    from .commands import Command

IDENTIFY_MS: Final = 1_000
HELLO_MS: Final = 3_000
"""A board that says no hello for this long after the port opened is not one of ours, or not well."""
HEARTBEAT_MS: Final = 3_000
PING_MS: Final = 1_000
IDLE_MS: Final = 1_000
_TIMED: Final = 8  # questions whose answers still serve the clock fit

State = Literal["down", "greeting", "connected", "refused"]


class Client:
    """One host talking with one board. All `t_ms` are the host's monotonic ms; call `take_output` after each call."""

    def __init__(self, client_id: int, utc_offset_ms: int = 0) -> None:
        """`client_id`: random, 1..2^32-1, new for each program run. `utc_offset_ms`: UTC ms minus monotonic ms."""
        self.client_id = client_id
        self.utc_offset_ms = utc_offset_ms
        self.state: State = "down"
        self.hello: Hello | None = None
        """The last hello that was understood; kept while the link is down."""
        self.clock_fit = ClockFit()
        self.decoder = Decoder()
        self.unheard = 0
        """Messages dropped because no hello had been understood yet."""
        self._requests = Requests(client_id)
        self._diagnosis = Diagnosis()
        self._out = bytearray()
        self._seq = 0
        self._questions: dict[int, int] = {}  # number of a ping or identify -> when it left
        self._identify_ms: int | None = None
        self._no_hello_ms: int | None = None
        self._ping_ms: int | None = None
        self._silent_ms: int | None = None
        self._heard_ms = 0
        self._idle_ms: int | None = None

    def link_opened(self, t_ms: int) -> list[LinkEvent]:
        """The port is open: the handshake starts."""
        self.decoder.link_restarted()
        self._diagnosis = Diagnosis()
        self._questions.clear()
        self._out[:] = b"\0"  # ends whatever half a frame the board still holds from before
        self._no_hello_ms = t_ms + HELLO_MS
        self._greet(t_ms)
        return [LinkUp()]

    def link_closed(self, t_ms: int, why: str) -> list[LinkEvent]:
        """The port is gone. Requests under way wait for it to come back until their own time-out."""
        self.state = "down"
        self._identify_ms = self._no_hello_ms = self._ping_ms = self._silent_ms = self._idle_ms = None
        self._out.clear()
        return [LinkDown(why), *self._run_requests(t_ms)]

    def receive(self, data: bytes, t_ms: int) -> list[LinkEvent]:
        """Takes bytes as they came from the transport, any number of them, damaged or not. Never raises."""
        if not data or self.state == "down":
            return []
        events: list[LinkEvent] = []
        messages = self.decoder.feed(data)
        losses = self.decoder.take_losses()
        at = 0
        for loss in losses:
            for message in messages[at : loss.before]:
                self._take(message, t_ms, events)
            at = loss.before
            self._lose(loss, events)
        for message in messages[at:]:
            self._take(message, t_ms, events)
        self._listen_for_text(t_ms, events)
        self._check_major(events)
        self._idle_ms = t_ms + IDLE_MS if self.decoder.pending else None
        return events

    def advance(self, t_ms: int) -> list[LinkEvent]:
        """Lets time pass: retries, pings, time-outs. Call it at `next_deadline()`."""
        events: list[LinkEvent] = []
        if self._idle_ms is not None and t_ms >= self._idle_ms:
            self._idle_ms = None
            self.decoder.idle()
            self._listen_for_text(t_ms, events)
        if self._no_hello_ms is not None and t_ms >= self._no_hello_ms:
            self._no_hello_ms = None
            cause, why = self._diagnosis.why_no_hello(self.decoder.counters)
            events.append(NoHello(why, cause))
        if self._silent_ms is not None and t_ms >= self._silent_ms:
            self._silent_ms = None
            self._identify_ms = t_ms  # it may have started again with other firmware
            events.append(Silent(self._heard_ms))
        if self._identify_ms is not None and t_ms >= self._identify_ms:
            self._identify_ms = t_ms + IDENTIFY_MS
            self._ask(Identify.request(), t_ms)
        events += self._run_requests(t_ms)
        if self._ping_ms is not None and t_ms >= self._ping_ms:
            self._ping_ms = t_ms + PING_MS
            self._ask(Ping.request(), t_ms)
        return events

    def next_deadline(self) -> int | None:
        """The next `t_ms` at which `advance` has something to do, or None."""
        times = (self._identify_ms, self._no_hello_ms, self._ping_ms, self._silent_ms, self._idle_ms)
        requests = self._requests.next_deadline(self.state == "connected")
        return min((t for t in (*times, requests) if t is not None), default=None)

    def send(self, command: Command, t_ms: int) -> int:
        """Queues a command such as `CuffStart.request()` and returns its number, found again in `Answered`.

        It is sent at once when connected; else it waits, at most 4 s, and then ends in `TimedOut`.
        """
        number = self._requests.add(command, t_ms)
        self._send_requests(t_ms)
        return number

    def take_output(self) -> bytes:
        """The bytes to write now; b"" if none."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def utc_ms(self, device_ms: int) -> int | None:
        """When the board's clock showed `device_ms` (as in `NibpResult.started_ms`), in UTC ms; None before any
        fit."""
        host_ms = self.clock_fit.host_ms(device_ms)
        return None if host_ms is None else host_ms + self.utc_offset_ms

    # ------------------------------------------------------------ messages

    def _take(self, message: Message, t_ms: int, events: list[LinkEvent]) -> None:
        if isinstance(message, Hello):
            self._take_hello(message, t_ms, events)
            return
        if self.state != "connected":
            self.unheard += 1
            return
        if isinstance(message, Heartbeat):
            if self.hello is not None and message.boot != self.hello.boot:
                self._restarted(message.boot, None, t_ms, events)
                self._greet(t_ms)
                return
            self._hear(t_ms)
            self.clock_fit.observe(message.t_ms, t_ms)
        elif isinstance(message, Answer):
            self._take_answer(message, t_ms, events)
            return
        made_ms = self.clock_fit.host_ms(message.t_ms)
        made_ms = t_ms if made_ms is None else min(made_ms, t_ms)
        events.append(Received(message, t_ms, made_ms + self.utc_offset_ms))

    def _take_hello(self, hello: Hello, t_ms: int, events: list[LinkEvent]) -> None:
        why = refusal(hello)
        self._no_hello_ms = None
        if why is not None:
            if self.state != "refused":
                events.append(Incompatible(why))
            self._refuse()
            return
        before = self.hello
        if before is not None and identity(before).serial != identity(hello).serial:
            events.append(Notice(f"another board is on this port: {identity(hello)}, before it {identity(before)}"))
            events += self._requests.end_all("another board is on this port")
            self.clock_fit.restart()
        elif before is not None and before.boot != hello.boot:
            self._restarted(hello.boot, hello.reset_cause, t_ms, events)
        elif self.state == "connected":
            self._hear(t_ms)
            return
        self.hello = hello
        self.state = "connected"
        self._identify_ms = None
        self._ping_ms = t_ms
        self._hear(t_ms)
        self.clock_fit.observe(hello.t_ms, t_ms)
        events.append(Connected(hello))
        events += [Notice(text) for text in notices(hello)]
        self._requests.repeat_now(t_ms)
        self._send_requests(t_ms)

    def _restarted(self, boot: int, cause: int | None, t_ms: int, events: list[LinkEvent]) -> None:
        events.append(Restarted(boot, cause))
        events += self._requests.end_all("the board started again")
        self._questions.clear()
        self.clock_fit.restart()
        if self.hello is not None:
            self.hello = self.hello._replace(boot=boot)
        if (looping := self._diagnosis.restarted(t_ms)) is not None:
            word = "" if cause is None else f" ({name_of(ResetCause, cause)})"
            events.append(NoHello(looping + word, "crash_loop"))

    def _take_answer(self, answer: Answer, t_ms: int, events: list[LinkEvent]) -> None:
        if answer.client != self.client_id:
            return
        asked_ms = self._questions.pop(answer.number, None)
        if asked_ms is not None:
            self.clock_fit.observe_answer(answer.t_ms, asked_ms, t_ms)
        elif (answered := self._requests.answer(answer, t_ms)) is not None:
            events.append(answered)
            self._send_requests(t_ms)  # the next one may have waited for this

    def _lose(self, loss: Loss, events: list[LinkEvent]) -> None:
        if self.state == "connected":
            events.append(Lost(loss.frames, loss.first_seq))

    def _listen_for_text(self, t_ms: int, events: list[LinkEvent]) -> None:
        for line in self.decoder.take_console():
            events.append(Console(line))
            if (notice := self._diagnosis.line(line, t_ms)) is not None:
                events.append(Notice(notice))

    def _check_major(self, events: list[LinkEvent]) -> None:
        major, self.decoder.other_major = self.decoder.other_major, None
        if major is not None and self.state != "refused":
            self._refuse()
            events.append(Incompatible(wrong_major(major)))

    # ------------------------------------------------------------ sending and time

    def _greet(self, t_ms: int) -> None:
        self.state = "greeting"
        self._ping_ms = self._silent_ms = None
        self._identify_ms = t_ms + IDENTIFY_MS
        self._ask(Identify.request(), t_ms)

    def _refuse(self) -> None:
        self.state = "refused"
        self._identify_ms = self._ping_ms = self._silent_ms = self._no_hello_ms = None

    def _hear(self, t_ms: int) -> None:
        self._heard_ms = t_ms
        self._silent_ms = t_ms + HEARTBEAT_MS
        self._identify_ms = None

    def _ask(self, question: Command, t_ms: int) -> None:
        """Sends a ping or identify: not repeated under its number, and nobody waits for the answer.

        It must not overtake a request; where one waits for its answer, that says as well that the host is there.
        """
        if self._requests.waiting and self.state == "connected":
            return
        numbered = self._requests.number(question)
        if len(self._questions) >= _TIMED:
            del self._questions[next(iter(self._questions))]
        self._questions[numbered.number] = t_ms
        self._put(numbered, t_ms)

    def _run_requests(self, t_ms: int) -> list[LinkEvent]:
        send, ended = self._requests.due(t_ms, self.state == "connected")
        for command in send:
            self._put(command, t_ms)
        return list(ended)

    def _send_requests(self, t_ms: int) -> None:
        """Sends what is due; what has timed out is left for the next `advance`, which reports it."""
        if self.state == "connected":
            for command in self._requests.unsent(t_ms):
                self._put(command, t_ms)

    def _put(self, message: Command, t_ms: int) -> None:
        self._out += encode_frame(message, self._seq, t_ms)
        self._seq = (self._seq + 1) & 0xFFFF


__all__ = ["Client"]
