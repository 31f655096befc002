# SPDX-License-Identifier: Apache-2.0
"""The pressure channels: scale by the data sheets, each status bit with its name, a stale sensor found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitalwire_protocol.codec import Fault

HERE = Path(__file__).parent
Run = Callable[..., Any]


def test_the_pressure_channels(play: Run) -> None:
    seen = play(HERE / "play_pressure.py")
    scale(seen["scale"], seen["exact"])
    status_bits(seen["flags"])
    assert seen["waits"] == [1, 1, 3, True, 2], "start; nothing at 4 ms; collect and start at 10 ms"
    timing(seen["slow"], seen["stale"])
    assert seen["missing"] == [[0, Fault.CUFF_BUS, False], [9, Fault.NONE, True]]
    assert seen["one_error"] == [8, Fault.NONE, True], "one disturbed transfer is no fault"
    guard(*seen["guard"])


def scale(found: Any, exact: bool) -> None:
    zero, step, middle, top, below_top, above_top, lowest, below, other = found
    assert zero == [0, Fault.NONE]
    assert step == [pytest.approx(1, abs=1), Fault.NONE]
    assert middle == [15000, Fault.NONE]
    assert top == [None, Fault.OVER_PRESSURE], "out of range above 295 mmHg"
    assert below_top == [pytest.approx(29500, abs=2), Fault.NONE]
    assert above_top == [None, Fault.OVER_PRESSURE]
    assert lowest == [pytest.approx(-3000, abs=2), Fault.NONE]
    assert below == [None, Fault.CUFF_SATURATED]
    assert other == [pytest.approx(11250, abs=2), Fault.NONE], "transfer function A shows 112 mmHg in an empty cuff"
    assert exact, "integer arithmetic costs less than 0.01 mmHg"


def status_bits(flags: Any) -> None:
    names = {
        "0": Fault.CUFF_BUS,  # not powered
        str(0x44): Fault.CUFF_INTEGRITY,
        str(0x41): Fault.CUFF_SATURATED,
        str(0xC0): Fault.CUFF_ID,
        str(0x50): Fault.CUFF_ID,
        str(0x48): Fault.CUFF_ID,
        str(0x42): Fault.CUFF_ID,
    }
    for bits, fault in names.items():
        once, lasting = flags[bits]
        assert once == [0, Fault.NONE, False], "no value at once"
        assert lasting == [0, fault, False], "and a name when it lasts"


def timing(slow: Any, stale: Any) -> None:
    two, three, for_ever = slow
    assert two[1:] == [Fault.NONE, True], "20 ms late is late, not broken"
    assert three[1] == for_ever[1] == Fault.CUFF_STALE
    active, idle = stale
    assert active == [[49, Fault.NONE, True], Fault.NONE, Fault.CUFF_STALE, Fault.NONE]
    assert idle == [[49, Fault.NONE, True], Fault.NONE, Fault.NONE, Fault.NONE], "only while the cuff works"


def guard(found: Any, calibrated: int, supply: list[int]) -> None:
    zero, hundred, three_hundred, below, low, high, above, short, open_ = found
    assert zero == [0, Fault.NONE]
    assert hundred == [pytest.approx(10000, abs=15), Fault.NONE]
    assert three_hundred == [pytest.approx(30000, abs=50), Fault.NONE]
    assert low[1] == high[1] == Fault.NONE
    assert below == above == short == open_ == [None, Fault.GUARD_RANGE]
    assert calibrated == 0
    assert supply == [0, pytest.approx(6045, abs=5), 13300]
