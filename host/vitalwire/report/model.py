# SPDX-License-Identifier: Apache-2.0
"""A session as its report tells it: immutable, built from the facts that the record's capture gives and nothing else.

Times are ms since the session's start; `Report.local` turns one into a person's local time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from ..record.episodes import Episode, episodes
from ..record.times import local_text, span_text
from ..session.facts import AlarmEvidence, Fact, Happening, Vitals
from ..session.inputs import Setup

COLUMNS: Final = ("spo2_pct", "pulse_bpm", "sbp_mmhg", "dbp_mmhg", "map_mmhg")


@dataclass(frozen=True)
class Stay:
    """One stay in a phase; `end_ms` is None where it was the last."""

    name: str
    begin_ms: int
    end_ms: int | None
    by: str
    why: str


@dataclass(frozen=True)
class Mark:
    """A dose, note, side effect or entry by hand; `corrected` where a later one replaces it."""

    kind: str
    t_ms: int
    text: str
    by: str
    number: int
    corrected: bool = False


@dataclass(frozen=True)
class Check:
    """How a check stood last, with the values that decided it."""

    id: str
    t_ms: int
    state: str
    values: str
    by: str


@dataclass(frozen=True)
class Observed:
    """One required observation: `state` is `done`, `missed`, `interrupted` or `resumed`."""

    item: str
    t_ms: int
    state: str
    detail: str


@dataclass(frozen=True)
class Gap:
    """No readings between two moments, and why."""

    begin_ms: int
    end_ms: int | None
    why: str


@dataclass(frozen=True)
class Report:
    """Everything that the pages say."""

    setup: Setup
    board: str
    firmware: str
    marks_words: tuple[str, ...]
    duration_ms: int
    ended: str
    vitals: tuple[Vitals, ...]
    stays: tuple[Stay, ...]
    baseline: str
    marks: tuple[Mark, ...]
    checks: tuple[Check, ...]
    observations: tuple[Observed, ...]
    holds: tuple[Happening, ...]
    alarms: tuple[Episode, ...]
    technical: tuple[Episode, ...]
    evidence: tuple[AlarmEvidence, ...]
    silences: tuple[Happening, ...]
    refusals: tuple[Happening, ...]
    gaps: tuple[Gap, ...]
    discharge: tuple[Happening, ...]
    calibration: str = ""
    """Which calibrations were overdue, in words; empty where none was, or none is known."""
    proof: tuple[tuple[str, str], ...] = ()
    """What `verify` says: (what, how it is)."""

    def since(self, t_ms: int) -> int:
        """ms since the start, of a time on the session's clock."""
        return t_ms - self.setup.started_t_ms

    def local(self, since_ms: int) -> str:
        """Local time with its zone."""
        return local_text(self.setup.started_utc_ms + since_ms, "%H:%M:%S %Z")

    @property
    def date(self) -> str:
        """The local day and time of the start."""
        return local_text(self.setup.started_utc_ms, "%Y-%m-%d %H:%M %Z")

    @property
    def dose_ms(self) -> int | None:
        """When the first dose was given."""
        return next((mark.t_ms for mark in self.marks if mark.kind == "dose"), None)

    @property
    def pressures(self) -> tuple[Vitals, ...]:
        """Readings of the cuff and those taken by hand, with or without a value."""
        wanted = ("cuff", "manual")
        return tuple(v for v in self.vitals if v.source in wanted and (v.sbp_mmhg is not None or v.source == "cuff"))

    def when(self, since_ms: int) -> str:
        """`0:12:05 (10:12:05 UTC)`, and the minutes since the dose where there was one."""
        dose_ms = self.dose_ms
        after = "" if dose_ms is None or since_ms < dose_ms else f", dose +{(since_ms - dose_ms) / 60_000:.0f} min"
        return f"{span_text(since_ms)} ({self.local(since_ms)}{after})"


