# SPDX-License-Identifier: Apache-2.0
"""A list of sessions: what it says of each, and that no folder, however spoilt, keeps it from being made."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import chunks, edit, edit_json, not_closed

from vitalwire.errors import UsageError
from vitalwire.record.capture import MAGIC
from vitalwire.record.listing import list_sessions, look


def test_a_closed_session_with_its_figures(whole: Path) -> None:
    one = look(whole)
    assert (one.ended, one.why) == ("closed", "")
    assert (one.bed, one.board, one.simulated, one.limits, one.signed) == ("bay 2", "FAKE0001", True, "default", False)
    assert one.started_utc_ms == 1_767_225_600_000
    assert one.duration_s == pytest.approx(60, abs=2)
    assert (one.lowest_spo2_pct, one.highest_sbp_mmhg, one.highest_dbp_mmhg) == (84.0, 124.0, 81.0)
    assert one.alarms is not None
    assert one.alarms["high"] >= 1
    assert one.patient is None


def test_the_newest_is_first_and_other_folders_are_none(session: Path) -> None:
    parent = session.parent
    for name, started in (("20260301T100000Z_b", "2026-03-01T10:00:00.000Z"), ("x", "2026-02-01T10:00:00.000Z")):
        shutil.copytree(session, parent / name)
        edit_json(parent / name, started_utc=started)
    (parent / "holiday").mkdir()
    (parent / "20251231T235959Z_half").mkdir()
    (parent / "notes.txt").write_text("")
    found = [one.folder.name for one in list_sessions(parent)]
    assert found == ["20260301T100000Z_b", "x", session.name, "20251231T235959Z_half"]


def test_patient_and_profile_are_told_where_they_are_known(session: Path) -> None:
    edit_json(session, patient="K-017", profile={"name": "ketamine-iv", "version": "1"}, limits_signed=True)
    one = look(session)
    assert (one.patient, one.profile, one.signed) == ("K-017", "ketamine-iv", True)
    edit_json(session, profile="general")
    assert look(session).profile == "general"


def test_a_killed_session_is_not_closed_and_as_long_as_its_capture(session: Path) -> None:
    not_closed(session, 40, 35)
    one = look(session)
    assert (one.ended, one.why) == ("not closed", "")
    assert one.duration_s is not None
    assert 35 < one.duration_s < 50


def test_killed_after_the_close_record_it_is_closed(session: Path) -> None:
    not_closed(session, 10_000, 35)
    one = look(session)
    assert (one.ended, one.why) == ("closed", "session.json does not say so")


def test_an_older_session_without_figures_has_its_times(session: Path) -> None:
    edit_json(session, summary=None)
    one = look(session)
    assert one.ended == "closed"
    assert one.duration_s == pytest.approx(60, abs=2)
    assert (one.alarms, one.lowest_spo2_pct) == (None, None)


def test_an_older_session_that_was_killed_is_not_closed(session: Path) -> None:
    not_closed(session, 40, 35)
    edit_json(session, summary=None, capture=None)
    assert (look(session).ended, look(session).why) == ("not closed", "")


def spoil_capture(folder: Path) -> None:
    edit(folder / "capture.vwire", lambda data: data[:-100])


def lengthen_capture(folder: Path) -> None:
    edit(folder / "capture.vwire", lambda data: data + b"x")


def other_end(folder: Path) -> None:
    edit(folder / "capture.vwire", lambda data: data[:-1] + bytes((data[-1] ^ 1,)))


def killed_and_cut(folder: Path) -> None:
    not_closed(folder, 40, 35)
    edit(folder / "capture.vwire", lambda data: MAGIC + b"".join(chunks(data)[:34]))


def killed_and_changed(folder: Path) -> None:
    not_closed(folder, 40, 35)
    edit(folder / "capture.vwire", lambda data: data[:-40] + bytes((data[-40] ^ 1,)) + data[-39:])


def not_readable(folder: Path) -> None:
    (folder / "capture.vwire").unlink()
    (folder / "capture.vwire").mkdir()


def nothing_left(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_capture, "capture.vwire is 100 bytes shorter than its recorded head"),
        (lengthen_capture, "capture.vwire goes on behind its recorded end"),
        (other_end, "capture.vwire has another head than session.json"),
        (killed_and_cut, "shorter than its recorded head"),
        (killed_and_changed, "does not match its seal"),
        (not_readable, "capture.vwire: it is no file"),
        (nothing_left, "the folder has nothing of a session in it"),
        (lambda folder: (folder / "capture.vwire").unlink(), "capture.vwire: No such file or directory"),
        (lambda folder: (folder / "vitals.csv").unlink(), "vitals.csv is missing"),
        (lambda folder: (folder / "oscillograms.csv").unlink(), "oscillograms.csv is missing"),
        (lambda folder: (folder / "session.json").unlink(), "session.json: No such file or directory"),
        (lambda folder: (folder / "session.json").write_bytes(b""), "session.json does not read"),
        (lambda folder: (folder / "session.json").write_bytes(b"{" * 9), "session.json does not read"),
        (lambda folder: (folder / "session.json").write_bytes(b"[]"), "session.json does not read: it holds no object"),
        (lambda folder: (folder / "session.json").write_bytes(b"[" * 100_000), "nested too deeply"),
        (lambda folder: (folder / "session.json").write_bytes(b" " * (2 << 20)), "larger than 1 MB"),
        (lambda folder: (folder / "session.json").write_bytes(b"\xff\xfe"), "session.json does not read"),
        (lambda folder: edit_json(folder, capture=None), "session.json has no head that reads"),
        (lambda folder: edit_json(folder, capture={"head": "0" * 64, "chunks": -1, "bytes": 9}), "no head that reads"),
        (lambda folder: edit_json(folder, started_utc=None), "session.json: started_utc does not read"),
        (lambda folder: edit_json(folder, started_utc="2026-13-01T00:00:00Z"), "started_utc does not read"),
        (lambda folder: edit_json(folder, bed="\x1b[2J"), "session.json: bed does not read"),
        (lambda folder: edit_json(folder, patient=["x"]), "session.json: patient does not read"),
        (lambda folder: edit_json(folder, board="SIM"), "session.json: board does not read"),
        (lambda folder: edit_json(folder, summary={"lowest_spo2_pct": float("nan")}), "lowest_spo2_pct does not read"),
        (lambda folder: edit_json(folder, summary={"duration_s": 10**30}), "duration_s does not read"),
        (lambda folder: edit_json(folder, summary={"alarms": {"high": "1"}}), "alarms does not read"),
    ],
)
def test_what_is_damaged_is_listed_with_the_reason(session: Path, spoil: Any, words: str) -> None:
    spoil(session)
    (one,) = list_sessions(session.parent)
    assert one.ended == "damaged"
    assert words in one.why
    assert str(session) not in one.why
    assert one.started_utc_ms == 1_767_225_600_000, "the folder's name tells it too"
    json.dumps(one.as_json(), allow_nan=False)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no symbolic links")
def test_a_link_that_leads_to_itself_is_listed_as_damaged(session: Path) -> None:
    for name in ("session.json", "capture.vwire"):
        (session / name).unlink()
        (session / name).symlink_to(name)
    (one,) = list_sessions(session.parent)
    assert one.ended == "damaged"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "session", "started_utc", "ended_utc", "bed", "board", "simulated", "limits", "limits_signed", "clocks", "finished",
    "capture", "summary", "rows", "patient", "profile", "complete",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_whatever_session_json_says_the_session_is_listed(whole: Path, values: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / whole.name
        shutil.copytree(whole, folder)
        about = json.loads((folder / "session.json").read_text(encoding="utf-8"))
        (folder / "session.json").write_text(json.dumps({**about, **values}), encoding="utf-8")
        (one,) = list_sessions(Path(name))
        json.dumps(one.as_json(), allow_nan=False)


def test_a_folder_that_is_not_there_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no session in"):
        list_sessions(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be read"):
        list_sessions(tmp_path / "file")
