# SPDX-License-Identifier: Apache-2.0
"""A board's calibration as it keeps it, and what is to be said of it on a day: never done, overdue, or good.

The board knows no calendar: it keeps the days that a host gave it, and each host judges by its own clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from vitalwire_protocol.codec import Calibration, CalibrationStored

EPOCH: Final = date(2000, 1, 1)
MINOR: Final = 3
"""Boards of this protocol version and later tell their calibration."""
KINDS: Final = (Calibration.GUARD, Calibration.CUFF, Calibration.CURVE)
NAMES: Final = {Calibration.GUARD: "guard pressure", Calibration.CUFF: "cuff pressure", Calibration.CURVE: "SpO2 curve"}


@dataclass(frozen=True, slots=True)
class Stored:
    """One channel. `done` and `due` are None where the board was not told; `points` are (ratio, SpO2 in %)."""

    kind: Calibration
    done: date | None
    due: date | None
    zero: int | None
    gain: int | None
    points: tuple[tuple[float, float], ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        return NAMES[self.kind]

    def overdue(self, on: date) -> bool:
        """Whether it should have been done again before that day."""
        return self.due is not None and on > self.due

    def as_json(self) -> dict[str, Any]:
        """As self-test results and records carry it."""
        return {
            "kind": self.kind.name.lower(),
            "days_date": None if self.done is None else self.done.isoformat(),
            "due": None if self.due is None else self.due.isoformat(),
        }


def stored_of(message: CalibrationStored) -> Stored | None:
    """What a board's message says; None where it is of a channel that this version does not know."""
    if message.kind not in KINDS:
        return None
    points = tuple((ratio / 1000, spo2 / 10) for ratio, spo2 in message.points)
    done, due = of_wire(message.days), of_wire(message.due_days)
    return Stored(Calibration(message.kind), done, due, message.zero, message.gain, points)


def lacking(stored: Mapping[int, Stored], fitted: Iterable[Calibration] = KINDS) -> list[str]:
    """The channels that were never calibrated, by name."""
    return [NAMES[kind] for kind in fitted if kind not in stored]


def overdue_words(stored: Mapping[int, Stored], on: date) -> str:
    """`cuff pressure since 2026-01-31, SpO2 curve since 2026-03-01`; empty where nothing is overdue."""
    late = [one for one in stored.values() if one.overdue(on)]
    return ", ".join(f"{one.name} since {one.due}" for one in sorted(late, key=lambda one: one.kind))


def on_wire(day: date) -> int:
    """Days since 2000-01-01."""
    return (day - EPOCH).days


def of_wire(days: int) -> date | None:
    """The date; None for 0, which says that none was given, and for what lies beyond any calendar."""
    return EPOCH + timedelta(days) if 0 < days < 1 << 20 else None


def day_of(utc_ms: int) -> date:
    """The date in UTC."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).date()


__all__ = ["KINDS", "MINOR", "NAMES", "Stored", "day_of", "lacking", "of_wire", "on_wire", "overdue_words", "stored_of"]
