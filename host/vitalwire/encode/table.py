# SPDX-License-Identifier: Apache-2.0
"""Readings and events as rows of one CSV (RFC 4180): blank where not measured, text that no spreadsheet runs."""

from __future__ import annotations

from typing import Any, Final

from ..items import Event
from ..link.readings import Reading
from ..record.rows import text_cell
from ..sinks.base import Delivery
from .envelope import envelope

COLUMNS: Final = (
    "time_utc", "device_ms", "boot", "seq", "type", "source", "spo2_pct", "pulse_bpm", "perfusion_pct", "quality",
    "sbp_mmhg", "map_mmhg", "dbp_mmhg", "reason", "flags", "kind", "name", "state", "priority", "value", "limit",
    "detail", "by", "number", "key", "late", "repeated", "board", "bed", "session", "patient", "simulated",
)  # fmt: skip
"""Those of `vitalwire stream --format csv` first, in its order; then how the row was delivered and whom it is of."""

HEADER: Final = ",".join(COLUMNS) + "\r\n"


def row(delivery: Delivery) -> str:
    """One line, CR LF included. Raises TypeError for a wave: it has no row."""
    if not isinstance(delivery.item, Reading | Event):
        raise TypeError("only readings and events have a row")
    values = envelope(delivery)
    values["reason"] = ";".join(f"{field}:{reason}" for field, reason in values.get("reasons", {}).items())
    values["flags"] = " ".join(values["flags"])
    return ",".join(_cell(values.get(name)) for name in COLUMNS) + "\r\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text_cell(value) if isinstance(value, str) else str(value)


__all__ = ["COLUMNS", "HEADER", "row"]
