# SPDX-License-Identifier: Apache-2.0
"""Each fault of the cuff, staged: its true pressure, the fault's name on the wire, absent numbers, recovery."""

from __future__ import annotations

from typing import Any

import pytest
from bench import FAULT_S, NORMAL_MMHG, STOP_S, Bench, no_value, right
from table import CUFF_ROWS, Row, label, stages

from vitalwire_protocol.codec import (
    ConfigKey,
    ConfigSet,
    NibpResult,
    Outcome,
    Status,
)


def timed(row: Row) -> Any:
    """A row as a parameter; those whose like is among the fast tests are slow."""
    return pytest.param(row, id=label(row), marks=[pytest.mark.slow] if row.slow else [])


# ------------------------------------------------------------ faults that end a cycle


@pytest.mark.parametrize("row", [timed(row) for row in CUFF_ROWS])
def test_a_fault_of_the_cuff_empties_it_in_time_and_is_named(row: Row) -> None:
    """Sensors, air, pump and valves: the cycle ends without a value, the cuff is empty in time, the fault is named."""
    with Bench() as bench:
        bench.begin()
        if row.at == "before":
            since_s = bench.fault(row.fault, **row.arguments)
            bench.start()
        elif row.at == "inflating":
            bench.inflate_to(100)
            since_s = bench.fault(row.fault, **row.arguments)
        else:
            bench.deflate_to(130)
            since_s = bench.fault(row.fault, **row.arguments)
        result = bench.result()
        assert no_value(result)
        assert bench.outcomes()[-1] in row.outcomes.split(), bench.story()
        if row.empty_s is not None and row.at != "before":
            bench.empty(row.empty_s, since_s)
        else:
            bench.empty(FAULT_S)
        bench.run(1)
        raised = set(bench.faults_raised(since_s - 0.001))
        assert raised and raised <= set(row.raised.split()) if row.raised else not raised, bench.story()
        assert bench.peak_mmhg() < NORMAL_MMHG
        bench.clear(row.fault)
        bench.run(3)
        bench.vent()  # a person has looked
        bench.start()
        bench.until(lambda: bench.samples[-1].cuff_mmhg > 20, 5, "an inflation")
        assert bench.shortest_rest_s() >= 30


@stages("kink")
@pytest.mark.parametrize("at", ["inflating", "deflating", "low"])
def test_a_kinked_hose_cannot_be_vented_so_the_cuff_must_be_taken_off(at: str) -> None:
    """The high-priority alarm comes within 10 s of the kink's being detectable, without any session's limits."""
    with Bench() as bench:
        bench.begin(session=None)
        if at == "inflating":
            bench.inflate_to(100)
        else:
            bench.deflate_to(130 if at == "deflating" else 75)
        since_s = bench.fault("kink")
        took_s = bench.until(lambda: set(bench.faults_raised()) & {"blocked", "cuff_not_empty"}, 10, "the alarm")
        assert took_s <= 10
        bench.until(lambda: bench.of(NibpResult), 10, "a result")
        assert no_value(bench.of(NibpResult)[-1]) or at == "low", "what was heard before the kink may stand"
        lit_s = bench.until(
            lambda: bench.look().levels["led_red"] and bench.samples[-1].levels["buzzer"], 5, "red light"
        )
        assert took_s + lit_s <= 10, "light and sound of high priority belong to the alarm"
        assert not bench.samples[-1].pump
        bench.clear("kink")
        bench.empty(10)
        assert bench.peak_mmhg(since_s) < NORMAL_MMHG


@stages("valve_dump_stuck_shut", "valve_bleed_stuck_shut")
@pytest.mark.parametrize("valve", ["dump", "bleed"])
def test_one_valve_stuck_shut_leaves_the_other(valve: str) -> None:
    """A stop at the highest pressure with one valve stuck shut: below 15 mmHg within 30 s through the other."""
    with Bench() as bench:
        bench.begin()
        bench.fault(f"valve_{valve}_stuck_shut")
        bench.inflate_to(155)
        bench.stop()
        bench.empty(FAULT_S)
        assert bench.outcomes() == ["aborted"] or valve == "dump"


