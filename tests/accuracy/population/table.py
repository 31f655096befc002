# SPDX-License-Identifier: Apache-2.0
"""Tables of outcomes for whoever tunes; the bench's own rows are not made here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from accuracy.outcomes import Cycle, Window

Pairs = Sequence[tuple[float, float]]


def _figures(pairs: Pairs) -> str:
    errors = [value - reference for value, reference in pairs]
    if not errors:
        return f"{'-':>7}{'-':>7}{'-':>7}"
    mean = sum(errors) / len(errors)
    sd = math.sqrt(sum((e - mean) ** 2 for e in errors) / (len(errors) - 1)) if len(errors) > 1 else 0.0
    worst = sorted(abs(e) for e in errors)[min(len(errors) - 1, int(0.95 * len(errors)))]
    return f"{mean:7.1f}{sd:7.1f}{worst:7.1f}"


def _pairs(cycles: Iterable[Cycle], name: str) -> list[tuple[float, float]]:
    found = ((getattr(c, f"{name}_mmhg"), getattr(c, f"{name}_ref_mmhg")) for c in cycles)
    return [(value, reference) for value, reference in found if value is not None and reference is not None]


def _row(label: str, cycles: Sequence[Cycle]) -> str:
    given = sum(c.sbp_mmhg is not None for c in cycles)
    coverage = f"{100 * given / len(cycles):6.1f}" if cycles else "     -"
    return f"{label:<34}{len(cycles):>5}{coverage}" + "".join(
        _figures(_pairs(cycles, n)) for n in ("sbp", "dbp", "map")
    )


def print_cycles(cycles: Sequence[Cycle]) -> None:
    """By method and stratum: those with a right answer first, then what was given where there is none."""
    if not cycles:
        return
    head = "".join(f"{name + ' ' + figure:>7}" for name in ("S", "D", "M") for figure in ("mean", "SD", "p95"))
    for method in sorted({c.method for c in cycles}, reverse=True):
        mine = [c for c in cycles if c.method == method]
        answerable = [c for c in mine if c.answerable]
        print(f"\n{method + ': those with a right answer':<34}{'n':>5}{'cov%':>6}{head}")
        print(_row("all", answerable))
        for stratum in answerable[0].strata if answerable else ():
            if stratum == "why_none":
                continue
            for value in sorted({c.strata[stratum] for c in answerable}):
                print(_row(f"  {stratum} {value}", [c for c in answerable if c.strata[stratum] == value]))
        _print_withheld(mine, answerable)
        _print_times(answerable)


def _print_withheld(mine: Sequence[Cycle], answerable: Sequence[Cycle]) -> None:
    none = [c for c in mine if not c.answerable]
    wrong = [c for c in none if c.sbp_mmhg is not None]
    withheld = Counter(c.outcome for c in answerable if c.sbp_mmhg is None)
    print("withheld though answerable: " + (", ".join(f"{k} {n}" for k, n in withheld.most_common()) or "none"))
    print(f"no right answer: {len(none)}, value given all the same in {len(wrong)}")
    for why in sorted({c.strata["why_none"] for c in none}):
        outcomes = Counter(c.outcome for c in none if c.strata["why_none"] == why)
        print(f"  {why}: " + ", ".join(f"{k} {n}" for k, n in outcomes.most_common()))
    if wrong:
        print("  wrongly given: seeds " + ", ".join(c.record for c in wrong))


def _print_times(cycles: Sequence[Cycle]) -> None:
    lasted = sorted(c.duration_s for c in cycles if c.duration_s is not None)
    retried = sum(c.attempts > 1 for c in cycles)
    if lasted:
        print(
            f"cycle time s: median {lasted[len(lasted) // 2]:.1f}, longest {lasted[-1]:.1f}; second attempts: {retried}"
        )
    twice = [c for c in cycles if c.again is not None]
    for name in ("sbp", "dbp"):
        pairs = [(getattr(c, f"{name}_mmhg"), getattr(c.again, f"{name}_mmhg")) for c in twice]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if both:
            print(f"repeated with other noise, {name} (n {len(both)}): mean, SD, p95{_figures(both)}")


def _error(cycle: Cycle) -> float:
    pairs = _pairs([cycle], "sbp") + _pairs([cycle], "dbp")
    return max((abs(value - reference) for value, reference in pairs), default=0.0)


def print_worst(cycles: Sequence[Cycle], count: int) -> None:
    """The cases with the largest errors, and all that were withheld though they have a right answer."""
    worst = sorted((c for c in cycles if c.answerable and c.sbp_mmhg is not None), key=_error, reverse=True)[:count]
    missing = [c for c in cycles if c.answerable and c.sbp_mmhg is None]
    for title, some in (("worst", worst), ("withheld though answerable", missing)):
        print(f"\n{title}")
        for c in some:
            print(
                f"  {c.record} {_three(c.sbp_mmhg, c.dbp_mmhg, c.map_mmhg)} true"
                f" {_three(c.sbp_ref_mmhg, c.dbp_ref_mmhg, c.map_ref_mmhg)} {c.outcome}, quality {c.quality},"
                f" attempts {c.attempts}, beats {len(c.oscillogram)}; "
                + ", ".join(f"{k} {v}" for k, v in c.strata.items() if k not in ("why_none", "ectopy"))
            )


def print_worst_windows(windows: Sequence[Window], count: int) -> None:
    """The windows with the largest errors of each task."""
    for task in sorted({w.task for w in windows}):
        found = [
            (abs(w.value - w.reference), w)
            for w in windows
            if w.task == task and w.value is not None and w.reference is not None
        ]
        print(f"\nworst of {task}")
        for error, w in sorted(found, key=lambda pair: -pair[0])[:count]:
            labels = ", ".join(f"{k} {v}" for k, v in w.strata.items() if k != "why_none")
            print(
                f"  {w.record} at {w.t_s:.0f} s: {w.value} true {w.reference:.1f} ({error:.1f}), {w.quality}; {labels}"
            )


def _three(*values: float | None) -> str:
    return "/".join("-" if v is None else f"{v:.0f}" for v in values)


def print_windows(windows: Sequence[Window]) -> None:
    """By task and stratum."""
    if not windows:
        return
    for task in sorted({w.task for w in windows}):
        mine = [w for w in windows if w.task == task]
        right = [w for w in mine if w.answerable]
        print(f"\n{task + ': those with a right answer':<34}{'n':>6}{'cov%':>7}{'bias':>7}{'Arms':>7}{'p95':>7}")
        _print_window_row("all", right)
        for stratum in right[0].strata if right else ():
            for value in sorted({w.strata.get(stratum, "-") for w in right}):
                _print_window_row(f"  {stratum} {value}", [w for w in right if w.strata.get(stratum, "-") == value])
        _print_none("withheld though answerable", [w for w in right if w.value is None], lambda w: w.reason)
        none = [w for w in mine if not w.answerable]
        given = [w for w in none if w.value is not None]
        print(f"no right answer: {len(none)} windows, value given all the same in {len(given)}")
        for why in sorted({w.strata["why_none"] for w in none}):
            _print_none("  " + why, [w for w in none if w.strata["why_none"] == why], lambda w: w.reason)


def _print_none(label: str, windows: Sequence[Window], key: Callable[[Window], str]) -> None:
    print(f"{label}: " + (", ".join(f"{k} {n}" for k, n in Counter(map(key, windows)).most_common()) or "none"))


def _print_window_row(label: str, windows: Sequence[Window]) -> None:
    pairs = [(w.value, w.reference) for w in windows if w.value is not None and w.reference is not None]
    errors = [value - reference for value, reference in pairs]
    if not windows:
        return
    coverage = 100 * len(pairs) / len(windows)
    if errors:
        bias = sum(errors) / len(errors)
        arms = math.sqrt(sum(e * e for e in errors) / len(errors))
        p95 = sorted(abs(e) for e in errors)[min(len(errors) - 1, int(0.95 * len(errors)))]
        print(f"{label:<34}{len(windows):>6}{coverage:7.1f}{bias:7.2f}{arms:7.2f}{p95:7.2f}")
    else:
        print(f"{label:<34}{len(windows):>6}{coverage:7.1f}")
