# SPDX-License-Identifier: Apache-2.0
"""The host's side of the protocol as a state machine: bytes and time in, events and bytes out. No I/O, no clock.

    down --link_opened--> greeting --hello--> connected        identify is sent every second while greeting
                             |   ^               |
                             |   +-- restart ----+             a heartbeat or hello with another boot count
                             +--hello--> refused               another layout of messages, or another major version
                             +--hello, prompt--> stopped       its program does not run; nothing is sent any more

Nothing but hellos is believed before a hello was understood. When connected a ping a second tells the board that its
host is there, and its answers serve the clock fit. No heartbeat for 3 s is `Silent`, whatever else may come: a
heartbeat carries the state that alarms depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from vitalwire_protocol.codec import VERSION_MINOR, Answer, Heartbeat, Hello, Identify, Ping, ResetCause, name_of
from vitalwire_protocol.framing import encode_frame

from .clockfit import ClockFit
from .decoder import Decoder, Loss
from .diagnosis import Diagnosis, is_prompt
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
    Stopped,
)
from .hello import EQUAL, identity, in_service, notices, refusal, wrong_major
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

_JUMP_MS: Final = 2_000  # a board's clock that came back this much off its fit is not the one that was fitted
_HELD: Final = 64  # frames kept between a restart and the hello that tells which one it was
_PROMPT: Final = "the board is at its MicroPython prompt: its program has ended"

State = Literal["down", "greeting", "connected", "refused", "stopped"]


class Client:
    """One host talking with one board. All `t_ms` are the host's monotonic ms; call `take_output` after each call."""

    def __init__(self, client_id: int, utc_offset_ms: int = 0, minor: int = VERSION_MINOR) -> None:
        """`client_id`: random, 1..2^32-1, new for each program run. `utc_offset_ms`: UTC ms minus monotonic ms.
        `minor`: of the protocol, as the program speaks it that talks with the board, or has talked."""
        self.client_id = client_id
        self.minor = minor
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
        self._began_again = False
        self._held: list[Message] = []  # of a start whose hello has not come yet
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
        decoder = self.decoder
        messages = decoder.feed(data)
        if decoder.uneven:
            self._take_uneven(messages, t_ms, events)
        else:
            for message in messages:
                self._take(message, t_ms, events)
        if decoder.printed:
            self._listen_for_text(t_ms, events)
        if decoder.other_major is not None:
            self._check_major(events)
        self._idle_ms = t_ms + IDLE_MS if decoder.pending else None
        return events

    def _take_uneven(self, messages: list[Message], t_ms: int, events: list[LinkEvent]) -> None:
        """Takes messages of which some are missing, or before which the board started again."""
        losses, restarts = self.decoder.take_losses(), self.decoder.take_restarts()
        lost = 0
        for at, message in enumerate(messages):
            while lost < len(losses) and losses[lost].before <= at:
                self._lose(losses[lost], events)
                lost += 1
            if at in restarts:
                self._begin_again(t_ms)
            self._take(message, t_ms, events)
        for loss in losses[lost:]:
            self._lose(loss, events)

    def advance(self, t_ms: int) -> list[LinkEvent]:
        """Lets time pass: retries, pings, time-outs. Call it at `next_deadline()`."""
        events: list[LinkEvent] = []
        asks_again = self._identify_ms is not None and t_ms >= self._identify_ms and self.state == "greeting"
        if asks_again or (self._idle_ms is not None and t_ms >= self._idle_ms):
            # A prompt answers whatever it is asked, each second: it would never be idle for one.
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
        if not self._out:
            return b""
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
            if self._began_again and len(self._held) < _HELD:
                self._held.append(message)
            else:
                self.unheard += 1
            if self.state == "stopped" and isinstance(message, Heartbeat):
                self._greet(t_ms)  # only a running program beats: what looked like its prompt was none, or is over
            return
        if isinstance(message, Heartbeat):
            if self.hello is not None and message.boot != self.hello.boot:
                self._restarted(message.boot, None, t_ms, events)
                self._greet(t_ms)
                self._silent_ms = t_ms + HEARTBEAT_MS
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
                events.append(Incompatible(why, EQUAL))
            self._be_still("refused")
            return
        before = self.hello
        if before is not None and identity(before).serial != identity(hello).serial:
            events.append(Notice(f"another board is on this port: {identity(hello)}, before it {identity(before)}"))
            events += self._requests.end_all("another board is on this port")
            self.clock_fit.restart()
        elif before is not None and (before.boot != hello.boot or self._began_again):
            self._restarted(hello.boot, hello.reset_cause, t_ms, events)
        elif self.state == "connected" and not hello.service:
            self._hear(t_ms)
            return
        elif before is not None:
            self._check_clock(hello, t_ms, events)
        self.hello, self._began_again = hello, False
        if hello.service:
            if self.state != "stopped" or before is None or before.boot != hello.boot:
                self._stop("service", in_service(hello), events)
            return
        self.state = "connected"
        self._identify_ms = None
        self._ping_ms = t_ms
        self._hear(t_ms)
        self.clock_fit.observe(hello.t_ms, t_ms)
        events.append(Connected(hello))
        events += [Notice(text) for text in notices(hello, self.minor)]
        held, self._held = self._held, []
        for message in held:
            self._take(message, t_ms, events)
        self._requests.repeat_now(t_ms)
        self._send_requests(t_ms)

    def _begin_again(self, t_ms: int) -> None:
        """The frames that follow are a new start's: they wait for its hello, which says when that was and why."""
        if self.state == "connected":
            self._greet(t_ms)
            self._silent_ms = t_ms + HEARTBEAT_MS
            self._began_again = True
            self._held.clear()

    def _check_clock(self, hello: Hello, t_ms: int, events: list[LinkEvent]) -> None:
        """The board is back after a loss, by its count of starts the same one. Its clock must bear that out: a count
        that could not be saved stays, and old times would be given to new readings."""
        made_ms = self.clock_fit.host_ms(hello.t_ms)
        if made_ms is None or abs(made_ms - t_ms) <= _JUMP_MS:
            return
        if self.clock_fit.is_behind(hello.t_ms):
            self._restarted(hello.boot, hello.reset_cause, t_ms, events)
        else:
            self.clock_fit.restart()  # the computer slept, say

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
            if is_prompt(line) and self.state in ("connected", "greeting"):
                self._stop("repl", _PROMPT, events)

    def _check_major(self, events: list[LinkEvent]) -> None:
        major, self.decoder.other_major = self.decoder.other_major, None
        if major is not None and self.state != "refused":
            self._be_still("refused")
            events.append(Incompatible(*wrong_major(major)))

    # ------------------------------------------------------------ sending and time

    def _greet(self, t_ms: int) -> None:
        self.state = "greeting"
        self._ping_ms = self._silent_ms = None
        self._identify_ms = t_ms + IDENTIFY_MS
        self._ask(Identify.request(), t_ms)

    def _be_still(self, state: Literal["refused", "stopped"]) -> None:
        self.state = state
        self._identify_ms = self._ping_ms = self._silent_ms = self._no_hello_ms = None
        self._began_again = False
        self._held.clear()

    def _stop(self, cause: str, why: str, events: list[LinkEvent]) -> None:
        """Sends nothing more to a board whose program does not run: every byte would go into its prompt.

        Before any hello the time for one goes on, and what came until then is explained together.
        """
        due_ms = self._no_hello_ms
        self._be_still("stopped")
        self._questions.clear()
        self._out.clear()
        if due_ms is not None:
            self._no_hello_ms = due_ms
            return
        events += self._requests.end_all("the board's program does not run")
        events.append(Stopped(why, cause))

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
