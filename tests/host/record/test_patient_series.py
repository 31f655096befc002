# SPDX-License-Identifier: Apache-2.0
"""One patient's sessions form a series: six in two to three weeks, then maintenance."""

from __future__ import annotations

from pathlib import Path

from vitalwire.record.listing import Ended, Listed, places_in_series

DAY_MS = 86_400_000


def session(name: str, day: float, ended: Ended = "closed", most: float | None = 6) -> Listed:
    weeks = None if most is None else 3.0
    return Listed(Path(name), ended, started_utc_ms=round(day * DAY_MS), series_sessions=most, series_weeks=weeks)


def test_sessions_are_counted_from_the_first_and_then_are_maintenance() -> None:
    found = [session(f"s{n}", 3 * n) for n in range(8)]
    places = places_in_series(list(reversed(found)))
    assert places[Path("s0")] == "1 of 6, day 1"
    assert places[Path("s5")] == "6 of 6, day 16"
    assert places[Path("s6")] == "maintenance 1, day 19"


def test_a_series_that_takes_longer_than_usual_says_so() -> None:
    places = places_in_series([session("a", 0), session("b", 20.9), session("c", 21)])
    assert places[Path("b")] == "2 of 6, day 21"
    assert places[Path("c")] == "3 of 6, day 22 (usual: 3 weeks)"


def test_a_damaged_session_is_not_counted_and_a_profile_without_a_series_counts_on() -> None:
    places = places_in_series([session("a", 0, "damaged"), session("b", 1, most=None)])
    assert places == {Path("b"): "1, day 1"}
