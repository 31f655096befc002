# SPDX-License-Identifier: Apache-2.0
"""What a session says happened, as immutable values: one `Vitals` a row of `vitals.csv`, one `Happening` a row of
`events.csv`, one `CuffOscillogram` a row a beat of `oscillograms.csv`, one `AlarmEvidence` a row of `alarms.csv`. Times
are when it was measured or happened, on the session's monotonic clock and in UTC."""

from __future__ import annotations

from dataclasses import dataclass

from ..link.oscillogram import Oscillogram
from .wave import Batch


@dataclass(frozen=True, slots=True)
class Vitals:
    """Measured values, or the edge of a gap. None is *not measured*; `reasons` says why, field by field.

    `source` is `oximeter`, `cuff`, `manual` or `gap`. Units are in the names: %, 1/min, mmHg; `quality` is 0-100.
    `device_ms` is the board's own clock, `boot` its count of starts, `seq` the number of the frame.
    """

    t_ms: int
    utc_ms: int
    source: str
    device_ms: int | None = None
    boot: int | None = None
    seq: int | None = None
    spo2_pct: float | None = None
    pulse_bpm: float | None = None
    perfusion_pct: float | None = None
    quality: int | None = None
    sbp_mmhg: float | None = None
    map_mmhg: float | None = None
    dbp_mmhg: float | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened: an alarm raised or cleared, a link lost, a cuff started, a key pressed.

    `kind` is `physiological`, `technical`, `session`, `cuff`, `board`, `link`, `operator` or `record`; `priority` is
    `high`, `medium`, `low` or empty; `state` is a word such as `raised`, `cleared`, `acknowledged`, `begun`, `ended`.
    """

    t_ms: int
    utc_ms: int
    kind: str
    name: str
    state: str = ""
    priority: str = ""
    value: float | None = None
    limit: float | None = None
    detail: str = ""
    device_ms: int | None = None
    by: str = ""
    """The person who did it or said so; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class CuffOscillogram:
    """The oscillogram of a cuff cycle as it came from the board; times are those of the cycle's `Vitals`."""

    t_ms: int
    utc_ms: int
    oscillogram: Oscillogram


@dataclass(frozen=True, slots=True)
class AlarmEvidence:
    """What an alarm (`happening`) was raised on.

    `version` names the rules that judged, `source` where the limit comes from; `delay_s` is the rule's own delay,
    `total_delay_s` that from the event in the patient. `quality` is that of the value that raised it; `wave` is the
    pleth wave around it, as far as it was received.
    """

    happening: Happening
    version: str
    source: str
    delay_s: float
    total_delay_s: float
    quality: int | None
    spo2_pct: float | None
    pulse_bpm: float | None
    sbp_mmhg: float | None
    dbp_mmhg: float | None
    wave: tuple[Batch, ...]


Fact = Vitals | Happening | CuffOscillogram | AlarmEvidence
