# SPDX-License-Identifier: Apache-2.0
"""The fingers on the oximeter: each follows from its seed alone. Sources and limits: README.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from accuracy.population.draw import Draw
from accuracy.population.rhythm import ECTOPIC, FIBRILLATION, REGULAR, Beat, Pace, draw_beats, for_board
from accuracy.population.wave import Wave, draw_light

MIDDLES_S = (20.0, 30.0, 40.0, 50.0)
"""Middles of the windows of 10 s; before the first of them light and filters settle."""
HALF_S = 5.0
LASTS_S = 70.0
TRANSIT_S = 0.22
"""From the heart to the fingertip, in the simulated board."""
PERFUSION_PCT = (0.3, 10.0)
PULSE_BPM = (30.0, 240.0)
SPO2_PCT = (70.0, 100.0)

NO_FINGER = "no finger"
FLICKER = "flicker of ambient light alone"
CABLE = "cable motion"
SATURATED = "saturated by ambient light"
SWAPPED = "red and infrared swapped"
_NO_ANSWER = ((0.03, NO_FINGER), (0.03, FLICKER), (0.04, CABLE), (0.02, SATURATED), (0.025, SWAPPED))
_ECTOPIC_SHARE = 0.12
_FIBRILLATION_SHARE = 0.04
_MOVING_SHARE = 0.25
_WEAKEST_SHARE = 0.15


@dataclass(frozen=True)
class FingerPatient:
    """One finger. `reason` says why there is no right answer; with `SWAPPED` there is none for SpO2 alone."""

    seed: int
    pulse_bpm: float
    perfusion_pct: float
    spo2_pct: tuple[float, float]
    rhythm: str
    shape: str
    spells: tuple[tuple[float, float, float], ...]
    reason: str
    beats: tuple[Beat, ...] = field(repr=False)
    wave: Wave = field(repr=False)
    person: dict[str, Any] = field(repr=False)
    points: list[dict[str, Any]] = field(repr=False)

    def answerable(self, task: str) -> bool:
        return not self.reason or (self.reason == SWAPPED and task == "pulse")

    def pulse(self, middle_s: float) -> float:
        """Beats a minute over the window: those that begin in it, over the time they take."""
        seen = [beat.length_s for beat in self.beats if -HALF_S <= beat.start_s + TRANSIT_S - middle_s < HALF_S]
        return 60 * len(seen) / sum(seen)

    def spo2(self, middle_s: float) -> float:
        """SpO2 (%) in the middle of the window: it runs in a straight line."""
        first, last = self.spo2_pct
        return first + (last - first) * middle_s / LASTS_S

    def moved(self, middle_s: float) -> bool:
        """Whether the finger moves in what a window and its averaging see."""
        return any(from_s < middle_s + HALF_S + 1 and to_s > middle_s - HALF_S - 1 for from_s, to_s, _ in self.spells)

    def strata(self, middle_s: float) -> dict[str, str]:
        """Labels by which the rows are parted."""
        return {
            "perfusion": _perfusion_band(self.perfusion_pct),
            "pulse": _pulse_band(self.pulse_bpm),
            "motion": "yes" if self.moved(middle_s) else "no",
            "rhythm": self.rhythm,
            "shape": self.shape,
            "spo2": "70-80 %" if self.spo2(middle_s) < 80 else "80-90 %" if self.spo2(middle_s) < 90 else "90-100 %",
            "why_none": self.reason or "-",
        }

    def board(self) -> dict[str, Any]:
        """What the player needs: the patient as the simulated board's JSON, and what is so on the board."""
        return {
            "seed": self.seed,
            "faults": [["oximeter_swapped", 0, {}]] if self.reason == SWAPPED else [],
            "seconds": MIDDLES_S[-1] + HALF_S + 12,
            "patient": {
                "description": f"Finger {self.seed} of the population.",
                "person": self.person,
                "points": self.points,
            },
        }


def _perfusion_band(pct: float) -> str:
    if pct == PERFUSION_PCT[0]:
        return "0.3 %"
    return "0.3-1 %" if pct < 1 else "1-3 %" if pct < 3 else ">=3 %"


