# SPDX-License-Identifier: Apache-2.0
"""What is current: the last reading of each source, the link and the alarms, as a page or a poll may show them.

A value that is absent or no longer current is None; its age and the reason stay. Pure: the caller brings the time.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..alarms.rules import STALE_MS
from ..codes import codes_of
from ..items import Event, Origin, Reading
from ..link.readings import iso_utc
from .base import Delivery

CUFF_MS: Final = 15 * 60 * 1000
"""A reading of the cuff, or one that a person entered, is not current any longer than this."""
ALARMS_MAX: Final = 100
NOTICE: Final = "NOT A MEDICAL DEVICE"
SOURCES: Final = ("oximeter", "cuff", "manual")
_LOST: Final = ("down", "silent", "stopped")
_OVER: Final = ("cleared", "clear", "pending")


@dataclass(frozen=True, slots=True)
class _Kept:
    reading: Reading
    arrived_ms: int
    late: bool

    def age_ms(self, utc_ms: int, mono_ms: int) -> int | None:
        """How old it is. None where that is not known: a simulated board has a calendar of its own, so that of a
        reading that came late nothing says how late."""
        here_ms = mono_ms - self.arrived_ms
        if "simulated" in self.reading.flags:
            return None if self.late else here_ms
        return max(here_ms, utc_ms - self.reading.utc_ms)


class Values:
    """Takes deliveries in order and says at any time what is current."""

    def __init__(self) -> None:
        self.origin: Origin | None = None
        self._kept: dict[str, _Kept] = {}
        self._link, self._why, self._link_ms = "unknown", "", 0
        self._alarms: dict[str, Event] = {}

    def take(self, delivery: Delivery, mono_ms: int) -> None:
        """A delivery that arrived at `mono_ms` of the caller's monotonic clock."""
        origin, item = delivery.origin, delivery.item
        if self.origin is not None and _who(origin) != _who(self.origin):
            self._kept.clear()  # another board, session or patient: nothing of the last one is theirs
            self._alarms.clear()
        self.origin = origin
        if isinstance(item, Reading):
            self._reading(item, delivery.late or "late" in item.flags, mono_ms)
        elif isinstance(item, Event):
            self._event(item, mono_ms)

    def _reading(self, reading: Reading, late: bool, mono_ms: int) -> None:
        known = self._kept.get(reading.source)
        if late and known is not None and reading.utc_ms <= known.reading.utc_ms:
            return
        self._kept[reading.source] = _Kept(reading, mono_ms, late)
        if reading.source == "oximeter" and not late:
            self._say_link("up", "", mono_ms)

    def _event(self, event: Event, mono_ms: int) -> None:
        if event.kind == "link":
            if event.name == "link" and event.state in _LOST:
                self._say_link("lost", event.detail or event.state, mono_ms)
            elif event.name == "board" and event.state == "connected":
                self._say_link("up", "", mono_ms)
        elif event.kind == "session" and event.name == "session" and event.state == "ended":
            self._alarms.clear()
        elif event.alarm:
            if event.name == "link_lost":
                lost = event.state not in _OVER
                self._say_link("lost" if lost else "up", event.detail if lost else "", mono_ms)
            self._alarms.pop(event.name, None)
            if event.state not in _OVER and len(self._alarms) < ALARMS_MAX:
                self._alarms[event.name] = event

    def _say_link(self, link: str, why: str, mono_ms: int) -> None:
        if link != self._link:
            self._link_ms = mono_ms
        self._link, self._why = link, why

    def shown(self, utc_ms: int, mono_ms: int) -> dict[str, Any]:
        """For JSON: what is current now."""
        simulated = any("simulated" in kept.reading.flags for kept in self._kept.values())
        for_s = None if self._link == "unknown" else (mono_ms - self._link_ms) // 1000
        return {
            "type": "latest",
            "time_utc": iso_utc(utc_ms),
            "notice": NOTICE,
            "simulated": simulated or (self.origin is not None and self.origin.simulated),
            "origin": None if self.origin is None else _origin(self.origin),
            "link": {"state": self._link, "why": self._why, "for_s": for_s},
            **{source: self._source(source, utc_ms, mono_ms) for source in SOURCES},
            "alarms": [event.as_dict() for event in self._alarms.values()],
        }

    def _source(self, source: str, utc_ms: int, mono_ms: int) -> dict[str, Any] | None:
        kept = self._kept.get(source)
        if kept is None:
            return None
        reading, age_ms = kept.reading, kept.age_ms(utc_ms, mono_ms)
        fields = (*(code.field for code in codes_of(source)), "quality")
        why = "late" if age_ms is None else ""
        if source == "oximeter" and self._link == "lost":
            why = "link_lost"
        elif age_ms is not None and age_ms > (STALE_MS if source == "oximeter" else CUFF_MS):
            why = "stale"
        return {
            "time_utc": iso_utc(reading.utc_ms),
            "age_s": None if age_ms is None else round(age_ms / 1000, 1),
            "current": not why,
            **{field: None if why else _number(getattr(reading, field)) for field in fields},
            "reasons": dict.fromkeys(fields, why) if why else dict(reading.reasons),
            "flags": list(reading.flags),
        }


def _origin(origin: Origin) -> dict[str, Any]:
    values = asdict(origin)
    started_ms = values.pop("started_utc_ms")
    return {**values, "started_utc": None if started_ms is None else iso_utc(started_ms)}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _who(origin: Origin) -> tuple[str, str, str]:
    return origin.board, origin.session, origin.patient


__all__ = ["CUFF_MS", "NOTICE", "Values"]
