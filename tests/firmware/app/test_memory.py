# SPDX-License-Identifier: Apache-2.0
"""The firmware fits its heap with a cuff reading under way, and allocates next to nothing (64-bit numbers here).

A tape of all that a board gave the firmware is played back to it, so that the simulated board's memory is not counted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "board_tape"))

from tape import ROOT, compiled, play_on_desktop, record

# Numbers of 64 bits take 1.32 times as much: the 233 KiB of a board's heap are as 306 KiB here.
HEAP = "272k"
# The sources are for the desktop, where a pointer is twice as wide; a board gets them compiled.
SOURCE_HEAP = "304k"
# Of these each frame takes 32: its CRC is a number too large to be a small one. On a board it is half as much.
BYTES_A_SECOND = 512
# With pointers of 32 bits this is about 185 KB (`make bench` measures it), of the 239 KB that a board has.
READY_BYTES = 241_500


def test_a_reading_fits_the_heap_compiled_and_from_source(tmp_path: Path) -> None:
    tape = record(tmp_path, 75, cuff_at=5)
    board = play_on_desktop(tape, tmp_path, HEAP, compiled(tmp_path, "x64"))
    assert board["seconds"] >= 74
    assert board["cycles"] == 1
    assert board["ready"] <= READY_BYTES
    assert board["steady_bytes_per_s"] < BYTES_A_SECOND
    assert board["cuff_bytes_per_s"] < BYTES_A_SECOND
    source = play_on_desktop(tape, tmp_path, SOURCE_HEAP, ROOT / "firmware")
    assert (source["seconds"], source["cycles"]) == (board["seconds"], 1)


def test_a_heap_that_is_too_small_is_seen(tmp_path: Path) -> None:
    tape = record(tmp_path, 5)
    with pytest.raises(RuntimeError, match="with a heap of 128k the session ended early"):
        play_on_desktop(tape, tmp_path, "128k", compiled(tmp_path, "x64"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_thirty_minutes_with_readings_fit_the_heap(tmp_path: Path) -> None:
    tape = record(tmp_path, 1800)
    for form, heap in ((compiled(tmp_path, "x64"), HEAP), (ROOT / "firmware", SOURCE_HEAP)):
        found = play_on_desktop(tape, tmp_path, heap, form)
        assert found["seconds"] >= 1798
        assert found["cycles"] >= 5
        assert max(found["steady_bytes_per_s"], found["cuff_bytes_per_s"]) < BYTES_A_SECOND
