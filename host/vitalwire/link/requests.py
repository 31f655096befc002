# SPDX-License-Identifier: Apache-2.0
"""Requests on their way: numbers, repeats, time-outs. Sans-I/O; `Client` sends what `due` returns.

A request keeps its number through all repeats, so the board can tell a repeat from a new wish and answers it from its
cache; nothing is ever done twice. Each answer is passed on once: later copies, and answers to a number that has
ended, are dropped. A repeat is never sent to a board that has started again since, because its cache is gone.

A board takes a number lower than the newest one it knows for an old request. So requests go one after the other: the
next is sent when the one before has its first answer. Only what empties the cuff waits for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vitalwire_protocol.codec import Abort, Answer, CuffStart, HoldPressure, Observe, Outcome, SelftestRun, Vent

from .events import Answered, TimedOut

if TYPE_CHECKING:
    from .commands import Command

ANSWER_MS: Final = 1_000
"""A board answers within its loop, tens of ms; after this long a frame was lost."""
ATTEMPTS: Final = 4
ASK_AGAIN_MS: Final = 5_000
"""An accepted request is repeated this often, so that a lost `done` is sent again."""
DONE_MS: Final = 15_000
CUFF_DONE_MS: Final = 600_000
SELFTEST_DONE_MS: Final = 300_000
"""The longest inflates three times, with the rests between, or holds a pressure for a minute."""
"""Two cycles of at most 180 s and the rest between them, with room."""
HOLD_DONE_MS: Final = 60_000
"""Around a held pressure: zero, inflation, a slow fall to the point, venting; with room."""
_NUMBERS: Final = 1 << 16


@dataclass(slots=True)
class _Request:
    command: Command
    due_ms: int
    ends_ms: int
    sent: bool = False
    accepted: bool = False


class Requests:
    """All requests of one client that have not ended."""

    def __init__(self, client_id: int) -> None:
        if not 0 < client_id < 1 << 32:
            raise ValueError("client_id must be 1..2^32-1")
        self._client_id = client_id
        self._number = 0
        self._open: dict[int, _Request] = {}

    def number(self, command: Command) -> Command:
        """The command with this client's id and the next free number."""
        while True:
            self._number = self._number % (_NUMBERS - 1) + 1  # 0 is not used
            if self._number not in self._open:
                break
        return command._replace(client=self._client_id, number=self._number)

    def add(self, command: Command, t_ms: int) -> int:
        """Queues a command; it is due at once. Returns its number."""
        numbered = self.number(command)
        self._open[self._number] = _Request(numbered, t_ms, t_ms + ATTEMPTS * ANSWER_MS)
        return self._number

    @property
    def waiting(self) -> bool:
        """Whether one was sent and has no answer yet: nothing with a higher number may overtake it."""
        return any(request.sent and not request.accepted for request in self._open.values())

    def next_deadline(self, connected: bool) -> int | None:
        """When `due` has something; where nothing can be sent only the ends count."""
        times = [request.ends_ms for request in self._open.values() if request.sent or not connected]
        if connected:
            times += [request.due_ms for request in self._sendable()]
        return min(times, default=None)

    def due(self, t_ms: int, connected: bool) -> tuple[list[Command], list[TimedOut]]:
        """The commands to send now, and the requests that ended without an answer."""
        ended: list[TimedOut] = []
        for number, request in list(self._open.items()):
            if t_ms >= request.ends_ms and (request.sent or not connected):
                missing = "its end was never reported" if request.accepted else "the board did not answer"
                ended.append(self._end(number, missing))
        return self.unsent(t_ms) if connected else [], ended

    def unsent(self, t_ms: int) -> list[Command]:
        """The commands to send now, new ones and repeats."""
        send: list[Command] = []
        for request in self._sendable():
            if t_ms < request.due_ms:
                continue
            if not request.sent:
                request.sent = True
                request.ends_ms = t_ms + ATTEMPTS * ANSWER_MS
            if t_ms < request.ends_ms:
                request.due_ms = t_ms + (ASK_AGAIN_MS if request.accepted else ANSWER_MS)
                send.append(request.command)
        return send

    def _sendable(self) -> list[_Request]:
        """The first request that has no answer, those that were accepted, and those that empty the cuff."""
        found: list[_Request] = []
        first = True
        for request in self._open.values():
            urgent = isinstance(request.command, Abort | Vent)
            if request.accepted or urgent or first:
                found.append(request)
            first = first and (request.accepted or urgent)
        return found

    def answer(self, answer: Answer, t_ms: int) -> Answered | None:
        """Takes an answer; None where it is not ours, a copy, or late."""
        request = self._open.get(answer.number)
        if answer.client != self._client_id or request is None or answer.command != request.command.TYPE:
            return None
        if request.accepted and answer.outcome != Outcome.DONE:
            return None  # a copy; or a repeat that the board does not know any more: it goes on with the first
        if answer.outcome == Outcome.ACCEPTED:
            request.accepted = True
            request.due_ms = t_ms + ASK_AGAIN_MS
            request.ends_ms = t_ms + _done_ms(request.command)
        else:
            del self._open[answer.number]
        return Answered(answer.number, answer.command, answer.outcome, answer.refusal, answer.value, answer.detail)

    def repeat_now(self, t_ms: int) -> None:
        """The link is back: whatever was under way is asked again."""
        for request in self._open.values():
            request.due_ms = t_ms

    def end_all(self, why: str) -> list[TimedOut]:
        """Ends what was sent before: the board that was asked is not there any more. Unsent requests stay."""
        return [self._end(number, why) for number, request in list(self._open.items()) if request.sent]

    def _end(self, number: int, why: str) -> TimedOut:
        return TimedOut(number, self._open.pop(number).command.TYPE, why)


def _done_ms(command: Command) -> int:
    if isinstance(command, CuffStart):
        return CUFF_DONE_MS
    if isinstance(command, Observe):
        return command.max_s * 1000 + DONE_MS
    if isinstance(command, HoldPressure):
        return command.hold_s * 1000 + HOLD_DONE_MS
    if isinstance(command, SelftestRun):
        return SELFTEST_DONE_MS
    return DONE_MS


__all__ = ["Requests"]
