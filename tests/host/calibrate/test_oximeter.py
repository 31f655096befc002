# SPDX-License-Identifier: Apache-2.0
"""The oximeter's curve: the ratio from the PPG stream, and a falling curve within what sensors have."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire import open_board
from vitalwire.service.calibrate.curve import TEXTBOOK, fit, monotone, spo2_at
from vitalwire.service.calibrate.oximeter import SpO2Point, judge, judge_check, measure_point, with_stream
from vitalwire.service.calibrate.ratio import Ratio
from vitalwire_protocol.codec import Ppg

POINTS = [(0.52, 97.0), (0.80, 90.0), (1.00, 85.0), (1.20, 80.0), (1.40, 75.0), (1.60, 70.0)]


def light(
    ratio: float, seconds: float = 40, *, perfusion: float = 0.02, lost_at: int | None = None, noise: float = 0.0
) -> list[Ppg]:
    """What a board sends of a finger: 100 samples a second in batches of 25, with a breath below the pulse."""
    out = []
    for batch in range(int(seconds * 4)):
        samples = []
        for n in range(batch * 25, batch * 25 + 25):
            t = n / 100
            pulse = math.sin(2 * math.pi * 1.2 * t) + 0.4 * math.sin(4 * math.pi * 1.2 * t)
            wobble = noise * math.sin(2 * math.pi * 1.7 * t + 1)
            breath = 0.004 * math.sin(2 * math.pi * 0.2 * t)
            ir = 90_000 * (1 + breath - perfusion / 2 * pulse)
            red = 70_000 * (1 + breath - ratio * perfusion / 2 * pulse + wobble)
            samples += [round(red), round(ir)]
        lost = 3 if batch == lost_at else 0
        out.append(Ppg(0, 0, batch * 25, 100, lost, tuple(samples)))
    return out


def ratio_of(batches: list[Ppg]) -> Ratio:
    made = Ratio()
    for batch in batches:
        made.take(batch)
    return made


@pytest.mark.parametrize("ratio", [0.4, 0.5, 0.8, 1.0, 1.6, 2.2])
def test_the_ratio_of_a_clean_finger_is_found_within_a_hundredth(ratio: float) -> None:
    found = ratio_of(light(ratio))
    assert found.trouble == ""
    assert found.ratio == pytest.approx(ratio, abs=0.01)


def test_a_lost_sample_begins_the_window_anew() -> None:
    whole, broken = ratio_of(light(1.0, 24)), ratio_of(light(1.0, 24, lost_at=60))
    assert (whole.enough, broken.enough) == (True, False)


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([], "no samples came"),
        (light(1.0, 3), "no samples came"),
        (light(1.0, perfusion=0.0005), "no pulse"),
        (light(1.0, noise=0.03), "disagree"),
    ],
)
def test_without_a_good_pulse_there_is_no_ratio_but_a_reason(batches: list[Ppg], words: str) -> None:
    found = ratio_of(batches)
    assert found.ratio is None
    assert words in found.trouble


def test_a_saturation_that_still_changes_is_no_point() -> None:
    made = Ratio()
    for low, high in zip(light(0.9, 30), light(1.1, 30), strict=True):
        made.take(low if low.first_index < 1500 else high)
    assert "does not hold still" in made.trouble


@given(st.lists(st.tuples(st.floats(0.3, 2.0), st.floats(60, 100)), min_size=1, max_size=15))
def test_the_pooled_curve_never_rises(pairs: list[tuple[float, float]]) -> None:
    made = monotone(pairs)
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(made))
    assert sum(value for _, value in pairs) / len(pairs) == pytest.approx(sum(value for _, value in pairs) / len(pairs))


def test_the_curve_goes_through_points_that_fall() -> None:
    knots, problems = fit(POINTS)
    assert problems == []
    assert knots is not None
    for ratio, spo2 in POINTS:
        assert spo2_at(knots, ratio) == pytest.approx(spo2, abs=0.1)


def test_the_curve_is_one_that_the_board_takes() -> None:
    knots, _ = fit(POINTS)
    assert knots is not None
    assert 2 <= len(knots) <= 16
    assert all(a[0] < b[0] and a[1] >= b[1] for a, b in pairwise(knots))
    assert all(0 < ratio <= 5000 and 0 <= spo2 <= 1000 for ratio, spo2 in knots)


def test_the_curve_ends_a_little_beyond_the_last_point_and_no_further() -> None:
    knots, _ = fit(POINTS)
    assert knots is not None
    assert spo2_at(knots, 1.65) is not None
    assert spo2_at(knots, 1.75) is None, "nobody measured there"


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (POINTS[:4], "4 points are too few"),
        ([(r, 80 + s / 10) for r, s in POINTS], "must reach 95 %"),
        ([(r, s) for r, s in POINTS if s < 95] + [(0.75, 91.0)], "must reach 95 %"),
        ([(1 / r + 3, s) for r, s in POINTS], "red and infrared swapped"),
        ([(1 / r, s) for r, s in POINTS], "contradicts its neighbours"),
        ([(r + 0.8, s) for r, s in POINTS], "from a usual sensor's"),
        ([(0.5 + (r - 0.52) / 4, s) for r, s in POINTS], "a unit of ratio"),
        ([*POINTS[:2], (1.0, 79.0), (1.2, 84.0), *POINTS[4:]], "contradicts its neighbours"),
    ],
)
def test_a_curve_outside_what_sensors_have_is_refused(pairs: list[tuple[float, float]], words: str) -> None:
    _, problems = fit(pairs)
    assert any(words in problem for problem in problems), problems


def test_a_sensor_that_differs_from_the_textbook_is_calibrated() -> None:
    _, problems = fit([(r * 1.15, s) for r, s in POINTS])
    assert problems == []


def test_the_simulated_finger_calibrates_the_simulated_board() -> None:
    with open_board("sim://?speed=max") as board:
        asked = [97, 90, 80, 75, 70]

        def work() -> list[object]:
            made = []
            for spo2 in asked:
                assert board.change_world("patient", spo2_pct=spo2)
                made.append(measure_point(board, spo2, float(spo2), TEXTBOOK))
            return made

        points = with_stream(board, work)  # type: ignore[arg-type]
    outcome = judge(points, TEXTBOOK)  # type: ignore[arg-type]
    assert outcome.problems == ()
    assert outcome.left is not None
    for point in outcome.points:
        assert point.board_pct == pytest.approx(point.reference_pct, abs=0.3)
        assert spo2_at(outcome.left, point.ratio) == pytest.approx(point.reference_pct, abs=0.1)


def test_a_check_names_the_point_beyond_3_percent() -> None:
    good = SpO2Point(97, 97.0, 0.52, 97.0)
    assert judge_check([good], TEXTBOOK).problems == ()
    bad = judge_check([good, SpO2Point(80, 84.0, 1.2, 80.0), SpO2Point(60, 60.0, 2.0, None)], TEXTBOOK)
    assert [problem.split(" at ")[0] for problem in bad.problems] == [
        "error -4.0 %",
        "at 60 % the curve has no value (ratio 2.000)",
    ]
