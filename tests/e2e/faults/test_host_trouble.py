# SPDX-License-Identifier: Apache-2.0
"""Trouble with the host, and persons who act: stalls, pulled cables, stray bytes, stops in every phase, buttons."""

from __future__ import annotations

import itertools

import pytest
from bench import NORMAL_MMHG, STOP_S, Bench, no_value, right
from table import stages

from vitalwire_protocol.codec import (
    CuffPhase,
    CuffStart,
    Heartbeat,
    NibpOutcome,
    NibpResult,
    Outcome,
    OximetryReading,
    ReadingFlags,
    Status,
    Trigger,
)

PHASES = ("zeroing", "inflating", "settling", "deflating", "dumping")


def at_phase(bench: Bench, phase: str) -> None:
    """Starts a cycle and lets it come to a phase."""
    bench.start()
    if phase == "dumping":
        bench.until(lambda: bench.phase == CuffPhase.DEFLATING, 40, "deflation")
        bench.until(lambda: bench.phase == CuffPhase.DUMPING, 60, "the dump")
    elif phase == "inflating":
        bench.until(lambda: bench.samples[-1].cuff_mmhg > 110, 40, "110 mmHg")
    else:
        bench.until(lambda: bench.phase == CuffPhase[phase.upper()], 40, phase)


# ------------------------------------------------------------ stopping


@pytest.mark.parametrize("phase", PHASES)
def test_a_stop_in_any_phase_empties_the_cuff_and_is_always_done(phase: str) -> None:
    """Below 15 mmHg within 10 s of the command, `done` at once, one result, and a rest before the next."""
    with Bench() as bench:
        bench.begin()
        at_phase(bench, phase)
        since_s = bench.now_s
        bench.stop()
        bench.empty(STOP_S, since_s)
        bench.until(lambda: bench.of(NibpResult), 10, "the result")
        assert bench.outcomes() == ["aborted"] or phase == "dumping"
        assert no_value(bench.of(NibpResult)[0]) or phase == "dumping"
        assert [m.outcome for m in bench.answers(bench.last_number("Abort"))] == [Outcome.ACCEPTED, Outcome.DONE]
        if phase == "inflating":
            bench.start()
            assert right(bench.result())
            assert bench.shortest_rest_s() >= 30
            assert len(bench.of(NibpResult)) == 2


@pytest.mark.parametrize("phase", ["zeroing", "inflating", "settling", "deflating"])
def test_button_a_stops_an_inflation_whatever_the_host_asks_for(phase: str) -> None:
    """Stop always wins: a start that the host sends in the same moment does not inflate again."""
    with Bench() as bench:
        bench.begin()
        at_phase(bench, phase)
        since_s = bench.now_s
        bench.press("a")
        for _ in range(8):
            bench.send(CuffStart)
            bench.run(0.1)
        bench.empty(STOP_S, since_s)
        bench.run(STOP_S)
        assert bench.outcomes() == ["aborted"]
        assert bench.peak_mmhg(since_s + STOP_S) <= 15
        assert bench.events().count("cuff_started") == 1


def test_button_a_starts_a_reading_and_waits_for_the_rest_like_anyone_else() -> None:
    """Pressed again within 30 s of the cuff's being empty it does nothing."""
    with Bench() as bench:
        bench.begin()
        bench.run(1)
        bench.press("a")
        result = bench.result()
        assert right(result)
        assert result.trigger == Trigger.BUTTON
        bench.empty(5)
        for _ in range(4):
            bench.press("a")
            bench.run(2)
        assert bench.samples[-1].cuff_mmhg < 15
        assert bench.events().count("cuff_started") == 1


