# SPDX-License-Identifier: Apache-2.0
"""Where the decisions of a session's course have their edges: holds, checks, the baseline."""

from __future__ import annotations

from typing import Any

import pytest

from vitalwire.session.course.baseline import GAP_MS, Baseline
from vitalwire.session.course.checks import Answer, Known, judge
from vitalwire.session.course.holds import FORGIVEN_MS, Hold
from vitalwire.session.course.values import Pressure, Values
from vitalwire.session.facts import Vitals
from vitalwire.session.profile import BaselineRule, HoldLimit, NearBaselineCheck, Question, TimeCheck, ValueCheck

WORDS = ("id", "text", "hold", ("dosing",), ("ours",))


def measured(values: Values, t_ms: int, source: str = "oximeter", said: str = "", **fields: Any) -> list[str]:
    return values.take(Vitals(t_ms, t_ms, source, **fields), said or source)


# ------------------------------------------------------------ holds


def pressure(t_s: float, sbp: float, dbp: float = 80) -> Pressure:
    return Pressure(round(t_s * 1000), sbp, dbp, None, "cuff")


def test_a_pressure_at_the_limit_does_not_hold_and_one_above_does() -> None:
    hold = Hold(HoldLimit(*WORDS, sbp_above_mmhg=180, dbp_above_mmhg=110))
    hold.pressure(pressure(0, 180, 110))
    assert hold.state == "quiet"
    hold.pressure(pressure(10, 120, 110.1))
    assert (hold.state, hold.since_ms, hold.values) == ("advised", 10_000, "120/110.1 mmHg (cuff)")
    assert hold.events == [("advised", "120/110.1 mmHg (cuff)")]


@pytest.mark.parametrize(("second", "state", "event"), [(181, "advised", "advised"), (180, "quiet", "dismissed")])
def test_a_confirming_reading_decides_and_one_that_comes_too_early_does_not(
    second: float, state: str, event: str
) -> None:
    hold = Hold(HoldLimit(*WORDS, sbp_above_mmhg=180, confirm_after_s=300))
    hold.pressure(pressure(0, 190))
    assert (hold.state, hold.due_ms()) == ("confirming", 300_000)
    assert not hold.advance(299_999)
    assert hold.advance(300_000), "a reading is asked for"
    assert not hold.advance(300_001), "once"
    hold.pressure(pressure(299.999, 120))
    assert hold.state == "confirming", "too early: it confirms and dismisses nothing"
    hold.pressure(pressure(300, second))
    assert (hold.state, hold.events[-1][0]) == (state, event)
    assert hold.confirm_ms is None
    assert hold.due_ms() is None


def test_what_was_decided_on_is_not_asked_again_until_the_pressure_was_good_in_between() -> None:
    hold = Hold(HoldLimit(*WORDS, sbp_above_mmhg=180))
    hold.pressure(pressure(0, 190))
    hold.decide("go_on", "AM", "usual for her")
    hold.pressure(pressure(60, 195))
    assert (hold.state, hold.by, len(hold.events)) == ("decided", "AM", 1)
    hold.pressure(pressure(120, 170))
    assert hold.state == "decided"
    hold.pressure(pressure(180, 195))
    assert (hold.state, hold.by, len(hold.events)) == ("advised", "", 2)


def test_an_oximeter_value_must_last() -> None:
    hold = Hold(HoldLimit(*WORDS, spo2_below_pct=90, lasting_s=20))
    hold.oximetry(90, 70, 0)
    assert hold.due_ms() is None, "at the limit is not below it"
    hold.oximetry(89.9, 70, 1000)
    assert hold.due_ms() == 21_000
    hold.oximetry(89, 70, 20_999)
    assert hold.state == "quiet"
    hold.oximetry(89, 70, 21_000)
    assert (hold.state, hold.since_ms, hold.events) == ("advised", 21_000, [("advised", "89 % for 20 s")])
    hold.decide("stop", "AM", "")
    hold.oximetry(89, 70, 60_000)
    assert hold.state == "decided", "the same excursion"
    hold.oximetry(91, 70, 61_000)
    hold.oximetry(89, 70, 62_000)
    hold.oximetry(89, 70, 82_000)
    assert hold.state == "advised", "another one"


def test_a_pulse_above_its_limit_holds_and_the_saturation_is_none_of_its_business() -> None:
    hold = Hold(HoldLimit(*WORDS, pulse_above_bpm=130, lasting_s=10))
    for t_ms, pulse in ((0, 130.0), (1000, 131.0), (11_000, 131.0)):
        hold.oximetry(50, pulse, t_ms)
    assert (hold.state, hold.values) == ("advised", "131 /min")


