# SPDX-License-Identifier: Apache-2.0
"""The board's milliseconds on the host's clock: offset and drift in spite of delays, wraps and jumps."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitalwire.link.clockfit import WRAP, ClockFit


def run(
    fit: ClockFit,
    seconds: int,
    *,
    start_ms: int = 5000,
    offset_ms: int = 777_000,
    drift_ppm: float = 0.0,
    jitter: float = 0,
) -> float:
    """A heartbeat a second, each late by up to `jitter` ms; returns the worst error of the second half in ms."""
    rng = random.Random(1)
    worst = 0.0
    for second in range(seconds):
        device = start_ms + 1000 * second
        true_host = offset_ms + device * (1 + drift_ppm / 1e6)
        late = rng.expovariate(1 / jitter) if jitter else 0.0
        fit.observe(device % WRAP, round(true_host + late))
        mapped = fit.host_ms(device % WRAP)
        assert mapped is not None
        if second > seconds // 2:
            worst = max(worst, abs(mapped - true_host))
    return worst


def test_before_any_message_nothing_is_known() -> None:
    assert ClockFit().host_ms(1000) is None


def test_one_message_gives_the_offset() -> None:
    fit = ClockFit()
    fit.observe(1000, 501_000)
    assert fit.host_ms(1000) == 501_000
    assert fit.host_ms(1250) == 501_250


def test_without_delay_and_drift_it_is_exact() -> None:
    assert run(ClockFit(), 600) <= 0.5


@pytest.mark.parametrize("drift_ppm", [-120.0, -20.0, 35.0, 200.0])
def test_drift_is_found_through_jitter(drift_ppm: float) -> None:
    fit = ClockFit()
    worst = run(fit, 900, drift_ppm=drift_ppm, jitter=8.0)
    assert worst < 6.0
    assert fit.drift_ppm == pytest.approx(drift_ppm, abs=15)


def test_a_burst_of_late_messages_moves_nothing() -> None:
    fit = ClockFit()
    run(fit, 120)
    for second in range(120, 125):  # the host slept and reads five heartbeats at once
        fit.observe(5000 + 1000 * second, 777_000 + 5000 + 125_000)
    assert fit.host_ms(5000 + 125_000) == 777_000 + 130_000
    assert fit.resets == 0


def test_the_device_clock_wraps_after_49_days() -> None:
    fit = ClockFit()
    assert run(fit, 120, start_ms=WRAP - 60_000, offset_ms=1000) <= 0.5
    assert fit.resets == 0


def test_an_older_device_time_maps_back() -> None:
    fit = ClockFit()
    run(fit, 120)
    assert fit.host_ms(10_000) == 787_000


def test_a_clock_that_jumped_back_is_fitted_anew() -> None:
    fit = ClockFit()
    run(fit, 120)
    run(fit, 60, start_ms=125_000, offset_ms=700_000)  # the host's clock was set back by 77 s
    assert fit.resets == 1
    assert fit.host_ms(184_000) == 884_000


def test_a_clock_that_jumped_forward_is_fitted_anew_when_it_stays_so() -> None:
    fit = ClockFit()
    run(fit, 120)
    run(fit, 60, start_ms=125_000, offset_ms=900_000)
    assert fit.resets == 1
    assert fit.host_ms(184_000) == 1_084_000


def test_the_quickest_question_bounds_the_error() -> None:
    fit = ClockFit()
    for trip in (30, 4, 12):
        fit.observe_answer(1000, 5000, 5000 + trip)
    assert fit.round_trip_ms == 4


def test_a_restart_forgets_everything() -> None:
    fit = ClockFit()
    run(fit, 120)
    fit.restart()
    fit.observe(0, 1_000_000)
    assert fit.host_ms(500) == 1_000_500


@given(st.lists(st.tuples(st.integers(0, WRAP - 1), st.integers(0, 2**40)), max_size=60))
@example([(0, 0), (10_000, 10_001), (0, 0), (20_000, 19_750)])
def test_any_numbers_are_borne(observations: list[tuple[int, int]]) -> None:
    fit = ClockFit()
    for device, host in observations:
        fit.observe(device, host)
        assert isinstance(fit.host_ms(device), int)
