# SPDX-License-Identifier: Apache-2.0
"""The rows as a table of text, a line for each set and stratum. Single records are in the file and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from accuracy.outcomes import POPULATION
from accuracy.rows import ALL, READ_LATER
from accuracy.stats import Row

COLUMNS = ("task", "set", "method", "n", "coverage_pct", "bias", "sd", "arms", "mae", "p95_abs", "silent_pct")
TITLES = ("task", "set", "method", "n", "cover %", "bias", "SD", "Arms", "MAE", "p95", "silent %")
TASKS = ("pulse", "spo2", "nibp_sbp", "nibp_dbp", "nibp_map", "nibp_repeat")


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Without single records and strata but `READ_LATER`; by task, then set, then method with ours first."""
    some = [row for row in rows if "record" not in row and row.get("stratum", READ_LATER) == READ_LATER]
    methods = list(dict.fromkeys(["vitalwire", *(row["method"] for row in rows)]))
    sets = [*dict.fromkeys(r["set"] for r in rows if r["set"] not in (POPULATION, ALL)), ALL, POPULATION]
    return sorted(
        some,
        key=lambda r: (TASKS.index(r["task"]), sets.index(r["set"]), "stratum" in r, methods.index(r["method"])),
    )


def cells(row: Row) -> list[str]:
    """A row as text; what is not defined stays empty."""
    found = []
    for key in COLUMNS:
        value = row.get(key)
        found.append("" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value))
    if row.get("stratum"):
        found[1] += f" [{row['stratum']}]"
    if row["n"] == 0 and row.get("tried"):
        found[COLUMNS.index("n")] = f"(of {row['tried']})"
    return found


def text_table(rows: Sequence[Row]) -> str:
    """Lines of aligned columns. `(of N)`: there was no reference, and of N tried that share was given a value."""
    lines = [list(TITLES), *(cells(row) for row in in_order(rows))]
    widths = [max(len(line[k]) for line in lines) for k in range(len(TITLES))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, numbers to the right."""
    words = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join(words + numbers).rstrip()
