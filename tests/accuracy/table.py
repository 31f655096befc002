# SPDX-License-Identifier: Apache-2.0
"""The rows as a table of text, a line for each set and stratum. Single records are in the file and on the page."""

from __future__ import annotations

from collections.abc import Sequence

from stats import Row

COLUMNS = ("task", "set", "method", "n", "coverage_pct", "bias", "sd", "arms", "mae", "p95_abs")
TITLES = ("task", "set", "method", "n", "cover %", "bias", "SD", "Arms", "MAE", "p95")
TASKS = ("pulse", "spo2", "nibp_sbp", "nibp_dbp", "nibp_map", "nibp_repeat")


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Without single records; by task, then set, then method with ours first, as they came otherwise."""
    some = [row for row in rows if "record" not in row]
    methods = list(dict.fromkeys(["vitalwire", *(row["method"] for row in rows)]))
    sets = list(dict.fromkeys(row["set"] for row in rows))
    return sorted(
        some,
        key=lambda row: (
            TASKS.index(row["task"]), sets.index(row["set"]), row.get("stratum", ""), methods.index(row["method"])
        ),
    )  # fmt: skip


def text_table(rows: Sequence[Row]) -> str:
    """Lines of aligned columns."""
    lines = [list(TITLES)]
    for row in in_order(rows):
        cells = ["" if row[key] is None else f"{row[key]:.2f}" if isinstance(row[key], float) else str(row[key])
                 for key in COLUMNS]  # fmt: skip
        if row.get("stratum"):
            cells[1] += f" [{row['stratum']}]"
        if row["n"] == 0 and row.get("tried"):
            cells[3] = f"(of {row['tried']})"
        lines.append(cells)
    widths = [max(len(line[k]) for line in lines) for k in range(len(TITLES))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, numbers to the right."""
    words = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join(words + numbers).rstrip()
