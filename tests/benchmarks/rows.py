# SPDX-License-Identifier: Apache-2.0
"""What a benchmark yields: one row a figure; a ratio compares two figures of one run and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `peer` names what it is compared with, `ratio` is ours against the peer's (more is better for us)."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    ratio: float | None = None

    def json(self) -> str:
        return json.dumps(asdict(self))

    def text(self) -> str:
        against = f"  {self.ratio:.2f} x {self.peer}" if self.ratio is not None else (f"  {self.peer or ''}")
        return f"{self.name:<46} {self.value:>14,.4g} {self.unit:<14}{against}".rstrip()


def fastest_s(work: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of `repeats` runs: the one least disturbed by whatever else the machine does."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def paired_s(ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 5) -> tuple[float, float]:
    """The shortest time of each, run in turn, so that a machine that slows down slows both."""
    best = [float("inf"), float("inf")]
    for _ in range(repeats):
        for i, work in enumerate((ours, theirs)):
            start = time.perf_counter()
            work()
            best[i] = min(best[i], time.perf_counter() - start)
    return best[0], best[1]
