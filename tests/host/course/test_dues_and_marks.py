# SPDX-License-Identifier: Apache-2.0
"""When an observation falls due, is done and is missed; what is answered at check-in; marks and their corrections."""

from __future__ import annotations

from typing import Any

import pytest

from vitalwire.session.course.checkin import CheckIn, Equipment
from vitalwire.session.course.cuff_plan import BEHIND_S, FRESH_MS, CuffPlan
from vitalwire.session.course.dues import AT_EARLY_MS, Due
from vitalwire.session.course.marks import Marks
from vitalwire.session.course.values import Values
from vitalwire.session.profile import Observation

MINUTE_MS = 60_000


def rule(**when: Any) -> Observation:
    return Observation("sedation", "person", 300, ("ours",), **when)


def states(due: Due, values: Values, *minutes: float) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for minute in minutes:
        found += [(e.t_ms / MINUTE_MS, e.state) for e in due.advance(values, round(minute * MINUTE_MS))]
    return found


# ------------------------------------------------------------ every so often


def test_what_comes_every_so_often_is_due_then_missed_then_due_again() -> None:
    due, values = Due(rule(every_s=900), 0, None, None), Values()
    assert states(due, values, 14.999, 15, 15.1) == [(15, "due")]
    assert states(due, values, 19.999) == []
    assert states(due, values, 20) == [(20, "missed")]
    assert due.due_ms == 30 * MINUTE_MS


@pytest.mark.parametrize(("at_min", "counts"), [(10, True), (9.99, False)])
def test_one_that_was_made_a_little_early_counts(at_min: float, counts: bool) -> None:
    due, values = Due(rule(every_s=900), 0, None, None), Values()
    values.observe("sedation", round(at_min * MINUTE_MS), "manual by AM")
    found = states(due, values, 15)
    assert (found == [(15, "done")]) is counts
    assert (found == [(15, "due")]) is not counts
    if counts:
        assert due.due_ms == round((at_min + 15) * MINUTE_MS), "the next counts from when it was made"


@pytest.mark.parametrize(("at_min", "state"), [(20, "done"), (20.01, "missed")])
def test_one_that_was_made_late_counts_until_it_is_missed(at_min: float, state: str) -> None:
    due, values = Due(rule(every_s=900), 0, None, None), Values()
    assert states(due, values, 15) == [(15, "due")]
    values.observe("sedation", round(at_min * MINUTE_MS), "manual by AM")
    assert states(due, values, at_min)[0][1] == state


def test_an_interval_goes_on_from_the_last_observation_of_the_phase_before() -> None:
    assert Due(rule(every_s=900), 10 * MINUTE_MS, None, 5 * MINUTE_MS).due_ms == 20 * MINUTE_MS
    assert Due(rule(every_s=900), 60 * MINUTE_MS, None, 5 * MINUTE_MS).due_ms == 60 * MINUTE_MS, "long ago: now"


# ------------------------------------------------------------ at a minute, once, all the time


def test_a_minute_after_the_dose_counts_from_the_dose_and_not_before_there_is_one() -> None:
    due = Due(rule(at_s=(2400,), since="dose"), 0, None, None)
    assert due.due_ms is None
    due.dose(10 * MINUTE_MS)
    assert due.due_ms == 50 * MINUTE_MS
    due.dose(20 * MINUTE_MS)
    assert due.due_ms == 50 * MINUTE_MS, "the first one"
    phase = Due(rule(at_s=(600, 1200)), MINUTE_MS, None, None)
    phase.dose(5 * MINUTE_MS)
    assert phase.due_ms == 11 * MINUTE_MS


@pytest.mark.parametrize(("early_ms", "counts"), [(AT_EARLY_MS, True), (AT_EARLY_MS + 1, False)])
def test_what_is_asked_for_at_a_minute_is_not_there_if_it_was_taken_long_before(early_ms: int, counts: bool) -> None:
    due, values = Due(rule(at_s=(2400,)), 0, None, None), Values()
    values.observe("sedation", 40 * MINUTE_MS - early_ms, "manual by AM")
    assert (states(due, values, 40) == [(40, "done")]) is counts


def test_once_is_due_at_the_beginning_and_done_for_good() -> None:
    due, values = Due(rule(once=True), 0, None, None), Values()
    assert states(due, values, 0) == [(0, "due")]
    values.observe("sedation", 1000, "manual by AM")
    assert states(due, values, 0.1) == [(0.1, "done")]
    assert due.due_ms is None
    assert due.next_deadline(values) is None


def test_what_is_watched_all_the_time_is_interrupted_and_goes_on() -> None:
    due, values = Due(rule(continuous=True), 0, None, None), Values()
    values.observe("sedation", 0, "oximeter")
    assert due.next_deadline(values) == 5 * MINUTE_MS
    assert states(due, values, 4.999) == []
    assert states(due, values, 5) == [(5, "interrupted")]
    shown = due.shown(6 * MINUTE_MS)
    assert shown is not None
    assert shown.state == "interrupted"
    values.observe("sedation", 7 * MINUTE_MS, "oximeter")
    assert states(due, values, 7) == [(7, "resumed")]
    assert due.shown(7 * MINUTE_MS) is None


