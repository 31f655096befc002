# SPDX-License-Identifier: Apache-2.0
"""One limit and its state: threshold, delay, hysteresis, a worse limit, the saturation index, latching, escalation.

Values are tenths of the unit, times whole ms. `LimitEngine` feeds it and takes what changed; see there for the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from .rules import ALL_RULES, Conduct, Limit

FRESH_MS: Final = 3000
FORGET_MS: Final = 30_000
PRIORITIES: Final = ("low", "medium", "high")


class State(IntEnum):
    """Where a limit stands; the numbers are the protocol's."""

    CLEAR = 0
    PENDING = 1
    ACTIVE = 2
    ACKNOWLEDGED = 3
    LATCHED = 4


RAISED: Final = (State.ACTIVE, State.ACKNOWLEDGED, State.LATCHED)
SOUNDING: Final = (State.ACTIVE, State.LATCHED)


@dataclass(frozen=True, slots=True)
class Change:
    """A limit changed at `t_ms`; `value_x10` is the value that counted, None if it was absent by then.

    `limit_x10` is the threshold that was passed, `cause` why an alarm is raised: `delay`, `override`, `index`,
    `escalated`; empty where none is.
    """

    rule: str
    state: State
    t_ms: int
    value_x10: int | None
    limit_x10: int
    priority: str
    cause: str = ""


class Numbers:
    """A limit in the integers that are judged with."""

    __slots__ = (
        "delay_ms", "escalate_ms", "hysteresis", "inclusive", "index", "index_priority", "latching", "low", "override",
        "override_priority", "priority", "rule", "threshold",
    )  # fmt: skip

    def __init__(self, limit: Limit, conduct: Conduct) -> None:
        rule = ALL_RULES[limit.rule]
        self.rule, self.low, self.inclusive = limit.rule, rule.low, rule.inclusive
        self.priority = PRIORITIES.index(limit.priority)
        self.threshold = round(limit.threshold * 10)
        self.hysteresis = round(limit.hysteresis * 10)
        self.delay_ms = round(limit.delay_s * 10) * 100
        self.override: int | None = None
        self.override_priority = self.priority
        for name, threshold, priority in conduct.overrides:
            if name == limit.rule:
                self.override = round(threshold * 10)
                self.override_priority = PRIORITIES.index(priority)
        has_index = limit.rule == "spo2_low" and conduct.index_pct_s is not None
        self.index = round((conduct.index_pct_s or 0) * 10) * 1000 if has_index else None  # tenths of a percent x ms
        self.index_priority = PRIORITIES.index(conduct.index_priority)
        self.latching = limit.rule in conduct.latching
        self.escalate_ms = conduct.escalate_s * 1000

    def passed(self, value: int) -> bool:
        if self.inclusive and value == self.threshold:
            return True
        return value < self.threshold if self.low else value > self.threshold

    def worse(self, value: int) -> bool:
        if self.override is None:
            return False
        return value < self.override if self.low else value > self.override

    def good(self, value: int) -> bool:
        if self.passed(value):
            return False
        if self.low:
            return value >= self.threshold + self.hysteresis
        return value <= self.threshold - self.hysteresis


