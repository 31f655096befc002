# SPDX-License-Identifier: Apache-2.0
"""The external layer acts alone, whatever firmware, interlock and watchdog have come to."""

import pytest


def hung_while_pumping(bench, **fault_arguments):
    """A board whose firmware stopped in the middle of inflating: pump at full power, both valves held shut."""
    b = bench()
    for name, arguments in fault_arguments.items():
        b.world.set_fault(name, **arguments)
    b.shut()
    b.pump()
    return b


def test_over_pressure_cuts_the_pump_and_opens_the_valves(bench):
    b = hung_while_pumping(bench)
    assert b.world.external_ok
    b.until(lambda: not b.world.external_ok, 60)
    assert 310 < b.cuff < 316
    assert not b.world.pump_running
    assert max(b.run(1)) < 316
    assert b.until(lambda: b.cuff < 15, 30) < 30


def test_a_trip_is_kept_until_the_power_goes(bench):
    b = hung_while_pumping(bench)
    b.until(lambda: not b.world.external_ok, 60)
    b.run(60)
    assert b.cuff < 15
    assert not b.world.external_ok
    assert b.world.truth()["external_cause"] == "pressure"
    b.pump(0)
    b.world.power_cycle()
    assert b.world.external_ok
    assert b.inflate(100) < 10


def test_a_cuff_left_inflated_is_empty_before_180_seconds(bench):
    b = bench()
    b.inflate(120)
    start = b.t_s
    b.until(lambda: not b.world.external_ok, 200)
    assert 165 <= b.t_s - start <= 175.1
    assert b.world.truth()["external_cause"] == "timer"
    assert b.until(lambda: b.cuff < 15, 30) < 10


def test_the_timer_starts_anew_when_the_cuff_was_empty(bench):
    b = bench()
    for _ in range(3):
        b.inflate(60)
        b.run(100)
        b.vent()
        b.until(lambda: b.cuff < 14, 30)
    assert b.world.external_ok


def test_a_shorted_speed_switch_is_stopped_too(bench):
    b = hung_while_pumping(bench, pump_stuck_on={"switch": "speed"})
    b.world.pump_permille = 0
    b.until(lambda: not b.world.external_ok, 60)
    assert not b.world.pump_running
    assert b.until(lambda: b.cuff < 15, 30) < 30


@pytest.mark.parametrize("valve", ["valve_bleed_stuck_shut", "valve_dump_stuck_shut"])
def test_one_valve_stuck_shut_is_emptied_by_the_other(bench, valve):
    b = hung_while_pumping(bench, **{valve: {}})
    b.until(lambda: not b.world.external_ok, 60)
    assert b.until(lambda: b.cuff < 15, 30) < 30


def test_the_self_test_acts_at_no_pressure_and_is_not_kept(bench):
    b = bench()
    b.shut()
    b.pump()
    b.world.external_test = True
    b.run(0.5)
    assert not b.world.external_ok
    assert b.manifold == 0
    assert b.world.dump_open_pct == 100
    b.world.external_test = False
    b.run(0.5)
    assert b.world.external_ok
    assert b.manifold > 1


def test_missing_it_reports_low_and_never_acts(bench):
    b = hung_while_pumping(bench, external_missing={})
    b.run(30)
    assert not b.world.external_ok
    assert b.manifold > 330


def test_disabled_it_reports_well_and_never_acts_not_even_in_the_self_test(bench):
    b = hung_while_pumping(bench, external_disabled={})
    b.world.external_test = True
    b.run(30)
    assert b.world.external_ok
    assert b.manifold > 330


@pytest.mark.parametrize("trip_mmhg", [300, 330, 345])
def test_its_comparator_may_have_drifted(bench, trip_mmhg):
    b = hung_while_pumping(bench, external_drift={"trip_mmhg": trip_mmhg})
    highest = 0
    while b.world.external_ok:
        highest = max(highest, *b.run(0.02, tick_ms=5))
    assert trip_mmhg - 3 < highest < trip_mmhg + 0.5


def test_it_sees_the_manifold_only_behind_a_kink(bench):
    b = bench()
    b.inflate(200)
    b.world.set_fault("kink")
    b.vent()
    b.run(200)
    assert b.cuff > 150
    assert b.world.external_ok
