# SPDX-License-Identifier: Apache-2.0
"""Closed-loop runs of the cuff controller: a plan goes in, what happened comes out, the same from both interpreters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class Story:
    """What `drive.py` logged; times in s, pressures in mmHg."""

    def __init__(self, log: dict[str, Any]) -> None:
        self.results: list[dict[str, Any]] = log["results"]
        self.refusals: list[int] = log["refusals"]
        self.faults: list[tuple[float, int]] = [(t / 1000, fault) for t, fault in log["faults"] if fault or t > 10]
        self.phases: list[tuple[float, int, float]] = [
            (t / 1000, phase, cuff / 10) for t, phase, cuff, _ in log["phases"]
        ]
        self.targets: list[int] = [target for _, _, _, target in log["phases"] if target]
        self.trace = [(t / 1000, cuff / 10, *rest) for t, cuff, _, *rest in log["trace"]]
        self.oscillogram: list[list[int]] = log["oscillogram"]
        self.again: dict[str, int | None] = log["again"]

    @property
    def outcomes(self) -> list[int]:
        return [r["outcome"] for r in self.results]

    def first(self, phase: int, after: float = 0) -> float:
        """When a phase was entered first."""
        return next(t for t, p, _ in self.phases if p == phase and t >= after)

    def cuff_at(self, t_s: float) -> float:
        return next(cuff for t, cuff, *_ in self.trace if t >= t_s)


@pytest.fixture
def drive(play: Callable[..., Any], tmp_path: Path) -> Callable[..., Story]:
    """`drive(seconds, at=[[when, {...}]], cuff={...}, session=True)`; with `start` a reading is started at 1 s."""

    def run(seconds: float, at: list[Any] | None = None, start: bool = True, **plan: Any) -> Story:
        at = ([[1, {"command": "start"}]] if start else []) + (at or [])
        path = tmp_path / "plan.json"
        path.write_text(json.dumps({"seconds": seconds, "at": at, **plan}), encoding="utf-8")
        return Story(play(Path(__file__).with_name("drive.py"), str(path)))

    return run
