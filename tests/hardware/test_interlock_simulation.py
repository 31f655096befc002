# SPDX-License-Identifier: Apache-2.0
"""The external layer in ngspice, from the netlist: every output of the microcontroller is held high throughout."""

from __future__ import annotations

import shutil

import pytest

from circuit import simulate
from circuit.setpoints import NOMINAL, timer_s, trip_mmhg
from circuit.simulate import Case, Trace, guard_v, ramp

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("ngspice") is None,
        reason="the hardware interlock is NOT simulated: ngspice is missing (Debian: apt-get install ngspice)",
    ),
]

FULL_A = {"pump": simulate.load_a("M1"), "bleed": simulate.load_a("V1"), "dump": simulate.load_a("V2")}


def runs(trace: Trace, t_s: float) -> bool:
    """Whether pump and both valves have their current at a time."""
    return all(trace.at(load, t_s) > 0.9 * full_a for load, full_a in FULL_A.items())


def cut_off(trace: Trace, t_s: float) -> bool:
    """Whether none of them has a hundredth of it."""
    return all(abs(trace.at(load, t_s)) < full_a / 100 for load, full_a in FULL_A.items())


def test_above_315_mmhg_pump_and_valves_lose_their_current_though_every_output_is_high() -> None:
    trace = simulate.run(simulate.OVER_PRESSURE)
    assert runs(trace, 0.55)
    figures = simulate.over_pressure_figures(trace)
    assert figures["trip_mmhg"] == pytest.approx(trip_mmhg(NOMINAL), abs=1)
    for load in ("pump_ms", "bleed_ms", "dump_ms"):
        value = figures[load]
        assert value is not None
        assert value < 50
    assert cut_off(trace, 0.99), "latched: the pressure is 20 mmHg again"


def test_at_308_mmhg_nothing_happens() -> None:
    trace = simulate.run(simulate.NEAR_MISS)
    assert trace.first_below("ok", 4.0, 0.3) is None
    assert runs(trace, 0.79)


def test_the_test_input_acts_at_no_pressure_and_lets_go_without_a_latch() -> None:
    trace = simulate.run(simulate.TEST)
    assert runs(trace, 0.59)
    assert cut_off(trace, 0.649)
    assert trace.at("external_ok", 0.649) < 0.3
    assert trace.at("ok", 0.66) > 4.5
    assert runs(trace, 0.99)


def test_external_ok_is_a_level_that_a_3_3_v_input_takes() -> None:
    trace = simulate.run(simulate.TEST)
    assert 2.5 < trace.at("external_ok", 0.59) <= 3.4


@pytest.mark.parametrize("case", [simulate.BROKEN_WIRE, simulate.SHORTED_WIRE], ids=["broken", "shorted"])
def test_a_broken_or_shorted_wire_of_the_guard_sensor_cuts(case: Case) -> None:
    trace = simulate.run(case)
    assert runs(trace, 0.59)
    assert cut_off(trace, 0.69)


def test_at_power_on_the_layer_is_well_within_half_a_second_and_not_latched() -> None:
    trace = simulate.run(simulate.POWER_ON)
    assert trace.at("ok", 0.5) > 4.5
    assert trace.first_below("ok", 4.5, 0.5) is None


def test_the_timer_cuts_after_175_s_though_the_pressure_dips_for_half_a_second() -> None:
    trace = simulate.run(simulate.SHORT_DIP)
    cut_s = trace.first_below("ok", 2.5, 1.0)
    assert cut_s is not None
    assert cut_s - simulate.START_S == pytest.approx(timer_s(NOMINAL), abs=0.3)
    assert cut_off(trace, 189)


def test_the_timer_starts_anew_after_three_seconds_of_an_empty_cuff() -> None:
    trace = simulate.run(simulate.LONG_DIP)
    assert trace.first_below("ok", 2.5, 1.0) is None


@pytest.mark.parametrize(("ref", "load"), [("Q3", "pump"), ("Q6", "bleed"), ("Q7", "dump")])
def test_one_shorted_low_side_switch_does_not_keep_a_load_on(ref: str, load: str) -> None:
    parts = simulate.read_netlist()
    parts[ref] = parts[ref] | {"G": "n_vbat"}
    trace = simulate.run(simulate.OVER_PRESSURE, parts)
    assert abs(trace.at(load, 0.99)) < 0.01


def test_without_its_latch_the_layer_would_let_go() -> None:
    """With the latch's set input off the same over-pressure ends released: so the test of the latch can fail."""
    parts = simulate.read_netlist()
    parts["U8"] = parts["U8"] | {"1A": "n_5v"}
    trace = simulate.run(Case([*ramp(280, 340, 0.6, 0.8), (0.85, guard_v(20)), (1, guard_v(20))], 1.0, 50e-6), parts)
    assert cut_off(trace, 0.8)
    assert runs(trace, 0.99)
