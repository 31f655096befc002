# SPDX-License-Identifier: Apache-2.0
"""Every fault of buses, chips and the microcontroller by name; crystal, memory and flash have `computer_faults.py`.

Those of physics are the world's (`world/faults.py`).

The arguments make near misses: a bus held for less than the time-out, a drift below what the two channels may differ
by. A near miss must not be noticed.
"""

from world import faults as world_faults

from board import computer_faults
from board.timeline import FOREVER


def _us(ms):
    return int(ms * 1000)


def _hold(bus):
    def start(board, given):
        until_us = board.timeline.now_us + _us(given["ms"]) if given["ms"] else FOREVER
        board.buses[bus].hold(until_us, given["clocks"])

    return start, lambda board: board.buses[bus].release()


def _set(part, attribute, faulty, healthy):
    """Start and end of a fault that is one attribute of a part; `faulty` may be a function of the arguments."""

    def start(board, given):
        target = getattr(board, part) if part else board
        setattr(target, attribute, faulty(given) if callable(faulty) else faulty)

    return start, lambda board: setattr(getattr(board, part) if part else board, attribute, healthy)


def _flag(attribute):
    return lambda board, given: setattr(board, attribute, True), lambda board: setattr(board, attribute, False)


def _dead(net):
    """A part at a net that does nothing any more."""
    return lambda board, given: board.dead_nets.add(net), lambda board: board.dead_nets.discard(net)


def _mmmhg(given):
    return int(given["mmhg"] * 1000)


def _drift(board, given):
    board.cuff_sensor.drift(_mmmhg(given), int(given["mmhg_per_s"] * 1000))


def _trap(name):
    def start(board, given):
        board.off_us = _us(given.get("off_ms", 0))
        board.trap = name

    return start, None


def _hang(board, given):
    board.trap = "hang_irq_off" if given["irq_off"] else "hang"
    if given["ms"]:
        board.timeline.at(board.timeline.now_us + _us(given["ms"]), lambda entry: clear_fault(board, "hang"))


def _resume(board):
    if board.trap in ("hang", "hang_irq_off"):
        board.trap = None
    board.hung = False


def _stall_loop(board, given):
    _hang(board, {"irq_off": 0, "ms": given["ms"]})


def _torn_write(board, given):
    board.off_us = _us(given["off_ms"])
    board.flash.cut_after(given["bytes"])


def _stall(board, given):
    board.set_stalled(True)


def _unplug(board, given):
    board.unplugged = True
    board.rx = bytearray()


_HELD = "a device holds the data line down for `ms` (0: until cleared), or until `clocks` pulses by hand (0: none help)"

