# SPDX-License-Identifier: Apache-2.0
"""A sensor's curve from pairs, and its cross-validation: falling, robust, and never fitted to what it is tested on."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from accuracy.calibrate import CalibrationError, Knots, blocks, fit
from accuracy.dataset import PpgRecord, Reference
from accuracy.players import play
from accuracy.signals import Signal
from accuracy.spo2 import best_lag, measure, ratio_of, uncalibrated


def line(ratio: float) -> float:
    return 112.0 - 31.0 * ratio


def pairs(count: int = 30, noise: float = 0.0) -> list[tuple[float, float]]:
    rng = random.Random(3)
    return [(r, line(r) + rng.gauss(0, noise)) for r in (0.4 + 0.9 * i / count for i in range(count))]


def read(knots: Knots, *ratios_x1000: int) -> list[float | None]:
    """What the firmware's own curve says, in %."""
    (answer,) = play("curve.py", [{"knots": knots, "ratios_x1000": ratios_x1000, "seconds": 1.0}])
    return [None if value is None else value / 10 for value in answer["spo2_x10"]]


def test_the_firmwares_curve_reads_the_line_that_the_pairs_lie_on() -> None:
    found = read(fit(pairs()), 450, 700, 1000, 1300)
    assert found == pytest.approx([line(0.45), line(0.7), line(1.0), line(1.3)], abs=0.11)


def test_a_quarter_of_the_pairs_may_be_wrong() -> None:
    spoiled = [(r, s - 25) if i % 4 == 0 else (r, s) for i, (r, s) in enumerate(pairs(32))]
    found = read(fit(spoiled), 500, 900, 1200)
    assert found == pytest.approx([line(0.5), line(0.9), line(1.2)], abs=3.0)


def test_knots_rise_in_ratio_and_fall_in_saturation_whatever_the_pairs() -> None:
    rng = random.Random(1)
    for _ in range(300):
        some = [(rng.uniform(0.1, 4), rng.uniform(40, 100)) for _ in range(rng.randint(6, 20))]
        try:
            knots = fit(some)
        except CalibrationError:
            continue
        assert 2 <= len(knots) <= 16
        for (r0, s0), (r1, s1) in pairwise(knots):
            assert 0 < r0 < r1 <= 5000
            assert 1000 >= s0 >= s1 >= 0


def test_full_saturation_is_read_a_little_beyond_its_point_and_nothing_far_outside() -> None:
    knots = fit(pairs())
    assert read(knots, 300, 100, 3000) == [100.0, None, None]


@pytest.mark.parametrize(
    ("some", "words"),
    [
        ([(0.5, 97.0)] * 5, "too few"),
        ([(0.5, 97.0)] * 20, "does not fall"),
        ([(0.5 + i / 20, 70.0 + i) for i in range(20)], "does not fall"),
    ],
)
def test_pairs_that_make_no_curve_are_refused(some: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        fit(some)


def test_blocks_are_contiguous_and_hold_everything_once() -> None:
    found = [list(block) for block in blocks(12)]
    assert len(found) == 5
    assert [item for block in found for item in block] == list(range(12))
    assert [list(block) for block in blocks(3)] == [[0], [1], [2]]
    assert blocks(0) == []


def clip(number: int, ratio: float, spo2: float, beats: int = 4) -> tuple[Signal, dict[str, Any]]:
    record = PpgRecord("meadow", f"meadow/{number}", Path("a"), spo2, None, None, 0.0)
    answer = {"beats": [[1000 * k + 1000, 900_000, 0, round(1000 * ratio), 64, 900] for k in range(beats)]}
    return Signal(record, 0.0, ("red", "ir"), "ir", [100_000] * 600, Path("a")), answer


def test_each_clip_is_read_from_a_curve_of_the_other_blocks() -> None:
    played = [clip(i, r, s) for i, (r, s) in enumerate(pairs(20))]
    good = measure(played)
    assert [abs(w.value - w.reference) < 0.1 for w in good.windows if w.value and w.reference] == [True] * 20
    # What a block says of itself does not touch its own values: they stay on the line of the others.
    wrong = [clip(i, r, s - 30 if 4 <= i < 8 else s) for i, (r, s) in enumerate(pairs(20))]
    spoiled = measure(wrong)
    for i in range(4, 8):
        assert spoiled.windows[i].value == pytest.approx(good.windows[i].value, abs=0.15)


def test_a_clip_with_too_few_accepted_beats_has_no_value_but_counts() -> None:
    played = [clip(i, r, s, beats=2 if i == 7 else 4) for i, (r, s) in enumerate(pairs(20))]
    found = measure(played).windows[7]
    assert (found.reference, found.value, found.reason) == (pytest.approx(pairs(20)[7][1]), None, "too_few_beats")


def test_a_sensor_whose_ratio_says_nothing_gets_no_curve_and_no_values() -> None:
    found = measure([clip(i, 0.6, 90 + i % 3) for i in range(20)])
    assert {w.reason for w in found.windows} == {"no_curve"}
    assert any("does not fall" in why for why in found.without_curve)


def test_without_a_calibration_the_firmwares_example_curve_is_read() -> None:
    (found,) = uncalibrated([clip(0, 1.0, 90)], 0)
    assert (found.method, found.value) == ("textbook_curve", pytest.approx(85.0, abs=0.1))


def test_one_ratio_is_the_mean_of_those_near_their_median() -> None:
    assert ratio_of([600, 610]) is None
    assert ratio_of([600, 610, 590, 2000]) == pytest.approx(0.6)


def test_the_lag_of_a_reference_over_time_is_where_it_goes_most_against_the_ratio() -> None:
    ratios = [0.5, 0.9, 0.6, 1.1, 0.5, 0.8]
    late = tuple((t + 7.0, line(ratios[t // 10])) for t in range(60))
    record = PpgRecord("meadow", "meadow/a", Path("a"), None, None, Reference(spo2=late), 0.0)
    beats = [[500 * k + 600, 500_000, 0, round(1000 * ratios[min(5, k // 20)]), 64, 900] for k in range(118)]
    played = Signal(record, 0.0, ("red", "ir"), "ir", [100_000] * 6000, Path("a")), {"beats": beats}
    assert best_lag([played]) in (6, 7, 8)
