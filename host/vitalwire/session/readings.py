# SPDX-License-Identifier: Apache-2.0
"""The board's measurements -> rows and what may be shown. A value that is absent stays absent, with its reason."""

from __future__ import annotations

from vitalwire_protocol.codec import NibpOutcome, NibpResult, OximetryReading, ReadingFlags, Reason, name_of

from .facts import Vitals
from .snapshot import CuffShown, OximetryShown

_FLAG_WORDS = (
    (ReadingFlags.LATE, "late"),
    (ReadingFlags.UNCALIBRATED, "uncalibrated"),
    (ReadingFlags.CUFF_INFLATED, "cuff_inflated"),
    (ReadingFlags.OBSERVED, "observed"),
)


def flag_words(flags: int, session_flags: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a reading's flags after those of the whole session."""
    return (*session_flags, *(word for bit, word in _FLAG_WORDS if flags & bit))


def oximetry_fact(
    reading: OximetryReading, t_ms: int, utc_ms: int, boot: int | None, session_flags: tuple[str, ...]
) -> Vitals:
    """The row of one reading of the oximeter."""
    reasons = tuple(
        (field, name_of(Reason, reason))
        for field, reason in (
            ("spo2_pct", reading.spo2_reason),
            ("pulse_bpm", reading.pulse_reason),
            ("perfusion_pct", reading.perfusion_reason),
        )
        if reason != Reason.OK
    )
    return Vitals(
        t_ms,
        utc_ms,
        "oximeter",
        reading.t_ms,
        boot,
        reading.seq,
        reading.spo2_pct,
        reading.pulse_bpm,
        reading.perfusion_pct,
        reading.quality,
        reasons=reasons,
        flags=flag_words(reading.flags, session_flags),
    )


def cuff_fact(result: NibpResult, t_ms: int, utc_ms: int, boot: int | None, session_flags: tuple[str, ...]) -> Vitals:
    """The row of one cuff cycle; a cycle without a value has its outcome as the reason of each missing one."""
    outcome = name_of(NibpOutcome, result.outcome)
    values = (("sbp_mmhg", result.sbp_mmhg), ("map_mmhg", result.map_mmhg), ("dbp_mmhg", result.dbp_mmhg))
    doubtful = result.outcome != NibpOutcome.OK
    return Vitals(
        t_ms,
        utc_ms,
        "cuff",
        result.t_ms,
        boot,
        result.seq,
        None,
        result.pulse_bpm,
        None,
        result.quality,
        result.sbp_mmhg,
        result.map_mmhg,
        result.dbp_mmhg,
        reasons=tuple((field, outcome) for field, value in values if value is None or doubtful),
        flags=flag_words(result.flags, session_flags),
    )


def oximetry_shown(reading: OximetryReading, t_ms: int) -> OximetryShown:
    return OximetryShown(
        t_ms,
        reading.spo2_pct,
        reading.pulse_bpm,
        reading.perfusion_pct,
        reading.quality,
        name_of(Reason, reading.spo2_reason),
        name_of(Reason, reading.pulse_reason),
    )


def cuff_shown(result: NibpResult, t_ms: int, utc_ms: int) -> CuffShown:
    return CuffShown(
        t_ms,
        utc_ms,
        result.sbp_mmhg,
        result.map_mmhg,
        result.dbp_mmhg,
        result.pulse_bpm,
        result.quality,
        name_of(NibpOutcome, result.outcome),
    )
