# SPDX-License-Identifier: Apache-2.0
"""Pump, valves, manifold, hose, cuff and the artery under it, as one closed loop of air.

Two volumes: the manifold (pump, valves, both sensors' ports) and behind its hose the cuff, or the rigid cylinder. A
kinked hose parts them.
Pressures are gauge, in micro-mmHg inside; conductances in nL/s per mmHg (air at 760 mmHg); volumes in nL. Flow through
valves and leaks is taken as proportional to pressure. The manifold is solved implicitly, because it is quicker than a
step; the cuff, which is slower by two orders, explicitly.
"""

from .rng import Rng
from .tables import ARTERY_TOP, ARTERY_ZERO, CUFF_TOP_MMHG, PHASES, SYSTOLE, cylinder_compliance

STEP_US = 5000
_PER_S = 1000000 // STEP_US
# From the heart to the arm under the cuff.
TRANSIT_US = 110000

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
_WIDEST_UMMHG = (ARTERY_ZERO + ARTERY_TOP) * 1000000


class Pneumatics:
    """State of the air. The inputs are what the switches do to pump and valves now; faults set the others.

    `cuff_on` is "arm", or "cylinder": a rigid vessel on the hose, in which no artery beats and no arm moves.
    """

    def __init__(self, script, heart, seed, cuff_on="arm"):
        self._heart = heart
        self._script = script
        self._rng = Rng(seed, 4)
        artery = script.person["artery"]
        self._volume_nl = artery.volume_nl
        self._segments = artery.segments
        self._wave = artery.wave
        self._longest_systole_us = artery.systole_us
        self._on_arm = cuff_on == "arm"
        self._compliance = script.person["cuff"] if self._on_arm else cylinder_compliance()
        self._squeeze = script.person["squeeze"]
        self.cuff_ummhg = 0
        self.manifold_ummhg = 0
        self.at_rest = True
        # What the switches do now.
        self.flow_nl_s = 0  # of the pump against no pressure
        self.valves_nl_s_mmhg = 0
        # Faults and tolerances.
        self.hose_nl_s_mmhg = HOSE_NL_S_MMHG
        self.hose_off = False
        self.coupling_pct = 100
        self.arm_motion_pct = None
        self.leak_nl_s_mmhg = 0
        self.set_leak(HEALTHY_LEAK_MMHG_MIN)
        # The beat under the cuff, and the line along which a moving arm squeezes it.
        self._beat = None
        self._beat_number = 0
        self._artery_nl = None
        self._arm_from = 0
        self._arm_to = 0
        self._arm_us = 0
        # One step of STEP_US that ends at the time sent. A generator, because MicroPython would allocate the frame of
        # so large a function on its heap at every call; a generator keeps its frame.
        self._stepper = self._steps()
        next(self._stepper)
        self.step = self._stepper.send

    def set_leak(self, mmhg_per_min):
        """Make the shut cuff lose this at LEAK_AT_MMHG (in proportion at other pressures)."""
        self.leak_nl_s_mmhg = int(self._compliance[LEAK_AT_MMHG] * mmhg_per_min / (LEAK_AT_MMHG * 60))

    def drive(self, pump_permille, bleed_open_permille, dump_open_pct, pump_pct):
        """Set what pump (with `pump_pct` of its usual flow) and valves do from the next step on."""
        self.flow_nl_s = PUMP_FREE_NL_S * pump_permille * pump_pct // 100000
        # A proportional valve opens its area with the square of its stroke: fine near shut.
        bleed = BLEED_NL_S_MMHG * bleed_open_permille * bleed_open_permille // 1000000
        if pump_permille:
            self.at_rest = False
        self.valves_nl_s_mmhg = bleed + DUMP_NL_S_MMHG * dump_open_pct // 100

    def _steps(self):
        store = _MANIFOLD_NL_MMHG * _PER_S
        compliance = self._compliance
        segments = self._segments
        squeeze = self._squeeze
        while True:
            t_us = yield
            manifold, cuff = self.manifold_ummhg, self.cuff_ummhg
            valves, hose, loss = self.valves_nl_s_mmhg, self.hose_nl_s_mmhg, self.leak_nl_s_mmhg
            if self.hose_off:
                hose = 0
                valves += OPEN_HOSE_NL_S_MMHG
                loss += OPEN_HOSE_NL_S_MMHG
            flow = self.flow_nl_s
            if flow:
                flow -= flow // 1000 * (manifold // 1000) // PUMP_STALL_MMHG
                if flow < 0:
                    flow = 0
            manifold = (store * manifold + hose * cuff + flow * 1000000) // (store + hose + valves)
            self.manifold_ummhg = manifold
            if not self._on_arm:
                k = cuff // 1000000
                cuff += (hose * (manifold - cuff) - loss * cuff) // _PER_S // compliance[min(k, CUFF_TOP_MMHG)]
                self.cuff_ummhg = cuff
                if cuff < _EMPTY_UMMHG and manifold < _EMPTY_UMMHG and not flow:
                    self._rest()
                continue
            # The artery: its volume at the pressure across its wall, and what the arm's movement adds.
            k = self.artery_mmmhg(t_us) * 1000 + ARTERY_ZERO * 1000000
            volume = 0
            for share, part in segments:
                volume += self._volume(k - cuff * part // 1000) * share
            volume = volume * self.coupling_pct // 100000
            if t_us >= self._arm_us + _ARM_LINE_US:
                self._next_arm_line(t_us)
            if self._arm_from or self._arm_to:
                volume += self._arm_from + (self._arm_to - self._arm_from) * (t_us - self._arm_us) // _ARM_LINE_US
            if squeeze is not None:
                volume += squeeze.at(t_us)
            swell = 0 if self._artery_nl is None else volume - self._artery_nl
            self._artery_nl = volume
            # The artery takes room from air at the cuff's pressure, which is (760 + P) / 760 as much at 760 mmHg.
            air = (hose * (manifold - cuff) - loss * cuff) // _PER_S + swell * (760000000 + cuff) // 760
            k = cuff // 1000000
            cuff += air // compliance[k if k < CUFF_TOP_MMHG else CUFF_TOP_MMHG]
            if cuff < 0:
                cuff = 0
            self.cuff_ummhg = cuff
            if cuff < _EMPTY_UMMHG and manifold < _EMPTY_UMMHG and not flow:
                self._rest()

    def _volume(self, across_ummhg):
        """Volume (nL) of the artery at a pressure across its wall, counted from where the table begins."""
        if across_ummhg < 0:
            return self._volume_nl[0]
        if across_ummhg >= _WIDEST_UMMHG:
            return self._volume_nl[-1]
        table = self._volume_nl
        k = across_ummhg // 1000000
        return table[k] + (table[k + 1] - table[k]) * (across_ummhg - k * 1000000) // 1000000

    def _rest(self):
        """Everything is empty: nothing moves until the pump runs."""
        self.cuff_ummhg = 0
        self.manifold_ummhg = 0
        self.at_rest = True
        self._artery_nl = None
        self._arm_from = self._arm_to = 0

    def artery_mmmhg(self, t_us):
        """Pressure in the artery under the cuff, 0.001 mmHg. It looks forward only: ask for rising times."""
        t_us -= TRANSIT_US
        beat = self._beat
        if beat is None or t_us >= beat.end_us:
            beat = self._next_beat(t_us)
        t_us -= beat.start_us
        if t_us < self._systole_us:
            t_us = (t_us * SYSTOLE << 8) // self._systole_us
        else:
            t_us = (SYSTOLE << 8) + (t_us - self._systole_us) * (PHASES - SYSTOLE << 8) // self._diastole_us
        wave = self._wave
        w = wave[t_us >> 8]
        w += (wave[(t_us >> 8) + 1] - w) * (t_us & 255) >> 8
        mmmhg = beat.dbp_mmmhg + ((beat.sbp_mmmhg - beat.dbp_mmmhg) * w >> 14)
        return mmmhg + (beat.drift_mmmhg * t_us >> 16)

    def _next_beat(self, body_us):
        heart = self._heart
        heart.run_until(body_us)
        self._beat_number = heart.number_at(body_us, self._beat_number)
        self._beat = heart.beats[self._beat_number - heart.first_number]
        length_us = self._beat.length_us
        self._systole_us = min(self._longest_systole_us, length_us * 3 // 8)
        self._diastole_us = length_us - self._systole_us
        return self._beat

    def _next_arm_line(self, t_us):
        """Draw to where a moving arm squeezes the cuff next (nL); a still arm draws nothing."""
        self._arm_us = t_us // _ARM_LINE_US * _ARM_LINE_US
        motion = self._script.update(t_us // 1000)["arm_motion_pct"]
        if self.arm_motion_pct is not None:
            motion = self.arm_motion_pct * 1000
        self._arm_from = self._arm_to
        self._arm_to = self._rng.spread(_FULL_ARM_MOTION_NL * motion // 100000) if motion else 0
