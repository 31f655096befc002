# SPDX-License-Identifier: Apache-2.0
"""Drives the interlock tick by tick with raw counts and prints at which tick it trips, and why.

Under MicroPython every tick runs with the heap locked, so that an allocation raises.
"""

import json

import micropython
from vitals.link import wire
from vitals.safety import interlock
from vitals.safety.interlock import Interlock

if hasattr(micropython, "alloc_emergency_exception_buf"):
    micropython.alloc_emergency_exception_buf(100)


class Outputs:
    """Stands for pump and valves: what is set, and how often it was cut."""

    def __init__(self):
        self.energised = False
        self.pumping = False
        self.inhibited = False
        self.cuts = 0

    def cut(self):
        self.energised = False
        self.pumping = False
        self.cuts += 1


class Rig:
    """An interlock with a guard channel whose counts are set by hand; `unhooked` outputs stay on when they are cut."""

    def __init__(self, clock=None):
        self.outputs = Outputs()
        self.raw = raw_of(0)
        self.error = None
        self.interlock = Interlock(self.outputs, self._read, clock)

    def _read(self):
        if self.error is not None:
            raise self.error
        return self.raw

    def energise(self, pumping=False):
        self.outputs.energised = True
        self.outputs.pumping = pumping
        return self

    def ticks(self, most, kick=True, raw=None, step=0):
        """Ticks until it trips, at most so often. Returns the number of the tick that tripped, 0 if none did."""
        if raw is not None:
            self.raw = raw
        lock, tick, dog = self.interlock, self.interlock.tick, self.interlock.kick
        micropython.heap_lock()
        try:
            i = 0
            while i < most:
                i += 1
                if kick:
                    dog()
                tick(None)
                self.raw += step
                if lock.tripped:
                    return i
            return 0
        finally:
            micropython.heap_unlock()

    def story(self, ticked):
        lock = self.interlock
        return [ticked, lock.cause, lock.trip_cmmhg, lock.trips, self.outputs.cuts, self.outputs.inhibited]


def raw_of(mmhg):
    """Nominal counts at a pressure: 0.2 V + 12 mV/mmHg, divided by 2/3, of 3.3 V."""
    return int((0.2 + 0.012 * mmhg) * 2 / 3 / 3.3 * 65535 + 0.5)


def raw_for(cmmhg):
    """The lowest counts that the nominal scale calls at least this pressure."""
    raw = 0
    while ((raw - interlock.NOMINAL_ZERO_RAW) * interlock.NOMINAL_GAIN_Q13) >> 13 < cmmhg:
        raw += 1
    return raw


def over_pressure():
    at = raw_for(30000)
    below, on, idle, far = Rig().energise(), Rig().energise(), Rig(), Rig().energise()
    return {
        "below": below.story(below.ticks(500, raw=at - 1)),
        "at": on.story(on.ticks(500, raw=at)),
        "idle": idle.story(idle.ticks(500, raw=at)),
        "beyond_what_the_sensor_gives": far.story(far.ticks(500, raw=65535)),
        "scale_mmhg_x100": [at, raw_of(300)],
    }


def cuff_timer():
    above, at = raw_for(1501), raw_for(1501) - 1
    out = {}
    rig = Rig()
    out["above_15"] = rig.story(rig.ticks(10000, raw=above))
    rig = Rig()
    out["at_15"] = rig.story(rig.ticks(10000, raw=at))
    rig = Rig()
    rig.ticks(8000, raw=above)
    rig.ticks(49, raw=at)
    out["a_dip_of_980_ms_stops_nothing"] = rig.story(rig.ticks(2000, raw=above))
    rig = Rig()
    rig.ticks(8000, raw=above)
    rig.ticks(50, raw=at)
    out["after_1_s_empty_it_starts_anew"] = rig.story(rig.ticks(10000, raw=above))
    rig = Rig()
    rig.ticks(8000, raw=above)
    out["without_a_reading_it_goes_on"] = rig.story(rig.ticks(2000, raw=0))
    rig = Rig()
    out["without_a_reading_it_does_not_begin"] = rig.story(rig.ticks(10000, raw=0))
    return out


