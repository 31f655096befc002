# SPDX-License-Identifier: Apache-2.0
"""The artery under the cuff, as tables for the simulated board, and what oscillations it must make.

Area against transmural pressure is Langewouters' arctangent (Journal of Biomechanics 17 (1984) 425-435) times a
logistic collapse (Drzewiecki, Hood and Apple, Annals of Biomedical Engineering 22 (1994) 88-96: c = 0.1 / mmHg, a width
of 10 mmHg). That is another family than Babbs' two exponentials, which the simulated board's own artery is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from accuracy.population.draw import Draw

ZERO = 160
TOP = 352
ATMOSPHERE_MMHG = 760.0


@dataclass(frozen=True)
class Artery:
    """Pressures in mmHg. `half_mmhg` is Langewouters' P0, `width_mmhg` his P1; the other two are the collapse's."""

    largest_ml: float
    half_mmhg: float
    width_mmhg: float
    buckling_mmhg: float
    collapse_mmhg: float
    segments: tuple[tuple[int, int], ...]

    def volume_ml(self, across_mmhg: float) -> float:
        """Volume of the whole compressed length at one transmural pressure."""
        spread = 0.5 + math.atan((across_mmhg - self.half_mmhg) / self.width_mmhg) / math.pi
        open_part = 1 / (1 + math.exp(-(across_mmhg - self.buckling_mmhg) / self.collapse_mmhg))
        return self.largest_ml * spread * open_part

    def table_nl(self, scale: float = 1.0) -> list[int]:
        """What the simulated board wants: nL at -160..352 mmHg."""
        return [round(self.volume_ml(p) * scale * 1e6) for p in range(-ZERO, TOP + 1)]


@dataclass(frozen=True)
class CuffAir:
    """The cuff: mL when just filled, and how it stretches (`stretch P / (P + half) + slope P`)."""

    empty_ml: int
    stretch_ml: int
    half_mmhg: int
    slope_ul_mmhg: int

    def compliance(self, p: float) -> float:
        """mL of air (at 760 mmHg) for one mmHg more at p mmHg."""
        volume = self.empty_ml + self.stretch_ml * p / (p + self.half_mmhg) + self.slope_ul_mmhg * p / 1000
        slope = self.stretch_ml * self.half_mmhg / (p + self.half_mmhg) ** 2 + self.slope_ul_mmhg / 1000
        return (volume + (ATMOSPHERE_MMHG + p) * slope) / ATMOSPHERE_MMHG


def draw_artery(draw: Draw, age: float, stiffness: float, mean_mmhg: float) -> Artery:
    """An artery for a person; `stiffness` is 1 for a healthy fifty-year-old.

    Brachial diameters of adults are 3.5-5.5 mm and grow a little with age; the compressed length is what a standard
    adult bladder of 12-13 cm covers, less its edges. P0 falls with age, as it does in aortas (72 - 0.89 age, mmHg), and
    hypertension shifts the compliance towards higher pressures (Drzewiecki and Pilla, Annals of Biomedical Engineering
    26 (1998) 965-974). The medians are set so that the oscillations at the systolic and the diastolic pressure, which
    follow from them, are on the mean the published 0.5-0.55 and 0.8 of the largest.
    """
    diameter_mm = draw.normal(4.1 + 0.006 * (age - 50), 0.5, 3.0, 5.8)
    length_mm = draw.normal(105, 12, 75, 140)
    half = draw.normal(5 - 0.15 * (age - 50) + 0.06 * (mean_mmhg - 93), 4, -15, 30)
    width = draw.around(26 * stiffness**0.5, 0.2, 13, 55)
    buckling = draw.normal(0.0, 2.0, -6, 8)
    collapse = draw.around(9.5 * stiffness**0.25, 0.2, 5, 17)
    largest_ml = math.pi / 4 * diameter_mm**2 * length_mm / 1000
    return Artery(largest_ml, half, width, buckling, collapse, draw_segments(draw))


def draw_segments(draw: Draw) -> tuple[tuple[int, int], ...]:
    """Shares of the length and the part of the cuff's pressure they feel: all of it in the middle, less to the edges.

    Alexander, Cohen and Steinfeld (Medical and Biological Engineering and Computing 15 (1977) 2-10) found the full
    pressure under the central part of a cuff that is wide enough, and a fall towards its edges.
    """
    middle = draw.uniform(0.58, 0.80)
    edge = draw.uniform(0.30, 0.65)
    steps = 4
    shares = [round(1000 * middle)]
    parts = [1000]
    for i in range(steps):
        shares.append(round(1000 * (1 - middle) / steps))
        x = (i + 0.5) / steps
        parts.append(round(1000 * (1 - (1 - edge) * (1 - math.cos(math.pi * x)) / 2)))
    shares[0] += 1000 - sum(shares)
    return tuple(zip(shares, parts, strict=True))


def draw_cuff(draw: Draw) -> CuffAir:
    """Air volume of adult cuffs: Babbs 2012 takes 300 mL, the simulated board 200-260; here wider, as wraps differ."""
    empty = draw.normal(200, 45, 110, 320)
    stretch = draw.around(60, 0.35, 25, 140)
    return CuffAir(round(empty), round(stretch), round(draw.uniform(15, 40)), round(draw.uniform(20, 110)))


def oscillation(artery: Artery, cuff: CuffAir, cuff_mmhg: float, sbp: float, dbp: float, scale: float = 1.0) -> float:
    """How far the pressure of a shut cuff swings between diastole and systole, mmHg, slowly, without noise."""

    def volume(arterial: float, p: float) -> float:
        return sum(share * artery.volume_ml(arterial - p * part / 1000) for share, part in artery.segments) / 1000

    rest = volume(dbp, cuff_mmhg)
    swing = 0.0
    for _ in range(4):
        swell = (volume(sbp, cuff_mmhg + swing) - rest) * scale
        p = cuff_mmhg + swing / 2
        swing = swell * (ATMOSPHERE_MMHG + p) / ATMOSPHERE_MMHG / cuff.compliance(p)
    return swing


def envelope(
    artery: Artery,
    cuff: CuffAir,
    sbp: float,
    dbp: float,
    scale: float = 1.0,
    pressures: Sequence[int] = range(20, 281, 3),
) -> dict[int, float]:
    """Oscillation at each cuff pressure."""
    return {p: oscillation(artery, cuff, p, sbp, dbp, scale) for p in pressures}