@pytest.mark.parametrize(("gap_ms", "goes_on"), [(FORGIVEN_MS, True), (FORGIVEN_MS + 1, False)])
def test_a_value_that_is_absent_for_a_moment_does_not_begin_anew(gap_ms: int, goes_on: bool) -> None:
    hold = Hold(HoldLimit(*WORDS, spo2_below_pct=90, lasting_s=60))
    hold.oximetry(85, 70, 0)
    hold.oximetry(None, None, gap_ms)
    assert (hold.past_ms == 0) is goes_on


@pytest.mark.parametrize(("seen_s", "advised"), [(30, True), (29.999, False)])
def test_nothing_is_advised_on_a_value_that_was_last_seen_long_ago(seen_s: float, advised: bool) -> None:
    hold = Hold(HoldLimit(*WORDS, spo2_below_pct=90, lasting_s=60))
    hold.oximetry(85, 70, 0)
    hold.oximetry(85, 70, round(seen_s * 1000))
    hold.advance(60_000)
    assert (hold.state == "advised") is advised


# ------------------------------------------------------------ checks


def known(values: Values | None = None, *, t_ms: int = 600_000, **more: Any) -> Known:
    return Known(values or Values(), more.get("baseline", Baseline(None)), more.get("dose"), more.get("end"), t_ms)


CHECK = ("id", "text", "advice", ("ours",))


@pytest.mark.parametrize(
    ("bound", "good", "bad"),
    [("at_least", 94.0, 93.9), ("above", 94.1, 94.0), ("at_most", 94.0, 94.1), ("below", 93.9, 94.0)],
)
def test_a_value_at_its_bound(bound: str, good: float, bad: float) -> None:
    check = ValueCheck(*CHECK, field="spo2_pct", not_older_s=60, **{bound: 94.0})
    for value, state in ((good, "passed"), (bad, "failed")):
        values = Values()
        measured(values, 600_000, spo2_pct=value)
        assert judge(check, known(values), None).state == state


@pytest.mark.parametrize(("age_ms", "state"), [(60_000, "passed"), (60_001, "failed")])
def test_a_value_that_is_too_old_decides_nothing(age_ms: int, state: str) -> None:
    check = ValueCheck(*CHECK, field="spo2_pct", not_older_s=60, at_least=94.0)
    values = Values()
    measured(values, 600_000 - age_ms, spo2_pct=97)
    shown = judge(check, known(values), None)
    assert shown.state == state
    assert shown.values.endswith("too old") is (state == "failed")


@pytest.mark.parametrize(
    ("room_air", "state", "said"),
    [(True, "passed", ""), (False, "failed", "with oxygen"), (None, "failed", "not said")],
)
def test_a_saturation_with_oxygen_or_of_which_nobody_said_does_not_pass_on_room_air(
    room_air: bool | None, state: str, said: str
) -> None:
    check = ValueCheck(*CHECK, field="spo2_pct", not_older_s=60, above=92.0, on_room_air=True)
    values = Values()
    values.room_air = room_air
    measured(values, 600_000, spo2_pct=97)
    shown = judge(check, known(values), None)
    assert shown.state == state
    assert said in shown.values


@pytest.mark.parametrize(("sbp", "state"), [(144.0, "passed"), (144.1, "failed"), (96.0, "passed"), (95.9, "failed")])
def test_within_twenty_percent_of_the_baseline_includes_exactly_twenty(sbp: float, state: str) -> None:
    check = NearBaselineCheck(*CHECK, fields=("sbp_mmhg",), within_percent=20, not_older_s=60)
    values, baseline = Values(), Baseline(None)
    baseline.values = {"sbp_mmhg": 120.0}
    measured(values, 600_000, "cuff", sbp_mmhg=sbp, dbp_mmhg=80)
    shown = judge(check, known(values, baseline=baseline), None)
    assert shown.state == state
    if sbp == 144.0:
        assert shown.values.endswith("+20 % of 120")


def test_without_a_baseline_nothing_is_near_it() -> None:
    check = NearBaselineCheck(*CHECK, fields=("sbp_mmhg",), within_percent=20, not_older_s=60)
    values = Values()
    measured(values, 600_000, "cuff", sbp_mmhg=120, dbp_mmhg=80)
    assert judge(check, known(values), None).values == "there is no baseline"


@pytest.mark.parametrize(("since", "word"), [("dose", "the dose"), ("dosing_end", "the end of dosing")])
def test_a_time_counts_from_what_it_says_and_is_over_at_its_end(since: str, word: str) -> None:
    check = TimeCheck(*CHECK, least_s=7200, since=since)
    assert judge(check, known(), None).values == f"{word} is not there yet"
    key = "dose" if since == "dose" else "end"
    for t_ms, state in ((7_259_999, "failed"), (7_260_000, "passed")):
        shown = judge(check, known(t_ms=t_ms, **{key: 60_000}), None)
        assert shown.state == state
        assert shown.values == f"120 min since {word}, 120 asked"


