# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with patient, air and power, by name, each with its default and a near miss that is healthy.

`FAULTS[name]` is (parameters with defaults, near miss, what it is). A fault set with its near miss must not be noticed.
"""

from .external import TIMER_US, TRIP_MMMHG
from .pneumatics import HEALTHY_LEAK_MMHG_MIN, HOSE_NL_S_MMHG

# The world's own supply, unloaded.
SUPPLY_MV = 6000

FAULTS = {
    "finger_off": ({"light_pct": 2}, {"light_pct": 60}, "the finger leaves the sensor, or (near miss) sits loosely"),
    "motion": ({"pct": 100}, {"pct": 2}, "the finger moves"),
    "weak_pulse": ({"perfusion_pct": 0.05}, {"perfusion_pct": 0.5}, "hardly any pulse in the finger's light"),
    "irregular": ({"pct": 40}, {"pct": 4}, "intervals between beats scatter by this"),
    "arm_motion": ({"pct": 100}, {"pct": 2}, "the arm in the cuff moves"),
    "cuff_loose": ({"coupling_pct": 0}, {"coupling_pct": 70}, "the cuff does not feel the artery"),
    "leak": ({"mmhg_per_min": 600}, {"mmhg_per_min": 4}, "cuff or joints leak, as measured at 150 mmHg"),
    "leak_slow": ({"mmhg_per_min": 40}, {"mmhg_per_min": 4}, "the same, slowly"),
    "hose_off": ({}, None, "the cuff's hose is off: manifold and cuff are open to the room"),
    "kink": ({"hose_pct": 0}, {"hose_pct": 30}, "the hose is kinked: cuff and manifold are apart"),
    "valve_bleed_stuck_shut": ({"open_pct": 0}, {"open_pct": 80}, "the bleed valve opens no further than this"),
    "valve_dump_stuck_shut": ({"open_pct": 0}, {"open_pct": 60}, "the dump valve opens no further than this"),
    "valve_stuck_open": ({"valve": "dump"}, None, "a valve ('dump' or 'bleed') does not shut"),
    "pump_stuck_on": ({"switch": "speed"}, None, "a shorted switch of the pump: 'speed', 'enable' or 'both'"),
    "pump_dead": ({"flow_pct": 0}, {"flow_pct": 70}, "the pump gives this share of its flow"),
    "external_missing": ({}, None, "the external layer is not fitted: it reports low and never acts"),
    "external_disabled": ({}, None, "the external layer reports that it is well, and never acts"),
    "external_drift": (
        {"trip_mmhg": 345, "timer_s": 240},
        {"trip_mmhg": 330, "timer_s": 180},
        "comparator and timer act at these",
    ),
    "supply_low": ({"mv": 4300}, {"mv": 5700}, "the supply's voltage"),
}


class FaultError(ValueError):
    """A fault that does not exist or cannot be so; the message says what there is."""


def arguments(name, given):
    """The parameters of a fault with what was given put in, checked."""
    if name not in FAULTS:
        raise FaultError("no fault %r in the world; there are %s" % (name, ", ".join(sorted(FAULTS))))
    out = dict(FAULTS[name][0])
    for key, value in given.items():
        if key not in out:
            takes = ", ".join(sorted(out)) or "nothing"
            raise FaultError("fault %s takes %s, not %r" % (name, takes, key))
        if isinstance(out[key], str):
            choices = {"valve": ("dump", "bleed"), "switch": ("speed", "enable", "both")}[key]
            if value not in choices:
                raise FaultError("fault %s: %s must be one of %s" % (name, key, ", ".join(choices)))
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise FaultError("fault %s: %s must be a number from 0 up, not %r" % (name, key, value))
        out[key] = value
    return out


def apply(world, name, given):
    """Bring the world's parts into the state of a fault; `given` None is the healthy state."""
    _SETTERS[name](world, given)


def _setter(part, attribute, parameter, healthy, scale=1):
    """A fault that is one number: `attribute` of a part of the world takes the parameter times `scale`."""

    def apply_one(world, given):
        target = getattr(world, part) if part else world
        setattr(target, attribute, healthy if given is None else int(given[parameter] * scale + 0.5))

    return apply_one


def _flag(part, attribute, faulty):
    """A fault that is a switch: `attribute` is `faulty` while it is set."""

    def apply_one(world, given):
        setattr(getattr(world, part), attribute, faulty if given is not None else not faulty)

    return apply_one


def _leak(world, _given):
    """Both leaks act together; without any the healthy one remains."""
    leaks = [world.faults[name]["mmhg_per_min"] for name in ("leak", "leak_slow") if name in world.faults]
    world.air.set_leak(sum(leaks) if leaks else HEALTHY_LEAK_MMHG_MIN)


def _valve_stuck_open(world, given):
    world.dump_stuck_open = given is not None and given["valve"] == "dump"
    world.bleed_stuck_open = given is not None and given["valve"] == "bleed"


def _pump_stuck_on(world, given):
    world.speed_shorted = given is not None and given["switch"] in ("speed", "both")
    world.enable_shorted = given is not None and given["switch"] in ("enable", "both")


def _external_drift(world, given):
    world.external.trip_mmmhg = TRIP_MMMHG if given is None else int(given["trip_mmhg"] * 1000 + 0.5)
    world.external.timer_us = TIMER_US if given is None else int(given["timer_s"] * 1000 + 0.5) * 1000


_SETTERS = {
    "finger_off": _setter("finger", "light_pct", "light_pct", None),
    "motion": _setter("finger", "motion_pct", "pct", None),
    "weak_pulse": _setter("finger", "perfusion_milli_pct", "perfusion_pct", None, 1000),
    "irregular": _setter("heart", "extra_spread_permille", "pct", 0, 10),
    "arm_motion": _setter("air", "arm_motion_pct", "pct", None),
    "cuff_loose": _setter("air", "coupling_pct", "coupling_pct", 100),
    "leak": _leak,
    "leak_slow": _leak,
    "hose_off": _flag("air", "hose_off", True),
    "kink": _setter("air", "hose_nl_s_mmhg", "hose_pct", HOSE_NL_S_MMHG, HOSE_NL_S_MMHG // 100),
    "valve_bleed_stuck_shut": _setter(None, "bleed_most_permille", "open_pct", 1000, 10),
    "valve_dump_stuck_shut": _setter(None, "dump_most_pct", "open_pct", 100),
    "valve_stuck_open": _valve_stuck_open,
    "pump_stuck_on": _pump_stuck_on,
    "pump_dead": _setter(None, "pump_pct", "flow_pct", 100),
    "external_missing": _flag("external", "fitted", False),
    "external_disabled": _flag("external", "working", False),
    "external_drift": _external_drift,
    "supply_low": _setter(None, "supply_unloaded_mv", "mv", SUPPLY_MV),
}
