# SPDX-License-Identifier: Apache-2.0
"""The log of events, the readings that wait for a host, and the record of starts: bounded, and right after any cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalwire_protocol.codec import EventKind, Fault, ResetCause

HERE = Path(__file__).parent
Run = Callable[..., Any]


def test_logs(play: Run) -> None:
    seen = play(HERE / "play_logs.py")
    events(seen)
    readings(seen)
    starts(seen["starts"])
    crash_loop(seen["crash_loop"])
    service(seen["service"])
    assert seen["checkpoints"] == [60, 120, 180, 240, 300]
    assert seen["no_flash"] == [[1, 0, 0, False, 0, []], False, False, False], (
        "a board without flash starts all the same"
    )
    for mine, wire in (seen["numbers"][:2], seen["numbers"][2][:2], seen["numbers"][2][2:]):
        assert mine == wire, "bootlog.py repeats numbers of the wire so that boot.py need not load it"


def events(seen: Any) -> None:
    stored = [[5, 0, EventKind.BOOT, 0, None], [5, 7, EventKind.FAULT_RAISED, Fault.GUARD_RANGE, -(2**31)]]
    assert seen["events"]["blocked"] == [False, []], "flash is never written while the cuff is inflated"
    assert seen["events"]["flushed"] == [True, stored, stored, True]
    assert seen["event_overflow"] == [True, 8]
    ordered, most, fewest, largest_file = seen["event_rotation"]
    assert ordered is True
    assert (most, largest_file) == (80, 40 * 20)
    assert fewest > 40
    assert seen["event_torn"] == [[0, [100, 400]], [20, [100, 200, 400]], [40, [100, 200, 300, 400]]]


def readings(seen: Any) -> None:
    kept = seen["readings"]
    assert kept["no_session"] == [False, False, 0], "outside a session nothing is kept"
    assert kept["other_session"] == [False, False, 0], "nor what another session made"
    assert kept["too_long"] == [False, False, 0]
    assert kept["fits"] == [True, True]
    assert kept["back"] == [[1, 0, "r" * 36], [1, 1, "o" * 22]]
    assert kept["count"] == 7
    assert [entry[1] for entry in kept["in_order_of_time"]] == [0, 1000, 2000, 2500, 3000, 3000, 4000]
    assert kept["next_session"] == [0, 9, []], "a new session finds nothing of the old one"
    assert kept["cleared"] == [0, None]
    assert kept["session_0"] == "a session's number is not 0"
    for n, first, last, count, steps, dropped, still_dropped in seen["thinning"][:-1]:
        assert first == 0, n
        assert len(steps) == 1, f"{n}: evenly spaced"
        assert n - steps[0] <= last < n, f"{n}: the whole time is covered"
        assert 5 <= count <= 8, n
        assert count + dropped == n, f"{n}: what is missing is counted"
        assert still_dropped == dropped
    assert seen["thinning"][-1] == 5
    assert seen["oldest_results_go"] == [2, [[19, 2, "2"], [19, 3, "3"], [19, 4, "4"]]]


def starts(seen: Any) -> None:
    """Each is [boot, cause, fault, service, fault of service, crashes]."""
    assert seen["first"] == [1, ResetCause.POWER_ON, 0, False, 0, []]
    assert seen["second"][0] == 2
    assert seen["requested"] == [3, ResetCause.REQUESTED, 0, False, 0, []], "the hardware called it a watchdog's"
    assert seen["crashed"] == [False, False, True, True, False]
    assert seen["watchdog"] == [4, ResetCause.WATCHDOG, 0, False, 0, [[0, 0]]]
    assert seen["exception"][:3] == [5, ResetCause.EXCEPTION, Fault.MEMORY]
    assert seen["soft"][1:4] == [ResetCause.SOFT_RESET, 0, False]
    assert seen["power_on_forgives"] == [7, ResetCause.POWER_ON, 0, False, 0, []]


def crash_loop(seen: Any) -> None:
    """Three crashes within five minutes; each is [service, its fault, crashes]."""
    assert seen["two"][0] is False
    assert seen["three_at_once"][:2] == [True, Fault.CRASH_LOOP]
    assert seen["three_in_299_s"][:2] == [True, Fault.CRASH_LOOP]
    assert seen["three_in_300_s"][:2] == [False, Fault.NONE]
    assert seen["only_the_last_three_count"][0] is False
    assert seen["slow_then_fast"][0] is True
    assert seen["a_soft_reset_between_counts_as_time"] == [False, [[0, 0], [300, 0], [0, 0]]]


def service(seen: Any) -> None:
    assert seen["stored"] is True
    assert seen["entered"] == [2, ResetCause.REQUESTED, 0, True, 0, []]
    assert seen["stays"] == [3, ResetCause.SOFT_RESET, 0, True, 0, []], "a soft reset does not leave service"
    assert seen["left"] == [True, [4, ResetCause.REQUESTED, 0, False, 0, []]]
    assert seen["power_off"][3] is False
    assert seen["loop"] == [4, ResetCause.WATCHDOG, 0, True, Fault.CRASH_LOOP, [[0, 0]] * 3]
    left, first, then = seen["loop_left"]
    assert left is True
    assert first[3:] == [False, 0, []]
    assert then[3:] == [False, 0, [[0, 0]]], "the crashes of before are forgotten"
