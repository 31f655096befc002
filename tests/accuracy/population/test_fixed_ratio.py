# SPDX-License-Identifier: Apache-2.0
"""The textbook's method does what the textbook says, on cycles whose hill is known."""

import math
import random

import pytest

from accuracy.fixed_ratio import deflation, fixed_ratio, median3, read_off

RATE_HZ = 100


def cycle(sbp=120.0, top=95.0, dbp=80.0, rate=3.5, pulse_hz=1.2, noise=0.02, floor=50.0, height=2.0, start=160.0):
    """Up, down with a hill of oscillations that is 0.55 of its height at `sbp` and 0.75 at `dbp`, dump."""
    out = [0.0] * 100 + [start * i / 700 for i in range(700)] + [start] * 100
    noisy = random.Random(5)
    wide = (sbp - top) / math.sqrt(-2 * math.log(0.55))
    narrow = (top - dbp) / math.sqrt(-2 * math.log(0.75))
    t = 0.0
    while (p := start - rate * t) > floor:
        hill = height * math.exp(-0.5 * ((p - top) / (wide if p > top else narrow)) ** 2)
        out.append(p + hill / 2 * math.sin(2 * math.pi * pulse_hz * t) + noisy.gauss(0, noise))
        t += 1 / RATE_HZ
    return out + [floor * math.exp(-i / 80) for i in range(600)]


@pytest.mark.parametrize(
    "case", [{}, {"rate": 2.5}, {"pulse_hz": 2.2}, {"sbp": 150, "top": 110, "dbp": 92, "start": 190}]
)
def test_a_known_hill_is_read_off_at_its_ratios(case):
    wanted = {"sbp": 120, "top": 95, "dbp": 80, **case}
    sbp, mean, dbp = fixed_ratio(cycle(**case), RATE_HZ)
    assert sbp == pytest.approx(wanted["sbp"], abs=3)
    assert mean == pytest.approx(wanted["top"], abs=4)
    assert dbp == pytest.approx(wanted["dbp"], abs=3)


def test_the_deflation_alone_gives_the_same():
    whole = cycle()
    start, end = deflation(whole, RATE_HZ)
    assert whole[start] == pytest.approx(155, abs=1)
    assert whole[end - 1] == pytest.approx(50, abs=3)
    assert fixed_ratio(whole[start - 150 : end], RATE_HZ)[0] == pytest.approx(fixed_ratio(whole, RATE_HZ)[0], abs=1)


@pytest.mark.parametrize(
    "nothing",
    [[], [0.0] * 3000, [160.0] * 3000, cycle(height=0.0), cycle(floor=100), [100.0] * 50],
    ids=["empty", "zero", "held", "no pulse", "half a hill", "short"],
)
def test_where_there_is_no_hill_there_is_no_value(nothing):
    assert fixed_ratio(nothing, RATE_HZ) is None


def test_one_wild_beat_is_taken_out_by_the_median():
    assert median3([1, 1, 9, 1, 1]) == [1, 1, 1, 1, 1]
    assert median3([3]) == [3]


def test_lines_are_drawn_between_the_beats_beside_a_ratio():
    pressure = [150, 140, 130, 120, 110, 100, 90]
    amplitude = [0.1, 0.45, 0.65, 0.9, 1.0, 0.8, 0.7]
    assert read_off(pressure, amplitude) == pytest.approx((135, 110, 95))
