# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns a board's port, its session and its record.

It reads until the next deadline, feeds the core, writes what that caused, and only then publishes it. Screens get
immutable updates through a bounded queue and act through one queue back; nothing they do can hold the pump up.

    port -> RECEIVED ---+
    deadline -> EXPIRED-+-> capture -> core -> rows -> update
    people -> ACTION ---+                 |
                                          +-> bytes to the port
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable
from typing import Any, Final

from .clock import Clock
from .errors import LinkLost, NoBoard, VitalwireError
from .feed import Feed, Plan, Summary, Update
from .link import events as link
from .link.hello import identity
from .link.opening import open_port
from .link.problems import problem
from .link.reconnect import Reconnect
from .link.transport import Transport
from .planned import about, setup_of
from .record.folder import create_session_folder, folder_name
from .record.recorder import Recorder
from .record.resume import Resumable
from .session.core import Core
from .session.facts import Fact
from .session.inputs import Input, Kind, json_input

READ_MAX_S: Final = 0.2
"""A read is no longer than this, so that what people do takes effect at once."""
CLOCK_STEP_MS: Final = 500
"""A larger jump between the two clocks means that somebody set the computer's."""
AWAY_MS: Final = 5_000
"""Between two looks at the clock less than a second passes. So much means that the computer slept, or the program was
held."""
OPENING_MS: Final = 30_000
"""A port that is not there, on another computer say, may take so long to refuse."""
SAME_INSTANT_MAX: Final = 1000
"""So many deadlines at one instant are an error in the program, not a busy moment."""


