# SPDX-License-Identifier: Apache-2.0
"""Measures fingers with the firmware's oximeter on the simulated board; runs under either interpreter.

Arguments: the repository's root, and a file with one finger a line (`FingerPatient.board()`). Prints one JSON object a
finger: {"seed", "delay_ms", "readings": [[t_ms, spo2_x10, pulse_x10, perfusion_x100, quality, spo2_reason,
pulse_reason], ...]}, one reading a second. With "raw": true in the patient also the samples, [red, infrared].

Driver and `Oximetry` are driven as the application does: drained ten times a second, computed once a second.
"""

import gc
import json
import sys

ROOT = sys.argv[1]
sys.path.insert(0, ROOT + "/hardware/twin")
sys.path.insert(0, ROOT + "/firmware")
if sys.implementation.name != "micropython":
    sys.path.append(ROOT + "/hardware/twin/cpython")

from board import faults, machine  # noqa: E402
from board.pins import read_pinout  # noqa: E402
from board.ports import PORTS  # noqa: E402
from board.simulated import SimulatedBoard  # noqa: E402
from board.timeline import FOREVER  # noqa: E402
from world.world import World  # noqa: E402

sys.modules["machine"] = machine

from vitals.boards.common import Lines  # noqa: E402
from vitals.boards.pico import Board  # noqa: E402
from vitals.drivers.bus import Bus  # noqa: E402
from vitals.drivers.max30102 import Max30102  # noqa: E402
from vitals.link import wire  # noqa: E402
from vitals.oximetry.oximeter import Oximetry  # noqa: E402

DRAIN_US = 100000
START_US = 10000
# Half of the averaging, the filter and what tells a beat from its neighbours, where the firmware does not say it.
DELAY_MS = 5500
REASONS = {}
for _name in dir(wire):
    if _name.startswith("REASON_"):
        REASONS[getattr(wire, _name)] = _name[7:].lower()


def measure(told):
    world = World(told["patient"], told["seed"] + 1)
    twin = SimulatedBoard(PORTS["pico"](), world, read_pinout(ROOT + "/hardware/pinout.csv", "pico"), "SIM00001", 3)
    twin.limit_us = FOREVER
    machine.attach(twin)
    for name, seconds, arguments in told["faults"]:
        faults.schedule(twin, name, int(seconds * 1000000), arguments)
    pins = Board.pins
    bus = Bus(Lines(Board.oximeter_bus, pins["oximeter_scl"], pins["oximeter_sda"]))
    sensor = Max30102(bus)
    oximetry = Oximetry()
    readings = []
    raw = []
    keeps = told.get("raw", False)
    t_us = 0
    end_us = int(told["seconds"] * 1000000)
    while t_us < end_us:
        t_us += DRAIN_US if sensor.running else START_US
        if t_us > twin.timeline.now_us:
            twin.advance(t_us)
        bus.advance(t_us // 1000)
        n = sensor.advance(t_us // 1000)
        if n:
            oximetry.feed(sensor.red, sensor.ir, n, sensor.lost)
            if keeps:
                raw.extend([[sensor.red[i], sensor.ir[i]] for i in range(n)])
        if oximetry.leds_changed:
            oximetry.leds_changed = False
            sensor.set_leds(oximetry.led_red, oximetry.led_ir)
        if t_us % 1000000 < DRAIN_US:
            o = oximetry
            o.compute(t_us // 1000)
            spo2_reason, pulse_reason = REASONS[o.spo2_reason], REASONS[o.pulse_reason]
            readings.append(
                [t_us // 1000, o.spo2_x10, o.pulse_x10, o.perfusion_x100, o.quality, spo2_reason, pulse_reason]
            )
    out = {"seed": told["seed"], "delay_ms": getattr(oximetry, "delay_ms", DELAY_MS), "readings": readings}
    if keeps:
        out["raw"] = raw
    return out


def main(path):
    with open(path) as file:
        for line in file:
            gc.collect()
            print(json.dumps(measure(json.loads(line))))


if __name__ == "__main__":
    main(sys.argv[2])
