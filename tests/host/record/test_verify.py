# SPDX-License-Identifier: Apache-2.0
"""Checking a session: whole and equal, or the first thing that is not, with its place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import chunks, desaturates, edit, edit_json, not_closed, record

from vitalwire.errors import UsageError
from vitalwire.feed import Plan
from vitalwire.pump import Pump
from vitalwire.record.capture import CHUNK_BYTES, MAGIC, Capture, CaptureEncoder, read_capture
from vitalwire.record.rebuild import rebuild
from vitalwire.record.verify import Verified, head_digits, verify
from vitalwire.session.inputs import Kind, json_input
from vitalwire_protocol.codec import VERSION_MAJOR, VERSION_MINOR

CAPTURE = "capture.vwire"


def capture_of(folder: Path) -> bytes:
    return (folder / CAPTURE).read_bytes()


def with_capture(whole: Path, data: bytes, head: str = "") -> Verified:
    """`whole` with another capture in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "session"
        shutil.copytree(whole, folder)
        (folder / CAPTURE).write_bytes(data)
        return verify(folder, head)


# ------------------------------------------------------------ a whole session


def test_a_whole_session_is_closed_and_equal_in_every_file(whole: Path) -> None:
    found = verify(whole)
    assert (found.ok, found.state, found.findings, found.notes) == (True, "closed", [], [])
    assert {check.name: check.verdict for check in found.files} == {
        "vitals.csv": "equal",
        "events.csv": "equal",
        "oscillograms.csv": "equal",
        "alarms.csv": "equal",
    }
    assert (found.recorded_head, found.given_head) == ("agrees", "not_compared")
    json.dumps(found.as_json(), allow_nan=False)


def test_the_printed_head_agrees_also_in_groups_or_its_beginning(whole: Path) -> None:
    head = read_capture(whole / CAPTURE).head.hex()
    grouped = " ".join(head[i : i + 4] for i in range(0, 64, 4)).upper()
    for typed in (head, grouped, head[:16]):
        found = verify(whole, head_digits(typed))
        assert (found.ok, found.given_head) == (True, "agrees")


@pytest.mark.parametrize("typed", ["abc", "0" * 15, "0" * 65, "g" * 64, "", "--"])
def test_what_is_no_head_is_a_wrong_request(typed: str) -> None:
    with pytest.raises(UsageError, match="a head has 64 of the digits"):
        head_digits(typed)


def test_a_clock_that_was_set_back_in_the_session_changes_nothing(tmp_path: Path) -> None:
    board = FakeBoard(desaturates)

    def set_back() -> None:
        board.clock._start_utc_ms -= 3_600_000

    board.at(30_000, set_back)
    folder = record(tmp_path, board).folder
    assert folder is not None
    found = verify(folder)
    assert (found.ok, found.findings) == (True, [])
    assert found.duration_ms is not None
    assert 60_000 <= found.duration_ms < 62_000
    assert b"clock_set,,-3600,," in (folder / "events.csv").read_bytes()


# ------------------------------------------------------------ the capture is spoilt


@settings(max_examples=60, deadline=None)
@given(st.integers(0), st.integers(1, 255))
def test_any_changed_byte_is_found_and_named_within_its_chunk(whole: Path, position: int, change: int) -> None:
    data = bytearray(capture_of(whole))
    at = position % len(data)
    data[at] ^= change
    found = with_capture(whole, bytes(data))
    assert not found.ok
    assert found.state in ("damaged", "shorter than its recorded head")  # a length may grow past the end of the file
    if found.broken is not None:
        assert 0 <= at - found.broken.offset <= CHUNK_BYTES
    json.dumps(found.as_json(), allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.integers(0))
def test_cut_short_at_any_byte_it_is_shorter_than_its_recorded_head(whole: Path, cut: int) -> None:
    data = capture_of(whole)
    kept = data[: cut % len(data)]
    found = with_capture(whole, kept)
    assert found.state == "shorter than its recorded head"
    assert f"it ends at byte {len(kept)}" in found.findings[0]
    assert f"had {len(data)} bytes" in found.findings[0]
    assert not any("is not closed" in text for text in found.findings)


def test_a_missing_chunk_is_named_with_its_place_its_times_and_how_much_is_missing(whole: Path) -> None:
    parts = chunks(capture_of(whole))
    for number in range(0, len(parts) - 1, 7):
        start = len(MAGIC) + sum(map(len, parts[:number]))
        found = with_capture(whole, MAGIC + b"".join(parts[:number] + parts[number + 1 :]))
        assert found.state == "damaged"
        broken = found.broken
        assert broken is not None
        assert (broken.chunk, broken.offset, broken.what) == (number, start, "missing")
        assert f"{len(parts[number])} bytes are missing" in broken.why
        if number < len(parts) - 2:
            assert broken.chunks_after == len(parts) - number - 2
            about: dict[str, Any] = found.as_json()["bad"]
            assert about["to_ms"] is not None
            if number:
                assert 0 < about["to_s"] - about["from_s"] < 3, "the missing chunk, and the one behind it"


