# SPDX-License-Identifier: Apache-2.0
"""A report as tables: what the page, the PDF and the JSON have in common. Every cell is text; absent is a dash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..alarms.delays import total_delay
from ..alarms.rules import ALL_RULES
from ..link.words import reason_text
from ..record.times import span_text
from ..session.course.dues import TEXTS
from ..session.facts import Vitals
from ..session.profile import Profile
from .model import Report

ABSENT: Final = "-"
_FORTY_MS: Final = 40 * 60_000
_ABOUT_MS: Final = 10 * 60_000
"""A reading so near to 40 min after the dose counts as that of 40 min."""


@dataclass(frozen=True)
class Table:
    """`heads` are the names of the columns; a row has as many cells. `note` is a sentence below the title."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(report: Report, profile: Profile | None) -> list[Table]:
    """Everything that a report tells besides its pictures, in the order of the page. What has no rows is left out,
    unless that is what there is to say."""
    found = [_about(report), *_form(report, profile), _phases(report), _checks(report, profile), _observations(report)]
    found += [
        _holds(report),
        _pressures(report),
        _marks(report),
        _alarms(report),
        _technical(report),
        _silences(report),
    ]
    found += [_gaps(report), _limits(report), _proof(report)]
    return [table for table in found if table.rows]


def words(name: str) -> str:
    return name.replace("_", " ")


def number(value: float | None, places: int = 0) -> str:
    return ABSENT if value is None else f"{value:.{places}f}"


def pressure_text(row: Vitals | None) -> str:
    """`124/82 (mean 97)`, or a dash."""
    if row is None or row.sbp_mmhg is None:
        return ABSENT
    mean = "" if row.map_mmhg is None else f" (mean {row.map_mmhg:.0f})"
    return f"{row.sbp_mmhg:.0f}/{number(row.dbp_mmhg)}{mean} mmHg"


def _about(report: Report) -> Table:
    setup, profile = report.setup, report.setup.profile
    rows = [
        ("Patient", setup.patient or ABSENT),
        ("Begun by", setup.by or ABSENT),
        ("Bed", setup.bed or ABSENT),
        ("Begun", report.date),
        ("Length", span_text(report.duration_ms)),
        ("Ended", report.ended or "NOT CLOSED: the session goes on, or was cut off"),
        ("Profile", f"{profile.get('name', 'none')} {profile.get('version', '')}".strip() if profile else "none"),
        ("Signature", profile.get("signature", "") if profile else "limits not signed by a clinician"),
        ("Profile's hash", profile.get("hash", ABSENT)),
        ("Board", report.board or ABSENT),
        ("Firmware", report.firmware or ABSENT),
        ("Calibration", _calibration(report)),
        ("Program", ", ".join(f"{name} {setup.versions.get(name, ABSENT)}" for name in ("vitalwire", "protocol"))),
        ("Baseline", report.baseline or "none was taken"),
        ("First dose", ABSENT if report.dose_ms is None else report.when(report.dose_ms)),
    ]
    return Table("Session", ("", ""), tuple(rows))


def _calibration(report: Report) -> str:
    said = ["UNCALIBRATED"] if "UNCALIBRATED" in report.marks_words else []
    said += [f"OVERDUE: {report.calibration}"] if report.calibration else []
    return "; ".join(said) or "calibrated, as the board says"


def _form(report: Report, profile: Profile | None) -> Iterator[Table]:
    """What the monitoring form of esketamine asks for."""
    if profile is None or profile.route != "nasal":
        return
    dose_ms = report.dose_ms
    good = [row for row in report.pressures if row.sbp_mmhg is not None]
    before = [row for row in good if dose_ms is None or report.since(row.t_ms) <= dose_ms]
    after = [row for row in good if dose_ms is not None and report.since(row.t_ms) > dose_ms]
    at40 = None
    if dose_ms is not None:
        near = [row for row in after if abs(report.since(row.t_ms) - dose_ms - _FORTY_MS) <= _ABOUT_MS]
        at40 = min(near, key=lambda row: abs(report.since(row.t_ms) - dose_ms - _FORTY_MS), default=None)
    checks = {check.id: check for check in report.checks}

    def state(*names: str) -> str:
        known = [checks[name] for name in names if name in checks]
        return "; ".join(f"{words(c.id)} {c.state}{f' ({c.values})' if c.values else ''}" for c in known) or "not asked"

    minutes = ABSENT if dose_ms is None else f"{(report.duration_ms - dose_ms) / 60_000:.0f} min"
    effects = [mark for mark in report.marks if mark.kind == "side_effect" and not mark.corrected]

    def at(row: Vitals | None) -> str:
        return pressure_text(row) if row is None else f"{pressure_text(row)}, {report.when(report.since(row.t_ms))}"

    rows = (
        ("Pressure before dosing", at(before[-1] if before else None)),
        ("Pressure at about 40 min", at(at40)),
        ("Pressure before completion", at(after[-1] if after else None)),
        ("Vitals acceptable before dosing", state("systolic", "diastolic", "baseline")),
        ("Vitals acceptable before leaving", state("pressure", "spo2", "time")),
        ("From the first device to the end", minutes),
        ("Sedation resolved", state("sedation")),
        ("Dissociation resolved", state("dissociation")),
        ("Breathing well", state("breathing")),
        ("Side effects marked", "; ".join(f"{e.text}, {report.when(e.t_ms)}" for e in effects) or "none"),
    )
    note = "The items that the label's monitoring form asks for; it does not replace the form."
    yield Table("Esketamine monitoring", ("item", "what the record says"), rows, note)


