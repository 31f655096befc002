# SPDX-License-Identifier: Apache-2.0
"""The trend of a session: SpO2, pulse and pressure with their limits, phases, doses and alarms; gaps stay gaps."""

from __future__ import annotations

import io
import math
from typing import Any, Final

from ..alarms.rules import LIMIT_RULES
from ..session.facts import AlarmEvidence
from .model import Report
from .plotting import broken, figure

_GAP_MIN: Final = 0.2
_POINTS: Final = 2400
"""So many points of a curve are drawn, the lowest and the highest of each stretch: more than a page can show."""
_COLOURS: Final = {"high": "#c00000", "medium": "#b08000", "low": "#007878"}
_LETTER: Final = 0.0058
"""How wide a letter of a phase's name is, as a share of the picture."""
_SHADES: Final = ("#f0f0f0", "#ffffff")


def trend(report: Report) -> bytes:
    """The picture as PNG."""
    made, axes = figure(10.5, 6.6, 4, (2.0, 2.0, 2.4, 0.9))
    for axis in axes:
        _phases(axis, report)
        axis.grid(alpha=0.25)
    for axis, field, name in zip(axes, ("spo2_pct", "pulse_bpm"), ("SpO2, %", "pulse, /min"), strict=False):
        _curve(axis, report, field)
        _limits(axis, report, (field,))
        axis.set_ylabel(name)
    axes[0].set_ylim(top=max(100.5, axes[0].get_ylim()[1]))
    _pressures(axes[2], report)
    _limits(axes[2], report, ("sbp_mmhg", "dbp_mmhg"))
    axes[2].set_ylabel("pressure, mmHg")
    _alarms(axes[3], report)
    for mark in report.marks:
        if mark.kind == "dose":
            for axis in axes:
                axis.axvline(mark.t_ms / 60_000, color="#6030a0", linewidth=1.2)
            axes[0].annotate("dose", (mark.t_ms / 60_000, 1.0), xycoords=("data", "axes fraction"), fontsize=8,
                             color="#6030a0", xytext=(2, -9), textcoords="offset points")  # fmt: skip
    axes[3].set_xlabel("minutes since the beginning")
    axes[3].set_xlim(0, max(1.0, report.duration_ms / 60_000))
    return _bytes(made)


def wave(evidence: AlarmEvidence) -> bytes:
    """The pleth wave around an alarm, as PNG; the alarm is at 0 s."""
    made, (axis,) = figure(4.2, 1.1, 1, (1.0,))
    xs: list[float] = []
    ys: list[float] = []
    for batch in evidence.wave:
        step_ms = 1000 / max(1, batch.rate_hz)
        if xs and (batch.lost or batch.begin_ms - evidence.happening.t_ms - xs[-1] * 1000 > 3 * step_ms):
            xs.append(xs[-1])
            ys.append(float("nan"))
        for number, count in enumerate(batch.ir):
            xs.append((batch.begin_ms - evidence.happening.t_ms + number * step_ms) / 1000)
            ys.append(-float(count))
    axis.plot(xs, ys, color="#206060", linewidth=0.8)
    axis.axvline(0, color=_COLOURS.get(evidence.happening.priority, "#404040"), linewidth=1.0)
    axis.set_yticks([])
    axis.tick_params(labelsize=7)
    return _bytes(made)


def _bytes(made: Any) -> bytes:
    out = io.BytesIO()
    made.savefig(out, format="png", dpi=150, metadata={"Software": None})
    return out.getvalue()


def _curve(axis: Any, report: Report, field: str) -> None:
    rows = [row for row in report.vitals if row.source == "oximeter"]
    times = [report.since(row.t_ms) / 60_000 for row in rows]
    xs, ys = broken(times, [getattr(row, field) for row in rows], _GAP_MIN)
    axis.plot(*_thinned(xs, ys), color="#1b4f8a", linewidth=0.9)


def _thinned(xs: list[float], ys: list[float]) -> tuple[list[float], list[float]]:
    """Keeps the lowest and the highest of each stretch, and every gap."""
    step = len(xs) // (_POINTS // 2)
    if step < 2:
        return xs, ys
    kept: list[int] = []
    for begin in range(0, len(xs), step):
        stretch = range(begin, min(begin + step, len(xs)))
        real = [at for at in stretch if not math.isnan(ys[at])]
        wanted = {at for at in stretch if math.isnan(ys[at])}
        if real:
            wanted |= {min(real, key=ys.__getitem__), max(real, key=ys.__getitem__)}
        kept += sorted(wanted)
    return [xs[at] for at in kept], [ys[at] for at in kept]


def _pressures(axis: Any, report: Report) -> None:
    for row in report.pressures:
        if row.sbp_mmhg is None or row.dbp_mmhg is None:
            continue
        at, colour = report.since(row.t_ms) / 60_000, "#404040" if row.source == "cuff" else "#a04000"
        axis.plot([at, at], [row.dbp_mmhg, row.sbp_mmhg], color=colour, linewidth=1.6, marker="_", markersize=5)
        if row.map_mmhg is not None:
            axis.plot([at], [row.map_mmhg], ".", color=colour, markersize=4)


def _limits(axis: Any, report: Report, fields: tuple[str, ...]) -> None:
    low, high = axis.get_ylim()
    for limit in report.setup.limits:
        if LIMIT_RULES[limit.rule].field in fields:
            axis.axhline(limit.threshold, color=_COLOURS.get(limit.priority), linewidth=0.8, linestyle="--")
            low, high = min(low, limit.threshold - 2), max(high, limit.threshold + 2)
    axis.set_ylim(low, high)


def _phases(axis: Any, report: Report) -> None:
    for number, stay in enumerate(report.stays):
        end_ms = report.duration_ms if stay.end_ms is None else stay.end_ms
        axis.axvspan(stay.begin_ms / 60_000, end_ms / 60_000, color=_SHADES[number % 2], zorder=0)
    if axis.get_subplotspec().is_first_row():
        _phase_names(axis, report)


def _phase_names(axis: Any, report: Report) -> None:
    """Each above its beginning, or beside the one before it where that was short; hence with its minute."""
    free = 0.0
    for stay in report.stays:
        text = f"{stay.name.replace('_', ' ')} {stay.begin_ms / 60_000:.0f}"
        at = max(free, stay.begin_ms / max(1, report.duration_ms))
        axis.annotate(text, (at, 1.04), xycoords="axes fraction", fontsize=7)
        free = at + _LETTER * (len(text) + 2)


def _alarms(axis: Any, report: Report) -> None:
    for row, found in enumerate((report.technical, report.alarms)):
        for one in found:
            end_ms = report.duration_ms if one.end_ms is None else one.end_ms
            width = max((end_ms - one.begin_ms) / 60_000, report.duration_ms / 60_000 / 400)
            axis.barh(row, width, left=one.begin_ms / 60_000, height=0.6, color=_COLOURS.get(one.priority, "#707070"),
                      hatch="///" if row == 0 else "", edgecolor="white", linewidth=0.2)  # fmt: skip
    axis.set_yticks([0, 1], ["technical", "alarms"], fontsize=8)
    axis.set_ylim(-0.6, 1.6)