def test_a_missing_last_chunk_is_shorter_than_the_recorded_head(whole: Path) -> None:
    found = with_capture(whole, MAGIC + b"".join(chunks(capture_of(whole))[:-1]))
    assert found.state == "shorter than its recorded head"
    assert "1 chunks are missing" in found.findings[0]


def test_a_change_in_place_is_told_from_a_missing_chunk_and_the_rest_is_proved(whole: Path) -> None:
    parts = chunks(capture_of(whole))
    bad = parts[9][:20] + bytes((parts[9][20] ^ 1,)) + parts[9][21:]
    found = with_capture(whole, MAGIC + b"".join([*parts[:9], bad, *parts[10:]]))
    broken = found.broken
    assert broken is not None
    assert (broken.chunk, broken.what, broken.chunks_after) == (9, "changed", len(parts) - 10)
    assert broken.to_ms is not None
    assert broken.from_ms is not None
    assert 0 < broken.to_ms - broken.from_ms < 2000, "a second, and what was quiet around it"
    assert broken.until == broken.offset + len(bad)
    assert "it was changed in its place" in found.findings[0]
    assert "the chain fits again from byte" in found.findings[0]


def test_swapped_chunks_are_said_to_be_moved(whole: Path) -> None:
    parts = chunks(capture_of(whole))
    for first in (3, 20):
        swapped = [*parts]
        swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
        broken = with_capture(whole, MAGIC + b"".join(swapped)).broken
        assert broken is not None
        assert (broken.chunk, broken.what) == (first, "moved")
        assert "belongs behind another one" in broken.why


def test_a_chunk_that_stands_twice_is_said_to_be_added(whole: Path) -> None:
    parts = chunks(capture_of(whole))
    broken = with_capture(whole, MAGIC + b"".join([*parts[:8], parts[7], *parts[8:]])).broken
    assert broken is not None
    assert (broken.chunk, broken.what) == (8, "added")
    assert "stood once already" in broken.why


def test_what_is_behind_the_close_record_was_added(whole: Path) -> None:
    broken = with_capture(whole, capture_of(whole) + b"more").broken
    assert broken is not None
    assert (broken.what, broken.offset) == ("added", len(capture_of(whole)))


def test_rows_up_to_a_damaged_chunk_are_compared_and_the_others_said_to_be_unchecked(session: Path) -> None:
    parts = chunks(capture_of(session))
    edit(session / CAPTURE, lambda data: data.replace(parts[30], parts[30][:-1] + b"\0"))
    found = verify(session)
    assert all(check.verdict in ("long", "equal") for check in found.files)
    assert any("vitals.csv" in note and "cannot be checked" in note for note in found.notes)
    edit(session / "vitals.csv", lambda data: data.replace(b",97.0,", b",99.0,", 1))
    assert any("spo2_pct is '99.0', and the capture gives '97.0'" in text for text in verify(session).findings)


def rewritten(folder: Path) -> None:
    """Everything in the folder written anew by somebody who knows how: the session was in another bay."""
    capture = read_capture(folder / CAPTURE)
    encoder = CaptureEncoder()
    data = encoder.begin()
    for item in capture.inputs:
        if item.kind == Kind.OPEN:
            item = json_input(Kind.OPEN, item.t_ms, item.utc_ms, **{**item.json(), "bed": "bay 9"})
        data += encoder.encode(item)
    assert capture.last_t_ms is not None
    data += encoder.close(capture.last_t_ms, capture.last_t_ms, **(capture.closed or {}))
    (folder / CAPTURE).write_bytes(data)
    for name, content in rebuild(read_capture(data)).files.items():
        (folder / name).write_bytes(content)
    head = {"head": encoder.head.hex(), "chunks": encoder.chunks, "bytes": encoder.bytes}
    edit_json(folder, capture=head, bed="bay 9")


def test_a_chain_rewritten_as_a_whole_shows_only_against_the_printed_head(session: Path) -> None:
    printed = read_capture(session / CAPTURE).head.hex()
    rewritten(session)
    assert verify(session).ok
    found = verify(session, printed)
    assert (found.ok, found.state, found.given_head) == (False, "closed", "differs")
    assert "the head given is none of this capture" in found.findings[0]


def test_a_rewritten_chain_shows_also_where_session_json_was_left(session: Path) -> None:
    about = (session / "session.json").read_bytes()
    rewritten(session)
    (session / "session.json").write_bytes(about)
    found = verify(session)
    assert found.recorded_head in ("differs", "shorter")
    assert not found.ok


