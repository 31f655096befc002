# SPDX-License-Identifier: Apache-2.0
"""Run by both interpreters: a long, eventful session of the world, told in integers. One line of JSON on stdout.

python long_run.py PATH_OF_TWIN [--speed]
"""

import json
import sys
import time
from array import array

TWIN = sys.argv[1]
sys.path.insert(0, TWIN)

from world.world import World  # noqa: E402

# Processor time in s: other work on the machine does not count.
cpu_s = time.clock if sys.implementation.name == "micropython" else time.process_time


def load(name, seed):
    with open(TWIN + "/world/patients/" + name + ".json") as file:
        return World(json.load(file), seed)


class Session:
    """Time passes in steps of 10 ms, light is taken every 100 ms; everything seen goes into one checksum."""

    def __init__(self, name, seed):
        self.world = load(name, seed)
        self.red = array("i", [0] * 10)
        self.ir = array("i", [0] * 10)
        self.sum = 0

    def see(self, number):
        self.sum = (self.sum * 1000003 + number) % 2147483629

    def run(self, seconds):
        world = self.world
        for _ in range(seconds * 10):
            first_us = world.t_us
            for _ in range(10):
                world.advance_to(world.t_us + 10000)
                self.see(world.manifold_mmmhg)
            self.see(world.cuff_mmmhg)
            world.ppg_t_us = first_us
            world.ppg(10, 10000, self.red, self.ir, 6400, 6400, 4096)
            for i in range(10):
                self.see(self.red[i])
                self.see(self.ir[i])

    def cycle(self):
        """One cuff reading by hand: up, down along the bleed valve, empty."""
        world = self.world
        world.bleed_permille, world.dump_shut = 1000, True
        world.pump_permille, world.pump_enable = 1000, True
        self.run(7)
        world.pump_permille, world.pump_enable = 0, False
        world.bleed_permille = 720
        self.run(20)
        world.bleed_permille, world.dump_shut = 0, False
        self.run(5)


def digest(name, seed):
    session = Session(name, seed)
    out = []
    for fault in (None, "kink", "leak", "arm_motion", "motion", "weak_pulse", "irregular", "finger_off"):
        if fault:
            session.world.set_fault(fault)
        session.cycle()
        session.run(20)
        if fault:
            session.world.clear_fault(fault)
        out.append(session.sum)
    truth = session.world.truth()
    out.append(truth["beats"])
    return out


def timed(count, act):
    """us of processor time for each of `count` calls."""
    start = cpu_s()
    for _ in range(count):
        act()
    return (cpu_s() - start) * 1e6 / count


def speed():
    """Cost in us: 10 ms with the cuff at rest, 10 ms while it is bled, one sample of light."""
    session = Session("esketamine", 1)
    world = session.world

    def step():
        world.advance_to(world.t_us + 10000)

    def light():
        world.ppg_t_us = world.t_us
        world.advance_to(world.t_us + 100000)
        world.ppg(10, 10000, session.red, session.ir, 6400, 6400, 4096)

    idle = timed(3000, step)
    sample = timed(600, light) / 10
    world.bleed_permille, world.dump_shut = 1000, True
    world.pump_permille, world.pump_enable = 1000, True
    world.advance_to(world.t_us + 7000000)
    world.pump_permille, world.bleed_permille = 0, 720
    return {"idle_us": idle, "sample_us": sample, "active_us": timed(1000, step)}


if "--speed" in sys.argv:
    print(json.dumps(speed()))
else:
    print(json.dumps([digest("esketamine", 1), digest("restless", 7), digest("afib", 4000000000)]))
