# SPDX-License-Identifier: Apache-2.0
"""Two verdicts on one limit, the host's and the board's: what is said of them, and what a screen is shown."""

from __future__ import annotations

import pytest

from vitalwire import profiles
from vitalwire.alarms.rules import Limit
from vitalwire.session.facts import Happening
from vitalwire.session.watch import Watch
from vitalwire_protocol.codec import Alarm, AlarmCause, AlarmState, Priority, Rule

PROFILE = profiles.load(profiles.find("general"))
LIMITS = (Limit("spo2_low", 90, 1, 4, "medium", "ours"), Limit("pulse_high", 120, 2, 10, "low", "ours"))


def board(
    state: int,
    value: float | None,
    priority: int = Priority.MEDIUM,
    cause: int | None = AlarmCause.DELAY,
    rule: int = Rule.SPO2_LOW,
    limit: float | None = 90.0,
) -> Alarm:
    return Alarm(0, 123, rule, state, priority, value, limit, cause)


def said(found: list[Happening]) -> list[tuple[str, str, str, float | None, float | None]]:
    return [(f.name, f.state, f.priority, f.value, f.limit) for f in found]


def test_the_board_alone_raises_makes_worse_escalates_and_clears() -> None:
    watch = Watch(LIMITS, 0)
    assert said(watch.board_says(board(AlarmState.ACTIVE, 88.0), 0)) == [("spo2_low", "raised", "medium", 88.0, 90.0)]
    assert watch.board_says(board(AlarmState.ACTIVE, 88.0), 1) == [], "said again, it is no news"
    worse = board(AlarmState.ACTIVE, 84.0, Priority.HIGH, AlarmCause.OVERRIDE, limit=85.0)
    assert said(watch.board_says(worse, 2)) == [("spo2_low", "worse", "high", 88.0, 85.0)]
    assert watch.shown()[0].detail == "board"
    cleared = watch.board_says(board(AlarmState.CLEAR, 95.0, cause=AlarmCause.NONE), 3)
    assert said(cleared)[0][:2] == ("spo2_low", "cleared")
    assert cleared[0].value == 95.0
    assert watch.shown() == ()


def test_an_escalation_that_only_the_board_sees_is_told_once() -> None:
    watch = Watch(LIMITS, 0)
    watch.board_says(board(AlarmState.ACTIVE, 88.0), 0)
    higher = board(AlarmState.ACTIVE, 88.0, Priority.HIGH, AlarmCause.ESCALATED)
    assert [f[1:3] for f in said(watch.board_says(higher, 60_000))] == [("escalated", "high")]
    assert watch.board_says(higher, 60_001) == []
    assert watch.shown()[0].escalated
    lower = board(AlarmState.ACTIVE, 88.0, Priority.LOW)
    assert watch.board_says(lower, 60_002) == [], "it does not get milder"


def test_where_the_host_judges_too_its_own_word_counts() -> None:
    watch = Watch(LIMITS, 0)
    watch.reading("spo2_pct", 88, 0)
    found: list[Happening] = []
    for t_ms in range(1000, 5000, 1000):
        found += watch.reading("spo2_pct", 88, t_ms)
    assert said(found) == [("spo2_low", "raised", "medium", 88.0, 90.0)]
    assert watch.board_says(board(AlarmState.ACTIVE, 88.0, Priority.HIGH, AlarmCause.ESCALATED), 4001) == []
    assert watch.shown()[0].priority == "medium"


def test_a_state_of_a_later_version_is_no_alarm() -> None:
    watch = Watch(LIMITS, 0)
    watch.board_says(board(AlarmState.ACTIVE, 88.0), 0)
    assert [f[1] for f in said(watch.board_says(board(9, None), 1))] == ["cleared"]
    (unknown,) = watch.board_says(board(AlarmState.ACTIVE, 1.0, rule=77), 2)
    assert (unknown.kind, unknown.name, unknown.detail) == ("board", "unknown_rule", "unknown_77")


def test_an_old_board_that_gives_no_cause_is_one_that_waited() -> None:
    watch = Watch(LIMITS, 0)
    (raised,) = watch.board_says(board(AlarmState.ACTIVE, 88.0, cause=None), 0)
    assert raised.detail.startswith("judged by the board; delay; total delay 14.1 s")


def test_what_is_shown_has_the_worst_first_then_what_nobody_has_seen_then_the_newest() -> None:
    watch = Watch(LIMITS, 0)
    watch.board_says(board(AlarmState.ACTIVE, 88.0, Priority.MEDIUM), 1000)
    watch.board_says(board(AlarmState.ACTIVE, 130.0, Priority.LOW, rule=Rule.PULSE_HIGH, limit=120.0), 2000)
    watch.condition("link_lost", True, 3000, "gone")
    watch.condition("cuff_fault", True, 4000, "pump")
    assert [(a.name, a.state) for a in watch.shown()] == [
        ("link_lost", "active"),
        ("spo2_low", "active"),
        ("cuff_fault", "active"),
        ("pulse_high", "active"),
    ]
    watch.condition("supply", True, 4500)
    watch.advance(6500)
    assert [a.name for a in watch.shown() if a.priority == "medium"] == ["spo2_low", "supply", "cuff_fault"]
    events, tell = watch.acknowledge(7000, "supply")
    assert ([(e.name, e.state) for e in events], tell) == ([("supply", "acknowledged")], [])
    medium = [(a.name, a.state) for a in watch.shown() if a.priority == "medium"]
    assert medium == [("spo2_low", "active"), ("cuff_fault", "active"), ("supply", "acknowledged")]


def test_acknowledging_tells_the_board_of_what_it_calls_active_or_latched() -> None:
    watch = Watch(LIMITS, 0)
    watch.board_says(board(AlarmState.ACTIVE, 88.0), 0)
    watch.board_says(board(AlarmState.LATCHED, 119.0, Priority.LOW, AlarmCause.NONE, Rule.PULSE_HIGH), 0)
    assert {a.name: a.latched for a in watch.shown()} == {"spo2_low": False, "pulse_high": True}
    events, tell = watch.acknowledge(1000)
    assert sorted(tell) == [Rule.SPO2_LOW, Rule.PULSE_HIGH]
    assert {e.name: e.state for e in events} == {"spo2_low": "acknowledged", "pulse_high": "cleared"}
    assert watch.is_acknowledged(board(AlarmState.ACTIVE, 88.0))
    assert not watch.is_acknowledged(board(AlarmState.ACTIVE, 80.0, cause=AlarmCause.OVERRIDE))
    assert not watch.is_acknowledged(board(AlarmState.CLEAR, 95.0))


@pytest.mark.parametrize(("value", "words"), [(85.0, []), (84.9, ["worse"])])
def test_a_worse_value_makes_an_acknowledged_alarm_sound_again_with_its_own_limit(
    value: float, words: list[str]
) -> None:
    watch = Watch(PROFILE.limits, 0, PROFILE)
    for t_ms in range(0, 12000, 1000):
        watch.reading("spo2_pct", 88, t_ms)
    watch.acknowledge(12000)
    assert watch.shown()[0].state == "acknowledged"
    found = watch.reading("spo2_pct", value, 13000)
    assert [f.state for f in found] == words
    shown = watch.shown()[0]
    if words:
        assert (shown.state, shown.limit, shown.value, shown.priority) == ("active", 85.0, 84.9, "high")
    else:
        assert shown.state == "acknowledged"
