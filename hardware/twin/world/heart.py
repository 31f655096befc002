# SPDX-License-Identifier: Apache-2.0
"""The heart: one sequence of beats that both the finger and the arm under the cuff feel.

A beat is decided at its own start from the script at that time, so a change never rewrites what has already beaten.
"""

from .rng import Rng
from .tables import SINE

# Beats that are kept for followers that lag: more than 20 s even at 250 beats a minute.
_KEEP = 128
# A pulse below this is no heart beat: the heart stands still and is asked again every second.
_STANDSTILL_MILLI_BPM = 10000
_SHORTEST_US = 230000


class Beat:
    """One beat: start and length in us, strength against a usual beat (1024 = 1) and the pressures it makes.

    `drift_mmmhg` is by how much its end lies above its start.
    """

    def __init__(self, start_us, length_us, strength_q10, sbp_mmmhg, dbp_mmmhg, drift_mmmhg=0):
        self.start_us = start_us
        self.length_us = length_us
        self.end_us = start_us + length_us
        self.strength_q10 = strength_q10
        self.sbp_mmmhg = sbp_mmmhg
        self.dbp_mmmhg = dbp_mmmhg
        self.drift_mmmhg = drift_mmmhg


class Heart:
    """Makes beats up to now. Fault `irregular` sets `extra_spread_permille` of the interval."""

    def __init__(self, script, seed):
        self._script = script
        self._rng = Rng(seed, 1)
        self._breath_q16 = 0
        self._pause = False
        self._own = script.person["beats"]
        self._own_at = 0
        self.extra_spread_permille = 0
        self.beats = []
        self.first_number = 0  # number of beats[0], counted from the start of the world
        # The first beat starts before time 0, so that at 0 the finger already has a pulse.
        self.next_us = -2000000
        self.run_until(0)

    def run_until(self, t_us):
        """Make every beat that starts at `t_us` or before."""
        while self.next_us <= t_us:
            self._beat()

    def _beat(self):
        start_us = self.next_us
        if self._own is not None:
            self._append(self._own_beat(start_us))
            return
        now = self._script.update(max(0, start_us // 1000))
        pulse = now["pulse_bpm"]
        sbp, dbp = now["sbp_mmhg"], now["dbp_mmhg"]
        if pulse < _STANDSTILL_MILLI_BPM:
            self._append(Beat(start_us, 1000000, 0, dbp, dbp))
            return
        usual_us = 60000000000 // pulse
        length_us, strength = self._rhythm(usual_us, now)
        if self.extra_spread_permille:
            length_us += self._rng.spread(usual_us * self.extra_spread_permille // 1000)
        # Breathing: the pulse runs faster on breathing in (by 2 %), pressures sway by 1 mmHg, strength by 4 %.
        breath = SINE[self._breath_q16 >> 8 & 255]
        length_us -= length_us * breath // 50 >> 14
        self._breath_q16 += now["respiration_bpm"] * (length_us // 1000) * 256 // 234375
        strength = strength * (1024 + (breath * 41 >> 14) + self._rng.spread(40)) >> 10
        sway = breath * 1000 >> 14
        sbp += sway - (sbp - dbp) * max(0, 1024 - strength - 80) // 2048
        self._append(Beat(start_us, max(_SHORTEST_US, length_us), strength, sbp, dbp + sway))

    def _own_beat(self, start_us):
        """The next beat that the person brings; after the last comes the first again."""
        own = self._own
        i = self._own_at
        self._own_at = after = (i + 4) % len(own)
        strength_q10 = (own[i + 1] * 1024 + 500) // 1000
        return Beat(start_us, own[i] * 1000, strength_q10, own[i + 2], own[i + 3], own[after + 3] - own[i + 3])

    def _rhythm(self, usual_us, now):
        """Length and strength of the next beat without breathing."""
        rng = self._rng
        rhythm = now["rhythm"]
        spread_us = usual_us * now["variability_pct"] // 100000
        if rhythm == "afib":
            # Intervals without order, 0.55-1.45 of the usual; a short one fills the heart less.
            part = 563 + rng.below(922)
            return usual_us * part >> 10, min(1150, 500 + part // 2)
        if rhythm == "irregular":
            return usual_us + rng.spread(usual_us // 3), 1024
        if rhythm == "ectopic":
            if self._pause:
                self._pause = False
                return usual_us * 1420 >> 10, 420
            if rng.below(100000) < now["ectopic_pct"]:
                # This beat is cut short by an early weak one, after which the heart waits.
                self._pause = True
                return usual_us * 628 >> 10, 1024
        return usual_us + rng.spread(spread_us), 1024

    def _append(self, beat):
        self.beats.append(beat)
        self.next_us = beat.end_us
        if len(self.beats) > 2 * _KEEP:
            self.first_number += len(self.beats) - _KEEP
            self.beats = self.beats[-_KEEP:]

    def number_at(self, t_us, number):
        """The number of the beat that `t_us` falls into, searched from `number` on; the oldest kept if that is gone."""
        beats = self.beats
        i = max(0, number - self.first_number)
        while i < len(beats) - 1 and beats[i].end_us <= t_us:
            i += 1
        return i + self.first_number
