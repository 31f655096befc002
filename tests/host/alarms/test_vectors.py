# SPDX-License-Identifier: Apache-2.0
"""The host's limits against the vectors that the board's limits are held to, step by step and at every deadline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vitalwire.alarms.engine import Change, LimitEngine
from vitalwire.alarms.rules import Conduct, Limit
from vitalwire.session.facts import Happening
from vitalwire.session.watch import Watch

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "alarms"
CASES = [
    (path.stem, case)
    for path in sorted(VECTORS.rglob("*.json"))
    if path.parent.name != "technical"
    for case in json.loads(path.read_text())
]
TECHNICAL = [case for path in (VECTORS / "technical").glob("*.json") for case in json.loads(path.read_text())]


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
            found += engine.update(rest[0], rest[1], t_ms)
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


def test_there_are_vectors() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("how", ["steps", "deadlines", "dense"])
@pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}-{case['name']}") for stem, case in CASES])
def test_the_host_judges_as_the_board_does(case: dict[str, Any], how: str) -> None:
    changes, deadlines = play(case, how)
    columns = 6 if "conduct" in case else 4
    found = [[c.t_ms, c.rule, c.state.name.lower(), c.value_x10, c.priority, c.cause][:columns] for c in changes]
    assert found == case["changes"]
    expected = [(step[0], step[2]) for step in case["steps"] if step[1] == "deadline"]
    assert deadlines == expected


@pytest.mark.parametrize("how", ["steps", "deadlines", "dense"])
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in TECHNICAL])
def test_the_host_judges_the_probe_as_the_board_does(case: dict[str, Any], how: str) -> None:
    watch = Watch((), 0)
    found: list[Happening] = []
    now_ms = 0
    for t_ms, action, *rest in case["steps"]:
        if how == "dense":
            for between_ms in range(now_ms + 100, t_ms, 100):
                found += watch.advance(between_ms)
        elif how == "deadlines":
            while (due_ms := watch.next_deadline()) is not None and due_ms < t_ms:
                found += watch.advance(due_ms)
        now_ms = t_ms
        found += watch.advance(t_ms)
        if action == "condition":
            found += watch.condition(rest[0], rest[1], t_ms)
        elif action == "acknowledge":
            found += watch.acknowledge(t_ms, rest[0])[0]
    words = {"raised": "active", "cleared": "clear"}
    assert [[f.t_ms, f.name, words.get(f.state, f.state), None] for f in found] == case["changes"]
