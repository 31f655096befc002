# SPDX-License-Identifier: Apache-2.0
"""What stands at which topic, and when it goes away again: without a broker."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from given import BOARD, SIMULATED, alarm, cuff, on_its_way, oximeter, technical, wave

from vitalwire.alarms.rules import ALL_RULES, TECHNICAL_RULES
from vitalwire.items import Event, Item, item_of
from vitalwire.link.readings import Reading
from vitalwire.sinks.homeassistant import discovery
from vitalwire.sinks.mqtt_topics import Message, Topics

NOW = 1_800_000_000_000


class Followed:
    """Topics of one board, and what a broker would hold now."""

    def __init__(self, **values: int) -> None:
        self.topics = Topics("ward", **values)
        self.topics.begin(BOARD)
        self.held: dict[str, str] = {}
        self.apply(self.topics.opening(NOW))

    def apply(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            name = message.topic.removeprefix("ward/VW-0042/")
            if message.retain and message.payload:
                self.held[name] = message.payload
            elif message.retain:
                self.held.pop(name, None)
        return messages

    def give(self, item: Item, now_ms: int = NOW, **values: object) -> list[Message]:
        (delivery,) = on_its_way(item, **values)  # type: ignore[arg-type]
        return self.apply(list(self.topics.of(delivery, now_ms)))

    def states(self) -> dict[str, str]:
        return {name.removeprefix("state/"): value for name, value in self.held.items() if name.startswith("state/")}


@pytest.fixture
def followed() -> Followed:
    return Followed()


def test_an_item_is_published_first_and_can_be_read_back(followed: Followed) -> None:
    for item in (oximeter(utc_ms=NOW), cuff(utc_ms=NOW), alarm("raised", utc_ms=NOW), wave(utc_ms=NOW)):
        first = followed.give(item, first=7, repeated=True)[0]
        values = json.loads(first.payload)
        assert first.topic in {f"ward/VW-0042/{word}" for word in ("reading", "event", "wave")}
        assert not first.retain
        assert item_of(values) == item
        assert (values["number"], values["key"], values["late"], values["repeated"]) == (7, "VW-0042-7", False, True)
        assert (values["bed"], values["patient"], values["simulated"]) == ("bed 3", "P17", False)


def test_the_last_values_are_plain_numbers_that_expire(followed: Followed) -> None:
    messages = {m.topic: m for m in followed.give(oximeter(utc_ms=NOW))}
    assert followed.states() == {"spo2_pct": "97.0", "pulse_bpm": "64.0", "perfusion_pct": "1.85", "quality": "92"}
    spo2 = messages["ward/VW-0042/state/spo2_pct"]
    assert (spo2.retain, spo2.expire_s) == (True, 30)
    assert dict(spo2.properties)["time_utc"] == "2027-01-15T08:00:00.000Z"
    assert dict(spo2.properties)["simulated"] == "no"


def test_the_cuff_has_its_own_pulse_its_own_time_and_a_longer_life(followed: Followed) -> None:
    messages = followed.give(cuff(utc_ms=NOW))
    assert followed.states() == {
        "sbp_mmhg": "122.0",
        "dbp_mmhg": "76.0",
        "map_mmhg": "91.0",
        "cuff_pulse_bpm": "66.0",
        "cuff_quality": "88",
        "cuff_time_utc": "2027-01-15T08:00:00.000Z",
    }
    assert {m.expire_s for m in messages if m.retain} == {3600}


def test_an_absent_value_is_cleared_once_and_never_repeated(followed: Followed) -> None:
    followed.give(oximeter(utc_ms=NOW))
    absent = oximeter(utc_ms=NOW + 1000, spo2_pct=None, reasons=(("spo2_pct", "no_finger"),))
    assert Message("ward/VW-0042/state/spo2_pct", "", retain=True) in followed.give(absent)
    assert "spo2_pct" not in followed.states()
    again = followed.give(replace(absent, utc_ms=NOW + 2000))
    assert not [m for m in again if m.topic.endswith("spo2_pct")]


def test_a_failed_cycle_of_the_cuff_takes_the_pressures_before_away(followed: Followed) -> None:
    followed.give(cuff(utc_ms=NOW))
    followed.give(cuff(utc_ms=NOW + 1, sbp_mmhg=None, map_mmhg=None, dbp_mmhg=None, pulse_bpm=None))
    assert set(followed.states()) == {"cuff_quality", "cuff_time_utc"}


def test_a_doubtful_value_says_why(followed: Followed) -> None:
    messages = followed.give(cuff(utc_ms=NOW, reasons=(("sbp_mmhg", "motion"),)))
    sbp = next(m for m in messages if m.topic.endswith("sbp_mmhg"))
    assert dict(sbp.properties)["reason"] == "motion"


def test_what_a_person_entered_is_a_reading_and_no_state(followed: Followed) -> None:
    manual = Reading(NOW, None, None, None, "manual", sbp_mmhg=118.0, dbp_mmhg=70.0)
    assert [m.topic for m in followed.give(manual)] == ["ward/VW-0042/reading"]


@pytest.mark.parametrize(("age_s", "left_s"), [(0, 30), (10, 20), (29, 1), (30, None), (3000, None), (-5, None)])
def test_a_late_value_lives_as_long_as_if_it_had_come_at_once(
    followed: Followed, age_s: int, left_s: int | None
) -> None:
    messages = followed.give(oximeter(utc_ms=NOW - age_s * 1000), late=True)
    states = [m for m in messages if "/state/" in m.topic]
    assert {m.expire_s for m in states} == ({left_s} if left_s else set())
    assert all(dict(m.properties)["late"] == "yes" for m in states)


def test_a_late_value_never_replaces_a_newer_one(followed: Followed) -> None:
    followed.give(oximeter(utc_ms=NOW, spo2_pct=97.0))
    followed.give(oximeter(utc_ms=NOW - 5000, spo2_pct=80.0), late=True)
    assert followed.states()["spo2_pct"] == "97.0"


def test_a_late_simulated_value_is_no_state_since_simulated_time_has_no_now(followed: Followed) -> None:
    followed.give(oximeter(utc_ms=NOW), late=True, origin=SIMULATED)
    assert followed.states() == {}


def test_an_alarm_stands_until_it_is_cleared(followed: Followed) -> None:
    for state in ("raised", "escalated", "acknowledged", "latched"):
        followed.give(alarm(state))
        assert json.loads(followed.held["alarm/spo2_low"])["state"] == state
    followed.give(technical("raised", "stale", priority="medium"))
    about = json.loads(followed.held["alarms"])
    assert (about["count"], about["worst"], sorted(about["active"])) == (2, "high", ["spo2_low", "stale"])
    followed.give(alarm("cleared"))
    assert "alarm/spo2_low" not in followed.held
    assert json.loads(followed.held["alarms"])["worst"] == "medium"


@pytest.mark.parametrize(
    "lost",
    [technical("raised"), Event(NOW, "link", "link", "down"), Event(NOW, "link", "link", "silent")],
    ids=["alarm", "down", "silent"],
)
def test_a_board_that_is_not_heard_says_so_and_its_values_are_gone(followed: Followed, lost: Event) -> None:
    followed.give(oximeter(utc_ms=NOW))
    followed.give(cuff(utc_ms=NOW))
    followed.give(lost)
    assert followed.held["status"] == "link_lost"
    assert followed.states() == {}


@pytest.mark.parametrize(
    "back",
    [technical("cleared"), Event(NOW, "link", "board", "connected"), oximeter(utc_ms=NOW + 9000)],
    ids=["cleared", "connected", "a reading"],
)
def test_a_board_that_is_heard_again_is_online(followed: Followed, back: Item) -> None:
    followed.give(technical("raised"))
    followed.give(oximeter(utc_ms=NOW - 4000), late=True)
    assert followed.held["status"] == "link_lost", "what the board had stored says nothing about now"
    followed.give(back)
    assert followed.held["status"] == "online"


def test_a_gap_takes_the_values_of_the_oximeter_away_and_leaves_the_cuff(followed: Followed) -> None:
    followed.give(oximeter(utc_ms=NOW))
    followed.give(cuff(utc_ms=NOW))
    followed.give(Event(NOW, "gap", "stale", "start"))
    assert "sbp_mmhg" in followed.states()
    assert "spo2_pct" not in followed.states()


def test_a_value_that_nothing_follows_is_taken_away_when_it_is_old(followed: Followed) -> None:
    followed.give(oximeter(utc_ms=NOW))
    assert followed.topics.expired(NOW + 29_999) == []
    followed.apply(followed.topics.expired(NOW + 30_000))
    assert followed.states() == {}
    assert followed.topics.expired(NOW + 40_000) == []


def test_opening_clears_what_an_earlier_program_left(followed: Followed) -> None:
    cleared = {m.topic for m in followed.topics.opening(NOW) if not m.payload}
    assert {f"ward/VW-0042/alarm/{name}" for name in (*ALL_RULES, *TECHNICAL_RULES)} <= cleared


def test_a_connection_opened_again_has_the_alarms_and_the_values_that_are_not_too_old(followed: Followed) -> None:
    followed.give(alarm("raised"))
    followed.give(cuff(utc_ms=NOW))
    followed.give(oximeter(utc_ms=NOW))
    followed.held.clear()
    followed.topics.closing()  # which may not have come through
    followed.topics.begin(BOARD)
    again = followed.apply(followed.topics.opening(NOW + 60_000))
    assert "alarm/spo2_low" in followed.held
    assert followed.states()["sbp_mmhg"] == "122.0"
    assert next(m for m in again if m.topic.endswith("sbp_mmhg")).expire_s == 3540
    assert "spo2_pct" not in followed.states()


def test_the_end_leaves_nothing_but_offline(followed: Followed) -> None:
    for item in (alarm("raised"), cuff(utc_ms=NOW), oximeter(utc_ms=NOW)):
        followed.give(item)
    followed.apply(followed.topics.closing())
    assert followed.held == {"status": "offline", "alarms": '{"active":{},"count":0,"worst":""}'}


def test_a_serial_number_is_one_level_whatever_it_holds() -> None:
    topics = Topics("ward")
    topics.begin(replace(BOARD, board="a/b+c#\x00"))
    assert topics.topic("status") == "ward/a_b_c__/status"


def test_home_assistant_is_told_of_every_sensor_and_every_alarm(followed: Followed) -> None:
    found = {m.topic: json.loads(m.payload) for m in discovery(followed.topics, BOARD, 30, 3600)}
    spo2 = found["homeassistant/sensor/vitalwire_VW-0042/spo2_pct/config"]
    assert spo2["state_topic"] == "ward/VW-0042/state/spo2_pct"
    assert (spo2["unit_of_measurement"], spo2["expire_after"]) == ("%", 30)
    assert spo2["availability_topic"] == "ward/VW-0042/status"
    assert spo2["device"]["identifiers"] == ["vitalwire_VW-0042"]
    assert found["homeassistant/sensor/vitalwire_VW-0042/sbp_mmhg/config"]["expire_after"] == 3600
    low = found["homeassistant/binary_sensor/vitalwire_VW-0042/spo2_low/config"]
    assert (low["device_class"], low["name"]) == ("problem", "SpO2 low")
    assert len({about["unique_id"] for about in found.values()}) == len(found)
    states = {about["state_topic"] for about in found.values()}
    followed.give(oximeter(utc_ms=NOW))
    followed.give(cuff(utc_ms=NOW))
    assert states <= {f"ward/VW-0042/{name}" for name in followed.held}


def test_home_assistant_shows_that_a_board_is_simulated(followed: Followed) -> None:
    found = discovery(followed.topics, SIMULATED, 30, 3600)
    assert all("(simulated)" in json.loads(m.payload)["device"]["name"] for m in found)
