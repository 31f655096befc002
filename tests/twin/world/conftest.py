# SPDX-License-Identifier: Apache-2.0
"""A world on the bench: somebody who switches pump and valves by hand and reads what is true."""

import json
import sys
from array import array
from pathlib import Path

import pytest

TWIN = Path(__file__).resolve().parents[3] / "hardware" / "twin"
sys.path.insert(0, str(TWIN))

from world.world import World  # noqa: E402

STILL = {"variability_pct": 0, "respiration_bpm": 0, "respiration_pct": 0}


class Bench:
    """Times in seconds, pressures in mmHg."""

    def __init__(self, patient="calm", seed=1, **recordings):
        if isinstance(patient, str):
            patient = json.loads((TWIN / "world" / "patients" / f"{patient}.json").read_text())
        self.world = World(patient, seed, **recordings)

    @property
    def t_s(self):
        return self.world.t_us / 1e6

    @property
    def cuff(self):
        return self.world.cuff_mmmhg / 1000

    @property
    def manifold(self):
        return self.world.manifold_mmmhg / 1000

    def run(self, seconds, tick_ms=10):
        """Let time pass; yields nothing, returns the manifold's pressures at each tick."""
        out = []
        for _ in range(round(seconds * 1000 / tick_ms)):
            self.world.advance_to(self.world.t_us + tick_ms * 1000)
            out.append(self.manifold)
        return out

    def until(self, condition, at_most_s):
        """Seconds until a condition holds; fails when it does not hold in time."""
        start = self.t_s
        while not condition():
            assert self.t_s - start < at_most_s, f"not within {at_most_s} s: cuff {self.cuff}, manifold {self.manifold}"
            self.run(0.01)
        return self.t_s - start

    def shut(self, bleed_permille=1000):
        self.world.bleed_permille = bleed_permille
        self.world.dump_shut = True

    def pump(self, permille=1000):
        self.world.pump_permille = permille
        self.world.pump_enable = permille > 0

    def vent(self):
        self.pump(0)
        self.world.bleed_permille = 0
        self.world.dump_shut = False

    def inflate(self, mmhg, at_most_s=30):
        """Pump with the valves shut until the manifold reaches a pressure; seconds that took."""
        self.shut()
        self.pump()
        took = self.until(lambda: self.manifold >= mmhg, at_most_s)
        self.pump(0)
        return took

    def light(self, seconds, period_us=10000, led_ua=7000, fullscale_na=4096):
        """The finger's next samples: (red, infrared)."""
        n = round(seconds * 1e6 / period_us)
        red, infrared = array("i", [0] * n), array("i", [0] * n)
        self.world.ppg_t_us = self.world.t_us + period_us
        self.world.advance_to(self.world.t_us + n * period_us)
        self.world.ppg(n, period_us, red, infrared, led_ua, led_ua, fullscale_na)
        return red, infrared


@pytest.fixture
def bench():
    return Bench


@pytest.fixture
def person():
    """Makes a patient whose values do not change, beat like beat and without breathing; keywords are script values."""
    return lambda **values: {"points": [{"t_s": 0, **STILL, **values}]}
