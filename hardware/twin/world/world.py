# SPDX-License-Identifier: Apache-2.0
"""The world as the simulated board sees it: inputs are switches, outputs are pressures, light and a supply voltage.

Time is virtual and moves only by `advance_to`. What happens depends on the times at which inputs change, never on how
often or in which portions time is moved. Whoever changes an input, a fault or a value of the patient first advances the
world to the moment of the change (and lets the chips take their samples up to then).
"""

from . import faults, pneumatics
from .external import External
from .finger import Finger
from .heart import Heart
from .recording import CuffRecording, PpgRecording
from .script import NUMBERS, Script

# What the cuff is wrapped around: an arm, or the rigid test cylinder.
CUFF_ON = ("arm", "cylinder")
# The pump at full power pulls the supply down by this.
PUMP_SAG_MV = 150


class World:
    """Patient, finger, cuff and air. `patient` is a dict as in `patients/*.json`; `ppg` and `cuff` are paths or None;
    `cuff_on` is one of CUFF_ON.

    Inputs, plain attributes: `pump_permille` (0..1000), `pump_enable`, `bleed_permille` (0 open .. 1000 shut),
    `dump_shut`, `external_test` (high: the comparator acts at any pressure, unlatched), `ppg_t_us` (time of the first
    sample of the next `ppg`).

    Outputs, plain attributes too: `cuff_mmmhg`, `manifold_mmmhg` (0.001 mmHg; both sensors sit on the manifold),
    `external_ok` (high while the external layer is fitted and not acting), `supply_mv`. And `ppg()`, `truth()`.
    """

    def __init__(self, patient, seed, ppg=None, cuff=None, cuff_on="arm"):
        if cuff_on not in CUFF_ON:
            raise faults.FaultError("cuff_on must be one of %s, not %r" % (", ".join(CUFF_ON), cuff_on))
        self.cuff_on = cuff_on
        self.t_us = 0
        self.pump_permille = 0
        self.pump_enable = False
        self.bleed_permille = 0
        self.dump_shut = False
        self.external_test = False
        self.cuff_mmmhg = 0
        self.manifold_mmmhg = 0
        self.external_ok = True
        self.supply_mv = faults.SUPPLY_MV
        self.ppg_t_us = 0
        self.script = Script(patient)
        self.heart = Heart(self.script, seed)
        self.finger = Finger(self.script, self.heart, seed, PpgRecording(ppg) if ppg else None)
        self.air = pneumatics.Pneumatics(self.script, self.heart, seed, cuff_on)
        self.external = External()
        self.recording = CuffRecording(cuff) if cuff else None
        self.faults = {}
        self._next_us = pneumatics.STEP_US
        self._same_limb = bool(self.script.person["same_limb"])
        # States that faults set.
        self.speed_shorted = self.enable_shorted = False
        self.bleed_most_permille = 1000  # how far the valves open and shut
        self.dump_most_pct = 100
        self.pump_pct = 100
        self.bleed_stuck_open = self.dump_stuck_open = False
        self.supply_unloaded_mv = faults.SUPPLY_MV

    # -- time ------------------------------------------------------------------------------------------------------

    def advance_to(self, t_us):
        """Let virtual time pass until `t_us`; a time that has passed already changes nothing."""
        if t_us < self._next_us:
            if t_us > self.t_us:
                self.t_us = t_us
                if self.external_test != self.external.test:
                    self._refresh()
            return
        if self.external_test != self.external.test:
            self._refresh()
        if self.air.at_rest and self.recording is None and not self.pump_running:
            self.t_us = t_us
            self._next_us = t_us - t_us % pneumatics.STEP_US + pneumatics.STEP_US
            return
        if self.recording is None:
            self._blow(t_us)
        else:
            self._play(t_us)
        self.t_us = t_us
        self.cuff_mmmhg = self.air.cuff_ummhg // 1000
        self.manifold_mmmhg = self.air.manifold_ummhg // 1000
        self._refresh()

    def _blow(self, t_us):
        """Move the air in steps, to the last one at or before `t_us`, with the external layer looking on."""
        air = self.air
        external = self.external
        self._drive()
        while self._next_us <= t_us:
            air.step(self._next_us)
            self._next_us += pneumatics.STEP_US
            if external.step(air.manifold_ummhg // 1000, pneumatics.STEP_US):
                self._drive()
            if air.at_rest:
                self._next_us = t_us - t_us % pneumatics.STEP_US + pneumatics.STEP_US

    def _drive(self):
        """Hand what firmware, faults and the external layer do to pump and valves over to the air."""
        speed = 1000 if self.speed_shorted else self.pump_permille
        if not self.pump_running:
            speed = 0
        self.air.drive(speed, self.bleed_open_permille, self.dump_open_pct, self.pump_pct)

    def _play(self, t_us):
        """The recorded pressure instead of the air; nothing but the external layer sees what the switches do."""
        air = self.air
        while self._next_us <= t_us:
            mmmhg = self.recording.pressure_mmmhg(self._next_us)
            air.cuff_ummhg = air.manifold_ummhg = mmmhg * 1000
            self.external.step(mmmhg, pneumatics.STEP_US)
            self._next_us += pneumatics.STEP_US

    # -- outputs ---------------------------------------------------------------------------------------------------

    @property
    def pump_running(self):
        """Both switches of the pump are closed, by firmware or by a short; the external layer sits in the second."""
        if not (self.pump_permille or self.speed_shorted):
            return False
        return self.enable_shorted or (bool(self.pump_enable) and not self.external.acts)

    @property
    def bleed_open_permille(self):
        """How far the bleed valve is open, 0..1000, whoever holds it."""
        if self.bleed_stuck_open:
            return 1000
        wanted = 1000 if self.external.acts else 1000 - self.bleed_permille
        return min(wanted, self.bleed_most_permille)

    @property
    def dump_open_pct(self):
        """How far the dump valve is open, 0..100, whoever holds it."""
        if self.dump_stuck_open:
            return 100
        return self.dump_most_pct if self.external.acts or not self.dump_shut else 0

    def _refresh(self):
        """Bring the plain attributes up to date that readers inside a hard interrupt look at."""
        external = self.external
        external.test = bool(self.external_test)
        self.external_ok = external.ok
        self.supply_mv = self.supply_unloaded_mv - (
            PUMP_SAG_MV * self.pump_permille // 1000 if self.pump_running else 0
        )

    def ppg(self, n, period_us, red, ir, led_red_ua, led_ir_ua, fullscale_na):
        """Put `n` samples of red and infrared light from `ppg_t_us` on into red[] and ir[].

        Samples are `period_us` apart, 18-bit counts 0..262143. LED currents in uA (0 is dark), the converter's full
        scale in nA. Ask for rising times that have passed. On the arm of the cuff (`same_limb`) the cuff's pressure at
        this moment counts for all of them.
        """
        self.heart.run_until(self.t_us)
        if self._same_limb:
            self.finger.open_permille = self._open_permille()
        self.finger.fill(n, period_us, red, ir, led_red_ua, led_ir_ua, fullscale_na, self.ppg_t_us)

    def _open_permille(self):
        """How much of the pulse passes the cuff: all below the diastolic, nothing above the systolic pressure."""
        if not self.cuff_mmmhg:
            return 1000
        beat = self.heart.beats[-1]
        width = max(1, beat.sbp_mmmhg - beat.dbp_mmmhg)
        return max(0, min(1000, (beat.sbp_mmmhg - self.cuff_mmmhg) * 1000 // width))

    # -- acts upon the world ---------------------------------------------------------------------------------------

    def power_cycle(self):
        """The board's power goes and comes back: the external layer forgets a trip."""
        self.external.power_cycle()
        self._refresh()

    def play_cuff(self):
        """Begin the cuff recording now."""
        if self.recording is None:
            raise faults.FaultError("there is no cuff recording to play; give one with cuff=FILE")
        self.recording.play(self.t_us)

    def set_patient(self, **values):
        """Hold values of the patient from now on, by the script's names and units; None gives one back to it."""
        self.heart.run_until(self.t_us)
        for name in sorted(values):
            self.script.override(name, values[name], self.t_us // 1000)

    def set_fault(self, name, **given):
        """Make something wrong from now on; parameters and near misses are in `faults.FAULTS`."""
        chosen = faults.arguments(name, given)
        self.heart.run_until(self.t_us)
        self.faults[name] = chosen
        faults.apply(self, name, chosen)
        self._refresh()

    def clear_fault(self, name):
        """Put something right again; a fault that is not set changes nothing."""
        faults.arguments(name, {})
        if self.faults.pop(name, None) is not None:
            self.heart.run_until(self.t_us)
            faults.apply(self, name, None)
            self._refresh()

    def truth(self):
        """All that is so now, in real units, for tests and the control connection. It changes nothing."""
        self.heart.run_until(self.t_us)
        beat = self.heart.beats[-1]
        out = {
            "t_us": self.t_us,
            "cuff_on": self.cuff_on,
            "cuff_mmhg": self.cuff_mmmhg / 1000,
            "manifold_mmhg": self.manifold_mmmhg / 1000,
            "pump_running": self.pump_running,
            "pump_permille": self.pump_permille,
            "pump_enable": bool(self.pump_enable),
            "bleed_open_permille": self.bleed_open_permille,
            "dump_open_pct": self.dump_open_pct,
            "external_ok": self.external_ok,
            "external_tripped": self.external.tripped,
            "external_cause": self.external.cause,
            "supply_mv": self.supply_mv,
            "beats": self.heart.first_number + len(self.heart.beats),
            "beat_interval_ms": beat.length_us / 1000,
            "beat_sbp_mmhg": beat.sbp_mmmhg / 1000,
            "beat_dbp_mmhg": beat.dbp_mmmhg / 1000,
            "faults": sorted(self.faults),
        }
        now = self.script.update(self.t_us // 1000)
        for name in now:
            out[name] = now[name] / 1000 if name in NUMBERS else now[name]
        out["map_mmhg"] = (
            out["dbp_mmhg"] + (out["sbp_mmhg"] - out["dbp_mmhg"]) * self.script.person["artery"].mean_permille / 1000
        )
        return out
