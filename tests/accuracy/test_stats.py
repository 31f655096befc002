# SPDX-License-Identifier: Apache-2.0
"""Figures from pairs of reference and value."""

from __future__ import annotations

import pytest

from accuracy.stats import coverage_row, figures, outcome_row, percentile, row


def test_an_error_is_value_minus_reference() -> None:
    found = figures([(100, 103), (100, 99), (100, 101)])
    assert found["bias"] == pytest.approx(1.0)
    assert found["sd"] == pytest.approx(2.0)
    assert found["arms"] == pytest.approx((11 / 3) ** 0.5)
    assert found["mae"] == pytest.approx(5 / 3)


def test_coverage_counts_what_had_a_reference_and_errors_only_what_was_given() -> None:
    found = figures([(60, 61), (60, None), (60, None), (60, 59)])
    assert (found["n"], found["coverage_pct"], found["bias"]) == (4, 50.0, 0.0)


def test_what_is_not_defined_is_none() -> None:
    assert figures([]) == dict.fromkeys(("coverage_pct", "bias", "sd", "arms", "mae", "p95_abs")) | {"n": 0}
    one = figures([(60, 62)])
    assert one["sd"] is None
    assert one["mae"] == 2
    assert figures([(60, None)])["coverage_pct"] == 0


def test_the_95th_percentile_lies_between_neighbours() -> None:
    assert percentile(list(range(101)), 0.95) == 95
    assert percentile([0, 10], 0.95) == pytest.approx(9.5)
    assert percentile([3], 0.95) == 3
    assert percentile([], 0.95) is None


def test_a_row_names_method_task_and_set_first() -> None:
    found = row("vitalwire", "pulse", "somewhere", [(60, 61)], record="somewhere/1")
    assert list(found)[:4] == ["method", "task", "set", "n"]
    assert found["record"] == "somewhere/1"


def test_without_a_reference_n_is_none_to_count_and_coverage_is_of_all_that_were_tried() -> None:
    found = coverage_row("vitalwire", "pulse", "somewhere", [True, True, False, True])
    assert (found["n"], found["tried"], found["coverage_pct"], found["mae"]) == (0, 4, 75.0, None)


def test_where_some_have_a_reference_only_those_count() -> None:
    found = outcome_row("vitalwire", "nibp_sbp", "somewhere", [(120, 118), (None, 100), (120, None)])
    assert (found["n"], found["coverage_pct"], found["bias"]) == (2, 50.0, -2.0)
    assert "tried" not in found
