# SPDX-License-Identifier: Apache-2.0
"""Pump, valves, manifold, hose, cuff and the artery under it, as one closed loop of air.

Two volumes: the manifold (pump, valves, both sensors' ports) and the cuff behind its hose. A kinked hose parts them.
Pressures are gauge, in micro-mmHg inside; conductances in nL/s per mmHg (air at 760 mmHg); volumes in nL. Flow through
valves and leaks is taken as proportional to pressure. The manifold is solved implicitly, because it is quicker than a
step; the cuff, which is slower by two orders, explicitly.
"""

from .rng import Rng
from .script import ARTERIES
from .tables import (
    ARTERY_SHAPE,
    ARTERY_TOP,
    ARTERY_ZERO,
    CUFF_TOP_MMHG,
    SYSTOLE,
    artery_volume,
    cuff_compliance,
)

STEP_US = 5000
_PER_S = 1000000 // STEP_US
# From the heart to the arm under the cuff.
TRANSIT_US = 110000
LONGEST_SYSTOLE_US = 310000

PUMP_FREE_NL_S = 22000000  # 1.3 L/min: the pump with its valve and filter
PUMP_STALL_MMHG = 480
DUMP_NL_S_MMHG = 420000
BLEED_NL_S_MMHG = 160000
HOSE_NL_S_MMHG = 4000000
OPEN_HOSE_NL_S_MMHG = 6000000  # a hose that hangs in the room
# 20 mL of stiff manifold and tube.
_MANIFOLD_NL_MMHG = 20000000 // 760
# A healthy cuff and its joints lose this at LEAK_AT_MMHG.
HEALTHY_LEAK_MMHG_MIN = 2
LEAK_AT_MMHG = 150
_EMPTY_UMMHG = 20000  # below this, without a pump, nothing moves any more
_FULL_ARM_MOTION_NL = 2500000  # arm motion of 100 % squeezes the cuff by up to this
_ARM_LINE_US = 150000


