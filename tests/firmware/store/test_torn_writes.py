# SPDX-License-Identifier: Apache-2.0
"""Power lost in the middle of a save, after any byte: what is there afterwards is the old or the new, never neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Run = Callable[..., Any]


def test_cut_after_every_byte_of_a_file(play: Run) -> None:
    """A sight is [whole save, what is seen]; each is listed with the first k at which it is seen."""
    seen = play(HERE / "play_torn.py")

    config = seen["config"]
    assert config["bytes"] == 9 + (7 + 3 + 4 + 4 + 3 + 3 + 3) + 4, (
        "head, seven settings, CRC: the sweep covers the whole record"
    )
    assert config["sights"] == [
        [0, [False, ["Bed 3", 8, False, True]]],
        [config["bytes"], [True, ["Bed 4", 8, False, False]]],
    ]

    first = seen["first_config"]
    assert first["sights"] == [
        [0, [False, [8, True, True]]],
        [first["bytes"], [True, [16, False, False]]],
    ], "nothing was stored before: defaults, and they are said to be defaults"

    old = [[2650, 5150], [-20, 16400], None, [[1, 9001], [2, 9000]], True]
    new = [[2640, 5160], [-20, 16400], None, [[1, 9002], [2, 9000]], False]
    calibration = seen["calibration"]
    assert calibration["bytes"] > 30
    assert calibration["sights"] == [[0, [False, old]], [calibration["bytes"], [True, new]]]

    # Four starts were counted; the fifth is cut or not; what is seen is the start after it.
    starts = seen["starts"]
    assert starts["sights"] == [[0, [False, [5, True]]], [starts["bytes"], [True, [6, True]]]]

    assert seen["again"] == [["Bed 3", 8, False, True], ["Bed 4", 8, False, False]]


def test_cut_after_every_byte_of_the_flash(play_micropython: Run) -> None:
    """The same on a littlefs whose flash stops in the middle of programming."""
    seen = play_micropython(HERE / "play_block_device.py")
    assert seen["config"]["bytes"] > 90
    assert seen["config"]["sights"] == [["Bed 3", 8, False], ["Bed 4", 8, False]]
    assert seen["calibration"]["bytes"] > 50
    assert seen["calibration"]["sights"] == [
        [[2650, 5150], [-20, 16400], None],
        [[2640, 5160], [-20, 16400], None],
    ]
