# SPDX-License-Identifier: Apache-2.0
"""The page of a run, one HTML file that needs nothing else: `plots` draws it, `page_template.html` says the rest."""

from __future__ import annotations

import base64
import html
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any

from accuracy import plots
from accuracy.bench import Bench
from accuracy.outcomes import POPULATION, Cycle, Window
from accuracy.rows import NIBP, READ_LATER
from accuracy.stats import Row
from accuracy.table import COLUMNS, TITLES, cells, in_order
from accuracy.wanted import OURS, verdicts

LONG_S = 120.0
LONG_MOST = 16
WORST = 24
FIGURE_TITLES = {**dict(zip(COLUMNS, TITLES, strict=True)), "cycle_s": "s"}
UNITS = {"pulse": "1/min", "spo2": "%"}

TEMPLATE = Path(__file__).with_name("page_template.html")
NOTHING = "<p><i>Nothing of this in this run.</i></p>"


def write_page(path: Path, bench: Bench, rows: Sequence[Row], about: dict[str, str]) -> None:
    """Writes the page of a run. `about` is what was run: shown as it is."""
    strata = [row for row in rows if "stratum" in row]
    records = [row for row in rows if "record" in row and row["set"] != POPULATION]
    parts = {
        "about": _facts(about),
        "problems": _problems(bench),
        "wanted": _wanted(rows),
        "sets": _table(in_order(rows)),
        "strata": _table(strata),
        "records": _table(records),
        **_drawn(bench),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(TEMPLATE.read_text(encoding="utf-8")).substitute(parts), encoding="utf-8")


def _facts(about: dict[str, str]) -> str:
    lines = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in about.items())
    return f"<table>{lines}</table>"


def _problems(bench: Bench) -> str:
    said = [*bench.notes, *bench.problems]
    if not said:
        return ""
    return "<div class=note><b>Left out:</b><ul>" + "".join(f"<li>{html.escape(s)}</li>" for s in said) + "</ul></div>"


def _wanted(rows: Sequence[Row]) -> str:
    lines = []
    for verdict in verdicts(rows):
        figure = verdict.figure
        sign = "&ge;" if figure.at_least else "&le;"
        name = FIGURE_TITLES[figure.name]
        style = {"missed": "missed", "at least": "least", "aim": "aim"}[verdict.reached]
        lines.append(
            f"<tr><td>{html.escape(verdict.what)}</td><td>{html.escape(verdict.set)}</td><td class=n>{verdict.n}</td>"
            f"<td>{name}</td><td class=n>{verdict.value:.2f}</td><td class=n>{sign} {figure.least:.3g}</td>"
            f"<td class=n>{sign} {figure.aim:.3g}</td><td class={style}>{verdict.reached}</td></tr>"
        )
    head = "".join(f"<th>{t}</th>" for t in ("task", "set", "n", "figure", "measured", "at least", "aim", "reached"))
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _table(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        texts = cells(row)
        named = row.get("record") or row.get("stratum")
        if named:
            texts[1] = str(named) if "record" in row else f"{row['set']}: {named}"
        why = row.get("outcome") or ", ".join(f"{k} {v}" for k, v in row.get("reasons", {}).items())
        if row.get("lag_s"):
            why = f"reference read {row['lag_s']} s later"
        elif row.get("stratum") == READ_LATER:
            why = READ_LATER.replace("=", " ")
        numbers = "".join(f"<td class=n>{html.escape(text)}</td>" for text in texts[3:])
        names = "".join(f"<td>{html.escape(text)}</td>" for text in texts[:3])
        ours = ' class="ours"' if row["method"] == OURS else ""
        lines.append(f"<tr{ours}>{names}{numbers}<td>{html.escape(str(why))}</td></tr>")
    head = "".join(f"<th>{title}</th>" for title in (*TITLES, ""))
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _image(draw: Callable[[Any], bytes], what: Any) -> str:
    """A drawing of `what`, or a word where there is nothing to draw."""
    if not what:
        return NOTHING
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(draw(what)).decode()}">'


# ---------------------------------------------------------------- what is drawn


def _drawn(bench: Bench) -> dict[str, str]:
    windows, cycles = bench.outcomes.windows, bench.outcomes.cycles
    return {
        "agreement": _image(plots.bland_altman, [*_window_groups(windows), *_cycle_groups(cycles)]),
        "over_time": _image(plots.over_time, _long(windows)),
        "quality": _image(plots.quality, _quality(windows, cycles)),
        "reasons": _reasons(windows, cycles),
        "oscillograms": _image(plots.oscillograms, bench.measured),
        "patients": _image(plots.cycles, _worst(cycles)),
    }