# (name, (what it is, arguments with defaults, near miss or None, (start, end))), in the order of the listing.
_TABLE = (
    (
        "oximeter_bus_held",
        ("oximeter: " + _HELD, {"ms": 0, "clocks": 0}, {"ms": 5, "clocks": 0}, _hold("oximeter")),
    ),
    (
        "cuff_bus_held",
        ("cuff sensor: " + _HELD, {"ms": 0, "clocks": 0}, {"ms": 5, "clocks": 0}, _hold("cuff")),
    ),
    ("oximeter_missing", ("the oximeter does not answer", {}, None, _set("oximeter", "present", False, True))),
    (
        "oximeter_wrong_id",
        (
            "another part answers at the oximeter's address",
            {"part_id": 0x11},
            {"part_id": 0x15},
            _set("oximeter", "part_id", lambda given: given["part_id"], 0x15),
        ),
    ),
    ("oximeter_swapped", ("red and infrared are swapped", {}, None, _set("oximeter", "swapped", True, False))),
    (
        "fifo_overflow",
        (
            "the main loop stands still for `ms`; a FIFO holds 320",
            {"ms": 500},
            {"ms": 150},
            (_stall_loop, _resume),
        ),
    ),
    ("cuff_sensor_missing", ("the cuff sensor does not answer", {}, None, _set("cuff_sensor", "present", False, True))),
    (
        "cuff_sensor_stale",
        (
            "the cuff sensor repeats its last value with a good status",
            {},
            None,
            _set("cuff_sensor", "stale", True, False),
        ),
    ),
    (
        "cuff_sensor_busy",
        ("the cuff sensor never ends a conversion", {}, None, _set("cuff_sensor", "stuck_busy", True, False)),
    ),
    (
        "cuff_sensor_drift",
        (
            "the cuff sensor is off by `mmhg`, and by `mmhg_per_s` more each second",
            {"mmhg": 0, "mmhg_per_s": 1},
            {"mmhg": 2, "mmhg_per_s": 0},
            (_drift, lambda board: board.cuff_sensor.drift(0)),
        ),
    ),
    (
        "cuff_sensor_gain",
        (
            "the cuff sensor reads `pct` too high (negative: too low)",
            {"pct": 12},
            {"pct": 1.5},
            _set("cuff_sensor", "gain_ppm", lambda given: int(given["pct"] * 10000), 0),
        ),
    ),
    (
        "cuff_sensor_integrity",
        ("the cuff sensor reports a memory error", {}, None, _set("cuff_sensor", "integrity_error", True, False)),
    ),
    ("guard_open", ("a wire of the guard channel is off: 0 V", {}, None, _set("analog", "guard_open", True, False))),
    (
        "guard_stuck",
        ("the guard channel stays at `mmhg`", {"mmhg": 0}, None, _set("analog", "guard_stuck_mmmhg", _mmmhg, None)),
    ),
    (
        "guard_drift",
        (
            "the guard channel is off by `mmhg`",
            {"mmhg": 20},
            {"mmhg": 3},
            _set("analog", "guard_drift_mmmhg", _mmmhg, 0),
        ),
    ),
    (
        "guard_gain",
        (
            "the guard channel reads `pct` too high (negative: too low)",
            {"pct": 15},
            {"pct": 3.5},
            _set("analog", "guard_gain_ppm", lambda given: int(given["pct"] * 10000), 0),
        ),
    ),
    (
        "oximeter_warm",
        (
            "the finger sensor's die is at `celsius`",
            {"celsius": 60},
            {"celsius": 40},
            _set("oximeter", "die_temperature_16ths", lambda given: int(given["celsius"] * 16), 31 * 16 + 5),
        ),
    ),
    (
        "oximeter_noisy",
        (
            "the finger sensor's converter scatters by so many counts of 2^18 to either side, in the dark too",
            {"counts": 300},
            {"counts": 100},
            _set("oximeter", "noise_counts", lambda given: int(given["counts"]), 0),
        ),
    ),
    (
        "cuff_sensor_noisy",
        (
            "the cuff sensor scatters by this to either side",
            {"mmhg": 2},
            {"mmhg": 0.1},
            _set("cuff_sensor", "noise_mmmhg", _mmmhg, 60),
        ),
    ),
    (
        "guard_noisy",
        (
            "the guard channel's converter scatters by so many counts of 4096 to either side",
            {"counts": 60},
            {"counts": 8},
            _set("analog", "extra_spread_lsb", lambda given: int(given["counts"]), 0),
        ),
    ),
    (
        "timer_slow",
        (
            "timers are slow by `pct`",
            {"pct": 20},
            {"pct": 1},
            _set("", "timer_slow_ppm", lambda given: int(given["pct"] * 10000), 0),
        ),
    ),
    ("buzzer_dead", ("the buzzer makes no sound", {}, None, _dead("buzzer"))),
    ("light_dead", ("the yellow light stays dark", {}, None, _dead("led_yellow"))),
    ("button_dead", ("button A is not connected", {}, None, _dead("button_a"))),
    ("interlock_timer_dead", ("timers no longer fire (to test the other layers)", {}, None, _flag("timers_dead"))),
    (
        "watchdog_dead",
        ("the watchdog does not bite (to test the other layers)", {}, None, _set("watchdog", "dead", True, False)),
    ),
    (
        "hang",
        (
            "the main loop does not return from its next call for `ms` (0: ever); timers go on unless `irq_off`",
            {"irq_off": 0, "ms": 0},
            {"irq_off": 0, "ms": 20},
            (_hang, _resume),
        ),
    ),
    ("crash", ("an exception in the firmware's next call", {}, None, _trap("crash"))),
    ("soft_reset", ("the interpreter restarts, as by Ctrl-D", {}, None, _trap("soft_reset"))),
    ("hard_reset", ("the chip restarts, as by its reset line", {}, None, _trap("hard_reset"))),
    ("brown_out", ("the power goes away for `off_ms`", {"off_ms": 1000}, None, _trap("brown_out"))),
    (
        "torn_write",
        (
            "the power goes after the next `bytes` bytes written to flash, for `off_ms`",
            {"bytes": 0, "off_ms": 1000},
            None,
            (_torn_write, lambda board: board.flash.cut_after(None)),
        ),
    ),
    (
        "usb_stall",
        ("the host stops reading", {}, None, (_stall, lambda board: board.set_stalled(False))),
    ),
    ("usb_unplug", ("the USB cable is pulled", {}, None, (_unplug, _flag("unplugged")[1]))),
)