def test_a_stop_button_that_is_held_down_starts_nothing() -> None:
    """A jammed button stops once; it neither starts nor stops again while it stays down."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(100)
        bench.twin.do("hold", button="a")
        bench.empty(STOP_S)
        bench.run(45)
        assert bench.events().count("cuff_started") == 1
        assert bench.events().count("button_a") == 1


# ------------------------------------------------------------ the wire


@stages("usb_stall")
def test_a_host_that_stops_reading_for_10_s_disturbs_no_cycle() -> None:
    """The loop never waits for the wire: no sample is lost, the result arrives, what found no room is counted."""
    with Bench() as bench:
        bench.begin()
        bench.run(12)
        bench.inflate_to(100)
        since_s = bench.fault("usb_stall")
        bench.run(10)
        bench.clear("usb_stall")
        assert right(bench.result())
        bench.empty(STOP_S)
        state = bench.twin.state()
        assert state["oximeter_samples_lost"] == 0
        assert state["restarts"] == {"power_on": 1}
        assert max(h.tick_worst_ms for h in bench.of(Heartbeat, since_s)) <= 20
        dropped = bench.of(Heartbeat)[-1].frames_dropped
        assert bench.decoder.counters.frames_lost == dropped, "every frame that did not come is counted by the board"
        assert bench.decoder.counters.damaged == 0


@pytest.mark.slow
@stages("usb_stall", "usb_unplug")
@pytest.mark.parametrize("how", ["usb_stall", "usb_unplug"])
def test_a_session_goes_on_without_its_host_and_tells_it_later(how: str) -> None:
    """Interval cycles run, readings are kept and come marked late, in a frame of two events that say so."""
    with Bench() as bench:
        bench.begin(interval_s=120)
        bench.sample_s = 0.5
        bench.run(100)
        bench.pinging = False
        bench.fault(how)
        bench.run(100)
        assert bench.peak_mmhg() > 100, "the cycle that was due after 120 s"
        bench.empty(STOP_S)
        results = len(bench.of(NibpResult))
        bench.clear(how)
        bench.pinging = True
        bench.until(lambda: "late_end" in bench.events(), 30, "what was kept")
        bench.run(3)
        assert {"host_returned", "late_begin"} <= set(bench.events())
        late = [r for r in bench.of(NibpResult)[results:] if r.flags & ReadingFlags.LATE]
        assert len(late) == 1
        assert right(late[0])
        readings = [r for r in bench.of(OximetryReading) if r.flags & ReadingFlags.LATE]
        assert len(readings) > 60
        assert all(a.t_ms < b.t_ms for a, b in itertools.pairwise(readings))
        assert not bench.of(OximetryReading)[-1].flags & ReadingFlags.LATE
        assert not bench.status() & Status.HOST_LOST


@stages("usb_unplug")
def test_a_cycle_that_runs_when_the_cable_is_pulled_finishes_and_its_reading_comes_late() -> None:
    """The loss is an event on the board 5 s after the last word; the reading is kept for whoever comes back."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(60)
        bench.pinging = False
        bench.fault("usb_unplug")
        bench.until(lambda: bench.now_s > 20 and bench.samples[-1].cuff_mmhg < 15, 60, "the end of the cycle")
        bench.run(3)
        bench.clear("usb_unplug")
        bench.pinging = True
        assert right(bench.result(5))
        assert bench.of(NibpResult)[-1].flags & ReadingFlags.LATE
        assert "host_returned" in bench.events()


def test_control_c_in_the_stream_interrupts_nothing() -> None:
    """Every byte is data: 0x03 and 0x04, alone, in heaps, and inside frames."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(60)
        for stray in (b"\x03", b"\x03" * 600, b"\x04\x03\x0d\x04", bytes(range(256)) * 4):
            bench.twin.write(stray)
            bench.run(1)
        bench.twin.write(b"\0")
        assert right(bench.result())
        assert bench.ask_start() == "resting", "and commands are understood as before"
        assert bench.twin.state()["restarts"] == {"power_on": 1}
        assert bench.console == []


def test_a_flood_from_the_host_keeps_the_loop_from_nothing() -> None:
    """64 KB of noise in mid-inflation: the cycle reads, and a stop behind the noise is obeyed in time."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(60)
        bench.twin.write(bytes((7 * i) % 255 + 1 for i in range(60000)) + b"\0")
        since_s = bench.now_s
        bench.stop()
        bench.empty(STOP_S, since_s)
        assert bench.outcomes() == ["aborted"]
        assert max(h.tick_worst_ms for h in bench.of(Heartbeat)) <= 50


# ------------------------------------------------------------ rests


@pytest.mark.slow
def test_nobody_inflates_before_the_cuff_has_rested_for_30_s() -> None:
    """Host, button and interval alike; then the next reading is right."""
    with Bench(seed=2) as bench:
        bench.begin(interval_s=120)
        bench.start()
        assert right(bench.result())
        for _ in range(20):
            assert bench.ask_start() == "resting"
            bench.press("a", 100)
            bench.run(1)
        bench.start()
        bench.until(lambda: len(bench.of(NibpResult)) == 2, 90, "the second reading")
        bench.sample_s = 0.2
        bench.until(lambda: len(bench.of(NibpResult)) == 3, 120, "the interval's reading")
        assert bench.shortest_rest_s() >= 30
        assert bench.peak_mmhg() < NORMAL_MMHG
        assert [r.outcome for r in bench.of(NibpResult)] == [NibpOutcome.OK] * 3


@pytest.mark.slow
def test_two_failures_wait_for_a_person_or_the_next_interval() -> None:
    """A cuff that is on the table: one retry a minute later, then no more until the interval."""
    with Bench() as bench:
        bench.begin(interval_s=300)
        bench.fault("hose_off")
        bench.sample_s = 0.5
        bench.start()
        bench.run(280)
        results = bench.of(NibpResult)
        assert [r.trigger for r in results] == [Trigger.HOST, Trigger.RETRY]
        assert results[1].started_ms - results[0].started_ms >= 60000
        bench.run(60)
        assert bench.of(NibpResult)[2].trigger == Trigger.INTERVAL
