# SPDX-License-Identifier: Apache-2.0
"""From (ratio, reference SpO2) to the curve that the board reads SpO2 from: falling, through what was measured.

Points that contradict one another are pooled (isotonic regression, Ayer and others 1955), so that the curve never
rises; beyond its ends it goes on as steeply as a textbook's, a little, because a reading at the edge has noise too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

Knots = tuple[tuple[int, int], ...]
"""R in 1/1000 rising, SpO2 in 0.1 % not rising: as the board keeps it."""
Pairs = Sequence[tuple[float, float]]

TEXTBOOK: Final[Knots] = ((300, 1000), (400, 1000), (1760, 660))
"""110 - 25 R, what a board without a calibration reads from (`firmware/vitals/oximetry/curve.py`)."""
POINTS_LEAST: Final = 5
SPAN_PCT: Final = 20.0
"""The points must reach from at most 78 to at least 95 %, or so far apart: a curve is not continued into the dark."""
TOP_PCT: Final = 95.0
POOLED_PCT: Final = 2.0
"""So far a point may be from the falling curve: an oximeter is allowed Arms 4 % (ISO 80601-2-61) in all."""
FROM_TEXTBOOK_PCT: Final = 12.0
"""Curves of real sensors lie within this of 110 - 25 R; beyond it the LEDs, their order or the reference is wrong."""
SLOPE_LEAST, SLOPE_MOST = 10.0, 60.0
"""Percent SpO2 a unit of R, over the whole curve."""
RATIO_LEAST, RATIO_MOST = 0.2, 3.5
CHECK_PCT: Final = 3.0
"""`--check`: the largest error of one point that passes."""
_END_RATIO: Final = 0.12
_END_SLOPE: Final = 25.0


def monotone(pairs: Pairs) -> list[tuple[float, float]]:
    """The falling curve nearest to the points: (R rising, SpO2 not rising)."""
    blocks: list[list[float]] = []  # sum of R, sum of SpO2, count
    for ratio, spo2 in sorted(pairs):
        blocks.append([ratio, spo2, 1.0])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] <= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return [(r / n, s / n) for r, s, n in blocks]


def fit(pairs: Pairs) -> tuple[Knots | None, list[str]]:
    """The curve, and why it must not be used: none where nothing speaks against it."""
    problems = _too_little(pairs)
    if problems:
        return None, problems
    middle = monotone(pairs)
    knots = _knots(middle)
    problems += _insane(pairs, middle, knots)
    return knots, problems


def spo2_at(knots: Knots, ratio: float) -> float | None:
    """SpO2 in % by a curve, None outside it, as the board reads it."""
    x = ratio * 1000
    for (x0, y0), (x1, y1) in pairwise(knots):
        if x0 <= x <= x1:
            return (y0 + (y1 - y0) * (x - x0) / (x1 - x0)) / 10
    return None


def _too_little(pairs: Pairs) -> list[str]:
    if len(pairs) < POINTS_LEAST:
        return [f"{len(pairs)} points are too few for a curve, it needs {POINTS_LEAST}"]
    spo2 = [value for _, value in pairs]
    if max(spo2) < TOP_PCT or max(spo2) - min(spo2) < SPAN_PCT:
        return [
            f"the points reach from {min(spo2):.0f} to {max(spo2):.0f} %: they must reach {TOP_PCT:.0f} % and span "
            f"{SPAN_PCT:.0f} %, because a curve is not continued to where nobody measured"
        ]
    for ratio, value in pairs:
        if not RATIO_LEAST <= ratio <= RATIO_MOST:
            return [f"ratio {ratio:.2f} at {value:.0f} %: no finger gives that; are red and infrared swapped?"]
    return []


def _knots(middle: list[tuple[float, float]]) -> Knots:
    """Through the pooled points, and a little beyond both ends; where two fall on one value the first stays."""
    (first, top), (last, bottom) = middle[0], middle[-1]
    full = first - (100.0 - top) / _END_SLOPE
    ends = [(max(0.01, full - _END_RATIO), 100.0), (full, 100.0)] if full > 0.02 else []
    beyond = (last + _END_RATIO, max(0.0, bottom - _END_RATIO * _END_SLOPE))
    knots: list[tuple[int, int]] = []
    for ratio, spo2 in [*ends, *middle, beyond]:
        knot = (round(1000 * ratio), min(1000, max(0, round(10 * spo2))))
        if not knots or (knot[0] > knots[-1][0] and knot[1] <= knots[-1][1]):
            knots.append(knot)
    return tuple(knots)


def _insane(pairs: Pairs, middle: list[tuple[float, float]], knots: Knots) -> list[str]:
    found = []
    for ratio, spo2 in pairs:
        by = spo2_at(knots, ratio)
        if by is None or abs(by - spo2) > POOLED_PCT:
            found.append(
                f"the point of {spo2:.0f} % (ratio {ratio:.3f}) contradicts its neighbours: SpO2 must fall while the"
                " ratio rises"
            )
    far = max(middle, key=lambda pair: abs(pair[1] - (110 - 25 * pair[0])))
    off = far[1] - (110 - 25 * far[0])
    if abs(off) > FROM_TEXTBOOK_PCT:
        found.append(
            f"at ratio {far[0]:.2f} the curve is {off:+.0f} % from a usual sensor's, limit +-{FROM_TEXTBOOK_PCT:.0f} %:"
            " the LEDs, their order or the reference is wrong"
        )
    (first, top), (last, bottom) = middle[0], middle[-1]
    slope = (top - bottom) / (last - first) if last > first else 0.0
    if not SLOPE_LEAST <= slope <= SLOPE_MOST:
        found.append(
            f"the curve falls by {slope:.0f} % a unit of ratio, sensors do by {SLOPE_LEAST:.0f} to {SLOPE_MOST:.0f}"
        )
    if len(knots) > 16:
        found.append(f"{len(pairs)} points make more knots than the board keeps (16)")
    return found


__all__ = ["CHECK_PCT", "TEXTBOOK", "Knots", "fit", "monotone", "spo2_at"]
