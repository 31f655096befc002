# SPDX-License-Identifier: Apache-2.0
"""How long it takes from the event in the patient to the alarm, and what that is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .rules import ALL_RULES, Limit

AVERAGING_S: Final = 8
"""What a board averages over unless its configuration says otherwise."""
_FILTER_S: Final = 0.95
"""What the oximeter's filter adds (`firmware/vitals/oximetry/oximeter.py`, FILTER_DELAY_MS)."""
_NEWEST_S: Final = 4.0
"""From a change in the patient to where the newest beats that show it began, at most: by then two of three have to show
it. Steps on the simulated sensor at 50 to 90 a minute gave up to 3.6 s. It does not count when that is known, a few
seconds later, as the delay is counted from where they began."""
_READING_S: Final = 1.0
"""Readings of the oximeter come once a second."""
_LINK_S: Final = 0.2
"""Board to host to screen, at most."""


@dataclass(frozen=True, slots=True)
class TotalDelay:
    """The parts of a total delay in seconds; a cuff value is a point in time, and nothing of it is averaged.

    `begin_s`: from the event to where the delay begins; `averaging_s`: until the value itself has followed the patient,
    which an alarm needs as well. The delay begins earlier where a board says what its newest beats are (SpO2).
    """

    begin_s: float
    averaging_s: float
    reading_s: float
    delay_s: float
    link_s: float

    @property
    def total_s(self) -> float:
        return max(self.begin_s + self.delay_s, self.averaging_s + self.reading_s) + self.link_s

    def __str__(self) -> str:
        if not self.averaging_s:
            return f"{self.total_s:.1f} s after the reading"
        rest = f"{self.reading_s + self.link_s:.1f} reading and link"
        if self.averaging_s + self.reading_s > self.begin_s + self.delay_s:
            return f"{self.total_s:.1f} s ({self.averaging_s:.2f} averaging, {rest}; the delay is over by then)"
        if self.begin_s < self.averaging_s:
            begin = f"{self.begin_s:g} until the newest beats show it"
            return f"{self.total_s:.1f} s ({begin}, {self.delay_s:g} delay, {self.link_s:g} link)"
        return f"{self.total_s:.1f} s ({self.averaging_s:.2f} averaging, {self.delay_s:g} delay, {rest})"


def total_delay(limit: Limit, averaging_s: float = AVERAGING_S, newest: bool = True) -> TotalDelay:
    """From the event to the alarm on the host, at most, for a value that stays beyond `limit`.

    An average passes a limit at the latest when all that it averages is beyond it. Where a value falls steadily it does
    so after half of that. `newest`: the board says what its newest beats are, as it does where it has three good ones
    (protocol 1.4).
    """
    rule = ALL_RULES[limit.rule]
    if rule.source == "cuff":
        return TotalDelay(0.0, 0.0, 0.0, limit.delay_s, _LINK_S)
    averaged_s = _FILTER_S + averaging_s
    begin_s = _NEWEST_S if newest and rule.field == "spo2_pct" else averaged_s + _READING_S
    return TotalDelay(begin_s, averaged_s, _READING_S, limit.delay_s, _LINK_S)
