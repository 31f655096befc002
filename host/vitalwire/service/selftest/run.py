# SPDX-License-Identifier: Apache-2.0
"""Asks a board for one test after the other, and takes what it measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import sleep
from typing import Final, Protocol

from vitalwire_protocol.codec import (
    ResetCause,
    SelftestProgress,
    SelftestRun,
    SelftestValue,
    ServiceFlags,
)
from vitalwire_protocol.codec import Selftest as TestId

from ...clock import Clock
from ...errors import CheckFailed, Incompatible, LinkLost, Refused, VitalwireError
from ...link.board import Board
from ...link.clockfit import ClockFit
from ...link.events import Received
from ..emptying import emptying
from .catalogue import Test
from .judge import PULSE, Measured, Outcome, judged

REST_S: Final = 120.0
"""So long is waited for a board that rests between inflations."""
AGAIN_S: Final = 1.0
SETTLE_S: Final = 3.0
"""After a restart the sensors have to be read before a command that needs them."""
REOPEN_S: Final = 0.5
CLOCK_S: Final = 90.0
"""Over so long the board's clock is compared: the fit of the clocks wants a minute between its first and last look."""
NOT_CONFIRMED: Final = "nobody confirmed that the cuff is on the test cylinder"
_PASSES: Final = ("resting", "busy", "cuff_not_empty")


class Person(Protocol):
    """Whoever stands by. Both return None where nobody is there."""

    def ask(self, question: str) -> bool | None:
        """Yes, no, or nobody."""

    def tell(self, what: str) -> bool:
        """Says what to do now; False where nobody is there."""

    def sees(self, received: Received) -> None:
        """Stands by while the board is at it."""


class Shown(Protocol):
    """What is told while it goes on."""

    def begins(self, test: Test) -> None: ...
    def progress(self, test: Test, done_pct: int, left_s: int | None) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass
class _Taken:
    """What one test has sent."""

    test: Test
    shown: Shown
    person: Person
    values: dict[int, Measured] = field(default_factory=dict)

    def watch(self, received: Received) -> None:
        message = received.message
        self.person.sees(received)
        if isinstance(message, SelftestValue) and message.test == self.test.test:
            number = None if message.value is None else message.value / 1000
            self.values[message.which] = Measured(number, message.detail)
        elif isinstance(message, SelftestProgress) and message.test == self.test.test:
            self.shown.progress(self.test, message.done_pct, message.left_s)


