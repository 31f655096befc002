# SPDX-License-Identifier: Apache-2.0
"""Alarms as episodes, from raised to over; and two lists of them held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from ..session.facts import Happening

NEAR_MS: Final = 60_000
"""Two episodes of one rule are the same event where they overlap, or where less than this lies between them."""


@dataclass(frozen=True)
class Episode:
    """One alarm: from `begin_ms` until the value was back at `end_ms` (None: it was not over at the end)."""

    rule: str
    begin_ms: int
    end_ms: int | None
    priority: str
    value: float | None
    limit: float | None

    def overlaps(self, other: Episode) -> bool:
        """Whether both are of the same event."""
        mine = self.end_ms if self.end_ms is not None else 1 << 62
        theirs = other.end_ms if other.end_ms is not None else 1 << 62
        return self.begin_ms <= theirs + NEAR_MS and other.begin_ms <= mine + NEAR_MS


@dataclass(frozen=True)
class Difference:
    """What became of an alarm: `same`, `earlier`, `later`, `gone` (only in A), `new` (only in B). `shift_s` is how much
    later B raises it."""

    verdict: str
    a: Episode | None
    b: Episode | None
    shift_s: float | None = None

    @property
    def rule(self) -> str:
        return (self.a or self.b).rule  # type: ignore[union-attr]

    @property
    def begin_ms(self) -> int:
        return min(e.begin_ms for e in (self.a, self.b) if e is not None)

    def as_json(self) -> dict[str, Any]:
        """For JSON: plain values; times in s from the start of the record."""

        def plain(one: Episode | None) -> dict[str, Any] | None:
            if one is None:
                return None
            end_s = None if one.end_ms is None else one.end_ms / 1000
            values = {"begin_s": one.begin_ms / 1000, "end_s": end_s, "priority": one.priority}
            return {**values, "value": one.value, "limit": one.limit}

        about = {"type": "difference", "rule": self.rule, "verdict": self.verdict, "shift_s": self.shift_s}
        return {**about, "a": plain(self.a), "b": plain(self.b)}


def episodes(alarms: Iterable[Happening], begin_ms: int = 0) -> list[Episode]:
    """The episodes in order of time; times from `begin_ms`. A worse or an escalated alarm is the same episode, with the
    worst priority that it had; one that was latched is over when its value was back."""
    order = ("low", "medium", "high")
    found: list[Episode] = []
    current: dict[str, int] = {}
    for alarm in alarms:
        at = current.get(alarm.name)
        t_ms = alarm.t_ms - begin_ms
        if alarm.state == "raised" and at is None:
            current[alarm.name] = len(found)
            found.append(Episode(alarm.name, t_ms, None, alarm.priority, alarm.value, alarm.limit))
        elif at is not None and alarm.state in ("worse", "escalated"):
            worst = max(found[at].priority, alarm.priority, key=order.index)
            found[at] = replace(found[at], priority=worst)
        elif at is not None and alarm.state in ("cleared", "latched"):
            found[at] = replace(found[at], end_ms=t_ms)
            del current[alarm.name]
    return found


def compare(a: list[Episode], b: list[Episode]) -> list[Difference]:
    """Every alarm of both, matched rule by rule and in order of time; each is matched once."""
    left = list(b)
    found: list[Difference] = []
    for one in a:
        other = next((e for e in left if e.rule == one.rule and one.overlaps(e)), None)
        if other is None:
            found.append(Difference("gone", one, None))
            continue
        left.remove(other)
        shift_s = (other.begin_ms - one.begin_ms) / 1000
        verdict = "same" if shift_s == 0 else "later" if shift_s > 0 else "earlier"
        found.append(Difference(verdict, one, other, shift_s))
    found += [Difference("new", None, other) for other in left]
    return sorted(found, key=lambda difference: (difference.begin_ms, difference.rule))
