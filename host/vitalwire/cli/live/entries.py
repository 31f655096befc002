# SPDX-License-Identifier: Apache-2.0
"""What a person types for values taken by hand: `120/80 pulse 70 rr 14 sedation -1`."""

from __future__ import annotations

import re
from typing import Final

EXAMPLE: Final = "120/80 pulse 70 spo2 97 rr 14 sedation 0 dissociation 2"
_NAMES: Final = {
    "pulse": "pulse_bpm", "hr": "pulse_bpm", "spo2": "spo2_pct", "sat": "spo2_pct", "rr": "breathing_rate",
    "breathing": "breathing_rate", "sedation": "sedation", "sed": "sedation", "dissociation": "dissociation",
    "diss": "dissociation", "map": "map_mmhg", "mean": "map_mmhg",
}  # fmt: skip
_PRESSURE: Final = re.compile(r"(\d{1,3}(?:\.\d)?)/(\d{1,3}(?:\.\d)?)")


def read_entry(text: str) -> tuple[dict[str, str], str]:
    """The fields of an entry, and what of it does not read (empty if all does). Ranges are the session's to judge."""
    found: dict[str, str] = {}
    words = text.replace(",", ".").replace("=", " ").replace(":", " ").split()
    while words:
        word = words.pop(0).lower()
        pressure = _PRESSURE.fullmatch(word)
        if pressure:
            found["sbp_mmhg"], found["dbp_mmhg"] = pressure[1], pressure[2]
        elif word in ("bp", "pressure"):
            continue
        elif word in _NAMES and words:
            found[_NAMES[word]] = words.pop(0)
        else:
            return {}, f"{word[:30]!r} does not read; write for example: {EXAMPLE}"
    return found, "" if found else f"write for example: {EXAMPLE}"
