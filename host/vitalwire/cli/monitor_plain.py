# SPDX-License-Identifier: Apache-2.0
"""`monitor --plain`: one line a reading, cuff result, gap's edge or alarm; for logs, pipes and simple terminals.

00:00:25  SpO2  97 %  pulse  70 /min  perfusion  1.5 %  quality  90
00:00:31  SpO2  -- %  pulse  -- /min  perfusion   -- %  quality  --  no finger
00:00:32  SpO2  -- %  pulse  70 /min  perfusion  0.3 %  quality  61  SpO2: red and infrared disagree
00:05:42  cuff 124/81 mmHg  mean 95  pulse 71  quality 80
00:12:08  ALARM raised  HIGH  spo2_low 84 (limit 90)
"""

from __future__ import annotations

from typing import Final

from ..link.words import reason_text
from ..session.facts import Fact, Happening, Vitals
from ..session.snapshot import Snapshot


def _elapsed(t_ms: int, started_t_ms: int) -> str:
    seconds = max(0, (t_ms - started_t_ms) // 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _number(value: float | None, width: int = 3, places: int = 0) -> str:
    return f"{'--':>{width}}" if value is None else f"{value:{width}.{places}f}"


def fact_text(fact: Fact, started_t_ms: int) -> str | None:
    """When it was and what it was; None where it is not for people who read lines."""
    if isinstance(fact, Vitals):
        said = _vitals(fact)
    elif isinstance(fact, Happening) and fact.kind in ("physiological", "technical"):
        said = _alarm(fact)
    elif isinstance(fact, Happening) and fact.kind in _COURSE:
        said = _course(fact)
    else:
        return None
    return f"{_elapsed(fact.t_ms, started_t_ms)}  {said}"


def plain_line(fact: Fact, shown: Snapshot) -> str | None:
    """The line of one fact with its marks, or None where it is not for this view."""
    said = fact_text(fact, shown.started_t_ms)
    if said is None:
        return None
    flags = fact.flags if isinstance(fact, Vitals) else ()
    marks = "".join(f"  {word.upper()}" for word in ("late", "uncalibrated") if word in flags)
    marks += "  CALIBRATION OVERDUE" if shown.calibration_overdue else ""
    marks += "  SIMULATED" if shown.simulated else ""
    marks += "  NOT RECORDED" if shown.not_recorded else ""
    return said + marks


def _vitals(fact: Vitals) -> str:
    why = _why(fact)
    if fact.source == "gap":
        return "GAP  " + why
    if fact.source == "cuff":
        if fact.sbp_mmhg is None or fact.dbp_mmhg is None:
            return f"cuff --/-- mmHg  {why}"
        said = f"cuff {fact.sbp_mmhg:.0f}/{fact.dbp_mmhg:.0f} mmHg  mean {_number(fact.map_mmhg)}"
        return f"{said}  pulse {_number(fact.pulse_bpm)}  quality {_number(fact.quality)}  {why}".rstrip()
    said = f"SpO2 {_number(fact.spo2_pct)} %  pulse {_number(fact.pulse_bpm)} /min"
    said += f"  perfusion {_number(fact.perfusion_pct, 4, 1)} %  quality {_number(fact.quality)}"
    return f"{said}  {why}".rstrip()


_OF: Final = {"spo2_pct": "SpO2", "pulse_bpm": "pulse", "perfusion_pct": "perfusion", "quality": "quality"}


def _why(fact: Vitals) -> str:
    """The reasons, each once; with what it is about, unless one is about everything."""
    about: dict[str, list[str]] = {}
    for field, why in fact.reasons:
        about.setdefault(reason_text(why), []).append(_OF.get(field, ""))
    if len(about) == 1 and len(fact.reasons) > 1:
        return next(iter(about))
    return "  ".join(f"{', '.join(fields)}: {why}" if all(fields) else why for why, fields in about.items())


_COURSE: Final = ("phase", "dose", "observation", "hold", "baseline", "check", "discharge", "side_effect", "audio")


def _course(fact: Happening) -> str:
    by = f"  by {fact.by}" if fact.by else ""
    detail = f"  {fact.detail}" if fact.detail else ""
    return f"{fact.kind.upper().replace('_', ' ')}  {fact.name.replace('_', ' ')} {fact.state}{by}{detail}"


def _alarm(fact: Happening) -> str:
    value = "" if fact.value is None else f" {fact.value:g}"
    limit = "" if fact.limit is None else f" (limit {fact.limit:g})"
    detail = f"  {fact.detail}" if fact.detail else ""
    return f"ALARM {fact.state}  {fact.priority.upper()}  {fact.name}{value}{limit}{detail}"
