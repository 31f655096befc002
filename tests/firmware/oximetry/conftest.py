# SPDX-License-Identifier: Apache-2.0
"""Finger signals whose truth is known: counts of an 18-bit converter, which fall when the pulse arrives.

The waveform is a sum of two rounded waves (systole and the dicrotic wave), not the twin's, so that twin and tests do
not share an error.
"""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RATE_HZ = 100
FULL_COUNT = (1 << 18) - 1


@dataclass
class Finger:
    """A steady finger; perfusion is peak to peak over constant light, in percent, of infrared."""

    pulse_bpm: float = 72.0
    perfusion_pct: float = 2.0
    ratio: float = 0.52
    dc_red: int = 90000
    dc_ir: int = 110000
    noise_counts: float = 4.0
    breath_pct: float = 0.3
    variability_pct: float = 2.0
    seed: int = 1

    def samples(self, seconds: float) -> list[tuple[int, int]]:
        rng = random.Random(self.seed)
        out = []
        phase = 0.0
        rate = self.pulse_bpm / 60
        beat_rate = rate
        for i in range(int(seconds * RATE_HZ)):
            phase += beat_rate / RATE_HZ
            if phase >= 1:
                phase -= 1
                beat_rate = rate * (1 + rng.gauss(0, self.variability_pct / 100))
            pulse = _wave(phase, self.pulse_bpm)
            breath = self.breath_pct / 100 * math.sin(2 * math.pi * 0.22 * i / RATE_HZ)
            ir = self.dc_ir * (1 - breath - self.perfusion_pct / 100 * pulse)
            red = self.dc_red * (1 - breath - self.perfusion_pct / 100 * self.ratio * pulse)
            out.append((_count(red + rng.gauss(0, self.noise_counts)), _count(ir + rng.gauss(0, self.noise_counts))))
        return out


def _wave(phase: float, pulse_bpm: float) -> float:
    """One beat, peak to peak 1, mean about 0; systole keeps much of its length when the heart slows."""
    width = 0.09 * math.sqrt(pulse_bpm / 60)
    notch = 0.22 + 0.22 * math.sqrt(pulse_bpm / 60)
    wave = 0.0
    for turn in (-1, 0, 1):
        wave += math.exp(-(((phase - 0.2 + turn) / width) ** 2) / 2)
        wave += 0.32 * math.exp(-(((phase - notch + turn) / (1.3 * width)) ** 2) / 2)
    return wave - 0.3


def _count(value: float) -> int:
    return max(0, min(FULL_COUNT, round(value)))


def empty(seconds: float) -> list[tuple[int, int]]:
    """A sensor that looks into a room: a little light, no pulse."""
    return [(900 + 7 * (i % 5), 1500 + 11 * (i % 7)) for i in range(int(seconds * RATE_HZ))]


@dataclass
class Reading:
    """What `Oximetry` said after `sample` samples; numbers in their units."""

    sample: int
    spo2: float | None
    pulse: float | None
    perfusion: float | None
    quality: int | None
    spo2_reason: int
    pulse_reason: int
    perfusion_reason: int
    finger: bool
    led_red: int
    led_ir: int


def _scaled(value: int | None, scale: int) -> float | None:
    return None if value is None else value / scale


@pytest.fixture
def finger() -> Callable[..., list[tuple[int, int]]]:
    """`finger(seconds, **what)`: samples (red, infrared) of a finger; `what` are the fields of `Finger`."""
    return lambda seconds, **what: Finger(**what).samples(seconds)


@pytest.fixture
def no_finger() -> Callable[[float], list[tuple[int, int]]]:
    return empty


@pytest.fixture
def measure(play: Callable[..., Any], tmp_path: Path) -> Callable[..., list[Reading]]:
    """`measure(samples, averaging_s=8, lost=None)`: the readings, five a second (numbers change once a second), which
    both interpreters agree on. `lost` maps the number of a sample to how many were lost before it."""

    def run(samples: list[tuple[int, int]], averaging_s: int = 8, lost: dict[int, int] | None = None) -> list[Reading]:
        path = tmp_path / "samples.bin"
        with path.open("wb") as file:
            file.write(json.dumps({"lost": {str(k): v for k, v in (lost or {}).items()}}).encode() + b"\n")
            file.write(struct.pack(f"<{2 * len(samples)}i", *(v for pair in samples for v in pair)))
        rows = play(Path(__file__).with_name("play.py"), str(path), str(averaging_s))
        return [Reading(r[0], _scaled(r[1], 10), _scaled(r[2], 10), _scaled(r[3], 100), *r[4:]) for r in rows]

    return run
