# SPDX-License-Identifier: Apache-2.0
"""A session in a few figures, for a list of sessions: kept in `session.json` while it is recorded, and worked out again
from the capture by `verify`."""

from __future__ import annotations

from typing import Any, Final

from ..session.facts import Fact, Happening, Vitals

PRIORITIES: Final = ("high", "medium", "low")


class Digest:
    """Counts the facts of a session; the same facts give the same figures.

    `alarms` counts by priority those that were raised; `lowest_spo2_pct` is the lowest that was measured; `highest` is
    the systolic and diastolic pressure (mmHg) of the reading with the highest systolic one. None: not measured.
    """

    def __init__(self) -> None:
        self.alarms = dict.fromkeys(PRIORITIES, 0)
        self.lowest_spo2_pct: float | None = None
        self.highest: tuple[float, float | None] | None = None

    def count(self, fact: Fact) -> None:
        """Takes one fact, in order."""
        if isinstance(fact, Vitals):
            spo2, systolic = fact.spo2_pct, fact.sbp_mmhg
            if spo2 is not None and (self.lowest_spo2_pct is None or spo2 < self.lowest_spo2_pct):
                self.lowest_spo2_pct = spo2
            if systolic is not None and (self.highest is None or systolic > self.highest[0]):
                self.highest = (systolic, fact.dbp_mmhg)
        elif isinstance(fact, Happening) and fact.state == "raised" and fact.priority in self.alarms:
            self.alarms[fact.priority] += 1

    def as_json(self, duration_ms: int) -> dict[str, Any]:
        """For `session.json`; `duration_ms` is on the session's own clock, which nobody sets."""
        systolic, diastolic = self.highest or (None, None)
        return {
            "duration_s": duration_ms / 1000,
            "lowest_spo2_pct": self.lowest_spo2_pct,
            "highest_sbp_mmhg": systolic,
            "highest_dbp_mmhg": diastolic,
            "alarms": dict(self.alarms),
        }


__all__ = ["PRIORITIES", "Digest"]
