# SPDX-License-Identifier: Apache-2.0
"""Faults of the oximeter and the finger: their numbers are absent, never wrong, and the cuff is not disturbed."""

from __future__ import annotations

import pytest
from bench import Bench, right
from table import FINGER_ROWS, Finger, label, stages

from vitalwire_protocol.codec import (
    OximetryReading,
    Reason,
    name_of,
)


@pytest.mark.parametrize("row", FINGER_ROWS, ids=label)
def test_a_fault_of_the_oximeter_takes_its_numbers_away_and_not_the_cuff_s(row: Finger) -> None:
    """In a running cycle: no SpO2 and the reason, never zero or the last one; the cuff reads; it all comes back."""
    with Bench() as bench:
        bench.begin()
        bench.run(12)
        assert bench.reading().spo2_pct is not None
        bench.inflate_to(100)
        since_s = bench.fault(row.fault, **row.arguments)
        assert right(bench.result()), "the cuff is not disturbed"
        assert set(bench.faults_raised(since_s)) == set(row.raised.split())
        settled = [r for t_s, r in bench.messages if isinstance(r, OximetryReading) and t_s > since_s + 5]
        assert len(settled) > 20, "readings go on, without values"
        assert all(r.spo2_pct is None for r in settled)
        assert row.pulse_may_stay or all(r.pulse_bpm is None for r in settled)
        assert all(r.pulse_bpm is None or abs(r.pulse_bpm - 64) < 4 for r in settled)
        assert {name_of(Reason, r.spo2_reason) for r in settled[10:]} <= set(row.reasons.split())
        bench.clear(row.fault)
        took_s = bench.until(lambda: bench.of(OximetryReading)[-1].spo2_pct is not None, 30, "readings again")
        assert took_s <= 30
        bench.run(8)
        assert abs(bench.of(OximetryReading)[-1].spo2_pct - 98) <= 2
        assert bench.events(since_s).count(f"fault_cleared {row.raised}") == bool(row.raised)


@stages("oximeter_wrong_id")
def test_another_part_at_the_oximeter_s_address_gives_no_numbers() -> None:
    """From the start: the fault and the number of the part are told; the right part works without a restart."""
    with Bench(faults=[["oximeter_wrong_id", 0]]) as bench:
        bench.begin()
        bench.until(lambda: "oximeter_id" in bench.faults_raised(), 3, "the fault")
        reading = bench.reading()
        assert reading.spo2_pct is None
        assert reading.pulse_bpm is None
        assert reading.spo2_reason == Reason.WRONG_PART
        bench.clear("oximeter_wrong_id")
        bench.until(lambda: bench.of(OximetryReading)[-1].spo2_pct is not None, 30, "readings")


@pytest.mark.slow
@stages("motion", "weak_pulse")
@pytest.mark.parametrize(
    ("name", "arguments"), [("motion", {}), ("motion", {"pct": 40}), ("weak_pulse", {"perfusion_pct": 0.05})]
)
def test_a_disturbed_finger_gives_no_wrong_saturation(name: str, arguments: dict[str, float]) -> None:
    """Absent with a reason, or near the truth, at each moment: what moves in the light is not the blood."""
    with Bench() as bench:
        bench.begin()
        bench.sample_s = 0.5
        bench.run(15)
        since_s = bench.fault(name, **arguments)
        bench.run(40)
        bench.clear(name)
        bench.run(20)
        readings = bench.of(OximetryReading, since_s)
        wrong = [r for r in readings if r.spo2_pct is not None and abs(r.spo2_pct - 98) > 4]
        assert not wrong, f"{len(wrong)} of {len(readings)}: {wrong[:3]}"


@stages("motion")
def test_a_finger_that_moves_much_gives_mostly_no_saturation_and_the_cuff_reads_on() -> None:
    """Of a finger that shakes all the time less than half of the readings have a value."""
    with Bench() as bench:
        bench.begin()
        bench.run(12)
        since_s = bench.fault("motion")
        bench.start()
        assert right(bench.result())
        readings = bench.of(OximetryReading, since_s + 5)
        there = [r for r in readings if r.spo2_pct is not None]
        assert len(there) < len(readings) / 2


@stages("fifo_overflow")
def test_a_loop_that_stands_still_counts_the_samples_that_it_lost() -> None:
    """Half a second without the loop, in mid-inflation: lost samples are counted and told, the cuff reads."""
    with Bench() as bench:
        bench.begin()
        bench.run(12)
        bench.inflate_to(80)
        since_s = bench.fault("fifo_overflow")
        assert right(bench.result()), bench.story()
        lost = [e.value for _, e in bench.messages if getattr(e, "event", None) == 19]
        truth = bench.twin.state()["oximeter_samples_lost"]
        # One sample may be lost between reading the chip's counter and emptying its FIFO, which resets it.
        assert truth > 10
        assert truth - 1 <= sum(lost) <= truth
        assert "interlock" not in bench.faults_raised(since_s)
        assert bench.reading().spo2_pct is not None
