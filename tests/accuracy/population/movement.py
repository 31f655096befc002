# SPDX-License-Identifier: Apache-2.0
"""Movement of the arm in the cuff, as volume that it squeezes out of it: knots of a line, (ms, nL).

Sizes are this project's own: a movement of a few tenths to a few mL makes swings of the cuff's pressure from about the
size of the pulse to several times it, which is what artefacts in recorded cuff pressures look like.
"""

from __future__ import annotations

import math

from accuracy.population.draw import Draw

Knots = list[tuple[float, float]]
"""(s, mL); in rising time, 0 before the first and after the last."""

JERK = "jerk"
SHIFT = "shift"
TREMOR = "tremor"
FLEX = "flex"


def event(draw: Draw, start_s: float, strength: float) -> tuple[Knots, str]:
    """One movement. `strength` scales it (1: usual)."""
    kind = draw.one_of(((0.35, JERK), (0.25, SHIFT), (0.15, TREMOR), (0.25, FLEX)))
    if kind == JERK:
        return _jerk(draw, start_s, strength), kind
    if kind == SHIFT:
        return _shift(draw, start_s, strength), kind
    if kind == TREMOR:
        return _tremor(draw, start_s, draw.uniform(2, 5), strength), kind
    return _flex(draw, start_s, draw.uniform(1.5, 4), strength), kind


def _jerk(draw: Draw, t: float, strength: float) -> Knots:
    """A short tug or twitch."""
    height = strength * draw.around(1.2, 0.5, 0.4, 4) * draw.one_of(((0.8, 1.0), (0.2, -1.0)))
    rise = draw.uniform(0.08, 0.25)
    hold = draw.uniform(0.05, 0.5)
    return [
        (t, 0.0),
        (t + rise, height),
        (t + rise + hold, height * draw.uniform(0.5, 1)),
        (t + rise + hold + 0.4, 0.0),
    ]


def _shift(draw: Draw, t: float, strength: float) -> Knots:
    """The arm is tensed or lies differently for a while."""
    height = strength * draw.around(1.2, 0.4, 0.4, 3.5)
    rise = draw.uniform(0.2, 0.6)
    hold = draw.uniform(1.5, 4)
    return [(t, 0.0), (t + rise, height), (t + rise + hold, height), (t + 2 * rise + hold, 0.0)]


def _tremor(draw: Draw, t: float, seconds: float, strength: float) -> Knots:
    """Shaking at 4-7 Hz."""
    height = strength * draw.around(0.3, 0.4, 0.1, 0.8)
    half = 0.5 / draw.uniform(4, 7)
    knots: Knots = [(t, 0.0)]
    sign = 1.0
    while t < knots[0][0] + seconds:
        t += half * draw.uniform(0.85, 1.15)
        knots.append((t, sign * height * draw.uniform(0.6, 1)))
        sign = -sign
    return [*knots, (t + half, 0.0)]


def _flex(draw: Draw, t: float, seconds: float, strength: float) -> Knots:
    """Slow irregular movement of elbow or hand."""
    height = strength * draw.around(1.0, 0.4, 0.4, 3)
    knots: Knots = [(t, 0.0)]
    while t < knots[0][0] + seconds:
        t += draw.uniform(0.15, 0.5)
        knots.append((t, draw.uniform(-1, 1) * height))
    return [*knots, (t + 0.3, 0.0)]


def spells(draw: Draw, until_s: float) -> tuple[Knots, float]:
    """Movements with quiet of 9-20 s on the mean between them, and which share of the time they take."""
    knots: Knots = []
    moved = 0.0
    strength = draw.around(1, 0.35, 0.5, 2.5)
    gap_s = draw.uniform(9, 20)
    t = draw.uniform(8, 26)  # the first one within the first deflation
    while t < until_s:
        more, _ = event(draw, t, strength)
        knots += more
        moved += more[-1][0] - more[0][0]
        t = more[-1][0] + 0.5 + gap_s * -math.log(1 - draw.unit())
    return knots, moved / until_s


def restless(draw: Draw, until_s: float) -> Knots:
    """Movement without a pause that is several times the pulse."""
    knots: Knots = [(1.5, 0.0)]
    t = 1.5
    strength = draw.uniform(2.0, 3.5)
    while t < until_s:
        t += draw.uniform(0.15, 0.45)
        knots.append((t, strength * draw.uniform(-1, 1)))
    return [*knots, (t + 0.3, 0.0)]


def breathing(draw: Draw, breaths_per_min: float, until_s: float) -> Knots:
    """The chest that the arm leans on: a small slow swing, 0.02-0.1 mL."""
    height = draw.around(0.04, 0.5, 0.01, 0.12)
    step = 60 / breaths_per_min / 8
    phase = draw.uniform(0, 1)
    count = int(until_s / step) + 2
    return [(i * step, height * math.sin(2 * math.pi * (i / 8 + phase))) for i in range(count)]


def _at(knots: Knots, t: float, i: int) -> tuple[float, int]:
    while i < len(knots) - 1 and knots[i + 1][0] <= t:
        i += 1
    if t <= knots[0][0] or i == len(knots) - 1:
        return (knots[0][1] if t <= knots[0][0] else knots[-1][1]), i
    (t0, y0), (t1, y1) = knots[i], knots[i + 1]
    return y0 + (y1 - y0) * (t - t0) / (t1 - t0), i


def for_board(lines: list[Knots]) -> list[list[int]] | None:
    """The sum of several lines as the simulated board wants it: [[ms, nL], ...], or None if there is none."""
    lines = [line for line in lines if line]
    times = sorted({round(t * 1000) for line in lines for t, _ in line})
    total = [0.0] * len(times)
    for line in lines:
        k = 0
        for n, ms in enumerate(times):
            y, k = _at(line, ms / 1000, k)
            total[n] += y
    return [[ms, round(y * 1e6)] for ms, y in zip(times, total, strict=True)] or None
