# SPDX-License-Identifier: Apache-2.0
"""The library: open a board, iterate what it measures, give it commands, close it.

    import vitalwire

    with vitalwire.open_board("sim://?patient=calm") as board:
        for reading in board.readings(duration_s=60):
            print(reading.time, reading.spo2_pct, reading.pulse_bpm)

Everything happens in the thread that calls: bytes are read while an iterator waits or a command does, and what
arrives meanwhile is kept for all iterators. Times are those of the board's clock `board.clock`, which is virtual on a
simulated one.
"""

from __future__ import annotations

import secrets
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Final, TypeVar

from vitalwire_protocol.codec import (
    Abort,
    CuffPressure,
    CuffStart,
    Heartbeat,
    Hello,
    NibpResult,
    Observe,
    OscillogramGet,
    Outcome,
    Refusal,
    SessionBegin,
    SessionEnd,
    SetLimits,
    Trigger,
    name_of,
)
from vitalwire_protocol.codec import Oscillogram as Part

from .. import errors
from ..clock import Clock
from ..items import Item, Wave, item_in
from .client import Client
from .commands import Command
from .events import (
    Answered,
    Connected,
    Console,
    LinkEvent,
    Notice,
    Received,
    Silent,
    Stopped,
    TimedOut,
)
from .fetching import AGAIN_MS, ATTEMPTS
from .hello import Identity, identity
from .oscillogram import Assembly, Oscillogram, evaluation_of
from .problems import problem
from .readings import BoardEvent, Reading, event_of, reading_of
from .stream import Stream
from .transport import SimTransport, Transport

STEP_S: Final = 1.0
LATE_RESULT_S: Final = 1.0
SETTLED_MS: Final = 1_000
"""A board that started less than this ago has not seen its sensors yet, and would refuse commands that need them."""
HEARTBEAT_S: Final = 1.5
T = TypeVar("T")


