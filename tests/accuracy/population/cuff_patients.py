# SPDX-License-Identifier: Apache-2.0
"""The patients whose pressure is measured: each follows from its seed alone. Sources and limits: README.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from accuracy.population import movement
from accuracy.population.artery import Artery, CuffAir, draw_artery, draw_cuff, envelope
from accuracy.population.draw import Draw
from accuracy.population.rhythm import ECTOPIC, FIBRILLATION, REGULAR, Beat, Pace, draw_beats, draw_pace, for_board
from accuracy.population.wave import Wave, draw_arterial

LASTS_S = 240.0
"""Beats and movement are drawn for this long: two readings with the rest between them."""
PEAK_MMHG = (0.5, 4.0)
NOISE_MMHG = (0.1, 0.3)
CLEAR = 3.0
"""Where there is a right answer the largest oscillation is at least this many times the noise (RMS)."""

NO_ARM = "no arm in the cuff"
PULSELESS = "no pulse in the arm"
BURIED = "oscillations below the noise"
RESTLESS = "movement without a pause"
LEAK = "gross leak"
CUT_SHORT = "hose off in the middle"
TOO_LOW = "pressure too low for an adult's cuff"

_NO_ANSWER = (
    (0.025, NO_ARM),
    (0.015, PULSELESS),
    (0.030, BURIED),
    (0.040, RESTLESS),
    (0.025, LEAK),
    (0.015, CUT_SHORT),
    (0.015, TOO_LOW),
)
"""Shares of the whole population that have no right answer, by reason."""
_ECTOPIC_SHARE = 0.17
_FIBRILLATION_SHARE = 0.05
_MOVING_SHARE = 0.27
_WEAK_SHARE = 0.07
_LEAKY_SHARE = 0.10


@dataclass(frozen=True)
class CuffPatient:
    """One patient. Pressures in mmHg. `reason` says why there is no right answer; empty where there is one."""

    seed: int
    age: float
    stiffness: float
    sbp: float
    dbp: float
    pulse_bpm: float
    rhythm: str
    moving: bool
    noise_mmhg: float
    peak_mmhg: float
    scale: float
    reason: str
    artery: Artery = field(repr=False)
    cuff: CuffAir
    wave: Wave = field(repr=False)
    pace: Pace = field(repr=False)
    beats: tuple[Beat, ...] = field(repr=False)
    squeeze: list[list[int]] | None = field(repr=False)
    faults: tuple[tuple[str, float, dict[str, float]], ...] = ()

    @property
    def answerable(self) -> bool:
        return not self.reason

    @property
    def map(self) -> float:
        """As drawn; the truth of a reading is that of its own beats (`rhythm.truth`)."""
        return self.dbp + (self.sbp - self.dbp) * self.wave.mean(60 / self.pulse_bpm)

    def strata(self) -> dict[str, str]:
        """Labels by which the rows are parted."""
        return {
            "map": _band(self.map, (70, 105), "mmHg"),
            "pulse_pressure": _band(self.sbp - self.dbp, (35, 60), "mmHg"),
            "pulse": _band(self.pulse_bpm, (60, 100), "/min"),
            "peak": _band(self.peak_mmhg, (1, 2), "mmHg"),
            "noise": _band(self.noise_mmhg, (0.2,), "mmHg"),
            "rhythm": self.rhythm,
            "ectopy": "yes" if self.rhythm == ECTOPIC else "no",
            "movement": "yes" if self.moving else "no",
            "age": _band(self.age, (40, 65), "y"),
            "why_none": self.reason or "-",
        }

    def board(self) -> dict[str, Any]:
        """What the player needs: the patient as the simulated board's JSON, and what is so on the board."""
        nothing = self.reason == NO_ARM
        return {
            "seed": self.seed,
            "noise_mmmhg": round(self.noise_mmhg * math.sqrt(6) * 1000),
            "faults": [list(fault) for fault in self.faults],
            "patient": {
                "description": f"Patient {self.seed} of the population.",
                "person": {
                    "artery": {
                        "volume_nl": self.artery.table_nl(0.0 if nothing else self.scale),
                        "segments": [list(segment) for segment in self.artery.segments],
                        "wave": list(self.wave.heights),
                        "systole_ms": self.wave.systole_ms,
                    },
                    "cuff": vars(self.cuff),
                    "beats": for_board(self.beats),
                    "squeeze": self.squeeze,
                },
                "points": [{"t_s": 0}],
            },
        }


