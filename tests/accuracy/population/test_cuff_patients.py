# SPDX-License-Identifier: Apache-2.0
"""The patients of the cuff are who their seeds say, within what the literature says people are."""

import sys
from collections import Counter
from pathlib import Path
from statistics import correlation, median, quantiles

import pytest

from accuracy.population import cuff_patients
from accuracy.population.artery import envelope, oscillation
from accuracy.population.cuff_patients import NO_ARM, RESTLESS
from accuracy.population.rhythm import ECTOPIC, FIBRILLATION

TWIN = Path(__file__).resolve().parents[3] / "hardware" / "twin"
sys.path.insert(0, str(TWIN))
from world.script import Script  # noqa: E402

# Some numbers of some patients, as committed before anything was tuned on them.
COMMITTED = {
    0: (151.36, 107.41, 111.70, 1.3939, 0.2058),
    99: (98.11, 67.06, 88.84, 0.7757, 0.1543),
    100: (137.50, 97.03, 138.78, 1.5648, 0.1925),
    299: (146.69, 77.87, 62.62, 2.3720, 0.2528),
}


def test_a_seed_is_a_patient(patients):
    for seed in (0, 57, 299):
        assert cuff_patients.patient(seed).board() == patients[seed].board()
    assert len({patient.sbp for patient in patients}) == 300


@pytest.mark.parametrize("seed", COMMITTED)
def test_the_patients_are_those_that_were_committed_before_tuning(patients, seed):
    p = patients[seed]
    assert (p.sbp, p.dbp, p.pulse_bpm, p.peak_mmhg, p.noise_mmhg) == pytest.approx(COMMITTED[seed], rel=1e-3)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("map", 50, 150),
        ("pulse_bpm", 40, 150),
        ("peak_mmhg", 0.5, 4.0),
        ("noise_mmhg", 0.1, 0.3),
        ("age", 18, 90),
        ("dbp", 30, 135),
        ("sbp", 60, 230),
    ],
)
def test_who_has_a_right_answer_is_within_the_ranges(answerable, name, low, high):
    values = [getattr(patient, name) for patient in answerable]
    assert low <= min(values)
    assert max(values) <= high
    assert max(values) - min(values) > 0.6 * (high - low), "and the ranges are used"


def test_pulse_pressures_and_form_factors_are_those_of_people(answerable):
    widths = [p.sbp - p.dbp for p in answerable]
    assert 20 <= min(widths) < 25
    assert 90 < max(widths) <= 120
    assert all(0.30 <= p.wave.mean(60 / p.pulse_bpm) <= 0.46 for p in answerable)


def test_shares_hold_in_the_part_for_tuning_and_in_the_part_for_reporting(patients):
    for part in (patients[:100], patients[100:]):
        n = len(part)
        assert sum(p.rhythm == ECTOPIC for p in part) >= 0.10 * n
        assert sum(p.moving for p in part) >= 0.20 * n
        assert sum(p.rhythm == FIBRILLATION for p in part) >= 0.01 * n
        assert 0.10 * n <= sum(not p.answerable for p in part) <= 0.25 * n
    assert len(Counter(p.reason for p in patients)) == 8


def test_who_is_called_ectopic_has_early_beats_and_nobody_else(answerable):
    for p in answerable:
        early = sum(beat.kind == ECTOPIC for beat in p.beats) / 2 / len(p.beats)
        assert (0.01 < early < 0.25) if p.rhythm == ECTOPIC else early == 0


def test_what_hangs_together_in_people_hangs_together_here(answerable):
    width = [p.sbp - p.dbp for p in answerable]
    assert correlation([p.age for p in answerable], [p.stiffness for p in answerable]) > 0.7
    assert correlation([p.stiffness for p in answerable], width) > 0.4
    assert correlation([p.map for p in answerable], width) > 0.2


def test_the_wider_pulse_and_the_softer_cuff_make_their_own_oscillations(answerable):
    p = answerable[0]
    assert oscillation(p.artery, p.cuff, p.map, p.sbp + 10, p.dbp) > oscillation(p.artery, p.cuff, p.map, p.sbp, p.dbp)
    large = type(p.cuff)(**{**vars(p.cuff), "empty_ml": p.cuff.empty_ml + 100})
    assert oscillation(p.artery, large, p.map, p.sbp, p.dbp) < oscillation(p.artery, p.cuff, p.map, p.sbp, p.dbp)


def test_ratios_that_follow_from_the_arteries_are_the_published_ones(answerable):
    """Characteristic ratios of devices: 0.45-0.73 for the systolic, 0.69-0.83 for the diastolic pressure."""
    systolic, diastolic = [], []
    for p in answerable[::4]:
        top = max(envelope(p.artery, p.cuff, p.sbp, p.dbp, p.scale).values())
        systolic.append(oscillation(p.artery, p.cuff, p.sbp, p.sbp, p.dbp, p.scale) / top)
        diastolic.append(oscillation(p.artery, p.cuff, p.dbp, p.sbp, p.dbp, p.scale) / top)
    assert 0.50 <= median(systolic) <= 0.58
    assert 0.75 <= median(diastolic) <= 0.83
    assert quantiles(systolic, n=4)[0] > 0.45
    assert quantiles(systolic, n=4)[2] < 0.73


def test_where_there_is_an_answer_it_stands_out_of_the_noise(answerable):
    assert all(p.peak_mmhg >= 2.9 * p.noise_mmhg for p in answerable)


def test_arteries_only_grow_with_pressure_and_the_board_takes_every_patient(patients):
    for p in patients[::6]:
        told = p.board()["patient"]
        table = told["person"]["artery"]["volume_nl"]
        assert table == sorted(table)
        Script(told)


def test_nothing_is_felt_without_an_arm(patients):
    table = next(p for p in patients if p.reason == NO_ARM).board()["patient"]["person"]
    assert set(table["artery"]["volume_nl"]) == {0}
    assert table["squeeze"] is None


def test_who_never_keeps_still_squeezes_more_than_the_pulse_does(patients):
    for p in patients:
        if p.reason == RESTLESS:
            sizes = [abs(nl) for _, nl in p.squeeze]
            assert sum(sizes) / len(sizes) > 300000
            pauses = [b[0] - a[0] for a, b in zip(p.squeeze[1:], p.squeeze[2:], strict=False)]
            assert max(pauses) < 3000