def test_a_capture_that_goes_on_behind_the_printed_head_is_not_the_closed_one(whole: Path) -> None:
    earlier = read_capture(whole / CAPTURE).seals[4].head.hex()
    found = verify(whole, earlier)
    assert (found.ok, found.given_head) == (False, "goes_on")
    assert "that of chunk 4, at 0:00:0" in found.findings[0]


# ------------------------------------------------------------ a session that was not closed


def test_a_killed_session_is_not_closed_and_nothing_else_is_wrong(session: Path) -> None:
    not_closed(session, 40, 38)
    found = verify(session)
    assert found.state == "not closed"
    assert found.findings == ["the capture is not closed: its session goes on, or was cut off"]
    assert found.recorded_head == "agrees"
    assert all(check.verdict == "equal" for check in found.files)


def test_a_killed_session_that_is_cut_short_later_is_shorter_than_its_recorded_head(session: Path) -> None:
    not_closed(session, 40, 38)
    parts = chunks(capture_of(session))
    (session / CAPTURE).write_bytes(MAGIC + b"".join(parts[:37]))
    found = verify(session)
    assert found.state == "shorter than its recorded head"
    assert "1 chunks are missing" in found.findings[0]


def test_and_behind_the_last_head_its_rows_show_it(session: Path) -> None:
    not_closed(session, 40, 30)
    parts = chunks(capture_of(session))
    (session / CAPTURE).write_bytes(MAGIC + b"".join(parts[:36]))
    found = verify(session)
    assert found.state == "not closed"
    assert any("vitals.csv" in text and "not in the capture any more" in text for text in found.findings)


def test_a_session_that_goes_on_while_it_is_checked_is_not_said_to_be_cut_short(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_closed(session, 40, 38)

    def read_and_go_on(data: bytes) -> Capture:
        edit(session / "vitals.csv", lambda rows: rows + rows.split(b"\r\n")[-2] + b"\r\n")
        return read_capture(data)

    monkeypatch.setattr("vitalwire.record.verify.read_capture", read_and_go_on)
    assert len(verify(session).findings) == 1, "it is not closed, and nothing else"


class Killed(BaseException):
    """Nothing more of the program runs."""


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 500), st.booleans())
def test_killed_between_any_two_writes_it_is_not_closed_and_its_rows_are_right(at: int, torn: bool) -> None:
    """As SIGKILL does it: from a write on nothing comes to the disk any more, the write itself perhaps in part."""
    real, count = os.write, 0

    def write(fd: int, data: bytes) -> int:
        nonlocal count
        count += 1
        if count == at and torn:
            real(fd, data[: len(data) // 2])
        if count >= at:
            raise Killed
        return real(fd, data)

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        patch.setattr("vitalwire.record.files.os.write", write)
        patch.setattr("vitalwire.record.files.os.fsync", lambda _fd: None)
        patch.setattr("vitalwire.record.recorder.SYNC_EVERY_S", 0.0)
        patch.setattr("vitalwire.record.recorder.HEAD_EVERY_S", 0.0)
        try:
            record(Path(name), minutes=0.5)
            return  # it was over before
        except Killed:
            pass
        (folder,) = Path(name).iterdir()
        found = verify(folder)
        if found.capture is not None and found.capture.closed is not None:
            return  # the close record is in, and only closing the files was left
        assert found.state == "not closed"
        wrong = [text for text in found.findings if "is not closed" not in text]
        if (folder / "session.json").exists() and found.capture and found.capture.inputs:
            assert [text for text in wrong if ".csv: the file is missing" not in text] == []
            assert all(check.verdict in ("equal", "short") for check in found.files)


def test_a_session_of_before_heads_were_kept_still_verifies(session: Path) -> None:
    edit_json(session, summary=None)
    assert verify(session).ok
    not_closed(session, 40, 38)
    edit_json(session, capture=None)
    found = verify(session)
    assert (found.state, found.recorded_head) == ("not closed", "not_recorded")
    assert len(found.findings) == 1
    assert "has no head" in found.notes[0]


@pytest.mark.parametrize("made_with", [2, VERSION_MINOR])
def test_a_record_is_judged_by_the_protocol_of_the_program_that_made_it(tmp_path: Path, made_with: int) -> None:
    """A notice that its program could not make is not made up when it is rebuilt."""
    board = FakeBoard()
    board.minor = 2
    versions = {"vitalwire": "0.1.0", "protocol": f"{VERSION_MAJOR}.{made_with}"}
    summary = Pump(Plan("fake", tmp_path, (), minutes=1.0, versions=versions), None, lambda _port: board).run()
    events = (summary.folder / "events.csv").read_text()
    assert ("speaks protocol" in events) == (made_with != board.minor)
    assert verify(summary.folder).state == "closed"
    assert not verify(summary.folder).findings
