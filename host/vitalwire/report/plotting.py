# SPDX-License-Identifier: Apache-2.0
"""Drawing with matplotlib, which is loaded when the first picture is drawn and not before."""

from __future__ import annotations

from typing import Any

from ..errors import UsageError


def figure(width_in: float, height_in: float, rows: int, ratios: tuple[float, ...]) -> tuple[Any, list[Any]]:
    """A figure of `rows` plots above one another with one time axis. Raises UsageError where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        raise UsageError("pictures need matplotlib", 'install it: pip install "vitalwire[report]"') from None
    matplotlib.use("Agg")
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    # The same record gives the same bytes: no random ids, and text that any reader's fonts can show.
    rcParams["svg.hashsalt"] = "vitalwire"
    rcParams["svg.fonttype"] = "none"
    rcParams["path.simplify"] = True
    made = Figure(figsize=(width_in, height_in))
    # Laying it out by constraints takes longer than drawing it.
    made.subplots_adjust(left=0.75 / width_in, right=0.985, top=1 - 0.32 / height_in, bottom=0.45 / height_in)
    axes = made.subplots(rows, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios})
    return made, [row[0] for row in axes]


def broken(times_min: list[float], values: list[float | None], gap_min: float) -> tuple[list[float], list[float]]:
    """A line for matplotlib that is not drawn across what was not measured."""
    xs: list[float] = []
    ys: list[float] = []
    for time_min, value in zip(times_min, values, strict=True):
        if value is None:
            continue
        if xs and time_min - xs[-1] > gap_min:
            xs.append(time_min)
            ys.append(float("nan"))
        xs.append(time_min)
        ys.append(value)
    return xs, ys
