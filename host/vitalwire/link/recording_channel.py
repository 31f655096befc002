# SPDX-License-Identifier: Apache-2.0
"""Which column of a recording carries the pulse: the one that repeats best at the rates of a heart.

A camera's green and red, say, differ from recording to recording: one may be dark, or at its end, or shake. The
judgement sees nothing but the values: slow and fast parts are taken off, and in stretches of 6 s the highest peak of
the autocorrelation between 30 and 250 beats a minute is looked for.
"""

from __future__ import annotations

from itertools import accumulate
from statistics import median
from typing import Final

RATE_HZ: Final = 25
STRETCH: Final = 150
LAGS: Final = range(6, 51)
STRETCHES_MOST: Final = 60
"""So many, evenly spread, are enough for a judgement."""
AS_GOOD: Final = 0.05


def best_channel(candidates: dict[str, list[int]], preferred: tuple[str, ...]) -> str:
    """The name of the column whose values (100 a second) repeat best; the first preferred of those about as good."""
    found = {name: regularity(values) for name, values in candidates.items()}
    enough = max(found.values()) - AS_GOOD
    return next(name for name in preferred if name in found and found[name] >= enough)


def regularity(values: list[int]) -> float:
    """How well values at 100 Hz repeat at the rates of a heart: 0 not at all, 1 perfectly."""
    slow = [sum(values[i : i + 4]) / 4 for i in range(0, len(values) - 3, 4)]
    sums = list(accumulate(slow, initial=0.0))
    half = RATE_HZ // 2
    pulse = [
        (sums[i + 2] - sums[i - 1]) / 3 - (sums[i + half + 1] - sums[i - half]) / (2 * half + 1)
        for i in range(half, len(slow) - half)
    ]
    last = len(pulse) - STRETCH - LAGS.stop
    if last < 0:
        return 0.0
    step = max(STRETCH, last // STRETCHES_MOST)
    return median(_highest_peak(pulse[at : at + STRETCH + LAGS.stop]) for at in range(0, last + 1, step))


def _highest_peak(wave: list[float]) -> float:
    """Of the autocorrelation of the first `STRETCH` values with later ones."""
    here = wave[:STRETCH]
    own = sum(v * v for v in here)
    found = []
    for lag in LAGS:
        there = wave[lag : lag + STRETCH]
        power = own * sum(v * v for v in there)
        found.append(sum(a * b for a, b in zip(here, there, strict=True)) / power**0.5 if power > 0 else 0.0)
    inner = range(1, len(found) - 1)
    return max((found[k] for k in inner if found[k - 1] <= found[k] >= found[k + 1]), default=0.0)


__all__ = ["best_channel", "regularity"]