class Runner:
    """Runs tests on a board. `outcomes` has those that are over, also where `run` raises; `board` is the one in use:
    the watchdog's test may have to open it again, with `reopen`."""

    def __init__(self, board: Board, person: Person, cuff_on_cylinder: bool, reopen: Callable[[], Board]) -> None:
        self.board = board
        self.outcomes: list[Outcome] = []
        self._person = person
        self._reopen = reopen
        self._why_not = "" if cuff_on_cylinder else NOT_CONFIRMED

    def run(self, tests: Iterable[Test], shown: Shown) -> None:
        """One after the other; whatever ends them, the cuff is emptied.

        Raises Refused while a session is open, Incompatible for firmware that knows no self-tests, LinkLost where the
        link ends in the middle.
        """
        self._shown = shown
        with emptying(lambda: self.board, shown.note):
            for test in tests:
                self._shown.begins(test)
                try:
                    outcome = self._one(test)
                except (Refused, Incompatible):
                    raise  # of the board, not of this test: nothing was begun
                except BaseException as problem:
                    self._over(Outcome(test, "aborted", problem.what if isinstance(problem, LinkLost) else "stopped"))
                    if isinstance(problem, LinkLost):
                        raise LinkLost(f"in the test of {test.title}: {problem.what}", problem.hint) from problem
                    raise
                if outcome.reason == PULSE:
                    self._why_not = "a pulse was seen before: nothing more is inflated on somebody's arm"
                self._over(outcome)

    def _over(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._shown.ended(outcome)

    def _one(self, test: Test) -> Outcome:
        if test.inflates and self._why_not:
            return Outcome(test, "not_done", self._why_not)
        if test.before is not None and not self._person.tell(test.before):
            return Outcome(test, "not_done", "nobody was there to do it")
        if test.test == TestId.CLOCK:
            return self._clock(test)
        request = SelftestRun.request(test.test, 0 if self._why_not else int(ServiceFlags.CUFF_ON_CYLINDER))
        if test.test == TestId.WATCHDOG:
            return self._watchdog(test, request)
        taken = _Taken(test, self._shown, self._person)
        board = self.board
        until_ms = board.clock.monotonic_ms() + round(REST_S * 1000)
        while True:
            try:
                answer = board.run(request, taken.watch)
                break
            except Refused as refused:
                if refused.refusal in _PASSES and board.clock.monotonic_ms() < until_ms:
                    board.pause(AGAIN_S)
                    continue
                return _refused(test, refused)
        said = self._person.ask(test.question) if test.question is not None else None
        return judged(test, int(answer.value or 0), taken.values, said)

    def _clock(self, test: Test) -> Outcome:
        """The board's milliseconds against this computer's, by the quickest messages: the others are delay."""
        fit = ClockFit()
        began_ms = self.board.clock.monotonic_ms()
        for received in self.board.messages(duration_s=CLOCK_S):
            fit.observe(received.message.t_ms, received.t_ms)
            done_ms = self.board.clock.monotonic_ms() - began_ms
            self._shown.progress(test, min(100, round(done_ms / CLOCK_S / 10)), round(CLOCK_S - done_ms / 1000))
        if not fit.drift_known:
            return Outcome(test, "failed", "too little came over the link to compare the clocks")
        return judged(test, 0, {0: Measured(round(-fit.drift_ppm, 1))})

    def _watchdog(self, test: Test, request: SelftestRun) -> Outcome:
        """The board stops feeding it and must be restarted by it; the next hello says whether it was."""
        boot, clock = self.board.hello.boot, self.board.clock
        began_ms = clock.monotonic_ms()
        try:
            self.board.command(request, wait=False)
        except Refused as refused:
            return _refused(test, refused)
        while self.board.hello.boot == boot and clock.monotonic_ms() - began_ms < test.within_s * 1000:
            try:
                self.board.poll(AGAIN_S)
            except LinkLost:  # the port went with the restart
                self.board.close()
                self.board = self._opened_again(test, began_ms, clock)
        bitten_ms = clock.monotonic_ms() - began_ms
        if self.board.hello.boot == boot:
            return Outcome(test, "failed", "the watchdog did not restart the board")
        cause = self.board.hello.reset_cause
        self.board.pause(SETTLE_S)
        if cause != ResetCause.WATCHDOG:
            return Outcome(test, "failed", "the board restarted, but not by its watchdog")
        return judged(test, 0, {0: Measured(float(bitten_ms))})

    def _opened_again(self, test: Test, began_ms: int, clock: Clock) -> Board:
        while True:
            sleep(REOPEN_S)
            try:
                return self._reopen()
            except VitalwireError:
                if clock.monotonic_ms() - began_ms >= test.within_s * 1000:
                    raise


def _refused(test: Test, refused: Refused) -> Outcome:
    """A refusal of this test is its outcome; what would refuse every test ends them all."""
    if refused.refusal == "session_open":
        raise Refused(refused.what, "end the session first: nothing is tested beside a patient", refusal="session_open")
    if refused.refusal == "unknown_command":
        raise Incompatible("the board's firmware is older than self-tests", "update it: vitalwire flash")
    if refused.refusal == "wait_for_person":
        return Outcome(test, "not_done", NOT_CONFIRMED)
    return Outcome(test, "failed", f"the board refused it: {refused.refusal.replace('_', ' ')}")


def check_board(board: Board) -> None:
    """Raises CheckFailed for a board in service mode, which tests nothing."""
    if board.identity.service:
        raise CheckFailed(
            f"board {board.identity} is in service mode, where nothing is measured",
            "take its power away and give it back",
        )


__all__ = ["Person", "Runner", "Shown", "check_board"]
