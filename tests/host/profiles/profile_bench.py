# SPDX-License-Identifier: Apache-2.0
"""A profile at a bed without a board: values and people in, what the session's engines say out. Times are in s."""

from __future__ import annotations

from typing import Any

from vitalwire.session.course.course import Course
from vitalwire.session.course.cuff_plan import CuffPlan
from vitalwire.session.facts import Fact, Happening, Vitals
from vitalwire.session.journal import Journal
from vitalwire.session.profile import Profile
from vitalwire.session.watch import Watch

ANSWERS = {"cuff_arm": "left", "iv_arm": "none", "probe_limb": "right", "cuff_size": "adult", "oxygen": "room_air"}
WHY = "for the test"
Said = list[tuple[float, str, str, str]]


class AlarmBench:
    """The limits of a profile; `said` is (s, rule, state, priority) of every event."""

    def __init__(self, profile: Profile) -> None:
        self.watch = Watch(profile.limits, 0, profile)
        self.said: Said = []

    def take(self, facts: list[Happening]) -> None:
        self.said += [(fact.t_ms / 1000, fact.name, fact.state, fact.priority) for fact in facts]

    def value(self, field: str, value: float | None, t_s: float) -> None:
        t_ms = round(t_s * 1000)
        self.take(self.watch.advance(t_ms))
        self.take(self.watch.reading(field, value, t_ms))

    def hold(self, field: str, value: float, from_s: float, to_s: float) -> None:
        """The same value every second, from the first moment up to the last."""
        t_s = from_s
        while t_s <= to_s:
            self.value(field, value, t_s)
            t_s += 1

    def pass_to(self, t_s: float) -> None:
        self.take(self.watch.advance(round(t_s * 1000)))


class CourseBench:
    """The course of a session under a profile; `events` is (s, kind, name, state) of every event."""

    def __init__(self, profile: Profile) -> None:
        self.journal = Journal(0)
        self.course = Course(profile, self.journal, "P1", "AM")
        self.t_s = 0.0
        self.events: Said = []
        self.details: list[str] = []
        self.cuffs: list[float] = []
        """When a reading of the cuff was asked for."""
        self._take(self.course.begin(0))

    def _take(self, facts: list[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, Happening):
                self.events.append((fact.t_ms / 1000, fact.kind, fact.name, fact.state))
                self.details.append(fact.detail)
        for want in self.course.wants:
            if want[0] == "cuff":
                self.cuffs.append(self.t_s)
        self.course.wants.clear()

    def pass_to(self, t_s: float) -> None:
        """Time goes by, every deadline at its own moment."""
        while (due_ms := self.course.next_deadline()) is not None and due_ms <= t_s * 1000:
            self.t_s = due_ms / 1000
            self._take(self.course.advance(due_ms))
        self.t_s = t_s

    def cuff(self, sbp_mmhg: float, dbp_mmhg: float, t_s: float) -> None:
        self.pass_to(t_s)
        self._row(Vitals(self._t_ms, self._t_ms, "cuff", sbp_mmhg=sbp_mmhg, dbp_mmhg=dbp_mmhg))

    def oximeter(self, spo2_pct: float | None, pulse_bpm: float | None, t_s: float) -> None:
        self.pass_to(t_s)
        self._row(Vitals(self._t_ms, self._t_ms, "oximeter", spo2_pct=spo2_pct, pulse_bpm=pulse_bpm))

    def steady(
        self, from_s: float, to_s: float, spo2_pct: float = 97, pulse_bpm: float = 70, step_s: float = 1
    ) -> None:
        """The same reading of the oximeter every `step_s`."""
        t_s = from_s
        while t_s <= to_s:
            self.oximeter(spo2_pct, pulse_bpm, t_s)
            t_s += step_s

    def act(self, name: str, /, **values: Any) -> str:
        """What somebody does now; the state of the last event that came of it."""
        before = len(self.events)
        self._take(self.course.action(name, self._t_ms, {"by": "AM", **values}) or [])
        return self.events[-1][3] if len(self.events) > before else ""

    def go(self, phase: str) -> None:
        """To a phase, whatever speaks against it."""
        if self.course.phases.name != phase:
            self.act("phase", to=phase, why=WHY)

    def said(self, kind: str, *states: str) -> list[tuple[float, str, str]]:
        """(s, name, state) of the events of a kind."""
        return [(t, name, state) for t, k, name, state in self.events if k == kind and (not states or state in states)]

    @property
    def _t_ms(self) -> int:
        return round(self.t_s * 1000)

    def _row(self, row: Vitals) -> None:
        self._take(self.course.vitals(row))


def in_phase(profile: Profile, phase: str) -> CourseBench:
    """A bed that has just come to `phase`; where that is after the dose, the dose was given at 0 s."""
    bench = CourseBench(profile)
    if phase not in ("check_in", "baseline"):
        bench.act("dose", text="test", why=WHY)
    before = len(bench.events)
    bench.course.cuff = CuffPlan()  # what was read on the way here does not count
    bench.cuffs.clear()
    if phase != bench.course.phases.name:
        bench.act("phase", to=phase, why=WHY)
    elif phase not in ("check_in", "baseline"):
        bench._take(bench.course.enter(phase, 0, "AM", WHY))
        before = len(bench.events)
    entered = next((at for at, event in enumerate(bench.events) if event[1:] == ("phase", phase, "entered")), before)
    del bench.events[:entered], bench.details[:entered]
    return bench