FAULTS = dict(_TABLE + computer_faults.TABLE)
NAMES = tuple(row[0] for row in _TABLE + computer_faults.TABLE) + tuple(sorted(world_faults.FAULTS))


def _told(arguments):
    return " ".join("%s=%s" % (key, arguments[key]) for key in sorted(arguments))


def listing():
    """One line a fault: name, tab, what it is, tab, arguments with their defaults, tab, near miss."""
    lines = []
    for name in NAMES:
        if name in FAULTS:
            what, arguments, near_miss, _ = FAULTS[name]
        else:
            arguments, near_miss, what = world_faults.FAULTS[name]
        lines.append("%s\t%s\t%s\t%s" % (name, what, _told(arguments), _told(near_miss or {})))
    return lines


def check(name, arguments):
    """The arguments with defaults filled in. Raises ValueError in words for an unknown fault or argument."""
    if name in world_faults.FAULTS:
        return world_faults.arguments(name, arguments)
    if name not in FAULTS:
        raise ValueError("there is no fault '%s'; `run.py --list-faults` lists them" % name)
    computer_faults.check(name)
    defaults = FAULTS[name][1]
    for key in arguments:
        if key not in defaults:
            known = ", ".join(sorted(defaults)) or "none"
            raise ValueError("fault '%s' has no argument '%s'; it takes: %s" % (name, key, known))
        if isinstance(arguments[key], bool) or not isinstance(arguments[key], (int, float)):
            raise ValueError("fault '%s': '%s' must be a number" % (name, key))
    merged = dict(defaults)
    merged.update(arguments)
    return merged


def set_fault(board, name, arguments):
    """Starts a fault. Raises ValueError in words."""
    arguments = check(name, arguments)
    board.settle()
    if name in FAULTS:
        FAULTS[name][3][0](board, arguments)
    else:
        board.world.set_fault(name, **arguments)
    board.faults[name] = arguments


def clear_fault(board, name):
    """Ends a fault; one that is not there, or is over by itself, may be cleared too."""
    check(name, {})
    board.settle()
    if name not in FAULTS:
        board.world.clear_fault(name)
    elif FAULTS[name][3][1] is not None:
        FAULTS[name][3][1](board)
    board.faults.pop(name, None)


def schedule(board, name, at_us, arguments):
    """Starts a fault at a virtual time. Raises ValueError in words at once."""
    check(name, arguments)
    board.timeline.at(at_us, lambda entry: set_fault(board, name, arguments))