def _pulse_band(bpm: float) -> str:
    return "<60 /min" if bpm < 60 else "60-100 /min" if bpm < 100 else "100-160 /min" if bpm < 160 else ">=160 /min"


def patient(seed: int) -> FingerPatient:
    """The finger of a seed."""
    fate = Draw(seed, "finger fate")
    reason = fate.one_of((*_NO_ANSWER, (1 - sum(share for share, _ in _NO_ANSWER), "")))
    rhythm = fate.one_of(
        (
            (_ECTOPIC_SHARE, ECTOPIC),
            (_FIBRILLATION_SHARE, FIBRILLATION),
            (1 - _ECTOPIC_SHARE - _FIBRILLATION_SHARE, REGULAR),
        )
    )
    moving = fate.chance(_MOVING_SHARE)
    draw = Draw(seed, "finger")
    pulse = draw.one_of(
        (
            (0.25, draw.uniform(30, 60)),
            (0.35, draw.uniform(60, 100)),
            (0.22, draw.uniform(100, 160)),
            (0.18, draw.uniform(160, 240)),
        )
    )
    if rhythm != REGULAR:
        pulse = min(pulse, 130.0)
    perfusion = math.exp(draw.uniform(math.log(PERFUSION_PCT[0]), math.log(PERFUSION_PCT[1])))
    if draw.chance(_WEAKEST_SHARE):
        perfusion = PERFUSION_PCT[0]
    spo2 = draw.uniform(*SPO2_PCT)
    ramp = draw.uniform(-6, 6) if draw.chance(0.2) else 0.0
    if reason == SWAPPED:
        # Only in a healthy finger can anybody tell: from about 90 % down, the swapped ratio is one that can be.
        spo2, ramp = draw.uniform(96.5, 100), 0.0
    spo2_pct = (min(100.0, max(70.0, spo2 - ramp / 2)), min(100.0, max(70.0, spo2 + ramp / 2)))
    wave, shape = draw_light(Draw(seed, "finger wave"))
    pace = _pace(Draw(seed, "finger pace"), pulse, rhythm, wave)
    beats = draw_beats(Draw(seed, "finger beats"), pace, LASTS_S)
    spells = _spells(Draw(seed, "finger movement"), perfusion) if moving else ()
    person, points = _light(Draw(seed, "finger light"), pace, perfusion, spo2_pct, spells, reason)
    person |= {"beats": for_board(beats), "ppg": list(wave.heights)}
    return FingerPatient(seed, pulse, perfusion, spo2_pct, rhythm, shape, spells, reason, beats, wave, person, points)


def _pace(draw: Draw, pulse_bpm: float, rhythm: str, wave: Wave) -> Pace:
    """Only lengths and strengths matter here; sinus arrhythmia is less in a fast heart."""
    calm = min(1.0, 70 / pulse_bpm)
    return Pace(
        sbp=120,
        dbp=78,
        pulse_bpm=pulse_bpm,
        rhythm=rhythm,
        breaths_per_min=draw.normal(15.5, 4, 7, 30),
        breath_mmhg=3.0,
        slow_mmhg=3.0,
        drift_mmhg_min=0.0,
        scatter_mmhg=0.8,
        sinus_share=draw.around(0.025, 0.5, 0.004, 0.10) * calm,
        interval_share=draw.uniform(0.004, 0.018) * (0.4 + 0.6 * calm),
        ectopic_share=draw.uniform(0.04, 0.15) if rhythm == ECTOPIC else 0.0,
        shortest_s=0.21,
        wave=wave,
    )


def _spells(draw: Draw, perfusion_pct: float) -> tuple[tuple[float, float, float], ...]:
    """Spells of movement as (from s, to s, motion in percent of the board's largest).

    From half the size of the pulse to some times it: 100 % moves the light by about 5 %.
    """
    spells = []
    t = draw.uniform(8, 22)
    while t < LASTS_S:
        lasts = draw.uniform(2, 7)
        size = min(60.0, max(0.4, draw.around(1.0, 0.6, 0.3, 4) * perfusion_pct * 20 / 2))
        spells.append((round(t, 1), round(t + lasts, 1), round(size, 2)))
        t += lasts + draw.uniform(8, 22)
    return tuple(spells)


