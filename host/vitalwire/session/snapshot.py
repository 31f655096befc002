# SPDX-License-Identifier: Apache-2.0
"""What a screen may show at one moment: immutable, complete, and free of any number that is not current."""

from __future__ import annotations

from dataclasses import dataclass

from ..alarms.rules import Limit
from .course_shown import CourseShown
from .wave import Batch


@dataclass(frozen=True, slots=True)
class AlarmShown:
    """One alarm that is raised. `kind` is `physiological` or `technical`, `state` is `active` or `acknowledged`."""

    name: str
    kind: str
    priority: str
    state: str
    text: str
    since_ms: int
    value: float | None = None
    limit: float | None = None
    detail: str = ""
    source: str = ""
    """Where the limit comes from."""
    latched: bool = False
    """What raised it is over; it stays until a person acknowledges it."""
    escalated: bool = False
    """Nobody answered in time, and it was raised to a higher priority."""


@dataclass(frozen=True, slots=True)
class AudioShown:
    """The states that silence. `state` is `on`, `paused` (until `until_t_ms`) or `off`. `alarms_off` are rules that are
    switched off for this session, each with its reason and by whom."""

    state: str = "on"
    until_t_ms: int | None = None
    reason: str = ""
    by: str = ""
    alarms_off: tuple[tuple[str, str, str], ...] = ()
    """(rule, reason, by)."""


@dataclass(frozen=True, slots=True)
class OximetryShown:
    """The latest reading of the oximeter, while it is current. Reasons are words of the protocol."""

    t_ms: int
    spo2_pct: float | None
    pulse_bpm: float | None
    perfusion_pct: float | None
    quality: int | None
    spo2_reason: str
    pulse_reason: str
    perfusion_reason: str = "ok"


@dataclass(frozen=True, slots=True)
class CuffShown:
    """The latest result of the cuff, good or not; it is a point in time and always shown with its age."""

    t_ms: int
    utc_ms: int
    sbp_mmhg: float | None
    map_mmhg: float | None
    dbp_mmhg: float | None
    pulse_bpm: float | None
    quality: int | None
    outcome: str
    doubts: tuple[str, ...] = ()
    """What lowered the quality, in words of the protocol."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session at `t_ms`. Times are on the session's monotonic clock, ages are differences to `t_ms`."""

    t_ms: int
    utc_ms: int
    started_t_ms: int
    board: str
    """Serial number, or empty before the board has said who it is."""
    bed: str
    firmware: str
    simulated: bool
    unsigned: bool
    link: str
    """`connecting`, `up`, `silent` or `down`."""
    link_detail: str
    guard: str
    """What the board does by itself: `guarding`, `preparing`, `ending`, `not guarding`."""
    oximetry: OximetryShown | None
    """None where there is no current reading: nothing is repeated."""
    cuff: CuffShown | None
    cuff_phase: str
    cuff_pressure_mmhg: float | None
    next_cuff_t_ms: int | None
    every_s: int | None
    ends_t_ms: int | None
    alarms: tuple[AlarmShown, ...]
    """The worst first."""
    audio_paused: bool
    not_recorded: str
    """Why nothing is recorded at present, or empty."""
    notices: tuple[str, ...]
    """The latest last."""
    frames_lost: int
    finished: bool
    uncalibrated: bool = False
    calibration_overdue: str = ""
    """Which calibrations are overdue since when; empty where none is, or none is known."""
    audio: AudioShown = AudioShown()
    limits: tuple[Limit, ...] = ()
    """The absolute limits in force, each with its source."""
    wave: tuple[Batch, ...] = ()
    """The last seconds of the pleth wave."""
    course: CourseShown | None = None
    """None where the session runs under no profile with phases."""
    profile: str = ""
    """Name and version of the profile that the limits are from, and whether it is signed; empty without one."""

    @property
    def elapsed_s(self) -> float:
        return (self.t_ms - self.started_t_ms) / 1000


def profile_words(profile: dict[str, str]) -> str:
    """`NAME VERSION signed`: a profile as a session's record keeps it, in a few words; empty where there is none."""
    if not profile:
        return ""
    signed = "CHANGED SINCE SIGNED" if profile.get("state") == "changed" else str(profile.get("state"))
    return " ".join(word for word in (profile.get("name"), profile.get("version"), signed) if word)
