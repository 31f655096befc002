# SPDX-License-Identifier: Apache-2.0
"""Each safety layer alone, the others disabled: controller, interlock, watchdog, comparator, hardware timer, valves.

`external_disabled` takes comparator and hardware timer away, `interlock_timer_dead` the interlock, `watchdog_dead` the
watchdog; a hung loop takes the controller away. A layer that starts without another would refuse to measure, so the
layers go once the cycle runs.
"""

from __future__ import annotations

import pytest
from bench import ABOVE_S, FAULT_S, NORMAL_MMHG, SINGLE_FAULT_MMHG, STOP_S, Bench, no_value
from table import stages

from vitalwire_protocol.codec import CuffPhase, Hello, NibpResult, ResetCause

CUT_S = 0.05
"""From over-pressure to open valves."""


def without(bench: Bench, *layers: str) -> None:
    """Disables layers."""
    for layer in layers:
        bench.fault(layer)


def open_after_s(bench: Bench, since_s: float) -> float:
    """How long after `since_s` both valves were open and the pump cut, by their levels."""
    for s in bench.samples:
        levels = s.levels
        if s.t_s >= since_s and not (levels["valve_bleed"] or levels["valve_dump"] or levels["pump_enable"]):
            return s.t_s - since_s
    raise AssertionError(f"the outputs were never safe\n{bench.story()}")


# ------------------------------------------------------------ the controller's limits


@stages("pump_stuck_on", "interlock_timer_dead", "watchdog_dead", "external_disabled")
def test_the_controller_alone_ends_a_pressure_that_rises_by_itself() -> None:
    """A pump that runs on after the target (both switches shorted): valves open long before 300 mmHg."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(120)
        without(bench, "interlock_timer_dead", "watchdog_dead", "external_disabled")
        bench.sample_s = 0.02
        bench.fault("pump_stuck_on", switch="both")
        bench.until(lambda: bench.of(NibpResult) or bench.phase == CuffPhase.DUMPING, 30, "the end of the cycle")
        bench.sample_s = 0.1
        bench.run(10)
        assert bench.peak_mmhg() < NORMAL_MMHG
        assert bench.samples[-1].cuff_mmhg < 50, "two faults at once: the open valves hold it down"
        assert no_value(bench.of(NibpResult)[-1]), bench.story()
        bench.clear("pump_stuck_on")
        bench.empty(STOP_S)


@stages("interlock_timer_dead", "watchdog_dead", "external_disabled")
@pytest.mark.parametrize("name", ["cuff_sensor_missing", "guard_stuck", "guard_open"])
def test_the_controller_alone_ends_a_cycle_whose_sensor_fails(name: str) -> None:
    """A fault that the controller can see: below 15 mmHg within 10 s."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(130)
        without(bench, "interlock_timer_dead", "watchdog_dead", "external_disabled")
        since_s = bench.fault(name)
        bench.empty(STOP_S, since_s)
        assert bench.peak_mmhg() < NORMAL_MMHG


# ------------------------------------------------------------ the interlock


@stages("hang", "watchdog_dead", "external_disabled")
@pytest.mark.parametrize(("interpreter", "at_mmhg"), [("micropython", 60), ("micropython", 150), ("cpython", 150)])
def test_the_interlock_alone_ends_a_hang_with_the_pump_on(interpreter: str, at_mmhg: float) -> None:
    """The loop never comes back and no watchdog bites: pump off, valves open 1 s later, and it stays so."""
    with Bench(interpreter) as bench:
        bench.begin()
        bench.inflate_to(at_mmhg)
        without(bench, "watchdog_dead", "external_disabled")
        since_s = bench.fault("hang")
        bench.sample_s = 0.02
        bench.run(1.5)
        bench.sample_s = 0.2
        assert open_after_s(bench, since_s) <= 1.1
        bench.empty(STOP_S, since_s)
        bench.run(30)
        assert bench.twin.state()["hung"]
        assert bench.peak_mmhg() < NORMAL_MMHG


@stages("hang", "external_disabled", "watchdog_dead")
def test_the_interlock_is_latched_until_a_person_has_looked() -> None:
    """A hang of 3 s that ends: the cycle ends as `interlock`, no start is taken until somebody vents or presses A."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(100)
        since_s = bench.fault("hang", ms=3000)
        assert no_value(bench.result())
        assert bench.outcomes() == ["interlock"]
        bench.empty(STOP_S, since_s)
        assert "interlock_trip loop_slow" in bench.events(since_s)
        assert set(bench.faults_raised(since_s)) <= {"interlock", "loop_slow", "oximeter_fifo"}
        bench.run(35)
        assert bench.ask_start() == "interlock"
        bench.press("a")
        bench.run(1)
        bench.start()
        assert bench.result().outcome == 0


@stages("kink", "hang", "external_disabled", "watchdog_dead")
def test_the_interlock_alone_opens_the_valves_within_50_ms_of_300_mmhg() -> None:
    """The loop stands still for 0.9 s while a kink lets the manifold shoot up: the guard channel alone cuts it."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(100)
        without(bench, "watchdog_dead", "external_disabled")
        bench.sample_s = 0.002
        bench.fault("hang", ms=900)
        since_s = bench.fault("kink")
        bench.run(0.8)
        bench.sample_s = 0.1
        crossed = [s.t_s for s in bench.samples if s.manifold_mmhg >= NORMAL_MMHG and s.t_s > since_s]
        assert crossed, "the manifold passed 300 mmHg"
        assert open_after_s(bench, crossed[0]) <= CUT_S
        assert bench.peak_mmhg() < NORMAL_MMHG, "the cuff behind the kink never saw it"
        assert max(s.manifold_mmhg for s in bench.samples) < 345
        bench.clear("kink")
        bench.run(2)
        assert "interlock_trip over_pressure" in bench.events()


