# SPDX-License-Identifier: Apache-2.0
"""Gets the oscillogram of a finished cuff cycle from the board. Sans-I/O; times are the host's monotonic ms.

A board keeps the oscillogram of its last cycle until the next one begins, and sends it in parts before it answers the
request. So it is asked for as soon as the result has come, and again, within a bound, where a part or the answer was
lost or the board was busy. Only one is wanted at a time: a newer cycle takes an older one's place, as on the board.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from vitalwire_protocol.codec import Oscillogram as Part
from vitalwire_protocol.codec import OscillogramGet, Outcome, Refusal, name_of

from .events import Answered, TimedOut
from .oscillogram import Assembly, Oscillogram

ATTEMPTS: Final = 5
"""How often one oscillogram is asked for."""
AGAIN_MS: Final = 2_000
"""The rest between two attempts. Unanswered ones take 4 s each, so all are over within the 30 s that a cuff rests."""


@dataclass(frozen=True, slots=True)
class Missed:
    """An oscillogram that will not come. `why` is the reason in words."""

    cycle: int
    why: str


class Fetching:
    """Asks for the oscillogram of one cycle after the other. `take` gives the requests to send."""

    def __init__(self) -> None:
        self._assembly: Assembly | None = None
        self._attempts = 0
        self._due_ms: int | None = None
        self._connected = False
        self._asked: deque[int] = deque()  # cycles of the requests that have not ended, in order

    @property
    def wanted(self) -> int | None:
        """The cycle whose oscillogram is being fetched, if there is one."""
        return None if self._assembly is None else self._assembly.cycle

    # ------------------------------------------------------------ what is wanted

    def want(self, cycle: int, t_ms: int) -> Missed | None:
        """Asks for a cycle from now on. An older one that has not come yet is given up."""
        missed = None if cycle == self.wanted else self.drop("a newer cycle took its place")
        self._assembly = Assembly(cycle)
        self._attempts, self._due_ms = 0, t_ms
        return missed

    def drop(self, why: str) -> Missed | None:
        """Gives up what is wanted, if anything is."""
        cycle = self.wanted
        self._assembly = self._due_ms = None
        return None if cycle is None else Missed(cycle, why)

    # ------------------------------------------------------------ the link

    def connected(self, t_ms: int) -> None:
        """A board hears us: whatever is wanted is asked for."""
        self._connected = True
        if self._assembly is not None and not self._is_asked():
            self._due_ms = t_ms

    def disconnected(self) -> None:
        """Nobody hears us: nothing is asked until `connected`."""
        self._connected = False

    def part(self, part: Part) -> Oscillogram | None:
        """A part has come; the oscillogram where it was the last one of what is wanted."""
        whole = None if self._assembly is None else self._assembly.add(part)
        if whole is not None:
            self._assembly = self._due_ms = None
        return whole

    def answered(self, answer: Answered, t_ms: int) -> Missed | None:
        """The end of one of our requests; answers to others are none of our business."""
        if answer.command != OscillogramGet.TYPE or answer.outcome == Outcome.ACCEPTED or not self._ended():
            return None
        if answer.outcome == Outcome.DONE:  # the parts come before it: what is missing now was lost
            return self._again(t_ms, "")
        why = answer.detail or name_of(Refusal, answer.refusal).replace("_", " ")
        if answer.refusal == Refusal.BUSY:
            return self._again(t_ms, "the board was busy")
        return self.drop("the board has it no more" if answer.refusal == Refusal.NOT_FOUND else why)

    def timed_out(self, event: TimedOut, t_ms: int) -> Missed | None:
        """A request of ours ended without an answer."""
        if event.command != OscillogramGet.TYPE or not self._ended():
            return None
        return self._again(t_ms, event.why)

    # ------------------------------------------------------------ time

    def next_deadline(self) -> int | None:
        """When `take` has something, or None."""
        return self._due_ms if self._connected else None

    def take(self, t_ms: int) -> list[OscillogramGet]:
        """The requests to send now."""
        if self._assembly is None or not self._connected or self._due_ms is None or t_ms < self._due_ms:
            return []
        self._due_ms = None
        self._attempts += 1
        self._asked.append(self._assembly.cycle)
        return [OscillogramGet.request(self._assembly.cycle)]

    # ------------------------------------------------------------ inside

    def _is_asked(self) -> bool:
        return self.wanted in self._asked

    def _ended(self) -> bool:
        """The oldest request has ended, as they end in order; whether it was about what is wanted now."""
        return bool(self._asked) and self._asked.popleft() == self.wanted

    def _again(self, t_ms: int, why: str) -> Missed | None:
        if self._attempts >= ATTEMPTS:
            assert self._assembly is not None
            return self.drop(why or self._assembly.missing)
        self._due_ms = t_ms + AGAIN_MS
        return None


__all__ = ["AGAIN_MS", "ATTEMPTS", "Fetching", "Missed"]
