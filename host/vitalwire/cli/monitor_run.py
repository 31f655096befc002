# SPDX-License-Identifier: Apache-2.0
"""Runs one session in front of people: the pump in its thread, a view, keys and signals in this one."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final, Protocol

import click

from ..feed import Feed, Plan, Summary, Update
from ..pump import Pump
from .monitor_plain import plain_line

CONFIRM_S: Final = 3.0
ASK: Final = "Again within 3 s ends the session: the cuff is emptied and the record closed."


def talk(text: str) -> None:
    """Says something to the person; standard output is for data."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)


class View(Protocol):
    """What shows a session; `idle_s` is how long it can wait for news."""

    idle_s: float

    def show(self, updates: list[Update], folder: str) -> None: ...
    def ask(self, question: str) -> None: ...
    def run(self, quitting: Quitting) -> None:
        """Shows the session until it ends, where the view has a loop of its own."""
        ...


class Quitting:
    """Ctrl-C and q: the first asks, a second within 3 s ends. Without a terminal the first ends at once."""

    def __init__(self, pump: Pump, interactive: bool, ask: Callable[[str], None]) -> None:
        self._pump, self._interactive, self._ask = pump, interactive, ask
        self._asked_s: float | None = None
        self.ending = False

    def interrupt(self, who: str) -> None:
        now_s = time.monotonic()
        if not self._interactive or (self._asked_s is not None and now_s - self._asked_s <= CONFIRM_S):
            self.end(who)
            return
        self._asked_s = now_s
        self._ask(ASK)

    def end(self, who: str) -> None:
        if not self.ending:
            self.ending = True
            self._ask("Ending: the cuff is emptied, the record closed.")
            self._pump.act("quit", who)

    def tick(self) -> None:
        """Takes the question back when nobody confirmed it."""
        if self._asked_s is not None and not self.ending and time.monotonic() - self._asked_s > CONFIRM_S:
            self._asked_s = None
            self._ask("")


@contextlib.contextmanager
def signals(quitting: Quitting) -> Iterator[None]:
    """SIGINT as above, SIGTERM ends cleanly, SIGHUP does not end a session."""

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        quitting.interrupt("interrupt")

    def on_terminate(_number: int, _frame: FrameType | None) -> None:
        quitting.end("terminated")

    handlers: dict[int, Any] = {signal.SIGINT: on_interrupt, signal.SIGTERM: on_terminate}
    if hasattr(signal, "SIGHUP"):
        handlers[signal.SIGHUP] = signal.SIG_IGN
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class PlainView:
    """Lines on standard output. Where that goes nowhere any more, the session goes on without it."""

    idle_s = 1.0

    def __init__(self) -> None:
        self._broken = False

    def show(self, updates: list[Update], folder: str) -> None:  # noqa: ARG002
        lines = [line for update in updates for fact in update.facts if (line := plain_line(fact, update.snapshot))]
        if not lines or self._broken:
            return
        try:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            self._broken = True
            talk("vitalwire: standard output is closed; the session goes on and is recorded")

    def ask(self, question: str) -> None:
        if question:
            talk(f"vitalwire: {question}")

    def run(self, quitting: Quitting) -> None:
        """Shows line by line."""


class QuietView:
    """Alarms as they come, and how far a fast simulated session has come; all on standard error."""

    idle_s = 0.5
    _BAR_S = 0.25
    _LINE_S = 5.0

    def __init__(self) -> None:
        self._pace = Pace()
        self._terminal = sys.stderr.isatty()
        self._shown_s = time.monotonic()
        self._bar_is_up = False

    def show(self, updates: list[Update], folder: str) -> None:  # noqa: ARG002
        for update in updates:
            for fact in update.facts:
                if getattr(fact, "kind", "") in ("physiological", "technical"):
                    self._clear()
                    talk(plain_line(fact, update.snapshot) or "")
        if updates:
            self._progress(updates[-1])

    def ask(self, question: str) -> None:
        self._clear()
        if question:
            talk(f"vitalwire: {question}")

    def run(self, quitting: Quitting) -> None:
        """Shows line by line."""

    def _progress(self, update: Update) -> None:
        shown = update.snapshot
        speed = self._pace.speed(update)
        now_s = time.monotonic()
        if shown.ends_t_ms is None or speed is None:
            return
        if shown.finished:
            self._clear()
            return
        if now_s - self._shown_s < (self._BAR_S if self._terminal else self._LINE_S):
            return
        self._shown_s = now_s
        done = (shown.t_ms - shown.started_t_ms) / max(1, shown.ends_t_ms - shown.started_t_ms)
        full = round(24 * min(1.0, done))
        minutes = (shown.t_ms - shown.started_t_ms) / 60_000
        text = f"[{'#' * full}{'.' * (24 - full)}] {minutes:5.1f} simulated minutes, {speed:.0f} times as fast as life"
        if self._terminal:
            click.echo("\r" + text, err=True, nl=False)
            self._bar_is_up = True
        else:
            talk(text)

    def _clear(self) -> None:
        if self._bar_is_up:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._bar_is_up = False


