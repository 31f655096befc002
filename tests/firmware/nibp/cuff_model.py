# SPDX-License-Identifier: Apache-2.0
"""A cuff on an arm, small enough to check by eye, for tests of the controller; runs under both interpreters.

It is not the twin: another valve (with a dead zone), another pump and another pulse wave, so that the controller is not
fitted to one world. Only + - * / are used, which both interpreters round alike. Pressures in mmHg, volumes in mL.
"""

STEP_S = 0.01


def _artery_table():
    """Volume of the artery at transmural pressures -250..250 mmHg: Babbs 2012, a = 0.11, b = 0.03, Va0 = 0.3 mL."""
    a, b, rest = 0.11, 0.03, 0.3
    rise = _exp(-a)
    fall = _exp(-b)
    below = [rest]
    for _ in range(250):
        below.append(below[-1] * rise)
    table = below[:0:-1]
    decay = 1.0
    for _ in range(252):
        table.append(rest * (1 + a / b * (1 - decay)))
        decay *= fall
    return table


def _exp(x):
    total = term = 1.0
    for k in range(1, 20):
        term = term * x / k
        total += term
    return total


ARTERY = _artery_table()
# One beat of arterial pressure, 0..1: foot, fast rise, dicrotic wave, run-off.
WAVE = (
    0.0,
    0.25,
    0.7,
    0.96,
    1.0,
    0.93,
    0.82,
    0.7,
    0.6,
    0.52,
    0.47,
    0.49,
    0.46,
    0.41,
    0.36,
    0.31,
    0.26,
    0.2,
    0.13,
    0.06,
    0.0,
)


class Rng:
    """Random numbers that are the same everywhere (Lehmer, 31 bits)."""

    def __init__(self, seed):
        self._x = seed * 7919 % 2147483646 + 1

    def spread(self):
        """Between -1 and 1, the sum of three: nearly normal, standard deviation 1/3."""
        total = 0.0
        for _ in range(3):
            self._x = self._x * 16807 % 2147483647
            total += self._x / 2147483647.0
        return total * 2 / 3 - 1


class Cuff:
    """`step` advances 10 ms. Faults are attributes that a scenario sets while it runs."""

    def __init__(self, sbp=120.0, dbp=80.0, pulse_bpm=72.0, noise=0.1, seed=1):
        self.sbp, self.dbp, self.pulse_bpm, self.noise = sbp, dbp, pulse_bpm, noise
        self.cuff = 0.0
        self.manifold = 0.0
        self.size = 1.0
        self.leak = 0.0  # mL/s per mmHg
        self.pump_works = True
        self.pump_stuck = False
        self.bleed_stuck = None  # opening 0..1
        self.dump_stuck_shut = False
        self.kinked = False
        self.coupling = 1.0
        self.shake = 0.0  # mL
        self.sway = 0.0  # mL, to and fro in 1.4 s
        self.ectopic_every = 0
        self.uneven = 0.03  # of the length of a beat, thrice the standard deviation
        self.steps = 0.0  # mmHg; how coarse the sensor is
        self.zero = 0.0
        self.guard_gain = 1.0
        self._rng = Rng(seed)
        self._phase = 0.0
        self._length_s = 60.0 / pulse_bpm
        self._beat = 0
        self._weak = 1.0
        self._volume = None
        self._shaken = 0.0
        self._swayed = 0

    def _artery_volume(self):
        self._phase += STEP_S / self._length_s
        if self._phase >= 1:
            self._phase -= 1
            self._beat += 1
            self._length_s = 60.0 / self.pulse_bpm * (1 + self.uneven * self._rng.spread())
            self._weak = 1.0
            if self.ectopic_every and self._beat % self.ectopic_every == 0:
                self._length_s *= 0.6
                self._weak = 0.5
        at = self._phase * 20
        k = int(at)
        wave = WAVE[k] + (WAVE[k + 1] - WAVE[k]) * (at - k)
        across = self.dbp + (self.sbp - self.dbp) * wave * self._weak - self.cuff + 250
        across = min(500.0, max(0.0, across))
        k = int(across)
        return self.coupling * (ARTERY[k] + (ARTERY[k + 1] - ARTERY[k]) * (across - k))

    def step(self, pump_permille, pump_enable, bleed_permille, dump_shut):
        pump = pump_permille / 1000 if pump_enable and self.pump_works else 0.0
        if self.pump_stuck:
            pump = 1.0
        opening = (1000 - bleed_permille) / 1000 if self.bleed_stuck is None else self.bleed_stuck
        opening = max(0.0, opening - 0.08)
        out = 0.15 * opening * opening
        if not dump_shut and not self.dump_stuck_shut:
            out += 0.35
        volume = self._artery_volume()
        if self.shake:
            self._shaken += (self.shake * self._rng.spread() - self._shaken) * 0.08
            volume += self._shaken
        if self.sway:
            self._swayed = (self._swayed + 1) % 140
            volume += self.sway * (1 - abs(self._swayed - 70) / 35)
        swell = 0.0 if self._volume is None else volume - self._volume
        self._volume = volume
        compliance = self.size * (0.3 + 8.0 / (self.cuff + 15))
        flow = 14.0 * pump * (1 - self.manifold / 450) * STEP_S
        if self.kinked:
            self.manifold = max(0.0, (self.manifold + flow / 0.02) / (1 + out * STEP_S / 0.02))
            self.cuff += (swell - self.leak * self.cuff * STEP_S) / compliance
        else:
            self.cuff += (flow + swell - (out + self.leak) * self.cuff * STEP_S) / compliance
            self.manifold = self.cuff = max(0.0, self.cuff)

    def reading_cmmhg(self):
        reading = self.manifold + self.zero + self.noise * self._rng.spread() * 3
        if self.steps:
            reading = int(reading / self.steps + 0.5) * self.steps
        return int(reading * 100)

    def guard_cmmhg(self):
        return int((self.manifold * self.guard_gain + self._rng.spread()) * 100)
