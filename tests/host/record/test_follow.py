# SPDX-License-Identifier: Apache-2.0
"""A session followed while it is written gives what its record gives afterwards, and never more than is there."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded import chunks, edit

from vitalwire.errors import CheckFailed, UsageError
from vitalwire.items import Event, Item, Reading
from vitalwire.record.capture import MAGIC, read_capture
from vitalwire.record.files import AppendFile
from vitalwire.record.follow import follow
from vitalwire.record.items import open_record
from vitalwire.record.tail import Tail


def rest(followed: object) -> list[Item]:
    found = []
    while (item := followed.poll()) is not None:  # type: ignore[attr-defined]
        found.append(item)
    return found


def grow(folder: Path, data: bytes) -> None:
    with (folder / "capture.vwire").open("ab") as file:
        file.write(data)


def test_a_record_gives_its_readings_events_and_gaps_in_order_with_words_for_what_is_missing(whole: Path) -> None:
    record = open_record(whole)
    assert record.state == "closed"
    assert record.origin.board
    assert record.origin.bed == "bay 2"
    readings = list(record.readings())
    assert sum(r.source == "cuff" for r in readings) == 2
    cuff = next(r for r in readings if r.source == "cuff")
    assert (cuff.sbp_mmhg, cuff.dbp_mmhg, cuff.cycle) == (124.0, 81.0, 1)
    assert cuff.trigger is not None
    alarms = [e for e in record.events() if e.kind == "physiological"]
    assert [a.state for a in alarms][:1] == ["raised"]
    assert all("simulated" in r.flags for r in readings)


def test_the_rows_of_the_csv_and_the_items_are_the_same_facts(whole: Path) -> None:
    record = list(open_record(whole))
    vitals = (whole / "vitals.csv").read_text(encoding="utf-8").splitlines()[1:]
    events = (whole / "events.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [i for i in record if isinstance(i, Reading) or (isinstance(i, Event) and i.kind == "gap")]
    assert len(rows) == len(vitals)
    assert sum(isinstance(i, Event) and i.kind != "gap" for i in record) == len(events)
    times = [row.split(",")[0] for row in vitals]
    assert [i.as_dict()["time_utc"] for i in rows] == times


@given(st.lists(st.integers(1, 5000), max_size=30))
def test_a_capture_read_in_any_pieces_gives_the_inputs_of_the_whole(whole: Path, sizes: list[int]) -> None:
    data = (whole / "capture.vwire").read_bytes()
    cuts = [0]
    for size in sizes:
        cuts.append(min(len(data), cuts[-1] + size))
    tail, found = Tail(), []
    for begin, end in pairwise([*cuts, len(data)]):
        found += tail.feed(data[begin:end])
    assert found == list(read_capture(data).inputs)
    assert tail.closed


def test_a_session_that_grows_is_followed_to_its_close(session: Path) -> None:
    data = (session / "capture.vwire").read_bytes()
    expected = list(open_record(session))
    (session / "capture.vwire").write_bytes(b"")
    found: list[Item] = []
    with follow(session) as followed:
        assert followed.poll() is None
        for begin in range(0, len(data), 700):
            grow(session, data[begin : begin + 700])
            found += rest(followed)
        assert found == expected
        assert followed.number == len(expected)
        assert followed.closed
        assert followed.origin == open_record(session).origin


def test_what_is_there_already_is_told_apart_from_what_comes(session: Path) -> None:
    data = (session / "capture.vwire").read_bytes()
    half = sum(len(chunk) for chunk in chunks(data)[:5]) + len(MAGIC)
    edit(session / "capture.vwire", lambda _data: data[:half])
    with follow(session) as followed:
        assert followed.poll() is not None
        assert not followed.caught_up
        rest(followed)
        assert followed.caught_up


def test_iterating_ends_with_the_session(whole: Path) -> None:
    with follow(whole) as followed:
        assert list(followed) == list(open_record(whole))


def test_a_record_that_was_changed_is_not_believed_beyond_the_place(session: Path) -> None:
    def spoil(data: bytes) -> bytes:
        at = len(MAGIC) + sum(len(chunk) for chunk in chunks(data)[:8]) + 40
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    edit(session / "capture.vwire", spoil)
    found: list[Item] = []
    with follow(session) as followed, pytest.raises(CheckFailed, match="does not match its seal"):
        found.extend(followed)
    assert found == list(open_record(session)), "what lies before it was given"
    assert open_record(session).state == "damaged"
    assert open_record(session).why


def test_a_record_that_becomes_shorter_is_an_error_and_no_end(session: Path) -> None:
    with follow(session) as followed:
        data = (session / "capture.vwire").read_bytes()
        (session / "capture.vwire").write_bytes(data[:-200])
        rest(followed)
        os.truncate(session / "capture.vwire", 100)
        with pytest.raises(CheckFailed, match="became shorter"):
            rest(followed)


@pytest.mark.parametrize("content", [b"nonsense", MAGIC + b"\xc8" + bytes(60)])
def test_what_is_no_capture_is_said(session: Path, content: bytes) -> None:
    (session / "capture.vwire").write_bytes(content)
    with follow(session) as followed, pytest.raises(CheckFailed, match=r"capture"):
        list(followed)


def test_a_session_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no session"):
        follow(tmp_path)


def test_a_session_whose_program_was_killed_ends_the_iteration_and_says_so(session: Path) -> None:
    data = (session / "capture.vwire").read_bytes()
    (session / "capture.vwire").write_bytes(data[: len(data) * 2 // 3])
    with follow(session) as followed:
        found = list(followed)
        assert followed.abandoned
        assert not followed.closed
    assert found == list(open_record(session))
    assert len(found) > 20


def test_a_session_that_a_program_still_writes_is_waited_for(session: Path) -> None:
    data = (session / "capture.vwire").read_bytes()
    (session / "capture.vwire").write_bytes(data[:5000])
    writer = AppendFile(session / "capture.vwire", there=(5000, 5000))
    with follow(session) as followed:
        rest(followed)
        assert not followed.abandoned
        writer.write(data[5000:])
        assert rest(followed)
        assert followed.closed
    writer.close()
