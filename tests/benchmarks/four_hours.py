# SPDX-License-Identifier: Apache-2.0
"""What a session of four hours takes afterwards: its report, a replay, iterating it in Python, each export.

The session is a simulated one with the pulse wave. Commands are timed as a person waits for them, their start included.
`import vitalwire` is a process that does nothing else, against one that does nothing at all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rows import Row, fastest_s
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.export.formats import FORMATS
from vitalwire.feed import Plan
from vitalwire.pump import Pump
from vitalwire.record.items import open_record

MINUTES = 240.0
WORDS = [sys.executable, "-m", "vitalwire.cli.main"]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        url = "sim://?patient=esketamine&seed=1&speed=max"
        folder = Pump(Plan(url, Path(name) / "s", DEFAULT_LIMITS, 900, MINUTES)).run().folder
        assert folder is not None
        yield Row("report of 4 h (page and PDF)", _command("report", str(folder), "--out", name), "s")
        yield Row("replay of 4 h", _command("replay", str(folder)), "s")
        yield Row(
            "iterating 4 h with waves, opening included", fastest_s(lambda: sum(1 for _ in open_record(folder)), 3), "s"
        )
        csvs = sum((folder / file).stat().st_size for file in ("vitals.csv", "events.csv"))
        for form in FORMATS:
            out = Path(name) / f"x{form.suffix}"
            yield Row(
                f"export of 4 h to {form.name}", _command("export", str(folder), "--out", str(out), "--force"), "s"
            )
        bare = Path(name) / "bare.parquet"
        _command("export", str(folder), "--out", str(bare), "--no-waves", repeats=1)
        size = bare.stat().st_size
        yield Row("Parquet of readings and events", size / 1024, "KiB", "their CSVs (smaller is better)", csvs / size)
    nothing = fastest_s(lambda: subprocess.run([sys.executable, "-c", ""], check=True), 10)
    with_it = fastest_s(lambda: subprocess.run([sys.executable, "-c", "import vitalwire"], check=True), 10)
    yield Row("import vitalwire", (with_it - nothing) * 1000, "ms")


def _command(*words: str, repeats: int = 2) -> float:
    best = float("inf")
    for _ in range(repeats):
        began_s = time.perf_counter()
        subprocess.run([*WORDS, *words], check=True, capture_output=True)
        best = min(best, time.perf_counter() - began_s)
    return best
