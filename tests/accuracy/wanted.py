# SPDX-License-Identifier: Apache-2.0
"""The figures that are wanted, and whether a run reached them. They are the project's own goals, not a standard's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accuracy.outcomes import POPULATION
from accuracy.peers import ON_OURS
from accuracy.rows import ALL
from accuracy.stats import Row

RECORDED = "recorded"
AHEAD = "pulse, beside the better peer on the same windows"
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
    yield _silence(name, task)


def _silence(name: str, task: str) -> Target:
    return Target(
        f"{name}: no value where none is right, simulated", task, POPULATION, (Figure("silent_pct", 99, 100, True),)
    )


TARGETS = (
    Target(
        "pulse, recorded windows of 10 s", "pulse", RECORDED,
        (Figure("mae", 2.0, 1.0), Figure("coverage_pct", 90, 95, True)), clips=False,
    ),
    Target("pulse, simulated fingers", "pulse", POPULATION, (Figure("arms", 1.5, 0.7),)),
    _silence("pulse", "pulse"),
    Target(
        "SpO2, recorded clips, curve cross-validated", "spo2", RECORDED,
        (Figure("arms", 3.5, 2.5), Figure("coverage_pct", 90, 90, True)), clips=True,
    ),
    *(
        Target(f"SpO2, simulated fingers, perfusion {part}", "spo2", POPULATION, (figure,), f"perfusion={part}")
        for figure, parts in (
            (Figure("arms", 1.5, 1.0), (">=3 %", "1-3 %")),
            (Figure("arms", 2.5, 2.0), ("0.3-1 %", "0.3 %")),
        )
        for part in parts
    ),
    _silence("SpO2", "spo2"),
    Target("cycle time about 120/80, simulated patients", "nibp_sbp", POPULATION, (Figure("cycle_s", 40, 25),)),
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
                        n = row["unanswerable"] if figure.name == "silent_pct" else row["n"]
                        found.append(Verdict(target.what, row["set"], n, figure, value, figure.reached(value)))
    return [*found, *_against_peers(rows)]


def _against_peers(rows: Sequence[Row]) -> Iterator[Verdict]:
    """Our MAE of the pulse beside that of the better peer on the windows in which ours gave a value."""
    of_sets = [row for row in rows if row["task"] == "pulse" and "record" not in row and "stratum" not in row]
    for ours in (row for row in of_sets if row["method"] == OURS and row["mae"] is not None and not row.get("clips")):
        theirs = [r["mae"] for r in of_sets if r["set"] == ours["set"] and r["method"].endswith(ON_OURS)]
        if theirs:
            figure = Figure("mae", min(theirs), min(theirs))
            yield Verdict(AHEAD, ours["set"], ours["n"], figure, ours["mae"], figure.reached(ours["mae"]))


def _is_of(target: Target, row: Row) -> bool:
    is_population = row["set"] == POPULATION
    if is_population != (target.where == POPULATION):
        return False
    stratum = row.get("stratum", "")
    if target.stratum is not None:
        return bool(stratum == target.stratum)
    if stratum or (row["n"] == 0 and not row.get("unanswerable")):
        return False
    return target.clips is None or bool(row.get("clips")) == target.clips or row["set"] == ALL
