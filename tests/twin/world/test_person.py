# SPDX-License-Identifier: Apache-2.0
"""A person may bring an artery, a cuff, beats and movement of its own; what makes no sense is refused in words."""

import pytest
from world.person import SEGMENTS
from world.script import Script, ScriptError
from world.tables import ARTERY_SHAPE, artery_volume

RAMP = [0, *range(64, 16384, 64), 16384]
LATE = [min(i, (256 - i) * 7) * 16384 // 224 for i in range(257)]  # its peak at phase 224 of 256
TRIANGLE = [min(i, 256 - i) * 128 for i in range(257)]
BEATS = [[1000, 1000, 120000, 80000]]


def with_person(**person):
    return {"person": person, "points": [{"t_s": 0, "variability_pct": 0, "respiration_bpm": 0, "respiration_pct": 0}]}


def artery(**own):
    return {"volume_nl": list(artery_volume(110000, 45300)), **own}


def pulses(b, seconds=3):
    """How far the cuff swings, mmHg, in the last of some seconds with the valves shut."""
    b.run(seconds - 1.5)
    seen = b.run(1.5)
    return max(seen) - min(seen)


def deflated(b):
    b.inflate(150)
    b.world.bleed_permille = 740
    return b.run(15)


def test_who_brings_what_everybody_has_lives_in_the_same_world(bench):
    own = artery(segments=[list(pair) for pair in SEGMENTS], wave=list(ARTERY_SHAPE), systole_ms=310)
    cuff = {"empty_ml": 200, "stretch_ml": 60, "half_mmhg": 25, "slope_ul_mmhg": 50}
    assert deflated(bench(with_person(artery=own, cuff=cuff))) == deflated(bench(with_person()))


def test_beats_are_played_as_given_and_then_anew(bench):
    b = bench(with_person(beats=[[800, 1000, 121000, 79000], [1200, 500, 100000, 82000]]))
    b.run(6)
    b.world.truth()
    seen = [(beat.start_us, beat.length_us, beat.strength_q10, beat.sbp_mmmhg) for beat in b.world.heart.beats[:3]]
    assert seen == [(-2000000, 800000, 1024, 121000), (-1200000, 1200000, 512, 100000), (0, 800000, 1024, 121000)]


def test_the_pressure_runs_from_each_beats_foot_to_the_next_ones(bench):
    beats = [[1000, 1000, 120000, 80000], [1000, 1000, 120000, 90000]]
    air = bench(with_person(artery=artery(wave=TRIANGLE), beats=beats)).world.air
    transit_us = 110000
    assert air.artery_mmmhg(transit_us) == 80000
    # Three eighths of a beat are the systole, but 310 ms at most: then 96 of 256 phases have passed.
    assert air.artery_mmmhg(transit_us + 310000) == pytest.approx(80000 + 40000 * 96 / 128 + 10000 * 96 / 256, abs=10)
    assert air.artery_mmmhg(transit_us + 999999) == pytest.approx(90000, abs=10)
    assert air.artery_mmmhg(transit_us + 1000000) == 90000
    assert air.artery_mmmhg(transit_us + 2000000) == 80000


def test_an_artery_of_its_own_makes_the_oscillations(bench):
    half = [nl // 2 for nl in artery_volume(110000, 45300)]
    swings = []
    for own in (artery(), artery(volume_nl=half)):
        b = bench(with_person(artery=own, beats=BEATS))
        b.inflate(100)
        swings.append(pulses(b))
    assert swings[1] == pytest.approx(swings[0] / 2, rel=0.1)


def test_segments_that_feel_nothing_of_the_cuff_pulse_little(bench):
    swings = []
    for segments in ([[1000, 1000]], [[1000, 0]]):
        b = bench(with_person(artery=artery(segments=segments), beats=BEATS))
        b.inflate(100)
        swings.append(pulses(b))
    assert swings[1] < 0.2 * swings[0]


def test_a_larger_cuff_swings_less(bench):
    swings = []
    for empty_ml in (120, 300):
        b = bench(with_person(cuff={"empty_ml": empty_ml}, beats=BEATS))
        b.inflate(100)
        swings.append(pulses(b))
    assert swings[1] < 0.75 * swings[0]


def test_a_squeezed_cuff_has_the_pressure_of_the_air_that_was_pushed_out(bench):
    b = bench(with_person(artery=artery(volume_nl=[0] * 513), squeeze=[[20000, 0], [20100, 2000000]]))
    b.inflate(100)
    b.until(lambda: b.t_s >= 19.9, 30)
    before = b.cuff
    b.until(lambda: b.t_s >= 20.2, 30)
    # 2 mL at 860 mmHg are 2.26 mL of air at 760; at 100 mmHg the cuff and its 20 mL of hose take 0.53 mL for one mmHg.
    assert b.cuff - before == pytest.approx(2.26 / 0.53, rel=0.1)


def test_light_follows_a_shape_of_its_own(bench):
    beats = [[1000, 1000, 120000, 80000]]
    light = {"beats": beats, "finger_noise_pa": 0}
    usual, _ = bench(with_person(**light)).light(4)
    own, infrared = bench(with_person(ppg=LATE, **light)).light(4)
    late = min(range(100, 200), key=lambda i: own[i]) - min(range(100, 200), key=lambda i: usual[i])
    assert late % 100 > 50
    dc = sum(infrared[100:200]) / 100
    assert (max(infrared[100:200]) - min(infrared[100:200])) / dc == pytest.approx(0.025, rel=0.05)


def test_light_is_shaken_as_told(bench):
    b = bench(with_person(shake=[[2000, 0], [2500, 20000], [3000, 0]], finger_noise_pa=0))
    b.world.set_patient(perfusion_pct=0)
    red, infrared = b.light(4)
    assert min(red) == pytest.approx(red[0] * 0.98, rel=0.002)
    assert min(infrared) == pytest.approx(infrared[0] * 0.985, rel=0.002)
    assert red[380] == red[0]


def test_noise_of_the_photodiode_is_as_told(bench):
    def scatter(noise_pa):
        b = bench(with_person(finger_noise_pa=noise_pa))
        b.world.set_patient(perfusion_pct=0)
        red, _ = b.light(5)
        mean = sum(red) / len(red)
        return (sum((x - mean) ** 2 for x in red) / len(red)) ** 0.5

    # 4096 nA are 262144 counts; a triangle of half width w has a standard deviation of 0.408 w.
    assert scatter(1000) == pytest.approx(0.408 * 64, rel=0.1)


BAD = {
    "no object": ([], "person must be an object"),
    "unknown": ({"height": 3}, "no such property 'height'"),
    "artery word": ({"artery": "old"}, "artery must be one of normal, stiff, or an object"),
    "artery unknown": ({"artery": {"volume_nl": [0] * 513, "colour": 1}}, "no such value 'colour'"),
    "no volume": ({"artery": {"wave": RAMP}}, "needs volume_nl"),
    "short table": ({"artery": {"volume_nl": [0] * 512}}, "list of 513 numbers"),
    "falling table": ({"artery": {"volume_nl": [5, 4] + [9] * 511}}, "must not fall"),
    "fraction": ({"artery": {"volume_nl": [0.5] * 513}}, "whole number"),
    "shares": ({"artery": artery(segments=[[500, 1000], [400, 700]])}, "make 1000 together, not 900"),
    "segment": ({"artery": artery(segments=[[1000]])}, "list of 2 numbers"),
    "wave ends": ({"artery": artery(wave=RAMP)}, "begin and end at 0"),
    "wave short": ({"artery": artery(wave=[0] * 256)}, "list of 257 numbers"),
    "systole": ({"artery": artery(systole_ms=20)}, "from 100 to 600, not 20"),
    "cuff word": ({"cuff": "big"}, "cuff must be an object"),
    "cuff value": ({"cuff": {"empty_ml": 5}}, "empty_ml must be a whole number from 20 to 1000"),
    "cuff unknown": ({"cuff": {"ml": 5}}, "no such value 'ml'"),
    "no beats": ({"beats": []}, "beats must be a list"),
    "beat of three": ({"beats": [[1000, 1000, 120000]]}, "list of 4 numbers"),
    "beat upside down": ({"beats": [[1000, 1000, 80000, 120000]]}, "must not be below the diastolic"),
    "beat too short": ({"beats": [[50, 1000, 120000, 80000]]}, "length_ms must be a whole number from 200"),
    "squeeze back": ({"squeeze": [[100, 0], [100, 5]]}, "later than the one before"),
    "squeeze far": ({"squeeze": [[100, 10**9]]}, "-20000000 to 20000000"),
    "shake word": ({"shake": "hard"}, "shake must be a list"),
    "ppg": ({"ppg": [0] * 257}, "reach 16384"),
    "noise": ({"finger_noise_pa": -1}, "finger_noise_pa must be a whole number"),
    "truth for a number": ({"finger_noise_pa": True}, "not True"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_sense_is_refused_in_words(case):
    person, words = BAD[case]
    with pytest.raises(ScriptError, match=words.replace("[", r"\[")):
        Script({"person": person, "points": [{"t_s": 0}]})
