# SPDX-License-Identifier: Apache-2.0
"""The plots of the page, each as the bytes of a PNG. Ours is blue, a reference black, a peer orange or green."""

from __future__ import annotations

import io
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import matplotlib

from accuracy.bench import Measured
from accuracy.outcomes import Cycle, Window

matplotlib.use("Agg")

from matplotlib import pyplot as plt

OURS, REFERENCE, MUTED = "#1f5fbf", "#111111", "#9aa3ad"
PEERS = {"heartpy@ours": "#d9822b", "neurokit2@ours": "#3a8f55", "fixed_ratio": "#d9822b", "textbook_curve": "#d9822b"}
PRESSURES = {"SBP": "#b3261e", "MAP": "#6b4fa0", "DBP": "#0b7285"}
DPI = 88
PANELS_WIDE = 4

plt.rcParams.update({
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e6e8eb",
    "axes.axisbelow": True, "axes.titlesize": 9, "axes.titleweight": "bold", "figure.constrained_layout.use": True,
})  # fmt: skip

Points = Sequence[tuple[float, float]]


def png(figure: Any) -> bytes:
    """The figure's bytes; it is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    plt.close(figure)
    return buffer.getvalue()


def _panels(count: int, width: float, height: float, wide: int = PANELS_WIDE) -> tuple[Any, list[Any]]:
    columns = min(wide, count)
    lines = -(-count // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(width * columns, height * lines), squeeze=False)
    flat = list(axes.flat)
    for spare in flat[count:]:
        spare.set_visible(False)
    return figure, flat[:count]


def bland_altman(groups: Sequence[tuple[str, dict[str, Points], str]]) -> bytes:
    """One panel a group: title, (reference, value) by method, unit. Lines: bias and bias +- 1.96 SD of the first."""
    figure, axes = _panels(len(groups), 3.6, 3.0, 3)
    for axis, (title, methods, unit) in zip(axes, groups, strict=True):
        for place, (method, points) in reversed(list(enumerate(methods.items()))):
            colour = OURS if place == 0 else PEERS.get(method, MUTED)
            x = [(reference + value) / 2 for reference, value in points]
            y = [value - reference for reference, value in points]
            axis.plot(x, y, ".", color=colour, ms=4, alpha=0.65, label=f"{method} ({len(points)})", zorder=3 - place)
        first = next(iter(methods.values()))
        _limits_of_agreement(axis, [value - reference for reference, value in first])
        axis.set_title(title)
        axis.set_xlabel(f"mean of value and reference, {unit}")
        axis.set_ylabel(f"value - reference, {unit}")
        axis.legend(fontsize=7, loc="best", framealpha=0.8)
    return png(figure)


def _limits_of_agreement(axis: Any, errors: Sequence[float]) -> None:
    if len(errors) < 2:
        return
    bias, spread = fmean(errors), 1.96 * stdev(errors)
    axis.axhline(0, color=REFERENCE, lw=0.6)
    axis.axhline(bias, color=OURS, lw=1.2)
    for line in (bias - spread, bias + spread):
        axis.axhline(line, color=OURS, lw=0.9, ls="--")
    # The limits set the scale of the panel: a peer that is far off must not press everything else flat.
    reach = max(abs(bias) + spread, max(map(abs, errors))) * 1.25 + 0.5
    axis.set_ylim(-reach, reach)


def over_time(records: Sequence[tuple[str, Sequence[Window], str]]) -> bytes:
    """One line of two panels a record: value and reference over time, and their difference. Red ticks: no value."""
    figure, axes = plt.subplots(
        len(records), 2, figsize=(13, 1.9 * len(records)), squeeze=False, gridspec_kw={"width_ratios": [3, 2]}
    )
    for (left, right), (title, windows, unit) in zip(axes, records, strict=True):
        known = [w for w in windows if w.reference is not None]
        given = [w for w in windows if w.value is not None]
        both = [w for w in given if w.reference is not None]
        left.plot([w.t_s for w in known], [w.reference for w in known], "-", color=REFERENCE, lw=1, label="reference")
        left.plot([w.t_s for w in given], [w.value for w in given], ".-", color=OURS, lw=0.8, ms=3, label="vitalwire")
        _no_value(left, [w.t_s for w in windows if w.value is None])
        left.set_title(f"{title}, {unit}", loc="left")
        right.plot([w.t_s for w in both], [w.value - w.reference for w in both], ".", color=OURS, ms=4)  # type: ignore[operator]
        right.axhline(0, color=REFERENCE, lw=0.6)
        right.set_title("value - reference", loc="left")
        left.legend(fontsize=7, loc="best", ncols=3, framealpha=0.8)
    axes[-1][0].set_xlabel("s")
    axes[-1][1].set_xlabel("s")
    return png(figure)


def _no_value(axis: Any, times: Sequence[float]) -> None:
    if times:
        low, _ = axis.get_ylim()
        axis.plot(times, [low] * len(times), "|", color="#b3261e", ms=8, mew=1.5, label="no value")


def quality(groups: Sequence[tuple[str, Points, str]]) -> bytes:
    """One panel a group: title, (quality, |error|), unit. The line is the median in steps of 20."""
    figure, axes = _panels(len(groups), 3.6, 2.7, 3)
    for axis, (title, points, unit) in zip(axes, groups, strict=True):
        axis.plot([q for q, _ in points], [e for _, e in points], ".", color=OURS, ms=4, alpha=0.5)
        steps = [(low, sorted(e for q, e in points if low <= q < low + 20 + (low == 80))) for low in range(0, 100, 20)]
        middles = [(low + 10, some[len(some) // 2]) for low, some in steps if len(some) >= 3]
        axis.plot([x for x, _ in middles], [y for _, y in middles], "o-", color="#b3261e", lw=1.2, ms=4)
        axis.set_xlim(0, 102)
        axis.set_title(title)
        axis.set_xlabel("signal quality")
        axis.set_ylabel(f"|error|, {unit}")
    return png(figure)


def oscillograms(measured: Sequence[Measured]) -> bytes:
    """Every recorded cycle: the beats, the fit, and where the pressures were read."""
    figure, axes = _panels(len(measured), 3.2, 2.3)
    for axis, item in zip(axes, measured, strict=True):
        kept = [beat for beat in item.beats if beat[4] != 0]
        left_out = [beat for beat in item.beats if beat[4] == 0]
        axis.plot([b[0] / 100 for b in left_out], [b[1] / 1000 for b in left_out], "x", color=MUTED, ms=4)
        axis.plot([b[0] / 100 for b in kept], [b[1] / 1000 for b in kept], ".", color=OURS, ms=5)
        fit = sorted((b[0] / 100, b[3] / 1000) for b in kept if b[3])
        axis.plot([p for p, _ in fit], [a for _, a in fit], "-", color=OURS, lw=1)
        _marks(axis, item.cycle, item.textbook)
        _title(axis, item.cycle, item.cycle.record)
    return png(figure)


def cycles(worst: Sequence[Cycle]) -> bytes:
    """Oscillograms of simulated patients: the beats, ours and the truth."""
    figure, axes = _panels(len(worst), 3.2, 2.3)
    for axis, cycle in zip(axes, worst, strict=True):
        beats = cycle.oscillogram
        axis.plot([b.pressure_mmhg for b in beats], [b.amplitude_mmhg for b in beats], ".", color=OURS, ms=4)
        _marks(axis, cycle, None)
        _title(axis, cycle, f"patient {cycle.record}")
    return png(figure)


def _marks(axis: Any, ours: Cycle, textbook: Cycle | None) -> None:
    """Full lines: ours; dashed: reference or truth; dotted: the textbook's."""
    for cycle, style, width in ((ours, "-", 1.3), (textbook, ":", 1.2)):
        if cycle is not None:
            values = {"SBP": cycle.sbp_mmhg, "MAP": cycle.map_mmhg, "DBP": cycle.dbp_mmhg}
            for name, value in values.items():
                if value is not None:
                    axis.axvline(value, color=PRESSURES[name], ls=style, lw=width, alpha=0.9)
    for name, value in {"SBP": ours.sbp_ref_mmhg, "MAP": ours.map_ref_mmhg, "DBP": ours.dbp_ref_mmhg}.items():
        if value is not None:
            axis.axvline(value, color=PRESSURES[name], ls=(0, (6, 3)), lw=1.6)


def _title(axis: Any, cycle: Cycle, name: str) -> None:
    if cycle.sbp_mmhg is None or cycle.dbp_mmhg is None:
        said = cycle.outcome
    else:
        said = f"{cycle.sbp_mmhg:.0f}/{cycle.dbp_mmhg:.0f}"
    if cycle.sbp_ref_mmhg is not None and cycle.dbp_ref_mmhg is not None:
        said += f", ref {cycle.sbp_ref_mmhg:.0f}/{cycle.dbp_ref_mmhg:.0f}"
    axis.set_title(f"{name}\n{said}", fontsize=8)
    axis.set_ylim(bottom=0)
    axis.invert_xaxis()
