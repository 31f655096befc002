# SPDX-License-Identifier: Apache-2.0
"""What sinks that show the present need to know: whether a reading still is of now, and whether the board is heard."""

from __future__ import annotations

from ..items import Event, Reading
from .base import Delivery


def age_ms(delivery: Delivery, reading: Reading, now_ms: int) -> int | None:
    """How old a reading is that has come just now; None where nobody can say. `now_ms` is UTC.

    One that did not wait is of now, whatever the calendar says: a session's times go on when the computer's clock is
    set. One that waited is as old as its time says; simulated time has no now.
    """
    if not delivery.late:
        return 0
    age = now_ms - reading.utc_ms
    return None if delivery.origin.simulated or age < 0 else age


def heard(event: Event) -> bool | None:
    """Whether the event says that the board is heard (again), or that it is not; None where it says neither."""
    if event.kind == "technical" and event.name == "link_lost":
        return event.state == "cleared"
    if event.kind == "link" and event.name == "link" and event.state in ("down", "silent", "stopped"):
        return False
    if event.kind == "link" and event.name == "board" and event.state == "connected":
        return True
    return None


def gap_begins(event: Event) -> bool:
    """Whether the oximeter's readings are missing from here on."""
    return event.kind == "gap" and event.state == "start"


__all__ = ["age_ms", "gap_begins", "heard"]