class Pump:
    """One session on one board, from opening the port to the close of the record. `run` is the thread's body."""

    def __init__(
        self, plan: Plan, feed: Feed | None = None, open_port: Callable[[str | None], Transport] = open_port
    ) -> None:
        self.plan = plan
        self.feed = feed
        self.summary = Summary()
        self.error: VitalwireError | None = None
        self._open_port = open_port
        self._actions: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._reconnect = Reconnect()
        self._recorder: Recorder | None = None
        self._backlog: list[tuple[Input | None, list[Fact]]] = []
        self._facts: list[Fact] = []
        self._published_s = 0.0
        self._trouble: str | None = None
        self._seen_ms: int | None = None
        self._not_before_ms = 0  # what falls due while nobody watches is found when somebody does again
        self._resumed: Resumable | None = None

    def act(self, name: str, detail: str = "", /, **values: Any) -> None:
        """Asks for something, from any thread: `start_cuff`, `stop_cuff`, `acknowledge`, `silence`, `quit`, or what
        else `Session.action` knows; `values` are what belongs to it, as JSON can hold it."""
        self._actions.put((name, {**values, "detail": detail}))

    def run(self) -> Summary:
        """Runs the session to its end. Raises VitalwireError where it cannot begin or the link ended for good."""
        began_s = time.monotonic()
        try:
            self._transport: Transport | None = self._open_port(self.plan.port)
            self._clock: Clock = self._transport.clock
            if self.plan.resume is None:
                self._begin()
            else:
                self._go_on(self.plan.resume)
            self._run()
        finally:
            self.summary.real_s = 0.0 if self._resumed else time.monotonic() - began_s
            if self._transport is not None:
                self._transport.close()
            if self.feed:
                self.feed.close()
        if self.error:
            raise self.error
        return self.summary

    # ------------------------------------------------------------ the loop

    _transport: Transport | None = None
    _connected = False

    def _begin(self) -> None:
        """A new session."""
        assert self._transport is not None
        t_ms, utc_ms = self._clock.monotonic_ms(), self._clock.utc_ms()
        self._start_clocks(t_ms, utc_ms)
        self._setup = setup_of(self.plan, t_ms, utc_ms, self._transport.simulated)
        self._core = Core(self._setup)
        self._script = [(t_ms + at_ms, name, values) for at_ms, name, values in self.plan.script]
        self._apply(self._setup.as_input())
        self._apply(json_input(Kind.LINK, t_ms, utc_ms, state="up", name=self._transport.name))

    def _go_on(self, resumed: Resumable) -> None:
        """A session that another run of the program began. Nothing is written before its board has answered."""
        assert self._transport is not None
        self._resumed, self._setup, self._core = resumed, resumed.setup, resumed.core
        self._script = []
        self._clock, note = resumed.clock(self._clock)
        t_ms, utc_ms = self._clock.monotonic_ms(), self._clock.utc_ms()
        self._start_clocks(t_ms, utc_ms)
        for fact in resumed.facts:
            self.summary.count(fact)
        self._away(resumed.last_t_ms, "stopped", t_ms, utc_ms, by=self.plan.by, note=note)
        if self._core.client.state != "down":
            self._apply(json_input(Kind.LINK, t_ms, utc_ms, state="down", why="the program had stopped"))
        self._expire(t_ms, utc_ms)
        self._apply(json_input(Kind.LINK, t_ms, utc_ms, state="up", name=self._transport.name))

    def _start_clocks(self, t_ms: int, utc_ms: int) -> None:
        self._utc_offset_ms = utc_ms - t_ms
        self._reconnect.start(t_ms)
        self._reconnect.advance(t_ms)
        self._reconnect.opened()

    def _run(self) -> None:
        try:
            while not self._core.session.finished:
                self._turn()
            self._close()
        finally:
            self._publish(force=True)
            if self._recorder is not None:
                self._recorder.abandon()

    def _turn(self) -> None:
        """One round: people, time, bytes, disk, screen."""
        self._people()
        t_ms, utc_ms = self._now()
        self._expire(t_ms, utc_ms)
        if self._core.session.finished:
            return
        deadline = self._next_deadline()
        wait_s = READ_MAX_S if deadline is None else min(READ_MAX_S, max(0.0, (deadline - t_ms) / 1000))
        data = self._read(wait_s)
        t_ms, utc_ms = self._now()
        self._expire(t_ms, utc_ms)
        if data:
            self._apply(Input(Kind.RECEIVED, t_ms, utc_ms, data))
        self._begin_record()
        self._disk(t_ms, utc_ms)
        self._publish()

    def _now(self) -> tuple[int, int]:
        t_ms, utc_ms = self._clock.monotonic_ms(), self._clock.utc_ms()
        step_ms = utc_ms - t_ms - self._utc_offset_ms
        self._utc_offset_ms += step_ms
        if abs(step_ms) > CLOCK_STEP_MS:
            self._apply(json_input(Kind.CLOCK, t_ms, utc_ms, step_ms=step_ms))
        since_ms, self._seen_ms = self._seen_ms, t_ms
        simulated = self._transport is not None and self._transport.simulated  # whose time jumps, and nothing with it
        if since_ms is not None and t_ms - since_ms > AWAY_MS and not simulated:
            self._away(since_ms, "slept", t_ms, utc_ms)
        return t_ms, utc_ms

    def _port_answered(self) -> None:
        """A port was opened, or refused: what that takes is no absence."""
        now_ms = self._clock.monotonic_ms()
        if self._seen_ms is not None and now_ms - self._seen_ms <= OPENING_MS:
            self._seen_ms = now_ms

    def _away(self, since_ms: int, why: str, t_ms: int, utc_ms: int, **more: str) -> None:
        """Says that nobody watched; what falls due before now is not dated back."""
        self._not_before_ms = t_ms
        said = {name: value for name, value in more.items() if value}
        self._apply(json_input(Kind.AWAY, t_ms, utc_ms, since_ms=since_ms, why=why, **said))

    def _people(self) -> None:
        while True:
            try:
                name, values = self._actions.get_nowait()
            except queue.Empty:
                return
            t_ms, utc_ms = self._now()
            self._apply(json_input(Kind.ACTION, t_ms, utc_ms, **{**values, "action": name}))
            if name == "quit" and self._recorder is None:
                raise LinkLost("the board had not answered yet when the session was ended")

    def _expire(self, t_ms: int, utc_ms: int) -> None:
        """Advances to each deadline that has passed, to exactly that deadline, one after the other."""
        rounds = 0
        while (deadline := self._next_deadline()) is not None and deadline <= t_ms:
            at_ms = max(deadline, self._not_before_ms)
            at_utc_ms = utc_ms - (t_ms - at_ms)
            if self._script and self._script[0][0] == deadline:
                _, name, values = self._script.pop(0)
                self._apply(json_input(Kind.ACTION, at_ms, at_utc_ms, **{**values, "action": name}))
            else:
                self._apply(Input(Kind.EXPIRED, at_ms, at_utc_ms))
            rounds += 1
            if rounds > SAME_INSTANT_MAX:
                raise RuntimeError(f"the deadline {deadline} ms does not pass")

    def _next_deadline(self) -> int | None:
        """The next one of the core, or what a script does before that."""
        deadline = self._core.next_deadline()
        if self._script and not self._core.session.why_ended:
            return self._script[0][0] if deadline is None else min(deadline, self._script[0][0])
        return deadline

    def _apply(self, item: Input) -> None:
        """Records an input, lets the core decide, sends and records what follows."""
        self._record(item)
        facts = self._core.apply(item)
        data = self._core.take_output()
        if self._recorder is None:
            self._backlog[-1][1].extend(facts)
        else:
            self._recorder.write(facts)
        self._facts += facts
        for fact in facts:
            self.summary.count(fact)
        self._watch_start()
        if data:
            self._record(Input(Kind.SENT, item.t_ms, item.utc_ms, data))
            self._write(data, item)

    def _record(self, item: Input) -> None:
        if self._recorder is None:
            self._backlog.append((item, []))
        else:
            self._recorder.record(item)

    def _watch_start(self) -> None:
        """Before the record has begun, a board that cannot be used is an error; afterwards it is an alarm."""
        for event in self._core.seen:
            if isinstance(event, link.Connected):
                self._check_board(identity(event.hello).serial)
                self._reconnect.confirmed()
            elif self._recorder is None:
                name = self._transport.name if self._transport else "the board"
                if (error := problem(name, event)) is not None:
                    raise error

    def _check_board(self, serial: str) -> None:
        """A session goes on with the board that it is on, and with no other."""
        resumed, self._connected = self._resumed, True
        if resumed is not None and self._recorder is None and serial != resumed.serial:
            raise NoBoard(
                f"session {resumed.folder.name} is on board {resumed.serial}, and board {serial} is on this port",
                "plug that board in, or begin a new session",
            )

    # ------------------------------------------------------------ the port

    def _read(self, wait_s: float) -> bytes:
        if self._transport is None:
            return self._wait_for_port(wait_s)
        try:
            return self._transport.read(wait_s)
        except LinkLost as error:
            self._lost(error)
            return b""

    def _write(self, data: bytes, cause: Input) -> None:
        if self._transport is None:
            return
        try:
            self._transport.write(data)
        except LinkLost as error:
            self._lost(error, cause)

    def _lost(self, error: LinkLost, cause: Input | None = None) -> None:
        if self._transport is None:
            return
        simulated = self._transport.simulated
        with contextlib.suppress(VitalwireError, OSError):
            self._transport.close()
        self._transport = None
        t_ms, utc_ms = (cause.t_ms, cause.utc_ms) if cause else self._now()
        self._reconnect.lost(t_ms)
        self._apply(json_input(Kind.LINK, t_ms, utc_ms, state="down", why=error.what))
        if self._recorder is None:
            raise error
        if simulated:  # its world and its clock are gone with it
            self.error = error
            self._apply(json_input(Kind.ACTION, t_ms, utc_ms, action="quit", detail="simulated board ended"))

    def _wait_for_port(self, wait_s: float) -> bytes:
        t_ms, utc_ms = self._now()
        if not self._reconnect.advance(t_ms):
            due_ms = self._reconnect.next_deadline()
            time.sleep(wait_s if due_ms is None else max(0.0, min(wait_s, (due_ms - t_ms) / 1000)))
            return b""
        try:
            transport = self._open_port(self._port_again)
        except VitalwireError:
            self._reconnect.failed(self._clock.monotonic_ms())
            self._port_answered()
            return b""
        self._port_answered()
        self._transport = transport
        self._reconnect.opened()
        t_ms, utc_ms = self._now()
        self._apply(json_input(Kind.LINK, t_ms, utc_ms, state="up", name=transport.name))
        return b""

    @property
    def _port_again(self) -> str | None:
        """Where to look for the board after a loss: where it was asked for, or wherever its serial number turns up."""
        return self.plan.port or self.summary.board or None

    # ------------------------------------------------------------ the record

    def _begin_record(self) -> None:
        """Makes the folder once the board has said who it is, and files what led up to that."""
        who = self._core.session.identity
        if self._recorder is not None or who is None or not self._connected:
            return
        setup = self._setup
        if self._resumed is not None:
            folder, recorder = self._resumed.folder, self._resumed.recorder()
        else:
            label = setup.bed or who.bed or who.serial
            folder = create_session_folder(self.plan.out, folder_name(setup.started_utc_ms, label))
            recorder = Recorder(folder, setup)
        self._recorder = recorder
        recorder.describe(**about(setup, self._core.session))
        for item, facts in self._backlog:
            if item is not None and item.kind != Kind.OPEN:
                recorder.record(item)
            recorder.write(facts)
        self._backlog.clear()
        self.summary.folder, self.summary.board = folder, who.serial
        self.summary.interpreter = who.interpreter

    def _disk(self, t_ms: int, utc_ms: int) -> None:
        """Raises and clears NOT RECORDED, and brings the files to the disk."""
        recorder = self._recorder
        if recorder is None:
            return
        recorder.tick()
        trouble = recorder.trouble
        if (trouble is None) == (self._trouble is None):
            return
        self._trouble = trouble
        lost = recorder.lost_total
        why = trouble or (f"{lost} inputs or rows were lost" if lost else "nothing was lost")
        state = "failed" if trouble else "recovered"
        self._apply(json_input(Kind.RECORDER, t_ms, utc_ms, state=state, why=why, lost=lost))

    def _close(self) -> None:
        t_ms, utc_ms = self._now()
        summary, recorder = self.summary, self._recorder
        if recorder is None:
            raise LinkLost("the board had not answered yet when the session was over", "give it more --minutes")
        summary.confirmed = self._core.session.confirmed_end
        summary.why = self._core.session.why_ended
        summary.simulated_s = (t_ms - self._setup.started_t_ms) / 1000
        recorder.close(t_ms, utc_ms, why=summary.why)
        summary.rows, summary.head, summary.complete = dict(recorder.rows), recorder.head, recorder.complete

    # ------------------------------------------------------------ the screens

    def _publish(self, *, force: bool = False) -> None:
        if self.feed is None:
            return
        now_s = time.monotonic()
        wanted = self.feed.each_fact and self._facts and self._recorder is not None
        if not force and not wanted and now_s - self._published_s < self.feed.every_s:
            return
        self._published_s = now_s
        snapshot = self._core.snapshot(self._clock.monotonic_ms())
        facts: tuple[Fact, ...] = ()
        if self._recorder is not None:  # written before shown: before that there is no record to be in
            facts, self._facts = tuple(self._facts), []
        self.feed.put(Update(snapshot, facts))
