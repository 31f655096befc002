# SPDX-License-Identifier: Apache-2.0
"""Trends of the last half hour: what was measured, its limits, and gaps as gaps."""

from __future__ import annotations

from collections import deque
from typing import Final

from ...alarms.rules import LIMIT_RULES, Limit
from ...session.facts import Fact, Vitals
from .dots import Dots, row_of

SPAN_MS: Final = 30 * 60_000
KEPT: Final = 4000
RANGES: Final = {"spo2_pct": (80.0, 100.0), "pulse_bpm": (40.0, 140.0), "pressure": (40.0, 200.0)}


class Trends:
    """Takes the rows of the vitals as they come; bounded."""

    def __init__(self) -> None:
        self._oximetry: deque[tuple[int, float | None, float | None]] = deque(maxlen=KEPT)
        self._pressures: deque[tuple[int, float, float]] = deque(maxlen=400)

    def take(self, facts: tuple[Fact, ...]) -> None:
        """New facts of the session."""
        for fact in facts:
            if not isinstance(fact, Vitals):
                continue
            if fact.source in ("oximeter", "manual") and (fact.spo2_pct is not None or fact.pulse_bpm is not None):
                self._oximetry.append((fact.t_ms, fact.spo2_pct, fact.pulse_bpm))
            if fact.sbp_mmhg is not None and fact.dbp_mmhg is not None:
                self._pressures.append((fact.t_ms, fact.sbp_mmhg, fact.dbp_mmhg))

    def lines(self, what: str, t_ms: int, limits: tuple[Limit, ...], width: int, height: int) -> list[str]:
        """One trend (a key of `RANGES`) as lines of dots; its limits are dotted lines across."""
        dots, (low, high) = Dots(width, height), RANGES[what]
        fields = ("sbp_mmhg", "dbp_mmhg") if what == "pressure" else (what,)
        for limit in limits:
            if LIMIT_RULES[limit.rule].field in fields and low < limit.threshold < high:
                row = row_of(limit.threshold, low, high, dots.rows)
                for column in range(0, dots.columns, 4):
                    dots.set(column, row)
        begin_ms = t_ms - SPAN_MS

        def column_of(when: int) -> int:
            return int((when - begin_ms) / SPAN_MS * (dots.columns - 1))

        if what == "pressure":
            for when, sbp, dbp in self._pressures:
                if when > begin_ms:
                    dots.bar(column_of(when), row_of(dbp, low, high, dots.rows), row_of(sbp, low, high, dots.rows))
            return dots.lines()
        for when, spo2, pulse in self._oximetry:
            value = spo2 if what == "spo2_pct" else pulse
            if when > begin_ms and value is not None:
                dots.set(column_of(when), row_of(value, low, high, dots.rows))
        return dots.lines()
