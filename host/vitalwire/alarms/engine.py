# SPDX-License-Identifier: Apache-2.0
"""Judges limits: the same states and times as the board's own (`firmware/vitals/alarms`), held by common test vectors.

Values and thresholds are integers in tenths of the unit, times whole ms, so there is nothing to round.

* A low limit is passed below its threshold, a high one above; the threshold itself is good.
* A passed limit is *pending* until it has been passed for its whole delay, then *active*, at the deadline to the
  millisecond, whenever somebody looks. A value that no longer passes ends a wait; only a value back inside by the
  hysteresis ends an alarm, acknowledged or not.
* Absence raises nothing and clears nothing. While a value is missing a wait stands still, and after 30 s it is over. A
  value of the oximeter counts for 3 s; one of the cuff until the next.
* A deadline and a value on the same millisecond: the deadline is first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from .rules import LIMIT_RULES, Limit

FRESH_MS: Final = 3000
FORGET_MS: Final = 30_000


class State(IntEnum):
    """Where a limit stands; the numbers are the protocol's."""

    CLEAR = 0
    PENDING = 1
    ACTIVE = 2
    ACKNOWLEDGED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A limit changed its state at `t_ms`; `value_x10` is the value that counted, None if it was absent by then."""

    rule: str
    state: State
    t_ms: int
    value_x10: int | None
    limit_x10: int
    priority: str


class _Judge:
    """One limit. `waited_ms` of its delay had passed at `mark_ms`; it goes on from there only while a value is."""

    __slots__ = ("cuff", "limit", "mark_ms", "number", "state", "value", "value_ms", "waited_ms")

    def __init__(self, limit: Limit) -> None:
        rule = LIMIT_RULES[limit.rule]
        self.number = int(rule.number)
        self.cuff = rule.source == "cuff"
        self.limit = _Numbers(limit, rule.low)
        self.state = State.CLEAR
        self.value: int | None = None
        self.value_ms = self.mark_ms = self.waited_ms = 0

    def due_ms(self) -> int | None:
        """When time alone changes something."""
        if self.state != State.PENDING:
            return None
        if self.value is None:
            return self.mark_ms + FORGET_MS
        alarm_ms = self.mark_ms + self.limit.delay_ms - self.waited_ms
        return alarm_ms if self.cuff else min(alarm_ms, self.value_ms + FRESH_MS)

    def alarm_is_due(self, t_ms: int) -> bool:
        return self.value is not None and self.waited_ms + t_ms - self.mark_ms >= self.limit.delay_ms

    def lose_value(self, t_ms: int) -> None:
        if self.value is None or self.cuff:
            return
        self.value = None
        if self.state == State.PENDING:
            self.waited_ms += t_ms - self.mark_ms
            self.mark_ms = t_ms

    def judge(self, t_ms: int) -> State:
        """The state that the present value asks for."""
        assert self.value is not None
        passed = self.limit.passed(self.value)
        if self.state == State.CLEAR and passed:
            self.waited_ms, self.mark_ms = 0, t_ms
            return State.PENDING if self.limit.delay_ms else State.ACTIVE
        if self.state == State.PENDING:
            if not passed:
                return State.CLEAR
            return State.ACTIVE if self.alarm_is_due(t_ms) else State.PENDING
        return State.CLEAR if self.limit.good(self.value) else self.state


class _Numbers:
    """A limit in the integers that are judged with."""

    __slots__ = ("delay_ms", "hysteresis", "low", "priority", "rule", "threshold")

    def __init__(self, limit: Limit, low: bool) -> None:
        self.rule, self.priority, self.low = limit.rule, limit.priority, low
        self.threshold = round(limit.threshold * 10)
        self.hysteresis = round(limit.hysteresis * 10)
        self.delay_ms = round(limit.delay_s * 10) * 100

    def passed(self, value: int) -> bool:
        return value < self.threshold if self.low else value > self.threshold

    def good(self, value: int) -> bool:
        if self.low:
            return value >= self.threshold + self.hysteresis
        return value <= self.threshold - self.hysteresis


class LimitEngine:
    """All limits of a session. Feed it values as they are measured and the time; it returns what changed."""

    def __init__(self, limits: Iterable[Limit] = ()) -> None:
        judges = sorted((_Judge(limit) for limit in limits), key=lambda judge: judge.number)
        self._judges = {judge.limit.rule: judge for judge in judges}

    def state(self, rule: str) -> State:
        """CLEAR for a rule that has no limit."""
        judge = self._judges.get(rule)
        return judge.state if judge else State.CLEAR

    def load(self, limits: Iterable[Limit], t_ms: int) -> list[Change]:
        """Replaces all limits. A rule that goes on keeps its state, and its present value is judged anew at once."""
        changes = self.advance(t_ms)
        before, self._judges = self._judges, {}
        for judge in sorted((_Judge(limit) for limit in limits), key=lambda judge: judge.number):
            old = before.pop(judge.limit.rule, None)
            if old is not None:
                judge, old.limit = old, judge.limit  # the numbers are new, the state goes on
            self._judges[judge.limit.rule] = judge
            # A value of the oximeter that is too old to count is not judged again.
            if judge.value is not None and (judge.cuff or t_ms < judge.value_ms + FRESH_MS):
                changes += self._to(judge, judge.judge(t_ms), t_ms)
        for judge in before.values():
            changes += self._to(judge, State.CLEAR, t_ms)
        return changes

    def update(self, rule: str, value_x10: int | None, t_ms: int) -> list[Change]:
        """A new value of the rule's quantity in tenths, or None where it could not be measured."""
        changes = self.advance(t_ms)
        judge = self._judges.get(rule)
        if judge is None:
            return changes
        if value_x10 is None:
            judge.lose_value(t_ms)
            return changes
        if judge.value is None:
            judge.mark_ms = t_ms
        judge.value, judge.value_ms = value_x10, t_ms
        return changes + self._to(judge, judge.judge(t_ms), t_ms)

    def advance(self, t_ms: int) -> list[Change]:
        """Lets time pass up to `t_ms`; whatever was due happens at exactly its time, earliest first."""
        changes: list[Change] = []
        while True:
            due = [(d, judge.number, judge) for judge in self._judges.values() if (d := judge.due_ms()) is not None]
            if not due:
                return changes
            due_ms, _, judge = min(due, key=lambda item: item[:2])
            if due_ms > t_ms:
                return changes
            if judge.value is None:
                changes += self._to(judge, State.CLEAR, due_ms)
            elif judge.alarm_is_due(due_ms):
                changes += self._to(judge, State.ACTIVE, due_ms)
            else:
                judge.lose_value(due_ms)

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do, or None."""
        return min((d for judge in self._judges.values() if (d := judge.due_ms()) is not None), default=None)

    def acknowledge(self, rule: str, t_ms: int) -> list[Change]:
        """A person has seen an active limit; it stays until a value clears it."""
        changes = self.advance(t_ms)
        judge = self._judges.get(rule)
        if judge is not None and judge.state == State.ACTIVE:
            changes += self._to(judge, State.ACKNOWLEDGED, t_ms)
        return changes

    @staticmethod
    def _to(judge: _Judge, state: State, t_ms: int) -> list[Change]:
        if judge.state == state:
            return []
        judge.state = state
        limit = judge.limit
        return [Change(limit.rule, state, t_ms, judge.value, limit.threshold, limit.priority)]
