# SPDX-License-Identifier: Apache-2.0
"""A pulse record made ready to be played: counts at 100 Hz, extended at both ends, in a file of the simulated board.

The firmware's filters need seconds to settle and are some seconds late, and a clip may be shorter than that. So each
record is continued at both ends by its own point reflection: a rise stays a rise, and value and slope have no jump.
Nothing that lies in the extension is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accuracy.dataset import PpgRecord
from accuracy.sets import rule
from vitalwire.errors import UsageError
from vitalwire.link.recording import FULL_SCALE, RATE_HZ, read_ppg_recording, save_ppg

BEFORE_S = 15
"""Enough to find the finger, settle the filters, and let the LED servo see that a recording does not follow it."""
AFTER_S = 16


@dataclass(frozen=True)
class Signal:
    """`ir` is the true record alone; its first count is at `start_s` of the record's own time."""

    record: PpgRecord
    start_s: float
    channels: tuple[str, ...]
    column: str
    ir: list[int]
    path: Path

    @property
    def seconds(self) -> float:
        return len(self.ir) / RATE_HZ

    def upright(self, from_s: float, seconds: float) -> list[float]:
        """A stretch of the record's own time, rising when the pulse arrives: counts fall."""
        first = round((from_s - self.start_s) * RATE_HZ)
        return [float(-value) for value in self.ir[max(0, first) : first + round(seconds * RATE_HZ)]]

    def job(self, seed: int = 1) -> dict[str, Any]:
        return {"path": str(self.path), "before_s": BEFORE_S, "seconds": self.seconds, "seed": seed}


def prepare(record: PpgRecord, path: Path) -> Signal:
    """Converts a record and writes it to `path`. Raises UsageError where its file is damaged."""
    known = rule(record.set)
    counts = read_ppg_recording(
        record.path, polarity=known.polarity, pedestal=known.pedestal, skip_s=record.trim_s, still=True
    )
    if len(counts.ir) < RATE_HZ:
        raise UsageError(f"{record.path} is shorter than 1 s", "there is nothing to measure in it")
    red, ir = (extend(values, BEFORE_S * RATE_HZ, AFTER_S * RATE_HZ) for values in (counts.red, counts.ir))
    save_ppg(path, red, ir, counts.channels, loop=False)
    return Signal(record, counts.start_s, counts.channels, counts.column, counts.ir, path)


def extend(values: list[int], before: int, after: int) -> list[int]:
    """`values` with so many more at either end, by point reflection about the ends, again and again."""
    last = len(values) - 1
    drift = 2 * (values[last] - values[0])
    out = []
    for i in range(-before, last + 1 + after):
        turns, at = divmod(i, 2 * last)
        value = values[at] if at <= last else 2 * values[last] - values[2 * last - at]
        out.append(min(max(value + turns * drift, 0), FULL_SCALE))
    return out