class Board:
    """One connected board. Made by `open_board`; close it, or use it in a `with`."""

    def __init__(self, transport: Transport, client: Client) -> None:
        """Takes an open transport; `connect` begins the talk."""
        self.clock: Clock = transport.clock
        self.client = client
        self.closed = False
        self.notices: deque[str] = deque(maxlen=100)
        """What a person should know, newest last: versions that differ, lost frames, text that the board printed."""
        self.frames_lost = 0
        self._transport = transport
        self._streams: weakref.WeakSet[Stream[object]] = weakref.WeakSet()
        self._answers: dict[int, list[Answered | TimedOut]] = {}
        self._service_is_good = False
        self._result: Received | None = None  # the last cuff result

    def __enter__(self) -> Board:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the port; may be called twice. The board goes on by itself: a running cuff cycle ends as it
        would."""
        self.closed = True
        self._transport.close()

    @property
    def name(self) -> str:
        """The port."""
        return self._transport.name

    @property
    def simulated(self) -> bool:
        """Whether this is no real board."""
        return self._transport.simulated or self.identity.simulated

    @property
    def virtual(self) -> bool:
        """Whether its time is that of a simulation, which stands still while nobody reads."""
        return isinstance(self._transport, SimTransport)

    @property
    def hello(self) -> Hello:
        """The board's last hello."""
        hello = self.client.hello
        if hello is None:
            raise errors.LinkLost(f"{self.name}: the board has said no hello yet", "call connect() first")
        return hello

    @property
    def identity(self) -> Identity:
        """Serial number, bed label, firmware and interpreter."""
        return identity(self.hello)

    def connect(self, *, service: bool = False) -> None:
        """Waits for the board's hello. Raises NotVitalwire, Incompatible, CrashLoop or LinkLost.

        `service`: a board in service mode, which measures nothing and answers no command, is welcome too.
        """
        self._service_is_good = service
        self._handle(self.client.link_opened(self.clock.monotonic_ms()))
        self._flush()
        while self.client.state != "connected":
            self.poll(STEP_S)
            if self.client.state == "stopped" and self.client.hello is not None:
                return  # in service mode, and that is good enough
        if self.hello.t_ms < SETTLED_MS:
            self._await_heartbeat()

    def _await_heartbeat(self) -> None:
        stream = self._stream(lambda received: isinstance(received.message, Heartbeat) or None, None, HEARTBEAT_S)
        next(stream, None)

    def poll(self, timeout_s: float) -> None:
        """Waits for the board's bytes for at most `timeout_s` and deals with them. Raises LinkLost and its like."""
        if self.closed:
            raise errors.LinkLost(f"{self.name} is closed", "open it again")
        now_ms = self.clock.monotonic_ms()
        deadline_ms = self.client.next_deadline()
        if deadline_ms is not None:
            timeout_s = min(timeout_s, (deadline_ms - now_ms) / 1000)
        data = self._transport.read(max(timeout_s, 0.0))
        now_ms = self.clock.monotonic_ms()
        events = self.client.receive(data, now_ms)
        while (deadline_ms := self.client.next_deadline()) is not None and deadline_ms <= now_ms:
            events += self.client.advance(deadline_ms)
        self._flush()
        self._handle(events)

    def messages(self, *, timeout_s: float | None = None, duration_s: float | None = None) -> Stream[Received]:
        """Every message from now on, with host time and UTC. TimeoutError if none comes for `timeout_s`."""
        return self._stream(lambda received: received, timeout_s, duration_s)

    def readings(self, *, timeout_s: float | None = None, duration_s: float | None = None) -> Stream[Reading]:
        """Oximeter readings (one a second) and cuff results from now on. Raises LinkLost when the board falls
        silent."""
        return self._stream(self._reading, timeout_s, duration_s)

    def items(
        self, *, waves: bool = False, timeout_s: float | None = None, duration_s: float | None = None
    ) -> Stream[Item]:
        """Readings, events and, where `waves`, the pulse wave from now on, in the order in which they come. The board
        sends its wave only where it was told to: see `waves_on`."""

        def item(received: Received) -> Item | None:
            found = item_in(received, self.hello.boot, self.simulated)
            return found if waves or not isinstance(found, Wave) else None

        return self._stream(item, timeout_s, duration_s)

    def events(self, *, timeout_s: float | None = None, duration_s: float | None = None) -> Stream[BoardEvent]:
        """Events and limit alarms from now on."""
        return self._stream(lambda received: event_of(received, self.hello.boot), timeout_s, duration_s)

    def command(self, command: Command, *, wait: bool = True) -> Answered:
        """Gives any command and waits for its end, or only for its acceptance. Raises Refused where it is refused, and
        LinkLost where no answer comes."""
        number = self.client.send(command, self.clock.monotonic_ms())
        self._answers[number] = []
        self._flush()
        try:
            while True:
                for answer in self._answers[number]:
                    if isinstance(answer, TimedOut):
                        raise errors.LinkLost(f"{self.name}: {_words(command)}: {answer.why}", "check the link")
                    if answer.outcome == Outcome.REFUSED:
                        raise errors.Refused(_refused(command, answer), refusal=name_of(Refusal, answer.refusal))
                    if answer.outcome == Outcome.DONE or not wait:
                        return answer
                self.poll(STEP_S)
        finally:
            del self._answers[number]

    def run(self, command: Command, watch: Callable[[Received], None]) -> Answered:
        """As `command`, and `watch` sees every message until its end; what it sends with `tell` goes out at once."""
        seen: Stream[None] = self._stream(watch, None, None)
        try:
            return self.command(command)
        finally:
            self._streams.discard(seen)  # type: ignore[arg-type]  # else an exception's traceback keeps it listening

    def tell(self, command: Command) -> None:
        """Sends a command and waits for nothing: for `watch` of `run`, which must not wait."""
        self.client.send(command, self.clock.monotonic_ms())
        self._flush()

    def truth(self) -> dict[str, object] | None:
        """What is so in the world of a simulated board, as `hardware/twin/README.md` names it; None of a real one."""
        return self._transport.truth() if isinstance(self._transport, SimTransport) else None

    def change_world(self, what: str, **values: object) -> bool:
        """Acts on the world of a simulated board; False where there is none. Raises UsageError in the board's words."""
        if not isinstance(self._transport, SimTransport):
            return False
        self._transport.do(what, **values)
        return True

    def start_cuff(self, *, progress: Callable[[CuffPressure], None] | None = None) -> Reading:
        """Measures a blood pressure and returns it, with a reason where it could not be measured.

        That takes about a minute; `progress` is called with each cuff pressure meanwhile. Raises CheckFailed where
        the board refuses (resting, busy, in service mode...), with its word for why.
        """
        return self._measure(CuffStart.request(), (Trigger.HOST, Trigger.RETRY), progress)

    def observe_cuff(self, max_s: int = 120) -> Reading:
        """Captures a cuff cycle that someone else drives, such as a recording, and returns what the board made of it.

        It takes as long as the cycle does, at most `max_s` seconds of the board. Raises as `start_cuff`.
        """
        return self._measure(Observe.request(max_s), (Trigger.OBSERVE,), None)

    def _measure(
        self, command: Command, triggers: tuple[Trigger, ...], progress: Callable[[CuffPressure], None] | None
    ) -> Reading:
        def watch(received: Received) -> Reading | None:
            message = received.message
            if progress is not None and isinstance(message, CuffPressure):
                progress(message)
            own = isinstance(message, NibpResult) and message.trigger in triggers
            return self._reading(received) if own else None

        results = self._stream(watch, None, None)
        self.command(command)
        late_ms = self.clock.monotonic_ms() + round(LATE_RESULT_S * 1000)
        while not results._kept and self.clock.monotonic_ms() < late_ms:
            self.poll(LATE_RESULT_S)
        if not results._kept:
            raise errors.CheckFailed("the cuff's result was lost on the way", "start another reading")
        return results._kept[-1]

    def oscillogram(self, cycle: int | None = None) -> Oscillogram:
        """The beats that a finished cuff cycle was judged by, of which a board keeps the last until the next begins.

        `cycle` is `Reading.cycle`; None is the last one whose reading came over this connection. Asks again, a few
        times, where parts get lost or the board is busy. Raises CheckFailed where there is none (a cycle may end before
        there is anything to measure) and LinkLost where the board falls silent.
        """
        last = None if self._result is None else self._result.message
        assert last is None or isinstance(last, NibpResult)
        if cycle is None:
            if last is None:
                raise errors.CheckFailed("no cuff cycle has ended since the board was connected", "start_cuff() first")
            cycle = last.cycle
        if last is not None and last.cycle == cycle and not last.beats:
            raise errors.CheckFailed(f"cuff cycle {cycle} ended before there was anything to measure")
        whole = self._fetch(cycle)
        if last is None or last.cycle != cycle or self._result is None:
            return replace(whole, boot=self.hello.boot, flags=("simulated",) if self.simulated else ())
        reading = self._reading(self._result)
        assert reading is not None
        return replace(
            whole,
            result=evaluation_of(last),
            boot=reading.boot,
            device_ms=reading.device_ms,
            utc_ms=reading.utc_ms,
            flags=reading.flags,
        )

    def _fetch(self, cycle: int) -> Oscillogram:
        parts = self._stream(lambda r: r.message if isinstance(r.message, Part) else None, None, None)
        assembly = Assembly(cycle)
        why = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(AGAIN_MS / 1000)
            try:
                self.command(OscillogramGet.request(cycle))
            except errors.Refused as refused:
                if refused.refusal != "busy":
                    raise
                why = "the board is busy"
            while parts._kept:
                whole = assembly.add(parts._kept.popleft())
                if whole is not None:
                    return whole
        raise errors.CheckFailed(f"there is no oscillogram of cuff cycle {cycle}: {why or assembly.missing}")

    def pause(self, seconds: float) -> None:
        """Lets time pass, and listens meanwhile."""
        until_ms = self.clock.monotonic_ms() + round(seconds * 1000)
        while (left_ms := until_ms - self.clock.monotonic_ms()) > 0:
            self.poll(left_ms / 1000)

    def stop_cuff(self) -> None:
        """Ends any cycle and empties the cuff; returns when the board says that it did."""
        self.command(Abort.request())

    def begin_session(
        self,
        *,
        max_minutes: int,
        interval_s: int = 0,
        limits: tuple[tuple[int, int, int, int, int], ...] = (),
        same_limb: bool = False,
        session: int | None = None,
    ) -> int:
        """Opens a session on the board and returns its number. The last one's limits, baseline and silences are gone.

        `interval_s`: a cuff reading so often, at least 120, or 0 for none. `limits`: items of `set_limits`.
        `max_minutes`: the board ends the session by itself after this. Raises CheckFailed where the board refuses.
        """
        session = session or secrets.randbelow((1 << 32) - 1) + 1
        self.command(SessionBegin.request(session, interval_s, max_minutes, int(same_limb)))
        if limits:
            self.command(SetLimits.request(0, 0, limits))
        return session

    def end_session(self, session: int) -> None:
        """Ends the session and empties the cuff."""
        self.command(SessionEnd.request(session))

    def _stream(
        self, convert: Callable[[Received], T | None], timeout_s: float | None, duration_s: float | None
    ) -> Stream[T]:
        stream = Stream(self, convert, timeout_s, duration_s)
        self._streams.add(stream)  # type: ignore[arg-type]  # a set of streams of anything
        return stream

    def _reading(self, received: Received) -> Reading | None:
        return reading_of(received, self.hello.boot, self.simulated)

    def _flush(self) -> None:
        data = self.client.take_output()
        if data:
            self._transport.write(data)

    def _handle(self, events: list[LinkEvent]) -> None:
        problem: errors.VitalwireError | None = None
        for event in events:
            if isinstance(event, Received):
                if isinstance(event.message, NibpResult):
                    self._result = event
                for stream in list(self._streams):
                    stream._put(event)
            elif isinstance(event, Answered | TimedOut):
                if event.number in self._answers:
                    self._answers[event.number].append(event)
            elif isinstance(event, Notice):
                self.notices.append(event.text)
            elif isinstance(event, Console):
                self.notices.append(f"the board printed: {event.text}")
            elif not isinstance(event, Connected):
                problem = self._problem(event) or problem
        if problem is not None:
            raise problem

    def _problem(self, event: LinkEvent) -> errors.VitalwireError | None:
        if isinstance(event, Silent):
            self.client.link_closed(self.clock.monotonic_ms(), "silent")
            return errors.LinkLost(f"{self.name}: the board has been silent for 3 s", "check the cable and its power")
        if isinstance(event, Stopped) and event.cause == "service" and self._service_is_good:
            self.notices.append(event.why)
            return None
        return problem(self.name, event)


def _words(command: Command) -> str:
    name = type(command).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _refused(command: Command, answer: Answered) -> str:
    detail = f" ({answer.detail})" if answer.detail else ""
    return f"the board refused {_words(command)!r}: {name_of(Refusal, answer.refusal).replace('_', ' ')}{detail}"


__all__ = ["Board", "Stream"]
