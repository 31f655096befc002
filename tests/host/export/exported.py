# SPDX-License-Identifier: Apache-2.0
"""A session for the tests of exports, item by item, with all that a format could get wrong; and a recorded one."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from fake_board import FakeBoard

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.export.material import Material
from vitalwire.feed import Plan
from vitalwire.items import Event, Item, Origin, Reading, Wave
from vitalwire.pump import Pump
from vitalwire_protocol import codec

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MARKS = ("simulated", "unsigned", "uncalibrated")
NOTE = "#1 patient says: »es kribbelt«, " + "ü" * 460  # a note is at most 500 characters long


def counterpart(name: str) -> Any:
    """Somebody else's reader; where it is not installed the tests say loudly what they did not test."""
    with theirs():
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            pytest.skip(f"what we write was NOT READ with {name}: pip install -e '.[interop]'", allow_module_level=True)


@contextmanager
def theirs() -> Iterator[None]:
    """While a counterpart works: wfdb and vitaldb call pandas and numpy in ways that those are about to give up, and
    vitaldb leaves the file open that it reads. That is theirs to mend."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        yield


def oximeter(at_ms: int, number: int, spo2: float | None = 97.3, **more: Any) -> Reading:
    """One that was made `at_ms` after the start."""
    absent = {} if spo2 is not None else {"reasons": (("spo2_pct", "no_finger"), ("pulse_bpm", "no_finger"))}
    given: dict[str, Any] = {
        "spo2_pct": spo2, "pulse_bpm": None if spo2 is None else 71.4, "perfusion_pct": 2.37, "quality": 98,
        "flags": MARKS, **absent, **more,
    }  # fmt: skip
    return Reading(START + at_ms, 1000 + at_ms, 7, number, "oximeter", **given)


def wave(at_ms: int, index: int, count: int = 30, **more: Any) -> Wave:
    """`count` samples at 100 Hz, the first of them `at_ms` after the start."""
    red = tuple(50_000 + (index + n) % 97 for n in range(count))
    ir = tuple(90_000 + (index + n) % 89 for n in range(count))
    given: dict[str, Any] = {"flags": MARKS[:2], "device_ms": 1000 + at_ms, "boot": 7, "index": index, **more}
    return Wave(START + at_ms, 100, red, ir, **given)


READINGS = (
    oximeter(1234, 10),
    oximeter(2007, 11, 96.8, quality=100),
    oximeter(2999, 12, 84.7),  # in the second of the one before
    oximeter(3999, 13, None, quality=0, perfusion_pct=None),  # nothing was measured, and it says why
    oximeter(5001, 14, None, perfusion_pct=0.04),
    # A gap of 15 s.
    oximeter(20_400, 40, flags=(*MARKS, "cuff_inflated")),
    oximeter(21_400, 41),
    Reading(START + 22_050, 23_050, 7, 42, "cuff", sbp_mmhg=122.4, map_mmhg=95.1, dbp_mmhg=81.4, pulse_bpm=70.9,
            quality=68, flags=MARKS, trigger="interval", cycle=3, doubts=("few_beats", "movement")),
    Reading(START + 28_120, 29_120, 7, 43, "cuff", flags=MARKS, trigger="command", cycle=4,
            reasons=(("sbp_mmhg", "leak"), ("map_mmhg", "leak"), ("dbp_mmhg", "leak"))),
    Reading(START + 29_003, None, None, None, "manual", spo2_pct=96.0, sbp_mmhg=124.0, dbp_mmhg=80.0, flags=MARKS),
    oximeter(12_600, 30, 95.5, flags=(*MARKS, "late")),  # the board had kept it
)  # fmt: skip
EVENTS = (
    Event(START, "session", "session", "begun", detail="limits not signed by a clinician", by="AM"),
    Event(START + 2999, "physiological", "spo2_low", "raised", "high", 84.7, 85.0, "judged by host", "", 3999),
    Event(START + 6000, "gap", "unplugged", "start", flags=MARKS),
    Event(START + 20_000, "gap", "unplugged", "end", flags=MARKS),
    Event(START + 20_500, "ready", "buzzer", "not heard", by="AM"),
    Event(START + 25_017, "note", "note", "made", detail=NOTE, by="AM"),
    Event(START + 29_003, "manual", "sbp_mmhg", "entered", "", 124.0, by="AM"),
)
WAVES = (
    wave(1010, 0),
    wave(1319, 30),  # it follows: its time jitters by less than two places
    wave(1610, 60),
    wave(2110, 110, lost=20),  # 20 samples never came
    wave(20_480, 1947, flags=MARKS),
    wave(20_780, 1977, count=7, flags=MARKS),
)


def example(**more: Any) -> Material:
    """The whole, in the order of arrival."""
    late = READINGS[-1:]
    items: list[Item] = sorted((*READINGS[:-1], *EVENTS, *WAVES), key=lambda item: item.utc_ms)
    items[18:18] = late
    origin = Origin("E661Ä3", "bay 2", "0.1.0", "86c54cad", "K-017", True, "ours 1.2 unsigned", START)
    return Material(origin, tuple(items), **more)


def by_time(items: Any) -> list[Item]:
    """As formats without an order of their own give them."""
    return sorted(items, key=lambda item: item.utc_ms)


def record_with_wave(out: Path) -> Path:
    """A session through the program itself: 75 s, a wave with lost samples, cuff readings, an alarm, an unplugged
    board's gap."""
    board = FakeBoard(lambda t_s: (84.0 if 15 <= t_s < 40 else 97.0, 70.0, codec.Reason.OK))
    board.at(20_000, lambda: board.cuff_result(124.0, 81.0))
    board.at(40_000, lambda: board.cuff_result(None, None, codec.NibpOutcome.LEAK))
    board.mute.append((50_000, 62_000))

    def send(at_ms: int, index: int, lost: int) -> None:
        samples = tuple(value for n in range(50) for value in (40_000 + index + n, 80_000 + index + n))
        board.at(at_ms, lambda: board.send(codec.Ppg(0, at_ms, index, 100, lost, samples)))

    for number in range(20):
        send(10_490 + 500 * number, 1000 + 50 * number, 0)
    for number in range(10):  # 0.3 s are missing
        send(20_790 + 500 * number, 2030 + 50 * number, 0 if number else 30)
    plan = Plan("fake", out, DEFAULT_LIMITS, minutes=1.25, bed="bay 2", versions={"vitalwire": "0.1.0"})
    folder = Pump(plan, None, lambda _port: board).run().folder
    assert folder is not None
    return folder
