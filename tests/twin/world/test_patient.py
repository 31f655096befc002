# SPDX-License-Identifier: Apache-2.0
"""Scripts and the heart: what a patient file says is what the patient does; what makes no sense is refused."""

import json
from pathlib import Path

import pytest

PATIENTS = Path(__file__).resolve().parents[3] / "hardware" / "twin" / "world" / "patients"


def at(b, seconds):
    b.world.advance_to(int(seconds * 1e6))
    return b.world.truth()


def intervals(b, seconds):
    """Lengths of the beats until then, in s."""
    heart = b.world.heart
    out = []
    for t in range(int(seconds)):
        seen = heart.first_number + len(heart.beats)
        at(b, t)
        b.world.truth()
        out += heart.beats[seen - heart.first_number :]
    return [beat.length_us / 1e6 for beat in out]


@pytest.mark.parametrize("path", sorted(PATIENTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_patient_loads_lives_and_says_who_it_is(bench, path):
    patient = json.loads(path.read_text())
    assert patient["description"].endswith(".")
    truth = at(bench(patient), 30)
    assert truth["sbp_mmhg"] > truth["map_mmhg"] > truth["dbp_mmhg"]
    assert truth["beats"] > 15


def test_the_esketamine_session_has_its_events(bench):
    b = bench("esketamine")
    start = at(b, 60)
    assert (start["sbp_mmhg"], start["dbp_mmhg"], start["pulse_bpm"], start["spo2_pct"]) == (120, 78, 70, 97)
    desaturation = [at(b, t)["spo2_pct"] for t in range(600, 900)]
    assert min(desaturation) == 84
    assert 60 <= sum(spo2 < 85 for spo2 in desaturation) <= 70
    peak = at(b, 900)
    assert (peak["sbp_mmhg"], peak["dbp_mmhg"], peak["pulse_bpm"]) == (150, 96, 90)
    assert sum(not at(b, t)["finger"] for t in range(1150, 1300)) == 30
    assert at(b, 1800)["sbp_mmhg"] < 126


def test_values_run_straight_between_points_and_hold_outside(bench):
    points = [{"t_s": 10, "sbp_mmhg": 100}, {"t_s": 12.5, "pulse_bpm": 60}, {"t_s": 30, "sbp_mmhg": 140}]
    b = bench({"points": points})
    assert [at(b, t)["sbp_mmhg"] for t in (0, 10, 15, 20, 30, 100)] == [100, 100, 110, 120, 140, 140]


def test_values_set_by_hand_hold_until_they_are_given_back(bench):
    b = bench("esketamine")
    at(b, 600)
    b.world.set_patient(spo2_pct=82.5, rhythm="afib")
    assert (at(b, 610)["spo2_pct"], at(b, 610)["rhythm"]) == (82.5, "afib")
    b.world.set_patient(spo2_pct=None, rhythm=None)
    assert (at(b, 620)["spo2_pct"], at(b, 620)["rhythm"]) == (97, "regular")


@pytest.mark.parametrize("pulse", [30, 70, 200])
@pytest.mark.parametrize("rhythm", ["regular", "irregular", "afib", "ectopic"])
def test_any_rhythm_has_the_scripted_rate_on_the_mean(bench, person, pulse, rhythm):
    lengths = intervals(bench(person(pulse_bpm=pulse, rhythm=rhythm)), 300)
    assert 60 * len(lengths) / sum(lengths) == pytest.approx(pulse, rel=0.05)


def spread(lengths):
    mean = sum(lengths) / len(lengths)
    return (sum((x - mean) ** 2 for x in lengths) / len(lengths)) ** 0.5 / mean


def test_rhythms_differ_as_they_should(bench, person):
    by_rhythm = {
        name: intervals(bench(person(rhythm=name)), 200) for name in ("regular", "irregular", "afib", "ectopic")
    }
    assert spread(by_rhythm["regular"]) < 0.005
    assert 0.1 < spread(by_rhythm["irregular"]) < 0.2
    assert 0.2 < spread(by_rhythm["afib"]) < 0.35
    early = [i for i, x in enumerate(by_rhythm["ectopic"]) if x < 0.7]
    assert 10 < len(early) < 50
    assert all(by_rhythm["ectopic"][i + 1] > 1.05 for i in early[:-1])


def test_the_irregular_fault_and_its_near_miss(bench, person):
    for pct, least, most in ((40, 0.1, 0.25), (4, 0.005, 0.03)):
        b = bench(person())
        b.world.set_fault("irregular", pct=pct)
        assert least < spread(intervals(b, 120)) < most


@pytest.mark.parametrize(
    ("patient", "told"),
    [
        ({}, "points"),
        ({"points": []}, "points"),
        ({"points": [{"sbp_mmhg": 100}]}, "point 1: t_s"),
        ({"points": [{"t_s": 0}, {"t_s": 0}]}, "point 2: t_s must be later"),
        ({"points": [{"t_s": 0, "spo2_pct": 101}]}, "point 1: spo2_pct must be from 50 to 100, not 101"),
        ({"points": [{"t_s": 0, "spo2_pct": "97"}]}, "spo2_pct must be a number"),
        ({"points": [{"t_s": 0, "spo2": 97}]}, "no such value 'spo2'"),
        ({"points": [{"t_s": 0, "rhythm": "samba"}]}, "rhythm must be one of regular, irregular, afib, ectopic"),
        ({"points": [{"t_s": 0, "finger": 1}]}, "finger must be true or false"),
        ({"points": [{"t_s": 0}], "person": {"artery": "lead"}}, "artery must be one of normal, stiff"),
        ({"points": [{"t_s": 0}], "person": {"age": 40}}, "no such property 'age'"),
    ],
)
def test_a_bad_script_is_refused_with_the_place_and_the_reason(bench, patient, told):
    with pytest.raises(ValueError, match=told):
        bench(patient)
