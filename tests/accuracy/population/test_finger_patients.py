# SPDX-License-Identifier: Apache-2.0
"""The fingers are who their seeds say, and what is asked of an oximeter is all there."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from accuracy.population import finger_patients
from accuracy.population.finger_patients import MIDDLES_S, SWAPPED
from accuracy.population.rhythm import ECTOPIC, REGULAR
from accuracy.population.wave import LIGHT_SHAPES

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "hardware" / "twin"))
from world.script import Script
from world.tables import PPG_SHAPE

# Pulse, perfusion, SpO2 at the start, and the length of a beat, as committed before anything was tuned on them.
COMMITTED = {
    0: (132.20, 4.672, 97.21, 0.456),
    99: (78.01, 0.639, 100.00, 0.774),
    100: (61.81, 0.709, 82.97, 1.004),
    299: (130.00, 1.368, 74.76, 0.466),
}


@pytest.mark.parametrize("seed", COMMITTED)
def test_the_fingers_are_those_that_were_committed_before_tuning(fingers, seed):
    f = fingers[seed]
    assert (f.pulse_bpm, f.perfusion_pct, f.spo2_pct[0], f.beats[30].length_s) == pytest.approx(
        COMMITTED[seed], rel=1e-3
    )


def test_a_seed_is_a_finger(fingers):
    for seed in (0, 123, 299):
        assert finger_patients.patient(seed).board() == fingers[seed].board()


def test_pulse_perfusion_and_saturation_cover_their_ranges(fingers):
    right = [f for f in fingers if not f.reason]
    assert min(f.pulse_bpm for f in right) == pytest.approx(30, abs=1.5)
    assert max(f.pulse_bpm for f in right) == pytest.approx(240, abs=5)
    assert {f.perfusion_pct for f in right} >= {0.3}
    assert max(f.perfusion_pct for f in right) == pytest.approx(10, abs=0.5)
    assert min(f.spo2(30) for f in right) == pytest.approx(70, abs=0.5)
    assert max(f.spo2(30) for f in right) == pytest.approx(100, abs=0.5)


def test_every_band_of_pulse_meets_every_band_of_perfusion(fingers):
    for part in (fingers[:100], fingers[100:]):
        met = {(f.strata(30)["pulse"], f.strata(30)["perfusion"] == "0.3 %") for f in part if not f.reason}
        assert len(met) == 8


def test_shares_hold(fingers):
    assert sum(f.rhythm == ECTOPIC for f in fingers) >= 0.10 * 300
    assert sum(bool(f.spells) for f in fingers) >= 0.20 * 300
    assert set(Counter(f.shape for f in fingers)) == set(LIGHT_SHAPES)
    assert len(Counter(f.reason for f in fingers)) == 6
    assert 0.08 * 300 <= sum(bool(f.reason) for f in fingers) <= 0.20 * 300


def test_the_pulse_of_a_window_is_that_of_its_beats(fingers):
    for f in fingers:
        if f.rhythm == REGULAR:
            assert f.pulse(30) == pytest.approx(f.pulse_bpm, rel=0.06)
        seen = [beat for beat in f.beats if 25 <= beat.start_s + 0.22 < 35]
        assert f.pulse(30) == pytest.approx(60 * len(seen) / sum(beat.length_s for beat in seen))


def test_swapped_channels_leave_the_pulse_right(fingers):
    swapped = next(f for f in fingers if f.reason == SWAPPED)
    assert swapped.answerable("pulse")
    assert not swapped.answerable("spo2")
    assert swapped.spo2(30) > 96
    assert swapped.board()["faults"] == [["oximeter_swapped", 0, {}]]


def test_windows_with_movement_say_so(fingers):
    moving = next(f for f in fingers if f.spells and not f.reason)
    from_s, to_s, _ = moving.spells[0]
    assert moving.moved((from_s + to_s) / 2)
    assert moving.strata((from_s + to_s) / 2)["motion"] == "yes"
    still = next(f for f in fingers if not f.spells)
    assert not any(still.moved(middle_s) for middle_s in MIDDLES_S)


def test_the_board_takes_every_finger_and_no_wave_is_the_boards_own(fingers):
    for f in fingers[::6]:
        script = Script(f.board()["patient"])
        assert script.person["ppg"] != PPG_SHAPE