def electrical_range():
    out = {}
    for name, raw in (("open", 0), ("low", 740), ("high", 63021), ("shorted", 65535)):
        rig = Rig().energise()
        out[name] = rig.story(rig.ticks(100, raw=raw))
    for name, raw in (("lowest", 741), ("zero", raw_of(0))):
        rig = Rig().energise()
        out[name] = rig.story(rig.ticks(100, raw=raw))
    rig = Rig().energise()
    out["highest"] = rig.story(rig.ticks(1, raw=63020))
    rig = Rig()
    out["idle"] = rig.story(rig.ticks(1000, raw=0))
    rig = Rig().energise()
    rig.ticks(4, raw=0)
    rig.ticks(1, raw=raw_of(100))
    out["four_bad_one_good_four_bad"] = rig.story(rig.ticks(4, raw=0))
    for name, error in (("error", OSError(5)), ("none", None)):
        rig = Rig().energise()
        rig.error = error
        rig.raw = 100 if error else None
        ticked = 0
        for i in range(1, 20):
            rig.ticks(1) if error else tick_none(rig)
            if rig.interlock.tripped:
                ticked = i
                break
        out[name] = rig.story(ticked)
    return out


def tick_none(rig):
    rig.interlock.kick()
    micropython.heap_lock()
    try:
        rig.interlock.tick()
    finally:
        micropython.heap_unlock()


def stuck():
    out = {}
    base, two_mmhg = raw_of(100), raw_for(200) - interlock.NOMINAL_ZERO_RAW
    rig = Rig().energise(pumping=True)
    rig.ticks(1, raw=base - 1000)
    out["frozen"] = rig.story(rig.ticks(1000, raw=base))
    rig = Rig().energise(pumping=True)
    out["noise"] = rig.story(alternate(rig, base, base + two_mmhg - 1))
    rig = Rig().energise(pumping=True)
    out["pulsation"] = rig.story(alternate(rig, base, base + two_mmhg))
    rig = Rig().energise(pumping=True)
    rig.ticks(599, raw=base)
    out["moves_in_time"] = rig.story(rig.ticks(600, raw=base + two_mmhg))
    rig = Rig().energise()
    out["pump_off"] = rig.story(rig.ticks(2000, raw=base))
    rig = Rig().energise(pumping=True)
    rig.ticks(590, raw=base)
    rig.outputs.pumping = False
    rig.ticks(1)
    rig.outputs.pumping = True
    out["pump_paused"] = rig.story(rig.ticks(590))
    return out


def alternate(rig, a, b):
    for i in range(0, 1400, 10):
        ticked = rig.ticks(10, raw=a if i % 20 else b)
        if ticked:
            return i + ticked
    return 0


def deadman():
    out = {}
    rig = Rig().energise()
    rig.ticks(1)
    out["energised"] = rig.story(rig.ticks(100, kick=False))
    rig = Rig()
    rig.ticks(1)
    out["idle"] = rig.story(rig.ticks(5000, kick=False))
    rig.energise()
    rig.interlock.kick()
    out["energised_after_a_kick"] = rig.story(rig.ticks(49, kick=False))
    rig = Rig().energise()
    for _ in range(20):
        rig.ticks(1)
        rig.ticks(49, kick=False)
    out["kicked_each_second"] = rig.story(0)
    rig = Rig().energise()
    out["kicked_only_once_between"] = rig.story(rig.ticks(50, kick=False))
    return out


