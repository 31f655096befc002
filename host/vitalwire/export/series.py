# SPDX-License-Identifier: Apache-2.0
"""Items as the rows of a `vitals.csv`, which `replay`, and any spreadsheet, reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from ..items import Event, Item, Reading
from ..record.rows import VITALS_COLUMNS, vitals_row
from ..session.facts import Vitals


def write_vitals(items: Iterable[Item], started_utc_ms: int | None, file: IO[str]) -> int:
    """The rows of readings and gaps, in the order of `items`: those of a session's own `vitals.csv`. `elapsed_s` counts
    from `started_utc_ms`, without it from the first row. Returns how many rows."""
    file.write(VITALS_COLUMNS + "\r\n")
    count = 0
    for item in items:
        row = _row(item)
        if row is None:
            continue
        started_utc_ms = row.utc_ms if started_utc_ms is None else started_utc_ms
        file.write(vitals_row(row, started_utc_ms))
        count += 1
    return count


def _row(item: Item) -> Vitals | None:
    """The session's clock is not kept; what is asked of it is the time since the start, which UTC gives as well."""
    if isinstance(item, Event) and item.kind == "gap":
        reasons = (("gap", item.state), ("link", item.name))
        return Vitals(item.utc_ms, item.utc_ms, "gap", reasons=reasons, flags=item.flags)
    if not isinstance(item, Reading):
        return None
    return Vitals(
        item.utc_ms,
        item.utc_ms,
        item.source,
        item.device_ms,
        item.boot,
        item.seq,
        item.spo2_pct,
        item.pulse_bpm,
        item.perfusion_pct,
        item.quality,
        item.sbp_mmhg,
        item.map_mmhg,
        item.dbp_mmhg,
        (*item.reasons, *(("quality", doubt) for doubt in item.doubts)),
        item.flags,
    )


__all__ = ["write_vitals"]
