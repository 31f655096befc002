# SPDX-License-Identifier: Apache-2.0
"""What the board measures and reports of itself -> rows, alarms, and the numbers that may be shown."""

from __future__ import annotations

from typing import Final

from vitalwire_protocol.codec import (
    Acknowledge,
    Alarm,
    Capabilities,
    CuffPhase,
    CuffPressure,
    Event,
    EventKind,
    Fault,
    Heartbeat,
    Hello,
    Message,
    NibpOutcome,
    NibpResult,
    OximetryReading,
    Ppg,
    ReadingFlags,
    Reason,
    Status,
    Trigger,
    name_of,
)

from ..alarms.rules import STALE_MS
from ..link.commands import Command
from ..link.events import Received
from .boardside import BoardSide
from .course.checkin import Equipment
from .facts import Fact, Vitals
from .gaps import Gaps
from .inputs import Setup
from .journal import Journal
from .readings import cuff_shown, oximetry_shown, vitals_of
from .snapshot import CuffShown, OximetryShown
from .watch import Watch
from .wave import Wave

_SENSOR_REASONS: Final = frozenset(
    (Reason.BUS_FAULT, Reason.WRONG_PART, Reason.SENSOR_STALE, Reason.CHANNELS_SWAPPED, Reason.NO_CURVE)
)
_NOT_EMPTY: Final = frozenset((Fault.CUFF_NOT_EMPTY, Fault.BLOCKED))
_CUFF_STATUS: Final = (
    (int(Status.CUFF_FAULT), "cuff sensor or pneumatics"),
    (int(Status.GUARD_FAULT), "guard channel"),
    (int(Status.EXTERNAL_TRIPPED), "external layer tripped"),
)
# Plain numbers: to combine flags with one another costs more than all that is done with a heartbeat besides.
_ANY_CUFF_FAULT: Final = sum(bit for bit, _ in _CUFF_STATUS)
_CUFF_AT_WORK: Final = int(Status.CUFF_ACTIVE | Status.CUFF_PRESSURISED)
_OXIMETER_FAULT, _SUPPLY_LOW = int(Status.OXIMETER_FAULT), int(Status.SUPPLY_LOW)
_LATE: Final = int(ReadingFlags.LATE)
_NO_PULSE: Final = frozenset((Reason.NO_PULSE, Reason.LOW_PERFUSION, Reason.CUFF_INFLATED))
_CUFF_BLANKS_MMHG: Final = 15
_CUFF_BLANKS_MS: Final = 60_000
"""A cuff on the limb of the probe takes the pulse away: above this pressure, for no longer than this, a lost pulse is
no alarm yet. Everything that is measured is judged as ever."""
_PRESSURE_SHOWN_MS: Final = 1500
"""Cuff pressure comes ten times a second; after this it is not current any more."""


