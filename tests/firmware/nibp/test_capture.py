# SPDX-License-Identifier: Apache-2.0
"""What the capture finds in a falling pressure: every beat with its height, whatever else the pressure does."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLAY = Path(__file__).with_name("play_capture.py")
Trace = list[float]
"""mmHg, 100 a second."""
Captured = dict[str, Any]


def pulse(phase: float) -> float:
    """One beat of oscillation, 0 to 1: a quick rise and a slow fall."""
    return math.sin(math.pi * phase / 0.36) ** 2 if phase < 0.18 else math.exp(-((phase - 0.18) / 0.25)) * (1 - phase)


def falling(
    seconds: float = 20,
    height: float = 2.0,
    bpm: float = 72,
    rate: float = 4.0,
    noise: float = 0.1,
    start: float = 150,
    seed: int = 1,
    extra: Callable[[float], float] = lambda _: 0.0,
) -> Trace:
    """A deflation with beats of one height."""
    rng = random.Random(seed)
    beat_s = 60 / bpm
    times = (k / 100 for k in range(int(seconds * 100)))
    return [
        start - rate * t + height * pulse(t / beat_s % 1.0) + rng.gauss(0, noise) + extra(t)  #
        for t in times
    ]


@pytest.fixture
def capture(play: Callable[..., Any], tmp_path: Path) -> Callable[..., list[Captured]]:
    """Captures traces under both interpreters."""

    def run(*traces: Trace, dump: bool = False) -> list[Captured]:
        path = tmp_path / "traces.json"
        given = [{"cmmhg": [round(100 * p) for p in trace], "dump": dump} for trace in traces]
        path.write_text(json.dumps(given), encoding="utf-8")
        found: list[Captured] = play(PLAY, str(path))
        return found

    return run


def heights(found: Captured) -> list[float]:
    return [amplitude / 1000 for _, amplitude, _ in found["beats"]]


@pytest.mark.parametrize("bpm", [40, 72, 110, 150])
@pytest.mark.parametrize("rate", [2.0, 6.0])
def test_each_beat_has_its_height_at_any_pulse_and_any_rate_of_the_fall(
    capture: Callable[..., list[Captured]], bpm: float, rate: float
) -> None:
    (found,) = capture(falling(bpm=bpm, rate=rate, noise=0.05))
    count = 20 * bpm / 60
    assert count - 4 <= len(found["beats"]) <= count
    assert found["period_10ms"] == pytest.approx(6000 / bpm, rel=0.06)
    # The mean of 80 ms takes more off the top of a quick pulse.
    usual = sorted(heights(found))[len(found["beats"]) // 2]
    assert 1.2 <= usual <= 2.05
    assert all(abs(h - usual) <= 0.25 for h in heights(found)[1:-1])
    intervals = [b[2] - a[2] for a, b in zip(found["beats"], found["beats"][1:], strict=False)]
    assert all(abs(i - 6000 / bpm) <= 4 or i > 9000 / bpm for i in intervals)
    for pressure, amplitude, t_10ms in found["beats"]:
        line = 150 - rate * t_10ms / 100
        assert pressure / 100 == pytest.approx(line + amplitude / 3000, abs=1.2)


def test_the_noise_is_that_of_the_sensor_whatever_the_beats(capture: Callable[..., list[Captured]]) -> None:
    for noise, found in zip((0.1, 0.2, 0.3), capture(*(falling(noise=n) for n in (0.1, 0.2, 0.3))), strict=True):
        assert found["noise_mmmhg"] / 1000 == pytest.approx(noise, rel=0.12)


def test_steps_of_a_whole_mmhg_are_borne(capture: Callable[..., list[Captured]]) -> None:
    (found,) = capture([float(round(p)) for p in falling(noise=0.1)])
    assert len(found["beats"]) >= 19
    assert sorted(heights(found))[len(found["beats"]) // 2] == pytest.approx(1.7, abs=0.4)


def test_a_glitch_of_one_sample_is_no_beat(capture: Callable[..., list[Captured]]) -> None:
    clean = falling()
    glitches = list(clean)
    for k in range(150, 1900, 97):
        glitches[k] -= 6
    plain, spoiled = capture(clean, glitches)
    assert len(spoiled["beats"]) == len(plain["beats"])
    assert spoiled["left_out"] == plain["left_out"]
    for a, b in zip(heights(plain), heights(spoiled), strict=True):
        assert a == pytest.approx(b, abs=0.12)


def jerk(t: float) -> float:
    return 5 * math.exp(-(((t - 9.3) / 0.15) ** 2))


def shift(t: float) -> float:
    return 4.0 if 8.0 < t < 11.5 else 0.0


def tremor(t: float) -> float:
    return 1.2 * math.sin(2 * math.pi * 5.5 * t) if 7 < t < 12 else 0.0


@pytest.mark.parametrize("movement", [jerk, shift, tremor], ids=["jerk", "shift", "tremor"])
def test_beats_that_the_arm_disturbed_are_left_out_and_counted(
    capture: Callable[..., list[Captured]], movement: Callable[[float], float]
) -> None:
    still, moved = capture(falling(), falling(extra=movement))
    assert moved["left_out"] > still["left_out"]
    usual = sorted(heights(still))[len(still["beats"]) // 2]
    # One that slips through is no more than the fit bears.
    assert sum(abs(h - usual) > 0.5 for h in heights(moved)[1:-1]) <= 1
    assert len(moved["beats"]) >= 12
    assert moved["period_10ms"] == pytest.approx(83, abs=5)


def test_a_tremor_alone_is_no_pulse(capture: Callable[..., list[Captured]]) -> None:
    for hertz in (4.2, 5.5, 6.8):

        def shaking(t: float, hertz: float = hertz) -> float:
            return 1.0 * math.sin(2 * math.pi * hertz * t)

        (found,) = capture(falling(height=0.0, extra=shaking))
        assert found["period_10ms"] is None, hertz


def test_two_beats_that_take_turns_are_two_beats(capture: Callable[..., list[Captured]]) -> None:
    """An uneven rhythm repeats itself after two beats better than after one."""
    trace = falling(height=0.0, noise=0.05)
    t, k = 0.5, 0
    while t < 19:
        length = (0.7, 1.0)[k % 2]
        for n in range(int(length * 100)):
            at = int(t * 100) + n
            if at < len(trace):
                trace[at] += 2 * pulse(n / length / 100)
        t += length
        k += 1
    (found,) = capture(trace)
    assert len(found["beats"]) >= 18


def test_a_dump_ends_the_record_before_it(capture: Callable[..., list[Captured]]) -> None:
    trace = falling(seconds=12)
    last = trace[-1]
    trace += [last - 0.6 * k for k in range(100)]
    (found,) = capture(trace, dump=True)
    assert 1200 <= found["dumped_at"] <= 1240
    assert found["end_cmmhg"] / 100 == pytest.approx(last, abs=4)
    assert len(found["beats"]) >= 11
    assert max(heights(found)) <= 2.3


def test_beats_are_found_as_they_come_and_the_rest_in_small_steps(capture: Callable[..., list[Captured]]) -> None:
    (found,) = capture(falling())
    assert len(found["beats"]) - 3 <= found["found_early"] <= len(found["beats"]) + 2
    assert found["steps"] > 20


@pytest.mark.parametrize("value", [-900.0, 0.0, 327.0])
def test_a_constant_whatever_it_is_has_no_pulse(capture: Callable[..., list[Captured]], value: float) -> None:
    (found,) = capture([value] * 3000)
    assert found["period_10ms"] is None
    assert found["noise_mmmhg"] == 0
    assert all(h == 0 for h in heights(found))