class Pneumatics:
    """State of the air. The inputs are what the switches do to pump and valves now; faults set the others."""

    def __init__(self, script, heart, seed):
        self._heart = heart
        self._script = script
        self._rng = Rng(seed, 4)
        rise, fall = ARTERIES[script.person["artery"]]
        self._volume_nl = artery_volume(rise, fall)
        self._compliance = cuff_compliance()
        self.cuff_ummhg = 0
        self.manifold_ummhg = 0
        self.at_rest = True
        # Faults and tolerances.
        self.pump_pct = 100
        self.hose_pct = 100
        self.hose_off = False
        self.coupling_pct = 100
        self.arm_motion_pct = None
        self.leak_nl_s_mmhg = 0
        self.set_leak(HEALTHY_LEAK_MMHG_MIN)
        # The beat under the cuff.
        self._beat = None
        self._beat_number = 0
        self._artery_nl = None
        self._arm_from = 0
        self._arm_to = 0
        self._arm_us = 0

    def set_leak(self, mmhg_per_min):
        """Make the shut cuff lose this at LEAK_AT_MMHG (in proportion at other pressures)."""
        self.leak_nl_s_mmhg = self._compliance[LEAK_AT_MMHG] * mmhg_per_min // (LEAK_AT_MMHG * 60)

    def step(self, t_us, pump_permille, bleed_open_permille, dump_open_pct):
        """One step of STEP_US that ends at `t_us`."""
        manifold = self.manifold_ummhg
        cuff = self.cuff_ummhg
        flow = 0  # from the pump, nL/s
        if pump_permille:
            flow = PUMP_FREE_NL_S * pump_permille * self.pump_pct // 100000
            flow -= flow // 1000 * (manifold // 1000) // PUMP_STALL_MMHG
            if flow < 0:
                flow = 0
        # A proportional valve opens its area with the square of its stroke: fine near shut.
        valves = BLEED_NL_S_MMHG * bleed_open_permille * bleed_open_permille // 1000000
        valves += DUMP_NL_S_MMHG * dump_open_pct // 100
        hose = HOSE_NL_S_MMHG * self.hose_pct // 100
        if self.hose_off:
            valves += OPEN_HOSE_NL_S_MMHG
            hose = 0
        store = _MANIFOLD_NL_MMHG * _PER_S
        manifold = (store * manifold + hose * cuff + flow * 1000000) // (store + hose + valves)
        inflow = hose * (manifold - cuff)
        loss = (self.leak_nl_s_mmhg + (OPEN_HOSE_NL_S_MMHG if self.hose_off else 0)) * cuff
        squeeze_nl = self._artery(t_us, cuff)
        k = cuff // 1000000
        room = self._compliance[k if k < CUFF_TOP_MMHG else CUFF_TOP_MMHG]
        # The artery's swelling takes room from air at cuff pressure: (760 + P) / 760 of it at 760 mmHg.
        cuff += ((inflow - loss) // _PER_S + squeeze_nl * (760000000 + cuff) // 760) // room
        self.manifold_ummhg = manifold if manifold > 0 else 0
        self.cuff_ummhg = cuff if cuff > 0 else 0
        if cuff < _EMPTY_UMMHG and manifold < _EMPTY_UMMHG and not pump_permille:
            self.rest()

    def rest(self):
        """Everything is empty: nothing moves until the pump runs."""
        self.cuff_ummhg = 0
        self.manifold_ummhg = 0
        self.at_rest = True
        self._artery_nl = None
        self._arm_from = self._arm_to = 0

    def wake(self):
        self.at_rest = False

    def artery_mmmhg(self, t_us):
        """Pressure in the artery under the cuff, 0.001 mmHg. It looks forward only: ask for rising times."""
        body_us = t_us - TRANSIT_US
        beat = self._beat
        if beat is None or body_us >= beat.end_us:
            self._heart.run_until(body_us)
            beat, self._beat_number = self._heart.beat_at(body_us, self._beat_number)
            self._beat = beat
            self._systole_us = min(LONGEST_SYSTOLE_US, beat.length_us * 3 // 8)
        x = body_us - beat.start_us
        systole_us = self._systole_us
        if x < systole_us:
            phase = (x * SYSTOLE << 8) // systole_us
        else:
            phase = (SYSTOLE << 8) + ((x - systole_us) * (256 - SYSTOLE) << 8) // (beat.length_us - systole_us)
        k = phase >> 8
        w = ARTERY_SHAPE[k]
        w += (ARTERY_SHAPE[k + 1] - w) * (phase & 255) >> 8
        return beat.dbp_mmmhg + ((beat.sbp_mmmhg - beat.dbp_mmmhg) * w >> 14)

    def _artery(self, t_us, cuff_ummhg):
        """By how much artery and arm swell into the cuff in this step, nL."""
        across = self.artery_mmmhg(t_us) * 1000 - cuff_ummhg + ARTERY_ZERO * 1000000
        if across < 0:
            across = 0
        k = across // 1000000
        if k >= ARTERY_ZERO + ARTERY_TOP:
            k, across = ARTERY_ZERO + ARTERY_TOP - 1, 0
        volume = self._volume_nl[k]
        volume += (self._volume_nl[k + 1] - volume) * (across - k * 1000000) // 1000000
        if self.coupling_pct != 100:
            volume = volume * self.coupling_pct // 100
        volume += self._arm_movement(t_us)
        before = self._artery_nl
        self._artery_nl = volume
        return 0 if before is None else volume - before

    def _arm_movement(self, t_us):
        """Volume (nL) by which a moving arm squeezes the cuff now: straight lines between random points."""
        if t_us >= self._arm_us + _ARM_LINE_US:
            self._arm_us = t_us // _ARM_LINE_US * _ARM_LINE_US
            motion = self._script.update(t_us // 1000)["arm_motion_pct"]
            if self.arm_motion_pct is not None:
                motion = self.arm_motion_pct * 1000
            self._arm_from = self._arm_to
            self._arm_to = self._rng.spread(_FULL_ARM_MOTION_NL * motion // 100000) if motion else 0
        if not self._arm_from and not self._arm_to:
            return 0
        return self._arm_from + (self._arm_to - self._arm_from) * (t_us - self._arm_us) // _ARM_LINE_US
