# SPDX-License-Identifier: Apache-2.0
"""Dots, trends and entries: small pictures that never draw what was not measured."""

from __future__ import annotations

import pytest

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.cli.live.dots import Dots, row_of
from vitalwire.cli.live.entries import read_entry
from vitalwire.cli.live.trends import Trends
from vitalwire.cli.live.wave import wave_lines
from vitalwire.session.facts import Vitals
from vitalwire.session.wave import Batch


def test_dots_fill_from_below_and_outside_is_left_out() -> None:
    dots = Dots(1, 1)
    dots.bar(0, 0, 3)
    dots.set(5, 0)
    dots.set(0, 9)
    assert dots.lines() == ["⡇"]
    assert Dots(2, 1).lines() == ["  "]


def test_a_value_outside_the_scale_is_drawn_at_its_edge() -> None:
    assert [row_of(v, 80, 100, 11) for v in (70, 80, 90, 100, 120)] == [0, 0, 5, 10, 10]


def test_a_gap_in_the_wave_stays_empty() -> None:
    batch = Batch(6000, 100, 0, (0,) * 100, tuple(5000 + 40 * (n % 20) for n in range(100)))
    (line,) = wave_lines((batch,), 6000, 60, 1)
    assert line[:48].strip() == ""
    assert line[50:].strip() != ""


def test_a_flat_line_is_not_blown_up_to_a_wave() -> None:
    batch = Batch(6000, 100, 0, (0,) * 600, tuple(5000 + n % 2 for n in range(600)))
    lines = wave_lines((batch,), 6000, 40, 5)
    assert [bool(line.strip()) for line in lines].count(True) == 1


def test_a_trend_has_its_limits_and_nothing_where_nothing_was_measured() -> None:
    trends = Trends()
    now_ms = 30 * 60_000
    trends.take(tuple(Vitals(now_ms - 60_000 * n, 0, "oximeter", spo2_pct=97.0) for n in range(5)))
    trends.take((Vitals(now_ms, 0, "oximeter"),))
    bare = trends.lines("spo2_pct", now_ms, (), 30, 4)
    assert all(line[:24].strip() == "" for line in bare)
    assert any(line[25:].strip() for line in bare)
    with_limit = trends.lines("spo2_pct", now_ms, DEFAULT_LIMITS, 30, 4)
    assert any(line[:24].strip() for line in with_limit)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("120/80", {"sbp_mmhg": "120", "dbp_mmhg": "80"}),
        ("bp 120/80 pulse 70", {"sbp_mmhg": "120", "dbp_mmhg": "80", "pulse_bpm": "70"}),
        ("RR=14, sed -1", {"breathing_rate": "14.", "sedation": "-1"}),
        ("spo2: 97", {"spo2_pct": "97"}),
    ],
)
def test_entries_are_read_as_they_are_written(text: str, fields: dict[str, str]) -> None:
    assert read_entry(text) == (fields, "")


@pytest.mark.parametrize("text", ["", "hello", "pulse", "120/", "120/80/60", "rm -rf"])
def test_what_does_not_read_is_refused_with_an_example(text: str) -> None:
    fields, wrong = read_entry(text)
    assert fields == {}
    assert "120/80" in wrong
