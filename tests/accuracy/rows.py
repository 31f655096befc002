# SPDX-License-Identifier: Apache-2.0
"""All outcomes of a run, and the rows that follow from them: by set, by stratum, by record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from accuracy.outcomes import POPULATION, Cycle, Window
from accuracy.pulse import READINGS_LATE_S
from accuracy.stats import Pair, Row, outcome_row, row

ALL = "all"
"""In the place of a set: every recorded set together, where more than one has a reference."""
PULSE_WINDOW_S = 10.0
READ_LATER = f"reference=read {READINGS_LATE_S} s later"
"""The stratum of rows in which an oximeter's pulse is taken for as late as it is."""
NOT_APPLICABLE = "-"
"""A label of outcomes for which a stratum's question has no answer."""

Value = tuple[float | None, float | None]
Read = Callable[[Cycle], Value]
NIBP: dict[str, Read] = {
    "nibp_sbp": lambda c: (c.sbp_ref_mmhg, c.sbp_mmhg),
    "nibp_dbp": lambda c: (c.dbp_ref_mmhg, c.dbp_mmhg),
    "nibp_map": lambda c: (c.map_ref_mmhg, c.map_mmhg),
}


@dataclass
class Outcomes:
    """What a run came to.

    `lags` are the seconds that were allowed for an SpO2 reference over time, by set. `read_later` are windows a second
    time, with what an oximeter said some seconds later; they are told beside the others and are in no other figure.
    """

    windows: list[Window] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)
    lags: dict[str, int] = field(default_factory=dict)
    read_later: list[Window] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Every row, in a fixed order."""
        return [*self._window_rows(), *self._cycle_rows()]

    def _window_rows(self) -> list[Row]:
        found: list[Row] = []
        for method, task, name in dict.fromkeys((w.method, w.task, w.set) for w in self.windows):
            some = [w for w in self.windows if (w.method, w.task, w.set) == (method, task, name)]
            more: dict[str, Any] = {"lag_s": self.lags[name]} if task == "spo2" and self.lags.get(name) else {}
            if name != POPULATION and all(_is_clip(w) for w in some):
                more["clips"] = True
            found += _grouped(method, task, name, some, _of_window, more)
        later = {(w.method, w.record, w.t_s): w for w in self.read_later}
        for method in dict.fromkeys(w.method for w in self.windows):
            pooled = [w for w in self.windows if w.method == method and _counts_for_all(w)]
            moved = [later.get((w.method, w.record, w.t_s), w) for w in pooled]
            if len({w.set for w in pooled}) > 1:
                found.append(outcome_row(method, "pulse", ALL, [_of_window(w) for w in pooled]))
                if moved != pooled:
                    found.append(outcome_row(method, "pulse", ALL, [_of_window(w) for w in moved], stratum=READ_LATER))
        for method, name in dict.fromkeys((w.method, w.set) for w in self.read_later):
            moved = [w for w in self.read_later if (w.method, w.set) == (method, name)]
            found.append(outcome_row(method, "pulse", name, [_of_window(w) for w in moved], stratum=READ_LATER))
        return found

    def _cycle_rows(self) -> list[Row]:
        found: list[Row] = []
        for method, name in dict.fromkeys((c.method, c.set) for c in self.cycles):
            some = [c for c in self.cycles if (c.method, c.set) == (method, name)]
            for task, read in NIBP.items():
                found += _grouped(method, task, name, some, read, _cycle_time(some) if name == POPULATION else {})
            found += _repeats(method, name, some)
        for method in dict.fromkeys(c.method for c in self.cycles):
            recorded = [c for c in self.cycles if c.method == method and c.set != POPULATION]
            for task, read in NIBP.items():
                pooled = [c for c in recorded if read(c)[0] is not None]
                if len({c.set for c in pooled}) > 1:
                    found.append(outcome_row(method, task, ALL, [read(c) for c in pooled]))
        return found


def _cycle_time(cycles: Sequence[Cycle]) -> dict[str, float]:
    """How long a cycle took of an adult with about 120/80, with a value at the first attempt: the median."""
    usual = [
        c.duration_s
        for c in cycles
        if c.sbp_mmhg is not None and c.duration_s is not None and c.attempts == 1
        if c.sbp_ref_mmhg is not None and abs(c.sbp_ref_mmhg - 120) <= 10
        if c.dbp_ref_mmhg is not None and abs(c.dbp_ref_mmhg - 80) <= 10
    ]
    return {"cycle_s": round(median(usual), 1)} if usual else {}


def _of_window(window: Window) -> Value:
    return window.reference, window.value


def _is_clip(window: Window) -> bool:
    """Shorter or longer than a window: one value was asked of the whole record."""
    return window.seconds != PULSE_WINDOW_S


def _counts_for_all(window: Window) -> bool:
    """Recorded windows of the full length: of a clip one value is asked, which is another task."""
    whole = not _is_clip(window) and window.reference is not None
    return window.task == "pulse" and window.set != POPULATION and whole


def _grouped(
    method: str, task: str, name: str, some: Sequence[Any], read: Callable[[Any], Value], more: dict[str, Any]
) -> list[Row]:
    """The row of a set, those of its strata, those of its records.

    Where whoever made the patients says that there is no right answer (`answerable` is False), no value is the right
    answer: those are left out of the figures, and `silent_pct` says in how many of the `unanswerable` none was given.
    """
    asked = [outcome for outcome in some if outcome.answerable is not False]
    refused = [outcome for outcome in some if outcome.answerable is False]
    if refused:
        silent = sum(read(outcome)[1] is None for outcome in refused)
        more = {**more, "unanswerable": len(refused), "silent_pct": round(100.0 * silent / len(refused), 4)}
    values = [read(outcome) for outcome in asked]
    found = [outcome_row(method, task, name, values, **more)]
    unknown = [value for value in values if value[0] is None]
    if 0 < len(unknown) < len(values):
        found.append(outcome_row(method, task, name, unknown, stratum="reference=none"))
    found += _strata(method, task, name, some, read)
    for record in dict.fromkeys(outcome.record for outcome in some):
        of_record = [outcome for outcome in some if outcome.record == record]
        found.append(outcome_row(method, task, name, [read(o) for o in of_record], record=record, **_why(of_record)))
    return found


def _strata(method: str, task: str, name: str, some: Sequence[Any], read: Callable[[Any], Value]) -> Iterable[Row]:
    labels = dict.fromkeys(label for outcome in some for label in outcome.strata.items())
    for key, label in sorted(labels):
        if label == NOT_APPLICABLE:
            continue
        of_label = [outcome for outcome in some if outcome.strata.get(key) == label]
        asked = [read(outcome) for outcome in of_label if outcome.answerable is not False]
        refused = [read(outcome)[1] for outcome in of_label if outcome.answerable is False]
        more: dict[str, Any] = {"stratum": f"{key}={label}"}
        if refused:
            silent = sum(value is None for value in refused)
            more |= {"unanswerable": len(refused), "silent_pct": round(100.0 * silent / len(refused), 4)}
        yield outcome_row(method, task, name, asked, **more)


def _why(of_record: Sequence[Any]) -> dict[str, Any]:
    """Why values were withheld in a record, with their numbers, and how its cycle ended."""
    if isinstance(of_record[0], Cycle):
        return {"outcome": of_record[0].outcome}
    reasons: dict[str, int] = {}
    for window in of_record:
        if window.value is None:
            reasons[window.reason] = reasons.get(window.reason, 0) + 1
    return {"reasons": reasons} if reasons else {}


def _repeats(method: str, name: str, cycles: Sequence[Cycle]) -> list[Row]:
    """Differences of SBP, MAP and DBP between two measurements of the same, together."""
    pairs = {c.record: _differences(c) for c in cycles if c.again is not None}
    if not pairs:
        return []
    found = [row(method, "nibp_repeat", name, [pair for some in pairs.values() for pair in some])]
    return found + [row(method, "nibp_repeat", name, some, record=record) for record, some in pairs.items()]


def _differences(first: Cycle) -> list[Pair]:
    """The second measurement against the first as its reference. Nothing where the first gave no value; where only
    the second gave none, that is a value that is missing."""
    second = first.again
    assert second is not None
    both = [
        (first.sbp_mmhg, second.sbp_mmhg),
        (first.map_mmhg, second.map_mmhg),
        (first.dbp_mmhg, second.dbp_mmhg),
    ]
    return [(value, again) for value, again in both if value is not None]
