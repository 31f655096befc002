# SPDX-License-Identifier: Apache-2.0
"""A CSV of a session held against what its capture gives: equal, or the first place where it is not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from .files import read_regular

Verdict = Literal["equal", "short", "long", "differs", "missing", "unreadable", "not_checked"]
MORE_MAX: Final = 64 << 20
"""So many bytes more than expected are read of a file, and no more."""
_CELL_MAX: Final = 40


@dataclass(frozen=True)
class FileCheck:
    """One file against what it must be.

    `equal`; `short`: it ends too early, and what there is is right; `long`: it begins as it must and goes on;
    `differs`: see `line` (from 1) and `detail`; `missing` and `unreadable`: see `detail`; `not_checked`: there is
    nothing to hold it against. `rows` is how many rows the capture gives, `wrong_rows` how many are missing or too
    many.
    """

    name: str
    verdict: Verdict
    rows: int = 0
    wrong_rows: int = 0
    line: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        if self.verdict == "equal":
            return f"{self.name}: equal, {self.rows} rows"
        if self.verdict == "short":
            return f"{self.name}, line {self.line}: it ends there, {self.detail}before the capture does"
        if self.verdict == "long":
            return f"{self.name}, line {self.line}: {self.wrong_rows} rows more than the capture gives"
        place = "" if self.line is None else f", line {self.line}"
        return f"{self.name}{place}: {self.detail or self.verdict.replace('_', ' ')}"

    def as_json(self) -> dict[str, Any]:
        """For JSON: plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def size_of(path: Path) -> int | None:
    """How large a file is at present; None where nobody can tell."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def compare_file(folder: Path, name: str, expected: bytes, size: int | None = None) -> FileCheck:
    """Holds `name` in `folder` against `expected`; only its first `size` bytes, where that is given."""
    rows = max(0, expected.count(b"\r\n") - 1)
    try:
        most = len(expected) + MORE_MAX
        actual, _ = read_regular(folder / name, most if size is None else min(most, size))
    except FileNotFoundError:
        return FileCheck(name, "missing", rows, detail="the file is missing")
    except OSError as error:
        return FileCheck(name, "unreadable", rows, detail=f"it cannot be read: {error.strerror or error}")
    if actual == expected:
        return FileCheck(name, "equal", rows)
    if expected.startswith(actual):
        missing = expected[len(actual) :].count(b"\r\n")
        words = f"{missing} rows " if actual.endswith(b"\r\n") or not actual else f"within a row, {missing} rows "
        return FileCheck(name, "short", rows, missing, actual.count(b"\r\n") + 1, words)
    if actual.startswith(expected):
        more = actual[len(expected) :]
        return FileCheck(
            name, "long", rows, more.count(b"\n") + (not more.endswith(b"\n")), expected.count(b"\r\n") + 1
        )
    return _difference(name, actual, expected, rows)


def _difference(name: str, actual: bytes, expected: bytes, rows: int) -> FileCheck:
    is_lines, must_lines = actual.split(b"\r\n"), expected.split(b"\r\n")
    pairs = zip_longest(is_lines, must_lines)
    line, (found, must) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    if found is None or must is None:  # pragma: no cover - one would be the beginning of the other
        return FileCheck(name, "differs", rows, line=line, detail="not what the capture says")
    columns = _cells(must_lines[0])
    for number, (is_cell, must_cell) in enumerate(zip_longest(_cells(found), _cells(must))):
        if is_cell != must_cell:
            column = columns[number] if number < len(columns) else f"column {number + 1}"
            detail = f"{column} is {_shown(is_cell)}, and the capture gives {_shown(must_cell)}"
            return FileCheck(name, "differs", rows, line=line, detail=detail)
    return FileCheck(name, "differs", rows, line=line, detail="not written as the capture gives it")


def _cells(line: bytes) -> list[str]:
    text = line.decode("utf-8", "backslashreplace")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return [text]


def _shown(cell: str | None) -> str:
    if not cell:
        return "absent" if cell is None else "blank"
    text = "".join(c if c.isprintable() else "?" for c in cell)
    return repr(text if len(text) <= _CELL_MAX else text[:_CELL_MAX] + "...")


__all__ = ["FileCheck", "compare_file", "size_of"]
