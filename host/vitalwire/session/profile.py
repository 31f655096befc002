# SPDX-License-Identifier: Apache-2.0
"""A session's profile: what a clinic has decided about one kind of session, as immutable values.

`profile_read` makes one from TOML, `profile_sign` says what it amounts to and who signed it. Nothing here judges a
patient: it is what the session's engine judges by. Every number names its unit, and every rule its sources. A
comparison is strict where the name says *above* or *below*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..alarms.rules import Limit

PHASES: Final = ("check_in", "baseline", "dosing", "monitoring", "recovery", "discharge")
"""The phases a session goes through, in this order; a profile may leave some out."""
ROUTES: Final = ("iv", "im", "sublingual", "nasal", "any")
SETTINGS: Final = ("clinic", "home")
PRIORITIES: Final = ("low", "medium", "high")

DEVICE_ITEMS: Final = ("blood_pressure", "spo2", "pulse")
"""What the board can measure; a person may enter these by hand too."""
PERSON_ITEMS: Final = ("breathing_rate", "sedation", "dissociation")
"""What only a person can observe."""
ITEMS: Final = DEVICE_ITEMS + PERSON_ITEMS

FIELDS: Final = {"sbp_mmhg": "mmHg", "dbp_mmhg": "mmHg", "pulse_bpm": "/min", "spo2_pct": "%"}
"""Measured values that a check can look at, with their units; the names are those of `vitals.csv`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers come from. A text with "(check)" in it was not read in a primary document."""

    id: str
    text: str

    @property
    def read_first_hand(self) -> bool:
        return "(check)" not in self.text


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that must be observed in a phase; exactly one of `every_s`, `at_s`, `once`, `continuous` says when.

    `item` is one of `ITEMS`. `at_s` are seconds since `since`: `phase` (its begin) or `dose` (the first one). What is
    not there `late_s` after it fell due is missed; of something continuous, `late_s` is the longest interruption.
    `by` is `device` (a person's entry counts too) or `person`.
    """

    item: str
    by: str
    late_s: int
    sources: tuple[str, ...]
    every_s: int | None = None
    at_s: tuple[int, ...] = ()
    once: bool = False
    continuous: bool = False
    since: str = "phase"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. `cuff_every_s` is the interval of readings that start by themselves; None: none do.

    Before `least_s` the phase is not to be left without a reason; after `most_s` the program reminds. None: no bound.
    """

    name: str
    text: str
    cuff_every_s: int | None
    sources: tuple[str, ...]
    observations: tuple[Observation, ...] = ()
    least_s: int | None = None
    most_s: int | None = None


@dataclass(frozen=True, slots=True)
class BaselineRule:
    """When a baseline is good: so many cuff readings, at least `apart_s` from one to the next, whose systolic and
    diastolic pressures each differ by at most `agree_within_mmhg`, and an oximeter whose SpO2 and pulse stayed within
    the given spans for `steady_s`."""

    cuff_readings: int
    apart_s: int
    agree_within_mmhg: float
    steady_s: int
    spo2_within_points: float
    pulse_within_bpm: float
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelativeRule:
    """What a relative limit of this name is about: a measured field, the direction, the unit of an absolute change."""

    name: str
    field: str
    rise: bool
    key: str
    """How a file gives a change in the field's own unit; `by_percent` is the other way."""
    most: float
    """The largest change in that unit that makes sense."""


RELATIVE_RULES: Final[dict[str, RelativeRule]] = {
    rule.name: rule
    for rule in (
        RelativeRule("sbp_rise", "sbp_mmhg", True, "by_mmhg", 120),
        RelativeRule("sbp_fall", "sbp_mmhg", False, "by_mmhg", 120),
        RelativeRule("dbp_rise", "dbp_mmhg", True, "by_mmhg", 80),
        RelativeRule("dbp_fall", "dbp_mmhg", False, "by_mmhg", 80),
        RelativeRule("pulse_rise", "pulse_bpm", True, "by_bpm", 120),
        RelativeRule("pulse_fall", "pulse_bpm", False, "by_bpm", 100),
        RelativeRule("spo2_fall", "spo2_pct", False, "by_points", 20),
    )
}


