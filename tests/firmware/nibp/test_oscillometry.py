# SPDX-License-Identifier: Apache-2.0
"""What the oscillometric evaluation makes of oscillograms, and what it refuses."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitalwire_protocol.codec import NibpOutcome

Oscillogram = tuple[list[int], list[int], list[int]]
PLAY = Path(__file__).with_name("play_oscillogram.py")


def hill(
    top: float = 93,
    above: float = 22,
    below: float = 18,
    height: float = 2.5,
    start: float = 160,
    end: float = 50,
    step: float = 3.0,
    noise: float = 0.0,
    floor: float = 0.1,
    seed: int = 1,
) -> Oscillogram:
    """A bell with a width of its own on each side (standard deviations `above` and `below`, mmHg)."""
    rng = random.Random(seed)
    pressures, amplitudes, times = [], [], []
    p, t = start, 500.0
    while p > end:
        width = above if p > top else below
        a = floor + height * math.exp(-(((p - top) / width) ** 2) / 2) + rng.gauss(0, noise)
        pressures.append(round(p * 100))
        amplitudes.append(max(0, round(a * 1000)))
        times.append(round(t))
        p -= step
        t += 83 + rng.gauss(0, 2)
    return pressures, amplitudes, times


def distance(share: float) -> float:
    """How many standard deviations from the top a bell has fallen to a share."""
    return math.sqrt(2 * math.log(1 / share))


@pytest.fixture
def judge(play: Callable[..., Any], tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Judges oscillograms under both interpreters; numbers in mmHg and 1/min."""

    def run(*given: Oscillogram) -> list[dict[str, Any]]:
        path = tmp_path / "oscillograms.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        out = []
        for outcome, *numbers, quality in play(PLAY, str(path)):
            sbp, map_, dbp, pulse = (None if v is None else v / 10 for v in numbers)
            out.append({"outcome": outcome, "sbp": sbp, "map": map_, "dbp": dbp, "pulse": pulse, "quality": quality})
        return out

    return run


Judge = Callable[..., list[dict[str, Any]]]


def test_the_pressures_lie_at_published_shares_of_a_known_bell(judge: Judge) -> None:
    (said,) = judge(hill(floor=0))
    assert said["outcome"] == NibpOutcome.OK
    assert said["map"] == pytest.approx(93, abs=2)
    # Published shares: 0.45-0.73 for the systolic, 0.69-0.83 for the diastolic pressure.
    assert 93 + 22 * distance(0.70) <= said["sbp"] <= 93 + 22 * distance(0.30)
    assert 93 - 18 * distance(0.65) <= said["dbp"] <= 93 - 18 * distance(0.85)
    assert said["pulse"] == pytest.approx(60 / 0.83, abs=1)
    assert said["quality"] >= 80


def test_noise_moves_the_reading_little(judge: Judge) -> None:
    clean = judge(hill())[0]
    for said in judge(*(hill(noise=0.12, seed=s) for s in range(20))):
        assert said["outcome"] == NibpOutcome.OK
        assert said["sbp"] == pytest.approx(clean["sbp"], abs=6)
        assert said["dbp"] == pytest.approx(clean["dbp"], abs=6)


def test_lone_wrong_beats_are_left_out(judge: Judge) -> None:
    clean = judge(hill())[0]
    spoiled = []
    for at, factor in ((12, 2.2), (20, 0.3), (25, 2.5), (8, 6.0)):
        pressures, amplitudes, times = hill()
        amplitudes[at] = round(amplitudes[at] * factor)
        spoiled.append((pressures, amplitudes, times))
    for said in judge(*spoiled):
        assert said["outcome"] == NibpOutcome.OK
        for name in ("sbp", "map", "dbp"):
            assert said[name] == pytest.approx(clean[name], abs=4)


@pytest.mark.parametrize(
    ("oscillogram", "outcome"),
    [
        (([], [], []), NibpOutcome.NO_PULSE),
        (hill(height=0.05, floor=0.05), NibpOutcome.NO_PULSE),
        (hill(height=0.2, floor=0.05), NibpOutcome.WEAK_PULSE),
        (hill(step=18), NibpOutcome.TOO_FEW_BEATS),
        (hill(start=105), NibpOutcome.NOT_BRACKETED),
        (hill(end=83), NibpOutcome.NOT_BRACKETED),
        (hill(top=170, start=150), NibpOutcome.NO_CLEAR_MAXIMUM),
        (hill(noise=1.2, seed=3), NibpOutcome.MOVEMENT),
        (hill(top=33, above=10, below=8, start=70, end=10, step=1), NibpOutcome.IMPLAUSIBLE),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(judge: Judge, oscillogram: Oscillogram, outcome: int) -> None:
    (said,) = judge(oscillogram)
    assert said["outcome"] == outcome
    assert (said["sbp"], said["map"], said["dbp"], said["quality"]) == (None, None, None, None)


def test_no_oscillogram_whatever_raises_or_gives_half_a_result(judge: Judge) -> None:
    rng = random.Random(5)
    wild = []
    for n in [*range(12), *(rng.randrange(12, 128) for _ in range(60))]:
        pressures = [rng.randrange(65536) for _ in range(n)]
        if n % 2:
            pressures.sort(reverse=True)
        wild.append((pressures, [rng.randrange(1 + 2 ** rng.randrange(17)) % 65536 for _ in range(n)],
                     sorted(rng.randrange(20000) for _ in range(n))))  # fmt: skip
    wild += [([9000] * 40, [2000] * 40, list(range(40))), ([9000 - i for i in range(40)], [0] * 40, [7] * 40)]
    for said in judge(*wild):
        assert said["outcome"] in set(NibpOutcome)
        given = [said[k] is not None for k in ("sbp", "map", "dbp", "quality")]
        assert given == [said["outcome"] == NibpOutcome.OK] * 4
        if said["outcome"] == NibpOutcome.OK:
            assert 25 <= said["dbp"] < said["map"] < said["sbp"] <= 270
