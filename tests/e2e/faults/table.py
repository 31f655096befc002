# SPDX-License-Identifier: Apache-2.0
"""The faults of the design as a specification: how each is staged, what must come of it, and within what time.

Every name of `run.py --list-faults` is here or is staged in a test of its own, marked `stages("name")`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bench import FAULT_S, STOP_S

HERE = Path(__file__).resolve().parent
RUN = HERE.parents[2] / "hardware" / "twin" / "run.py"
_Test = TypeVar("_Test", bound=Callable[..., object])


def stages(*names: str) -> Callable[[_Test], _Test]:
    """Marks a test as the one that stages these faults; the test of completeness reads it from the source."""
    assert names
    return lambda test: test


class Row(NamedTuple):
    """A fault that ends a cuff cycle."""

    fault: str
    at: str
    """`inflating` at 100 mmHg, `deflating` at 130 mmHg, or `before` the cycle."""
    outcomes: str
    """How the cycle may end; a value is never among them."""
    raised: str
    """The faults that must be raised, and no others, by name; "" is none."""
    empty_s: float | None
    """From the fault to an empty cuff; None: from the end of the phase that had to fail, as the test says."""
    arguments: dict[str, Any] = {}  # noqa: RUF012
    slow: bool = False
    """Its like is among the fast tests."""


_UNKNOWN = " cuff_not_empty"
"""One channel still says that there is pressure: a person is called, for nobody knows which of the two is right."""

CUFF_ROWS = (
    # the controller's own sensors
    Row("cuff_bus_held", "inflating", "sensor_fault", "cuff_bus", STOP_S),
    Row("cuff_bus_held", "deflating", "sensor_fault", "cuff_bus", STOP_S, {}, True),
    Row("cuff_bus_held", "inflating", "sensor_fault", "cuff_bus", STOP_S, {"clocks": 200}, True),
    Row("cuff_sensor_missing", "inflating", "sensor_fault", "cuff_bus", STOP_S),
    Row("cuff_sensor_busy", "inflating", "sensor_fault", "cuff_stale", STOP_S),
    Row("cuff_sensor_integrity", "inflating", "sensor_fault", "cuff_integrity", STOP_S),
    Row("cuff_sensor_stale", "inflating", "sensor_fault channel_mismatch", "cuff_stale channel_mismatch", STOP_S),
    Row("cuff_sensor_gain", "before", "channel_mismatch", "channel_mismatch", FAULT_S),
    Row("cuff_sensor_gain", "before", "channel_mismatch", "channel_mismatch", FAULT_S, {"pct": -12}, True),
    Row("cuff_sensor_stale", "deflating", "sensor_fault", "cuff_stale", STOP_S),
    Row(
        "cuff_sensor_drift", "inflating", "channel_mismatch", "channel_mismatch" + _UNKNOWN, FAULT_S, {"mmhg_per_s": 3}
    ),
    Row("cuff_sensor_drift", "deflating", "channel_mismatch", "channel_mismatch", FAULT_S, {"mmhg_per_s": -3}, True),
    Row("guard_open", "inflating", "interlock guard_fault", "interlock guard_range", STOP_S),
    Row("guard_open", "deflating", "interlock guard_fault", "interlock guard_range", STOP_S, {}, True),
    Row("guard_stuck", "inflating", "channel_mismatch", "channel_mismatch" + _UNKNOWN, STOP_S, {"mmhg": 100}),
    Row("guard_stuck", "before", "channel_mismatch", "channel_mismatch", STOP_S),
    Row("guard_drift", "inflating", "channel_mismatch", "channel_mismatch" + _UNKNOWN, STOP_S),
    Row("guard_gain", "before", "channel_mismatch", "channel_mismatch", FAULT_S, {}, True),
    # air
    Row("leak", "inflating", "leak no_inflation", "", FAULT_S, {"mmhg_per_min": 4000}),
    Row("hose_off", "inflating", "no_inflation leak", "", FAULT_S, {}, True),
    Row("hose_off", "deflating", "leak", "", STOP_S),
    Row("hose_off", "before", "no_inflation", "", FAULT_S),
    Row("valve_stuck_open", "inflating", "leak no_inflation deflation_too_fast", "", FAULT_S),
    Row("valve_stuck_open", "inflating", "leak deflation_too_fast", "", FAULT_S, {"valve": "bleed"}),
    Row("valve_bleed_stuck_shut", "deflating", "deflation_too_slow", "", FAULT_S),
    Row("pump_dead", "before", "no_inflation", "", FAULT_S),
    Row("pump_dead", "inflating", "leak no_inflation", "", FAULT_S),
    # the layer outside
    Row("external_missing", "inflating", "external_tripped", "external_tripped", STOP_S),
    # the patient
    Row("cuff_loose", "before", "no_pulse weak_pulse too_few_beats", "", None),
)


class Finger(NamedTuple):
    """A fault of the oximeter or the finger: what the readings say while it lasts."""

    fault: str
    reasons: str
    raised: str
    arguments: dict[str, Any] = {}  # noqa: RUF012
    pulse_may_stay: bool = False


FINGER_ROWS = (
    Finger("oximeter_bus_held", "bus_fault", "oximeter_bus"),
    Finger("oximeter_missing", "bus_fault", "oximeter_bus"),
    Finger("oximeter_swapped", "channels_swapped", "", {}, True),
    Finger("finger_off", "no_finger", ""),
    Finger("weak_pulse", "low_perfusion low_signal no_pulse low_quality", "", {}, True),
)


class Glitch(NamedTuple):
    """A near miss in time: the fault is there, but for less than it takes to be one."""

    fault: str
    ms: float


GLITCHES = (
    Glitch("cuff_sensor_missing", 8),
    Glitch("cuff_sensor_busy", 15),
    Glitch("cuff_sensor_integrity", 8),
    Glitch("cuff_sensor_stale", 300),
    Glitch("guard_open", 50),
    Glitch("guard_stuck", 300),
    Glitch("oximeter_missing", 50),
    Glitch("oximeter_swapped", 40),
    Glitch("usb_stall", 400),
    Glitch("pump_stuck_on", 500),
)

NO_NEAR_MISS = {
    "processor_wrong": "a processor reckons right or it does not",
    "buzzer_dead": "a part that works or does not",
    "light_dead": "a part that works or does not",
    "button_dead": "a part that works or does not",
    "interlock_timer_dead": "it is how the other layers are tested",
    "watchdog_dead": "it is how the other layers are tested",
    "external_disabled": "it is how the other layers are tested",
    "external_missing": "it is fitted or it is not",
    "crash": "an exception is one",
    "soft_reset": "a restart is one",
    "hard_reset": "a restart is one",
    "brown_out": "a power cut is one",
    "torn_write": "every byte at which a write can be torn is a case of its own",
    "usb_unplug": "a cable is in or out",
    "hose_off": "a hose is on or off; a leaking joint is `leak`",
    "valve_stuck_open": "a valve that shuts late is what `valve_bleed_stuck_shut` and `leak` bound",
}


class Listed(NamedTuple):
    """One line of `run.py --list-faults`."""

    name: str
    near_miss: dict[str, float] | None


def listed() -> list[Listed]:
    """The registry of the simulated board, by its own command."""
    done = subprocess.run([sys.executable, str(RUN), "--list-faults"], capture_output=True, text=True, check=True)
    rows = []
    for line in done.stdout.splitlines():
        name, _, _, near = line.split("\t")
        pairs = dict(pair.split("=") for pair in near.split())
        rows.append(Listed(name, {key: float(value) for key, value in pairs.items()} or None))
    return rows


def staged() -> set[str]:
    """Names that a row above or a marked test of this folder stages."""
    names = {row.fault for row in (*CUFF_ROWS, *FINGER_ROWS)}
    for file in HERE.glob("test_*.py"):
        for marked in re.findall(r"@stages\(([^)]*)\)", file.read_text(encoding="utf-8")):
            names |= set(re.findall(r'"(\w+)"', marked))
    return names


def label(row: Any) -> str:
    """A test's name for a row of the table."""
    more = "-".join(f"{key}-{value}" for key, value in row.arguments.items())
    return "-".join(part for part in (row.fault, getattr(row, "at", ""), more) if part)