@dataclass(frozen=True, slots=True)
class RelativeLimit:
    """A limit on the distance from this patient's baseline. Exactly one of `by_unit` (in the unit of the field) and
    `by_percent` (of the baseline) is not None; a change of exactly that is passed already. `hysteresis` is in the
    field's unit. `phases` are those in which it is judged."""

    rule: str
    by_unit: float | None
    by_percent: float | None
    hysteresis: float
    delay_s: float
    priority: str
    phases: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """A worse limit on the same value that alarms at once, whatever the delay of `rule` is."""

    rule: str
    threshold: float
    priority: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaturationIndex:
    """An alarm when depth below the limit `spo2_low` times duration reaches this many percent-seconds."""

    threshold_pct_s: float
    priority: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlarmConduct:
    """How alarms behave: which rules latch (stay until acknowledged), how long a paused sound stays paused, how often a
    silenced state is brought back to mind, and when an alarm that nobody answers escalates."""

    latching: tuple[str, ...]
    audio_pause_s: int
    remind_s: int
    escalate_s: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldLimit:
    """A reading past one of its values asks for `advice`: `hold` (no dose, and none goes on, until a person decides) or
    `stop` (end what is being given).

    Of a cuff value, `confirm_after_s` is how long after the first reading a second one must say the same; None: one
    reading is enough. Of an oximeter value, `lasting_s` is how long it must last. Values that are None do not count.
    """

    id: str
    text: str
    advice: str
    phases: tuple[str, ...]
    sources: tuple[str, ...]
    sbp_above_mmhg: float | None = None
    dbp_above_mmhg: float | None = None
    pulse_above_bpm: float | None = None
    spo2_below_pct: float | None = None
    confirm_after_s: int | None = None
    lasting_s: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A check that a person answers; yes is good."""

    id: str
    text: str
    advice: str
    sources: tuple[str, ...]
    kind: str = "question"


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """A check that this patient's baseline is complete (`BaselineRule`)."""

    id: str
    text: str
    advice: str
    sources: tuple[str, ...]
    kind: str = "baseline"


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """A check that the latest value of `field`, not older than `not_older_s`, is within bounds; None: no such bound.
    `on_room_air`: a value taken with oxygen does not pass."""

    id: str
    text: str
    advice: str
    sources: tuple[str, ...]
    field: str
    not_older_s: int
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    on_room_air: bool = False
    kind: str = "value"


@dataclass(frozen=True, slots=True)
class NearBaselineCheck:
    """A check that the latest values of `fields`, not older than `not_older_s`, are within `within_percent` of this
    patient's baseline."""

    id: str
    text: str
    advice: str
    sources: tuple[str, ...]
    fields: tuple[str, ...]
    within_percent: float
    not_older_s: int
    kind: str = "near_baseline"


@dataclass(frozen=True, slots=True)
class TimeCheck:
    """A check that at least `least_s` have passed since `since`: `dose` (the first one) or `dosing_end` (the phase)."""

    id: str
    text: str
    advice: str
    sources: tuple[str, ...]
    least_s: int
    since: str
    kind: str = "time"


Check = Question | BaselineCheck | ValueCheck | NearBaselineCheck | TimeCheck
"""None of them is a lock: a person decides, and against a check with a reason."""


@dataclass(frozen=True, slots=True)
class SideEffects:
    """What can be marked with one key: names and degrees, mildest first."""

    names: tuple[str, ...]
    severities: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The usual series of a patient: so many sessions within so many weeks; hours until the follow-up."""

    sessions: int
    weeks_least: int
    weeks_most: int
    follow_up_least_h: int
    follow_up_most_h: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """Who signed, when, what (`content`, the hash of the profile then), and a seal over the three."""

    by: str
    utc: datetime
    content: str
    seal: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that a profile says. A limits file is one with nothing but `limits` (`only_limits`)."""

    name: str
    title: str
    version: str
    about: str
    route: str
    setting: str
    limits: tuple[Limit, ...]
    """The absolute limits, which the board holds too."""
    sources: tuple[Source, ...] = ()
    phases: tuple[Phase, ...] = ()
    baseline: BaselineRule | None = None
    relative: tuple[RelativeLimit, ...] = ()
    overrides: tuple[Override, ...] = ()
    saturation_index: SaturationIndex | None = None
    conduct: AlarmConduct | None = None
    holds: tuple[HoldLimit, ...] = ()
    before_dose: tuple[Check, ...] = ()
    before_leaving: tuple[Check, ...] = ()
    side_effects: SideEffects | None = None
    series: Series | None = None
    approval: Approval | None = None

    @property
    def only_limits(self) -> bool:
        return not self.name

    def phase(self, name: str) -> Phase | None:
        """The phase of that name, or None where the profile has none."""
        return next((phase for phase in self.phases if phase.name == name), None)

    @property
    def watch_cuff_every_s(self) -> int | None:
        """The shortest interval of the phases from the dose to the recovery, for whoever runs no phases; None: there no
        readings start by themselves."""
        watched = (phase for phase in self.phases if phase.name in ("dosing", "monitoring", "recovery"))
        return min((phase.cuff_every_s for phase in watched if phase.cuff_every_s is not None), default=None)

    @property
    def unread_sources(self) -> tuple[Source, ...]:
        """Those that nobody read in a primary document."""
        return tuple(source for source in self.sources if not source.read_first_hand)