class Judge:
    """`waited_ms` of the delay had passed at `mark_ms`; it goes on from there only while a value is there. `own_ms` of
    it had passed when the value itself went beyond the limit, None while only the newest beats are.

    `since_ms` is when the alarm last became ACTIVE or was escalated, `by_override` whether the worse limit raised it,
    `area` how much of the saturation index had been gathered at `area_ms`.
    """

    __slots__ = (
        "ago_ms", "area", "area_ms", "by_override", "cuff", "limit", "mark_ms", "newest", "number", "own_ms",
        "priority", "since_ms", "state", "value", "value_ms", "waited_ms",
    )  # fmt: skip

    def __init__(self, limit: Limit, conduct: Conduct) -> None:
        rule = ALL_RULES[limit.rule]
        self.number = int(rule.number)
        self.cuff = rule.source == "cuff"
        self.limit = Numbers(limit, conduct)
        self.state = State.CLEAR
        self.value: int | None = None
        self.newest: int | None = None
        self.ago_ms = 0
        self.own_ms: int | None = 0
        self.value_ms = self.mark_ms = self.waited_ms = self.since_ms = 0
        self.priority = self.limit.priority
        self.by_override = False
        self.area = self.area_ms = 0

    # ------------------------------------------------------------ time

    def due_ms(self) -> int | None:
        """When time alone changes something."""
        if self.state == State.PENDING:
            return self._pending_due()
        if self.state in SOUNDING and self.limit.escalate_ms and self.priority < len(PRIORITIES) - 1:
            return self.since_ms + self.limit.escalate_ms
        return None

    def _pending_due(self) -> int | None:
        if self.value is None:
            return self.mark_ms + FORGET_MS
        ways = [self._delay_due(), self._index_due(), None if self.cuff else self.value_ms + FRESH_MS]
        return min((way for way in ways if way is not None), default=None)

    def _delay_due(self) -> int | None:
        """When the delay is over; None while the value itself is not beyond the limit."""
        return None if self.own_ms is None else self.mark_ms + self.limit.delay_ms - self.waited_ms

    def _index_due(self) -> int | None:
        if self.limit.index is None or self.value is None or self.value >= self.limit.threshold:
            return None
        return self.area_ms - (self.area - self.limit.index) // (self.limit.threshold - self.value)

    def due(self, t_ms: int) -> list[Change]:
        """Does what is due at exactly `t_ms`."""
        if self.state in SOUNDING:
            self.priority += 1
            self.since_ms = t_ms
            return [self._change(t_ms, self._shown_limit(), "escalated")]
        if self.value is None:
            self.area = 0
            return self._to(State.CLEAR, t_ms)
        if self._waited(t_ms):
            return self._raise(t_ms, self.limit.priority, "delay")
        index_ms = self._index_due()
        if index_ms is not None and t_ms >= index_ms:
            return self._raise(t_ms, max(self.limit.priority, self.limit.index_priority), "index")
        self.lose_value(t_ms)
        return []

    # ------------------------------------------------------------ values

    def take(self, value: int, t_ms: int, newest: int | None = None, ago_ms: int = 0) -> list[Change]:
        """A new value; `newest` is that of the newest beats alone, which began `ago_ms` before, where the value is an
        average of many."""
        self._gather(t_ms)
        if self.value is None:
            self.mark_ms = t_ms
        self.value, self.value_ms, self.newest, self.ago_ms = value, t_ms, newest, ago_ms
        if self.limit.good(value):
            self.area = 0
        return self.judge(t_ms)

    def lose_value(self, t_ms: int) -> None:
        """The value could not be measured, or is too old to count; one of the cuff stands until the next."""
        if self.value is None or self.cuff:
            return
        self._gather(t_ms)
        self.value = None
        if self.state == State.PENDING:
            self.waited_ms += t_ms - self.mark_ms
            self.mark_ms = t_ms

    def judge(self, t_ms: int) -> list[Change]:
        """What the present value asks for."""
        limit, value = self.limit, self.value
        assert value is not None
        if limit.worse(value) and not (self.by_override and self.state in RAISED):
            self.by_override = True
            return self._raise(t_ms, max(self.priority, limit.override_priority), "override")
        passed = limit.passed(value)
        if self.state == State.CLEAR:
            return self._begin(passed, t_ms)
        if self.state == State.PENDING:
            return self._wait_on(passed, t_ms)
        if self.state == State.LATCHED and passed:
            return self._raise(t_ms, self.priority, "delay")
        if self.state in (State.ACTIVE, State.ACKNOWLEDGED) and limit.good(value):
            latches = limit.latching and self.state == State.ACTIVE
            return self._to(State.LATCHED if latches else State.CLEAR, t_ms)
        return []

    def _begin(self, passed: bool, t_ms: int) -> list[Change]:
        ahead = self.newest is not None and self.limit.delay_ms > 0 and self.limit.passed(self.newest)
        if not (passed or ahead):
            return []
        self.waited_ms, self.mark_ms = self.ago_ms if ahead else 0, t_ms
        self.own_ms = self.waited_ms if passed else None
        begun = self._to(State.PENDING, t_ms) if self.limit.delay_ms else []
        return begun + (self._raise(t_ms, self.limit.priority, "delay") if self._waited(t_ms) else [])

    def _wait_on(self, passed: bool, t_ms: int) -> list[Change]:
        """The delay is counted from where the newest beats went beyond the limit, if that was before the value did,
        until they are back by the hysteresis; from where the value did otherwise."""
        lasts = passed if self.newest is None else not self.limit.good(self.newest)
        if not (passed or lasts):
            return self._to(State.CLEAR, t_ms)
        if not passed:
            self.own_ms = None
            return []
        if self.own_ms is None:
            self.own_ms = self.waited_ms + t_ms - self.mark_ms
        if not lasts:
            self.waited_ms -= self.own_ms
            self.own_ms = 0
        return self._raise(t_ms, self.limit.priority, "delay") if self._waited(t_ms) else []

    def _waited(self, t_ms: int) -> bool:
        due_ms = self._delay_due()
        return due_ms is not None and t_ms >= due_ms

    def acknowledge(self, t_ms: int) -> list[Change]:
        """A person has seen it: what is over is over, what is not stays until a value clears it."""
        if self.state == State.ACTIVE:
            return self._to(State.ACKNOWLEDGED, t_ms)
        return self._to(State.CLEAR, t_ms) if self.state == State.LATCHED else []

    def replace(self, limit: Numbers) -> None:
        """New numbers; the state goes on."""
        self.limit = limit
        if self.state not in RAISED:
            self.priority = limit.priority

    def end(self, t_ms: int) -> list[Change]:
        """The limit is no more."""
        return self._to(State.CLEAR, t_ms)

    # ------------------------------------------------------------ inside

    def _gather(self, t_ms: int) -> None:
        """Adds to the index what the last value was worth until now; reached, it grows no more."""
        if self.limit.index is None:
            self.area = 0
        elif self.value is not None:
            until_ms = min(t_ms, self.value_ms + FRESH_MS)
            if self.value < self.limit.threshold and until_ms > self.area_ms:
                area = self.area + (self.limit.threshold - self.value) * (until_ms - self.area_ms)
                self.area = min(area, self.limit.index)
        elif t_ms >= self.value_ms + FRESH_MS + FORGET_MS:
            self.area = 0
        self.area_ms = t_ms

    def _raise(self, t_ms: int, priority: int, cause: str) -> list[Change]:
        self.priority, self.since_ms, self.state = priority, t_ms, State.ACTIVE
        return [self._change(t_ms, self._shown_limit(), cause)]

    def _to(self, state: State, t_ms: int) -> list[Change]:
        if self.state == state:
            return []
        self.state = state
        change = self._change(t_ms, self._shown_limit(), "")
        if state == State.CLEAR:
            self.by_override, self.priority = False, self.limit.priority
        return [change]

    def _shown_limit(self) -> int:
        worse = self.limit.override if self.by_override else None
        return self.limit.threshold if worse is None else worse

    def _change(self, t_ms: int, limit_x10: int, cause: str) -> Change:
        return Change(self.limit.rule, self.state, t_ms, self.value, limit_x10, PRIORITIES[self.priority], cause)
