# SPDX-License-Identifier: Apache-2.0
"""A saturation curve of one sensor: from pairs of ratio of ratios and SpO2 to knots for `vitals.oximetry.curve`.

The curve is a falling straight line. Its slope is the median slope of all pairs of points (Theil 1950, Sen 1968), so
that a quarter of the points may be wrong; two numbers are all that some ten to a hundred readings of one person can
carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Pair = tuple[float, float]
"""Ratio of ratios and SpO2 in %."""
Knots = list[tuple[int, int]]
"""R in 1/1000 and SpO2 in 0.1 %, R rising and SpO2 not rising."""

PAIRS_LEAST = 6
APART = 0.02
"""Two ratios nearer than this say nothing of a slope."""
LOWEST_PCT = 60.0
"""Where the curve ends: nothing is read from it where nobody calibrates."""
FULL_FOR = 0.2
"""For so much of R below the point of 100 % the curve says 100 %: an error of R must not end in no value there."""
RATIO_MOST = 5000


class CalibrationError(ValueError):
    """These pairs make no curve; the message says why."""


def fit(pairs: Sequence[Pair]) -> Knots:
    """Knots of the curve through `pairs`. Raises CalibrationError."""
    if len(pairs) < PAIRS_LEAST:
        raise CalibrationError(f"{len(pairs)} pairs are too few for a curve, it needs {PAIRS_LEAST}")
    slopes = [
        (b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(pairs) for b in pairs[i + 1 :] if abs(b[0] - a[0]) >= APART
    ]
    slope = median(slopes) if slopes else 0.0
    if slope >= 0:
        raise CalibrationError("SpO2 does not fall while the ratio rises: this is no calibration")
    level = median(spo2 - slope * ratio for ratio, spo2 in pairs)
    full = (100.0 - level) / slope
    lowest = min((LOWEST_PCT - level) / slope, RATIO_MOST / 1000)
    knots: Knots = []
    if full > 0:
        knots = [(max(1, round(1000 * (full - FULL_FOR))), 1000), (round(1000 * full), 1000)]
    else:
        knots = [(1, _tenths(level))]
    knots.append((round(1000 * lowest), _tenths(level + slope * lowest)))
    knots = [knot for i, knot in enumerate(knots) if i == 0 or knot[0] > knots[i - 1][0]]
    if len(knots) < 2:
        raise CalibrationError("the curve would be steeper than any sensor's")
    return knots


def _tenths(spo2_pct: float) -> int:
    return min(1000, max(0, round(10 * spo2_pct)))


def blocks(count: int, most: int = 5) -> list[range]:
    """`count` items in order, in up to `most` contiguous blocks of about the same size."""
    parts = min(most, count)
    return [range(k * count // parts, (k + 1) * count // parts) for k in range(parts)]
