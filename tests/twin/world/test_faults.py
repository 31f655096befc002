# SPDX-License-Identifier: Apache-2.0
"""Faults by name: each can be set and cleared, leaves nothing behind, and is refused when it makes no sense."""

import pytest


def test_every_fault_can_be_set_and_leaves_nothing_behind(bench):
    from world import faults  # the bench has put the twin on the path

    for name, (parameters, near_miss, what) in faults.FAULTS.items():
        assert what
        assert near_miss is None or set(near_miss) == set(parameters)
        healthy, repaired = bench(), bench()
        repaired.world.set_fault(name)
        assert repaired.world.truth()["faults"] == [name]
        repaired.world.clear_fault(name)
        for b in (healthy, repaired):
            b.inflate(120)
            b.run(2)
        assert repaired.world.truth() == healthy.world.truth(), name
        assert repaired.light(1) == healthy.light(1), name


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("gremlins", {}, "no fault 'gremlins' in the world; there are arm_motion"),
        ("leak", {"litres": 1}, "fault leak takes mmhg_per_min, not 'litres'"),
        ("leak", {"mmhg_per_min": -1}, "mmhg_per_min must be a number from 0 up"),
        ("leak", {"mmhg_per_min": "much"}, "mmhg_per_min must be a number from 0 up"),
        ("valve_stuck_open", {"valve": "front"}, "valve must be one of dump, bleed"),
        ("hose_off", {"pct": 1}, "takes nothing"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(bench, name, given, told):
    with pytest.raises(ValueError, match=told):
        bench().world.set_fault(name, **given)


def test_clearing_what_is_not_set_changes_nothing(bench):
    b = bench()
    b.world.clear_fault("leak")
    with pytest.raises(ValueError, match="gremlins"):
        b.world.clear_fault("gremlins")


@pytest.mark.parametrize(("valve", "left_open"), [("dump", (0, 100)), ("bleed", (1000, 0))])
def test_a_valve_that_does_not_shut_keeps_the_cuff_from_filling(bench, valve, left_open):
    b = bench()
    b.world.set_fault("valve_stuck_open", valve=valve)
    b.shut()
    b.pump()
    b.run(10)
    assert (b.world.bleed_open_permille, b.world.dump_open_pct) == left_open
    assert b.cuff < 120


def test_a_dead_pump_fills_nothing(bench):
    b = bench()
    b.world.set_fault("pump_dead")
    b.shut()
    b.pump()
    b.run(5)
    assert b.cuff == 0


@pytest.mark.parametrize(
    ("switch", "permille", "enable", "runs"),
    [("speed", 0, True, True), ("speed", 0, False, False), ("enable", 500, False, True), ("both", 0, False, True)],
)
def test_shorted_switches_of_the_pump(bench, switch, permille, enable, runs):
    b = bench()
    b.world.set_fault("pump_stuck_on", switch=switch)
    b.shut()
    b.world.pump_permille, b.world.pump_enable = permille, enable
    b.run(2)
    assert b.world.pump_running == runs
    assert (b.cuff > 5) == runs


def test_both_faults_of_leaking_add_up(bench, person):
    b = bench(person(pulse_bpm=0))
    b.inflate(155)
    b.world.set_fault("leak", mmhg_per_min=30)
    b.world.set_fault("leak_slow", mmhg_per_min=30)
    before = b.cuff
    b.run(10)
    assert 8 < before - b.cuff < 12
