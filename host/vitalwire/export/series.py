# SPDX-License-Identifier: Apache-2.0
"""Items as a plain series `t_s,spo2,pr,sbp,dbp,map`, which `replay`, and any spreadsheet, reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import IO, Final

from ..items import Item, Reading

COLUMNS: Final = ("t_s", "spo2", "pr", "sbp", "dbp", "map")


def write_series(items: Iterable[Item], file: IO[str]) -> int:
    """One row a reading, seconds from the first one; what was not measured is blank. Readings that came late are put
    where they belong. Returns how many rows."""
    found = sorted((item for item in items if isinstance(item, Reading)), key=lambda reading: reading.utc_ms)
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for reading in found:
        cuff = reading.source == "cuff"
        values = (
            None if cuff else reading.spo2_pct,
            None if cuff else reading.pulse_bpm,
            reading.sbp_mmhg,
            reading.dbp_mmhg,
            reading.map_mmhg,
        )
        t_s = (reading.utc_ms - found[0].utc_ms) / 1000
        writer.writerow([f"{t_s:.3f}", *("" if value is None else f"{value:g}" for value in values)])
    return len(found)


__all__ = ["COLUMNS", "write_series"]