def _phases(report: Report) -> Table:
    rows = tuple(
        (
            words(stay.name),
            report.when(stay.begin_ms),
            span_text((report.duration_ms if stay.end_ms is None else stay.end_ms) - stay.begin_ms),
            stay.by or ABSENT,
            stay.why or ABSENT,
        )
        for stay in report.stays
    )
    return Table("Phases", ("phase", "from", "lasted", "by", "why"), rows)


def _checks(report: Report, profile: Profile | None) -> Table:
    texts = {c.id: c.text for c in (*profile.before_dose, *profile.before_leaving)} if profile else {}
    rows = tuple(
        (texts.get(c.id, c.id), c.state, c.values or ABSENT, c.by or ABSENT, report.when(c.t_ms)) for c in report.checks
    )
    return Table("Checks", ("check", "state", "what decided it", "by", "when"), rows)


def _observations(report: Report) -> Table:
    rows = tuple(
        (TEXTS.get(one.item, one.item), one.state.upper() if one.state == "missed" else one.state, one.detail,
         report.when(one.t_ms))
        for one in report.observations
    )  # fmt: skip
    missed = sum(one.state == "missed" for one in report.observations)
    done = sum(one.state == "done" for one in report.observations)
    return Table("Required observations", ("what", "state", "which", "when"), rows, f"{done} done, {missed} missed")


def _holds(report: Report) -> Table:
    rows = tuple(
        (words(one.name), one.state, one.detail, one.by or ABSENT, report.when(report.since(one.t_ms)))
        for one in report.holds
    )
    return Table("Hold limits and decisions", ("limit", "state", "values and reason", "by", "when"), rows)


def _pressures(report: Report) -> Table:
    rows = []
    for row in report.pressures:
        why = ", ".join(dict.fromkeys(reason_text(reason) for _, reason in row.reasons))
        late = " LATE" if "late" in row.flags else ""
        rows.append(
            (report.when(report.since(row.t_ms)),
             pressure_text(row) if row.sbp_mmhg is not None else f"no value: {why}",
             number(row.pulse_bpm), number(row.quality), row.source + late)
        )  # fmt: skip
    return Table("Blood pressure", ("when", "pressure", "pulse", "quality", "by"), tuple(rows))


def _marks(report: Report) -> Table:
    rows = tuple(
        (f"#{mark.number}", report.when(mark.t_ms), words(mark.kind),
         mark.text + (" [CORRECTED]" if mark.corrected else ""), mark.by or ABSENT)
        for mark in report.marks
    )  # fmt: skip
    return Table("Doses, notes, side effects, entries by hand", ("", "when", "kind", "text", "by"), rows)


def _alarms(report: Report) -> Table:
    evidence = {(report.since(one.happening.t_ms), one.happening.name): one for one in report.evidence}
    rows = []
    for one in report.alarms:
        rule, shown = ALL_RULES[one.rule], evidence.get((one.begin_ms, one.rule))
        lasted = "to the end" if one.end_ms is None else span_text(one.end_ms - one.begin_ms)
        judged = f"{shown.happening.detail}; {shown.source}" if shown else ABSENT
        quality = ABSENT if shown is None or shown.quality is None else str(shown.quality)
        value = f"{number(one.value, 1)} (limit {number(one.limit, 1)} {rule.unit})"
        rows.append((report.when(one.begin_ms), words(one.rule), one.priority, value, lasted, quality, judged))
    heads = ("when", "alarm", "priority", "value", "lasted", "quality", "judged by; where the limit is from")
    return Table("Alarms of the patient", heads, tuple(rows) or ((ABSENT, "none", *[ABSENT] * 5),))


def _technical(report: Report) -> Table:
    rows = tuple(
        (report.when(one.begin_ms), words(one.rule), one.priority,
         "to the end" if one.end_ms is None else span_text(one.end_ms - one.begin_ms))
        for one in report.technical
    )  # fmt: skip
    return Table("Technical alarms", ("when", "alarm", "priority", "lasted"), rows)


def _silences(report: Report) -> Table:
    named = [(f"{one.name} {one.state}", one) for one in report.silences]
    named += [(f"refused: {words(one.name)}", one) for one in report.refusals]
    rows = tuple(
        (report.when(report.since(one.t_ms)), what, one.detail or ABSENT, one.by or ABSENT) for what, one in named
    )
    return Table("Silenced, and refused", ("when", "what", "why", "by"), rows)


def _gaps(report: Report) -> Table:
    rows = tuple(
        (
            report.when(gap.begin_ms),
            "to the end" if gap.end_ms is None else span_text(gap.end_ms - gap.begin_ms),
            gap.why,
        )
        for gap in report.gaps
    )
    return Table("Gaps in the readings", ("from", "lasted", "why"), rows)


def _limits(report: Report) -> Table:
    rows = tuple(
        (words(limit.rule), f"{limit.threshold:g} {ALL_RULES[limit.rule].unit}", limit.priority,
         str(total_delay(limit)), limit.source)
        for limit in report.setup.limits
    )  # fmt: skip
    return Table("Limits", ("limit", "value", "priority", "total delay", "source"), rows)


def _proof(report: Report) -> Table:
    note = (
        "Whoever writes the whole record anew, with all its hashes, leaves one that agrees with itself. Only a head "
        "that was noted elsewhere when the session was closed shows that: compare it with the one here."
    )
    return Table("The record", ("", ""), report.proof, note)