@dataclass
class _Builder:
    """Takes the facts in their order."""

    setup: Setup
    vitals: list[Vitals] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    baseline: str = ""
    marks: list[Mark] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    observations: list[Observed] = field(default_factory=list)
    lists: dict[str, list[Happening]] = field(default_factory=dict)
    evidence: list[AlarmEvidence] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    ended: str = ""
    last_ms: int = 0

    def take(self, fact: Fact) -> None:
        if isinstance(fact, Vitals):
            self._vitals(fact)
        elif isinstance(fact, AlarmEvidence):
            self.evidence.append(fact)
        elif isinstance(fact, Happening):
            self._happening(fact)

    def _since(self, t_ms: int) -> int:
        self.last_ms = max(self.last_ms, t_ms - self.setup.started_t_ms)
        return t_ms - self.setup.started_t_ms

    def _vitals(self, row: Vitals) -> None:
        since_ms = self._since(row.t_ms)
        if row.source != "gap":
            self.vitals.append(row)
            return
        reasons = dict(row.reasons)
        if reasons.get("gap") == "start":
            self.gaps.append(Gap(since_ms, None, reasons.get("link", "")))
        elif self.gaps and self.gaps[-1].end_ms is None:
            self.gaps[-1] = replace(self.gaps[-1], end_ms=since_ms)

    def _happening(self, fact: Happening) -> None:
        since_ms = self._since(fact.t_ms)
        kind, state = fact.kind, fact.state
        if kind == "phase" and state == "entered":
            self.stays.append(Stay(fact.name, since_ms, None, fact.by, fact.detail))
        elif kind == "phase" and state == "left" and self.stays:
            self.stays[-1] = replace(self.stays[-1], end_ms=since_ms)
        elif kind == "baseline" and state == "taken":
            self.baseline = f"{fact.detail}{f' (by {fact.by})' if fact.by else ''}"
        elif kind in ("dose", "note", "side_effect"):
            self._mark(fact, since_ms)
        elif kind == "manual":
            text = f"{fact.name.replace('_', ' ')} {fact.value:g}" if fact.value is not None else fact.name
            self.marks.append(Mark("manual", since_ms, text, fact.by, _numbered(fact.detail)[0]))
        elif kind == "check":
            self.checks[fact.name] = Check(fact.name, since_ms, state, fact.detail, fact.by)
        elif kind == "observation" and state != "due":
            self.observations.append(Observed(fact.name, since_ms, state, fact.detail))
        elif kind == "session" and state in ("ended", "ending"):
            self.ended = fact.detail or state
        if state == "refused":
            kind = "refused"
        self.lists.setdefault(kind, []).append(fact)

    def _mark(self, fact: Happening, since_ms: int) -> None:
        number, text = _numbered(fact.detail)
        if fact.kind == "side_effect" and fact.state != "corrected":
            text = f"{fact.name}, {fact.state}"
        if fact.state == "corrected":
            was = text.rpartition("(corrects ")[2].rstrip(")")
            for at, mark in enumerate(self.marks):
                if was.isdecimal() and mark.number == int(was):
                    self.marks[at] = replace(mark, corrected=True)
        self.marks.append(Mark(fact.kind, since_ms, text, fact.by, number))


def _numbered(detail: str) -> tuple[int, str]:
    """The number of a mark and its text: `#3 text`."""
    number, _, text = detail.partition(" ")
    return (int(number[1:]), text) if number[:1] == "#" and number[1:].isdecimal() else (0, detail)


def build(
    facts: Iterable[Fact], setup: Setup, board: str, firmware: str, uncalibrated: bool, proof: list[tuple[str, str]]
) -> Report:
    """The report of a record's facts. `proof` is what `verify` found."""
    builder = _Builder(setup)
    simulated = False
    for fact in facts:
        builder.take(fact)
        simulated = simulated or (isinstance(fact, Vitals) and "simulated" in fact.flags)
    lists = builder.lists
    aged = [one.detail for one in lists.get("board", ()) if (one.name, one.state) == ("calibration", "overdue")]
    words = (
        ("SIMULATED", simulated),
        ("UNSIGNED LIMITS", setup.unsigned),
        ("UNCALIBRATED", uncalibrated),
        ("CALIBRATION OVERDUE", bool(aged)),
    )

    def spans(kind: str) -> tuple[Episode, ...]:
        return tuple(episodes(lists.get(kind, []), setup.started_t_ms))

    return Report(
        setup=setup,
        board=board,
        firmware=firmware,
        marks_words=tuple(word for word, so in words if so),
        duration_ms=builder.last_ms,
        ended=builder.ended,
        vitals=tuple(builder.vitals),
        stays=tuple(builder.stays),
        baseline=builder.baseline,
        marks=tuple(builder.marks),
        checks=tuple(builder.checks.values()),
        observations=tuple(builder.observations),
        holds=tuple(lists.get("hold", ())),
        alarms=spans("physiological"),
        technical=spans("technical"),
        evidence=tuple(builder.evidence),
        silences=tuple(lists.get("audio", ())),
        refusals=tuple(lists.get("refused", ())),
        gaps=tuple(builder.gaps),
        discharge=tuple(lists.get("discharge", ())),
        calibration=aged[-1] if aged else "",
        proof=tuple(proof),
    )
