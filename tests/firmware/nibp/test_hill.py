# SPDX-License-Identifier: Apache-2.0
"""The curve of the oscillations: it is found again where it was, and says how sure it is."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLAY = Path(__file__).with_name("play_hill.py")
Beats = tuple[list[int], list[int], int]


def curve(p: float, top: float, up: float, down: float, steep_up: float, steep_down: float) -> float:
    """Share of the height at a pressure, as `hill` describes it."""
    width, steep = (up, steep_up) if p >= top else (down, steep_down)
    return 1 / (1 + (abs(p - top) / width) ** steep)


def beats(
    height: float = 2.0,
    top: float = 92,
    up: float = 28,
    down: float = 26,
    steep_up: float = 2.4,
    steep_down: float = 2.8,
    noise: float = 0.0,
    step: float = 4.0,
    start: float = 160,
    end: float = 55,
    seed: int = 1,
    wrong: dict[int, float] | None = None,
) -> Beats:
    rng = random.Random(seed)
    pressures, amplitudes = [], []
    p = start
    while p > end:
        amplitude = height * curve(p, top, up, down, steep_up, steep_down) + rng.gauss(0, noise)
        pressures.append(round(100 * p))
        amplitudes.append(max(0, round(1000 * amplitude)))
        p -= step
    for i, amplitude in (wrong or {}).items():
        amplitudes[i] = round(1000 * amplitude)
    return pressures, amplitudes, max(30, round(1000 * noise))


@pytest.fixture
def fit(play: Callable[..., Any], tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    def run(*given: Beats) -> list[dict[str, Any]]:
        path = tmp_path / "beats.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        found: list[dict[str, Any]] = play(PLAY, str(path))["fits"]
        return found

    return run


Fit = Callable[..., list[dict[str, Any]]]


@pytest.mark.parametrize("top", [60, 92, 130])
@pytest.mark.parametrize(("up", "down"), [(18, 16), (28, 26), (40, 24), (26, 40)])
def test_a_curve_is_found_again_from_its_beats(fit: Fit, top: float, up: float, down: float) -> None:
    (found,) = fit(beats(top=top, up=up, down=down, start=top + 2.2 * up, end=max(8, top - 1.6 * down)))
    assert found["height"] / 1000 == pytest.approx(2.0, rel=0.04)
    assert found["top"] / 100 == pytest.approx(top, abs=3.5)
    for p, amplitude in zip(range(3000, 18000, 500), found["curve"], strict=True):
        if top - 1.5 * down < p / 100 < top + 2 * up:
            assert amplitude / 2000 == pytest.approx(curve(p / 100, top, up, down, 2.4, 2.8), abs=0.04)
    assert found["spread"] <= 2


def test_steepness_is_seen_on_both_sides(fit: Fit) -> None:
    gentle, sharp = fit(beats(steep_up=1.8, steep_down=2.2, step=3), beats(steep_up=3.2, steep_down=3.6, step=3))
    assert gentle["steep_up"] < 2.2 < 2.7 < sharp["steep_up"]
    assert gentle["steep_down"] < 2.6 < 3.0 < sharp["steep_down"]


def test_wrong_beats_move_the_curve_little(fit: Fit) -> None:
    plain, spoiled = fit(beats(noise=0.05), beats(noise=0.05, wrong={4: 2.5, 12: 0.1, 15: 6.0, 20: 2.0}))
    assert spoiled["top"] == pytest.approx(plain["top"], abs=250)
    assert spoiled["height"] == pytest.approx(plain["height"], rel=0.06)
    assert spoiled["up"] == pytest.approx(plain["up"], rel=0.12)
    assert spoiled["down"] == pytest.approx(plain["down"], rel=0.15)


def test_a_high_stretch_at_the_beginning_is_not_taken_for_the_hill(fit: Fit) -> None:
    plain, spoiled = fit(beats(noise=0.05), beats(noise=0.05, wrong={0: 2.6, 1: 2.4, 2: 2.5}))
    assert spoiled["top"] == pytest.approx(plain["top"], abs=300)


def test_the_noisier_and_the_fewer_the_beats_the_less_sure(fit: Fit) -> None:
    fine, noisy, few, cut = fit(
        beats(noise=0.03, step=3), beats(noise=0.25, step=3), beats(noise=0.03, step=12), beats(noise=0.03, start=104)
    )
    assert fine["unsure"] < 25
    assert noisy["unsure"] > 1.5 * fine["unsure"]
    assert few["unsure"] > fine["unsure"]
    assert cut["unsure"] > fine["unsure"]


def test_what_it_is_sure_of_holds(fit: Fit) -> None:
    """Over many draws of the noise the top and the upper edge lie about where the uncertainty says."""
    given = [beats(noise=0.15, seed=s) for s in range(40)]
    found = fit(*given)
    off = [(f["top"] + f["up"]) / 100 - 120 for f in found]
    spread = math.sqrt(sum(x * x for x in off) / len(off))
    unsure = sum(f["unsure"] for f in found) / len(found) / 10
    assert spread / 3 < unsure < spread * 3


def test_no_beats_whatever_break_it(fit: Fit) -> None:
    rng = random.Random(3)
    wild: list[Beats] = []
    for n in (7, 8, 20, 64, 128):
        wild.append(([rng.randrange(65536) for _ in range(n)], [rng.randrange(16001) for _ in range(n)], 30))
        wild.append(([9000] * n, [2000] * n, 30))
        wild.append(([9000 - i for i in range(n)], [rng.choice((0, 16000)) for _ in range(n)], 6000))
    for found in fit(*wild):
        assert 0 < found["height"] <= 60000
        assert 0 <= found["top"] <= 65535


def test_logarithms_powers_and_shares(play: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_text("[]", encoding="utf-8")
    logs, powers, shares = play(PLAY, str(path))["tables"]
    for found, n in zip(logs, (1, 2, 3, 100, 2970, 30000), strict=True):
        assert found / 1024 == pytest.approx(math.log2(n), abs=0.003)
    assert powers == [pytest.approx(n, rel=0.004) for n in (800, 2970, 14000)]
    for found, q in zip(shares, (-20000, -8192, -1024, 0, 1024, 8192, 20000), strict=True):
        assert found / 16384 == pytest.approx(1 / (1 + 2 ** max(-8.0, min(8.0, q / 1024))), abs=0.002)
