# SPDX-License-Identifier: Apache-2.0
"""What the web sink says is current: never an old value as a new one, and always how old."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from web_bench import ORIGIN, SIMULATED, alarm, cuff, delivery, link, reading

from vitalwire.items import Event, Item, Origin
from vitalwire.sinks.web_values import CUFF_MS, Values

T0 = 1_800_000_000_000


class Bench:
    """Values and the two clocks that they are told; `at` is ms since the start."""

    def __init__(self) -> None:
        self.values = Values()
        self.number = 0

    def take(self, at: int, item: Item, origin: Origin = ORIGIN, **more: Any) -> None:
        self.number += 1
        self.values.take(delivery(self.number, item, origin, **more), at)

    def shown(self, at: int) -> dict[str, Any]:
        return self.values.shown(T0 + at, at)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_before_anything_came_nothing_is_known(bench: Bench) -> None:
    shown = bench.shown(0)
    assert [shown[name] for name in ("oximeter", "cuff", "manual", "origin")] == [None] * 4
    assert shown["link"] == {"state": "unknown", "why": "", "for_s": None}
    assert shown["notice"] == "NOT A MEDICAL DEVICE"


def test_a_reading_is_current_and_has_an_age(bench: Bench) -> None:
    bench.take(1000, reading(97.0, utc_ms=T0 + 800))
    shown = bench.shown(2000)["oximeter"]
    assert (shown["spo2_pct"], shown["pulse_bpm"], shown["age_s"], shown["current"]) == (97.0, 71.0, 1.2, True)


def test_readings_that_have_stopped_leave_no_number_but_their_age(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=T0))
    assert bench.shown(5000)["oximeter"]["spo2_pct"] == 97.0
    stopped = bench.shown(5001)["oximeter"]
    assert (stopped["spo2_pct"], stopped["pulse_bpm"], stopped["quality"]) == (None, None, None)
    assert (stopped["age_s"], stopped["current"], stopped["reasons"]["spo2_pct"]) == (5.0, False, "stale")
    assert bench.shown(90_000)["oximeter"]["age_s"] == 90.0


def test_an_absent_value_is_null_with_the_boards_reason(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=T0))
    bench.take(1000, reading(None, utc_ms=T0 + 1000))
    shown = bench.shown(1000)["oximeter"]
    assert (shown["spo2_pct"], shown["reasons"]["spo2_pct"], shown["current"]) == (None, "no_finger", True)


@pytest.mark.parametrize("word", ["down", "silent", "stopped"])
def test_a_lost_link_takes_the_numbers_away_at_once(bench: Bench, word: str) -> None:
    bench.take(0, reading(97.0, utc_ms=T0))
    bench.take(100, link(word, "no heartbeat for 3 s"))
    shown = bench.shown(4100)
    assert shown["link"] == {"state": "lost", "why": "no heartbeat for 3 s", "for_s": 4}
    assert (shown["oximeter"]["spo2_pct"], shown["oximeter"]["reasons"]["spo2_pct"]) == (None, "link_lost")


def test_the_alarm_for_a_lost_link_says_the_same_and_its_end_that_it_is_back(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=T0))
    bench.take(100, alarm("link_lost", "raised", kind="technical", detail="unplugged"))
    lost = bench.shown(200)
    assert (lost["link"]["state"], lost["alarms"][0]["name"]) == ("lost", "link_lost")
    bench.take(300, alarm("link_lost", "cleared", kind="technical"))
    back = bench.shown(400)
    assert (back["link"]["state"], back["alarms"], back["oximeter"]["spo2_pct"]) == ("up", [], 97.0)


def test_a_board_that_is_heard_again_is_up_again(bench: Bench) -> None:
    bench.take(0, link("down", "unplugged"))
    bench.take(500, Event(T0, "link", "board", "connected"))
    assert bench.shown(500)["link"]["state"] == "up"
    bench.take(600, link("silent"))
    bench.take(700, reading(97.0, utc_ms=T0 + 700))
    assert bench.shown(700)["link"]["state"] == "up"


def test_what_came_late_is_as_old_as_it_is(bench: Bench) -> None:
    bench.take(60_000, reading(97.0, utc_ms=T0 + 1000), late=True)
    shown = bench.shown(60_000)
    assert (shown["oximeter"]["spo2_pct"], shown["oximeter"]["age_s"]) == (None, 59.0)
    assert shown["link"]["state"] == "unknown"


@pytest.mark.parametrize("late", [{"late": True}, {}], ids=["delivered late", "kept by the board"])
def test_what_is_filled_in_later_takes_the_place_of_nothing_newer(bench: Bench, late: dict[str, bool]) -> None:
    bench.take(10_000, reading(97.0, utc_ms=T0 + 10_000))
    bench.take(10_100, reading(88.0, utc_ms=T0 + 4_000, flags=() if late else ("late",)), **late)
    assert bench.shown(10_200)["oximeter"]["spo2_pct"] == 97.0


def test_a_simulated_calendar_does_not_make_readings_old(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=1_767_225_600_000, flags=("simulated",)), SIMULATED)
    shown = bench.shown(1000)
    assert (shown["simulated"], shown["oximeter"]["spo2_pct"], shown["oximeter"]["age_s"]) == (True, 97.0, 1.0)
    assert bench.shown(5100)["oximeter"]["spo2_pct"] is None


def test_a_simulated_reading_that_came_late_has_no_known_age(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=1_767_225_600_000, flags=("simulated",)), SIMULATED, late=True)
    shown = bench.shown(0)["oximeter"]
    assert (shown["spo2_pct"], shown["age_s"], shown["reasons"]["spo2_pct"]) == (None, None, "late")


def test_a_pressure_is_shown_with_its_age_for_a_quarter_of_an_hour(bench: Bench) -> None:
    bench.take(0, cuff(124.0, 81.0, utc_ms=T0))
    bench.take(0, link("down"))
    shown = bench.shown(CUFF_MS)["cuff"]
    assert (shown["sbp_mmhg"], shown["dbp_mmhg"], shown["age_s"]) == (124.0, 81.0, 900.0)
    old = bench.shown(CUFF_MS + 1000)["cuff"]
    assert (old["sbp_mmhg"], old["reasons"]["sbp_mmhg"], old["age_s"]) == (None, "stale", 901.0)


def test_another_patient_or_session_inherits_nothing(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=T0))
    bench.take(0, cuff(124.0, 81.0, utc_ms=T0))
    bench.take(0, alarm("spo2_low", "raised"))
    bench.take(100, Event(T0, "session", "session", "begun"), Origin("SN001", session="000000ac", patient="K-018"))
    shown = bench.shown(200)
    assert (shown["oximeter"], shown["cuff"], shown["alarms"]) == (None, None, [])
    assert shown["origin"]["patient"] == "K-018"


def test_alarms_are_there_until_they_are_cleared_or_the_session_ends(bench: Bench) -> None:
    bench.take(0, alarm("spo2_low", "raised", value=84.0, limit=85.0))
    bench.take(0, alarm("pulse_high", "raised", "medium"))
    bench.take(1, alarm("spo2_low", "acknowledged", value=84.0))
    assert [(one["name"], one["state"]) for one in bench.shown(2)["alarms"]] == [
        ("pulse_high", "raised"),
        ("spo2_low", "acknowledged"),
    ]
    bench.take(3, alarm("pulse_high", "cleared"))
    assert [one["name"] for one in bench.shown(4)["alarms"]] == ["spo2_low"]
    bench.take(5, Event(T0, "session", "session", "ended"))
    assert bench.shown(6)["alarms"] == []


def test_a_clock_that_was_set_back_makes_nothing_younger_than_it_is_here(bench: Bench) -> None:
    bench.take(0, reading(97.0, utc_ms=T0 + 3_600_000))
    assert bench.shown(4000)["oximeter"]["age_s"] == 4.0
    assert bench.shown(6000)["oximeter"]["spo2_pct"] is None
