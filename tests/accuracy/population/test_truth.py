# SPDX-License-Identifier: Apache-2.0
"""The truth is right where it can be worked out by hand."""

import pytest

from accuracy.population.movement import for_board
from accuracy.population.rhythm import Beat, peak, truth
from accuracy.population.wave import PHASES, SYSTOLE, UNIT, Wave, smooth

# Rises in a line through the systole and falls in one through the rest.
TENT = Wave(
    tuple(
        round(UNIT * (k / SYSTOLE if k <= SYSTOLE else (PHASES - k) / (PHASES - SYSTOLE))) for k in range(PHASES + 1)
    ),
    300,
)


def beat(start_s, sbp, dbp, end=None, length_s=1.0):
    return Beat(start_s, length_s, 1.0, sbp, dbp, dbp if end is None else end)


def test_of_equal_beats_it_is_that_of_one():
    beats = tuple(beat(i, 120, 80) for i in range(30))
    assert truth(beats, TENT, 5, 25) == pytest.approx((120, 100, 80), abs=0.01)


def test_every_beat_counts_the_same_for_the_peaks_and_by_its_length_for_the_mean():
    beats = (beat(0, 120, 80), beat(1, 100, 60, length_s=2.0))
    assert truth(beats, TENT, 0, 5) == pytest.approx((110, (100 + 2 * 80) / 3, 70), abs=0.01)


def test_only_beats_that_reach_the_arm_in_time_count():
    beats = (beat(0, 200, 100), beat(1, 120, 80), beat(2, 200, 100))
    assert truth(beats, TENT, 0.2, 2.1)[0] == 120
    assert truth(beats, TENT, 0.2, 2.12)[0] == 160
    with pytest.raises(ValueError, match="no beat"):
        truth(beats, TENT, 7, 9)


def test_a_rising_foot_adds_to_the_peak_and_to_the_mean():
    drifting = beat(0, 120, 80, end=88)
    assert peak(drifting, TENT) == pytest.approx(120 + 8 * SYSTOLE / PHASES)
    phase = (SYSTOLE / 2 * 0.3 + (SYSTOLE + PHASES) / 2 * 0.7) / PHASES
    assert truth((drifting,), TENT, 0, 1)[1] == pytest.approx(100 + 8 * phase, abs=0.01)


def test_the_systole_keeps_its_length_in_a_slow_heart():
    skewed = Wave(smooth([(0, 0), (30, 1.0), (SYSTOLE, 0.9), (PHASES, 0.0)]), 300)
    assert skewed.systole_s(2.0) == 0.3
    assert skewed.systole_s(0.4) == pytest.approx(0.15)
    assert skewed.mean(1.0) > skewed.mean(2.0)
    assert skewed.phase_at(0.15, 1.0) == pytest.approx(SYSTOLE / 2)
    assert skewed.phase_at(0.65, 1.0) == pytest.approx((SYSTOLE + PHASES) / 2)


def test_waves_go_through_their_knots_without_overshoot():
    heights = smooth([(0, 0.0), (40, 1.0), (90, 0.4), (110, 0.5), (PHASES, 0.0)])
    assert (heights[0], heights[40], heights[-1]) == (0, UNIT, 0)
    assert heights[90] == pytest.approx(0.4 * UNIT, abs=2)
    assert heights[110] == pytest.approx(0.5 * UNIT, abs=2)
    assert list(heights[:41]) == sorted(heights[:41])
    assert min(heights[40:111]) >= 0.4 * UNIT - 2


def test_movements_add_up():
    both = for_board([[(1.0, 0.0), (2.0, 1.0), (3.0, 0.0)], [(1.5, 0.0), (2.5, -1.0)]])
    assert both == [[1000, 0], [1500, 500000], [2000, 500000], [2500, -500000], [3000, -1000000]]
    assert for_board([]) is None
