# SPDX-License-Identifier: Apache-2.0
"""Reads vitals from a CSV: our own `vitals.csv`, or a plain series `t_s,spo2,pr,sbp,dbp,map`.

An empty cell is *not measured*. A file may hold several people (`id`). Whatever does not read is a sentence with line
and column; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import UsageError
from ..session.facts import Vitals
from .files import read_regular

BYTES_MAX: Final = 64 << 20
CELL_MAX: Final = 4000
_SIZE_HINT: Final = "give a CSV of vitals"
_PLAIN: Final = {"spo2": "spo2_pct", "pr": "pulse_bpm", "sbp": "sbp_mmhg", "dbp": "dbp_mmhg", "map": "map_mmhg"}
_OURS: Final = {name: name for name in ("spo2_pct", "pulse_bpm", "sbp_mmhg", "dbp_mmhg", "map_mmhg")}
_SPANS: Final = {
    "spo2_pct": (0.0, 100.0),
    "pulse_bpm": (0.0, 400.0),
    "sbp_mmhg": (0.0, 400.0),
    "dbp_mmhg": (0.0, 400.0),
    "map_mmhg": (0.0, 400.0),
}
_TIME_MAX_S: Final = 1e8


def read_series(path: Path) -> dict[str, list[Vitals]]:
    """The rows of a CSV by who they are of (`""` where the file does not say), in order of time.

    A row with a pressure becomes one of the cuff, one with SpO2 or pulse one of the oximeter. Raises UsageError.
    """
    rows = _rows(path)
    number, head = next(rows, (1, []))
    columns = [name.strip() for name in head]
    ours = "elapsed_s" in columns
    time_name, fields = ("elapsed_s", _OURS) if ours else ("t_s", _PLAIN)
    if time_name not in columns or not any(name in columns for name in fields):
        said = f"{path}, line {number}: the first line is not that of a series of vitals"
        raise UsageError(said, "it begins with t_s,spo2,pr,sbp,dbp,map, or is a vitals.csv of a session")
    found: dict[str, list[Vitals]] = {}
    last: dict[str, float] = {}
    for number, cells in rows:
        if not cells or cells == [""]:
            continue
        if len(cells) != len(columns):
            raise UsageError(f"{path}, line {number}: {len(cells)} cells, {len(columns)} in the first line")
        row = dict(zip(columns, cells, strict=True))
        if ours and (row.get("source") == "gap" or "late" in row.get("flags", "").split()):
            continue
        who = row.get("id", "")[:64]
        t_s = _number(path, number, columns, time_name, row[time_name], (-_TIME_MAX_S, _TIME_MAX_S))
        if t_s is None:
            raise UsageError(f"{path}, line {number}, column {time_name}: there is no time")
        if t_s < last.get(who, t_s):
            raise UsageError(f"{path}, line {number}, column {time_name}: {t_s:g} s comes after {last[who]:g} s")
        last[who] = t_s
        values = {
            field: _number(path, number, columns, name, row[name], _SPANS[field])
            for name, field in fields.items()
            if name in row
        }
        found.setdefault(who, []).extend(_vitals(round(t_s * 1000), values, row.get("source", "")))
    if not found:
        raise UsageError(f"{path}: there is no row in it", _SIZE_HINT)
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of the file. Raises UsageError for what is no text, or has no end."""
    try:
        data, size = read_regular(path, BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}", _SIZE_HINT) from None
    if size > BYTES_MAX or len(data) > BYTES_MAX:
        raise UsageError(f"{path}: larger than {BYTES_MAX >> 20} MB", _SIZE_HINT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}, line {line}: not UTF-8 text", "save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(CELL_MAX)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}") from None


def _number(path: Path, line: int, columns: list[str], name: str, cell: str, span: tuple[float, float]) -> float | None:
    cell = cell.strip()
    if not cell:
        return None
    where = f"{path}, line {line}, column {columns.index(name) + 1} ({name})"
    try:
        value = float(cell)
    except ValueError:
        raise UsageError(
            f"{where}: {cell[:40]!r} is no number", "leave a cell empty where nothing was measured"
        ) from None
    if not math.isfinite(value) or not span[0] <= value <= span[1]:
        raise UsageError(f"{where}: {cell[:40]} is outside {span[0]:g} to {span[1]:g}")
    return value


def _vitals(t_ms: int, values: dict[str, float | None], source: str) -> Iterator[Vitals]:
    sbp, dbp, mean = (values.get(name) for name in ("sbp_mmhg", "dbp_mmhg", "map_mmhg"))
    spo2, pulse, marks = values.get("spo2_pct"), values.get("pulse_bpm"), ("replayed",)
    if source == "manual":
        yield Vitals(
            t_ms, 0, "manual", spo2_pct=spo2, pulse_bpm=pulse, sbp_mmhg=sbp, dbp_mmhg=dbp, map_mmhg=mean, flags=marks
        )
        return
    if sbp is not None or dbp is not None or mean is not None:
        yield Vitals(t_ms, 0, "cuff", sbp_mmhg=sbp, dbp_mmhg=dbp, map_mmhg=mean, flags=marks)
    if source != "cuff" and ("spo2_pct" in values or "pulse_bpm" in values):
        yield Vitals(t_ms, 0, "oximeter", spo2_pct=spo2, pulse_bpm=pulse, flags=marks)