class Bedside:
    """Fed with every message of the board. Commands that follow are in `commands`."""

    def __init__(self, setup: Setup, journal: Journal, watch: Watch, board: BoardSide, gaps: Gaps) -> None:
        self._setup, self._journal, self._watch, self._board, self._gaps = setup, journal, watch, board, gaps
        self.flags: tuple[str, ...] = ()
        """Words that mark every row of the session."""
        self.commands: list[Command] = []
        self.wave = Wave()
        self.oximetry: OximetryShown | None = None
        self.cuff: CuffShown | None = None
        self.cuff_phase = ""
        self.cuff_pressure_mmhg: float | None = None
        self.status = 0
        self.same_limb = setup.same_limb
        """Whether the cuff is on the limb of the probe."""
        self.every_s = setup.every_s
        """The interval of readings that the board starts by itself."""
        self._cuff_up_ms: int | None = None
        self.ending = False
        self._boot: int | None = None
        self._interval_from_ms: int | None = None
        self._has_oximeter = self._own_supply = self._beat_seen = False
        self._supply_mv: int | None = None
        self._last_reading_ms: int | None = None
        self._cuff_seen_ms = 0
        self._sensor: dict[str, str] = {}
        self._not_empty: set[int] = set()

    # ------------------------------------------------------------ the link comes and goes

    def connected(self, hello: Hello, t_ms: int) -> None:
        """A board is there: from now on readings are due."""
        self._boot = hello.boot
        self._has_oximeter = bool(hello.capabilities & Capabilities.OXIMETER)
        self._own_supply = bool(hello.capabilities & Capabilities.OWN_SUPPLY)
        self._last_reading_ms = t_ms

    def heard_again(self, t_ms: int) -> None:
        """The silence is over."""
        self._last_reading_ms = t_ms

    def next_cuff_ms(self, t_ms: int) -> int | None:
        """When the board starts the next reading by itself: every interval after the session's begin there."""
        every_s, from_ms = self.every_s, self._interval_from_ms
        if every_s is None or from_ms is None or not self._board.holds_session:
            return None
        every_ms = every_s * 1000
        return from_ms + ((t_ms - from_ms) // every_ms + 1) * every_ms

    def equipment(self, link_up: bool, overdue: str) -> Equipment:
        """What a ready-check looks at. `overdue`: which calibrations are, in words."""
        seen, known = self.oximetry, self._boot is not None and self._beat_seen
        return Equipment(
            link=link_up,
            pulse_found=None if seen is None else seen.pulse_bpm is not None,
            calibrated=not overdue and not self.status & Status.UNCALIBRATED if known else None,
            calibration_text=f"overdue: {overdue}" if overdue else "",
            own_supply=self._own_supply and not self.status & Status.SUPPLY_LOW if known else None,
            supply_text="" if self._supply_mv is None else f"{self._supply_mv} mV",
        )

    def interval(self, every_s: int | None, t_ms: int) -> None:
        """Another interval, which begins now."""
        self.every_s, self._interval_from_ms = every_s, t_ms

    def blank(self, t_ms: int) -> list[Fact]:
        """Nothing that was measured is current any more."""
        self.oximetry, self.cuff_phase, self.cuff_pressure_mmhg = None, "", None
        self._last_reading_ms = None
        self.wave.clear()
        self._sensor.clear()
        facts: list[Fact] = []
        for name in ("stale", "no_finger", "no_pulse", "sensor_fault"):  # nothing is known of these any more
            facts += self._watch.condition(name, False, t_ms)
        for field in ("spo2_pct", "pulse_bpm"):
            facts += self._watch.reading(field, None, t_ms)
        return facts

    def stale_at(self) -> int | None:
        """When missing readings become an alarm, or None: only while they are due and none is raised yet."""
        if self._last_reading_ms is None or not self._has_oximeter or self._watch.technical.raised("stale"):
            return None
        return self._last_reading_ms + STALE_MS

    def advance(self, t_ms: int) -> list[Fact]:
        """Readings that have stopped are an alarm and a gap since the last one."""
        stale_ms = self.stale_at()
        if stale_ms is None or t_ms < stale_ms:
            return []
        self.oximetry = None
        facts: list[Fact] = list(self._gaps.begin(stale_ms - STALE_MS, "stale"))
        return facts + self._watch.condition("stale", True, t_ms, f"no reading for {STALE_MS // 1000} s")

    # ------------------------------------------------------------ messages
    def message(self, message: Message, event: Received) -> list[Fact]:
        """One message of the board."""
        t_ms = event.t_ms
        match message:
            case OximetryReading():
                return self._reading(message, event)
            case Heartbeat():
                return self._beat(message, t_ms)
            case CuffPressure():
                self.cuff_phase = name_of(CuffPhase, message.phase)
                self.cuff_pressure_mmhg, self._cuff_seen_ms = message.pressure_mmhg, t_ms
                if message.pressure_mmhg is None or message.pressure_mmhg <= _CUFF_BLANKS_MMHG:
                    self._cuff_up_ms = None
                elif self._cuff_up_ms is None:
                    self._cuff_up_ms = t_ms
            case NibpResult():
                return self._result(message, event)
            case Alarm():
                if self._setup.replayed:
                    return []
                if self._watch.is_acknowledged(message):
                    self.commands.append(Acknowledge.request(message.rule))
                return list(self._watch.board_says(message, self._made(event)))
            case Event():
                return self._board_event(message, event)
        return []

    def samples(self, message: Ppg, event: Received) -> None:
        """Samples of the pulse wave: shown, and kept around an alarm."""
        self.wave.add(message, self._made(event))

    def _made(self, event: Received) -> int:
        """When the board made a message, on the session's clock; never later than its arrival."""
        return min(event.utc_ms - self._journal.offset_ms, event.t_ms)

    def _reading(self, reading: OximetryReading, event: Received) -> list[Fact]:
        made_ms, t_ms = self._made(event), event.t_ms
        if reading.flags & _LATE:
            return self._late(reading.session, vitals_of(event, made_ms, event.utc_ms, self._boot, self.flags))
        utc_ms = made_ms + self._journal.offset_ms
        facts: list[Fact] = list(self._gaps.end(made_ms))
        facts.append(vitals_of(event, made_ms, utc_ms, self._boot, self.flags))
        self._last_reading_ms = t_ms
        self.oximetry = oximetry_shown(reading, made_ms)
        self._watch.averaging_s = reading.averaging_s
        facts += self._watch.condition("stale", False, t_ms)
        facts += self._watch.condition("board_restarted", False, t_ms)
        reasons = {reading.spo2_reason, reading.pulse_reason}
        facts += self._watch.condition("no_finger", Reason.NO_FINGER in reasons, t_ms)
        deferred = self._cuff_blanks(t_ms) and not self._watch.technical.raised("no_pulse")
        facts += self._watch.condition("no_pulse", bool(reasons & _NO_PULSE) and not deferred, t_ms)
        bad = next((name_of(Reason, r) for r in sorted(reasons & _SENSOR_REASONS)), "")
        facts += self._sensor_says("reading", bad, t_ms)
        facts += self._watch.reading(
            "spo2_pct", reading.spo2_pct, t_ms, reading.spo2_newest_pct, reading.spo2_newest_ms
        )
        return facts + list(self._watch.reading("pulse_bpm", reading.pulse_bpm, t_ms))

    def _cuff_blanks(self, t_ms: int) -> bool:
        up_ms = self._cuff_up_ms
        if not self.same_limb or up_ms is None or t_ms - self._cuff_seen_ms > _PRESSURE_SHOWN_MS:
            return False
        return t_ms - up_ms <= _CUFF_BLANKS_MS

    def _sensor_says(self, who: str, what: str, t_ms: int) -> list[Fact]:
        if what:
            self._sensor[who] = what
        else:
            self._sensor.pop(who, None)
        detail = ", ".join(sorted(set(self._sensor.values())))
        return list(self._watch.condition("sensor_fault", bool(self._sensor), t_ms, detail))

    def _result(self, result: NibpResult, event: Received) -> list[Fact]:
        made_ms, t_ms = self._made(event), event.t_ms
        fact = vitals_of(event, made_ms, made_ms + self._journal.offset_ms, self._boot, self.flags)
        if result.flags & _LATE:
            return self._late(result.session, fact)
        self.cuff = cuff_shown(result, made_ms, made_ms + self._journal.offset_ms)
        self.cuff_phase, self.cuff_pressure_mmhg = "", None
        good = result.outcome == NibpOutcome.OK
        outcome = name_of(NibpOutcome, result.outcome)
        facts: list[Fact] = [fact]
        trigger = name_of(Trigger, result.trigger)
        facts.append(
            self._journal.note(
                made_ms, "cuff", "reading", outcome, detail=f"cycle {result.cycle} by {trigger}", device_ms=result.t_ms
            )
        )
        failed = not good and result.outcome != NibpOutcome.ABORTED
        facts += self._watch.condition("cuff_no_reading", failed, t_ms, outcome)
        for field, value in (("sbp_mmhg", result.sbp_mmhg), ("dbp_mmhg", result.dbp_mmhg)):
            facts += self._watch.reading(field, value if good else None, t_ms)
        return facts

    def _late(self, session: int | None, fact: Vitals) -> list[Fact]:
        """A reading from the board's store: filed with its own time if it is this session's, and never judged."""
        if session == self._setup.session:
            return [fact]
        return [
            self._journal.note(fact.t_ms, "record", "late_reading", "not filed", detail="it belongs to another session")
        ]

    def _beat(self, beat: Heartbeat, t_ms: int) -> list[Fact]:
        facts: list[Fact] = list(self._watch.condition("link_lost", False, t_ms))
        self._boot, self.status = beat.boot, beat.status
        self._beat_seen, self._supply_mv = True, beat.supply_mv
        self._board.heartbeat(beat, t_ms)
        status = beat.status
        if not status & _CUFF_AT_WORK and t_ms - self._cuff_seen_ms > _PRESSURE_SHOWN_MS:
            self.cuff_phase, self.cuff_pressure_mmhg = "", None
        fault = "oximeter" if status & _OXIMETER_FAULT else ""
        facts += self._sensor_says("board", fault, t_ms)
        bad = ", ".join(word for bit, word in _CUFF_STATUS if status & bit) if status & _ANY_CUFF_FAULT else ""
        ours = self._board.holds_session
        ended = self.ending
        began = self._board.began
        for name, so, detail in (
            ("cuff_fault", bool(bad), bad),
            ("supply", bool(status & _SUPPLY_LOW), f"{beat.supply_mv} mV" if beat.supply_mv is not None else ""),
            ("limits_mismatch", self._board.limits_differ and not ended and not self._setup.replayed, ""),
            ("not_guarded", began and not ours and not ended, ""),
        ):
            facts += self._watch.condition(name, so, t_ms, detail)
        return facts

    def _board_event(self, message: Event, event: Received) -> list[Fact]:
        t_ms, made_ms = event.t_ms, self._made(event)
        kind = message.event
        name = name_of(EventKind, kind)
        detail = message.detail
        if message.fault != Fault.NONE:
            detail = f"{name_of(Fault, message.fault)} {detail}".strip()
        group = "cuff" if kind in (EventKind.CUFF_STARTED, EventKind.CUFF_STOPPED) else "board"
        facts: list[Fact] = [
            self._journal.note(made_ms, group, name, "", value=message.value, detail=detail, device_ms=message.t_ms)
        ]
        if message.fault in _NOT_EMPTY and kind in (EventKind.FAULT_RAISED, EventKind.FAULT_CLEARED):
            (self._not_empty.add if kind == EventKind.FAULT_RAISED else self._not_empty.discard)(message.fault)
            facts += self._watch.condition("cuff_not_empty", bool(self._not_empty), t_ms, detail)
        if kind == EventKind.CUFF_STARTED:
            self.cuff_phase, self._cuff_seen_ms = "zeroing", t_ms
        if kind == EventKind.SESSION_BEGIN:
            self._interval_from_ms = made_ms
        return facts
