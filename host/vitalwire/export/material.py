# SPDX-License-Identifier: Apache-2.0
"""What an export is made of: a session's items, sorted by kind, and what must be said of them wherever they go."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any, Final

from .. import __version__
from ..codes import CODES
from ..items import Event, Item, Origin, Reading, Wave
from ..link.readings import iso_utc
from ..record.items import Record

DAY_MS: Final = 86_400_000
SHIFT_DAYS: Final = (365, 3650)
"""Dates are moved back by so many days, chosen at random and kept nowhere."""


@dataclass(frozen=True)
class Material:
    """A session's items in the order in which they arrived. `state` is `closed`, `not closed` or `damaged`; `why` says
    what is wrong where it is damaged, and the items are those before the damage."""

    origin: Origin
    items: tuple[Item, ...]
    state: str = "closed"
    why: str = ""
    anonymised: bool = False

    @property
    def readings(self) -> list[Reading]:
        """Those of oximeter and cuff, and what a person entered."""
        return [item for item in self.items if isinstance(item, Reading)]

    @property
    def events(self) -> list[Event]:
        """Alarms, marks, actions, gaps."""
        return [item for item in self.items if isinstance(item, Event)]

    @property
    def waves(self) -> list[Wave]:
        """The pulse wave, batch by batch."""
        return [item for item in self.items if isinstance(item, Wave)]

    @property
    def flags(self) -> list[str]:
        """Every mark that any value has, such as `simulated` and `uncalibrated`."""
        return sorted({flag for item in self.items for flag in item.flags})

    def about(self) -> dict[str, Any]:
        """What every format says of the whole, as JSON can hold it."""
        origin = {name: getattr(self.origin, name) for name in self.origin.__dataclass_fields__}
        started = origin.pop("started_utc_ms")
        return {
            "format": "vitalwire session",
            "vitalwire": __version__,
            **origin,
            "started_utc": None if started is None else iso_utc(started),
            "state": self.state,
            "why": self.why,
            "anonymised": self.anonymised,
            "flags": self.flags,
            "notice": "Not from a certified medical device." + (" SIMULATED." if self.origin.simulated else ""),
        }


def material_of(record: Record, *, waves: bool = True, anonymise: bool = False) -> Material:
    """The items of a record; without `waves` the pulse wave stays out."""
    items = tuple(item for item in record if waves or not isinstance(item, Wave))
    found = Material(record.origin, items, record.state, record.why)
    return anonymised(found) if anonymise else found


def anonymised(material: Material, days: int | None = None) -> Material:
    """Without anything that leads to a person or place: dates moved by whole days, no codes of patient, staff, board,
    bed and session, and no free text. What was measured, and when in the day, stays."""
    back = SHIFT_DAYS[0] + secrets.randbelow(SHIFT_DAYS[1] - SHIFT_DAYS[0]) if days is None else days
    shift_ms = -back * DAY_MS

    def moved(item: Item) -> Item:
        if isinstance(item, Event):
            return replace(item, utc_ms=item.utc_ms + shift_ms, detail="", by="")
        return replace(item, utc_ms=item.utc_ms + shift_ms)

    before = material.origin
    started = None if before.started_utc_ms is None else before.started_utc_ms + shift_ms
    origin = Origin("", "", before.firmware, "", "", before.simulated, before.profile, started)
    return replace(material, origin=origin, items=tuple(map(moved, material.items)), why="", anonymised=True)


def units() -> dict[str, dict[str, Any]]:
    """Unit and codes of each field of a reading, by its name; a pulse has one of the oximeter and one of the cuff."""
    found: dict[str, dict[str, Any]] = {}
    for code in CODES:
        said = found.setdefault(code.field, {"title": code.title, "unit": code.unit.text, "ucum": code.unit.ucum})
        suffix = "" if "mdc" not in said else f"_{code.source}"
        said[f"mdc{suffix}"] = f"{code.mdc} {code.mdc_name}"
        sure = [loinc for loinc in code.loinc if loinc not in code.unsure]
        if sure:
            said[f"loinc{suffix}"] = " ".join(sure)
    found["quality"] = {"title": "Signal quality", "unit": "0-100", "ucum": "{score}"}
    return found


__all__ = ["Material", "anonymised", "material_of", "units"]
