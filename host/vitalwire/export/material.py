# SPDX-License-Identifier: Apache-2.0
"""What an export is made of: a session's items, sorted by kind, and what must be said of them wherever they go."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .. import __version__
from ..codes import CODES, PLETH_MDC
from ..errors import UsageError
from ..items import Event, Item, Origin, Reading, Wave
from ..link.readings import iso_utc
from ..profiles import SHIPPED
from ..record import folder as names
from ..record.chain import Head
from ..record.items import Record

DAY_MS: Final = 86_400_000
SHIFT_DAYS: Final = (365, 3650)
"""Dates are moved back by so many days, chosen at random and kept nowhere."""
SHORTER: Final = "shorter than its recorded head"


@dataclass(frozen=True)
class Material:
    """A session's items in the order in which they arrived. `state` is `closed`, `not closed`, `damaged` or
    `shorter than its recorded head`; `why` says what is wrong, and the items are those before the damage."""

    origin: Origin
    items: tuple[Item, ...]
    state: str = "closed"
    why: str = ""
    anonymised: bool = False
    remarks: list[str] = field(default_factory=list)
    """What a format could not keep, in sentences for a person; writers add to it."""

    def say(self, text: str) -> None:
        """Adds a remark."""
        self.remarks.append(text)

    def left_out(self, count: int) -> None:
        """Says that an even grid had no place for `count` samples."""
        if count:
            self.say(f"{count} samples had no place of their own and are left out: clocks of board and computer differ")

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
    state, why = state_of(record)
    found = Material(record.origin, items, state, why)
    return anonymised(found) if anonymise else found


def state_of(record: Record) -> tuple[str, str]:
    """The state of a record by its chain and by the head in its `session.json`, and why where it is not good."""
    if record.state == "damaged":
        return record.state, record.why
    try:
        head = Head.from_json(names.read_session_json(record.folder).get("capture"))
        size = (record.folder / names.CAPTURE).stat().st_size
    except (UsageError, OSError):
        head, size = None, 0  # the chain tells enough; `verify` says what is wrong with the file
    if head is not None and head.bytes > size:
        return SHORTER, f"{head.bytes - size} bytes or more are missing at the end of {names.CAPTURE}"
    return record.state, record.why


def anonymised(material: Material, days: int | None = None) -> Material:
    """Without anything that leads to a person or place: dates moved by whole days, no codes of patient, staff, board,
    bed and session, no count of a board's starts, no profile of a site's own, and no free text. What was measured, and
    when in the day, stays. `days` back; without it a number that is kept nowhere."""
    back = SHIFT_DAYS[0] + secrets.randbelow(SHIFT_DAYS[1] - SHIFT_DAYS[0] + 1) if days is None else days
    shift_ms = -back * DAY_MS

    def moved(item: Item) -> Item:
        utc_ms = item.utc_ms + shift_ms
        if isinstance(item, Event):
            return replace(item, utc_ms=utc_ms, detail="", by="")
        return replace(item, utc_ms=utc_ms, boot=None)

    before = material.origin
    started = None if before.started_utc_ms is None else before.started_utc_ms + shift_ms
    ours = before.profile.split(" ", 1)[0] in {path.stem for path in SHIPPED.glob("*.toml")}
    profile = before.profile if ours else ""
    origin = Origin("", "", before.firmware, "", "", before.simulated, profile, started)
    return replace(material, origin=origin, items=tuple(map(moved, material.items)), why="", anonymised=True)


def units() -> dict[str, dict[str, str]]:
    """Unit and codes of each field that has some, by its name. A pulse has codes of the oximeter and, with `_cuff`, of
    the cuff. LOINC codes that were not checked against LOINC are left out."""
    found: dict[str, dict[str, str]] = {}
    for code in CODES:
        unit = code.unit
        said = found.setdefault(
            code.field,
            {"title": code.title, "unit": unit.text, "ucum": unit.ucum, "unit_mdc": f"{unit.mdc} {unit.mdc_name}"},
        )
        suffix = "" if "mdc" not in said else f"_{code.source}"
        said[f"mdc{suffix}"] = f"{code.mdc} {code.mdc_name}"
        sure = [loinc for loinc in code.loinc if loinc not in code.unsure]
        if sure:
            said[f"loinc{suffix}"] = " ".join(sure)
    pleth = f"{PLETH_MDC[0]} {PLETH_MDC[1]}"
    found["quality"] = {"title": "Signal quality, 0-100", "unit": "score", "ucum": "{score}"}
    found["red"] = {"title": "Red light", "unit": "counts", "ucum": "{counts}", "mdc": pleth}
    found["ir"] = {"title": "Infrared light", "unit": "counts", "ucum": "{counts}", "mdc": pleth}
    found["rate_hz"] = {"title": "Samples a second", "unit": "Hz", "ucum": "Hz"}
    found["device_ms"] = {"title": "The board's own clock", "unit": "ms", "ucum": "ms"}
    return found


__all__ = ["SHORTER", "Material", "anonymised", "material_of", "state_of", "units"]
