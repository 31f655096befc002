# SPDX-License-Identifier: Apache-2.0
"""What the oximeter makes of movement, noise, odd pulses and changes: near the truth, or nothing and a reason."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from vitalwire_protocol.codec import Reason

Samples = list[tuple[int, int]]
Make = Callable[..., Samples]
Measure = Callable[..., list[Any]]


def after(readings: list[Any], seconds: float) -> list[Any]:
    return [r for r in readings if r.sample >= seconds * 100]


def each_second(readings: list[Any]) -> list[Any]:
    return [r for r in readings if r.sample % 100 == 0]


def moved(samples: Samples, counts: float, seed: int, red_share: float = 1.0, from_s: float = 0.0) -> Samples:
    """A finger that moves all the time: a random walk in steps of 0.12 s that is drawn back, in both colours."""
    rng = random.Random(seed)
    out = list(samples[: int(from_s * 100)])
    here = before = 0.0
    for i in range(len(out), len(samples)):
        if i % 12 == 0:
            before, here = here, 0.75 * here + counts * (rng.random() - rng.random())
        now = before + (here - before) * (i % 12) / 12
        red, ir = samples[i]
        out.append((int(red + red_share * now), int(ir + now)))
    return out


# ---------------------------------------------------------------- no pulse at all


def _white(rng: random.Random) -> list[float]:
    return [rng.gauss(0, 300) for _ in range(9000)]


def _brown(rng: random.Random) -> list[float]:
    out = [0.0]
    for _ in range(8999):
        out.append(out[-1] * 0.999 + rng.gauss(0, 30))
    return out


def _jerks(rng: random.Random) -> list[float]:
    out, push = [], 0.0
    for _ in range(9000):
        push = 0.96 * (push + (rng.uniform(-2000, 2000) if rng.random() < 0.03 else 0))
        out.append(push)
    return out


def _rocking(rng: random.Random) -> list[float]:
    """Somebody rocks to and fro at a pace that wanders."""
    out, phase, pace = [], 0.0, 1.1
    for _ in range(9000):
        pace = min(1.8, max(0.6, pace + rng.gauss(0, 0.02)))
        phase += pace / 100
        out.append(900 * math.sin(2 * math.pi * phase) * (1 + 0.3 * math.sin(phase)))
    return out


@pytest.mark.parametrize("kind", [_white, _brown, _jerks], ids=lambda f: f.__name__[1:])
def test_movement_without_a_pulse_is_hardly_ever_taken_for_one_and_never_gives_a_saturation(
    measure: Measure, kind: Callable[[random.Random], list[float]]
) -> None:
    noise = kind(random.Random(4))
    readings = each_second(measure([(int(90000 + 0.8 * v), int(110000 + v)) for v in noise]))
    assert sum(r.pulse is not None for r in readings) <= 0.05 * len(readings)
    assert {r.spo2 for r in readings} == {None}
    assert {r.pulse_reason for r in readings} & {Reason.MOTION, Reason.NO_PULSE, Reason.LOW_QUALITY}


def test_rocking_at_a_wandering_pace_is_given_a_low_quality_at_most(measure: Measure) -> None:
    noise = _rocking(random.Random(4))
    readings = each_second(measure([(int(90000 + v), int(110000 + v)) for v in noise]))
    assert all(r.pulse is None or r.quality < 70 for r in readings)


def _pulls(rng: random.Random) -> list[float]:
    """A cable that is pulled, up as fast as down; no two pulls are alike in time or in size."""
    out: list[float] = []
    while len(out) < 9000:
        length, size = max(40, round(rng.gauss(95, 24))), 900 * rng.uniform(0.2, 1.0)
        out += [size * math.sin(math.pi * i / length) ** 2 for i in range(length)]
    return out[:9000]


def test_pulls_at_the_cable_are_seldom_taken_for_a_pulse_and_not_for_a_good_one(measure: Measure) -> None:
    given, total = [], 0
    for seed in range(6):
        readings = each_second(measure([(int(90000 - v), int(110000 - v)) for v in _pulls(random.Random(seed))]))
        given += [r.quality for r in readings if r.pulse is not None]
        total += len(readings)
    assert len(given) <= 0.12 * total
    assert max(given, default=0) < 60


# ---------------------------------------------------------------- a pulse under movement


@pytest.mark.parametrize("counts", [400, 1200, 4000])
def test_a_moving_finger_gives_a_pulse_near_the_truth_or_none(measure: Measure, finger: Make, counts: int) -> None:
    for seed, bpm in ((1, 64.0), (2, 96.0)):
        given = [r for r in after(measure(moved(finger(60, pulse_bpm=bpm), counts, seed)), 8) if r.pulse is not None]
        assert all(r.pulse == pytest.approx(bpm, abs=5) for r in given)


@pytest.mark.parametrize("counts", [400, 1200, 4000])
def test_what_moves_in_both_colours_does_not_draw_the_saturation(measure: Measure, finger: Make, counts: int) -> None:
    """Red is moved more than infrared, as 85 % would be: 97 must not become 90."""
    given = []
    for seed in (1, 2):
        readings = measure(moved(finger(60, pulse_bpm=70), counts, seed, red_share=1.1))
        given += [r for r in each_second(after(readings, 8)) if r.spo2 is not None]
    assert all(r.spo2 == pytest.approx(97, abs=4) for r in given)
    if counts == 400:
        assert len(given) >= 60, "a little movement does not take the saturation away"


def test_movement_is_the_reason_when_the_beats_disagree_on_the_saturation(measure: Measure, finger: Make) -> None:
    readings = after(measure(moved(finger(60), 1500, 3, red_share=1.2, from_s=15)), 25)
    silent = [r for r in readings if r.pulse is not None and r.spo2 is None]
    assert silent
    assert {r.spo2_reason for r in silent} <= {Reason.MOTION, Reason.LOW_QUALITY, Reason.UNCORRELATED}
    assert Reason.MOTION in {r.spo2_reason for r in silent}


def test_quality_falls_as_movement_grows(measure: Measure, finger: Make) -> None:
    qualities = []
    for counts in (0, 500, 1500):
        readings = each_second(after(measure(moved(finger(50), counts, 5)), 12))
        qualities.append(sum(r.quality or 0 for r in readings) / len(readings))
    assert qualities[0] > 95
    assert qualities[0] > qualities[1] > qualities[2]


def test_one_jerk_costs_no_more_than_a_few_readings(measure: Measure, finger: Make) -> None:
    signal = finger(50)
    for i in range(100):
        red, ir = signal[2500 + i]
        push = int(6000 * math.sin(math.pi * i / 100))
        signal[2500 + i] = (red - push, ir - push)
    readings = each_second(after(measure(signal), 12))
    assert sum(r.pulse is None for r in readings) <= 4
    assert all(r.pulse == pytest.approx(72, rel=0.04) for r in readings if r.pulse is not None)
    assert all(r.spo2 == pytest.approx(97, abs=1.5) for r in readings if r.spo2 is not None)


# ---------------------------------------------------------------- pulses that mislead


def wave(pulse_bpm: float, second: float, alternate: float = 0.0, seconds: float = 40) -> Samples:
    """Beats with a second wave of that height 0.3 s after the first; every other beat is lower by `alternate`."""
    out = []
    for i in range(int(seconds * 100)):
        phase = i / 100 * pulse_bpm / 60
        value = 0.0
        for beat in (math.floor(phase) - 1, math.floor(phase)):
            t = (phase - beat) * 60 / pulse_bpm
            size = 1 - alternate * (beat % 2)
            # As in an artery, each wave rises faster than it falls.
            value += size * math.exp(-(((t - 0.15) / (0.05 if t < 0.15 else 0.1)) ** 2) / 2)
            value += size * second * math.exp(-(((t - 0.47) / (0.07 if t < 0.47 else 0.12)) ** 2) / 2)
        out.append((round(90000 * (1 - 0.0104 * value)), round(110000 * (1 - 0.02 * value))))
    return out


@pytest.mark.parametrize("pulse_bpm", [45, 66])
def test_a_second_wave_nearly_as_high_as_the_first_is_not_a_beat(measure: Measure, pulse_bpm: float) -> None:
    last = after(measure(wave(pulse_bpm, 0.7)), 14)
    assert all(r.pulse == pytest.approx(pulse_bpm, rel=0.02) for r in last)
    assert all(r.spo2 == pytest.approx(97, abs=1.5) for r in last)


def test_beats_that_alternate_in_height_are_all_counted(measure: Measure) -> None:
    assert all(r.pulse == pytest.approx(80, rel=0.02) for r in after(measure(wave(80, 0.2, alternate=0.3)), 14))


# ---------------------------------------------------------------- changes


@pytest.mark.parametrize(("before", "now"), [(60, 110), (120, 65)])
def test_a_pulse_that_jumps_is_followed_within_fifteen_seconds(
    measure: Measure, finger: Make, before: float, now: float
) -> None:
    readings = measure(finger(30, pulse_bpm=before) + finger(40, pulse_bpm=now))
    settled = each_second(after(readings, 45))
    assert all(r.pulse == pytest.approx(now, rel=0.03) for r in settled)
    between = [r.pulse for r in readings if 3000 < r.sample < 4500 and r.pulse is not None]
    assert all(0.9 * min(before, now) <= pulse <= 1.1 * max(before, now) for pulse in between)


def test_a_pulse_that_goes_takes_its_saturation_along_within_five_seconds(measure: Measure, finger: Make) -> None:
    readings = measure(finger(25, perfusion_pct=2.5) + finger(20, perfusion_pct=0.03, seed=9))
    assert readings[0].spo2 is None
    assert all(r.spo2 is None for r in after(readings, 30))


def test_a_reading_is_as_late_as_it_says(measure: Measure, finger: Make) -> None:
    """A ramp of the saturation: the reading is what was true `delay_ms` before (5 s with an averaging of 8 s)."""
    signal: Samples = []
    for second in range(60):
        ratio = 0.52 + 0.008 * max(0, second - 15)
        signal += finger(60, ratio=ratio)[second * 100 : second * 100 + 100]
    readings = [r for r in each_second(measure(signal)) if 3000 <= r.sample <= 5500]
    for r in readings:
        true = 110 - 25 * (0.52 + 0.008 * (r.sample / 100 - 0.5 - 5 - 15))
        assert r.spo2 == pytest.approx(true, abs=0.5)
