# SPDX-License-Identifier: Apache-2.0
"""Facts of a session -> lines of its CSVs: UTF-8, RFC 4180 (CRLF), ISO 8601 UTC in ms, blank where not measured.

Pure functions of a fact and the session's start; the same are used live and when a record is rebuilt.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ..link.oscillogram import Evaluation
from ..session.facts import AlarmEvidence, CuffOscillogram, Fact, Happening, Vitals
from ..session.inputs import Setup
from . import folder as names

VITALS_COLUMNS: Final = (
    "time_utc,elapsed_s,device_ms,boot,seq,source,spo2_pct,pulse_bpm,perfusion_pct,quality,sbp_mmhg,map_mmhg,dbp_mmhg,"
    "reason,flags"
)
EVENTS_COLUMNS: Final = "time_utc,elapsed_s,device_ms,kind,priority,name,state,value,limit,by,detail"
OSCILLOGRAMS_COLUMNS: Final = (
    "time_utc,elapsed_s,device_ms,boot,cycle,algorithm,direction,left_out,noise_mmhg,begin_mmhg,end_mmhg,outcome,sbp_mmhg,"
    "map_mmhg,dbp_mmhg,pulse_bpm,quality,peak_amplitude_mmhg,doubts,flags,beats,beat,t_s,pressure_mmhg,amplitude_mmhg"
)

ALARMS_COLUMNS: Final = (
    "time_utc,elapsed_s,priority,rule,version,value,limit,source,judge,delay_s,total_delay_s,quality,spo2_pct,pulse_bpm,"
    "sbp_mmhg,dbp_mmhg,wave_rate_hz,wave"
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEEDS_QUOTES: Final = frozenset(',"\r\n')
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def tables(setup: Setup) -> list[tuple[str, str, str]]:
    """The CSVs of a session: the name that its rows are counted under, its file, and its first line."""
    found = [("vitals", names.VITALS, VITALS_COLUMNS), ("events", names.EVENTS, EVENTS_COLUMNS)]
    if setup.oscillograms:
        found.append(("oscillograms", names.OSCILLOGRAMS, OSCILLOGRAMS_COLUMNS))
    if setup.evidence:
        found.append(("alarms", names.ALARMS, ALARMS_COLUMNS))
    return found


def rows_of(fact: Fact, started_t_ms: int) -> tuple[str, list[str]]:
    """The CSV that a fact belongs to, and its rows there."""
    if isinstance(fact, Vitals):
        return "vitals", [vitals_row(fact, started_t_ms)]
    if isinstance(fact, Happening):
        return "events", [events_row(fact, started_t_ms)]
    if isinstance(fact, AlarmEvidence):
        return "alarms", [alarms_row(fact, started_t_ms)]
    return "oscillograms", oscillogram_rows(fact, started_t_ms)


def utc_text(utc_ms: int) -> str:
    """2026-01-01T00:00:00.000Z for milliseconds since 1970."""
    return (_EPOCH + timedelta(milliseconds=utc_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_cell(text: str) -> str:
    """One cell of free text: quoted where RFC 4180 asks for it.

    A text that a spreadsheet would run as a formula gets a leading apostrophe; control characters become spaces.
    """
    clean = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    if clean.startswith(_FORMULA):
        clean = "'" + clean
    return '"' + clean.replace('"', '""') + '"' if any(c in _NEEDS_QUOTES for c in clean) else clean


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _plain(value: int | None) -> str:
    return "" if value is None else str(value)


def _value(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}".rstrip("0")


def _times(t_ms: int, utc_ms: int, started_t_ms: int) -> tuple[str, str]:
    return utc_text(utc_ms), f"{(t_ms - started_t_ms) / 1000:.3f}"


def vitals_row(fact: Vitals, started_t_ms: int) -> str:
    """One line of `vitals.csv`, CRLF included."""
    reason = ";".join(f"{field}:{why}" for field, why in fact.reasons)
    cells = (
        *_times(fact.t_ms, fact.utc_ms, started_t_ms),
        _plain(fact.device_ms),
        _plain(fact.boot),
        _plain(fact.seq),
        fact.source,
        _number(fact.spo2_pct, 1),
        _number(fact.pulse_bpm, 1),
        _number(fact.perfusion_pct, 2),
        _plain(fact.quality),
        _number(fact.sbp_mmhg, 1),
        _number(fact.map_mmhg, 1),
        _number(fact.dbp_mmhg, 1),
        text_cell(reason),
        " ".join(fact.flags),
    )
    return ",".join(cells) + "\r\n"


def events_row(fact: Happening, started_t_ms: int) -> str:
    """One line of `events.csv`, CRLF included."""
    cells = (
        *_times(fact.t_ms, fact.utc_ms, started_t_ms),
        _plain(fact.device_ms),
        fact.kind,
        fact.priority,
        text_cell(fact.name),
        fact.state,
        _value(fact.value),
        _value(fact.limit),
        text_cell(fact.by),
        text_cell(fact.detail),
    )
    return ",".join(cells) + "\r\n"


def alarms_row(fact: AlarmEvidence, started_t_ms: int) -> str:
    """One line of `alarms.csv`, CRLF included. `wave` holds the infrared counts as they came, one batch behind the
    other, each with the time of its first sample in ms from the alarm: `-7960: 51200 51210; -7760: ...`; what was lost
    is not filled in."""
    alarm = fact.happening
    batches = "; ".join(f"{batch.begin_ms - alarm.t_ms}: {' '.join(map(str, batch.ir))}" for batch in fact.wave)
    cells = (
        *_times(alarm.t_ms, alarm.utc_ms, started_t_ms),
        alarm.priority,
        alarm.name,
        text_cell(fact.version),
        _value(alarm.value),
        _value(alarm.limit),
        text_cell(fact.source),
        text_cell(alarm.detail),
        _value(fact.delay_s),
        _value(fact.total_delay_s),
        _plain(fact.quality),
        _number(fact.spo2_pct, 1),
        _number(fact.pulse_bpm, 1),
        _number(fact.sbp_mmhg, 1),
        _number(fact.dbp_mmhg, 1),
        str(fact.wave[0].rate_hz) if fact.wave else "",
        f" {batches}" if batches else "",
    )
    return ",".join(cells) + "\r\n"


def oscillogram_rows(fact: CuffOscillogram, started_t_ms: int) -> list[str]:
    """The lines of one cycle in `oscillograms.csv`, one a beat, CRLF included.

    What is known of the cycle stands in each of them, with what the board made of it. `time_utc`, `elapsed_s`,
    `device_ms` and `boot` are those of its row in `vitals.csv`.
    """
    kept = fact.oscillogram
    said = kept.result
    cycle = (
        *_times(fact.t_ms, fact.utc_ms, started_t_ms),
        _plain(kept.device_ms),
        _plain(kept.boot),
        str(kept.cycle),
        str(kept.algorithm),
        kept.direction or "",
        _plain(kept.left_out),
        _number(kept.noise_mmhg, 3),
        _number(kept.begin_mmhg, 2),
        _number(kept.end_mmhg, 2),
        *(("",) * 8 if said is None else _evaluation(said)),
        " ".join(kept.flags),
        str(len(kept.beats)),
    )
    head = ",".join(cycle)
    return [
        f"{head},{number},{beat.t_s:.2f},{beat.pressure_mmhg:.2f},{beat.amplitude_mmhg:.3f}\r\n"
        for number, beat in enumerate(kept.beats, 1)
    ]


def _evaluation(said: Evaluation) -> tuple[str, ...]:
    """The cells from `outcome` to `doubts`; `none` is no doubt at all, blank that the board did not tell."""
    return (
        said.outcome,
        _number(said.sbp_mmhg, 1),
        _number(said.map_mmhg, 1),
        _number(said.dbp_mmhg, 1),
        _number(said.pulse_bpm, 1),
        _plain(said.quality),
        _number(said.peak_amplitude_mmhg, 2),
        "" if said.doubts is None else " ".join(said.doubts) or "none",
    )
