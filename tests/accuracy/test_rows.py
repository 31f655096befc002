# SPDX-License-Identifier: Apache-2.0
"""From outcomes to rows, and the figures that are wanted of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accuracy.outcomes import POPULATION, Cycle, Window
from accuracy.rows import READ_LATER, Outcomes
from accuracy.stats import Row
from accuracy.table import text_table
from accuracy.wanted import AIM, LEAST, MISSED, Figure, verdicts

CYCLE = Cycle("hill", "hill/a", "vitalwire", 120, 80, None, 122, 79, 95, 70, 90, "ok")
WINDOW = Window("meadow", "meadow/a", "vitalwire", "pulse", 5.0, 60.0, 61.0, 90, "ok")


def pick(rows: list[Row], **wanted: Any) -> list[Row]:
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def test_there_is_a_row_for_the_set_and_one_for_each_record() -> None:
    rows = Outcomes(windows=[WINDOW, replace(WINDOW, record="meadow/b", value=None, reason="motion")]).rows()
    (of_set,) = pick(rows, set="meadow", record=None)
    assert (of_set["n"], of_set["coverage_pct"], of_set["mae"]) == (2, 50.0, 1.0)
    (of_b,) = pick(rows, record="meadow/b")
    assert (of_b["coverage_pct"], of_b["reasons"]) == (0.0, {"motion": 1})


def test_a_row_of_a_cycle_says_how_it_ended() -> None:
    rows = Outcomes(cycles=[replace(CYCLE, sbp_mmhg=None, dbp_mmhg=None, map_mmhg=None, outcome="leak")]).rows()
    (row,) = pick(rows, task="nibp_sbp", record="hill/a")
    assert (row["coverage_pct"], row["outcome"]) == (0.0, "leak")


def test_cycles_without_a_reference_have_a_coverage_of_their_own() -> None:
    unknown = replace(CYCLE, record="hill/b", sbp_ref_mmhg=None, dbp_ref_mmhg=None)
    rows = Outcomes(cycles=[CYCLE, unknown]).rows()
    (of_set,) = pick(rows, task="nibp_sbp", record=None, stratum=None)
    assert (of_set["n"], of_set["bias"]) == (1, 2.0)
    (others,) = pick(rows, task="nibp_sbp", stratum="reference=none")
    assert (others["n"], others["tried"], others["coverage_pct"]) == (0, 1, 100.0)
    (mean,) = pick(rows, task="nibp_map", record=None, stratum=None)
    assert (mean["n"], mean["tried"]) == (0, 2)


def test_where_no_value_is_right_none_is_counted_and_silence_is() -> None:
    silent = replace(CYCLE, set=POPULATION, record="2", answerable=False, sbp_ref_mmhg=None, sbp_mmhg=None)
    wrong = replace(silent, record="3", sbp_mmhg=111.0)
    rows = Outcomes(cycles=[replace(CYCLE, set=POPULATION, record="1", answerable=True), silent, wrong, silent]).rows()
    (row,) = pick(rows, task="nibp_sbp", record=None)
    assert (row["n"], row["coverage_pct"], row["unanswerable"]) == (1, 100.0, 3)
    assert row["silent_pct"] == pytest.approx(66.6667)


def test_strata_have_rows() -> None:
    cycles = [
        replace(CYCLE, record=str(k), sbp_mmhg=120 + k, strata={"ectopy": "yes" if k else "no"}) for k in range(3)
    ]
    rows = Outcomes(cycles=cycles).rows()
    (yes,) = pick(rows, task="nibp_sbp", stratum="ectopy=yes")
    assert (yes["n"], yes["bias"]) == (2, 1.5)


def test_repeats_are_the_differences_of_all_three_pressures() -> None:
    again = replace(CYCLE, sbp_mmhg=123, dbp_mmhg=78, map_mmhg=95)
    silent = replace(CYCLE, sbp_mmhg=None, dbp_mmhg=None, map_mmhg=None, outcome="motion")
    cycles = [
        replace(CYCLE, again=again),
        replace(CYCLE, record="hill/b", again=silent),
        replace(silent, record="hill/c", again=CYCLE),
    ]
    rows = Outcomes(cycles=cycles).rows()
    (row,) = pick(rows, task="nibp_repeat", record=None)
    assert (row["n"], row["coverage_pct"], row["bias"]) == (6, 50.0, 0.0)
    assert row["mae"] == pytest.approx(2 / 3, abs=1e-3)


def test_sets_are_pooled_over_whole_windows_with_a_reference() -> None:
    windows = [
        WINDOW,
        replace(WINDOW, set="moor", record="moor/a", value=64.0),
        replace(WINDOW, set="pond", record="pond/a", value=90.0, seconds=4.0),
        replace(WINDOW, set=POPULATION, record="1", value=90.0),
        replace(WINDOW, set="moor", record="moor/b", reference=None),
    ]
    rows = Outcomes(windows=windows).rows()
    (row,) = pick(rows, set="all")
    assert (row["n"], row["mae"]) == (2, 2.5)
    assert pick(rows, set="pond", record=None)[0]["clips"] is True


def test_windows_that_are_read_later_have_rows_of_their_own_and_change_no_other() -> None:
    moor = replace(WINDOW, set="moor", record="moor/a", value=70.0)
    outcomes = Outcomes(windows=[WINDOW, moor], read_later=[replace(moor, reference=69.0)])
    rows = outcomes.rows()
    assert pick(rows, set="moor", record=None, stratum=None)[0]["mae"] == 10.0
    assert pick(rows, set="moor", stratum=READ_LATER)[0]["mae"] == 1.0
    assert pick(rows, set="all", stratum=None)[0]["mae"] == 5.5
    assert pick(rows, set="all", stratum=READ_LATER)[0]["mae"] == 1.0
    assert f"moor [{READ_LATER}]" in text_table(rows)
    assert [v.value for v in verdicts(rows) if v.set == "moor" and v.figure.name == "mae"] == [10.0]


def test_the_table_has_a_line_for_each_set_and_method_and_ours_comes_first() -> None:
    outcomes = Outcomes(windows=[replace(WINDOW, method="heartpy"), WINDOW], cycles=[CYCLE])
    lines = text_table(outcomes.rows()).splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["pulse", "meadow", "vitalwire"],
        ["pulse", "meadow", "heartpy"],
    ]
    assert "(of 1)" in next(line for line in lines if line.startswith("nibp_map"))


def test_a_figure_is_reached_or_missed_without_its_sign() -> None:
    assert [Figure("bias", 5, 2).reached(v) for v in (-1.9, 4.9, -5.1)] == [AIM, LEAST, MISSED]
    assert [Figure("coverage_pct", 90, 95, True).reached(v) for v in (96, 90, 89.9)] == [AIM, LEAST, MISSED]


def test_what_is_wanted_is_set_beside_rows_of_sets_only() -> None:
    windows = [
        WINDOW,
        replace(WINDOW, set="pond", record="pond/a", seconds=4.0),
        replace(WINDOW, method="heartpy@ours"),
    ]
    found = verdicts(Outcomes(windows=windows).rows())
    assert [(v.set, v.figure.name, v.reached) for v in found] == [
        ("meadow", "mae", AIM), ("meadow", "coverage_pct", AIM), ("meadow", "mae", AIM)
    ]  # fmt: skip
    assert found[-1].what.startswith("pulse, beside the better peer")
