# SPDX-License-Identifier: Apache-2.0
"""From pairs of reference and value to one row of figures. An error is value minus reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

Pair = tuple[float, float | None]
"""Reference and value; the value is None where none was given."""
Row = dict[str, Any]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` (0-1) of the values lie, on straight lines between them; None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    left = min(int(at), len(ordered) - 1)
    right = min(left + 1, len(ordered) - 1)
    return ordered[left] + (ordered[right] - ordered[left]) * (at - left)


def figures(pairs: Iterable[Pair]) -> Row:
    """n, coverage_pct, bias, sd, arms, mae, p95_abs; None where a figure is not defined."""
    pairs = list(pairs)
    errors = [value - reference for reference, value in pairs if value is not None]
    n, given = len(pairs), len(errors)
    bias = sum(errors) / given if given else None
    sd = math.sqrt(sum((e - bias) ** 2 for e in errors) / (given - 1)) if bias is not None and given > 1 else None
    return {
        "n": n,
        "coverage_pct": 100.0 * given / n if n else None,
        "bias": bias,
        "sd": sd,
        "arms": math.sqrt(sum(e * e for e in errors) / given) if given else None,
        "mae": sum(map(abs, errors)) / given if given else None,
        "p95_abs": percentile([abs(e) for e in errors], 0.95),
    }


def row(method: str, task: str, set_name: str, pairs: Iterable[Pair], **more: Any) -> Row:
    """One row as it is written; `more` are `record`, `stratum` and the like."""
    found = {"method": method, "task": task, "set": set_name, **figures(pairs), **more}
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}


def coverage_row(method: str, task: str, set_name: str, given: Sequence[bool], **more: Any) -> Row:
    """A row where there is no reference: n is 0, `tried` how many there were, coverage the share with a value."""
    found = row(method, task, set_name, [], tried=len(given), **more)
    found["coverage_pct"] = round(100.0 * sum(given) / len(given), 4) if given else None
    return found


def outcome_row(
    method: str, task: str, set_name: str, values: Sequence[tuple[float | None, float | None]], **more: Any
) -> Row:
    """A row of (reference, value): over those that have a reference, or the coverage of all where none has."""
    pairs = [(reference, value) for reference, value in values if reference is not None]
    if pairs or not values:
        return row(method, task, set_name, pairs, **more)
    return coverage_row(method, task, set_name, [value is not None for _, value in values], **more)