# ------------------------------------------------------------ the watchdog


@stages("hang", "external_disabled")
@pytest.mark.parametrize("at_mmhg", [60, 130])
def test_the_watchdog_alone_ends_a_hang_with_interrupts_off(at_mmhg: float) -> None:
    """No timer fires and nothing outside acts: the bite makes every pin an input, so the pump stops and valves open."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(at_mmhg)
        without(bench, "external_disabled")
        since_s = bench.fault("hang", irq_off=1)
        bench.empty(FAULT_S, since_s)
        bench.until(lambda: len({h.boot for h in bench.of(Hello)}) == 2, 15, "the second hello")
        assert bench.of(Hello)[-1].reset_cause == ResetCause.WATCHDOG
        assert bench.peak_mmhg() < SINGLE_FAULT_MMHG
        assert bench.shortest_rest_s() == float("inf"), "nothing inflates by itself afterwards"


# ------------------------------------------------------------ the layer outside


@stages("hang", "interlock_timer_dead", "watchdog_dead")
@pytest.mark.parametrize("at_mmhg", [100, 155])
def test_the_comparator_alone_ends_a_hang_with_the_pump_on(at_mmhg: float) -> None:
    """No software at all: it trips at 315 mmHg nominal, cuts the pump's second switch and opens both valves."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(at_mmhg)
        without(bench, "interlock_timer_dead", "watchdog_dead")
        since_s = bench.fault("hang", irq_off=1)
        bench.sample_s = 0.02
        bench.until(lambda: bench.samples[-1].external_tripped, 25, "the comparator")
        bench.sample_s = 0.1
        bench.empty(FAULT_S, since_s)
        assert NORMAL_MMHG < max(s.manifold_mmhg for s in bench.samples) < SINGLE_FAULT_MMHG
        assert bench.peak_mmhg() < SINGLE_FAULT_MMHG
        assert bench.twin.state()["external_cause"] == "pressure"


@stages("hang", "interlock_timer_dead", "watchdog_dead")
def test_the_hardware_timer_alone_ends_a_pressure_that_is_held() -> None:
    """The loop hangs with the pump off and the valves shut, near 160 mmHg: empty before 180 s above 15 mmHg."""
    with Bench() as bench:
        bench.begin()
        bench.start()
        bench.until(lambda: bench.phase == CuffPhase.SETTLING, 30, "a cuff that is held")
        without(bench, "interlock_timer_dead", "watchdog_dead")
        bench.fault("hang", irq_off=1)
        bench.sample_s = 0.5
        bench.until(lambda: bench.samples[-1].external_tripped, ABOVE_S + 5, "the timer")
        bench.sample_s = 0.05
        assert bench.samples[-2].cuff_mmhg > 140
        tripped_s = bench.now_s
        assert bench.empty(STOP_S, tripped_s) <= STOP_S
        assert bench.longest_above_s() <= ABOVE_S
        assert bench.twin.state()["external_cause"] == "timer"


@stages("external_drift")
def test_a_comparator_that_drifted_up_leaves_the_interlock() -> None:
    """One layer out of its tolerance is one fault: 300 mmHg on the guard channel still cuts."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(150)
        without(bench, "watchdog_dead", "external_drift")
        since_s = bench.fault("hang")
        bench.empty(FAULT_S, since_s)
        assert bench.peak_mmhg() < NORMAL_MMHG


# ------------------------------------------------------------ the valves


@stages("valve_bleed_stuck_shut", "valve_dump_stuck_shut")
@pytest.mark.parametrize("name", ["valve_bleed_stuck_shut", "valve_dump_stuck_shut"])
def test_either_valve_alone_empties_a_hung_board_s_cuff(name: str) -> None:
    """A hang with the pump on and one valve stuck shut: the interlock opens the other."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(140)
        without(bench, "watchdog_dead", "external_disabled")
        bench.fault(name)
        since_s = bench.fault("hang")
        bench.empty(FAULT_S, since_s)
        assert bench.peak_mmhg() < NORMAL_MMHG


@stages("valve_bleed_stuck_shut")
def test_the_controller_ends_a_deflation_that_does_not_happen() -> None:
    """The bleed valve stuck shut all along: noticed, dumped, and the cuff was above 15 mmHg for far less than 180 s."""
    with Bench() as bench:
        bench.begin()
        bench.fault("valve_bleed_stuck_shut")
        bench.start()
        bench.until(lambda: bench.phase == CuffPhase.DEFLATING, 30, "deflation")
        since_s = bench.now_s
        assert no_value(bench.result())
        assert bench.outcomes() == ["deflation_too_slow"]
        bench.empty(FAULT_S, since_s)
        assert bench.longest_above_s() < 60
