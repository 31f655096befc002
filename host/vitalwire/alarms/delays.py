# SPDX-License-Identifier: Apache-2.0
"""How long it takes from the event in the patient to the alarm, and what that is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .rules import ALL_RULES, Limit

AVERAGING_S: Final = 8
"""What a board averages over unless its configuration says otherwise."""
_OXIMETER_FIXED_S: Final = 0.95
"""What the oximeter's filter adds to its averaging (`firmware/vitals/oximetry/oximeter.py`, FILTER_DELAY_MS)."""
_READING_S: Final = 1.0
"""Readings of the oximeter come once a second."""
_LINK_S: Final = 0.2
"""Board to host to screen, at most."""


@dataclass(frozen=True, slots=True)
class TotalDelay:
    """The parts of a total delay in seconds; a cuff value is a point in time and has no averaging."""

    averaging_s: float
    reading_s: float
    delay_s: float
    link_s: float

    @property
    def total_s(self) -> float:
        return self.averaging_s + self.reading_s + self.delay_s + self.link_s

    def __str__(self) -> str:
        if not self.averaging_s:
            return f"{self.total_s:.1f} s after the reading"
        rest_s = self.reading_s + self.link_s
        parts = f"{self.averaging_s:.2f} averaging, {self.delay_s:g} delay, {rest_s:.1f} reading and link"
        return f"{self.total_s:.1f} s ({parts})"


def total_delay(limit: Limit, averaging_s: float = AVERAGING_S) -> TotalDelay:
    """From the event to the alarm on the host, at most, for a value that stays beyond `limit`.

    An average passes a limit at the latest when all that it averages is beyond it. Where a value falls steadily it does
    so after half of that.
    """
    if ALL_RULES[limit.rule].source == "cuff":
        return TotalDelay(0.0, 0.0, limit.delay_s, _LINK_S)
    return TotalDelay(_OXIMETER_FIXED_S + averaging_s, _READING_S, limit.delay_s, _LINK_S)
