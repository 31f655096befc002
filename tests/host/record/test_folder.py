# SPDX-License-Identifier: Apache-2.0
"""Where sessions are, and which one a person means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vitalwire.errors import UsageError
from vitalwire.record.folder import (
    default_folder,
    find_session,
    is_session,
    latest_session,
    read_session_json,
    write_session_json,
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of sessions: two of them, the second recorded last."""
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "all"))
    for second, name in enumerate(("20260102T000000Z_bed4", "20260101T000000Z_bed4"), 1_700_000_000):
        folder = tmp_path / "all" / name
        folder.mkdir(parents=True)
        write_session_json(folder, {})
        (folder / "capture.vwire").write_bytes(b"")
        os.utime(folder / "capture.vwire", (second, second))
    return tmp_path / "all"


def test_sessions_are_in_the_home_unless_the_environment_names_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("VITALWIRE_SESSIONS", raising=False)
    assert default_folder() == tmp_path / "Vitalwire"
    monkeypatch.setenv("VITALWIRE_SESSIONS", " ")
    assert default_folder() == tmp_path / "Vitalwire"
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "elsewhere"))
    assert default_folder() == tmp_path / "elsewhere"


def test_without_a_home_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.delenv("VITALWIRE_SESSIONS", raising=False)
    with pytest.raises(UsageError, match="set VITALWIRE_SESSIONS"):
        default_folder()


def test_the_latest_is_the_one_that_was_recorded_last_whatever_its_clock_said(place: Path) -> None:
    assert latest_session(place).name == "20260101T000000Z_bed4"
    assert find_session(None) == find_session(place) == latest_session(place)


def test_what_was_written_into_a_session_later_does_not_make_it_the_latest(place: Path) -> None:
    (place / "20260102T000000Z_bed4" / "report.html").write_text("")
    assert latest_session(place).name == "20260101T000000Z_bed4"


def test_a_session_by_its_folder_a_file_in_it_its_name_or_a_beginning(place: Path) -> None:
    folder = place / "20260102T000000Z_bed4"
    for given in (folder, folder / "capture.vwire", folder / "session.json", Path(folder.name), Path("20260102")):
        assert find_session(given) == folder


def test_a_beginning_that_two_have_is_refused_and_both_are_named(place: Path) -> None:
    with pytest.raises(UsageError, match=r"more than one session in .*20260101T000000Z_bed4, 20260102T000000Z_bed4"):
        find_session(Path("202601"))
    assert place.is_dir()


@pytest.mark.parametrize("given", ["nothing", "no/where", "..x"])
def test_what_is_no_session_is_a_wrong_request(place: Path, given: str) -> None:
    with pytest.raises(UsageError, match="no session"):
        find_session(Path(given))
    with pytest.raises(UsageError, match="no session"):
        find_session(place.parent)


def test_a_half_written_folder_is_a_session_and_others_are_not(tmp_path: Path) -> None:
    for name, content, expected in (
        ("20260101T000000Z", None, True),
        ("20260101T000000Z_bed", None, True),
        ("20260101T000000Zx", None, False),
        ("holiday", None, False),
        ("renamed", "vitals.csv", True),
        ("other", "vitals.txt", False),
    ):
        (tmp_path / name).mkdir()
        if content:
            (tmp_path / name / content).write_text("")
        assert is_session(tmp_path / name) is expected, name
    assert not is_session(tmp_path / "nothing")


def test_an_empty_half_written_folder_is_never_the_latest(place: Path) -> None:
    (place / "20260103T000000Z").mkdir()
    assert latest_session(place).name == "20260101T000000Z_bed4"


def test_a_session_json_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "session.json")
    with pytest.raises(UsageError, match="is no file"):
        read_session_json(tmp_path)
