# SPDX-License-Identifier: Apache-2.0
"""The board's measurements -> rows and what may be shown. A value that is absent stays absent, with its reason."""

from __future__ import annotations

from vitalwire_protocol.codec import NibpDoubt, NibpOutcome, NibpResult, OximetryReading, name_of, names_of

from ..link.events import Received
from ..link.readings import reading_of, reason_word
from .facts import Vitals
from .snapshot import CuffShown, OximetryShown


def vitals_of(event: Received, t_ms: int, utc_ms: int, boot: int | None, session_flags: tuple[str, ...]) -> Vitals:
    """The row of a reading of the oximeter or of a cuff cycle, measured at `t_ms`; `session_flags` come before its
    own. What lowered a quality is among the reasons, as its reason."""
    reading = reading_of(event, boot or 0, simulated=False)
    assert reading is not None, "only readings become rows"
    return Vitals(
        t_ms,
        utc_ms,
        reading.source,
        reading.device_ms,
        boot,
        reading.seq,
        reading.spo2_pct,
        reading.pulse_bpm,
        reading.perfusion_pct,
        reading.quality,
        reading.sbp_mmhg,
        reading.map_mmhg,
        reading.dbp_mmhg,
        (*reading.reasons, *(("quality", doubt) for doubt in reading.doubts)),
        (*session_flags, *reading.flags),
    )


def oximetry_shown(reading: OximetryReading, t_ms: int) -> OximetryShown:
    return OximetryShown(
        t_ms,
        reading.spo2_pct,
        reading.pulse_bpm,
        reading.perfusion_pct,
        reading.quality,
        reason_word(reading.spo2_pct, reading.spo2_reason),
        reason_word(reading.pulse_bpm, reading.pulse_reason),
        reason_word(reading.perfusion_pct, reading.perfusion_reason),
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
        tuple(names_of(NibpDoubt, result.doubts or 0)),
    )