def _light(
    draw: Draw,
    pace: Pace,
    perfusion_pct: float,
    spo2_pct: tuple[float, float],
    spells: tuple[tuple[float, float, float], ...],
    reason: str,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The person's light, and the script's points."""
    person: dict[str, Any] = {
        "red_pa_per_ua": round(draw.around(190, 0.35, 70, 420)),
        "infrared_pa_per_ua": round(draw.around(250, 0.30, 110, 450)),
        # Half width of a triangle: 10 counts RMS of 2^18 on the mean, 3-30 at the ends.
        "finger_noise_pa": round(draw.around(400, 0.5, 110, 1200)),
    }
    swing = min(3.0, perfusion_pct * draw.around(0.35, 0.6, 0.05, 1.5))
    first: dict[str, Any] = {
        "t_s": 0,
        "spo2_pct": round(spo2_pct[0], 2),
        "perfusion_pct": round(perfusion_pct, 3),
        "respiration_bpm": round(pace.breaths_per_min, 1),
        "respiration_pct": round(swing, 3),
        "ambient_na": round(draw.around(4, 0.8, 0.5, 40), 1),
        "motion_pct": 0,
    }
    points: list[dict[str, Any]] = [first, {"t_s": LASTS_S, "spo2_pct": round(spo2_pct[1], 2)}]
    if reason == NO_FINGER:
        first |= {"finger": False, "ambient_na": round(draw.uniform(0, 100), 1)}
    elif reason == SATURATED:
        first |= {"ambient_na": round(draw.uniform(4500, 15000))}
    elif reason == FLICKER:
        first |= {"finger": False}
        points = _flicker(draw, first)
    elif reason == CABLE:
        first |= {"perfusion_pct": 0, "respiration_pct": 0, "motion_pct": round(draw.uniform(3, 60), 1)}
        if draw.chance(0.3):
            first |= {"motion_pct": 0}
            person["shake"] = _tugging(draw)
    if not reason or reason == SWAPPED:
        points = _with_spells(points, spells)
    return person, points


def _with_spells(points: list[dict[str, Any]], spells: tuple[tuple[float, float, float], ...]) -> list[dict[str, Any]]:
    """Movement sets in and ends within 0.2 s."""
    for from_s, to_s, size in spells:
        for t_s, value in ((from_s, 0), (from_s + 0.2, size), (to_s, size), (to_s + 0.2, 0)):
            if 0 < t_s < LASTS_S:
                points.append({"t_s": round(t_s, 2), "motion_pct": value})
    return sorted(points, key=lambda point: point["t_s"])


def _flicker(draw: Draw, first: dict[str, Any]) -> list[dict[str, Any]]:
    """Light in the room that beats with the sampling at 0.5-2.5 Hz: lamps on the mains, or a fan's shadow."""
    mean, depth = draw.around(150, 0.8, 20, 800), draw.uniform(0.05, 0.6)
    hz, phase = draw.uniform(0.5, 2.5), draw.unit()
    points = []
    for i in range(int(LASTS_S * 8)):
        t_s = i / 8
        value = mean * (1 + depth * math.sin(2 * math.pi * (hz * t_s + phase)))
        points.append({**(first if i == 0 else {}), "t_s": t_s, "ambient_na": round(value, 1)})
    return points


def _tugging(draw: Draw) -> list[list[int]]:
    """A cable that swings: pulls at about 0.8-2.5 a second, no two alike in time (20-35 %) or size."""
    usual, scatter = 1 / draw.uniform(0.8, 2.5), draw.uniform(0.20, 0.35)
    size = draw.around(8000, 0.6, 1500, 40000)
    knots = [[0, 0]]
    t = 0.2
    while t < LASTS_S:
        length = draw.normal(usual, scatter * usual, 0.25, 3)
        height = size * draw.uniform(0.2, 1)
        knots += [[round(1000 * (t + 0.4 * length)), round(height)], [round(1000 * (t + 0.99 * length)), 0]]
        t += length
    return knots
