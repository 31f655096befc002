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

HEAP = "256k"
# Of these each frame takes 32: its CRC is a number too large to be a small one. On a board it is half as much.
BYTES_A_SECOND = 512
# What a board has, 239 KB with 80 KB to spare, is about 210 KB with pointers of 64 bits.
READY_BYTES = 210_000


def test_a_reading_fits_the_heap_compiled_and_from_source(tmp_path: Path) -> None:
    tape = record(tmp_path, 75, cuff_at=5)
    board = play_on_desktop(tape, tmp_path, HEAP, compiled(tmp_path, "x64"))
    assert board["seconds"] >= 74
    assert board["cycles"] == 1
    assert board["ready"] <= READY_BYTES
    assert board["steady_bytes_per_s"] < BYTES_A_SECOND
    assert board["cuff_bytes_per_s"] < BYTES_A_SECOND
    source = play_on_desktop(tape, tmp_path, HEAP, ROOT / "firmware")
    assert (source["seconds"], source["cycles"]) == (board["seconds"], 1)


def test_a_heap_that_is_too_small_is_seen(tmp_path: Path) -> None:
    tape = record(tmp_path, 5)
    with pytest.raises(RuntimeError, match="with a heap of 128k the session ended early"):
        play_on_desktop(tape, tmp_path, "128k", compiled(tmp_path, "x64"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_thirty_minutes_with_readings_fit_the_heap(tmp_path: Path) -> None:
    tape = record(tmp_path, 1800)
    for form in (compiled(tmp_path, "x64"), ROOT / "firmware"):
        found = play_on_desktop(tape, tmp_path, HEAP, form)
        assert found["seconds"] >= 1798
        assert found["cycles"] >= 5
        assert max(found["steady_bytes_per_s"], found["cuff_bytes_per_s"]) < BYTES_A_SECOND
