# SPDX-License-Identifier: Apache-2.0
"""Asks a board for one test after the other, and takes what it measures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from vitalwire_protocol.codec import (
    ResetCause,
    SelftestProgress,
    SelftestRun,
    SelftestValue,
    ServiceFlags,
)
from vitalwire_protocol.codec import Selftest as TestId

from ...errors import CheckFailed, Incompatible, LinkLost, Refused, VitalwireError
from ...link.board import Board
from ...link.events import Received
from .catalogue import Test
from .judge import PULSE, Measured, Outcome, judged

REST_S: Final = 120.0
"""So long is waited for a board that rests between inflations."""
AGAIN_S: Final = 1.0
SETTLE_S: Final = 3.0
"""After a restart the sensors have to be read before a command that needs them."""
CLOCK_S: Final = 20.0
"""Over so long the board's clock is compared; the link's own scatter of 1 ms is 50 ppm of it."""
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


def run_tests(
    tests: tuple[Test, ...], board: Board, person: Person, shown: Shown, cuff_on_cylinder: bool,
    reopen: Callable[[], Board],
) -> Iterator[Outcome]:  # fmt: skip
    """Yields an outcome a test. The board is told to abort and vent, whatever ends it.

    `reopen`: opens the board again after the watchdog has restarted it. Raises Refused while a session is open,
    Incompatible for firmware that knows no self-tests, LinkLost where the link ends in the middle.
    """
    try:
        for test in tests:
            shown.begins(test)
            outcome = _one(test, board, person, shown, cuff_on_cylinder, reopen)
            if isinstance(outcome, tuple):
                board, outcome = outcome
            if outcome.reason == PULSE:
                cuff_on_cylinder = False  # nothing more is inflated on somebody's arm
            shown.ended(outcome)
            yield outcome
    except BaseException as problem:
        if not isinstance(problem, LinkLost):
            with contextlib.suppress(VitalwireError):
                board.stop_cuff()
        raise


def _one(
    test: Test, board: Board, person: Person, shown: Shown, cuff_on_cylinder: bool, reopen: Callable[[], Board]
) -> Outcome | tuple[Board, Outcome]:
    if test.inflates and not cuff_on_cylinder:
        return Outcome(test, "not_done", "nobody confirmed that the cuff is on the test cylinder")
    if test.before is not None and not person.tell(test.before):
        return Outcome(test, "not_done", "nobody was there to do it")
    if test.test == TestId.CLOCK:
        return _clock(test, board)
    taken = _Taken(test, shown, person)
    request = SelftestRun.request(test.test, int(ServiceFlags.CUFF_ON_CYLINDER) if cuff_on_cylinder else 0)
    if test.test == TestId.WATCHDOG:
        return _watchdog(test, board, request, reopen)
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
    said = person.ask(test.question) if test.question is not None else None
    return judged(test, int(answer.value or 0), taken.values, said)


def _refused(test: Test, refused: Refused) -> Outcome:
    """A refusal of this test is its outcome; what would refuse every test ends them all."""
    if refused.refusal == "session_open":
        raise Refused(refused.what, "end the session first: nothing is tested beside a patient", refusal="session_open")
    if refused.refusal == "unknown_command":
        raise Incompatible("the board's firmware is older than self-tests", "update it: vitalwire flash")
    if refused.refusal == "wait_for_person":
        return Outcome(test, "not_done", "nobody confirmed that the cuff is on the test cylinder")
    return Outcome(test, "failed", f"the board refused it: {refused.refusal.replace('_', ' ')}")


def _clock(test: Test, board: Board) -> Outcome:
    """The board's milliseconds against this computer's, over some seconds of heartbeats."""
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None
    for received in board.messages(duration_s=CLOCK_S):
        last = (received.message.t_ms, received.t_ms)
        first = first or last
    if first is None or last is None or last[1] - first[1] < CLOCK_S * 500:
        return Outcome(test, "failed", "too little came over the link to compare the clocks")
    drift_ppm = ((last[0] - first[0]) / (last[1] - first[1]) - 1) * 1e6
    return judged(test, 0, {0: Measured(round(drift_ppm, 1))})


def _watchdog(
    test: Test, board: Board, request: SelftestRun, reopen: Callable[[], Board]
) -> Outcome | tuple[Board, Outcome]:
    """The board stops feeding it and must be restarted by it; the next hello says whether it was."""
    boot = board.hello.boot
    clock = board.clock
    began_ms = clock.monotonic_ms()
    try:
        board.command(request, wait=False)
    except Refused as refused:
        return _refused(test, refused)
    while clock.monotonic_ms() - began_ms < test.within_s * 1000:
        with contextlib.suppress(VitalwireError, TimeoutError):
            board.poll(AGAIN_S)
            if board.hello.boot != boot:
                break
            continue
        with contextlib.suppress(VitalwireError):  # the port went with the restart
            board.close()
            board = reopen()
            break
    bitten_ms = clock.monotonic_ms() - began_ms
    with contextlib.suppress(VitalwireError, TimeoutError):
        board.pause(SETTLE_S)
    if board.hello.boot == boot:
        return board, Outcome(test, "failed", "the watchdog did not restart the board")
    if board.hello.reset_cause != ResetCause.WATCHDOG:
        return board, Outcome(test, "failed", "the board restarted, but not by its watchdog")
    return board, judged(test, 0, {0: Measured(float(bitten_ms))})


def check_board(board: Board) -> None:
    """Raises CheckFailed for a board in service mode, which tests nothing."""
    if board.identity.service:
        raise CheckFailed(
            f"board {board.identity} is in service mode, where nothing is measured",
            "take its power away and give it back",
        )


__all__ = ["Person", "Shown", "check_board", "run_tests"]
