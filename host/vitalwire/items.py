# SPDX-License-Identifier: Apache-2.0
"""What Vitalwire gives to other programs: readings, events and waves, live or from a record, and who they are of.

All are immutable; what was not measured is None; times are UTC in whole milliseconds. `as_dict` of each is for JSON,
and `item_of` takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from vitalwire_protocol.codec import Ppg

from .link.events import Received
from .link.readings import BoardEvent, Reading, event_of, iso_utc, reading_of


@dataclass(frozen=True, slots=True)
class Origin:
    """Where items come from. `board` is the serial number, `session` the session's number in hex (empty outside one),
    `patient` a code, never a name; `simulated`: no real board measured this."""

    board: str
    bed: str = ""
    firmware: str = ""
    session: str = ""
    patient: str = ""
    simulated: bool = False
    profile: str = ""
    started_utc_ms: int | None = None
    """When the session began; None outside one."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: an alarm raised or cleared, a link lost, a dose marked, readings that are missing.

    `kind` is `physiological` or `technical` (alarms), `session`, `cuff`, `board`, `link`, `operator`, `record`, or
    `gap` (`state` is `start` or `end`, `name` says why the oximeter's readings are missing). `priority` is `high`,
    `medium`, `low` or empty; `state` is a word such as `raised`, `cleared`, `acknowledged`. `value` and `limit` are in
    the unit of what `name` judges (`spo2_low`: %, `pulse_high`: 1/min, `sbp_high`: mmHg). `by` is who did it.
    """

    utc_ms: int
    kind: str
    name: str
    state: str = ""
    priority: str = ""
    value: float | None = None
    limit: float | None = None
    detail: str = ""
    by: str = ""
    device_ms: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def time(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    @property
    def alarm(self) -> bool:
        """Whether it is a change of an alarm."""
        return self.kind in ("physiological", "technical")

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values, the time as ISO 8601."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "utc_ms"}
        values["flags"] = list(self.flags)
        return {"type": "event", "time_utc": iso_utc(self.utc_ms), **values}


@dataclass(frozen=True, slots=True)
class Wave:
    """Samples of the pulse wave as they came: counts of the red and infrared light, equally long.

    The first was taken at `utc_ms`, the others `1000 / rate_hz` ms apart. `lost` samples are missing just before the
    first; nothing is filled in. `index` counts the board's samples.
    """

    utc_ms: int
    rate_hz: int
    red: tuple[int, ...]
    ir: tuple[int, ...]
    lost: int = 0
    index: int | None = None
    device_ms: int | None = None
    boot: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def time(self) -> datetime:
        """When the first sample was taken, in UTC."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values, the time as ISO 8601."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "utc_ms"}
        for name in ("red", "ir", "flags"):
            values[name] = list(values[name])
        return {"type": "wave", "time_utc": iso_utc(self.utc_ms), **values}


Item = Reading | Event | Wave


def wave_of(ppg: Ppg, last_utc_ms: int, boot: int | None, flags: tuple[str, ...]) -> Wave | None:
    """The wave in a batch of samples, the last of which was taken at `last_utc_ms`; None where there is none in it."""
    samples, rate_hz = ppg.samples, ppg.rate_hz
    if not samples or not rate_hz:
        return None
    red, ir = samples[0::2], samples[1::2]
    before_ms = (len(ir) - 1) * 1000 // rate_hz
    return Wave(
        last_utc_ms - before_ms,
        rate_hz,
        red,
        ir,
        ppg.lost,
        ppg.first_index,
        (ppg.t_ms - before_ms) & 0xFFFFFFFF,
        boot,
        flags,
    )


_STATES: Final = {"active": "raised", "clear": "cleared"}
"""The words of a session for what a board says of its alarms."""


def item_in(received: Received, boot: int, simulated: bool) -> Item | None:
    """The item in a message of a board outside a session, or None where there is none in it."""
    message = received.message
    flags = ("simulated",) if simulated else ()
    if isinstance(message, Ppg):
        return wave_of(message, received.utc_ms, boot, flags)
    found = reading_of(received, boot, simulated) or event_of(received, boot)
    if not isinstance(found, BoardEvent):
        return found
    alarm = found.kind == "alarm"
    if alarm and found.state == "pending":
        return None  # a delay runs: nothing is raised yet
    return Event(
        found.utc_ms,
        "physiological" if alarm else "board",
        (found.name or "") if alarm else found.kind,
        _STATES.get(found.state or "", found.state or ""),
        found.priority or "",
        found.value,
        found.limit,
        found.detail if alarm or found.name is None else f"{found.name} {found.detail}".strip(),
        device_ms=found.device_ms,
        flags=flags,
    )


_TYPES: Final[dict[str, type[Reading] | type[Event] | type[Wave]]] = {"reading": Reading, "event": Event, "wave": Wave}


def item_of(values: dict[str, Any]) -> Item:
    """Takes `as_dict` of an item back; fields that are not known are left out. Raises ValueError in words."""
    made = _TYPES.get(str(values.get("type")))
    if made is None:
        raise ValueError(f"there is no item of type {values.get('type')!r}")
    try:
        known = {f.name: values[f.name] for f in fields(made) if f.name in values}
        for name in ("flags", "doubts", "red", "ir"):
            if name in known:
                known[name] = tuple(known[name])
        if "reasons" in known:
            known["reasons"] = tuple(dict(known["reasons"]).items())
        return made(utc_ms=utc_ms_of(str(values["time_utc"])), **known)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the {values['type']} does not read: {error}") from None


def utc_ms_of(text: str) -> int:
    """The milliseconds since 1970 of `2026-01-01T00:00:00.000Z`. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


__all__ = ["Event", "Item", "Origin", "Reading", "Wave", "item_in", "item_of", "utc_ms_of", "wave_of"]
