# SPDX-License-Identifier: Apache-2.0
"""The pleth wave of the last seconds as dots. Where nothing was received there is nothing."""

from __future__ import annotations

from typing import Final

from ...session.wave import Batch
from .dots import Dots, row_of

SPAN_MS: Final = 6000
_LEAST_COUNTS: Final = 40
"""A smaller swing is drawn as small as it is: noise is not blown up to a wave."""


def wave_lines(batches: tuple[Batch, ...], t_ms: int, width: int, height: int) -> list[str]:
    """The infrared wave of the `SPAN_MS` before `t_ms`, upwards when the pulse arrives."""
    dots = Dots(width, height)
    seen: list[tuple[int, int]] = []
    for batch in batches:
        step_ms = 1000 / max(1, batch.rate_hz)
        for number, count in enumerate(batch.ir):
            when = batch.begin_ms + round(number * step_ms)
            if t_ms - SPAN_MS < when <= t_ms:
                seen.append((when, count))
    if len(seen) < 2:
        return dots.lines()
    counts = sorted(count for _, count in seen)
    cut = len(counts) // 50
    low, high = counts[cut], counts[-1 - cut]
    middle, half = (low + high) / 2, max(_LEAST_COUNTS, high - low) / 2
    before: tuple[int, int] | None = None
    for when, count in seen:
        column = int((when - (t_ms - SPAN_MS)) / SPAN_MS * (dots.columns - 1))
        row = row_of(-count, -(middle + half), -(middle - half), dots.rows)
        near = before is not None and column - before[0] <= 2
        if near and before is not None:
            dots.bar(column, min(row, before[1]), max(row, before[1]))
        dots.set(column, row)
        before = (column, row)
    return dots.lines()
