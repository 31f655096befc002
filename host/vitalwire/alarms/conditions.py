# SPDX-License-Identifier: Apache-2.0
"""Judges technical conditions (probe, cuff, link, record): a delay before raising, one before clearing, no latching."""

from __future__ import annotations

from dataclasses import dataclass

from .rules import TECHNICAL_RULES, TechnicalRule


@dataclass(frozen=True, slots=True)
class TechnicalChange:
    """A technical alarm was raised (`raised` True) or cleared at `t_ms`."""

    rule: TechnicalRule
    raised: bool
    t_ms: int
    detail: str


class _Condition:
    __slots__ = ("detail", "present", "raised", "rule", "since_ms")

    def __init__(self, rule: TechnicalRule) -> None:
        self.rule = rule
        self.present = False
        self.raised = False
        self.since_ms = 0
        self.detail = ""

    def due_ms(self) -> int | None:
        if self.present == self.raised:
            return None
        return self.since_ms + (self.rule.delay_ms if self.present else self.rule.clear_ms)


class TechnicalEngine:
    """All technical conditions. Tell it what is so; it says what that raises and clears, at exact times."""

    def __init__(self) -> None:
        self._conditions = {name: _Condition(rule) for name, rule in TECHNICAL_RULES.items()}
        self._next_ms: int | None = None

    def set(self, name: str, present: bool, t_ms: int, detail: str = "") -> list[TechnicalChange]:
        """States whether condition `name` is so at `t_ms`; saying it again changes nothing but the detail."""
        changes = [] if self._next_ms is None else self.advance(t_ms)
        condition = self._conditions[name]
        if present and detail:
            condition.detail = detail
        if present == condition.present:
            return changes
        condition.present = present
        condition.since_ms = t_ms
        self._look_ahead()
        return changes + self.advance(t_ms)

    def advance(self, t_ms: int) -> list[TechnicalChange]:
        """Lets time pass; what is due changes at exactly its time."""
        if self._next_ms is None or t_ms < self._next_ms:
            return []
        due = [(d, c) for c in self._conditions.values() if (d := c.due_ms()) is not None and d <= t_ms]
        changes = []
        for due_ms, condition in sorted(due, key=lambda item: item[0]):
            condition.raised = condition.present
            changes.append(TechnicalChange(condition.rule, condition.raised, due_ms, condition.detail))
        self._look_ahead()
        return changes

    def next_deadline(self) -> int | None:
        """When the next condition is due to change, or None."""
        return self._next_ms

    def raised(self, name: str) -> bool:
        """Whether this alarm is raised at present."""
        return self._conditions[name].raised

    def _look_ahead(self) -> None:
        self._next_ms = min((d for c in self._conditions.values() if (d := c.due_ms()) is not None), default=None)
