# SPDX-License-Identifier: Apache-2.0
"""Pictures of calibrations: errors against pressure as found and as left, and the drift over the years."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .plotting import figure

FORMATS: Final = ("png", "svg")
_FOUND, _LEFT = "#b05000", "#1b4f8a"
_MARKERS: Final = {"up": "^", "down": "v", "left": "o"}
_WAYS: Final = {"up": "going up", "down": "coming down", "left": "measured after"}


def format_of(path: Path) -> str:
    """`png` or `svg`. Raises UsageError for any other ending."""
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise UsageError(f"{path}: a picture is a .png or a .svg file", "give --plot such a name")
    return kind


def residuals(record: Mapping[str, Any], kind: str) -> bytes:
    """Errors of both pressure channels against the reference, with the limit."""
    made, axes = figure(8.0, 6.4, 2, (1.0, 1.0))
    for axis, channel in zip(axes, ("cuff", "guard"), strict=True):
        _limits(axis)
        for when, colour, word in (("as_found_mmhg", _FOUND, "as found"), ("as_left_mmhg", _LEFT, "as left")):
            for points in (record["points"], record["left_points"]):
                _errors(axis, points, when, channel, colour, word)
        axis.set_ylabel(f"{channel} channel: error, mmHg")
        axis.grid(alpha=0.25)
        top = max(map(abs, axis.get_ylim()))
        axis.set_ylim(-top, top)
    _legend(axes[0])
    axes[1].set_xlabel("reference, mmHg")
    _title(axes[0], f"{record['serial']}, {record['date']}: {record['result']}", record)
    return _bytes(made, kind)


def curve(record: Mapping[str, Any], kind: str) -> bytes:
    """The points of an oximeter calibration, the curve before and the new one."""
    made, (axis,) = figure(8.0, 4.8, 1, (1.0,))
    for knots, colour, word in ((record["as_found"], _FOUND, "as found"), (record["as_left"], _LEFT, "as left")):
        if knots:
            axis.plot([r for r, _ in knots], [s for _, s in knots], color=colour, linewidth=1.2, label=word)
    xs, ys = [p["ratio"] for p in record["points"]], [p["reference_spo2_pct"] for p in record["points"]]
    axis.plot(xs, ys, "o", color="#202020", markersize=5, label="reference")
    axis.set_xlabel("ratio of ratios")
    axis.set_ylabel("SpO2, %")
    if xs:
        axis.set_xlim(min(xs) - 0.15, max(xs) + 0.15)
        axis.set_ylim(min(ys) - 5, 101)
    axis.grid(alpha=0.25)
    _legend(axis)
    _title(axis, f"{record['serial']}, {record['date']}: {record['result']}", record)
    return _bytes(made, kind)


def drift(records: Sequence[Mapping[str, Any]], kind: str) -> bytes:
    """Of one board: its largest error as found and as left at each pressure calibration, over time."""
    made, (axis,) = figure(8.0, 4.2, 1, (1.0,))
    times = [datetime.fromisoformat(str(record["done_utc"])) for record in records]
    for when, colour, word in (("as_found_mmhg", _FOUND, "as found"), ("as_left_mmhg", _LEFT, "as left")):
        pairs = [(t, worst(record, when)) for t, record in zip(times, records, strict=True)]
        known = [(t, value) for t, value in pairs if value is not None]
        axis.plot([t for t, _ in known], [v for _, v in known], "o-", color=colour, linewidth=1.0, label=word)
    axis.axhline(3, color="#a00000", linestyle="--", linewidth=0.9, label="limit below 150 mmHg")
    axis.axhline(-3, color="#a00000", linestyle="--", linewidth=0.9)
    axis.axhline(0, color="#606060", linewidth=0.6)
    axis.set_ylabel("cuff channel: largest error, mmHg")
    axis.tick_params(axis="x", labelrotation=20, labelsize=8)
    axis.grid(alpha=0.25)
    made.subplots_adjust(bottom=0.17)
    _legend(axis)
    _title(axis, f"{records[-1]['serial']}: {len(records)} pressure calibrations and checks", records[-1])
    return _bytes(made, kind)


def worst(record: Mapping[str, Any], when: str, channel: str = "cuff") -> float | None:
    """The largest error of a channel over the points, with its sign."""
    found = [p[when].get(channel) for p in record["points"] if isinstance(p.get(when), dict)]
    found = [error for error in found if error is not None]
    return max(found, key=abs, default=None)


def _limits(axis: Any) -> None:
    xs = [0, 150, 260]
    ys = [3.0, 3.0, 5.2]
    axis.plot(xs, ys, color="#a00000", linestyle="--", linewidth=0.9, label="limit +-3 mmHg or 2 %")
    axis.plot(xs, [-y for y in ys], color="#a00000", linestyle="--", linewidth=0.9)
    axis.axhline(0, color="#606060", linewidth=0.6)


def _errors(axis: Any, points: Any, when: str, channel: str, colour: str, word: str) -> None:
    for way, marker in _MARKERS.items():
        some = [p for p in points if p["direction"] == way and isinstance(p.get(when), dict) and channel in p[when]]
        if some:
            xs, ys = [p["reference_mmhg"] for p in some], [p[when][channel] for p in some]
            line = "-" if len(some) > 2 else ""
            axis.plot(xs, ys, marker + line, color=colour, linewidth=0.8, markersize=5, label=f"{word}, {_WAYS[way]}")


def _legend(axis: Any) -> None:
    axis.legend(fontsize=7, loc="best", ncols=2)


def _title(axis: Any, text: str, record: Mapping[str, Any]) -> None:
    simulated = "SIMULATED  " if record.get("simulated") else ""
    axis.set_title(simulated + text, fontsize=9)


def _bytes(made: Any, kind: str) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = (
        {"metadata": {"Software": None}, "dpi": 130} if kind == "png" else {"metadata": {"Date": None}}
    )
    made.savefig(out, format=kind, **options)
    return out.getvalue()
