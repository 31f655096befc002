# SPDX-License-Identifier: Apache-2.0
"""Which alarms there are, as data: the limits a measured value can pass, and the technical conditions.

The ids of the limits are those of the protocol (`Rule`), so the board and the host mean the same thing by one name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from vitalwire_protocol.codec import Rule


@dataclass(frozen=True)
class Limit:
    """One limit on one measured value, in the unit of the value; `delay_s` is how long it must be passed."""

    rule: str
    threshold: float
    hysteresis: float
    delay_s: float
    priority: str
    source: str

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "threshold": self.threshold,
            "hysteresis": self.hysteresis,
            "delay_s": self.delay_s,
            "priority": self.priority,
            "source": self.source,
        }


@dataclass(frozen=True)
class LimitRule:
    """What a limit of this name is about: its field of `vitals.csv`, its side, its unit and the values that make sense.

    `low` is True where a value below the threshold violates. `floor`..`ceiling` are the thresholds a file may set.
    """

    name: str
    number: int
    field: str
    low: bool
    unit: str
    floor: float
    ceiling: float
    source: str
    """Whose readings it judges: `oximeter` or `cuff`."""
    inclusive: bool = False
    """Whether a value at the threshold violates too."""


@dataclass(frozen=True)
class Conduct:
    """How limits behave beyond threshold, delay and hysteresis.

    `overrides`: for a rule, a worse threshold that does not wait for the delay, and its priority.
    `index_pct_s`: `spo2_low` alarms, whatever its delay, when depth below its threshold times duration has reached this
    many percent-seconds, with `index_priority`; None: no such index. `latching`: rules whose alarm stays until a person
    acknowledges it. `escalate_s`: an alarm that nobody has acknowledged for so long gets one priority higher; 0: never.
    """

    overrides: tuple[tuple[str, float, str], ...] = ()
    index_pct_s: float | None = None
    index_priority: str = "high"
    latching: frozenset[str] = frozenset()
    escalate_s: int = 0


LIMIT_RULES: Final[dict[str, LimitRule]] = {
    rule.name: rule
    for rule in (
        LimitRule("spo2_low", Rule.SPO2_LOW, "spo2_pct", True, "%", 50, 100, "oximeter"),
        LimitRule("pulse_low", Rule.PULSE_LOW, "pulse_bpm", True, "/min", 20, 120, "oximeter"),
        LimitRule("pulse_high", Rule.PULSE_HIGH, "pulse_bpm", False, "/min", 60, 250, "oximeter"),
        LimitRule("sbp_low", Rule.SBP_LOW, "sbp_mmhg", True, "mmHg", 40, 160, "cuff"),
        LimitRule("sbp_high", Rule.SBP_HIGH, "sbp_mmhg", False, "mmHg", 80, 260, "cuff"),
        LimitRule("dbp_low", Rule.DBP_LOW, "dbp_mmhg", True, "mmHg", 20, 120, "cuff"),
        LimitRule("dbp_high", Rule.DBP_HIGH, "dbp_mmhg", False, "mmHg", 50, 200, "cuff"),
    )
}

RELATIVE_RULES: Final[dict[str, LimitRule]] = {
    rule.name: rule
    for rule in (
        LimitRule("sbp_rise", 100, "sbp_mmhg", False, "mmHg", 1, 400, "cuff", inclusive=True),
        LimitRule("sbp_fall", 101, "sbp_mmhg", True, "mmHg", 1, 400, "cuff", inclusive=True),
        LimitRule("dbp_rise", 102, "dbp_mmhg", False, "mmHg", 1, 400, "cuff", inclusive=True),
        LimitRule("dbp_fall", 103, "dbp_mmhg", True, "mmHg", 1, 400, "cuff", inclusive=True),
        LimitRule("pulse_rise", 104, "pulse_bpm", False, "/min", 1, 400, "oximeter", inclusive=True),
        LimitRule("pulse_fall", 105, "pulse_bpm", True, "/min", 1, 400, "oximeter", inclusive=True),
        LimitRule("spo2_fall", 106, "spo2_pct", True, "%", 1, 100, "oximeter", inclusive=True),
    )
}
"""Limits on the distance from this patient's baseline. The host judges them alone; they are not on the wire."""

ALL_RULES: Final[dict[str, LimitRule]] = {**LIMIT_RULES, **RELATIVE_RULES}

_MONITORS: Final = "default of common monitors; not signed by a clinician"
_HOLD: Final = "one clinic's hold limit; no consensus; not signed by a clinician"
_ADULT: Final = "usual lower limit for resting adults; not signed by a clinician"

DEFAULT_LIMITS: Final[tuple[Limit, ...]] = (
    Limit("spo2_low", 90, 1, 10.4, "high", _MONITORS),
    Limit("pulse_low", 50, 2, 10, "medium", _MONITORS),
    Limit("pulse_high", 120, 2, 10, "medium", _MONITORS),
    Limit("sbp_low", 90, 5, 0, "medium", _ADULT),
    Limit("sbp_high", 180, 5, 0, "medium", _HOLD),
    Limit("dbp_low", 50, 5, 0, "medium", _ADULT),
    Limit("dbp_high", 110, 5, 0, "medium", _HOLD),
)


@dataclass(frozen=True)
class TechnicalRule:
    """A condition of the equipment. It is raised when it has held for `delay_ms`, and cleared when it has been gone for
    `clear_ms`, so that a condition that comes and goes neither flaps nor hides."""

    name: str
    priority: str
    delay_ms: int
    clear_ms: int
    text: str
    """What a person reads."""


TECHNICAL_RULES: Final[dict[str, TechnicalRule]] = {
    rule.name: rule
    for rule in (
        TechnicalRule("no_finger", "medium", 4000, 2000, "No finger in the probe"),
        TechnicalRule("no_pulse", "medium", 10_000, 2000, "No pulse found at the probe"),
        TechnicalRule("sensor_fault", "medium", 2000, 2000, "Oximeter sensor fault"),
        TechnicalRule("cuff_fault", "medium", 0, 2000, "Cuff fault: no readings"),
        TechnicalRule("cuff_not_empty", "high", 0, 2000, "REMOVE THE CUFF: it does not empty"),
        TechnicalRule("cuff_no_reading", "low", 0, 0, "The last cuff reading failed"),
        TechnicalRule("link_lost", "high", 0, 0, "Board not heard"),
        TechnicalRule("stale", "medium", 0, 0, "Readings have stopped"),
        TechnicalRule("not_recorded", "high", 0, 0, "NOT RECORDED"),
        TechnicalRule("limits_mismatch", "medium", 3000, 0, "The board does not hold the limits that were set"),
        TechnicalRule("not_guarded", "medium", 5000, 0, "The board holds no session: it does not guard alone"),
        TechnicalRule("board_restarted", "medium", 0, 10000, "The board started again"),
        TechnicalRule("supply", "medium", 2000, 5000, "The board's supply is low"),
    )
}

SILENCE_MS: Final = 3000
"""No heartbeat for this long is a lost link (the client judges it)."""
STALE_MS: Final = 5000
"""No oximetry reading for this long, while the link is up, is `stale`: five readings are missing."""
SHOW_MAX_MS: Final = 30_000
"""A reading of the oximeter older than this is not shown at all."""
