# SPDX-License-Identifier: Apache-2.0
"""`vitalwire sessions` and `vitalwire verify` as a person types them."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "record"))
from recorded import edit, edit_json, record

from vitalwire.cli.main import run
from vitalwire.record.capture import read_capture

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = record(tmp_path_factory.mktemp("recorded")).folder
    assert folder is not None
    return folder


@pytest.fixture
def session(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only session of this user, whose clock is an hour before UTC."""
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "all"))
    if hasattr(time, "tzset"):
        monkeypatch.setenv("TZ", "XST-1")
        time.tzset()
    return Path(shutil.copytree(recorded, tmp_path / "all" / recorded.name))


@pytest.fixture(autouse=True)
def own_zone() -> object:
    yield
    if hasattr(time, "tzset"):
        time.tzset()


# ------------------------------------------------------------ verify


def test_without_a_session_the_latest_is_verified_and_named(session: Path, capfd: Said) -> None:
    assert run(["verify"]) == 0
    out, err = capfd.readouterr()
    assert f"verifying {session}" in err
    head = read_capture(session / "capture.vwire").head.hex()
    for line in (
        "state     closed, begun 2026-01-01 01:00:00 XST, 0:01:00.",
        f"head      {head}",
        "          in session.json: agrees",
        "          printed at close: not compared. Whoever writes the whole chain anew",
        "file      vitals.csv: equal, ",
        "file      events.csv: equal, ",
        "file      oscillograms.csv: equal, 60 rows",
    ):
        assert line in out


def test_the_head_that_was_printed_is_compared(session: Path, capfd: Said) -> None:
    head = read_capture(session / "capture.vwire").head.hex()
    assert run(["verify", session.name, "--head", head]) == 0
    assert "printed at close: agrees" in capfd.readouterr().out
    assert run(["verify", session.name, "--head", head[::-1]]) == 1
    out, err = capfd.readouterr()
    assert "printed at close: differs" in out
    assert "WRONG     the head given is none of this capture" in out
    assert "the head given is none of this capture" in err


def test_a_bad_chunk_is_named_and_the_exit_code_says_so(session: Path, capfd: Said) -> None:
    edit(session / "capture.vwire", lambda data: data[:9000] + bytes((data[9000] ^ 1,)) + data[9001:])
    assert run(["verify", str(session)]) == 1
    out, err = capfd.readouterr()
    assert "state     damaged" in out
    assert "; between 0:00:" in out
    assert " XST) and 0:00:" in out
    assert "the chain fits again from byte" in out
    assert "Traceback" not in err


def test_json_is_one_object_for_a_program(session: Path, capfd: Said) -> None:
    (session / "vitals.csv").unlink()
    assert run(["verify", "--json"]) == 1
    about = json.loads(capfd.readouterr().out)
    assert (about["ok"], about["state"], about["head_in_session_json"]) == (False, "closed", "agrees")
    assert about["findings"] == ["vitals.csv: the file is missing"]
    assert about["files"][0]["verdict"] == "missing"


@pytest.mark.parametrize("words", [["nothing"], ["--head", "12"], ["a", "b"]])
def test_a_wrong_request_is_exit_code_2(session: Path, capfd: Said, words: list[str]) -> None:
    assert session.is_dir()
    assert run(["verify", *words]) == 2
    assert "Traceback" not in capfd.readouterr().err


# ------------------------------------------------------------ sessions


def test_the_list_has_what_a_person_looks_for(session: Path, capfd: Said) -> None:
    edit_json(session, patient="K-017")
    assert run(["sessions"]) == 0
    out, err = capfd.readouterr()
    heads, row = out.splitlines()
    assert heads.split() == [
        "start", "length", "patient", "bed", "board", "limits", "high/med/low", "SpO2", "pressure", "ended", "session",
    ]  # fmt: skip
    for cell in (
        "2026-01-01 01:00:00 XST",
        " 0:01:0",
        " K-017 ",
        " bay 2 ",
        " FAKE0001 SIMULATED ",
        " 84 ",
        " 124/81 ",
    ):
        assert cell in row
    assert " default limits, unsigned " in row
    assert row.split()[-2:] == ["closed", session.name]
    assert f"1 session in {session.parent}" in err


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (["--patient", "K-017"], 1),
        (["--patient", "K-01"], 0),
        (["--board", "FAKE"], 1),
        (["--board", "E66"], 0),
        (["--since", "2026-01-01"], 1),
        (["--since", "2026-01-01T01:00+01:00"], 1),
        (["--since", "2026-01-01T01:00:01"], 0),
        (["--since", "2026-01-02"], 0),
    ],
)
def test_it_is_filtered(session: Path, capfd: Said, words: list[str], listed: int) -> None:
    edit_json(session, patient="K-017")
    assert run(["sessions", *words, "--json"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == listed


@pytest.mark.parametrize("when", ["x", "", "2026-02-31", "99999999d", "٣d", "2026-01-01T25:00"])
def test_a_since_that_is_no_time_is_exit_code_2(capfd: Said, when: str) -> None:
    assert run(["sessions", "--since", when]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_what_is_damaged_is_listed_and_said_where_a_filter_hides_it(session: Path, capfd: Said) -> None:
    (session / "session.json").write_bytes(b"{")
    assert run(["sessions"]) == 0
    out, err = capfd.readouterr()
    assert "damaged: session.json does not read" in out
    assert "1 damaged" in err
    assert run(["sessions", "--patient", "K-017"]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "1 damaged without a patient or board that reads" in err


def test_names_that_a_terminal_would_obey_or_could_not_show_are_not_printed(session: Path, capfd: Said) -> None:
    hostile = session.parent / "20260101T000000Z_\x1b[31m\udcff\n"
    try:
        hostile.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this system takes no such name")
    assert run(["sessions"]) == 0
    out, _ = capfd.readouterr()
    assert "\x1b" not in out
    assert len(out.splitlines()) == 3
    assert run(["sessions", "--json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert str(hostile) in [row["session"] for row in rows]
    assert run(["verify", str(hostile)]) == 1
    assert "\x1b" not in "".join(capfd.readouterr())


def test_before_the_first_session_it_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Said
) -> None:
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "none"))
    assert run(["sessions"]) == 0
    assert "there is no session in" in capfd.readouterr().err
    assert run(["sessions", "--in", str(tmp_path / "none")]) == 2
    assert run(["verify"]) == 2
