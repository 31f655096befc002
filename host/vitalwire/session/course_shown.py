# SPDX-License-Identifier: Apache-2.0
"""What may be shown of a session's course: its phase, what is due, what is to be asked, what was given. Immutable.

Times are on the session's monotonic clock. Texts are sentences for a person.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskShown:
    """Something that a person is to answer, now. `choices` are the values that `answer` takes, or empty for free text;
    `answer` is what was said, or None."""

    id: str
    text: str
    choices: tuple[str, ...] = ()
    answer: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class DueShown:
    """A required observation. `state` is `coming`, `due`, `missed`, or `interrupted` (of a continuous one).

    `due_t_ms` is when it falls due, `late_t_ms` when it counts as missed; None where it is continuous and goes on.
    """

    item: str
    text: str
    by: str
    state: str
    due_t_ms: int | None
    late_t_ms: int | None


@dataclass(frozen=True, slots=True)
class CheckShown:
    """A check before the dose or before leaving. `state` is `open`, `passed`, `failed` or `overridden`; `values` says
    what decided it; `by` and `why` are of the person who answered or overrode."""

    id: str
    text: str
    advice: str
    state: str
    question: bool
    values: str = ""
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class HoldShown:
    """Advice of a hold limit. `state` is `confirming` (a second reading is asked for at `confirm_t_ms`), `advised`, or
    `decided` (`decision`, `by`, `why`). `advice` is `hold` or `stop`."""

    id: str
    text: str
    advice: str
    state: str
    since_ms: int
    values: str
    confirm_t_ms: int | None = None
    decision: str = ""
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class BaselineShown:
    """`state` is `none`, `collecting`, `ready` (a person may take it) or `taken`. Values are None until there are any;
    `text` says what is missing or how it was made."""

    state: str
    text: str
    sbp_mmhg: float | None = None
    map_mmhg: float | None = None
    dbp_mmhg: float | None = None
    pulse_bpm: float | None = None
    spo2_pct: float | None = None


@dataclass(frozen=True, slots=True)
class MarkShown:
    """Something marked in time: `kind` is `dose`, `note`, `side_effect` or `manual`. `number` is what a correction
    refers to; `corrected` says that a later mark replaces this one's text."""

    number: int
    kind: str
    t_ms: int
    text: str
    by: str
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class CourseShown:
    """How a session under a profile stands. `phases` are the profile's, in order; `least_t_ms` and `most_t_ms` bound
    the present phase (None: no bound)."""

    patient: str
    by: str
    """The person at the screen, who does what is done unless somebody else is named."""
    phase: str
    phase_text: str
    phase_since_ms: int
    phases: tuple[str, ...]
    next_phase: str | None
    least_t_ms: int | None
    most_t_ms: int | None
    ready: tuple[CheckShown, ...]
    """The ready-check: link, probe, buzzer heard, calibration, supply."""
    asks: tuple[AskShown, ...]
    baseline: BaselineShown
    dues: tuple[DueShown, ...]
    """The most urgent first; what is missed and what is due before what is coming."""
    checks: tuple[CheckShown, ...]
    """Those that stand before the next step: before the dose, or before leaving."""
    holds: tuple[HoldShown, ...]
    first_dose_t_ms: int | None
    marks: tuple[MarkShown, ...]
    side_effects: tuple[str, ...]
    """The names that can be marked; `severities` the degrees."""
    severities: tuple[str, ...]
