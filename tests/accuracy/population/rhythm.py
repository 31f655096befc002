# SPDX-License-Identifier: Apache-2.0
"""Beats: lengths and pressures, with breathing, slow waves, drift, early beats and atrial fibrillation.

Swings of the pressure, per person: breathing moves the systolic pressure by up to 5 mmHg in spontaneous breathing
(Michard, Anesthesiology 103 (2005) 419-428) and by more under ventilation; slow waves near 0.1 Hz and drift make up the
rest. Over ten minutes of intra-arterial pressure at rest the whole range was 21 +- 9 mmHg systolic and 14 +- 5 mmHg
diastolic (Mukadam and others, Indian Journal of Physiology and Pharmacology 67 (2023) 181-190).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from accuracy.population.draw import Draw
from accuracy.population.wave import PHASES, Wave

BEFORE_S = 2.0
"""The simulated heart starts this long before the world does."""
TRANSIT_S = 0.11
"""From the heart to the arm under the cuff, in the simulated board."""
REGULAR = "regular"
ECTOPIC = "ectopic"
FIBRILLATION = "af"


@dataclass(frozen=True)
class Beat:
    """One beat. `start_s` on the world's clock; pressures in mmHg: the foot, the peak and the next beat's foot."""

    start_s: float
    length_s: float
    strength: float
    sbp: float
    dbp: float
    end: float
    kind: str = REGULAR


@dataclass(frozen=True)
class Pace:
    """What a person's beats are drawn from. Swings are peak to peak in mmHg, shares are fractions."""

    sbp: float
    dbp: float
    pulse_bpm: float
    rhythm: str
    breaths_per_min: float
    breath_mmhg: float
    slow_mmhg: float
    drift_mmhg_min: float
    scatter_mmhg: float
    sinus_share: float
    interval_share: float
    ectopic_share: float = 0.0
    shortest_s: float = 0.25
    wave: Wave = field(repr=False, default=Wave((), 300))


def draw_pace(draw: Draw, sbp: float, dbp: float, pulse_bpm: float, age: float, rhythm: str, wave: Wave) -> Pace:
    """Breathing 8-28 / min around 15.5; sinus arrhythmia fades with age; early beats are 4-18 % where there are any."""
    scale = min(1.3, max(0.5, (sbp - dbp) / 45))
    return Pace(
        sbp=sbp,
        dbp=dbp,
        pulse_bpm=pulse_bpm,
        rhythm=rhythm,
        breaths_per_min=draw.normal(15.5, 3.5, 8, 28),
        breath_mmhg=draw.around(3.6, 0.45, 1.0, 12.0) * scale,
        slow_mmhg=draw.around(4.0, 0.4, 1.0, 11.0) * scale,
        drift_mmhg_min=draw.normal(0, 2.5, -8, 8),
        scatter_mmhg=draw.around(0.9, 0.3, 0.4, 2.0) * scale,
        sinus_share=max(0.003, draw.around(0.03, 0.5, 0.005, 0.12) * (1.4 - age / 90)),
        interval_share=draw.uniform(0.005, 0.02),
        ectopic_share=draw.uniform(0.04, 0.18) if rhythm == ECTOPIC else 0.0,
        wave=wave,
    )


def draw_beats(draw: Draw, pace: Pace, until_s: float) -> tuple[Beat, ...]:
    """Beats from 2 s before the world's start to `until_s` and a little further."""
    feet = list(_feet(draw, pace, until_s))
    beats = []
    for here, after in pairwise(feet):
        start_s, length_s, strength, sbp, dbp, kind = here
        beats.append(Beat(start_s, length_s, strength, max(sbp, dbp + 1), dbp, after[4], kind))
    return tuple(beats)


_Foot = tuple[float, float, float, float, float, str]


