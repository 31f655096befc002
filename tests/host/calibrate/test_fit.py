# SPDX-License-Identifier: Apache-2.0
"""Least squares with bounds: what is made of readings, and what no calibration makes up for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cylinder_board import Sensors
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.service.calibrate.fit import NOMINAL, NoLineError, Scale, allowed_mmhg, errors_mmhg, fit, refused
from vitalwire.service.calibrate.outcome import judge, judge_check
from vitalwire.service.calibrate.plan import pressure_plan
from vitalwire.service.calibrate.session import Taken

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware" / "vitals"


def taken(sensors: Sensors, off_mmhg: float = 0.7) -> list[Taken]:
    """Every point as a board with these sensors measures it."""
    out = []
    for point in pressure_plan():
        true = point.mmhg + off_mmhg if point.mmhg else 0.0
        down = point.direction == "down" and point.mmhg > 0
        out.append(Taken(point, true, 100 * sensors.cuff(true, down), sensors.guard_counts(true), 0.0))
    return out


@given(
    zero=st.floats(-4.0, 4.0),
    gain=st.floats(0.975, 1.025),
    guard_zero=st.floats(-6.0, 6.0),
    guard_gain=st.floats(0.97, 1.03),
)
def test_errors_of_healthy_parts_are_gone_after_the_calibration(
    zero: float, gain: float, guard_zero: float, guard_gain: float
) -> None:
    points = taken(Sensors(zero, gain, guard_zero, guard_gain))
    outcome = judge(points, NOMINAL, NOMINAL)
    for one in outcome.channels.values():
        assert one.left_mmhg is not None
        assert max(map(abs, one.left_mmhg)) < 0.06, "what rounding to the board's integers leaves"


def test_as_found_is_what_the_board_shows_by_the_numbers_that_it_has() -> None:
    points = taken(Sensors(cuff_zero=2.0))
    right = {**NOMINAL, "cuff": NOMINAL["cuff"].with_numbers(200, 1 << 14)}
    assert judge_check(points, NOMINAL).channels["cuff"].found_mmhg == pytest.approx([2.0] * 11)
    assert judge_check(points, right).channels["cuff"].found_mmhg == pytest.approx([0.0] * 11)


@pytest.mark.parametrize(
    ("sensors", "words"),
    [
        (Sensors(cuff_gain=1.036), r"cuff: gain -3\.\d %, limit \+-3\.0 %"),
        (Sensors(cuff_zero=4.8), r"cuff: offset \+4\.8 mmHg, limit \+-4\.5 mmHg"),
        (Sensors(guard_gain=0.95), r"guard: gain \+5\.\d %, limit \+-4\.0 %"),
        (Sensors(guard_zero=-6.4), r"guard: offset -6\.4 mmHg, limit \+-6\.0 mmHg"),
    ],
)
def test_what_no_healthy_part_has_is_refused_with_what_it_means(sensors: Sensors, words: str) -> None:
    outcome = judge(taken(sensors), NOMINAL, NOMINAL)
    assert any(re.search(words, problem) for problem in outcome.problems), outcome.problems
    assert all("sensor" in problem for problem in outcome.problems)


@pytest.mark.parametrize(
    "sensors",
    [Sensors(cuff_gain=1.028), Sensors(cuff_zero=4.2), Sensors(guard_gain=0.965), Sensors(guard_zero=-5.8)],
)
def test_what_a_healthy_part_may_have_is_not_refused(sensors: Sensors) -> None:
    assert judge(taken(sensors), NOMINAL, NOMINAL).problems == ()


def test_a_sensor_that_is_bent_is_refused_because_no_line_mends_it() -> None:
    outcome = judge(taken(Sensors(bend=9.0)), NOMINAL, NOMINAL)
    assert any("no calibration mends that" in problem for problem in outcome.problems)
    assert judge(taken(Sensors(bend=2.0)), NOMINAL, NOMINAL).problems == ()


def test_hysteresis_is_how_much_more_is_read_coming_down() -> None:
    outcome = judge_check(taken(Sensors(lag=1.5)), NOMINAL)
    assert outcome.channels["cuff"].lag_mmhg == pytest.approx(1.5)
    assert outcome.channels["guard"].lag_mmhg == pytest.approx(0.0)


def test_a_check_fails_beyond_3_mmhg_or_2_percent_and_names_the_worst_point() -> None:
    assert judge_check(taken(Sensors(cuff_zero=2.9)), NOMINAL).problems == ()
    (problem,) = judge_check(taken(Sensors(cuff_zero=3.1)), NOMINAL).problems
    assert problem.startswith("cuff: error +3.1 mmHg at 0 mmHg")
    assert allowed_mmhg(250) == 5.0
    assert judge_check(taken(Sensors(cuff_gain=1.019)), NOMINAL).problems == ()


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([(0.0, 0.0), (5000.0, 50.0)], "span less than 100"),
        ([(7.0, 0.0), (7.0, 100.0), (7.0, 250.0)], "does not rise"),
        ([(25000.0, 0.0), (10000.0, 150.0), (0.0, 250.0)], "does not rise"),
    ],
)
def test_readings_that_make_no_line_say_why(pairs: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(NoLineError, match=words):
        fit(pairs, NOMINAL["cuff"])


def test_numbers_mean_on_the_host_what_they_mean_on_the_board() -> None:
    cuff, guard = Scale(250, 16000, *_rest("cuff")), Scale(2700, 5200, *_rest("guard"))
    assert cuff.mmhg(10_000) == pytest.approx((10_000 - 250) * 16000 / 2**14 / 100)
    assert guard.mmhg(20_000) == pytest.approx((20_000 - 2700) * 5200 / 2**13 / 100)
    assert errors_mmhg([(10_000, 90.0)], cuff) == pytest.approx([cuff.mmhg(10_000) - 90])


def _rest(channel: str) -> tuple[float, ...]:
    n = NOMINAL[channel]  # type: ignore[index]
    return n.gain_one, n.zero_nominal, n.per_mmhg, n.gain_span_pct, n.zero_span_mmhg


def test_the_tolerances_are_those_that_the_board_refuses_beyond() -> None:
    calibration = (FIRMWARE / "store" / "calibration.py").read_text(encoding="utf-8")
    interlock = (FIRMWARE / "safety" / "interlock.py").read_text(encoding="utf-8")

    def const(text: str, name: str) -> int:
        found = re.search(rf"^{name} = const\((\d+)\)", text, re.MULTILINE)
        assert found, name
        return int(found[1])

    cuff, guard = NOMINAL["cuff"], NOMINAL["guard"]
    assert cuff.zero_span_mmhg * 100 == const(calibration, "CUFF_ZERO_SPAN_CMMHG")
    assert cuff.gain_span_pct / 100 * cuff.gain_one == pytest.approx(const(calibration, "CUFF_GAIN_SPAN"))
    assert (guard.zero, guard.gain) == (const(interlock, "NOMINAL_ZERO_RAW"), const(interlock, "NOMINAL_GAIN_Q13"))
    assert guard.zero_span_mmhg * guard.per_mmhg == pytest.approx(const(interlock, "ZERO_SPAN_RAW"))
    assert guard.gain_span_pct / 100 * guard.gain_one == pytest.approx(const(interlock, "GAIN_SPAN_Q13"))
    assert refused("cuff", cuff) == refused("guard", guard) == []
