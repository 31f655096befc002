# SPDX-License-Identifier: Apache-2.0
"""What people do in a session's course: what is taken, what is refused in words, and what stays in the record."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vitalwire import profiles
from vitalwire.session.alarm_rules import relative_limits
from vitalwire.session.audio import Audio
from vitalwire.session.course.cuff_plan import BEHIND_S, CuffPlan
from vitalwire.session.course.marks import MANUAL, read_manual
from vitalwire.session.facts import Vitals
from vitalwire.session.journal import Journal
from vitalwire.session.patient import code_refusal
from vitalwire.session.profile import RelativeLimit

sys.path.insert(0, str(Path(__file__).parents[1] / "profiles"))

from profile_bench import ANSWERS, WHY, CourseBench, in_phase

GENERAL = profiles.load(profiles.find("general"))


def bed() -> CourseBench:
    return CourseBench(GENERAL)


@pytest.mark.parametrize("first", ["cuff_arm", "iv_arm"])
def test_the_cuff_is_never_on_the_arm_with_the_line(first: str) -> None:
    second = "iv_arm" if first == "cuff_arm" else "cuff_arm"
    one = bed()
    assert one.act("answer", id=first, value="left") == "left"
    assert one.act("answer", id=second, value="left") == "refused"
    assert "put it on the other arm" in one.details[-1]
    assert one.act("answer", id=second, value="right") == "right"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("answer", {"id": "cuff_arm", "value": "leg"}),
        ("answer", {"id": "shoe_size", "value": "44"}),
        ("ready", {"id": "link", "answer": "yes"}),
        ("ready", {"id": "buzzer", "answer": "maybe"}),
        ("check", {"id": "systolic", "answer": "yes"}),
        ("check", {"id": "nothing", "answer": "yes"}),
        ("phase", {"to": "party"}),
        ("phase", {"to": "check_in"}),
        ("note", {"text": "  "}),
        ("correct", {"number": 7, "text": "x"}),
        ("correct", {"number": "x", "text": "x"}),
        ("side_effect", {"name": "itching", "severity": "mild"}),
        ("side_effect", {"name": "nausea", "severity": "awful"}),
        ("decide", {"id": "pressure", "decision": "stop"}),
        ("dose", {"text": "x", "amount": "much", "why": "y"}),
        ("dose", {"text": "x", "amount": -1, "why": "y"}),
        ("manual", {}),
        ("manual", {"sbp_mmhg": 120}),
        ("baseline", {"take": True, "why": "in a hurry"}),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(name: str, values: dict[str, Any]) -> None:
    one = bed()
    assert one.act(name, **values) == "refused"
    assert one.details[-1]
    assert one.course.phases.name == "check_in"
    assert one.course.marks.all == []


@pytest.mark.parametrize("field", MANUAL)
def test_values_by_hand_are_taken_up_to_their_bounds_and_not_beyond(field: str) -> None:
    least, most, _ = MANUAL[field]
    for value, good in ((least, True), (most, True), (least - 0.1, False), (most + 0.1, False)):
        given = {field: value}
        if field in ("sbp_mmhg", "dbp_mmhg"):
            continue
        assert (read_manual(given)[1] == "") is good, value


@pytest.mark.parametrize(
    ("sbp", "dbp", "mean", "good"),
    [
        (120, 80, None, True), (80, 80, None, False), (80.1, 80, None, True), (300, 220, None, True),
        (300.1, 80, None, False), (120, 19.9, None, False), (120, 80, 93, True), (120, 80, 80, False),
        (120, 80, 120, False),
    ],
)  # fmt: skip
def test_a_pressure_by_hand_is_one_that_can_be(sbp: float, dbp: float, mean: float | None, good: bool) -> None:
    assert (read_manual({"sbp_mmhg": sbp, "dbp_mmhg": dbp, "map_mmhg": mean})[1] == "") is good


def test_an_entry_by_hand_counts_for_what_is_due_and_for_the_baseline() -> None:
    one = in_phase(GENERAL, "baseline")
    one.steady(0, 60)
    one.act("manual", sbp_mmhg="121", dbp_mmhg="79")
    assert (60, "blood_pressure", "done") in one.said("observation")
    one.steady(61, 120)
    one.act("manual", sbp_mmhg="119", dbp_mmhg="81")
    shown = one.course.shown(120_000).baseline
    assert (shown.state, shown.sbp_mmhg, shown.dbp_mmhg) == ("taken", 120.0, 80.0)


def test_a_correction_keeps_the_original_and_can_be_made_once() -> None:
    one = bed()
    one.act("note", text="sleepy")
    assert one.act("correct", number=1, text="tired") == "corrected"
    assert [(m.text, m.corrected) for m in one.course.marks.all] == [("sleepy", True), ("tired (corrects 1)", False)]
    assert one.act("correct", number=1, text="again") == "refused"


def test_leaving_check_in_says_everything_that_speaks_against_it() -> None:
    one = bed()
    assert one.act("phase", to="baseline") == "refused"
    for words in (*(f"{item} not answered" for item in ANSWERS), "not ready: the board is heard"):
        assert words in one.details[-1]
    assert one.act("phase", to="baseline", why=WHY) != "refused"
    assert any(detail.startswith(f"{WHY}; against: ") for detail in one.details)


def test_phases_that_are_skipped_or_gone_back_to_ask_for_a_reason() -> None:
    one = in_phase(GENERAL, "monitoring")
    one.t_s = 60 * 60
    assert one.act("phase", to="discharge") == "refused"
    assert "recovery not gone through" in one.details[-1]
    assert one.act("phase", to="dosing") == "refused"
    assert "dosing comes before monitoring" in one.details[-1]


def test_a_continuous_observation_is_interrupted_and_goes_on() -> None:
    one = in_phase(GENERAL, "monitoring")
    one.steady(0, 10)
    one.pass_to(70)
    one.oximeter(97, 70, 90)
    spo2 = [item for item in one.said("observation") if item[1] == "spo2"]
    assert spo2 == [(70, "spo2", "interrupted"), (90, "spo2", "resumed")]


def test_a_reading_before_it_is_due_moves_the_next_one() -> None:
    one = in_phase(GENERAL, "monitoring")
    one.cuff(120, 80, 8 * 60)
    assert (480, "blood_pressure", "done") in one.said("observation")
    one.pass_to(17.9 * 60)
    assert (600, "blood_pressure", "due") not in one.said("observation")
    one.pass_to(18 * 60)
    assert (1080, "blood_pressure", "due") in one.said("observation")


def test_the_board_stands_behind_the_sessions_own_readings() -> None:
    plan = CuffPlan()
    assert plan.enter(600, 0) == [("interval", 600 + BEHIND_S)]
    assert plan.advance(0) == [("cuff",), ("interval", 600 + BEHIND_S)]
    assert plan.read(31_000) == [("interval", 600 + BEHIND_S)]
    assert plan.next_ms == 631_000
    assert plan.wanted(150_999) == []
    assert plan.wanted(151_000)[0] == ("cuff",)
    assert plan.wanted(151_001, again=True)[0] == ("cuff",)
    assert plan.enter(None, 200_000) == [("interval", None)]
    assert plan.next_ms is None


def test_a_new_phase_reads_at_once_unless_a_reading_is_fresh() -> None:
    plan = CuffPlan()
    plan.read(0)
    plan.enter(600, 299_999)
    assert plan.next_ms == 600_000
    plan.enter(600, 300_000)
    assert plan.next_ms == 300_000


def audio() -> Audio:
    return Audio(Journal(0), 120, 150)


def test_sound_off_needs_a_reason_is_renewed_and_is_brought_back_to_mind() -> None:
    one = audio()
    (refused,) = one.off(0, "", "AM")
    assert getattr(refused, "state", "") == "refused"
    one.off(0, "sleeping child", "AM")
    assert one.shown().state == "off"
    assert [command.seconds for command in one.commands] == [180]  # type: ignore[attr-defined]
    facts = one.advance(150_000)
    assert [getattr(f, "state", "") for f in facts] == ["reminder"]
    assert [command.seconds for command in one.commands] == [180, 180]  # type: ignore[attr-defined]
    assert getattr(one.on(160_000, "AM")[0], "state", "") == "on"
    assert one.next_deadline() in (None, 300_000)


def test_a_pause_ends_by_itself_and_the_boards_button_counts() -> None:
    one = audio()
    one.toggle_pause(0, "AM")
    assert one.advance(119_999) == []
    assert [getattr(f, "state", "") for f in one.advance(120_000)] == ["on"]
    assert [getattr(f, "state", "") for f in one.board_says(True, 200_000)] == ["paused"]
    assert [getattr(f, "state", "") for f in one.board_says(False, 201_000)] == ["on"]


def test_only_limits_can_be_switched_off_and_only_with_a_reason() -> None:
    one = audio()
    for rule, reason in (("link_lost", "noise"), ("spo2_low", ""), ("", "x")):
        facts, switched = one.perform("alarm_off", 0, {"rule": rule, "reason": reason})
        assert switched is None
        assert getattr(facts[0], "state", "") == "refused"
    assert one.perform("alarm_off", 0, {"rule": "pulse_low", "reason": "athlete"})[1] == "pulse_low"
    assert one.shown().alarms_off == (("pulse_low", "athlete", ""),)
    assert one.perform("alarm_on", 1, {"rule": "pulse_low"})[1] == "pulse_low"


@pytest.mark.parametrize("code", ["K-017", "a", "A" * 32, "x_y-9"])
def test_a_patients_code(code: str) -> None:
    assert code_refusal(code) == ""


@pytest.mark.parametrize("code", ["", "../x", "a/b", "a\\b", "Jane Doe", ".x", "-x", "ä", "a" * 33, "a\n", "CON:"])
def test_what_is_no_patients_code(code: str) -> None:
    assert code_refusal(code)


# ------------------------------------------------------------ what actions say and where their edges are


@pytest.mark.parametrize(("amount", "good"), [(0, False), (0.5, True), (999_999, True), (1_000_000, False)])
def test_an_amount_is_above_nothing_and_below_a_million(amount: float, good: bool) -> None:
    one = in_phase(GENERAL, "baseline")
    assert (one.act("dose", text="ketamine", amount=amount, unit="mg", why=WHY) != "refused") is good
    if good:
        assert any(detail.startswith(f"ketamine {amount:g} mg") for detail in one.details) or one.course.marks.all
        assert one.course.marks.all[-1].text == f"ketamine {amount:g} mg"


def test_how_long_a_phase_lasts_and_was_to_last_is_said_in_minutes() -> None:
    one = in_phase(GENERAL, "monitoring")
    least_ms = one.course.phases.least_ms()
    assert least_ms is not None
    one.t_s = 10 * 60
    assert one.act("phase", to="recovery") == "refused"
    since_ms = one.course.phases.since_ms
    assert f"monitoring lasts {(600_000 - since_ms) / 60_000:.0f} min so far" in one.details[-1]
    assert f", {(least_ms - since_ms) / 60_000:g} asked" in one.details[-1]


def test_the_next_phase_in_order_is_neither_skipping_nor_going_back() -> None:
    one = in_phase(GENERAL, "monitoring")
    one.t_s = 24 * 3600
    one.act("phase", to="recovery")
    assert one.course.phases.name == "recovery"
    assert not any("comes before" in detail or "not gone through" in detail for detail in one.details)


def test_the_end_is_asked_for_and_reached_only_by_going_there() -> None:
    one = in_phase(GENERAL, "discharge")
    asked = one.act("phase", to="end")
    assert asked == "refused"
    assert (0.0, "discharge", "discharge", "not_yet") in one.events
    assert one.course.action("phase", 1000, {"to": "end", "why": WHY, "by": "AM"})
    assert one.course.wants == [("end", "discharge")]
    other = in_phase(GENERAL, "baseline")
    other.course.action("phase", 1000, {"to": "dosing", "why": WHY, "by": "AM"})
    assert ("end", "discharge") not in other.course.wants


def test_an_override_keeps_what_was_answered_before() -> None:
    one = bed()
    question = next(check for check in GENERAL.before_dose if check.kind == "question")
    one.act("check", id=question.id, answer="no")
    assert one.act("override", id=question.id, why=WHY) == "overridden"
    assert one.course.answers[question.id].yes is False
    one.act("check", id=question.id, answer="yes")
    one.act("override", id=question.id, why=WHY)
    assert one.course.answers[question.id].yes is True


def test_scores_by_hand_are_observations_and_vitals_are_rows() -> None:
    one = in_phase(GENERAL, "monitoring")
    facts = one.course.action("manual", 1000, {"sedation": "-1", "spo2_pct": "96", "by": "AM"})
    assert facts is not None
    (row,) = [fact for fact in facts if isinstance(fact, Vitals)]
    assert (row.source, row.spo2_pct, row.utc_ms, row.t_ms) == ("manual", 96.0, 1000, 1000)
    assert one.course.values.last("sedation") == 1000
    assert one.course.values.latest["spo2_pct"].source == "manual by AM"


def test_dissociation_that_is_marked_is_observed_and_nausea_is_not() -> None:
    for name, seen in (("dissociation", 2000), ("nausea", None)):
        one = in_phase(GENERAL, "monitoring")
        one.course.action("side_effect", 2000, {"name": name, "severity": "mild", "by": "AM"})
        assert one.course.values.last("dissociation") == seen


def test_a_correction_is_of_the_mark_it_names() -> None:
    one = bed()
    one.act("note", text="first")
    one.act("side_effect", name="nausea", severity="mild")
    one.act("correct", number=2, text="nausea, moderate")
    assert [(m.kind, m.corrected) for m in one.course.marks.all] == [
        ("note", False),
        ("side_effect", True),
        ("side_effect", False),
    ]


def test_sound_on_ends_the_boards_pause_and_a_limit_comes_back_once() -> None:
    audio = Audio(Journal(0))
    audio.off(0, "asleep", "AM")
    audio.commands.clear()
    audio.on(1000, "AM")
    assert [command.seconds for command in audio.commands] == [0]
    assert audio.alarm_on("spo2_low", 2000, "AM") == []
    audio.alarm_off("spo2_low", 3000, "known", "AM")
    assert [fact.state for fact in audio.alarm_on("spo2_low", 4000, "AM")] == ["on"]
    assert audio.alarm_on("spo2_low", 5000, "AM") == []


@pytest.mark.parametrize(
    ("rule", "base", "change", "threshold"),
    [
        ("sbp_rise", 121.3, {"by_percent": 20}, 145.6),
        ("sbp_fall", 121.3, {"by_percent": 20}, 97.0),
        ("sbp_rise", 121.3, {"by_unit": 40}, 161.3),
    ],
)
def test_a_limit_from_the_baseline_is_in_tenths(
    rule: str, base: float, change: dict[str, float], threshold: float
) -> None:
    by_unit, by_percent = change.get("by_unit"), change.get("by_percent")
    relative = RelativeLimit(rule, by_unit, by_percent, 5, 0, "low", ("dosing",), ("ours",))
    profile = replace(GENERAL, relative=(relative,))
    (limit,) = relative_limits(profile, {"sbp_mmhg": base}, "dosing")
    assert limit.threshold == threshold
    assert relative_limits(profile, {"sbp_mmhg": base}, "recovery") == ()
