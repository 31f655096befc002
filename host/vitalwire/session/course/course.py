# SPDX-License-Identifier: Apache-2.0
"""A session under a profile: what phase it is in, what is due, what people are asked, and what they decided.

Fed with rows of the vitals, what is known of the equipment, what people do, and the time. What it asks of the rest of
the session is in `wants`: ("cuff",), ("interval", seconds or None), ("phase", name), ("baseline", values),
("same_limb", bool), ("end", why). It advises and records; a person decides, and against it with a reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..course_shown import CourseShown
from ..facts import Fact, Vitals
from ..journal import Journal
from ..profile import Profile
from .actions import Actions
from .baseline import Baseline
from .checkin import CheckIn, Equipment
from .checks import Answer, Known, judge
from .cuff_plan import CuffPlan
from .dues import Due, Event
from .holds import Hold
from .marks import Marks
from .phases import Phases
from .values import Values

DUES_SHOWN: Final = 6
_PRESSURE: Final = "blood_pressure"


class Course:
    """The sans-I/O state of a session's course. Every method that takes a time returns the facts that it causes."""

    def __init__(
        self, profile: Profile, journal: Journal, patient: str, by: str, equipment: Callable[[], Equipment] = Equipment
    ) -> None:
        """`equipment` says what is known of the board whenever somebody looks."""
        self.profile, self.journal, self.patient, self.by = profile, journal, patient, by
        self.values = Values()
        self.baseline = Baseline(profile.baseline)
        self.checkin = CheckIn()
        self.marks = Marks()
        self.phases = Phases(profile)
        self.holds = [Hold(limit) for limit in profile.holds]
        self.answers: dict[str, Answer] = {}
        self._equipment = equipment
        self.wants: list[tuple[Any, ...]] = []
        self.flags: tuple[str, ...] = ()
        self.cuff = CuffPlan()
        self.first_dose_ms: int | None = None
        self.missed: list[Event] = []
        self._dues: list[Due] = []
        self._actions = Actions(self)

    # ------------------------------------------------------------ inputs

    def begin(self, t_ms: int) -> list[Fact]:
        """The first phase begins."""
        return self.enter(self.phases.names[0], t_ms, self.by, "the session begins")

    def action(self, name: str, t_ms: int, given: dict[str, Any]) -> list[Fact] | None:
        """What a person did; None where it is none of the course's actions."""
        return self._actions.perform(name, t_ms, given)

    def vitals(self, row: Vitals, by: str = "") -> list[Fact]:
        """A row that was measured now: of the oximeter, the cuff, or entered by hand."""
        values, t_ms = self.values, row.t_ms
        source = f"manual by {by}" if row.source == "manual" else row.source
        items = values.take(row, source)
        facts: list[Fact] = []
        if row.source == "cuff":
            self.wants += self.cuff.read(t_ms)
        if _PRESSURE in items:
            for hold in self._counting():
                hold.pressure(values.pressures[-1])
        if row.source != "cuff" and self.phases.name:
            for hold in self._counting():
                hold.oximetry(row.spo2_pct, row.pulse_bpm, t_ms)
        facts += self._hold_events(t_ms)
        if row.source != "oximeter" or any(due.interrupted or due.rule.once for due in self._dues):
            facts += self._observe(t_ms, items)
        if self._collecting and (_PRESSURE in items or len(values.pressures) >= 2):
            facts += self._look_for_baseline(t_ms)
        return facts

    def observed(self, item: str, t_ms: int, source: str) -> list[Fact]:
        """A person observed what no device measures."""
        self.values.observe(item, t_ms, source)
        return self._observe(t_ms, [item])

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do."""
        times = [due.next_deadline(self.values) for due in self._dues]
        times += [hold.due_ms() for hold in self._counting()]
        times += [self.phases.overdue_ms(), self.cuff.next_ms]
        return min((t for t in times if t is not None), default=None)

    def advance(self, t_ms: int) -> list[Fact]:
        """Lets time pass."""
        facts: list[Fact] = []
        self.wants += self.cuff.advance(t_ms)
        for due in self._dues:
            for event in due.advance(self.values, t_ms):
                facts.append(self._event(event))
                if event.state == "due" and event.item == _PRESSURE and due.rule.by == "device":
                    self.wants += self.cuff.wanted(t_ms)
        for hold in self._counting():
            if hold.advance(t_ms):
                self.wants += self.cuff.wanted(t_ms, again=True)
        facts += self._hold_events(t_ms)
        if self.phases.tell_overdue(t_ms):
            facts.append(self.note(t_ms, "phase", self.phases.name, "overdue", "", "it lasts longer than planned"))
            self.journal.say(f"phase {self.phases.name.replace('_', ' ')} lasts longer than planned")
        return facts

    # ------------------------------------------------------------ phases

    def enter(self, name: str, t_ms: int, by: str, why: str) -> list[Fact]:
        """Leaves the present phase, if there is one, and enters another."""
        facts: list[Fact] = []
        if self.phases.name:
            for due in self._dues:
                facts += [self._event(event) for event in due.leave(self.values, t_ms)]
            facts.append(self.note(t_ms, "phase", self.phases.name, "left", by, why))
        phase = self.phases.enter(name, t_ms)
        facts.append(self.note(t_ms, "phase", name, "entered", by, why))
        self._dues = [Due(rule, t_ms, self.first_dose_ms, self.values.last(rule.item)) for rule in phase.observations]
        for hold in self.holds:
            if name not in hold.limit.phases:
                hold.drop()
        facts += self._hold_events(t_ms)
        self.wants.append(("phase", name))
        self.wants += self.cuff.enter(phase.cuff_every_s, t_ms)
        return facts + self.advance(t_ms)

    def dose(self, t_ms: int) -> None:
        """The first dose: what counts from it begins to."""
        if self.first_dose_ms is None:
            self.first_dose_ms = t_ms
            for due in self._dues:
                due.dose(t_ms)

    def take_baseline(self, values: dict[str, float], t_ms: int, by: str, against: str = "") -> list[Fact]:
        """The baseline is these values from now on."""
        from .baseline import text_of

        baseline = self.baseline
        baseline.values, baseline.taken_by, baseline.against = dict(values), by, against
        self.wants.append(("baseline", dict(values)))
        said = text_of(values) + (f"; against: {against}" if against else "")
        if not against:
            said += f"; from {len(baseline.readings)} agreeing readings"
        self.journal.say(f"baseline {said}")
        return [self.note(t_ms, "baseline", "baseline", "taken", by, said)]

    @property
    def equipment(self) -> Equipment:
        """What is known of the board."""
        return self._equipment()

    def known(self, t_ms: int) -> Known:
        """What checks look at now."""
        return Known(self.values, self.baseline, self.first_dose_ms, self.phases.dosing_end_ms, t_ms)

    # ------------------------------------------------------------ what may be shown

    def shown(self, t_ms: int) -> CourseShown:
        """For the screen, and for the report of how it ended."""
        phases, known = self.phases, self.known(t_ms)
        dues = [found for due in self._dues if (found := due.shown(t_ms)) is not None]
        dues.sort(key=lambda due: (due.state == "coming", due.due_t_ms or 0))
        checks = [judge(check, known, self.answers.get(check.id)) for check in phases.checks_ahead()]
        effects = self.profile.side_effects
        return CourseShown(
            patient=self.patient,
            by=self.by,
            phase=phases.name,
            phase_text=phases.text,
            phase_since_ms=phases.since_ms,
            phases=phases.names,
            next_phase=phases.next,
            least_t_ms=phases.least_ms(),
            most_t_ms=phases.most_ms(),
            ready=self.checkin.ready(self.equipment),
            asks=self.checkin.asks(),
            baseline=self.baseline.shown(self._collecting),
            dues=tuple(dues[:DUES_SHOWN]),
            checks=tuple(checks),
            holds=tuple(shown for hold in self.holds if (shown := hold.shown()) is not None),
            first_dose_t_ms=self.first_dose_ms,
            marks=tuple(self.marks.all),
            side_effects=effects.names if effects else (),
            severities=effects.severities if effects else (),
        )

    # ------------------------------------------------------------ inside

    def note(self, t_ms: int, kind: str, name: str, state: str, by: str, detail: str = "", **more: Any) -> Fact:
        """An event of the course."""
        return self.journal.note(t_ms, kind, name, state, detail=detail, by=by, **more)

    @property
    def _collecting(self) -> bool:
        before = ("check_in", "baseline")
        return not self.baseline.taken and self.phases.name in before and self.profile.baseline is not None

    def _counting(self) -> list[Hold]:
        return [hold for hold in self.holds if self.phases.name in hold.limit.phases]

    def _observe(self, t_ms: int, items: list[str]) -> list[Fact]:
        found: list[Fact] = []
        for due in self._dues:
            if due.rule.item in items:
                found += [self._event(event) for event in due.advance(self.values, t_ms)]
        return found

    def _event(self, event: Event) -> Fact:
        if event.state == "missed":
            self.missed.append(event)
        if event.state in ("missed", "interrupted"):
            self.journal.say(f"{event.item.replace('_', ' ')} {event.state}: {event.detail}")
        return self.note(event.t_ms, "observation", event.item, event.state, "", event.detail)

    def _look_for_baseline(self, t_ms: int) -> list[Fact]:
        values = self.baseline.look(self.values)
        return [] if values is None else self.take_baseline(values, t_ms, "")

    def _hold_events(self, t_ms: int) -> list[Fact]:
        found: list[Fact] = []
        for hold in self.holds:
            for state, values in hold.events:
                limit = hold.limit
                said = f"{values}; {limit.text}"
                if state == "advised":
                    said += f": {limit.advice}"
                    self.journal.say(f"{limit.advice.upper()} advised: {limit.text} ({values}); a person decides")
                elif state == "confirming" and limit.confirm_after_s is not None:
                    self.journal.say(f"{limit.text}: confirming reading in {limit.confirm_after_s / 60:g} min")
                found.append(self.note(t_ms, "hold", limit.id, state, "", said))
            hold.events.clear()
        return found