def _band(value: float, edges: tuple[float, ...], unit: str) -> str:
    for low, high in zip((None, *edges), (*edges, None), strict=True):
        if high is None:
            return f">={low:g} {unit}"
        if value < high:
            return f"<{high:g} {unit}" if low is None else f"{low:g}-{high:g} {unit}"
    raise AssertionError


def patient(seed: int) -> CuffPatient:
    """The patient of a seed."""
    fate = Draw(seed, "fate")
    reason = fate.one_of((*_NO_ANSWER, (1 - sum(share for share, _ in _NO_ANSWER), "")))
    rhythm = fate.one_of(
        (
            (_ECTOPIC_SHARE, ECTOPIC),
            (_FIBRILLATION_SHARE, FIBRILLATION),
            (1 - _ECTOPIC_SHARE - _FIBRILLATION_SHARE, REGULAR),
        )
    )
    moving = fate.chance(_MOVING_SHARE)
    age, stiffness, mean, width, pulse = _circulation(Draw(seed, "circulation"), reason)
    wave = draw_arterial(Draw(seed, "wave"), stiffness, pulse)
    dbp = mean - width * wave.mean(60 / pulse)
    sbp = dbp + width
    artery = draw_artery(Draw(seed, "artery"), age, stiffness, mean)
    cuff = draw_cuff(Draw(seed, "cuff"))
    scale, peak = _coupled(Draw(seed, "coupling"), artery, cuff, sbp, dbp, reason)
    pace = draw_pace(Draw(seed, "pace"), sbp, dbp, pulse, age, rhythm, wave)
    if reason == PULSELESS:
        pace = Pace(**{**vars(pace), "sbp": dbp + width, "breath_mmhg": 0.0, "slow_mmhg": 0.0, "scatter_mmhg": 0.1})
    return CuffPatient(
        seed=seed,
        age=age,
        stiffness=stiffness,
        sbp=sbp,
        dbp=dbp,
        pulse_bpm=pulse,
        rhythm=rhythm,
        moving=moving or reason == RESTLESS,
        noise_mmhg=_noise(Draw(seed, "noise"), peak, reason),
        peak_mmhg=peak,
        scale=scale,
        reason=reason,
        artery=artery,
        cuff=cuff,
        wave=wave,
        pace=pace,
        beats=draw_beats(Draw(seed, "beats"), pace, LASTS_S),
        squeeze=_squeeze(Draw(seed, "movement"), pace, moving, reason),
        faults=_faults(Draw(seed, "faults"), reason),
    )