class Pace:
    """How fast simulated time passes, or None where it passes as it does for everybody."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def speed(self, update: Update) -> float | None:
        shown, now_s = update.snapshot, time.monotonic()
        if self._began is None:
            self._began = (now_s, shown.t_ms)
        passed_s = now_s - self._began[0]
        if not shown.simulated or passed_s < 0.5:
            return None
        speed = (shown.t_ms - self._began[1]) / 1000 / passed_s
        return speed if speed > 1.5 else None


def can_draw() -> bool:
    """Whether the terminal can put text in a place of its choice; a dumb one gets lines."""
    return os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def make_feed(every_s: float, on_alarm: list[str] | None, *, each_fact: bool = False) -> Feed:
    """What the pump publishes into; alarms go to a command as well, where there is one."""
    if on_alarm is None:
        return Feed(every_s=every_s, each_fact=each_fact)
    from .on_alarm import HookedFeed

    return HookedFeed(on_alarm, talk, every_s)


def run_session(plan: Plan, *, plain: bool = False, quiet: bool = False, on_alarm: list[str] | None = None) -> Summary:
    """Monitors until the end. Raises VitalwireError as the pump does."""
    terminal = sys.stdout.isatty() and sys.stderr.isatty()
    plain = plain or (not quiet and (not terminal or not can_draw()))
    with contextlib.ExitStack() as stack:
        if not (plan.port or "").startswith("sim:"):
            from .awake import awake

            if cannot := stack.enter_context(awake()):
                talk(f"vitalwire: {cannot}")
        view: View
        if quiet:
            feed, view = make_feed(0.25, on_alarm), QuietView()
        elif plain:
            feed, view = make_feed(1.0, on_alarm, each_fact=True), PlainView()
        elif sys.stdin.isatty():
            from .live.view import LiveView

            feed = make_feed(0.25, on_alarm)
            pump = Pump(plan, feed)
            return _run(pump, feed, LiveView(pump, feed), interactive=True)
        else:
            feed, view = make_feed(1.0, on_alarm, each_fact=True), PlainView()
        return _run(Pump(plan, feed), feed, view, interactive=terminal and sys.stdin.isatty())


def _run(pump: Pump, feed: Feed, view: View, *, interactive: bool) -> Summary:
    failure: list[BaseException] = []

    def body() -> None:
        try:
            pump.run()
        except BaseException as error:
            failure.append(error)

    quitting = Quitting(pump, interactive, view.ask)
    thread = threading.Thread(target=body, name="pump", daemon=True)
    with signals(quitting):
        thread.start()
        view.run(quitting)
        while thread.is_alive() or not feed.closed:
            quitting.tick()
            view.show(feed.take(view.idle_s), str(pump.summary.folder or ""))
        thread.join()
        view.show(feed.take(0), str(pump.summary.folder or ""))
    if failure:
        if pump.summary.folder:
            talk(f"vitalwire: the record so far is in {pump.summary.folder}")
        if pump.summary.head:
            talk(f"head      {pump.summary.head}")
        raise failure[0]
    if feed.dropped and isinstance(view, PlainView):
        talk(f"vitalwire: {feed.dropped} updates were not printed; they are in the record")
    return pump.summary
