# SPDX-License-Identifier: Apache-2.0
"""The light that comes back from the finger says what the script says."""

from itertools import pairwise

import pytest


def swing(samples):
    """Pulsatile over constant light, peak to peak, in percent."""
    return 100 * (max(samples) - min(samples)) / (sum(samples) / len(samples))


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    cross = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    power_a = sum((x - mean_a) ** 2 for x in a)
    power_b = sum((y - mean_b) ** 2 for y in b)
    return cross / (power_a * power_b) ** 0.5


@pytest.mark.parametrize("spo2", [100, 97, 90, 85, 80, 70])
def test_the_ratio_of_ratios_follows_the_textbook_line(bench, person, spo2):
    red, infrared = bench(person(spo2_pct=spo2, perfusion_pct=4)).light(10)
    assert swing(red) / swing(infrared) == pytest.approx((110 - spo2) / 25, rel=0.02)


@pytest.mark.parametrize("perfusion", [0.3, 1, 5, 10])
def test_the_perfusion_is_the_infrared_swing(bench, person, perfusion):
    _, infrared = bench(person(perfusion_pct=perfusion)).light(10)
    assert swing(infrared) == pytest.approx(perfusion, rel=0.1)


@pytest.mark.parametrize("pulse", [38, 72, 148, 220])
def test_light_falls_steeply_once_a_beat(bench, person, pulse):
    _, infrared = bench(person(pulse_bpm=pulse, perfusion_pct=3)).light(60)
    level = sum(infrared) / len(infrared)
    falls = sum(1 for a, b in pairwise(infrared) if a >= level > b)
    assert abs(falls - pulse) <= 1
    steepest_fall = max(a - b for a, b in zip(infrared, infrared[3:], strict=False))
    steepest_rise = max(b - a for a, b in zip(infrared, infrared[3:], strict=False))
    assert steepest_fall > 1.3 * steepest_rise


def test_counts_follow_led_current_and_full_scale(bench, person):
    mean = lambda samples: sum(samples) / len(samples)  # noqa: E731
    usual = mean(bench(person(perfusion_pct=0)).light(1)[1])
    assert mean(bench(person(perfusion_pct=0)).light(1, led_ua=3500)[1]) == pytest.approx(usual / 2, rel=0.01)
    assert mean(bench(person(perfusion_pct=0)).light(1, fullscale_na=8192)[1]) == pytest.approx(usual / 2, rel=0.01)
    assert 60000 < usual < 180000


def test_too_much_light_saturates_and_none_is_dark(bench):
    assert set(bench().light(1, led_ua=51000, fullscale_na=2048)[1]) == {(1 << 18) - 1}
    red, infrared = bench().light(1, led_ua=0)
    assert max(red) < 500
    assert max(infrared) < 500


def test_without_a_finger_there_is_little_light_and_no_pulse(bench):
    b = bench()
    finger = b.light(2)[1]
    b.world.set_fault("finger_off")
    b.run(0.2)
    empty = b.light(4)[1]
    assert max(empty) < 0.05 * min(finger)
    assert max(empty) - min(empty) < 50
    b.world.clear_fault("finger_off")
    b.run(0.2)
    assert min(b.light(2)[1]) > 0.9 * min(finger)


def test_a_finger_that_sits_loosely_still_pulses(bench):
    b = bench()
    b.world.set_fault("finger_off", light_pct=60)
    assert swing(b.light(4)[1]) > 2


def test_red_and_infrared_beat_together_and_motion_breaks_the_pulse(bench, person):
    still = bench(person(perfusion_pct=1))
    red, infrared = still.light(4)
    assert correlation(red, infrared) > 0.99
    still.world.set_fault("motion")
    _, shaken = still.light(4)
    assert swing(shaken) > 3


def test_breathing_sways_the_baseline(bench, person):
    breathing = person(perfusion_pct=0, respiration_bpm=12, respiration_pct=1)
    assert swing(bench(breathing).light(10)[1]) == pytest.approx(1, rel=0.1)


def test_the_pulse_leaves_the_finger_below_a_cuff_on_the_same_arm(bench):
    b = bench("cuff-arm")
    assert swing(b.light(3)[1]) > 1.5
    b.inflate(150)
    b.run(1)
    assert swing(b.light(3)[1]) < 0.8
    other = bench("calm")
    other.inflate(150)
    other.run(1)
    assert swing(other.light(3)[1]) > 1.5


def test_how_samples_are_portioned_does_not_matter(bench):
    whole, pieces = bench("esketamine"), bench("esketamine")
    red, infrared = whole.light(3.2)
    got_red, got_infrared = [], []
    for seconds in (0.01, 0.32, 0.1, 0.05, 0.72, 1.0, 1.0):
        a, b = pieces.light(seconds)
        got_red += a
        got_infrared += b
    assert (list(red), list(infrared)) == (got_red, got_infrared)


def test_other_seeds_are_other_sessions(bench):
    assert bench(seed=1).light(2) == bench(seed=1).light(2)
    assert bench(seed=1).light(2) != bench(seed=2).light(2)
