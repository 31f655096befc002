# SPDX-License-Identifier: Apache-2.0
"""Counts what oximetry and the cuff allocate in steady state, in bytes; MicroPython only."""

import gc
import json
from array import array

from cuff_model import Cuff
from vitals.link import wire
from vitals.nibp.controller import CuffController
from vitals.oximetry.oximeter import Oximetry

SHAPE = (
    0,
    8,
    30,
    62,
    88,
    99,
    100,
    95,
    86,
    76,
    66,
    57,
    50,
    46,
    45,
    46,
    45,
    42,
    38,
    33,
    28,
    23,
    18,
    14,
    10,
    7,
    4,
    2,
    1,
    0,
)


def oximetry():
    o = Oximetry()
    red = array("i", [0] * 10)
    ir = array("i", [0] * 10)
    held = 0
    k = 0
    for second in range(40):
        for _ in range(10):
            for i in range(10):
                pulse = SHAPE[k % 80 * 28 // 80]
                red[i] = 90000 - pulse * 9
                ir[i] = 110000 - pulse * 22
                k += 1
            held += measured(o.feed, red, ir, 10, 0) if second >= 20 else o.feed(red, ir, 10, 0) or 0
        held += measured(o.compute, second * 1000) if second >= 20 else o.compute(second * 1000) or 0
    return held // 20, o.pulse_x10, o.spo2_x10


def trial_runs(controller):
    """Whether the evaluation is tried out before the deflation ends."""
    return controller._work is not None and controller.phase == wire.CUFF_PHASE_DEFLATING


def measured(call, *arguments):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    call(*arguments)
    held = gc.mem_alloc() - before
    gc.enable()
    return held


def cuff():
    c = CuffController()
    model = Cuff()
    held = {}
    trials = [0, 0]
    t_ms = 0
    c.sample(0, 0, 0)
    c.start(0, wire.TRIGGER_HOST)
    while c.phase <= wire.CUFF_PHASE_DUMPING:
        t_ms += 10
        model.step(c.pump_permille, c.pump_enable, c.bleed_permille, c.dump_shut)
        phase = c.phase
        pressure, guard = model.reading_cmmhg(), model.guard_cmmhg()
        trial = trial_runs(c)
        if t_ms % 50 and t_ms % 500 != 490 and not trial:  # collecting garbage at every sample would take a minute
            c.sample(t_ms, pressure, guard)
        elif trial or trial_runs(c):
            trials[0] = max(trials[0], measured(c.sample, t_ms, pressure, guard))
            trials[1] += 1
        else:
            bytes_held = measured(c.sample, t_ms, pressure, guard)
            if not trial_runs(c):
                held[phase] = held.get(phase, 0) + bytes_held
    return held, trials, c.take_result().sbp_x10


o = oximetry()
held, trials, sbp_x10 = cuff()
said = {"oximetry_per_s": o[0], "pulse_x10": o[1], "spo2_x10": o[2], "cuff": held, "trials": trials, "sbp_x10": sbp_x10}
print(json.dumps(said))
