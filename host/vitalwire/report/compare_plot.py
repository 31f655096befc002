# SPDX-License-Identifier: Apache-2.0
"""A record under two profiles in one picture: the values, both limits, and a bar for every alarm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..alarms.rules import ALL_RULES, LIMIT_RULES, Limit
from ..errors import UsageError
from ..record.episodes import Episode
from ..session.facts import Vitals
from .plotting import broken, figure

_GAP_MIN: Final = 2.0
_COLOURS: Final = ("#1b6ca8", "#c05000")
_PLOTS: Final = (("spo2_pct", "SpO2, %"), ("pulse_bpm", "pulse, /min"), ("sbp_mmhg", "pressure, mmHg"))
_FIELDS: Final = {"sbp_mmhg": ("sbp_mmhg", "dbp_mmhg")}


def draw(
    path: Path,
    vitals: Sequence[Vitals],
    begin_ms: int,
    lists: Sequence[Sequence[Episode]],
    titles: Sequence[str],
    limits: Sequence[tuple[Limit, ...]],
) -> None:
    """Writes `path` (.svg or .png). Raises UsageError where it cannot be written, or is of another kind."""
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("svg", "png"):
        raise UsageError(f"{path}: a picture is .svg or .png", "give --plot such a name")
    measured = [plot for plot in _PLOTS if any(getattr(row, plot[0]) is not None for row in vitals)]
    made, axes = figure(10, 1.6 + 2 * len(measured), len(measured) + 1, (*[2.0] * len(measured), 1.4))
    for axis, (field, name) in zip(axes, measured, strict=False):
        for one in _FIELDS.get(field, (field,)):
            _values(axis, vitals, begin_ms, one)
        _limits(axis, limits, _FIELDS.get(field, (field,)))
        axis.set_ylabel(name)
        axis.grid(alpha=0.25)
    _bars(axes[-1], lists, titles)
    axes[-1].set_xlabel("minutes")
    try:
        made.savefig(path, format=kind, metadata={"Date": None} if kind == "svg" else None)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "give a file that can be written") from None


def _values(axis: Any, vitals: Sequence[Vitals], begin_ms: int, field: str) -> None:
    rows = [(row.t_ms, getattr(row, field)) for row in vitals if getattr(row, field) is not None]
    times = [(t_ms - begin_ms) / 60_000 for t_ms, _ in rows]
    if field in ("sbp_mmhg", "dbp_mmhg"):
        axis.plot(
            times, [value for _, value in rows], "v" if field == "sbp_mmhg" else "^", color="#404040", markersize=4
        )
    else:
        axis.plot(*broken(times, [value for _, value in rows], _GAP_MIN), color="#404040", linewidth=0.9)


def _limits(axis: Any, limits: Sequence[tuple[Limit, ...]], fields: tuple[str, ...]) -> None:
    for side, (rules, colour) in enumerate(zip(limits, _COLOURS, strict=False)):
        for limit in rules:
            if LIMIT_RULES[limit.rule].field in fields:
                style = "--" if side == 0 else ":"
                axis.axhline(limit.threshold, color=colour, linewidth=1.1, linestyle=style)


def _bars(axis: Any, lists: Sequence[Sequence[Episode]], titles: Sequence[str]) -> None:
    rules = sorted({episode.rule for side in lists for episode in side}, key=lambda rule: ALL_RULES[rule].number)
    end_min = max((e.end_ms or e.begin_ms for side in lists for e in side), default=0) / 60_000
    for side, (found, colour, title) in enumerate(zip(lists, _COLOURS, titles, strict=False)):
        for number, episode in enumerate(found):
            begin_min = episode.begin_ms / 60_000
            last_min = end_min if episode.end_ms is None else episode.end_ms / 60_000
            row = rules.index(episode.rule) + 0.2 - 0.4 * side
            axis.barh(
                row, max(last_min - begin_min, 0.02), left=begin_min, height=0.34, color=colour,
                hatch="" if side == 0 else "///", edgecolor="white", linewidth=0.3,
                label=f"{'AB'[side]}: {title}" if number == 0 else None,
            )  # fmt: skip
    axis.set_yticks(range(len(rules)), [rule.replace("_", " ") for rule in rules])
    axis.set_ylim(-0.7, max(0.7, len(rules) - 0.3))
    axis.grid(axis="x", alpha=0.25)
    if rules:
        axis.legend(loc="upper right", fontsize=8)
