# SPDX-License-Identifier: Apache-2.0
"""The session's files: nothing is overwritten, a full disk is survived, and what it cost is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vitalwire.errors import UsageError
from vitalwire.record.capture import read_capture
from vitalwire.record.files import AppendFile
from vitalwire.record.folder import (
    create_session_folder,
    folder_name,
    latest_session,
    read_session_json,
    write_session_json,
)
from vitalwire.record.recorder import Recorder
from vitalwire.session.facts import Happening, Vitals
from vitalwire.session.inputs import Input, Kind, Setup

SETUP = Setup(session=1, client=2, started_t_ms=0, started_utc_ms=1_767_225_600_000)


class Disk:
    """Stands in for `os.write`: takes `room` bytes and then fails, until it is given more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = 1 << 30
        self._write = os.write
        monkeypatch.setattr("vitalwire.record.files.os.write", self.write)

    def write(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self._write(fd, data[: self.room])
        self.room -= taken
        return taken


def test_a_file_that_is_there_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        AppendFile(path)
    assert path.read_text() == "old"


def test_a_full_disk_keeps_everything_in_order_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    file = AppendFile(tmp_path / "f")
    file.write(b"first\r\n")
    disk.room = 3
    file.write(b"second\r\n")
    file.write(b"third\r\n")
    assert (tmp_path / "f").read_bytes() == b"first\r\nsec"
    assert file.trouble
    assert not file.retry()
    disk.room = 1 << 20
    assert file.retry()
    assert file.trouble is None
    file.write(b"fourth\r\n")
    file.close()
    assert (tmp_path / "f").read_bytes() == b"first\r\nsecond\r\nthird\r\nfourth\r\n"


def test_what_waits_is_bounded_and_the_rest_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    recorder = Recorder(tmp_path, SETUP, lambda path: AppendFile(path, pending_bytes_max=2000))
    disk.room = 0
    for second in range(200):
        recorder.record(Input(Kind.RECEIVED, 1000 * second, 0, b"x" * 100))
        recorder.write([Vitals(1000 * second, 0, "oximeter", spo2_pct=97.0)])
    assert recorder.trouble is not None
    assert "No space" in recorder.trouble
    assert recorder.lost_total > 0
    disk.room = 1 << 30
    recorder.retry()
    assert recorder.trouble is None
    recorder.record(Input(Kind.RECEIVED, 300_000, 0, b"after"))
    recorder.close(300_001, 0, why="test")
    capture = read_capture(tmp_path / "capture.vwire")
    assert capture.state == "closed"
    (lost,) = capture.lost
    read = sum(item.kind == Kind.RECEIVED for item in capture.inputs)
    assert read + lost.inputs == 201
    about = read_session_json(tmp_path)
    assert about["complete"] is False
    assert about["lost"]["inputs"] == lost.inputs
    rows = (tmp_path / "vitals.csv").read_bytes().count(b"\r\n") - 1
    assert rows + about["lost"]["rows"] == 200


def test_dev_full_is_a_full_disk(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    file = AppendFile(tmp_path / "f")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, file._fd)
    file.write(b"row\r\n")
    os.close(full)
    assert file.trouble
    assert file.pending_bytes == 5
    file.close()


def test_each_row_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    real = os.write
    monkeypatch.setattr("vitalwire.record.files.os.write", lambda fd, data: (writes.append(data), real(fd, data))[1])
    recorder = Recorder(tmp_path, SETUP)
    writes.clear()
    recorder.write([Vitals(1, 1, "oximeter"), Happening(2, 2, "link", "link", "open")])
    assert len(writes) == 2
    assert all(data.endswith(b"\r\n") and data.count(b"\r\n") == 1 for data in writes)
    recorder.abandon()


def test_session_folders_are_unique_and_a_session_is_never_written_into(tmp_path: Path) -> None:
    name = folder_name(1_767_225_600_000, "bay 2")
    assert name == "20260101T000000Z_bay-2"
    first = create_session_folder(tmp_path, name)
    second = create_session_folder(tmp_path, name)
    assert first != second
    write_session_json(first, {"finished": True})
    with pytest.raises(UsageError, match="is the folder of a session"):
        create_session_folder(first, "inside")
    write_session_json(second, {"finished": True})
    assert latest_session(tmp_path) == second


def test_a_label_cannot_leave_the_folder() -> None:
    assert folder_name(0, "../../etc") == "19700101T000000Z_etc"
    assert folder_name(0, "/") == "19700101T000000Z"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no session folder can be made"):
        create_session_folder(tmp_path / "file", "x")


def test_the_newest_session_is_asked_for_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no session"):
        latest_session(tmp_path)


def test_rows_that_never_reached_the_disk_are_lost_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    recorder = Recorder(tmp_path, SETUP)
    recorder.write([Vitals(1, 1, "oximeter"), Vitals(2, 2, "oximeter")])
    disk.room = 0
    recorder.write([Vitals(3, 3, "oximeter"), Vitals(4, 4, "oximeter"), Vitals(5, 5, "oximeter")])
    recorder.close(6, 6, why="test")
    assert recorder.rows["vitals"] == 2
    assert recorder.lost_rows == 3
    assert not recorder.complete
