# SPDX-License-Identifier: Apache-2.0
"""Checking a session: the files beside its capture, and folders that are hostile."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import edit, edit_json

from vitalwire.errors import UsageError
from vitalwire.record.capture import MAGIC, CaptureEncoder
from vitalwire.record.files import AppendFile
from vitalwire.record.folder import write_session_json
from vitalwire.record.recorder import Recorder
from vitalwire.record.verify import verify
from vitalwire.session.facts import Vitals
from vitalwire.session.inputs import Input, Kind, Setup, json_input

CAPTURE = "capture.vwire"

# ------------------------------------------------------------ the files beside it


def finding(folder: Path) -> str:
    found = verify(folder)
    assert found.state == "closed"
    (text,) = found.findings
    return text


def test_a_changed_cell_is_named_with_line_and_column(session: Path) -> None:
    edit(session / "vitals.csv", lambda data: data.replace(b",84.0,", b",94.0,", 1))
    assert "vitals.csv, line 16: spo2_pct is '94.0', and the capture gives '84.0'" in finding(session)


def test_a_row_that_was_taken_out_or_put_in_is_named(session: Path) -> None:
    lines = (session / "events.csv").read_bytes().split(b"\r\n")
    (session / "events.csv").write_bytes(b"\r\n".join(lines[:4] + lines[5:]))
    assert "events.csv, line 5: " in finding(session)
    (session / "events.csv").write_bytes(b"\r\n".join([*lines[:-1], lines[3], b""]))
    assert f"events.csv, line {len(lines)}: 1 rows more than the capture gives" in finding(session)


def test_a_csv_that_ends_too_early_is_wrong_in_a_closed_session(session: Path) -> None:
    edit(session / "oscillograms.csv", lambda data: data[: data[:-2].rfind(b"\r\n") - 5])
    assert "within a row, 2 rows before the capture does" in finding(session)


def test_a_file_that_is_missing_or_no_file_is_said(session: Path) -> None:
    (session / "events.csv").unlink()
    assert finding(session) == "events.csv: the file is missing"
    (session / "events.csv").mkdir()
    assert "events.csv: it cannot be read: it is no file" in finding(session)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["vitals.csv", "session.json", CAPTURE])
def test_a_pipe_in_a_files_place_is_not_waited_for(session: Path, name: str) -> None:
    (session / name).unlink()
    os.mkfifo(session / name)
    assert any("no file" in text for text in verify(session).findings)


@pytest.mark.parametrize("name", ["vitals.csv", "session.json", CAPTURE])
def test_a_file_that_may_not_be_read_is_said(session: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = os.open

    def refuse(path: str | Path, flags: int) -> int:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr("vitalwire.record.files.os.open", refuse)
    assert any("Permission denied" in text for text in verify(session).findings)


def test_without_a_capture_nothing_can_be_checked(session: Path) -> None:
    (session / CAPTURE).unlink()
    found = verify(session)
    assert (found.ok, found.state) == (False, "missing")
    assert found.findings[0] == "capture.vwire is missing: nothing can be checked"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bed": "bay 3"}, "session.json: bed is 'bay 3', and not 'bay 2'"),
        ({"finished": False}, "session.json: finished is False, and not True"),
        ({"limits": []}, "session.json: limits is [], and not [{"),
        ({"limits_signed": True}, "session.json: limits_signed is True, and not False"),
        ({"simulated": False}, "session.json: simulated is False, and not True"),
        ({"board": {"serial": "E661"}}, "session.json: the board is 'E661', and not "),
        ({"board": []}, "session.json: the board is None, and not "),
        ({"summary": {}}, "session.json: duration_s is None, and not "),
        ({"capture": {"head": "x", "chunks": 1, "bytes": 2}}, "session.json has a head that does not read"),
        ({"capture": None}, "session.json says that the session ended, and has no head"),
    ],
)
def test_what_session_json_says_is_held_against_the_capture(session: Path, values: dict[str, Any], words: str) -> None:
    edit_json(session, **values)
    assert any(text.startswith(words) for text in verify(session).findings), verify(session).findings


def test_the_figures_of_a_list_are_held_against_the_capture(session: Path) -> None:
    about = json.loads((session / "session.json").read_text(encoding="utf-8"))["summary"]
    assert about["lowest_spo2_pct"] == 84.0
    assert (about["highest_sbp_mmhg"], about["highest_dbp_mmhg"]) == (124.0, 81.0)
    assert sum(about["alarms"].values()) >= 1
    edit_json(session, summary={**about, "lowest_spo2_pct": 95.0})
    assert finding(session) == "session.json: lowest_spo2_pct is 95.0, and not 84.0"


def test_without_session_json_the_rest_is_still_checked(session: Path) -> None:
    (session / "session.json").unlink()
    assert "No such file" in finding(session)
    assert all(check.verdict == "equal" for check in verify(session).files)


def test_inputs_that_could_not_be_written_are_said(tmp_path: Path) -> None:
    setup = Setup(session=1, client=2, started_t_ms=0, started_utc_ms=0)
    recorder = Recorder(tmp_path, setup, lambda path: AppendFile(path, pending_bytes_max=200))
    recorder.describe(finished=False)
    recorder._capture._pending.append(b"")  # as on a full disk
    for second in range(9):
        recorder.record(Input(Kind.RECEIVED, 1000 * second, 0, b"\0" * 100))
    recorder.retry()
    recorder.record(Input(Kind.RECEIVED, 20_000, 0, b"\0"))
    recorder.write([Vitals(1, 1, "manual")])
    recorder.close(21_000, 0, why="test")
    found = verify(tmp_path)
    assert any("inputs could not be written between 0:00:0" in text for text in found.findings)


# ------------------------------------------------------------ hostile folders


@pytest.mark.parametrize(
    "first",
    [
        json_input(Kind.ACTION, 0, 0),
        json_input(Kind.OPEN, 0, 0, session="x"),
        json_input(Kind.OPEN, 0, 0, session=1, client=2, started_t_ms="x", started_utc_ms=0),
        json_input(Kind.OPEN, 0, 0, session=1, client=2, started_t_ms=0, started_utc_ms=1 << 80),
        json_input(Kind.OPEN, 0, 0, session=1, client=2, started_t_ms=0, started_utc_ms=0, versions=[]),
        json_input(Kind.OPEN, 0, 0, session=1, client=2, started_t_ms=0, started_utc_ms=0, minutes="x"),
        Input(Kind.OPEN, 0, 0, b"[" * 60_000),
        Input(Kind.OPEN, 0, 0, b"\xff{"),
    ],
)
def test_a_capture_that_is_no_session_is_a_sentence_however_well_it_is_sealed(tmp_path: Path, first: Input) -> None:
    encoder = CaptureEncoder()
    data = encoder.begin() + encoder.encode(first) + encoder.encode(json_input(Kind.CLOCK, 1, 1, step_ms="x"))
    (tmp_path / CAPTURE).write_bytes(data + encoder.close(2, 2))
    write_session_json(tmp_path, {"session": "00000001"})
    found = verify(tmp_path)
    assert not found.ok
    assert found.findings
    json.dumps(found.as_json(), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=100), st.booleans())
def test_whatever_the_files_hold_it_is_a_finding_and_never_an_error(
    data: bytes, about: bytes, behind_the_first_line: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / CAPTURE).write_bytes((MAGIC if behind_the_first_line else b"") + data)
        (folder / "session.json").write_bytes(about)
        found = verify(folder)
        assert not found.ok
        assert found.findings
        json.dumps(found.as_json(), allow_nan=False)


def test_a_file_made_of_seals_takes_no_long_search(tmp_path: Path) -> None:
    (tmp_path / CAPTURE).write_bytes(MAGIC + b"\xff\x20\0" * 300_000)
    assert verify(tmp_path).state == "damaged"


def test_a_record_that_is_too_large_for_the_capture_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="too many for one record"):
        CaptureEncoder().encode(json_input(Kind.ACTION, 0, 0, detail="x" * 70_000))
