# SPDX-License-Identifier: Apache-2.0
"""The firmware's memory and ticks in a session of 30 minutes with cuff readings, on a bus that plays a recorded tape.

* On the desktop's MicroPython (64-bit) the session must run to its end: compiled, as it is installed, with a heap of
  272 KB; from source, which is for the desktop, with 304 KB. The worst tick there is that of the run which was
  disturbed less.
* On the official WebAssembly build, whose pointers are as wide as the board's: bytes allocated a second, and heap in
  use. It needs Node and the npm package `@micropython/micropython-webassembly-pyscript`, which is installed into a
  temporary folder; where there is no npm these rows are left out, and it says so. What they do not hold is the board's
  own file and main.py (8 KiB); the loops that a board has as machine code are in plain code there, about as large.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rows import Row

sys.path.insert(0, str(Path(__file__).resolve().parent / "board_tape"))
from tape import ROOT, compiled, play_on_desktop, play_on_wasm, record, record_selftests

SECONDS = 1800
HEAP, SOURCE_HEAP = "272k", "304k"
LOOK_EVERY_MS = 2000


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tape = record(folder, SECONDS)
        desktop = play_on_desktop(tape, folder, HEAP, compiled(folder, "x64"))
        yield Row("session on a 272 KB heap (64-bit, .mpy)", desktop["seconds"] / 60, "min, no MemoryError")
        yield Row("cuff cycles in it", desktop["cycles"], "cycles")
        yield Row("heap in use when ready (64-bit, .mpy)", desktop["ready"] / 1024, "KiB")
        source = play_on_desktop(tape, folder, SOURCE_HEAP, ROOT / "firmware")
        yield Row("session on a 304 KB heap (64-bit, source)", source["seconds"] / 60, "min, no MemoryError")
        yield Row("worst tick, desktop MicroPython", min(desktop["worst_tick_us"], source["worst_tick_us"]), "us")
        if not (shutil.which("node") and shutil.which("npm")):
            print("No node and npm here: the heap was NOT MEASURED as on the board.", file=sys.stderr)
            return
        board = play_on_wasm(tape, folder, compiled(folder, "armv6m"), LOOK_EVERY_MS)
        yield Row("allocated in steady state (32-bit)", board["steady_bytes_per_s"], "bytes/s")
        yield Row("allocated while the cuff works (32-bit)", board["cuff_bytes_per_s"], "bytes/s")
        yield Row("heap in use when ready (32-bit)", board["ready"] / 1024, "KiB")
        yield Row("heap in use at the peak of a cuff cycle (32-bit)", board["peak_live_cuff"] / 1024, "KiB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        board = play_on_wasm(record_selftests(folder), folder, compiled(folder, "armv6m"), LOOK_EVERY_MS)
        yield Row("heap in use at the peak of self-tests (32-bit)", board["peak_live"] / 1024, "KiB")
