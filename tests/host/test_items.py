# SPDX-License-Identifier: Apache-2.0
"""Items as JSON and back: nothing is lost, and what was not measured stays so."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.items import Event, Item, Reading, Wave, item_in, item_of, utc_ms_of
from vitalwire.link.events import Received
from vitalwire.link.readings import iso_utc
from vitalwire_protocol import codec

times = st.integers(0, 4_102_444_800_000)
numbers = st.none() | st.floats(0, 400, allow_nan=False)
words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
marks = st.lists(words, max_size=3).map(tuple)
readings = st.builds(
    Reading,
    utc_ms=times,
    device_ms=st.none() | st.integers(0, 1 << 32),
    boot=st.none() | st.integers(0, 1000),
    seq=st.none() | st.integers(0, 65535),
    source=st.sampled_from(["oximeter", "cuff", "manual"]),
    spo2_pct=numbers,
    pulse_bpm=numbers,
    perfusion_pct=numbers,
    quality=st.none() | st.integers(0, 100),
    sbp_mmhg=numbers,
    map_mmhg=numbers,
    dbp_mmhg=numbers,
    reasons=st.dictionaries(words, words, max_size=3).map(lambda d: tuple(d.items())),
    flags=marks,
    trigger=st.none() | words,
    cycle=st.none() | st.integers(0, 255),
    doubts=marks,
)
events = st.builds(
    Event, times, words, words, words, words, numbers, numbers, words, words, st.none() | st.integers(0, 1 << 32), marks
)
samples = st.lists(st.integers(0, 262143), max_size=30).map(tuple)
waves = st.builds(Wave, times, st.integers(1, 400), samples, samples, st.integers(0, 99), flags=marks)


@given(readings | events | waves)
def test_every_item_comes_back_from_json_as_it_was(item: Item) -> None:
    assert item_of(json.loads(json.dumps(item.as_dict(), allow_nan=False))) == item


@given(times)
def test_times_are_exact_to_the_millisecond(utc_ms: int) -> None:
    assert utc_ms_of(iso_utc(utc_ms)) == utc_ms


def test_what_is_not_known_of_a_later_version_is_left_out() -> None:
    said = {**Event(0, "board", "finger_off").as_dict(), "colour": "blue"}
    assert item_of(said) == Event(0, "board", "finger_off")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"type": "reading"},
        {"type": "wave", "time_utc": "yesterday"},
        {"type": "event", "time_utc": "2026-01-01T00:00:00", "kind": "a", "name": "b"},
        {"type": "event", "time_utc": "2026-01-01T00:00:00Z", "kind": "a"},
        {"type": "reading", "time_utc": "2026-01-01T00:00:00Z", "reasons": 3},
    ],
)
def test_what_does_not_read_is_an_error_in_words(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"item|does not read"):
        item_of(said)


def test_the_first_sample_of_a_batch_has_its_own_time() -> None:
    ppg = codec.Ppg(5, 10_090, 1000, 100, 0, (1, 10, 2, 20, 3, 30, 4, 40))
    wave = item_in(Received(ppg, 0, 1_000_090), 3, simulated=True)
    assert wave == Wave(1_000_060, 100, (1, 2, 3, 4), (10, 20, 30, 40), 0, 1000, 10_060, 3, ("simulated",))


def test_an_alarm_of_the_board_is_a_physiological_event_and_marked_as_simulated() -> None:
    alarm = codec.Alarm(1, 2000, codec.Rule.SPO2_LOW, codec.AlarmState.ACTIVE, codec.Priority.HIGH, 84.0, 85.0, 0)
    event = item_in(Received(alarm, 0, 5000), 1, simulated=True)
    assert isinstance(event, Event)
    assert (event.kind, event.name, event.state, event.priority) == ("physiological", "spo2_low", "raised", "high")
    assert (event.value, event.limit, event.flags) == (84.0, 85.0, ("simulated",))
    assert event.alarm


def test_an_alarm_whose_delay_still_runs_is_none_yet() -> None:
    pending = codec.Alarm(1, 2000, codec.Rule.SPO2_LOW, codec.AlarmState.PENDING, codec.Priority.HIGH, 84.0, 85.0, 0)
    assert item_in(Received(pending, 0, 5000), 1, simulated=True) is None


def test_every_field_that_could_be_misread_has_its_unit_in_its_name() -> None:
    numbers = {f.name for f in fields(Reading) if "float" in str(f.type)}
    assert {name.rsplit("_", 1)[-1] for name in numbers} == {"pct", "bpm", "mmhg"}