def test_what_was_due_when_the_phase_is_left_is_missed_and_what_was_coming_is_not() -> None:
    due, values = Due(rule(every_s=900), 0, None, None), Values()
    assert [e.state for e in due.leave(values, 14 * MINUTE_MS)] == []
    due = Due(rule(every_s=900), 0, None, None)
    states(due, values, 15)
    (left,) = due.leave(values, 16 * MINUTE_MS)
    assert (left.state, left.detail) == ("missed", "at 15 min of the phase; the phase was left")


def test_it_is_shown_as_coming_until_it_is_due() -> None:
    due = Due(rule(every_s=900), 0, None, None)
    before, at = due.shown(15 * MINUTE_MS - 1), due.shown(15 * MINUTE_MS)
    assert before is not None
    assert at is not None
    assert (before.state, at.state, at.due_t_ms, at.late_t_ms) == ("coming", "due", 15 * MINUTE_MS, 20 * MINUTE_MS)


# ------------------------------------------------------------ the cuff


def test_an_interval_counts_from_the_last_reading_and_the_board_stands_behind_it() -> None:
    plan = CuffPlan()
    assert plan.enter(600, 0) == [("interval", 600 + BEHIND_S)]
    assert plan.next_ms == 0, "the first one at once"
    assert plan.advance(0) == [("cuff",), ("interval", 600 + BEHIND_S)]
    assert plan.read(40_000) == [("interval", 600 + BEHIND_S)]
    assert plan.advance(639_999) == []
    assert plan.advance(640_000)[0] == ("cuff",)


@pytest.mark.parametrize(("ago_ms", "at_once"), [(299_999, False), (300_000, True)])
def test_a_phase_that_begins_soon_after_a_reading_does_not_read_again(ago_ms: int, at_once: bool) -> None:
    plan = CuffPlan()
    plan.enter(600, 0)
    plan.read(1000)
    plan.enter(600, 1000 + ago_ms)
    assert plan.next_ms == (1000 + ago_ms if at_once else 601_000)


@pytest.mark.parametrize(("ago_ms", "reads"), [(FRESH_MS - 1, False), (FRESH_MS, True)])
def test_what_falls_due_just_after_a_reading_needs_no_other(ago_ms: int, reads: bool) -> None:
    plan = CuffPlan()
    plan.read(1000)
    assert bool(plan.wanted(1000 + ago_ms)) is reads
    assert plan.wanted(1000 + ago_ms, again=True) == [("cuff",)]


# ------------------------------------------------------------ check-in, marks


def test_cuff_and_probe_are_on_one_limb_only_where_both_are_known_to_be() -> None:
    check_in = CheckIn()
    assert not check_in.same_limb
    check_in.answers["cuff_arm"] = ("left", "AM")
    assert not check_in.same_limb
    check_in.answers["probe_limb"] = ("left", "AM")
    assert check_in.same_limb
    assert check_in.open == ("iv_arm", "cuff_size", "oxygen")
    answered = {ask.id: (ask.answer, ask.by) for ask in check_in.asks()}
    assert answered["cuff_arm"] == ("left", "AM")
    assert answered["oxygen"] == (None, "")


def test_the_ready_check_says_what_is_known_and_who_heard_the_buzzer() -> None:
    check_in = CheckIn()
    before = {item.id: item.state for item in check_in.ready(Equipment())}
    assert before == {"link": "failed", "probe": "open", "buzzer": "open", "calibration": "open", "supply": "open"}
    check_in.buzzer = (True, "AM")
    after = check_in.ready(Equipment(True, False, True, False, "5100 mV"))
    assert [(item.id, item.state, item.question, item.values, item.by) for item in after] == [
        ("link", "passed", False, "", ""),
        ("probe", "failed", False, "", ""),
        ("buzzer", "passed", True, "", "AM"),
        ("calibration", "passed", False, "", ""),
        ("supply", "failed", False, "5100 mV", ""),
    ]


def test_a_correction_stands_beside_what_it_corrects() -> None:
    marks = Marks()
    marks.add("dose", 0, "56 mg", "AM")
    second = marks.add("dose", 1000, "28 mg", "AM")
    assert second.number == 2
    better = marks.correct(2, "56 mg", 2000, "BN")
    assert better is not None
    assert (better.number, better.kind, better.text, better.by) == (3, "dose", "56 mg (corrects 2)", "BN")
    assert [mark.corrected for mark in marks.all] == [False, True, False]
    assert marks.correct(2, "again", 3000, "BN") is None
    assert marks.correct(0, "none", 3000, "BN") is None
    assert marks.correct(4, "none", 3000, "BN") is None
