# SPDX-License-Identifier: Apache-2.0
"""Every alarm of a session in one place: the host's limits, the board's own, and the technical conditions.

The board judges the absolute limits by itself and so does the host, with the same rule ids and semantics. An alarm is
raised as soon as either says so, and cleared when neither does: the host guards while the board starts again, and
the board's verdict stands while its readings do not come through. What it last said holds until it says otherwise.
Limits relative to the baseline, and those of a phase, are the host's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vitalwire_protocol.codec import Alarm, AlarmCause, AlarmState, Priority, Rule, name_of

from ..alarms.conditions import TechnicalChange, TechnicalEngine
from ..alarms.delays import AVERAGING_S, TotalDelay, total_delay
from ..alarms.engine import RAISED, SOUNDING, Change, LimitEngine, State
from ..alarms.rules import ALL_RULES, LIMIT_RULES, TECHNICAL_RULES, Limit
from .alarm_rules import conduct_of, relative_limits
from .facts import Happening
from .profile import Profile
from .snapshot import AlarmShown

_ORDER = {"high": 0, "medium": 1, "low": 2, "none": 3}
_RULE_OF_NUMBER = {int(rule.number): name for name, rule in LIMIT_RULES.items()}
_PROBE = {int(Rule.NO_FINGER): "no_finger", int(Rule.NO_PULSE): "no_pulse"}
_CAUSES = {int(cause): cause.name.lower() for cause in AlarmCause if cause != AlarmCause.NONE}
_FIELDS = {"spo2_pct": "SpO2", "pulse_bpm": "Pulse", "sbp_mmhg": "Systolic", "dbp_mmhg": "Diastolic"}
_RANK = (State.ACTIVE, State.LATCHED, State.ACKNOWLEDGED)
_WORDS = {State.CLEAR: "cleared", State.ACKNOWLEDGED: "acknowledged", State.LATCHED: "latched"}
_RULES_OF_FIELD = {field: [n for n, r in ALL_RULES.items() if r.field == field] for field in _FIELDS}


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
    cause: str = ""

    def together(self) -> State:
        both = (self.host, self.board)
        return next((state for state in _RANK if state in both), State.CLEAR)


class Watch:
    """Feed it readings, conditions and the board's alarms; `happenings` of each call are the events to record.

    `utc_offset_ms` is UTC minus the session's monotonic clock, fixed for the session. `limits` are the absolute ones;
    `profile` adds how they behave and those relative to a baseline.
    """

    def __init__(self, limits: Iterable[Limit], utc_offset_ms: int, profile: Profile | None = None) -> None:
        self.absolute = tuple(limits)
        """The absolute limits in force: those of the session without what was switched off."""
        self._all = self.absolute
        self._profile = profile
        self._conduct = conduct_of(profile)
        self.limits = LimitEngine(self.absolute, self._conduct)
        self.technical = TechnicalEngine()
        self.averaging_s: float = AVERAGING_S
        """What the board's oximeter averages over, as it last said."""
        self.newest = False
        """Whether its last SpO2 came with that of its newest beats."""
        self._utc_offset_ms = utc_offset_ms
        self._rules = {name: _Raised() for name in ALL_RULES}
        self._in_force = {limit.rule: limit for limit in self.absolute}
        self._technical: dict[str, tuple[int, str]] = {}
        self._seen: set[str] = set()  # technical ones that a person has acknowledged
        self._sounding_there: set[str] = set()  # of the probe, on the board
        self._acknowledged: set[str] = set()
        self._off: set[str] = set()
        self._baseline: dict[str, float] = {}
        self._phase = ""

    # ------------------------------------------------------------ what is in force

    def set_baseline(self, values: Mapping[str, float] | None, t_ms: int) -> list[Happening]:
        """This patient's baseline, by fields of the vitals; None: there is none (any more)."""
        self._baseline = dict(values or {})
        return self._load(t_ms)

    def set_phase(self, name: str, t_ms: int) -> list[Happening]:
        """Limits relative to the baseline are judged in their phases only."""
        self._phase = name
        return self._load(t_ms)

    def switch(self, rule: str, off: bool, t_ms: int) -> list[Happening]:
        """Switches one limit off for this session, or on again. `absolute` is then what the board is to hold."""
        (self._off.add if off else self._off.discard)(rule)
        return self._load(t_ms)

    def limit(self, rule: str) -> Limit | None:
        """The limit of that name that is judged at present."""
        return self._in_force.get(rule)

    def delay_of(self, limit: Limit) -> TotalDelay:
        """From the event to the alarm, as the board measures now."""
        return total_delay(limit, self.averaging_s, self.newest)

    def _load(self, t_ms: int) -> list[Happening]:
        self.absolute = tuple(limit for limit in self._all if limit.rule not in self._off)
        relative = relative_limits(self._profile, self._baseline, self._phase)
        force = (*self.absolute, *(limit for limit in relative if limit.rule not in self._off))
        self._in_force = {limit.rule: limit for limit in force}
        return self._host(self.limits.load(force, t_ms, self._conduct))

    # ------------------------------------------------------------ inputs

    def reading(
        self, field: str, value: float | None, t_ms: int, newest: float | None = None, ago_ms: int | None = None
    ) -> list[Happening]:
        """A current value of one field of the vitals, or None where it was not measured; `newest` is that of the newest
        beats alone, which began `ago_ms` before, where the value is an average of many and the board says it."""
        tenths = None if value is None else round(value * 10)
        self.newest = self.newest if field != "spo2_pct" or value is None else newest is not None
        newest_tenths = None if newest is None else round(newest * 10)
        changes: list[Change] = []
        for name in _RULES_OF_FIELD[field]:
            if name in self._in_force:
                changes += self.limits.update(name, tenths, t_ms, newest_tenths, ago_ms or 0)
        return self._host(changes)

    def board_says(self, alarm: Alarm, t_ms: int) -> list[Happening]:
        """The board's verdict on one limit, made at `t_ms`."""
        if alarm.rule in _PROBE:
            return self._probe_says(_PROBE[alarm.rule], alarm, t_ms)
        name = _RULE_OF_NUMBER.get(alarm.rule)
        if name is None:
            what = name_of(Rule, alarm.rule)
            return [self._happening(t_ms, "board", "unknown_rule", "", detail=what, device_ms=alarm.t_ms)]
        known = self._rules[name]
        before, known.board = known.board, State(alarm.state) if alarm.state <= max(State) else State.CLEAR
        latched_there = before == State.LATCHED and known.board == State.CLEAR and known.host == State.LATCHED
        if known.board == State.ACKNOWLEDGED or latched_there:  # somebody did so there: it holds here too
            self.limits.acknowledge(name, t_ms)
            known.host = self.limits.state(name)
        elif known.shown == State.ACKNOWLEDGED and self.is_acknowledged(alarm):
            known.board = State.ACKNOWLEDGED
        priority, cause = name_of(Priority, alarm.priority), _CAUSES.get(alarm.cause or 0, "delay")
        grown = known.board in SOUNDING and _ORDER.get(priority, 3) < _ORDER[known.priority]
        if known.board in RAISED and known.shown == State.CLEAR:
            known.value, known.limit = alarm.value, alarm.limit
            known.priority, known.judge, known.cause = priority, "board", cause
        elif grown and known.host not in RAISED:  # where both judge, the host has said so itself
            known.limit, known.priority, known.cause = alarm.limit, priority, cause
            found = self._settle(name, t_ms, alarm.t_ms)
            word = "worse" if cause == "override" else "escalated"
            return found or [self._limit_event(name, known, word, t_ms, alarm.t_ms)]
        elif known.board == State.CLEAR and alarm.value is not None:
            known.value = alarm.value
        return self._settle(name, t_ms, alarm.t_ms)

    def _probe_says(self, name: str, alarm: Alarm, t_ms: int) -> list[Happening]:
        """The board judges the probe too, by the same readings; what is news here is that somebody has seen it."""
        (self._sounding_there.add if alarm.state == AlarmState.ACTIVE else self._sounding_there.discard)(name)
        if alarm.state != AlarmState.ACKNOWLEDGED or name not in self._technical or name in self._seen:
            return []
        self._seen.add(name)
        priority = TECHNICAL_RULES[name].priority
        return [self._happening(t_ms, "technical", name, "acknowledged", priority=priority, device_ms=alarm.t_ms)]

    def board_restarted(self, t_ms: int) -> list[Happening]:
        """What the board had judged is gone with its memory."""
        found: list[Happening] = []
        self._sounding_there.clear()
        for name, known in self._rules.items():
            known.board = State.CLEAR
            found += self._settle(name, t_ms)
        return found

    def condition(self, name: str, present: bool, t_ms: int, detail: str = "") -> list[Happening]:
        """Whether a technical condition is so."""
        changes = self.technical.set(name, present, t_ms, detail)
        return self._conditions(changes) if changes else []

    def advance(self, t_ms: int) -> list[Happening]:
        """Lets time pass: delays run out at exactly their end."""
        return self._host(self.limits.advance(t_ms)) + self._conditions(self.technical.advance(t_ms))

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do, or None."""
        return min(
            (d for d in (self.limits.next_deadline(), self.technical.next_deadline()) if d is not None), default=None
        )

    def acknowledge(self, t_ms: int, rule: str | None = None) -> tuple[list[Happening], list[int]]:
        """A person has seen what is active, all of it or one rule. Returns the events and the rules to acknowledge on
        the board."""
        found: list[Happening] = []
        tell: list[int] = []
        for name, known in self._rules.items():
            if known.shown not in (State.ACTIVE, State.LATCHED) or rule not in (None, name):
                continue
            self.limits.acknowledge(name, t_ms)
            known.host = self.limits.state(name)
            if known.board in (State.ACTIVE, State.LATCHED):
                known.board = State.ACKNOWLEDGED if known.board == State.ACTIVE else State.CLEAR
                tell.append(int(LIMIT_RULES[name].number))
            self._acknowledged.add(name)
            found += self._settle(name, t_ms)
        for name in self._technical:
            if name not in self._seen and rule in (None, name):
                self._seen.add(name)
                if name in self._sounding_there:
                    tell += [number for number, probe in _PROBE.items() if probe == name]
                priority = TECHNICAL_RULES[name].priority
                found.append(self._happening(t_ms, "technical", name, "acknowledged", priority=priority))
        return found, tell

    def is_acknowledged(self, alarm: Alarm) -> bool:
        """Whether the board calls active what a person has acknowledged here, and so must be told again."""
        name = _RULE_OF_NUMBER.get(alarm.rule)
        if alarm.state != AlarmState.ACTIVE or alarm.cause == AlarmCause.OVERRIDE:
            return False
        return name in self._acknowledged or _PROBE.get(alarm.rule) in self._seen

    # ------------------------------------------------------------ what is so

    def shown(self) -> tuple[AlarmShown, ...]:
        """Every raised alarm, the worst and then the newest first."""
        found = [self._alarm(name, known) for name, known in self._rules.items() if known.shown in RAISED]
        for name, (since_ms, detail) in self._technical.items():
            rule = TECHNICAL_RULES[name]
            state = "acknowledged" if name in self._seen else "active"
            found.append(AlarmShown(name, "technical", rule.priority, state, rule.text, since_ms, None, None, detail))
        return tuple(sorted(found, key=lambda a: (_ORDER[a.priority], a.kind, a.state != "active", -a.since_ms)))

    def _alarm(self, name: str, known: _Raised) -> AlarmShown:
        limit = self._in_force.get(name)
        return AlarmShown(
            name,
            "physiological",
            known.priority,
            "acknowledged" if known.shown == State.ACKNOWLEDGED else "active",
            sentence(name),
            known.since_ms,
            known.value,
            known.limit,
            known.judge,
            limit.source if limit else "",
            latched=known.shown == State.LATCHED,
            escalated=known.cause == "escalated",
        )

    # ------------------------------------------------------------ inside

    def _host(self, changes: Iterable[Change]) -> list[Happening]:
        found: list[Happening] = []
        for change in changes:
            known = self._rules[change.rule]
            known.host = change.state
            value = None if change.value_x10 is None else change.value_x10 / 10
            if change.state == State.ACTIVE and known.shown in (State.CLEAR, State.LATCHED):
                known.limit, known.priority, known.judge = change.limit_x10 / 10, change.priority, "host"
                known.cause = change.cause
            elif change.cause in ("override", "escalated") and known.shown in RAISED:
                found += self._worse(known, change, value)
                continue
            if value is not None and (known.shown == State.CLEAR or change.state in (State.CLEAR, State.LATCHED)):
                known.value = value
            found += self._settle(change.rule, change.t_ms)
        return found

    def _worse(self, known: _Raised, change: Change, value: float | None) -> list[Happening]:
        """An alarm that is there already: a worse limit was reached, or nobody answered it."""
        known.limit, known.priority, known.cause = change.limit_x10 / 10, change.priority, change.cause
        known.value = value if value is not None else known.value
        if change.cause == "override":
            known.shown = State.ACTIVE
            self._acknowledged.discard(change.rule)
        word = "worse" if change.cause == "override" else "escalated"
        return [self._limit_event(change.rule, known, word, change.t_ms)]

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
        return [self._limit_event(name, known, _WORDS.get(state, "raised"), t_ms, device_ms)]

    def _limit_event(self, name: str, known: _Raised, word: str, t_ms: int, device_ms: int | None = None) -> Happening:
        detail = ""
        if word in ("raised", "worse"):
            limit = self._in_force.get(name)
            total = f"; total delay {self.delay_of(limit)}" if limit and known.cause == "delay" else ""
            detail = f"judged by the {known.judge}; {known.cause}{total}"
        return self._happening(
            t_ms,
            "physiological",
            name,
            word,
            priority=known.priority,
            value=known.value,
            limit=known.limit,
            detail=detail,
            device_ms=device_ms,
        )

    def _conditions(self, changes: Iterable[TechnicalChange]) -> list[Happening]:
        found = []
        for change in changes:
            rule = change.rule
            if change.raised:
                self._technical[rule.name] = (change.t_ms, change.detail)
            else:
                self._technical.pop(rule.name, None)
                self._seen.discard(rule.name)
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


def sentence(name: str) -> str:
    """`SpO2 low`, `Systolic above baseline`: what a rule is about."""
    rule = ALL_RULES[name]
    if name in LIMIT_RULES:
        return f"{_FIELDS[rule.field]} {'low' if rule.low else 'high'}"
    return f"{_FIELDS[rule.field]} {'below' if rule.low else 'above'} baseline"
