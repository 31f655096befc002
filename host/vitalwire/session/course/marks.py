# SPDX-License-Identifier: Apache-2.0
"""What people mark in time: doses, notes, side effects, values by hand. A correction never removes the original."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..course_shown import MarkShown

MANUAL: Final = {
    "sbp_mmhg": (40.0, 300.0, "mmHg"),
    "dbp_mmhg": (20.0, 220.0, "mmHg"),
    "map_mmhg": (25.0, 250.0, "mmHg"),
    "pulse_bpm": (20.0, 300.0, "/min"),
    "spo2_pct": (30.0, 100.0, "%"),
    "breathing_rate": (2.0, 80.0, "/min"),
    "sedation": (-5.0, 5.0, ""),
    "dissociation": (0.0, 100.0, ""),
}
"""What can be entered by hand, and the values that can be true. Scores are the site's own; their names are in notes."""
VITAL_FIELDS: Final = ("sbp_mmhg", "dbp_mmhg", "map_mmhg", "pulse_bpm", "spo2_pct")


def read_manual(given: dict[str, Any]) -> tuple[dict[str, float], str]:
    """The values of an entry by hand, and why it cannot be taken (empty if it can)."""
    found: dict[str, float] = {}
    for field, (least, most, unit) in MANUAL.items():
        if given.get(field) in (None, ""):
            continue
        try:
            value = float(str(given[field]).replace(",", "."))
        except ValueError:
            return {}, f"{field}: {str(given[field])[:40]!r} is no number"
        if not least <= value <= most:
            return {}, f"{field}: {value:g} is outside {least:g} to {most:g} {unit}".rstrip()
        found[field] = value
    if not found:
        return {}, f"nothing was entered; there are {', '.join(MANUAL)}"
    if ("sbp_mmhg" in found) != ("dbp_mmhg" in found):
        return {}, "a pressure has a systolic and a diastolic value"
    if "sbp_mmhg" in found and found["sbp_mmhg"] <= found["dbp_mmhg"]:
        return {}, f"the systolic pressure ({found['sbp_mmhg']:g}) is not above the diastolic ({found['dbp_mmhg']:g})"
    mean = found.get("map_mmhg")
    if mean is not None and "sbp_mmhg" in found and not found["dbp_mmhg"] < mean < found["sbp_mmhg"]:
        return {}, f"the mean pressure ({mean:g}) is not between diastolic and systolic"
    return found, ""


class Marks:
    """All marks of a session in order, numbered from 1."""

    def __init__(self) -> None:
        self.all: list[MarkShown] = []

    def add(self, kind: str, t_ms: int, text: str, by: str) -> MarkShown:
        """A new mark."""
        mark = MarkShown(len(self.all) + 1, kind, t_ms, text, by)
        self.all.append(mark)
        return mark

    def correct(self, number: int, text: str, t_ms: int, by: str) -> MarkShown | None:
        """A mark with a better text; the original stays and is marked as corrected. None: there is none to correct."""
        if not 1 <= number <= len(self.all) or self.all[number - 1].corrected:
            return None
        old = self.all[number - 1]
        self.all[number - 1] = replace(old, corrected=True)
        return self.add(old.kind, t_ms, f"{text} (corrects {number})", by)
