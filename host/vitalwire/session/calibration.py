# SPDX-License-Identifier: Apache-2.0
"""What the board's calibration is worth on the day of the session: asked for once, when the board guards.

The board itself says that a channel was never calibrated; that one is overdue only the host can know, which has a
calendar. A board that is older than these messages is not asked.
"""

from __future__ import annotations

from vitalwire_protocol.codec import CalibrationGet, CalibrationStored

from ..link.calibration import KINDS, MINOR, Stored, day_of, overdue_words, stored_of
from ..link.commands import Command
from .facts import Fact
from .journal import Journal


class CalibrationAge:
    """`overdue` is what is overdue, in words, and empty where nothing is, or nothing is known."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._stored: dict[int, Stored] = {}
        self._asked = True
        self._said = ""
        self.overdue = ""

    def connected(self, minor: int) -> None:
        """A board said hello: what an earlier one had is not this one's. `minor`: what both sides speak."""
        self._stored.clear()
        self._asked = minor < MINOR
        self.overdue = ""

    def take(self, guarding: bool) -> list[Command]:
        """The questions to send. Guarding goes first."""
        if self._asked or not guarding:
            return []
        self._asked = True
        return [CalibrationGet.request(kind) for kind in KINDS]

    def stored(self, message: CalibrationStored, t_ms: int) -> list[Fact]:
        """One channel as the board keeps it."""
        one = stored_of(message)
        if one is None:
            return []
        self._stored[one.kind] = one
        self.overdue = overdue_words(self._stored, day_of(t_ms + self._journal.offset_ms))
        if not self.overdue or self.overdue == self._said:
            return []
        self._said = self.overdue
        self._journal.say(f"calibration overdue: {self.overdue}; have it done: vitalwire calibrate")
        return [self._journal.note(t_ms, "board", "calibration", "overdue", detail=self.overdue)]


__all__ = ["CalibrationAge"]
