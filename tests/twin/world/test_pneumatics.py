# SPDX-License-Identifier: Apache-2.0
"""Pump, valves, hose, cuff and artery behave like an adult cuff on an arm."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def test_the_pump_fills_the_cuff_in_six_to_ten_seconds(bench):
    assert 6 <= bench().inflate(160) <= 10


def test_a_weak_pump_within_tolerance_still_fills_it(bench):
    b = bench()
    b.world.set_fault("pump_dead", flow_pct=70)
    assert b.inflate(160) < 15


def test_flow_falls_with_back_pressure(bench):
    b = bench()
    b.inflate(100)
    from_100 = b.inflate(150)
    from_250 = (b.inflate(250), b.inflate(300))[1]
    assert from_250 > 1.5 * from_100


@pytest.mark.parametrize("missing", [{}, {"pump_permille": 0}, {"pump_enable": False}])
def test_the_pump_needs_both_of_its_switches(bench, missing):
    b = bench()
    b.shut()
    b.pump()
    for name, value in missing.items():
        setattr(b.world, name, value)
    b.run(2)
    assert (b.cuff > 10) == (missing == {})
    assert b.world.pump_running == (missing == {})


def test_both_valves_empty_a_full_cuff_in_three_to_five_seconds(bench):
    b = bench()
    b.inflate(250)
    b.vent()
    assert 3 <= b.until(lambda: b.cuff < 15, 30) <= 5


@pytest.mark.parametrize("fault", ["valve_bleed_stuck_shut", "valve_dump_stuck_shut"])
def test_either_valve_alone_empties_it_within_thirty_seconds(bench, fault):
    b = bench()
    b.inflate(280)
    b.world.set_fault(fault)
    b.vent()
    assert 4 < b.until(lambda: b.cuff < 15, 30) < 30


def test_the_bleed_valve_holds_any_rate_from_two_to_six_mmhg_per_second(bench):
    for pressure in (160, 100, 60):
        rates = []
        for permille in range(950, -1, -25):
            b = bench("no-finger")
            b.inflate(pressure)
            b.run(0.5)
            before = b.cuff
            b.shut(permille)
            b.run(1)
            rates.append(before - b.cuff)
        assert min(rates) < 2 < 6 < max(rates)
        assert max(rates[i + 1] - rates[i] for i in range(len(rates) - 1) if rates[i] < 6) < 2.5


def test_valves_are_open_and_the_pump_is_off_without_current(bench):
    world = bench().world
    assert world.bleed_open_permille == 1000
    assert world.dump_open_pct == 100
    assert not world.pump_running


@pytest.mark.parametrize(("given_mmhg_per_min", "least", "most"), [(None, 1, 3), (4, 3, 5), (40, 30, 45)])
def test_leaks_lose_what_they_say_at_150_mmhg(bench, person, given_mmhg_per_min, least, most):
    b = bench(person(pulse_bpm=0))
    b.inflate(155)
    b.run(2)
    if given_mmhg_per_min:
        b.world.set_fault("leak", mmhg_per_min=given_mmhg_per_min)
    before = b.cuff
    b.run(30)
    assert least <= (before - b.cuff) * 2 <= most


def test_a_kinked_hose_parts_cuff_and_manifold(bench):
    b = bench()
    b.inflate(150)
    b.world.set_fault("kink")
    b.vent()
    b.run(10)
    assert b.manifold < 1
    assert b.cuff > 140
    b.world.clear_fault("kink")
    assert b.until(lambda: b.cuff < 15, 10) > 1


def test_a_hose_that_is_off_cannot_be_filled(bench):
    b = bench()
    b.world.set_fault("hose_off")
    b.shut()
    b.pump()
    b.run(20)
    assert b.manifold < 10
    assert b.cuff < 1


BEAT = 75  # ticks of 10 ms at 80 a minute


def swing(b, mmhg):
    """Peak to peak, mean of five beats, with the cuff shut at a pressure; and that pressure."""
    b.shut(0)
    b.until(lambda: b.cuff <= mmhg, 60)
    b.shut()
    b.run(1)
    samples = b.run(5 * BEAT / 100)
    beats = [samples[i : i + BEAT] for i in range(0, len(samples), BEAT)]
    return sum(max(beat) - min(beat) for beat in beats) / len(beats), sum(samples) / len(samples)


@pytest.mark.parametrize(("sbp", "dbp"), [(120, 78), (190, 115), (82, 48)])
def test_oscillations_are_largest_at_the_mean_arterial_pressure(bench, person, sbp, dbp):
    b = bench(person(sbp_mmhg=sbp, dbp_mmhg=dbp, pulse_bpm=80))
    b.world.set_fault("external_disabled")  # its timer would end this slow descent
    b.inflate(sbp + 40)
    steps = range(sbp + 30, dbp - 25, -3)
    envelope = [swing(b, mmhg) for mmhg in steps]
    largest, at = max(envelope)
    assert 1 <= largest <= 4
    near = lambda mmhg: min(envelope, key=lambda point: abs(point[1] - mmhg))[0] / largest  # noqa: E731
    assert abs(at - b.world.truth()["map_mmhg"]) <= (sbp - dbp) / 8
    assert near(b.world.truth()["map_mmhg"]) >= 0.96  # the top is flat
    # Published ratios for many people: 0.45-0.73 and 0.69-0.83; a wide pulse pressure makes the lower one smaller.
    assert 0.45 <= near(sbp) <= 0.73
    assert 0.64 <= near(dbp) <= 0.85
    assert near(sbp + 30) < 0.3
    assert near(dbp - 25) < 0.45


def test_oscillations_come_with_the_heart(bench, person):
    b = bench(person(pulse_bpm=60))
    b.inflate(95)
    b.run(2)
    samples = b.run(10)
    rises = sum(
        1 for i in range(30, len(samples)) if samples[i] - samples[i - 30] > 0.7 > samples[i - 1] - samples[i - 31]
    )
    assert rises == 10


def test_without_a_pulse_or_with_a_loose_cuff_there_are_none(bench, person):
    still = bench(person(pulse_bpm=0))
    still.inflate(95)
    loose = bench()
    loose.world.set_fault("cuff_loose")
    loose.inflate(95)
    for b in (still, loose):
        b.run(2)
        samples = b.run(4)
        assert max(samples) - min(samples) < 0.4


def test_a_moving_arm_shakes_the_cuff(bench, person):
    b = bench(person(pulse_bpm=0))
    b.world.set_fault("arm_motion")
    b.inflate(95)
    b.run(2)
    samples = b.run(4)
    assert max(samples) - min(samples) > 3


def test_the_running_pump_pulls_the_supply_down(bench):
    b = bench()
    assert b.world.supply_mv == 6000
    b.pump()
    b.run(0.1)
    assert 5700 < b.world.supply_mv < 6000
    b.pump(0)
    b.world.set_fault("supply_low")
    assert b.world.supply_mv == 4300


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(portions_us=st.lists(st.integers(1, 400_000), min_size=1, max_size=30))
def test_how_time_is_portioned_does_not_matter(bench, portions_us):
    def after(portions):
        b = bench("restless")
        b.shut()
        b.pump()
        for portion in portions:
            b.world.advance_to(b.world.t_us + portion)
        b.vent()
        b.world.advance_to(b.world.t_us + 123_456)
        return b.world.truth()

    assert after(portions_us) == after([sum(portions_us)])
