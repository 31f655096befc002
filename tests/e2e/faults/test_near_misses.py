# SPDX-License-Identifier: Apache-2.0
"""The table is complete, and what is just not a fault disturbs nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bench import SINGLE_FAULT_MMHG, Bench, right
from table import GLITCHES, NO_NEAR_MISS, listed, staged

from vitalwire_protocol.codec import (
    ConfigKey,
    ConfigSet,
    CuffPhase,
    OximetryReading,
)


def test_every_fault_of_the_registry_is_staged() -> None:
    """A fault that nobody stages is a fault that nobody knows the outcome of."""
    names = {row.name for row in listed()}
    found = staged() | staged_by_selftest()
    assert names - found == set()
    assert found - names == set(), "a fault that the simulated board does not know"


def staged_by_selftest() -> set[str]:
    """Faults that the self-test has to find: `tests/selftest_evidence` stages them."""
    text = (Path(__file__).resolve().parents[2] / "selftest_evidence" / "cases.py").read_text()
    return set(re.findall(r'"([a-z_]+)(?::[a-z_]+=[^"@]*)?@[0-9.]+"', text))


def test_every_fault_has_a_near_miss_or_a_reason_why_not() -> None:
    """Without a near miss a detector that always fires would pass."""
    glitches = {glitch.fault for glitch in GLITCHES}
    for row in listed():
        assert (row.near_miss is not None) + (row.name in glitches) + (row.name in NO_NEAR_MISS) == 1, row.name


NEAR_MISSES = [row for row in listed() if row.near_miss is not None]
_GROUPS = {
    "electrical": "oximeter_bus_held cuff_bus_held oximeter_wrong_id fifo_overflow hang cuff_sensor_drift"
    " cuff_sensor_gain guard_drift guard_gain oximeter_warm oximeter_noisy cuff_sensor_noisy guard_noisy timer_slow",
    "computer": "clock_drift memory_held flash_full flash_worn flash_bit_flipped",
    "air": "leak valve_bleed_stuck_shut valve_dump_stuck_shut pump_dead external_drift supply_low arm_motion kink",
    "patient": "finger_off motion weak_pulse irregular cuff_loose leak_slow",
}
_ONCE = ("oximeter_bus_held", "cuff_bus_held", "fifo_overflow", "hang")
"""Near misses that are over by themselves: they come in inflation and in deflation."""


def nothing_happens(near: dict[str, dict[str, float]]) -> None:
    """A cycle among near misses: its value is right, nothing is raised, nothing restarts."""
    with Bench() as bench:
        bench.run(2)
        bench.ask(ConfigSet, ConfigKey.OWN_SUPPLY, "1")
        bench.begin()
        bench.run(1)
        for name in near:
            if name not in _ONCE:
                bench.fault(name, **near[name])
        bench.start()
        for mmhg, phase in ((60, CuffPhase.INFLATING), (130, CuffPhase.DEFLATING)):
            reached = (lambda: bench.samples[-1].cuff_mmhg >= 60) if mmhg == 60 else bench_below(bench, mmhg, phase)
            bench.until(reached, 60, f"{mmhg} mmHg")
            for name in near:
                if name in _ONCE:
                    bench.fault(name, **near[name])
                    bench.run(0.3)
        assert right(bench.result()), bench.story()
        bench.empty(10)
        readings = bench.of(OximetryReading)[-10:]
        assert all(r.spo2_pct is not None and abs(r.spo2_pct - 98) <= 3 for r in readings), readings
        assert all(r.pulse_bpm is not None and abs(r.pulse_bpm - 64) <= 6 for r in readings), readings
        allowed = {"loop_slow"} if "fifo_overflow" in near else set()  # a loop of 150 ms is slow, and says so
        assert set(bench.faults_raised()) <= allowed, bench.story()
        assert not [name for name in bench.events() if name.startswith("interlock")]
        assert bench.twin.state()["restarts"] == {"power_on": 1}
        assert bench.peak_mmhg() < 180


def bench_below(bench: Bench, mmhg: float, phase: int) -> Any:
    """Whether the cuff is in a phase and below a pressure."""
    return lambda: bench.phase == phase and bench.samples[-1].cuff_mmhg <= mmhg


def test_the_near_misses_are_all_in_a_group() -> None:
    """So that the fast tests leave none out."""
    assert sorted(" ".join(_GROUPS.values()).split()) == sorted(row.name for row in NEAR_MISSES)


@pytest.mark.parametrize("group", _GROUPS)
def test_near_misses_together_disturb_nothing(group: str) -> None:
    """Many parts at the edge of their tolerances at once are still a healthy board."""
    near = {row.name: row.near_miss for row in NEAR_MISSES if row.name in _GROUPS[group].split()}
    nothing_happens(near)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("row", NEAR_MISSES, ids=lambda row: row.name)
def test_a_near_miss_alone_disturbs_nothing(row: Any) -> None:
    """Each by itself, so that one does not hide another."""
    nothing_happens({row.name: row.near_miss})


def test_faults_that_are_over_before_they_count_disturb_nothing() -> None:
    """One failed conversion, one lost reading, a stall of less than half a second: in inflation and in deflation."""
    with Bench() as bench:
        bench.begin()
        bench.run(12)
        for mmhg in (40, 150):
            if mmhg == 40:
                bench.inflate_to(40)
            else:
                bench.until(lambda: bench.phase == CuffPhase.DEFLATING and bench.samples[-1].cuff_mmhg <= 150, 60)
            for glitch in GLITCHES:
                if glitch.fault == "guard_stuck":
                    bench.fault(glitch.fault, mmhg=bench.samples[-1].cuff_mmhg)
                else:
                    bench.fault(glitch.fault)
                bench.run(glitch.ms / 1000)
                bench.clear(glitch.fault)
                bench.run(0.15)
        assert right(bench.result()), bench.story()
        assert bench.faults_raised() == [], bench.story()
        assert bench.reading().spo2_pct is not None
        assert bench.twin.state()["restarts"] == {"power_on": 1}
        assert bench.peak_mmhg() < SINGLE_FAULT_MMHG