def _circulation(draw: Draw, reason: str) -> tuple[float, float, float, float, float]:
    """Age, stiffness, mean pressure, pulse pressure, pulse.

    Pulse pressure grows with stiffness, with the mean pressure and with the time the heart has to fill; over age it has
    its low near fifty and rises steeply after it (Mitchell and others, Circulation 122 (2010) 1379-1386), which here
    follows from stiffness and from the young heart's larger stroke.
    """
    age = draw.uniform(18, 90)
    mean = draw.one_of(
        (
            (0.58, draw.normal(92, 11, 50, 150)),
            (0.20, draw.normal(118, 12, 50, 150)),
            (0.14, draw.normal(64, 7, 50, 150)),
            (0.08, draw.uniform(50, 150)),
        )
    )
    if reason == TOO_LOW:
        mean = draw.uniform(24, 33)
    stiffness = math.exp(0.011 * (age - 50) + 0.003 * (mean - 93) + draw.normal(0, 0.16))
    pulse = draw.one_of(
        (
            (0.78, draw.around(74, 0.17, 40, 150)),
            (0.10, draw.uniform(40, 55)),
            (0.12, draw.uniform(100, 150)),
        )
    )
    if mean < 60:
        pulse = min(150.0, pulse + draw.uniform(0, 25))
    young = 1 + 0.006 * max(0.0, 50 - age)
    width = 42 * stiffness**0.75 * (mean / 93) ** 0.8 * (70 / pulse) ** 0.3 * young * draw.around(1, 0.16, 0.6, 1.6)
    width = min(120.0, max(20.0, width), 1.0 * mean)
    if reason == PULSELESS:
        width = draw.uniform(0.5, 2)
    if reason == TOO_LOW:
        width = draw.uniform(12, 20)
    return age, stiffness, mean, width, pulse


def _coupled(draw: Draw, artery: Artery, cuff: CuffAir, sbp: float, dbp: float, reason: str) -> tuple[float, float]:
    """How much of the artery's swelling reaches the cuff, and the largest oscillation that follows.

    It follows from artery, cuff and pulse pressure, and from what the arm's tissue passes on (drawn). Where it would
    fall outside the published 0.5-4 mmHg, or the person is to have a weak pulse, the tissue passes on what brings it
    inside.
    """
    full = max(envelope(artery, cuff, sbp, dbp).values())
    scale = draw.around(0.95, 0.25)
    wanted = None
    if draw.chance(_WEAK_SHARE) or full * scale < PEAK_MMHG[0] * 1.05:
        wanted = draw.uniform(PEAK_MMHG[0] * 1.05, 0.9)
    elif full * scale > PEAK_MMHG[1] * 0.98:
        wanted = draw.uniform(3.0, PEAK_MMHG[1] * 0.98)
    if reason == BURIED:
        wanted = draw.uniform(0.02, 0.10)
    if reason == PULSELESS:
        wanted = min(full * scale, 0.05)
    if reason == NO_ARM:
        return 0.0, 0.0
    if wanted is not None:
        scale = wanted / full
    return scale, max(envelope(artery, cuff, sbp, dbp, scale).values())


def _noise(draw: Draw, peak: float, reason: str) -> float:
    low, high = NOISE_MMHG
    if reason == BURIED:
        return draw.uniform(0.2, high)
    if reason:
        return draw.uniform(low, high)
    return draw.uniform(low, min(high, peak / CLEAR))


def _squeeze(draw: Draw, pace: Pace, moving: bool, reason: str) -> list[list[int]] | None:
    lines = []
    if reason != NO_ARM:
        if draw.chance(0.6):
            lines.append(movement.breathing(draw, pace.breaths_per_min, LASTS_S))
        if reason == RESTLESS:
            lines.append(movement.restless(draw, LASTS_S))
        elif moving:
            lines.append(movement.spells(draw, LASTS_S)[0])
    return movement.for_board(lines)


def _faults(draw: Draw, reason: str) -> tuple[tuple[str, float, dict[str, float]], ...]:
    """Pumps of +-25 %, some small leaks, and what makes a reading impossible."""
    faults: list[tuple[str, float, dict[str, float]]] = [("pump_dead", 0, {"flow_pct": round(draw.uniform(75, 125))})]
    if reason == LEAK:
        faults.append(("leak", 0, {"mmhg_per_min": round(draw.uniform(600, 1500))}))
    elif draw.chance(_LEAKY_SHARE):
        faults.append(("leak", 0, {"mmhg_per_min": round(draw.uniform(4, 25))}))
    if reason == CUT_SHORT:
        faults.append(("hose_off", round(draw.uniform(12, 20), 1), {}))
    return tuple(faults)
