# SPDX-License-Identifier: Apache-2.0
"""Keeps the oscillogram of every cuff cycle of the session: asks for each, and says where one could not be had.

None of it is needed to guard anybody, so nothing waits for it: a result counts when it comes, with or without.
"""

from __future__ import annotations

from dataclasses import replace

from vitalwire_protocol.codec import Capabilities, Hello, NibpResult, ReadingFlags
from vitalwire_protocol.codec import Oscillogram as Part

from ..link.commands import Command
from ..link.events import Answered, TimedOut
from ..link.fetching import Fetching, Missed
from ..link.oscillogram import Oscillogram, evaluation_of
from .facts import CuffOscillogram, Fact, Vitals
from .inputs import Setup
from .journal import Journal


class Oscillograms:
    """Fed with results, parts and answers. Each method returns the facts that follow; `take` gives what to send."""

    def __init__(self, setup: Setup, journal: Journal) -> None:
        self._setup, self._journal = setup, journal
        self._fetching = Fetching()
        self._can = False
        self._board: tuple[str, int] | None = None
        self._row: Vitals | None = None
        self._result: NibpResult | None = None

    # ------------------------------------------------------------ the link

    def connected(self, hello: Hello, serial: str, t_ms: int) -> list[Fact]:
        """A board said hello. What another one, or the same one before it started again, had kept is gone."""
        board, before = (serial, hello.boot), self._board
        self._board = board
        self._can = self._setup.oscillograms and bool(hello.capabilities & Capabilities.OSCILLOGRAM)
        facts: list[Fact] = []
        if before is not None and before != board:
            facts = self.drop("the board started again" if before[0] == serial else "another board is there", t_ms)
        self._fetching.connected(t_ms)
        return facts

    def disconnected(self) -> None:
        """What is wanted is asked for when the board is back."""
        self._fetching.disconnected()

    def drop(self, why: str, t_ms: int) -> list[Fact]:
        """What has not come will not come."""
        return self._missed(self._fetching.drop(why), t_ms)

    # ------------------------------------------------------------ messages

    def result(self, result: NibpResult, row: Vitals, t_ms: int) -> list[Fact]:
        """A cycle has ended, and `row` is in the record; its oscillogram is wanted, if there can be one."""
        late_of_others = result.flags & ReadingFlags.LATE and result.session != self._setup.session
        if not self._can or not result.beats or late_of_others:
            return []
        missed = self._fetching.want(result.cycle, t_ms)
        facts = self._missed(missed, t_ms)
        self._row, self._result = row, result
        return facts

    def part(self, part: Part) -> list[Fact]:
        """A part has come; the fact where it was the last one."""
        whole = self._fetching.part(part)
        if whole is None or self._row is None or self._result is None:
            return []
        return [_fact(whole, self._row, self._result)]

    def answered(self, answer: Answered, t_ms: int) -> list[Fact]:
        return self._missed(self._fetching.answered(answer, t_ms), t_ms)

    def timed_out(self, event: TimedOut, t_ms: int) -> list[Fact]:
        return self._missed(self._fetching.timed_out(event, t_ms), t_ms)

    # ------------------------------------------------------------ time

    def next_deadline(self) -> int | None:
        return self._fetching.next_deadline()

    def take(self, t_ms: int) -> list[Command]:
        """The requests to send at `t_ms`."""
        return list(self._fetching.take(t_ms))

    # ------------------------------------------------------------ inside

    def _missed(self, missed: Missed | None, t_ms: int) -> list[Fact]:
        if missed is None:
            return []
        self._journal.say(f"the oscillogram of cuff cycle {missed.cycle} is missing: {missed.why}")
        detail = f"cycle {missed.cycle}: {missed.why}"
        return [self._journal.note(t_ms, "cuff", "oscillogram", "missing", detail=detail)]


def _fact(whole: Oscillogram, row: Vitals, result: NibpResult) -> CuffOscillogram:
    oscillogram = replace(
        whole,
        result=evaluation_of(result),
        boot=row.boot,
        device_ms=row.device_ms,
        utc_ms=row.utc_ms,
        flags=row.flags,
    )
    return CuffOscillogram(row.t_ms, row.utc_ms, oscillogram)
