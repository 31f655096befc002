# SPDX-License-Identifier: Apache-2.0
"""Plays alarm cases (see tests/vectors/alarms/README.md) into the host's engine."""

from __future__ import annotations

from typing import Any

from vitalwire.alarms.engine import Change, LimitEngine
from vitalwire.alarms.rules import Conduct, Limit


def limits_of(rows: list[list[Any]]) -> list[Limit]:
    return [Limit(rule, t / 10, h / 10, d / 10, priority, "vector") for rule, priority, t, h, d in rows]


def conduct_of(case: dict[str, Any]) -> Conduct:
    said = case.get("conduct", {})
    index_priority, index = said.get("index", ("high", None))
    return Conduct(
        tuple((rule, threshold / 10, priority) for rule, priority, threshold in said.get("overrides", ())),
        None if index is None else index / 10,
        index_priority,
        frozenset(said.get("latching", ())),
        said.get("escalate_s", 0),
    )


def pass_time(engine: LimitEngine, now_ms: int, t_ms: int, how: str) -> list[Change]:
    found: list[Change] = []
    if how == "dense":
        for t in range(now_ms + 100, t_ms, 100):
            found += engine.advance(t)
    elif how == "deadlines":
        while (due_ms := engine.next_deadline()) is not None and due_ms < t_ms:
            found += engine.advance(due_ms)
    return found


def play(case: dict[str, Any], how: str) -> tuple[list[Change], list[tuple[int, int | None]]]:
    conduct = conduct_of(case)
    engine = LimitEngine(limits_of(case["limits"]), conduct)
    found: list[Change] = []
    deadlines = []
    now_ms = 0
    for t_ms, action, *rest in case["steps"]:
        found += pass_time(engine, now_ms, t_ms, how)
        now_ms = t_ms
        if action == "value":
            found += engine.update(rest[0], rest[1], t_ms, *rest[2:])
        elif action == "absent":
            found += engine.update(rest[0], None, t_ms)
        elif action == "acknowledge":
            found += engine.acknowledge(rest[0], t_ms)
        elif action == "load":
            found += engine.load(limits_of(rest[0]), t_ms, conduct)
        elif action == "advance":
            found += engine.advance(t_ms)
        elif action == "deadline":
            deadlines.append((t_ms, engine.next_deadline()))
        else:
            raise ValueError(action)
    return found, deadlines


def row(change: Change) -> list[Any]:
    """A change as the vectors have it: t_ms, rule, state, value, priority, cause."""
    return [change.t_ms, change.rule, change.state.name.lower(), change.value_x10, change.priority, change.cause]