@stages("pump_stuck_on")
@pytest.mark.parametrize("switch", ["speed", "enable"])
def test_one_shorted_switch_of_the_pump_leaves_the_other_to_stop_it(switch: str) -> None:
    """A stop in the middle of inflation empties the cuff: the second switch cuts the pump."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(100)
        bench.fault("pump_stuck_on", switch=switch)
        bench.stop()
        bench.empty(STOP_S)
        assert bench.peak_mmhg() < 120


@stages("pump_stuck_on")
@pytest.mark.parametrize("switch", ["speed", pytest.param("enable", marks=pytest.mark.slow)])
def test_a_cycle_with_one_shorted_switch_reads_as_ever(switch: str) -> None:
    """One short is not felt: the other switch does the work."""
    with Bench() as bench:
        bench.begin()
        bench.fault("pump_stuck_on", switch=switch)
        bench.start()
        assert right(bench.result())
        bench.empty(STOP_S)
        assert bench.peak_mmhg() < 200


@stages("pump_stuck_on")
def test_a_pump_that_nobody_can_stop_is_held_down_by_the_open_valves_and_told() -> None:
    """Both switches shorted is two faults: the valves hold the cuff far below any target, and a person is called."""
    with Bench() as bench:
        bench.begin(session=None)
        since_s = bench.fault("pump_stuck_on", switch="both")
        bench.until(lambda: {"pump_stuck", "cuff_not_empty"} & set(bench.faults_raised()), 12, "the alarm")
        bench.run(5)
        assert bench.peak_mmhg(since_s) < 50
        assert bench.samples[-1].levels["led_red"] or any(s.levels["led_red"] for s in bench.samples[-5:])
        bench.clear("pump_stuck_on")
        bench.empty(10)


@stages("guard_drift")
def test_channels_that_disagree_while_the_cuff_is_empty_are_named_and_no_cycle_begins() -> None:
    """20 mmHg by one channel and none by the other: nobody knows, so a person is called and no start is taken."""
    with Bench() as bench:
        bench.begin()
        bench.run(2)
        bench.fault("guard_drift")
        bench.until(lambda: "channel_mismatch" in bench.faults_raised(), 10, "the fault")
        assert bench.ask_start() == "cuff_fault"
        assert "pump_stuck" not in bench.faults_raised()
        bench.clear("guard_drift")
        bench.until(lambda: "fault_cleared channel_mismatch" in bench.events(), 10, "its end")
        bench.run(31)
        bench.start()


@stages("supply_low")
def test_a_supply_that_sinks_is_told_and_no_cycle_begins() -> None:
    """On a board with its own supply: the voltage is sent, the fault raised, a start refused, until it is back."""
    with Bench() as bench:
        bench.run(2)
        assert bench.ask(ConfigSet, ConfigKey.OWN_SUPPLY, "1").outcome == Outcome.DONE
        bench.begin()
        bench.run(1)
        bench.fault("supply_low")
        bench.until(lambda: "supply_low" in bench.faults_raised(), 4, "the fault")
        assert bench.status() & Status.SUPPLY_LOW
        assert bench.ask_start() == "supply_low"
        bench.clear("supply_low")
        bench.until(lambda: "fault_cleared supply_low" in bench.events(), 6, "the end of the fault")
        bench.inflate_to(60)
        since_s = bench.fault("supply_low")
        bench.empty(STOP_S, since_s)
        bench.run(1)
        assert bench.outcomes() == ["supply_low"]


@stages("arm_motion", "irregular", "leak_slow", "leak")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("arm_motion", {"pct": 100}), ("arm_motion", {"pct": 30}), ("irregular", {}), ("leak_slow", {}), ("leak", {})],
)
def test_what_disturbs_a_reading_makes_it_absent_or_leaves_it_right(name: str, arguments: dict[str, Any]) -> None:
    """A moving arm, scattered beats, a slow leak: either no value and the reason, or the patient's value."""
    with Bench() as bench:
        bench.begin()
        bench.fault(name, **arguments)
        bench.start()
        result = bench.result(180)
        assert no_value(result) if result.outcome else right(result), f"{result}\n{bench.story()}"
        bench.empty(FAULT_S)
        assert bench.peak_mmhg() < NORMAL_MMHG
        assert bench.longest_above_s() < 180


# ------------------------------------------------------------ layers that fail unseen


@stages("interlock_timer_dead")
def test_without_the_interlock_s_timer_no_cycle_begins() -> None:
    """The loss is told within a second; a cycle that runs ends by itself, and no other begins."""
    with Bench() as bench:
        bench.begin()
        bench.run(1)
        bench.fault("interlock_timer_dead")
        bench.until(lambda: "timer_missing" in bench.faults_raised(), 1.5, "the fault")
        assert bench.ask_start() == "interlock"
        assert bench.peak_mmhg() == 0


@stages("external_missing")
@pytest.mark.parametrize(("board", "refusal"), [("pico", "none"), ("esp32s3", "no_external_layer")])
def test_without_the_external_layer_only_a_hard_timer_will_do(board: str, refusal: str) -> None:
    """A board whose interlock hangs on a soft timer measures no pressure without the layer outside."""
    with Bench(board=board, faults=[["external_missing", 0]]) as bench:
        bench.begin()
        bench.until(lambda: "external_missing" in bench.faults_raised(), 3, "the fault")
        assert bench.ask_start() == refusal
        bench.stop()


@stages("watchdog_dead", "external_disabled", "external_drift")
@pytest.mark.parametrize(
    "name",
    ["external_drift", *(pytest.param(n, marks=pytest.mark.slow) for n in ("watchdog_dead", "external_disabled"))],
)
def test_a_layer_that_nobody_needs_is_not_missed_in_a_healthy_cycle(name: str) -> None:
    """What cannot be noticed from inside disturbs nothing; what guards without it is staged in test_layers.py."""
    with Bench() as bench:
        bench.begin()
        bench.fault(name)
        bench.start()
        assert right(bench.result())
        assert bench.faults_raised() == []
        assert bench.peak_mmhg() < 180