def test_a_person_overrides_with_a_reason_what_did_not_pass_and_nothing_else() -> None:
    check = TimeCheck(*CHECK, least_s=60, since="dose")
    answer = Answer(True, "AM", "the doctor was here", override=True)
    early, late = (judge(check, known(t_ms=t_ms, dose=0), answer) for t_ms in (59_999, 60_000))
    assert (early.state, early.by, early.why) == ("overridden", "AM", "the doctor was here")
    assert late.state == "passed"
    asked = Question(*CHECK)
    assert [judge(asked, known(), a).state for a in (None, Answer(True, "AM"), Answer(False, "AM"))] == [
        "open",
        "passed",
        "failed",
    ]


# ------------------------------------------------------------ the baseline

RULE = BaselineRule(2, 120, 10, 60, 2, 8, ("ours",))


def with_pressures(*readings: tuple[float, float, float]) -> Values:
    values = Values()
    for t_s, sbp, dbp in readings:
        measured(values, round(t_s * 1000), "cuff", sbp_mmhg=sbp, dbp_mmhg=dbp, map_mmhg=(sbp + 2 * dbp) / 3)
    return values


def steady(values: Values, from_s: int, to_s: int, spo2: float = 97, pulse: float = 70, every_s: int = 1) -> None:
    for t_s in range(from_s, to_s + 1, every_s):
        measured(values, t_s * 1000, spo2_pct=spo2, pulse_bpm=pulse)


def test_two_readings_that_are_far_enough_apart_and_agree_make_one() -> None:
    values = with_pressures((0, 120, 80), (120, 130, 70))
    steady(values, 100, 160)
    base = Baseline(RULE)
    assert base.look(values) == {
        "sbp_mmhg": 125.0, "dbp_mmhg": 75.0, "map_mmhg": 91.7, "spo2_pct": 97, "pulse_bpm": 70,
    }  # fmt: skip
    assert [reading.t_ms for reading in base.readings] == [0, 120_000], "in order of time"


@pytest.mark.parametrize(
    ("readings", "missing"),
    [
        (((0, 120, 80), (119.999, 121, 81)), "1 of 2 pressure readings"),
        (((0, 120, 80), (120, 130.1, 80)), "the last 2 pressure readings differ by 10.1 mmHg"),
        (((0, 120, 80), (120, 120, 69.9)), "the last 2 pressure readings differ by 10.1 mmHg"),
    ],
)
def test_readings_too_near_in_time_or_too_far_in_pressure_make_none(
    readings: tuple[tuple[float, float, float], ...], missing: str
) -> None:
    values = with_pressures(*readings)
    steady(values, 100, 160)
    base = Baseline(RULE)
    assert base.look(values) is None
    assert base.missing.startswith(missing[:-7])


@pytest.mark.parametrize(("to_s", "good"), [(160, True), (159, False)])
def test_the_oximeter_must_have_been_steady_for_the_whole_time(to_s: int, good: bool) -> None:
    values = with_pressures((0, 120, 80), (120, 122, 80))
    steady(values, 100, to_s)
    assert (Baseline(RULE).look(values) is not None) is good


@pytest.mark.parametrize(("every_s", "good"), [(GAP_MS // 1000, True), (GAP_MS // 1000 + 1, False)])
def test_a_gap_of_the_oximeter_begins_its_time_anew(every_s: int, good: bool) -> None:
    values = with_pressures((0, 120, 80), (120, 122, 80))
    steady(values, 100, 170, every_s=every_s)
    assert (Baseline(RULE).look(values) is not None) is good


@pytest.mark.parametrize(
    ("spo2", "pulse", "good"), [(95, 70, True), (94.9, 70, False), (97, 78, True), (97, 78.1, False)]
)
def test_spo2_and_pulse_may_wander_within_their_spans(spo2: float, pulse: float, good: bool) -> None:
    values = with_pressures((0, 120, 80), (120, 122, 80))
    steady(values, 100, 130)
    steady(values, 131, 160, spo2, pulse)
    assert (Baseline(RULE).look(values) is not None) is good


def test_a_pulse_of_the_cuff_is_not_the_oximeters() -> None:
    values = Values()
    measured(values, 1000, pulse_bpm=70, spo2_pct=97)
    measured(values, 2000, "cuff", sbp_mmhg=120, dbp_mmhg=80, pulse_bpm=99)
    assert values.latest["pulse_bpm"].value == 70
    measured(values, 3000, "manual", "manual by AM", pulse_bpm=72)
    assert (values.latest["pulse_bpm"].value, values.latest["pulse_bpm"].source) == (72, "manual by AM")
    assert [t_ms for t_ms, _, _ in values.oximetry] == [1000]
