# SPDX-License-Identifier: Apache-2.0
"""Every alarm of a session in one place: the host's limits, the board's own, and the technical conditions.

The board judges the absolute limits by itself and so does the host, with the same rule ids and semantics. An alarm is
raised as soon as either says so, and cleared when neither does: the host guards while the board starts again, and
the board's verdict stands while its readings do not come through. What it last said holds until it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vitalwire_protocol.codec import Alarm, AlarmState, Priority, Rule, name_of

from ..alarms.conditions import TechnicalChange, TechnicalEngine
from ..alarms.engine import Change, LimitEngine, State
from ..alarms.rules import LIMIT_RULES, TECHNICAL_RULES, Limit
from .facts import Happening
from .snapshot import AlarmShown

_ORDER = {"high": 0, "medium": 1, "low": 2, "none": 3}
_RULE_OF_NUMBER = {int(rule.number): name for name, rule in LIMIT_RULES.items()}


@dataclass(slots=True)
class _Raised:
    """What is known of one limit: both verdicts, and the alarm as last reported."""

    host: State = State.CLEAR
    board: State = State.CLEAR
    shown: State = State.CLEAR
    since_ms: int = 0
    value: float | None = None
    limit: float | None = None
    priority: str = "medium"
    judge: str = ""

    def together(self) -> State:
        both = (self.host, self.board)
        for state in (State.ACTIVE, State.ACKNOWLEDGED):
            if state in both:
                return state
        return State.CLEAR


class Watch:
    """Feed it readings, conditions and the board's alarms; `happenings` of each call are the events to record.

    `utc_offset_ms` is UTC minus the session's monotonic clock, fixed for the session.
    """

    def __init__(self, limits: Iterable[Limit], utc_offset_ms: int) -> None:
        self.limits = LimitEngine(limits)
        self.technical = TechnicalEngine()
        self._utc_offset_ms = utc_offset_ms
        self._rules = {name: _Raised() for name in LIMIT_RULES}
        self._technical: dict[str, tuple[int, str]] = {}
        self._acknowledged: set[str] = set()

    # ------------------------------------------------------------ inputs

    def reading(self, field: str, value: float | None, t_ms: int) -> list[Happening]:
        """A current value of one field of the vitals, or None where it was not measured."""
        tenths = None if value is None else round(value * 10)
        changes: list[Change] = []
        for name, rule in LIMIT_RULES.items():
            if rule.field == field:
                changes += self.limits.update(name, tenths, t_ms)
        return self._host(changes)

    def board_says(self, alarm: Alarm, t_ms: int) -> list[Happening]:
        """The board's verdict on one limit, made at `t_ms`."""
        name = _RULE_OF_NUMBER.get(alarm.rule)
        if name is None:
            what = name_of(Rule, alarm.rule)
            return [self._happening(t_ms, "board", "unknown_rule", "", detail=what, device_ms=alarm.t_ms)]
        known = self._rules[name]
        known.board = State(alarm.state) if alarm.state <= AlarmState.ACKNOWLEDGED else State.CLEAR
        if known.board == State.ACKNOWLEDGED:  # somebody pressed a button there: it holds here too
            self.limits.acknowledge(name, t_ms)
            known.host = self.limits.state(name)
        elif known.board == State.ACTIVE and known.shown == State.ACKNOWLEDGED and name in self._acknowledged:
            known.board = State.ACKNOWLEDGED
        if known.board in (State.ACTIVE, State.ACKNOWLEDGED) and known.shown == State.CLEAR:
            known.value, known.limit = alarm.value, alarm.limit
            known.priority, known.judge = name_of(Priority, alarm.priority), "board"
        elif known.board == State.CLEAR and alarm.value is not None:
            known.value = alarm.value
        return self._settle(name, t_ms, alarm.t_ms)

    def board_restarted(self, t_ms: int) -> list[Happening]:
        """What the board had judged is gone with its memory."""
        found: list[Happening] = []
        for name, known in self._rules.items():
            known.board = State.CLEAR
            found += self._settle(name, t_ms)
        return found

    def condition(self, name: str, present: bool, t_ms: int, detail: str = "") -> list[Happening]:
        """Whether a technical condition is so."""
        return self._conditions(self.technical.set(name, present, t_ms, detail))

    def advance(self, t_ms: int) -> list[Happening]:
        """Lets time pass: delays run out at exactly their end."""
        return self._host(self.limits.advance(t_ms)) + self._conditions(self.technical.advance(t_ms))

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do, or None."""
        return min(
            (d for d in (self.limits.next_deadline(), self.technical.next_deadline()) if d is not None), default=None
        )

    def acknowledge(self, t_ms: int) -> tuple[list[Happening], list[int]]:
        """A person has seen everything that is active. Returns the events and the rules to acknowledge on the board."""
        found: list[Happening] = []
        tell: list[int] = []
        for name, known in self._rules.items():
            if known.shown != State.ACTIVE:
                continue
            self.limits.acknowledge(name, t_ms)
            known.host = self.limits.state(name)
            if known.board == State.ACTIVE:
                known.board = State.ACKNOWLEDGED
                tell.append(int(LIMIT_RULES[name].number))
            self._acknowledged.add(name)
            found += self._settle(name, t_ms)
        return found, tell

    def is_acknowledged(self, alarm: Alarm) -> bool:
        """Whether the board calls active what a person has acknowledged here, and so must be told again."""
        name = _RULE_OF_NUMBER.get(alarm.rule)
        return name in self._acknowledged and alarm.state == AlarmState.ACTIVE

    # ------------------------------------------------------------ what is so

    def shown(self) -> tuple[AlarmShown, ...]:
        """Every raised alarm, the worst and then the newest first."""
        found = [
            AlarmShown(
                name,
                "physiological",
                known.priority,
                "active" if known.shown == State.ACTIVE else "acknowledged",
                _sentence(name),
                known.since_ms,
                known.value,
                known.limit,
                known.judge,
            )
            for name, known in self._rules.items()
            if known.shown in (State.ACTIVE, State.ACKNOWLEDGED)
        ]
        for name, (since_ms, detail) in self._technical.items():
            rule = TECHNICAL_RULES[name]
            found.append(
                AlarmShown(name, "technical", rule.priority, "active", rule.text, since_ms, None, None, detail)
            )
        return tuple(sorted(found, key=lambda a: (_ORDER[a.priority], a.kind, a.state != "active", -a.since_ms)))

    # ------------------------------------------------------------ inside

    def _host(self, changes: Iterable[Change]) -> list[Happening]:
        found: list[Happening] = []
        for change in changes:
            known = self._rules[change.rule]
            known.host = change.state
            value = None if change.value_x10 is None else change.value_x10 / 10
            if change.state == State.ACTIVE and known.shown == State.CLEAR:
                known.limit, known.priority, known.judge = change.limit_x10 / 10, change.priority, "host"
            if value is not None and (known.shown == State.CLEAR or change.state == State.CLEAR):
                known.value = value
            found += self._settle(change.rule, change.t_ms)
        return found

    def _settle(self, name: str, t_ms: int, device_ms: int | None = None) -> list[Happening]:
        known = self._rules[name]
        state = known.together()
        if state == known.shown:
            return []
        before, known.shown = known.shown, state
        if before == State.CLEAR:
            known.since_ms = t_ms
        if state != State.ACKNOWLEDGED:
            self._acknowledged.discard(name)
        word = {State.CLEAR: "cleared", State.ACTIVE: "raised", State.ACKNOWLEDGED: "acknowledged"}[state]
        return [
            self._happening(
                t_ms,
                "physiological",
                name,
                word,
                priority=known.priority,
                value=known.value,
                limit=known.limit,
                detail=f"judged by the {known.judge}" if word == "raised" else "",
                device_ms=device_ms,
            )
        ]

    def _conditions(self, changes: Iterable[TechnicalChange]) -> list[Happening]:
        found = []
        for change in changes:
            rule = change.rule
            if change.raised:
                self._technical[rule.name] = (change.t_ms, change.detail)
            else:
                self._technical.pop(rule.name, None)
            word = "raised" if change.raised else "cleared"
            detail = change.detail if change.raised else ""
            found.append(
                self._happening(change.t_ms, "technical", rule.name, word, priority=rule.priority, detail=detail)
            )
        return found

    def _happening(
        self,
        t_ms: int,
        kind: str,
        name: str,
        state: str,
        *,
        priority: str = "",
        value: float | None = None,
        limit: float | None = None,
        detail: str = "",
        device_ms: int | None = None,
    ) -> Happening:
        utc_ms = t_ms + self._utc_offset_ms
        return Happening(t_ms, utc_ms, kind, name, state, priority, value, limit, detail, device_ms)


def _sentence(name: str) -> str:
    rule = LIMIT_RULES[name]
    what = {"spo2_pct": "SpO2", "pulse_bpm": "Pulse", "sbp_mmhg": "Systolic", "dbp_mmhg": "Diastolic"}[rule.field]
    side = "low" if rule.low else "high"
    return f"{what} {side}"
