# SPDX-License-Identifier: Apache-2.0
"""Judges limits: the same states and times as the board's own (`firmware/vitals/alarms`), held by common test vectors.

Values and thresholds are integers in tenths of the unit, times whole ms, so there is nothing to round.

* A low limit is passed below its threshold, a high one above; the threshold itself is good (but for limits relative to
  a baseline, where a change of exactly the amount counts).
* A passed limit is *pending* until it has been passed for its whole delay, then *active*, at the deadline to the
  millisecond, whenever somebody looks. A value that no longer passes ends a wait; only a value back inside by the
  hysteresis ends an alarm, acknowledged or not.
* The delay is counted from where the *newest beats* that passed the limit began, if that was before the value passed,
  which is an average of seconds: until they are back by the hysteresis, and from where the value passed otherwise. So
  the delay counts how long it has been so in the patient. The value itself must be beyond the limit for an alarm.
* A worse limit (override) does not wait; reached while the alarm is there already, it makes it active anew.
* The saturation index gathers depth below `spo2_low` times duration. It is a third way to raise that alarm. A value
  back inside by the hysteresis empties it.
* A latching alarm whose value is good again is *latched* until acknowledged. One that nobody acknowledges gets one
  priority higher after every `escalate_s`.
* Absence raises nothing and clears nothing. While a value is missing a wait and the index stand still, and after 30 s
  they are over. A value of the oximeter counts for 3 s; one of the cuff until the next.
* A deadline and a value on the same millisecond: the deadline is first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .judge import FORGET_MS, FRESH_MS, RAISED, SOUNDING, Change, Judge, State
from .rules import Conduct, Limit

_NONE: Final = Conduct()


class LimitEngine:
    """All limits of a session. Feed it values as they are measured and the time; it returns what changed."""

    def __init__(self, limits: Iterable[Limit] = (), conduct: Conduct = _NONE) -> None:
        judges = sorted((Judge(limit, conduct) for limit in limits), key=lambda judge: judge.number)
        self._judges = {judge.limit.rule: judge for judge in judges}
        self._next_ms: int | None = None

    def state(self, rule: str) -> State:
        """CLEAR for a rule that has no limit."""
        judge = self._judges.get(rule)
        return judge.state if judge else State.CLEAR

    def load(self, limits: Iterable[Limit], t_ms: int, conduct: Conduct = _NONE) -> list[Change]:
        """Replaces all limits. A rule that goes on keeps its state, and its present value is judged anew at once."""
        changes = self.advance(t_ms)
        before, self._judges = self._judges, {}
        for judge in sorted((Judge(limit, conduct) for limit in limits), key=lambda judge: judge.number):
            old = before.pop(judge.limit.rule, None)
            if old is not None:
                old.replace(judge.limit)
                judge = old
            self._judges[judge.limit.rule] = judge
            # A value of the oximeter that is too old to count is not judged again.
            if judge.value is not None and (judge.cuff or t_ms < judge.value_ms + FRESH_MS):
                changes += judge.judge(t_ms)
        for judge in before.values():
            changes += judge.end(t_ms)
        self._look_ahead()
        return changes

    def update(
        self, rule: str, value_x10: int | None, t_ms: int, newest_x10: int | None = None, ago_ms: int = 0
    ) -> list[Change]:
        """A new value of the rule's quantity in tenths, or None where it could not be measured; `newest_x10` is that of
        the newest beats alone, which began `ago_ms` before; None where they have none."""
        changes = self.advance(t_ms)
        judge = self._judges.get(rule)
        if judge is None:
            return changes
        was_clear = judge.state == State.CLEAR
        if value_x10 is None:
            judge.lose_value(t_ms)
        else:
            changes += judge.take(value_x10, t_ms, newest_x10, ago_ms)
        if not (was_clear and judge.state == State.CLEAR):  # what is clear, and stays so, waits for nothing
            self._look_ahead()
        return changes

    def advance(self, t_ms: int) -> list[Change]:
        """Lets time pass up to `t_ms`; whatever was due happens at exactly its time, earliest first."""
        changes: list[Change] = []
        while self._next_ms is not None and self._next_ms <= t_ms:
            due_ms = self._next_ms
            judge = next(judge for judge in self._judges.values() if judge.due_ms() == due_ms)
            changes += judge.due(due_ms)
            self._look_ahead()
        return changes

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do, or None."""
        return self._next_ms

    def acknowledge(self, rule: str, t_ms: int) -> list[Change]:
        """A person has seen an active or latched limit."""
        changes = self.advance(t_ms)
        judge = self._judges.get(rule)
        if judge is not None:
            changes += judge.acknowledge(t_ms)
            self._look_ahead()
        return changes

    def _look_ahead(self) -> None:
        self._next_ms = min((d for judge in self._judges.values() if (d := judge.due_ms()) is not None), default=None)


__all__ = ["FORGET_MS", "FRESH_MS", "RAISED", "SOUNDING", "Change", "LimitEngine", "State"]
