# SPDX-License-Identifier: Apache-2.0
"""Restarts of every kind in the middle of an inflation, crash loops, and flash writes torn at any byte."""

from __future__ import annotations

import pytest
from bench import FAULT_S, SESSION, STOP_S, Bench
from table import stages

from vitalwire_protocol.codec import (
    ConfigGet,
    ConfigKey,
    ConfigSet,
    Fault,
    Heartbeat,
    Hello,
    Outcome,
    Ping,
    ResetCause,
    SessionBegin,
    Status,
)

CAUSES = {
    "crash": {ResetCause.EXCEPTION},
    "hang": {ResetCause.WATCHDOG},
    "hard_reset": {ResetCause.WATCHDOG, ResetCause.HARD_RESET},
    "brown_out": {ResetCause.POWER_ON},
    "soft_reset": {ResetCause.SOFT_RESET, ResetCause.POWER_ON},
}
"""What a Pico can know: its reset line and its own reset look like the watchdog, a soft reset like what was before."""


def next_hello(bench: Bench, within_s: float = 20) -> Hello:
    """Waits for the hello of the next start."""
    before = len(bench.of(Hello))
    bench.until(lambda: len(bench.of(Hello)) > before, within_s, "a hello after the restart")
    hello = bench.of(Hello)[-1]
    assert isinstance(hello, Hello)
    return hello


@stages("crash", "soft_reset", "hard_reset", "brown_out", "hang")
@pytest.mark.parametrize("name", CAUSES)
def test_a_restart_with_the_pump_on_empties_the_cuff_and_ends_the_session(name: str) -> None:
    """Outputs are safe before anything else runs; nothing inflates afterwards; the hello says why it restarted."""
    with Bench() as bench:
        first = bench.begin(interval_s=120)
        bench.run(2)  # the first start is on record by then
        bench.inflate_to(140)
        bench.sample_s = 0.02
        since_s = bench.fault(name)
        bench.until(lambda: not bench.samples[-1].pump, 2, "the pump to stop")
        bench.sample_s = 0.1
        bench.empty(STOP_S, since_s)
        bench.until(lambda: bench.of(Hello)[-1].boot != first.boot, 20, "the hello of the second start")
        hello = bench.of(Hello)[-1]
        assert hello.boot == first.boot + 1
        assert hello.reset_cause in CAUSES[name]
        assert hello.service == 0
        bench.sample_s = 1.0
        bench.run(125)
        assert not bench.status() & Status.SESSION, "a session does not outlive a restart"
        assert bench.of(Heartbeat)[-1].session is None
        assert bench.peak_mmhg(since_s + STOP_S) < 15, "nothing starts by itself"
        assert bench.ask(SessionBegin, SESSION + 1, 0, 60, 0).outcome == Outcome.DONE
        assert bench.twin.state()["flash_writes_inflated"] == 0


@stages("soft_reset")
def test_a_soft_reset_with_the_pump_on_and_no_interlock_leaves_boot_py_to_make_it_safe() -> None:
    """Pins keep their levels through a soft reset and the timers are gone: boot.py comes first."""
    with Bench() as bench:
        bench.begin()
        bench.inflate_to(140)
        for layer in ("external_disabled", "watchdog_dead"):
            bench.fault(layer)
        bench.sample_s = 0.01
        since_s = bench.fault("soft_reset")
        bench.until(lambda: not bench.samples[-1].pump, 0.5, "the pump to stop")
        bench.sample_s = 0.1
        bench.empty(STOP_S, since_s)


@stages("crash")
def test_an_inflation_right_after_a_restart_must_wait_until_the_cuff_has_rested() -> None:
    """The firmware knows nothing of the last inflation any more, so the rest of 30 s begins anew."""
    with Bench() as bench:
        bench.begin()
        bench.run(2)
        bench.inflate_to(140)
        bench.fault("crash")
        next_hello(bench)
        assert bench.ask_start() in ("resting", "cuff_not_empty", "cuff_fault"), "no pressure has been read yet"
        bench.start()
        bench.result()
        assert bench.shortest_rest_s() >= 30


@stages("crash")
def test_three_crashes_in_five_minutes_end_in_service_mode_and_the_hello_says_why() -> None:
    """Outputs safe, no watchdog, the REPL; taking the power away starts the application again."""
    with Bench() as bench:
        bench.begin(session=None)
        bench.run(2)
        for _ in range(3):
            assert bench.of(Hello)[-1].service == 0
            bench.fault("crash")
            next_hello(bench)
            bench.run(3)
        hello = bench.of(Hello)[-1]
        assert hello.service == 1
        assert hello.reset_fault == Fault.CRASH_LOOP
        assert any("RuntimeError" in line for line in bench.console), "the traceback is on the wire"
        boots = hello.boot
        bench.run(10)
        assert bench.of(Hello)[-1].boot == boots, "it stays there"
        bench.twin.do("power_cycle")
        assert next_hello(bench).service == 0


