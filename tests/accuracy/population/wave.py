# SPDX-License-Identifier: Apache-2.0
"""Pulse waves: of the pressure in the brachial artery and of the light in a finger, each a family of its own.

A wave is 257 heights over the phases of one beat. The first 96 phases are the systole, which keeps its length when the
heart slows down. Knots are joined by monotone cubics (Fritsch and Carlson 1980), not by the simulated board's steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from accuracy.population.draw import Draw

PHASES = 256
SYSTOLE = 96
UNIT = 1 << 14
FORM_FACTOR = (0.30, 0.46)
"""(MAP - DBP) / (SBP - DBP): 0.33 by tradition, 0.40 by invasive measurements (Bos and others, Journal of Hypertension
25 (2007) 751-755), 0.34 +- 0.056 by tonometry; the generator keeps to this band."""

Knots = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Wave:
    """`heights` are 257 numbers 0..16384; `systole_ms` is how long the systole lasts at most."""

    heights: tuple[int, ...]
    systole_ms: int

    def phase_at(self, t_s: float, length_s: float) -> float:
        """Phase (0..256) at a time of a beat, as the simulated board maps them."""
        systole = self.systole_s(length_s)
        if t_s < systole:
            return t_s / systole * SYSTOLE
        return SYSTOLE + (t_s - systole) / (length_s - systole) * (PHASES - SYSTOLE)

    def systole_s(self, length_s: float) -> float:
        return min(self.systole_ms / 1000, length_s * 3 / 8)

    def height(self, phase: float) -> float:
        """0..1."""
        k = min(int(phase), PHASES - 1)
        return (self.heights[k] + (self.heights[k + 1] - self.heights[k]) * (phase - k)) / UNIT

    def mean(self, length_s: float) -> float:
        """Mean height over a beat of this length, which is its form factor."""
        early, late = self._halves()
        systole = self.systole_s(length_s)
        return (early * systole + late * (length_s - systole)) / length_s

    def mean_phase(self, length_s: float) -> float:
        """Mean phase over a beat of this length."""
        systole = self.systole_s(length_s)
        return (SYSTOLE / 2 * systole + (SYSTOLE + PHASES) / 2 * (length_s - systole)) / length_s

    def _halves(self) -> tuple[float, float]:
        def mean(low: int, high: int) -> float:
            inner = sum(self.heights[low + 1 : high]) + (self.heights[low] + self.heights[high]) / 2
            return inner / (high - low) / UNIT

        return mean(0, SYSTOLE), mean(SYSTOLE, PHASES)


def smooth(knots: Knots) -> tuple[int, ...]:
    """Heights 0..16384 through the knots (phase, height), without overshoot."""
    xs = [x for x, _ in knots]
    ys = [y for _, y in knots]
    slopes = _monotone_slopes(xs, ys)
    raw = []
    k = 0
    for phase in range(PHASES + 1):
        while k < len(xs) - 2 and phase > xs[k + 1]:
            k += 1
        width = xs[k + 1] - xs[k]
        t = (phase - xs[k]) / width
        a, b = 1 - t, t
        raw.append(
            ys[k] * a * a * (1 + 2 * t)
            + ys[k + 1] * b * b * (3 - 2 * t)
            + slopes[k] * width * t * a * a
            - slopes[k + 1] * width * t * t * a
        )
    low = min(raw[0], raw[-1])
    high = max(raw)
    heights = [max(0, round((y - low) / (high - low) * UNIT)) for y in raw]
    heights[0] = heights[-1] = 0
    heights[heights.index(max(heights))] = UNIT
    return tuple(heights)


def _monotone_slopes(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    rises = [(ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) for i in range(len(xs) - 1)]
    slopes = [0.0] * len(xs)
    for i in range(1, len(xs) - 1):
        before, after = rises[i - 1], rises[i]
        if before * after > 0:
            slopes[i] = 2 * before * after / (before + after)
    slopes[0] = rises[0] * 0.5
    slopes[-1] = rises[-1] * 0.5
    return slopes


def systole_ms(pulse_bpm: float) -> int:
    """Ejection time 413 - 1.7 pulse (Weissler, Harris and Schoenfeld, Circulation 37 (1968) 149-159)."""
    return round(max(140.0, min(400.0, 413 - 1.7 * pulse_bpm)))


def draw_arterial(draw: Draw, stiffness: float, pulse_bpm: float) -> Wave:
    """A brachial pressure wave. With stiffness the late systolic shoulder rises and the run-off gets steeper."""
    while True:
        wave = Wave(smooth(_arterial_knots(draw, stiffness)), systole_ms(pulse_bpm))
        if FORM_FACTOR[0] <= wave.mean(60 / pulse_bpm) <= FORM_FACTOR[1]:
            return wave


def _arterial_knots(draw: Draw, stiffness: float) -> list[tuple[float, float]]:
    stiff = math.log(stiffness)
    peak = draw.normal(33, 4, 24, 44)
    shoulder = min(0.97, max(0.45, draw.normal(0.72 + 0.16 * stiff, 0.08)))
    notch = min(shoulder - 0.08, max(0.22, draw.normal(0.42 + 0.02 * stiff, 0.06)))
    dicrotic = notch + max(-0.02, draw.normal(0.035 - 0.04 * stiff, 0.025))
    bow = max(0.3, draw.normal(0.50 - 0.05 * stiff, 0.07))  # of the run-off: half way down in time it is here
    return [
        (0, 0.0),
        (peak * 0.42, 0.52),
        (peak, 1.0),
        (peak + 26, shoulder),
        (SYSTOLE - 4, notch),
        (SYSTOLE + 11, dicrotic),
        (SYSTOLE + 50, dicrotic * (bow + 0.22)),
        (SYSTOLE + 95, dicrotic * bow * 0.72),
        (PHASES, 0.0),
    ]


NOTCHED = "notched"
BOUNDING = "strong second wave"
ROUNDED = "rounded"
LATE = "late peak"
SHARP = "sharp"
LIGHT_SHAPES = (NOTCHED, BOUNDING, ROUNDED, LATE, SHARP)


def draw_light(draw: Draw) -> tuple[Wave, str]:
    """A wave of a finger's light and its kind.

    The classes follow Dawber, Thomas and McNamara, Angiology 24 (1973) 244-255, from a clear notch to none; strong
    second waves are those of wide vessels, late peaks those of stiff ones.
    """
    kind = draw.one_of(((0.30, NOTCHED), (0.20, BOUNDING), (0.20, ROUNDED), (0.15, LATE), (0.15, SHARP)))
    notch_at = draw.normal(90, 6, 76, 104)
    if kind == NOTCHED:
        peak, notch = draw.uniform(34, 46), draw.uniform(0.30, 0.60)
        second = notch + draw.uniform(0.02, 0.12)
    elif kind == BOUNDING:
        peak, notch = draw.uniform(28, 40), draw.uniform(0.10, 0.35)
        second = notch + draw.uniform(0.15, 0.35)
    elif kind == ROUNDED:
        peak, notch = draw.uniform(44, 62), draw.uniform(0.62, 0.78)
        second = notch - draw.uniform(0.08, 0.16)
    elif kind == LATE:
        peak, notch = draw.uniform(62, 78), draw.uniform(0.55, 0.75)
        second = notch - draw.uniform(0.0, 0.08)
    else:
        peak, notch = draw.uniform(22, 30), draw.uniform(0.20, 0.40)
        second = notch + draw.uniform(-0.04, 0.06)
    bow = draw.uniform(0.35, 0.55)
    knots = [
        (0, 0.0),
        (peak * 0.45, draw.uniform(0.40, 0.60)),
        (peak, 1.0),
        (notch_at, notch),
        (notch_at + draw.uniform(16, 28), second),
        (notch_at + 85, second * bow),
        (PHASES, 0.0),
    ]
    return Wave(smooth(knots), 310), kind
