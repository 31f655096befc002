# SPDX-License-Identifier: Apache-2.0
"""Checks before the dose and before leaving: each with the values that decide it. None is a lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..course_shown import CheckShown
from ..profile import BaselineCheck, Check, NearBaselineCheck, Question, TimeCheck, ValueCheck
from .baseline import Baseline, text_of
from .values import Values

_UNITS: Final = {"sbp_mmhg": "mmHg", "dbp_mmhg": "mmHg", "pulse_bpm": "/min", "spo2_pct": "%"}
_WORDS: Final = {"sbp_mmhg": "systolic", "dbp_mmhg": "diastolic", "pulse_bpm": "pulse", "spo2_pct": "SpO2"}


@dataclass(frozen=True, slots=True)
class Known:
    """What checks look at."""

    values: Values
    baseline: Baseline
    first_dose_ms: int | None
    dosing_end_ms: int | None
    t_ms: int


@dataclass(slots=True)
class Answer:
    """What a person said of a check."""

    yes: bool
    by: str
    why: str = ""
    override: bool = False


def judge(check: Check, known: Known, answer: Answer | None) -> CheckShown:
    """How a check stands: `open`, `passed`, `failed` or `overridden`."""
    if isinstance(check, Question):
        state, values = ("open", "") if answer is None else ("passed", "yes") if answer.yes else ("failed", "no")
    else:
        good, values = _look(check, known)
        state = "passed" if good else "failed"
    if answer is not None and answer.override and state != "passed":
        state = "overridden"
    by, why = (answer.by, answer.why) if answer is not None else ("", "")
    return CheckShown(check.id, check.text, check.advice, state, isinstance(check, Question), values, by, why)


def _look(check: BaselineCheck | ValueCheck | NearBaselineCheck | TimeCheck, known: Known) -> tuple[bool, str]:
    match check:
        case BaselineCheck():
            if not known.baseline.taken:
                return False, known.baseline.missing
            said = text_of(known.baseline.values)
            return known.baseline.complete, said if known.baseline.complete else f"{said}; {known.baseline.against}"
        case ValueCheck():
            return _value(check, known)
        case NearBaselineCheck():
            return _near(check, known)
        case TimeCheck():
            return _time(check, known)


def _fresh(field: str, not_older_s: int, known: Known) -> tuple[float | None, str]:
    """The latest value, and what there is to say of it; None where there is none that is fresh."""
    latest = known.values.latest.get(field)
    if latest is None:
        return None, f"no {_WORDS[field]} yet"
    age_s = (known.t_ms - latest.t_ms) / 1000
    said = f"{_WORDS[field]} {latest.value:g} {_UNITS[field]}, {age_s / 60:.0f} min ago ({latest.source})"
    return (latest.value, said) if age_s <= not_older_s else (None, f"{said}: too old")


def _value(check: ValueCheck, known: Known) -> tuple[bool, str]:
    value, said = _fresh(check.field, check.not_older_s, known)
    if value is None:
        return False, said
    if check.on_room_air and known.values.latest[check.field].room_air is not True:
        with_what = (
            "with oxygen" if known.values.latest[check.field].room_air is False else "room air or oxygen not said"
        )
        return False, f"{said}, {with_what}"
    good = not (
        (check.at_least is not None and value < check.at_least)
        or (check.above is not None and value <= check.above)
        or (check.at_most is not None and value > check.at_most)
        or (check.below is not None and value >= check.below)
    )
    return good, said


def _near(check: NearBaselineCheck, known: Known) -> tuple[bool, str]:
    good, said = True, []
    for field in check.fields:
        base = known.baseline.values.get(field)
        value, text = _fresh(field, check.not_older_s, known)
        if base is None:
            return False, "there is no baseline"
        if value is None:
            return False, text
        change = 100 * (value - base) / base
        # Tenths against tenths: a change of exactly the share is still within it.
        good = good and abs(value - base) * 100 <= base * check.within_percent + 1e-9
        said.append(f"{text}, {change:+.0f} % of {base:g}")
    return good, "; ".join(said)


def _time(check: TimeCheck, known: Known) -> tuple[bool, str]:
    since_ms = known.first_dose_ms if check.since == "dose" else known.dosing_end_ms
    what = "the dose" if check.since == "dose" else "the end of dosing"
    if since_ms is None:
        return False, f"{what} is not there yet"
    passed_s = (known.t_ms - since_ms) / 1000
    return passed_s >= check.least_s, f"{passed_s / 60:.0f} min since {what}, {check.least_s / 60:g} asked"