def _feet(draw: Draw, pace: Pace, until_s: float) -> Iterator[_Foot]:
    breath, slow = draw.uniform(0, 1), draw.uniform(0, 1)
    usual_s = 60 / pace.pulse_bpm
    interval = _fibrillating(draw, usual_s) if pace.rhythm == FIBRILLATION else _even(draw, pace, usual_s)
    t = -BEFORE_S
    while t < until_s + 8:
        length, strength, lift, kind = next(interval)
        b = math.sin(2 * math.pi * (pace.breaths_per_min / 60 * t + breath))
        s = math.sin(2 * math.pi * (0.1 * t + slow))
        if pace.rhythm != FIBRILLATION:
            length *= 1 + pace.sinus_share * math.sin(2 * math.pi * (pace.breaths_per_min / 60 * t + breath + 0.3))
            length *= 1 + 0.5 * pace.sinus_share * s
        drift = pace.drift_mmhg_min * (t - 25) / 60
        common = drift + pace.slow_mmhg / 2 * s
        width = pace.sbp - pace.dbp
        dbp = (
            pace.dbp
            + 0.7 * common
            + 0.25 * pace.breath_mmhg * b
            + draw.normal(0, 0.5 * pace.scatter_mmhg)
            + lift * width
        )
        sbp = pace.sbp + common + 0.5 * pace.breath_mmhg * b + draw.normal(0, pace.scatter_mmhg)
        sbp = dbp - lift * width + (sbp - dbp + lift * width) * strength
        length = round(max(pace.shortest_s, length), 3)
        yield t, length, strength, sbp, dbp, kind
        t += length


_Interval = tuple[float, float, float, str]
"""Length (s), strength of the pulse (1: usual), how far the foot is above the usual (of the pulse pressure), kind."""


def _even(draw: Draw, pace: Pace, usual_s: float) -> Iterator[_Interval]:
    """A sinus rhythm, with early beats where the person has them.

    An early beat cuts the one before short, so its foot lies high on that beat's run-off; it is weak, because the heart
    had no time to fill. Then comes a pause, a low foot, and a beat that is stronger than usual.
    """
    while True:
        length = usual_s * (1 + draw.normal(0, pace.interval_share))
        if pace.rhythm != ECTOPIC or not draw.chance(pace.ectopic_share):
            yield length, 1.0, 0.0, REGULAR
            continue
        early = draw.uniform(0.58, 0.78)
        cut = pace.wave.height(pace.wave.phase_at(early * usual_s, usual_s))
        yield length * early, 1.0, 0.0, REGULAR
        pause = draw.one_of(((0.6, 2 - early), (0.4, draw.uniform(1.0, 1.15))))
        yield usual_s * pause, draw.uniform(0.4, 0.8), 0.9 * cut, ECTOPIC
        yield length, draw.uniform(1.04, 1.15), -0.09 * (pause - 1), ECTOPIC


def _fibrillating(draw: Draw, usual_s: float) -> Iterator[_Interval]:
    """Intervals without order, 23 % about their mean; a short one fills the heart less and leaves a high foot."""
    before = usual_s
    while True:
        length = draw.around(usual_s * 0.975, 0.23, 0.36, 2.0)
        filled = min(1.35, before / usual_s)
        yield length, (0.62 + 0.38 * filled) * draw.around(1, 0.05), 0.22 * (1 - filled), FIBRILLATION
        before = length


def peak(beat: Beat, wave: Wave) -> float:
    """The highest pressure of a beat, which is its systolic one."""
    return max(
        beat.dbp + (beat.sbp - beat.dbp) * wave.height(k) + (beat.end - beat.dbp) * k / PHASES
        for k in range(PHASES + 1)
    )


def truth(beats: tuple[Beat, ...], wave: Wave, from_s: float, to_s: float) -> tuple[float, float, float]:
    """(systolic, mean, diastolic) in the artery over the beats that begin between two times, mmHg.

    Systolic is the mean of the beats' peaks, diastolic the mean of their feet, mean the mean over time. Every beat
    counts, early and weak ones too. Times are those of the arm: the wave needs TRANSIT_S to it. ValueError if there is
    no beat.
    """
    seen = [beat for beat in beats if from_s <= beat.start_s + TRANSIT_S < to_s]
    if not seen:
        raise ValueError(f"no beat between {from_s} and {to_s} s")
    area = time = 0.0
    for beat in seen:
        mean = beat.dbp + (beat.sbp - beat.dbp) * wave.mean(beat.length_s)
        mean += (beat.end - beat.dbp) * wave.mean_phase(beat.length_s) / PHASES
        area += mean * beat.length_s
        time += beat.length_s
    return sum(peak(b, wave) for b in seen) / len(seen), area / time, sum(b.dbp for b in seen) / len(seen)


def for_board(beats: tuple[Beat, ...]) -> list[list[int]]:
    """What the simulated board wants: length (ms), strength (permille), systolic and diastolic (0.001 mmHg)."""
    return [
        [round(b.length_s * 1000), round(b.strength * 1000), round(b.sbp * 1000), round(b.dbp * 1000)] for b in beats
    ]
