# SPDX-License-Identifier: Apache-2.0
"""The host's limits against the vectors that the board's limits are held to, step by step and at every deadline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from alarm_cases import play, row

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


def test_there_are_vectors() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("how", ["steps", "deadlines", "dense"])
@pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}-{case['name']}") for stem, case in CASES])
def test_the_host_judges_as_the_board_does(case: dict[str, Any], how: str) -> None:
    changes, deadlines = play(case, how)
    columns = 6 if "conduct" in case else 4
    assert [row(change)[:columns] for change in changes] == case["changes"]
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
