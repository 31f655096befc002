# SPDX-License-Identifier: Apache-2.0
"""What the oximeter says about fingers whose truth is known. Every case gives one answer under both interpreters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vitalwire_protocol.codec import Reason

Samples = list[tuple[int, int]]
Make = Callable[..., Samples]
Measure = Callable[..., list[Any]]


def after(readings: list[Any], seconds: float) -> list[Any]:
    return [r for r in readings if r.sample >= seconds * 100]


def within(readings: list[Any], start_s: float, end_s: float) -> list[Any]:
    return [r for r in readings if start_s * 100 <= r.sample <= end_s * 100]


# ---------------------------------------------------------------- good signals


@pytest.mark.parametrize("perfusion_pct", [0.3, 2.0, 10.0])
@pytest.mark.parametrize("pulse_bpm", [40, 72, 150, 220])
def test_pulse_and_spo2_of_a_steady_finger(
    measure: Measure, finger: Make, pulse_bpm: float, perfusion_pct: float
) -> None:
    last = after(measure(finger(25, pulse_bpm=pulse_bpm, perfusion_pct=perfusion_pct)), 14)
    assert all(r.pulse == pytest.approx(pulse_bpm, rel=0.02) for r in last)
    assert all(r.spo2 == pytest.approx(97, abs=1.5) for r in last)
    assert all(r.quality >= 50 for r in last)


@pytest.mark.parametrize(("ratio", "spo2"), [(0.4, 100.0), (0.8, 90.0), (1.2, 80.0), (1.6, 70.0)])
def test_the_ratio_of_ratios_follows_the_curve(measure: Measure, finger: Make, ratio: float, spo2: float) -> None:
    assert all(r.spo2 == pytest.approx(spo2, abs=1) for r in after(measure(finger(20, ratio=ratio)), 12))


@pytest.mark.parametrize("pulse_bpm", [30, 240])
def test_ends_of_the_pulse_range(measure: Measure, finger: Make, pulse_bpm: float) -> None:
    last = after(measure(finger(35, pulse_bpm=pulse_bpm, variability_pct=0)), 20)
    assert all(r.pulse == pytest.approx(pulse_bpm, abs=1) for r in last)


def test_perfusion_is_what_the_finger_has(measure: Measure, finger: Make) -> None:
    for perfusion_pct in (0.3, 2.0, 10.0):
        last = measure(finger(20, perfusion_pct=perfusion_pct))[-1]
        assert last.perfusion == pytest.approx(perfusion_pct, rel=0.15, abs=0.05)


def test_a_wandering_baseline_larger_than_the_pulse_does_not_matter(measure: Measure, finger: Make) -> None:
    last = after(measure(finger(30, perfusion_pct=1, breath_pct=1.5)), 15)
    assert all(r.pulse == pytest.approx(72, rel=0.03) for r in last)
    assert all(r.spo2 == pytest.approx(97, abs=2) for r in last)


@pytest.mark.parametrize("averaging_s", [4, 8, 16])
def test_averaging_sets_how_fast_a_change_arrives(measure: Measure, finger: Make, averaging_s: int) -> None:
    signal = finger(30, ratio=0.52) + finger(40, ratio=1.0)
    readings = measure(signal, averaging_s=averaging_s)
    halfway = next(r.sample / 100 - 30 for r in readings if r.sample > 3000 and r.spo2 is not None and r.spo2 < 91)
    assert 1.0 + averaging_s / 2 - 1 <= halfway <= 3.5 + averaging_s / 2
    assert readings[-1].spo2 == pytest.approx(85, abs=1)


# ---------------------------------------------------------------- finger on and off


def test_finger_on_and_off_is_noticed_within_two_seconds(measure: Measure, finger: Make, no_finger: Make) -> None:
    readings = measure(no_finger(5) + finger(15) + no_finger(10) + finger(15))
    assert not any(r.finger for r in within(readings, 0, 5))
    assert all(r.finger for r in within(readings, 7, 20))
    off = within(readings, 22, 30)
    assert not any(r.finger for r in off)
    assert {r.pulse for r in off} == {r.spo2 for r in off} == {None}
    assert {r.pulse_reason for r in off} == {Reason.NO_FINGER}
    assert all(r.finger for r in within(readings, 32, 45))


def test_no_number_of_the_last_finger_is_left_when_the_next_one_comes(
    measure: Measure, finger: Make, no_finger: Make
) -> None:
    readings = measure(finger(20, pulse_bpm=60) + no_finger(3) + finger(20, pulse_bpm=110, ratio=1.0, seed=3))
    later = [r for r in after(readings, 23) if r.pulse is not None]
    assert all(r.pulse == pytest.approx(110, rel=0.04) for r in later)
    assert all(r.spo2 == pytest.approx(85, abs=1.5) for r in later)
    assert after(readings, 24)[0].pulse_reason == Reason.SETTLING


def test_a_first_number_comes_within_eight_seconds(measure: Measure, finger: Make) -> None:
    first = next(r for r in measure(finger(15)) if r.pulse is not None)
    assert first.sample <= 800
    assert first.spo2 == pytest.approx(97, abs=1.5)


# ---------------------------------------------------------------- withheld with a reason


def test_flat_red_gives_a_pulse_and_no_spo2(measure: Measure, finger: Make) -> None:
    for level in (0, 50000):
        last = after(measure([(level, ir) for _, ir in finger(25)]), 12)
        assert all(r.pulse == pytest.approx(72, rel=0.02) for r in last)
        assert {(r.spo2, r.spo2_reason) for r in last} == {(None, Reason.LOW_SIGNAL)}


def test_noise_in_red_is_uncorrelated(measure: Measure, finger: Make) -> None:
    noisy = finger(25, ratio=0.0, noise_counts=300, breath_pct=0, seed=5)
    last = after(measure([(red, ir) for (red, _), (_, ir) in zip(noisy, finger(25), strict=True)]), 12)
    assert all(r.pulse is not None for r in last)
    assert {(r.spo2, r.spo2_reason) for r in last} == {(None, Reason.UNCORRELATED)}


def test_swapped_channels_are_called_so(measure: Measure, finger: Make) -> None:
    last = after(measure([(ir, red) for red, ir in finger(25)]), 12)
    assert {(r.spo2, r.spo2_reason) for r in last} == {(None, Reason.CHANNELS_SWAPPED)}
    assert all(r.pulse == pytest.approx(72, rel=0.02) for r in last)


def test_a_deep_desaturation_is_not_taken_for_swapped_channels(measure: Measure, finger: Make) -> None:
    assert {r.spo2_reason for r in after(measure(finger(20, ratio=1.65)), 12)} == {Reason.OK}


def test_outside_the_curve_nothing_is_read(measure: Measure, finger: Make) -> None:
    last = after(measure(finger(20, ratio=0.2)), 12)
    assert {(r.spo2, r.spo2_reason) for r in last} == {(None, Reason.OUT_OF_RANGE)}


@pytest.mark.parametrize("counts", [60000, 110000])
def test_constant_input_has_no_pulse(measure: Measure, counts: int) -> None:
    readings = measure([(counts, counts)] * 2500)
    assert {r.pulse for r in readings} == {r.spo2 for r in readings} == {r.perfusion for r in readings} == {None}
    assert readings[-1].pulse_reason == Reason.LOW_SIGNAL


def test_thirty_seconds_of_noise_have_no_pulse(measure: Measure, finger: Make) -> None:
    readings = measure(finger(30, perfusion_pct=0, breath_pct=0, noise_counts=60))
    assert sum(r.pulse is not None for r in readings) <= 0.03 * len(readings)
    assert {r.spo2 for r in readings} == {None}


def test_saturation_is_a_reason_and_lowers_the_current(measure: Measure, finger: Make) -> None:
    readings = measure([(min(262143, 3 * red), min(262143, 3 * ir)) for red, ir in finger(15)])
    assert {r.spo2 for r in readings} == {None}
    assert Reason.SATURATED in {r.pulse_reason for r in readings}
    assert readings[-1].led_ir < readings[0].led_ir


def test_a_dim_finger_gets_more_current_and_a_bright_one_less(measure: Measure, finger: Make) -> None:
    dim = measure(finger(8, dc_red=20000, dc_ir=30000))
    assert max(r.led_ir for r in dim) > dim[0].led_ir
    assert max(r.led_red for r in dim) > dim[0].led_red
    bright = measure(finger(8, dc_red=90000, dc_ir=230000))
    assert min(r.led_ir for r in bright) < bright[0].led_ir
    assert {r.led_red for r in bright} == {bright[0].led_red}


def test_light_that_does_not_follow_the_current_is_measured_as_it_is(measure: Measure, finger: Make) -> None:
    last = measure(finger(40, dc_red=20000, dc_ir=30000))[-1]
    assert last.led_ir == last.led_red == 32
    assert last.pulse == pytest.approx(72, rel=0.02)
    assert last.spo2 == pytest.approx(97, abs=1.5)


# ---------------------------------------------------------------- disturbed signals


def shaken(samples: Samples, start_s: float, end_s: float, counts: int) -> Samples:
    """Jerks at uneven times, alike in both colours."""
    out = list(samples)
    push = 0.0
    x = 12345
    for i in range(int(start_s * 100), int(end_s * 100)):
        x = x * 16807 % 2147483647
        if x % 23 == 0:
            push += (x % 2001 - 1000) / 1000 * counts
        push *= 0.96
        red, ir = samples[i]
        out[i] = (int(red + push * 0.8), int(ir + push))
    return out


def test_motion_gives_no_wrong_number(measure: Measure, finger: Make) -> None:
    readings = measure(shaken(finger(60), 20, 35, 9000))
    given = [r for r in after(readings, 10) if r.pulse is not None]
    assert sum(abs(r.pulse - 72) > 8 for r in given) <= 0.03 * len(given)
    disturbed = within(readings, 27, 35)
    assert sum(r.pulse is None for r in disturbed) >= len(disturbed) / 2
    assert Reason.MOTION in {r.pulse_reason for r in disturbed}
    assert readings[-1].pulse == pytest.approx(72, rel=0.03)


def test_lost_samples_start_a_new_stretch(measure: Measure, finger: Make) -> None:
    signal = finger(50)
    readings = measure(signal[:2500] + signal[2550:], lost={2500: 50})
    assert Reason.SAMPLES_LOST in {r.pulse_reason for r in within(readings, 28, 35) if r.pulse is None}
    given = [r for r in after(readings, 10) if r.pulse is not None]
    assert all(r.pulse == pytest.approx(72, rel=0.05) for r in given)
    assert readings[-1].pulse is not None


def test_a_jump_of_the_light_spoils_nothing_but_its_own_stretch(measure: Measure, finger: Make) -> None:
    signal = finger(25) + finger(25, dc_red=55000, dc_ir=60000, seed=4)
    readings = measure(signal)
    given = [r for r in after(readings, 10) if r.pulse is not None]
    assert all(r.pulse == pytest.approx(72, rel=0.06) for r in given)
    assert all(r.spo2 == pytest.approx(97, abs=2) for r in given if r.spo2 is not None)
    assert readings[-1].pulse is not None


def test_an_uneven_rhythm_is_averaged_and_marked_or_withheld(measure: Measure, finger: Make) -> None:
    given = [r for r in after(measure(finger(60, variability_pct=25)), 15) if r.pulse is not None]
    assert all(45 <= r.pulse <= 95 for r in given)
    assert any(r.pulse_reason == Reason.IRREGULAR and r.quality <= 50 for r in given)