def _window_groups(windows: Sequence[Window]) -> Iterator[tuple[str, dict[str, plots.Points], str]]:
    for task, name in dict.fromkeys((w.task, w.set) for w in windows):
        methods: dict[str, list[tuple[float, float]]] = {}
        for w in windows:
            shown = w.method == OURS or w.method in plots.PEERS
            if (w.task, w.set) == (task, name) and shown and w.reference is not None and w.value is not None:
                methods.setdefault(w.method, []).append((w.reference, w.value))
        if OURS in methods:
            yield f"{task}, {name}", {OURS: methods.pop(OURS), **methods}, UNITS[task]


def _cycle_groups(cycles: Sequence[Cycle]) -> Iterator[tuple[str, dict[str, plots.Points], str]]:
    for task, read in NIBP.items():
        for name in dict.fromkeys(c.set for c in cycles):
            methods: dict[str, list[tuple[float, float]]] = {}
            for cycle in cycles:
                reference, value = read(cycle)
                if cycle.set == name and reference is not None and value is not None:
                    methods.setdefault(cycle.method, []).append((reference, value))
            if OURS in methods:
                yield f"{task[5:].upper()}, {name}", {OURS: methods.pop(OURS), **methods}, "mmHg"


def _long(windows: Sequence[Window]) -> list[tuple[str, Sequence[Window], str]]:
    found: list[tuple[str, Sequence[Window], str]] = []
    ours = [w for w in windows if w.method == OURS and w.set != POPULATION]
    for task, record in dict.fromkeys((w.task, w.record) for w in ours):
        some = [w for w in ours if (w.task, w.record) == (task, record)]
        if some[-1].t_s - some[0].t_s >= LONG_S and any(w.reference is not None for w in some):
            found.append((f"{record}: {task}", some, UNITS[task]))
    return sorted(found, key=lambda item: -len(item[1]))[:LONG_MOST]


def _quality(windows: Sequence[Window], cycles: Sequence[Cycle]) -> list[tuple[str, plots.Points, str]]:
    found = []
    for task in dict.fromkeys(w.task for w in windows):
        for simulated in (False, True):
            points = [
                (w.quality, abs(w.value - w.reference))
                for w in windows
                if w.method == OURS and w.task == task and (w.set == POPULATION) == simulated
                if w.quality is not None and w.value is not None and w.reference is not None
            ]
            found.append((f"{task}, {'simulated' if simulated else 'recorded'}", points, UNITS[task]))
    for simulated in (False, True):
        points = []
        for cycle in cycles:
            if cycle.method == OURS and (cycle.set == POPULATION) == simulated and cycle.quality is not None:
                errors = [abs(v - r) for r, v in (NIBP["nibp_sbp"](cycle), NIBP["nibp_dbp"](cycle)) if r and v]
                points += [(cycle.quality, max(errors))] if errors else []
        found.append((f"pressure (the worse of SBP, DBP), {'simulated' if simulated else 'recorded'}", points, "mmHg"))
    return [item for item in found if len(item[1]) >= 3]


def _reasons(windows: Sequence[Window], cycles: Sequence[Cycle]) -> str:
    """A table: how many values were withheld, and what stood in their place."""
    asked: dict[str, list[str | None]] = {}
    for w in windows:
        if w.method == OURS:
            asked.setdefault(f"{w.task}, {w.set}", []).append(w.reason if w.value is None else None)
    for c in cycles:
        if c.method == OURS:
            asked.setdefault(f"cuff, {c.set}", []).append(c.outcome if c.sbp_mmhg is None else None)
    lines = []
    for name, said in asked.items():
        counts = Counter(reason for reason in said if reason is not None)
        if counts:
            why = ", ".join(f"{html.escape(reason)} {count}" for reason, count in counts.most_common())
            total = f"<td class=n>{counts.total()}</td><td class=n>{len(said)}</td>"
            lines.append(f"<tr><td>{html.escape(name)}</td>{total}<td>{why}</td></tr>")
    if not lines:
        return NOTHING
    return f"<table><tr><th></th><th>withheld</th><th>of</th><th>reasons</th></tr>{''.join(lines)}</table>"


def _worst(cycles: Sequence[Cycle]) -> list[Cycle]:
    """Simulated patients: values where none is right first, then the largest errors."""
    ours = [c for c in cycles if c.method == OURS and c.set == POPULATION and c.sbp_mmhg is not None]

    def badness(cycle: Cycle) -> float:
        if cycle.answerable is False:
            return 1000.0
        return max((abs(v - r) for r, v in (read(cycle) for read in NIBP.values()) if r and v), default=0.0)

    return sorted(ours, key=lambda cycle: -badness(cycle))[:WORST]
