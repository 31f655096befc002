# SPDX-License-Identifier: Apache-2.0
"""Drives `CuffController` with the cuff model and prints what happened as JSON; runs under either interpreter.

Argument: a file of JSON {"cuff": {attributes}, "seconds", "session", "other", "at": [[when, {...}], ...]}. `when` is
seconds, or "PHASE+seconds" counted from the first entry into that phase (its number). The attribute `command` calls
start, interval, observe, abort, session_reset or sensor_fault; "pressure" and "guard": "none" silence a channel. With
`other` the cuff is driven by hand: up to 170 mmHg from 5 s on, then down (260: about 4 mmHg/s, less is slower), let go
at `let_go` mmHg (50). `again` is what a second evaluation makes of the last oscillogram.
"""

import json
import sys
from array import array

from cuff_model import Cuff
from vitals.link import wire
from vitals.nibp.controller import CuffController
from vitals.nibp.oscillometry import Oscillometry

FIELDS = (
    "outcome", "sbp_x10", "map_x10", "dbp_x10", "pulse_x10", "quality", "peak_amplitude_x100", "trigger", "attempt",
    "beats", "algorithm", "flags", "cycle", "started_ms", "peak_pressure_x10", "direction", "doubts",
)  # fmt: skip
AGAIN = ("outcome", "sbp_x10", "map_x10", "dbp_x10", "quality", "peak_amplitude_x100", "doubts")


class Drive:
    def __init__(self, plan):
        self.plan = plan
        self.cuff = Cuff(**plan.get("cuff", {}))
        self.controller = CuffController()
        self.controller.session_open = plan.get("session", True)
        self.controller.method = plan.get("method", 0)
        self.silent = {"pressure": False, "guard": False}
        self.pending = list(plan.get("at", ()))
        self.entered = {}
        self.turned = False
        self.let_go = False
        self.log = {"results": [], "phases": [], "refusals": [], "faults": [], "trace": []}

    def due(self, when, t_s):
        if not isinstance(when, str):
            return t_s >= when
        phase, after = when.split("+")
        return int(phase) in self.entered and t_s >= self.entered[int(phase)] + float(after)

    def act(self, t_ms, changes):
        for name, value in changes.items():
            if name in self.silent:
                self.silent[name] = value == "none"
            elif name == "command":
                self.command(t_ms, value)
            else:
                setattr(self.cuff, name, value)

    def command(self, t_ms, name):
        c = self.controller
        if name == "abort":
            c.abort(t_ms, wire.NIBP_OUTCOME_ABORTED)
        elif name == "session_reset":
            c.session_reset()
        elif name == "sensor_fault":
            c.sensor_fault(t_ms, wire.FAULT_CUFF_BUS)
        elif name == "observe":
            self.log["refusals"].append(c.observe(t_ms, self.plan.get("observe_s", 60)))
        else:
            trigger = {"start": wire.TRIGGER_HOST, "interval": wire.TRIGGER_INTERVAL}[name]
            self.log["refusals"].append(c.start(t_ms, trigger))

    def drive_by_hand(self, t_ms):
        """Someone else's pump and valve."""
        if t_ms >= 5000 and not self.let_go:
            self.turned = self.turned or self.cuff.cuff >= 170
            self.let_go = self.turned and self.cuff.cuff < self.plan.get("let_go", 50)
        pumping = t_ms >= 5000 and not self.turned
        shut = t_ms >= 5000 and not self.let_go
        falls = int(1000 - 80 - self.plan["other"] * (100 / max(40.0, self.cuff.cuff)) ** 0.5) if self.turned else 1000
        self.cuff.step(700 if pumping else 0, pumping, falls if shut else 0, shut)

    def run(self):
        c, cuff, log = self.controller, self.cuff, self.log
        phase = fault = None
        t_ms = 0
        while t_ms < self.plan["seconds"] * 1000:
            t_ms += 10
            if self.plan.get("other"):
                self.drive_by_hand(t_ms)
            else:
                cuff.step(c.pump_permille, c.pump_enable, c.bleed_permille, c.dump_shut)
            for item in self.pending[:]:
                if self.due(item[0], t_ms / 1000):
                    self.pending.remove(item)
                    self.act(t_ms, item[1])
            if c.active or t_ms % 100 == 0:
                pressure = None if self.silent["pressure"] else cuff.reading_cmmhg()
                c.sample(t_ms, pressure, None if self.silent["guard"] else cuff.guard_cmmhg())
            deadline = c.next_deadline()
            if deadline is not None and t_ms >= deadline:
                c.advance(t_ms)
            result = c.take_result()
            if result is not None:
                row = {name: getattr(result, name) for name in FIELDS}
                row["ended_ms"] = t_ms
                row["cuff_mmhg"] = int(cuff.cuff * 10)
                log["results"].append(row)
            if c.phase != phase:
                phase = c.phase
                self.entered.setdefault(phase, t_ms / 1000)
                log["phases"].append([t_ms, phase, int(cuff.cuff * 10), c.target_mmhg])
            if c.fault != fault:
                fault = c.fault
                log["faults"].append([t_ms, fault])
            if t_ms % 500 == 0:
                log["trace"].append(
                    [t_ms, int(cuff.cuff * 10), int(cuff.manifold * 10), c.bleed_permille, c.dump_shut, c.pump_enable]
                )
        n = c.capture.beats
        log["oscillogram"] = [
            list(a)[:n] for a in (c.capture.pressure_cmmhg, c.capture.amplitude_mmmhg, c.capture.t_10ms)
        ]
        log["again"] = self.again(n)
        return log

    def again(self, n):
        o = self.controller.capture
        meter = Oscillometry()
        arrays = [array("H", a[:n]) for a in (o.pressure_cmmhg, o.amplitude_mmmhg, o.t_10ms)]
        meter.evaluate(*arrays, n, o.direction, o.left_out, o.noise_mmmhg, o.begin_cmmhg, o.end_cmmhg)
        return {name: getattr(meter, name) for name in AGAIN}


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(json.dumps(Drive(json.load(file)).run()))
