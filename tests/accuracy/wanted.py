# SPDX-License-Identifier: Apache-2.0
"""The figures that are wanted, and whether a run reached them. They are the project's own goals, not a standard's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outcomes import POPULATION
from rows import ALL
from stats import Row

RECORDED = "recorded"
OURS = "vitalwire"
MISSED, LEAST, AIM = "missed", "at least", "aim"


@dataclass(frozen=True)
class Figure:
    """One figure of a row: at most (or `at_least`) so much is wanted, and aimed at."""

    name: str
    least: float
    aim: float
    at_least: bool = False

    def reached(self, value: float) -> str:
        """MISSED, LEAST or AIM. A bias counts without its sign."""
        value = abs(value)
        if self.at_least:
            return AIM if value >= self.aim else LEAST if value >= self.least else MISSED
        return AIM if value <= self.aim else LEAST if value <= self.least else MISSED


@dataclass(frozen=True)
class Target:
    """What is wanted of a task on recorded sets or on the population, `stratum` of it."""

    what: str
    task: str
    where: str
    figures: tuple[Figure, ...]
    stratum: str | None = None
    clips: bool | None = None


def _pressure(name: str, task: str) -> Iterator[Target]:
    yield Target(
        f"{name}, recorded cycles with a reference", task, RECORDED,
        (Figure("bias", 5, 2), Figure("sd", 8, 5), Figure("coverage_pct", 90, 90, True)),
    )  # fmt: skip
    yield Target(
        f"{name}, simulated patients", task, POPULATION,
        (Figure("bias", 3, 1), Figure("sd", 5, 3), Figure("coverage_pct", 95, 95, True)),
    )  # fmt: skip
    yield Target(
        f"{name}: no value where none is right, simulated patients", task, POPULATION,
        (Figure("silent_pct", 99, 100, True),),
    )  # fmt: skip


TARGETS = (
    Target(
        "pulse, recorded windows of 10 s", "pulse", RECORDED,
        (Figure("mae", 2.0, 1.0), Figure("coverage_pct", 90, 95, True)), clips=False,
    ),
    Target("pulse, simulated fingers", "pulse", POPULATION, (Figure("arms", 1.5, 0.7),)),
    Target(
        "SpO2, recorded clips, curve cross-validated", "spo2", RECORDED,
        (Figure("arms", 3.5, 2.5), Figure("coverage_pct", 90, 90, True)), clips=True,
    ),
    Target("SpO2, simulated fingers, perfusion >= 1 %", "spo2", POPULATION, (Figure("arms", 1.5, 1.0),), ">=1 %"),
    Target("SpO2, simulated fingers, perfusion 0.3 %", "spo2", POPULATION, (Figure("arms", 2.5, 2.0),), "0.3 %"),
    *_pressure("SBP", "nibp_sbp"),
    *_pressure("DBP", "nibp_dbp"),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """One figure of one row beside what is wanted of it."""

    what: str
    set: str
    n: int
    figure: Figure
    value: float
    reached: str


def verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """Our rows of sets beside the figures that are wanted; a target whose rows are missing gives none."""
    found = []
    for target in TARGETS:
        for row in rows:
            if row["method"] == OURS and row["task"] == target.task and "record" not in row and _is_of(target, row):
                for figure in target.figures:
                    value = row.get(figure.name)
                    if value is not None:
                        found.append(Verdict(target.what, row["set"], row["n"], figure, value, figure.reached(value)))
    return found


def _is_of(target: Target, row: Row) -> bool:
    is_population = row["set"] == POPULATION
    if is_population != (target.where == POPULATION):
        return False
    stratum = row.get("stratum", "")
    if target.stratum is not None:
        return stratum.startswith("perfusion=") and stratum.endswith(target.stratum)
    if stratum or (row["n"] == 0 and not row.get("unanswerable")):
        return False
    return target.clips is None or bool(row.get("clips")) == target.clips or row["set"] == ALL