def latch_and_reset():
    out = {}
    rig = Rig().energise()
    rig.ticks(1, raw=raw_of(310))
    rig.outputs.energised = True
    rig.raw = raw_of(0)
    rig.interlock.tick()
    out["cut_again_on_every_tick"] = [rig.outputs.energised, rig.outputs.cuts]
    out["cause_stays"] = rig.story(0)
    rig.raw = raw_for(1501)
    rig.interlock.tick()
    out["cuff_not_empty"] = [rig.interlock.reset(), rig.interlock.tripped, rig.outputs.inhibited]
    rig.raw = 0
    rig.interlock.tick()
    out["no_reading"] = [rig.interlock.reset(), rig.interlock.tripped, rig.outputs.inhibited]
    rig.raw = raw_for(1501) - 1
    rig.interlock.tick()
    out["empty"] = [rig.interlock.reset(), rig.interlock.tripped, rig.outputs.inhibited, rig.interlock.cause]
    out["again"] = rig.interlock.reset()
    rig.energise()
    out["works_again"] = rig.story(rig.ticks(5, raw=raw_of(310)))
    rig = Rig()
    rig.ticks(10000, raw=raw_of(20))
    rig.raw = 0
    rig.ticks(1, raw=raw_of(0))
    out["timer_starts_anew"] = [rig.interlock.reset(), rig.story(rig.ticks(8649, raw=raw_of(20)))]
    return out


def calibrated():
    nominal = Interlock(Outputs(), None)
    refused = []
    for zero, gain in ((4149, 5156), (1147, 5156), (2648, 5363), (2648, 4949)):
        try:
            nominal.calibrate(zero, gain)
            refused.append("accepted")
        except ValueError as error:
            refused.append(str(error))
    for zero, gain in ((4148, 5362), (1148, 4950)):
        nominal.calibrate(zero, gain)
    rig = Rig().energise()
    rig.interlock.calibrate(2648 + 318, 5156)
    shifted = rig.story(rig.ticks(10, raw=raw_for(30000)))
    rig = Rig().energise()
    rig.interlock.calibrate(2648 + 318, 5156)
    trips = rig.story(rig.ticks(10, raw=raw_for(30000) + 318))
    # The calibration that lifts the trip the most: the ceiling on raw counts still holds it.
    worst = Rig().energise()
    worst.interlock.calibrate(2648 + 1500, 5156 - 206)
    below = worst.story(worst.ticks(10, raw=interlock.CEILING_RAW - 1))
    return {
        "refused": refused,
        "below": shifted,
        "at": trips,
        "ceiling_below": below,
        "ceiling": worst.story(worst.ticks(10, raw=interlock.CEILING_RAW)),
    }


class Clock:
    def __init__(self, start):
        self.ms = start

    def __call__(self):
        return self.ms


def with_a_clock():
    """Ticks that come late or not at all still count the time that passed; the counter wraps at 2^30."""
    out = {}
    for name, start, step in (("late", 1000, 70), ("wrap", (1 << 30) - 350, 70)):
        clock = Clock(start)
        rig = Rig(clock).energise()
        rig.ticks(1)
        ticked = 0
        for i in range(1, 100):
            clock.ms = (clock.ms + step) & ((1 << 30) - 1)
            if rig.ticks(1, kick=False):
                ticked = i
                break
        out[name] = rig.story(ticked)
    clock = Clock(0)
    rig = Rig(clock)
    rig.ticks(1, raw=raw_of(20))
    clock.ms = 172979
    first = rig.ticks(1)
    clock.ms = 172980
    out["one_long_gap"] = [first, rig.story(rig.ticks(1))]
    return out


def running():
    rig = Rig()
    out = [rig.interlock.running(0), rig.interlock.running(200), rig.interlock.running(201)]
    rig.ticks(1)
    out.append(rig.interlock.running(300))
    out.append(rig.interlock.running(500))
    out.append(rig.interlock.running(501))
    return out


print(
    json.dumps(
        {
            "faults": {
                "over_pressure": wire.FAULT_OVER_PRESSURE,
                "over_time": wire.FAULT_OVER_TIME,
                "guard_range": wire.FAULT_GUARD_RANGE,
                "loop_slow": wire.FAULT_LOOP_SLOW,
                "cuff_not_empty": wire.FAULT_CUFF_NOT_EMPTY,
            },
            "over_pressure": over_pressure(),
            "cuff_timer": cuff_timer(),
            "electrical_range": electrical_range(),
            "stuck": stuck(),
            "deadman": deadman(),
            "latch_and_reset": latch_and_reset(),
            "calibrated": calibrated(),
            "with_a_clock": with_a_clock(),
            "running": running(),
        }
    )
)
