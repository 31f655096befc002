# SPDX-License-Identifier: Apache-2.0
"""Messages as a program wants them: readings and events with a date, words instead of numbers, None where not
measured."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from vitalwire_protocol.codec import (
    Alarm,
    AlarmState,
    Event,
    EventKind,
    Fault,
    NibpDoubt,
    NibpOutcome,
    NibpResult,
    OximetryReading,
    Priority,
    ReadingFlags,
    Reason,
    Rule,
    Trigger,
    name_of,
    names_of,
)

from .events import Received
from .words import NOT_SAID


def iso_utc(utc_ms: int) -> str:
    """UTC as ISO 8601 with milliseconds and Z."""
    whole, ms = divmod(utc_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


@dataclass(frozen=True, slots=True)
class Reading:
    """One set of measured values. What was not measured is None, and `reasons` says why.

    `source` is `oximeter` (once a second), `cuff` (once a cycle) or, in a session, `manual` (a person entered it; it
    has no device time). Units are in the names; `quality` is 0-100.
    `reasons` pairs a value's name (`spo2_pct`, `sbp_mmhg`...) with a word of the protocol. `flags` are words such as
    `late`, `uncalibrated`, `cuff_inflated`, `observed`, `simulated`. Of the cuff there are also `trigger`, the board's
    number of the `cycle`, and `doubts`: words for what lowered the quality.
    """

    utc_ms: int
    device_ms: int | None
    boot: int | None
    seq: int | None
    source: Literal["oximeter", "cuff", "manual"]
    spo2_pct: float | None = None
    pulse_bpm: float | None = None
    perfusion_pct: float | None = None
    quality: int | None = None
    sbp_mmhg: float | None = None
    map_mmhg: float | None = None
    dbp_mmhg: float | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    trigger: str | None = None
    cycle: int | None = None
    doubts: tuple[str, ...] = ()

    @property
    def time(self) -> datetime:
        """When it was measured, in UTC."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    @property
    def ok(self) -> bool:
        """Whether every value is there and good."""
        return not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values, the time as ISO 8601."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "utc_ms"}
        values["reasons"] = dict(self.reasons)
        values["flags"], values["doubts"] = list(self.flags), list(self.doubts)
        return {"type": "reading", "time_utc": iso_utc(self.utc_ms), **values}


@dataclass(frozen=True, slots=True)
class BoardEvent:
    """Something that happened on the board: an event (`kind` is its word) or a limit that changed its state
    (`alarm`).

    For an alarm `name` is the rule, `state` and `priority` are words, `value` and `limit` are in the rule's unit. For
    an event `name` is the fault, if it has one, and `value` what the protocol says of it.
    """

    utc_ms: int
    device_ms: int
    boot: int
    seq: int
    kind: str
    name: str | None = None
    state: str | None = None
    priority: str | None = None
    value: float | None = None
    limit: float | None = None
    detail: str = ""

    @property
    def time(self) -> datetime:
        """When it happened, in UTC."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values, the time as ISO 8601."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "utc_ms"}
        return {"type": "event", "time_utc": iso_utc(self.utc_ms), **values}


def reading_of(received: Received, boot: int, simulated: bool) -> Reading | None:
    """The reading in a message, or None where the message is no reading."""
    message = received.message
    if isinstance(message, OximetryReading):
        reasons = (
            ("spo2_pct", message.spo2_pct, message.spo2_reason),
            ("pulse_bpm", message.pulse_bpm, message.pulse_reason),
            ("perfusion_pct", message.perfusion_pct, message.perfusion_reason),
        )
        return Reading(
            utc_ms=received.utc_ms,
            device_ms=message.t_ms,
            boot=boot,
            seq=message.seq,
            source="oximeter",
            spo2_pct=message.spo2_pct,
            pulse_bpm=message.pulse_bpm,
            perfusion_pct=message.perfusion_pct,
            quality=message.quality,
            reasons=tuple(
                (name, reason_word(value, reason))
                for name, value, reason in reasons
                if value is None or reason != Reason.OK
            ),
            flags=_flags(message.flags, simulated),
        )
    if isinstance(message, NibpResult):
        # A cycle that is not good has its outcome as the reason of each pressure, those that it has among them.
        doubtful = message.outcome != NibpOutcome.OK
        outcome = name_of(NibpOutcome, message.outcome) if doubtful else NOT_SAID
        values = (("sbp_mmhg", message.sbp_mmhg), ("map_mmhg", message.map_mmhg), ("dbp_mmhg", message.dbp_mmhg))
        return Reading(
            utc_ms=received.utc_ms,
            device_ms=message.t_ms,
            boot=boot,
            seq=message.seq,
            source="cuff",
            pulse_bpm=message.pulse_bpm,
            quality=message.quality,
            sbp_mmhg=message.sbp_mmhg,
            map_mmhg=message.map_mmhg,
            dbp_mmhg=message.dbp_mmhg,
            reasons=tuple((name, outcome) for name, value in values if value is None or doubtful),
            flags=_flags(message.flags, simulated),
            trigger=name_of(Trigger, message.trigger),
            cycle=message.cycle,
            doubts=tuple(names_of(NibpDoubt, message.doubts or 0)),
        )
    return None


def reason_word(value: float | None, reason: int) -> str:
    """The protocol's word for a reason; a value that is absent without one has a word as well."""
    return NOT_SAID if value is None and reason == Reason.OK else name_of(Reason, reason)


def event_of(received: Received, boot: int) -> BoardEvent | None:
    """The event or alarm in a message, or None where the message is neither."""
    message = received.message
    if isinstance(message, Event):
        return BoardEvent(
            utc_ms=received.utc_ms,
            device_ms=message.t_ms,
            boot=boot,
            seq=message.seq,
            kind=name_of(EventKind, message.event),
            name=None if message.fault == Fault.NONE else name_of(Fault, message.fault),
            value=message.value,
            detail=message.detail,
        )
    if isinstance(message, Alarm):
        return BoardEvent(
            utc_ms=received.utc_ms,
            device_ms=message.t_ms,
            boot=boot,
            seq=message.seq,
            kind="alarm",
            name=name_of(Rule, message.rule),
            state=name_of(AlarmState, message.state),
            priority=name_of(Priority, message.priority),
            value=message.value,
            limit=message.limit,
        )
    return None


def _flags(flags: int, simulated: bool) -> tuple[str, ...]:
    return (*(["simulated"] if simulated else []), *names_of(ReadingFlags, flags))


__all__ = ["BoardEvent", "Reading", "event_of", "iso_utc", "reading_of", "reason_word"]
