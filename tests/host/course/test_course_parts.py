# SPDX-License-Identifier: Apache-2.0
"""The parts of a course by themselves: values between two moments, dues, what is near, where a phase stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from vitalwire import profiles
from vitalwire.session.course.actions import _place, _sentence
from vitalwire.session.course.baseline import Baseline
from vitalwire.session.course.checks import Known, judge
from vitalwire.session.course.dues import AT_EARLY_MS, Due
from vitalwire.session.course.holds import Hold
from vitalwire.session.course.values import Values
from vitalwire.session.course_shown import CheckShown
from vitalwire.session.facts import Vitals
from vitalwire.session.profile import BaselineRule, HoldLimit, NearBaselineCheck, Observation

sys.path.insert(0, str(Path(__file__).parents[1] / "profiles"))

from profile_bench import in_phase

GENERAL = profiles.load(profiles.find("general"))


def rule(item: str = "sedation", by: str = "person", **when: Any) -> Observation:
    return Observation(item, by, 300, ("ours",), **when)


# ------------------------------------------------------------ values


def test_the_last_value_of_the_oximeter_is_within_its_moments_with_both_ends() -> None:
    values = Values()
    values.take(Vitals(5000, 5000, "oximeter", spo2_pct=97, pulse_bpm=70), "oximeter")
    for item in ("spo2", "pulse"):
        assert values.within(item, 5000, 9000) == (5000, "oximeter")
        assert values.within(item, 1000, 5000) == (5000, "oximeter")
        assert values.within(item, 5001, 9000) is None
        assert values.within(item, 1000, 4999) is None
    assert values.within("sedation", 0, 9000) is None


def test_what_a_person_observed_is_named_with_its_source_and_first_counts() -> None:
    values = Values()
    values.take(Vitals(1000, 1000, "manual", sbp_mmhg=120, dbp_mmhg=80), "manual by AM")
    values.take(Vitals(2000, 2000, "cuff", sbp_mmhg=120, dbp_mmhg=80), "cuff")
    assert values.within("blood_pressure", 0, 9000) == (1000, "manual by AM")


# ------------------------------------------------------------ dues


def test_what_is_once_due_counts_from_the_beginning_of_the_phase_and_not_before() -> None:
    values = Values()
    values.observe("sedation", 9_999, "manual by AM")
    due = Due(rule(once=True), 10_000, None, None)
    assert [event.state for event in due.advance(values, 10_000)] == ["due"]


@pytest.mark.parametrize(("seen_s", "done"), [(750, True), (749.9, False)])
def test_what_comes_every_so_often_may_be_early_by_half_of_that(seen_s: float, done: bool) -> None:
    values, due = Values(), Due(Observation("sedation", "person", 3600, ("ours",), every_s=500), 500_000, None, None)
    values.observe("sedation", round(seen_s * 1000), "manual by AM")
    assert [event.state for event in due.advance(values, 999_999)] == (["done"] if done else [])


def test_a_due_says_which_it_was_to_a_tenth_of_a_minute() -> None:
    due = Due(rule(at_s=(720 * 60,)), 0, None, None)
    (event,) = due.advance(Values(), 720 * 60_000)
    assert event.detail == "at 720 min of the phase"
    assert AT_EARLY_MS > 0


# ------------------------------------------------------------ near, steady


def near(value: float, base: float = 100, percent: float = 20) -> CheckShown:
    values, baseline = Values(), Baseline(None)
    baseline.values = {"sbp_mmhg": base}
    values.take(Vitals(1000, 1000, "cuff", sbp_mmhg=value, dbp_mmhg=80), "cuff")
    check = NearBaselineCheck("id", "text", "advice", ("ours",), ("sbp_mmhg",), percent, 600)
    return judge(check, Known(values, baseline, None, None, 2000), None)


@pytest.mark.parametrize(("value", "state"), [(120, "good"), (80, "good"), (120.1, "bad"), (79.9, "bad")])
def test_near_the_baseline_is_up_to_and_with_the_share(value: float, state: str) -> None:
    good = near(120).state
    assert near(100).state == good
    assert (near(value).state == good) == (state == "good")


def test_how_far_from_the_baseline_is_said_in_percent() -> None:
    assert "+50 % of 100" in near(150).values
    assert "+200 % of 100" in near(300).values


@pytest.mark.parametrize(("seconds", "steady"), [(60, True), (59, False)])
def test_the_oximeter_is_steady_after_exactly_the_time_asked(seconds: int, steady: bool) -> None:
    values, baseline = Values(), Baseline(BaselineRule(2, 120, 10, 60, 2, 8, ("ours",)))
    for t_s in range(seconds + 1):
        values.take(Vitals(t_s * 1000, t_s * 1000, "oximeter", spo2_pct=97, pulse_bpm=70), "oximeter")
    assert baseline.rule is not None
    assert (baseline._steady(values, baseline.rule) is not None) == steady


def test_only_the_last_of_the_oximeter_has_to_be_steady() -> None:
    values, baseline = Values(), Baseline(BaselineRule(2, 120, 10, 60, 2, 8, ("ours",)))
    for t_s in range(121):
        pulse = 70 if t_s >= 60 else 110
        values.take(Vitals(t_s * 1000, t_s * 1000, "oximeter", spo2_pct=97, pulse_bpm=pulse), "oximeter")
    assert baseline.rule is not None
    assert baseline._steady(values, baseline.rule) == {"spo2_pct": 97, "pulse_bpm": 70}


def test_a_hold_without_a_time_holds_at_once() -> None:
    hold = Hold(HoldLimit("id", "text", "hold", ("dosing",), ("ours",), pulse_above_bpm=120))
    hold.oximetry(97, 121, 5000)
    assert hold.state == "advised"


# ------------------------------------------------------------ where a phase stands, what is said


def test_a_phase_that_the_profile_has_not_stands_before_the_next_that_it_has() -> None:
    order = ("check_in", "baseline", "monitoring", "discharge")
    assert _place(order, "monitoring") == 2
    assert _place(order, "dosing") == 2, "a dose comes before watching"
    assert _place(("check_in", "baseline"), "dosing") == 2, "and last where nobody watches"


@pytest.mark.parametrize(
    ("values", "state", "said"),
    [
        ("sbp 180", "bad", "text (sbp 180) - advice"),
        ("no", "bad", "text - advice"),
        ("yes", "bad", "text - advice"),
        ("", "bad", "text - advice"),
        ("", "open", "text not answered - advice"),
    ],
)
def test_what_speaks_against_a_step_is_said_with_its_values(values: str, state: str, said: str) -> None:
    fields: dict[str, Any] = dict.fromkeys(CheckShown.__dataclass_fields__, "")
    fields |= {"text": "text", "advice": "advice", "values": values, "state": state}
    assert _sentence(CheckShown(**fields)) == said


def test_what_is_due_is_shown_before_what_is_coming_each_by_its_time() -> None:
    bench = in_phase(GENERAL, "monitoring")
    bench.pass_to(700)
    shown = bench.course.shown(700_000).dues
    states = [due.state for due in shown]
    assert states == sorted(states, key=lambda state: state == "coming")
    assert "due" in states
    assert "coming" in states
    coming = [due.due_t_ms for due in shown if due.state == "coming"]
    assert coming == sorted(coming, key=lambda t_ms: t_ms or 0)


def test_only_what_was_missed_is_kept_as_missed_and_said() -> None:
    bench = in_phase(GENERAL, "monitoring")
    bench.journal.notices = ()
    bench.course.missed.clear()  # what was skipped on the way here
    bench.pass_to(610)
    assert ("due" in {state for _, _, state in bench.said("observation")}, bench.course.missed) == (True, [])
    assert not any("missed" in text or " due:" in text for text in bench.journal.notices)
    bench.pass_to(7200)
    assert bench.course.missed
    assert {event.state for event in bench.course.missed} == {"missed"}
    assert any("missed" in text for text in bench.journal.notices)
    assert not any(" due:" in text or " done:" in text for text in bench.journal.notices)


def test_a_hold_says_that_it_confirms_and_then_what_it_advises() -> None:
    bench = in_phase(GENERAL, "monitoring")
    bench.cuff(190, 100, 60)
    assert any("confirming reading in 5 min" in text for text in bench.journal.notices)
    assert not any("advised" in text for text in bench.journal.notices)
    bench.cuff(190, 100, 400)
    assert any(text.startswith("HOLD advised") for text in bench.journal.notices)


def test_a_hold_that_does_not_count_in_a_phase_is_dropped_on_the_way_there() -> None:
    bench = in_phase(GENERAL, "monitoring")
    bench.cuff(190, 100, 60)
    asked = {hold.limit.id: hold.state for hold in bench.course.holds}
    assert "confirming" in asked.values()
    bench.course.enter("monitoring", 61_000, "AM", "again")
    assert {hold.limit.id: hold.state for hold in bench.course.holds} == asked, "it counts here, so it stays"


@pytest.mark.parametrize(("source", "by", "said"), [("manual", "AM", "manual by AM"), ("cuff", "AM", "cuff")])
def test_a_value_is_by_whoever_measured_it(source: str, by: str, said: str) -> None:
    bench = in_phase(GENERAL, "monitoring")
    bench.course.vitals(Vitals(5000, 5000, source, sbp_mmhg=120, dbp_mmhg=80), by)
    assert bench.course.values.within("blood_pressure", 5000, 5000) == (5000, said)
