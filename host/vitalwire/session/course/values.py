# SPDX-License-Identifier: Apache-2.0
"""What was measured of this patient so far, as the course needs it: the latest of each, and when it was observed.

A value is a device's or one that a person entered; both count. Nothing that was not measured is in it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ..facts import Vitals

KEPT: Final = 400
"""Oximeter readings that are kept for the baseline, more than six minutes of them."""


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value; `source` is `oximeter`, `cuff` or `manual by NAME`, `room_air` whether no oxygen was given
    (None: nobody said)."""

    value: float
    t_ms: int
    source: str
    room_air: bool | None


@dataclass(frozen=True, slots=True)
class Pressure:
    """A whole reading of the pressure in mmHg; `map_mmhg` is None where only two values were entered."""

    t_ms: int
    sbp_mmhg: float
    dbp_mmhg: float
    map_mmhg: float | None
    source: str


class Values:
    """`latest` by field of the vitals; `pressures` all readings; `oximetry` the last ones as (t_ms, SpO2, pulse)."""

    def __init__(self) -> None:
        self.latest: dict[str, Value] = {}
        self.pressures: list[Pressure] = []
        self.oximetry: deque[tuple[int, float, float]] = deque(maxlen=KEPT)
        self.room_air: bool | None = None
        self._observed: dict[str, list[tuple[int, str]]] = {}
        self._last: dict[str, int] = {}

    def take(self, row: Vitals, source: str) -> list[str]:
        """A row of the vitals. Returns the items that were observed by it."""
        items = []
        for field in ("spo2_pct", "pulse_bpm", "sbp_mmhg", "dbp_mmhg", "map_mmhg"):
            value = getattr(row, field)
            if value is not None and not (field == "pulse_bpm" and row.source == "cuff"):
                self.latest[field] = Value(value, row.t_ms, source, self.room_air)
        if row.sbp_mmhg is not None and row.dbp_mmhg is not None:
            self.pressures.append(Pressure(row.t_ms, row.sbp_mmhg, row.dbp_mmhg, row.map_mmhg, source))
            items.append("blood_pressure")
        if row.source != "cuff":
            items += [item for item, value in (("spo2", row.spo2_pct), ("pulse", row.pulse_bpm)) if value is not None]
        if row.source == "oximeter" and row.spo2_pct is not None and row.pulse_bpm is not None:
            self.oximetry.append((row.t_ms, row.spo2_pct, row.pulse_bpm))
        for item in items:
            self.observe(item, row.t_ms, source)
        return items

    def observe(self, item: str, t_ms: int, source: str) -> None:
        """Item (`profile.ITEMS`) was observed at `t_ms`. Of what comes every second only the last is kept."""
        self._last[item] = max(t_ms, self._last.get(item, t_ms))
        if source != "oximeter":
            self._observed.setdefault(item, []).append((t_ms, source))

    def last(self, item: str) -> int | None:
        """When an item was last observed."""
        return self._last.get(item)

    def within(self, item: str, from_ms: int, to_ms: int) -> tuple[int, str] | None:
        """When and by what an item was first observed between two moments, or None."""
        for t_ms, source in self._observed.get(item, ()):
            if from_ms <= t_ms <= to_ms:
                return t_ms, source
        last_ms = self._last.get(item)
        if item in ("spo2", "pulse") and last_ms is not None and from_ms <= last_ms <= to_ms:
            return last_ms, "oximeter"
        return None
