# SPDX-License-Identifier: Apache-2.0
"""Required observations of a phase: when each falls due, what satisfies it, and when it counts as missed.

An observation counts for what was due from `late_s` before it falls due (at most half the interval, or two minutes
where a minute is asked for) until `late_s` after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..course_shown import DueShown
from ..profile import Observation
from .values import Values

AT_EARLY_MS: Final = 120_000
"""An observation that is asked for at a minute is not there if it was taken long before."""
TEXTS: Final = {
    "blood_pressure": "Blood pressure",
    "spo2": "SpO2",
    "pulse": "Pulse",
    "breathing_rate": "Breathing rate",
    "sedation": "Sedation",
    "dissociation": "Dissociation",
}


@dataclass(slots=True)
class Event:
    """What is to be recorded: `state` is `due`, `done`, `missed`, `interrupted` or `resumed`."""

    t_ms: int
    item: str
    state: str
    detail: str


class Due:
    """One observation of the present phase; `due_ms` is the one that stands next, None when none does."""

    def __init__(self, rule: Observation, begin_ms: int, dose_ms: int | None, last_ms: int | None) -> None:
        """`last_ms` is when the item was last observed: what comes every so often counts from then."""
        self.rule = rule
        self._begin_ms = begin_ms
        self._at = list(rule.at_s)
        self._late_ms = rule.late_s * 1000
        self.due_ms: int | None = None
        self.told = False
        """Whether it was said that it is due."""
        self.interrupted = False
        self._base_ms: int | None = dose_ms if rule.since == "dose" else begin_ms
        if rule.continuous:
            return
        if rule.once:
            self.due_ms = begin_ms
        elif rule.every_s is not None:
            self.due_ms = max(begin_ms, (begin_ms if last_ms is None else last_ms) + rule.every_s * 1000)
        else:
            self._next_at()

    def dose(self, t_ms: int) -> None:
        """The first dose was given: what counts from it begins to."""
        if self.rule.since == "dose" and self._base_ms is None:
            self._base_ms = t_ms
            self._next_at()

    def next_deadline(self, values: Values) -> int | None:
        """When time alone changes something."""
        if self.rule.continuous:
            return None if self.interrupted else self._last(values) + self._late_ms
        if self.due_ms is None:
            return None
        return self.due_ms + self._late_ms if self.told else self.due_ms

    def advance(self, values: Values, t_ms: int) -> list[Event]:
        """Everything that is so by `t_ms`."""
        if self.rule.continuous:
            return self._continuous(values, t_ms)
        found: list[Event] = []
        while self.due_ms is not None:
            seen = values.within(self.rule.item, self.due_ms - self._early_ms(), min(t_ms, self.due_ms + self._late_ms))
            if seen is not None and (t_ms >= self.due_ms or self.rule.once or not self._at_fixed()):
                found.append(Event(t_ms, self.rule.item, "done", self._which() + f", {seen[1]}"))
                self._next(seen[0])
                continue
            if t_ms >= self.due_ms + self._late_ms:
                found.append(Event(self.due_ms + self._late_ms, self.rule.item, "missed", self._which()))
            else:
                if t_ms >= self.due_ms and not self.told:
                    self.told = True
                    found.append(Event(self.due_ms, self.rule.item, "due", self._which()))
                return found
            self._next(self.due_ms)
        return found

    def leave(self, values: Values, t_ms: int) -> list[Event]:
        """The phase ends: what was due and is not there is missed."""
        found = self.advance(values, t_ms)
        if self.due_ms is not None and self.told:
            found.append(Event(t_ms, self.rule.item, "missed", self._which() + "; the phase was left"))
        return found

    def shown(self, t_ms: int) -> DueShown | None:
        """For the screen."""
        rule, text = self.rule, TEXTS[self.rule.item]
        if rule.continuous:
            return DueShown(rule.item, text, rule.by, "interrupted", None, None) if self.interrupted else None
        if self.due_ms is None:
            return None
        state = "due" if t_ms >= self.due_ms else "coming"
        return DueShown(rule.item, text, rule.by, state, self.due_ms, self.due_ms + self._late_ms)

    # ------------------------------------------------------------ inside

    def _at_fixed(self) -> bool:
        return bool(self.rule.at_s)

    def _early_ms(self) -> int:
        if self.rule.every_s is not None:
            return min(self._late_ms, self.rule.every_s * 500)
        return 0 if self.rule.once else min(self._late_ms, AT_EARLY_MS)

    def _which(self) -> str:
        assert self.due_ms is not None
        assert self._base_ms is not None
        if self.rule.once:
            return "once in this phase"
        minutes = (self.due_ms - self._base_ms) / 60_000
        return f"at {round(minutes, 1):g} min of the {'dose' if self.rule.since == 'dose' else 'phase'}"

    def _next(self, from_ms: int) -> None:
        self.told = False
        if self.rule.every_s is not None:
            self.due_ms = from_ms + self.rule.every_s * 1000
        elif self._at:
            self._next_at()
        else:
            self.due_ms = None

    def _next_at(self) -> None:
        self.due_ms = None
        if self._base_ms is not None and self._at:
            self.due_ms = self._base_ms + self._at.pop(0) * 1000

    def _last(self, values: Values) -> int:
        last_ms = values.last(self.rule.item)
        return self._begin_ms if last_ms is None else max(last_ms, self._begin_ms)

    def _continuous(self, values: Values, t_ms: int) -> list[Event]:
        late = t_ms >= self._last(values) + self._late_ms
        if late and not self.interrupted:
            self.interrupted = True
            return [Event(self._last(values) + self._late_ms, self.rule.item, "interrupted", "continuous")]
        if not late and self.interrupted:
            self.interrupted = False
            return [Event(t_ms, self.rule.item, "resumed", "continuous")]
        return []