@stages("hang")
def test_three_bites_of_the_watchdog_end_in_service_mode_too() -> None:
    """A loop that hangs at every start is not started for ever."""
    with Bench() as bench:
        bench.begin(session=None)
        bench.run(2)
        for _ in range(3):
            bench.fault("hang")
            next_hello(bench)
            bench.run(2)
        assert bench.of(Hello)[-1].service == 1
        assert bench.of(Hello)[-1].reset_fault == Fault.CRASH_LOOP


@pytest.mark.slow
@stages("crash")
def test_crashes_far_apart_do_not_end_in_service_mode() -> None:
    """The near miss: three crashes, but more than five minutes between the first and the last."""
    with Bench() as bench:
        bench.begin(session=None)
        bench.sample_s = 1.0
        bench.run(5)
        for _ in range(3):
            bench.fault("crash")
            next_hello(bench)
            bench.run(190)
        assert bench.of(Hello)[-1].service == 0


# ------------------------------------------------------------ torn writes


def torn_at(bench: Bench, k: int, label: str, before: str) -> bool:
    """Saves a setting and takes the power away after the k-th byte; False once k is past the end of the write."""
    bench.fault("torn_write", bytes=k, off_ms=200)
    hellos = len(bench.of(Hello))
    number = bench.send(ConfigSet, ConfigKey.BED_LABEL, label)
    bench.until(lambda: bench.answers(number) or len(bench.of(Hello)) > hellos, 5, "an answer or a restart")
    bench.run(0.2)
    torn = len(bench.of(Hello)) > hellos
    bench.clear("torn_write")
    if torn:
        bench.until(
            lambda: bench.of(Hello)[-1].service == 0 and bench.of(Heartbeat, bench.now_s - 1.5), 5, "a heartbeat"
        )
    kept = bench.ask(ConfigGet, ConfigKey.BED_LABEL).detail
    assert kept in (before, label), f"torn after {k} bytes: {kept!r}"
    assert torn or kept == label
    if torn:
        assert bench.ask(ConfigGet, ConfigKey.AVERAGING_S).detail == "16", f"another setting was lost at {k}"
        assert bench.of(Hello)[-1].reset_cause == ResetCause.POWER_ON
    return torn


def sweep(bench: Bench, points: list[int]) -> int:
    """Tears a save at each of these bytes; how many of them tore it."""
    bench.begin(session=None)
    bench.sample_s = 0.2
    bench.run(3)
    assert bench.ask(ConfigSet, ConfigKey.AVERAGING_S, "16").outcome == Outcome.DONE
    assert bench.ask(ConfigSet, ConfigKey.BED_LABEL, "bed 0").outcome == Outcome.DONE
    bench.run(0.5)
    torn = 0
    for i, k in enumerate(points):
        before = bench.ask(ConfigGet, ConfigKey.BED_LABEL).detail
        torn += torn_at(bench, k, f"bed {i + 1}", before)
        bench.run(2.5)  # the start is put on record
    return torn


@stages("torn_write")
@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
def test_a_torn_save_keeps_the_old_setting_or_the_new_one(interpreter: str) -> None:
    """Power cut at the first bytes, in the middle and near the end: no brick, no other setting lost."""
    with Bench(interpreter) as bench:
        assert sweep(bench, [0, 1, 7, 16, 24, 30]) >= 4


@pytest.mark.slow
@stages("torn_write")
def test_a_save_torn_at_every_byte_keeps_the_old_setting_or_the_new_one() -> None:
    """Every byte of a save, the file system's own among them, until the save is over before the cut."""
    with Bench() as bench:
        torn = sweep(bench, list(range(0, 700, 3)))
        assert torn > 20


@pytest.mark.slow
@stages("torn_write")
def test_a_torn_record_of_a_start_does_not_stop_the_next() -> None:
    """The boot record torn at a few places: the board starts, and counts on."""
    with Bench() as bench:
        bench.begin(session=None)
        bench.run(3)
        for k in (0, 3, 11, 40):
            boot = bench.of(Hello)[-1].boot
            bench.twin.do("power_cycle", off_ms=100)
            bench.fault("torn_write", bytes=k, off_ms=100)
            bench.run(8)
            bench.clear("torn_write")
            hello = bench.of(Hello)[-1]
            assert hello.service == 0
            assert hello.boot > boot
        assert bench.ask(Ping).outcome == Outcome.DONE
        assert bench.empty(FAULT_S) == 0
