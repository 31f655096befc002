# SPDX-License-Identifier: Apache-2.0
"""Whatever is typed, and wherever the output goes: one sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.feed import Summary
from vitalwire.link.sim_options import parse_sim_url
from vitalwire.record.capture import CaptureEncoder, read_capture
from vitalwire.session.inputs import Input, Kind
from vitalwire_protocol import codec
from vitalwire_protocol.framing import encode_frame

HEARTBEAT = codec.Heartbeat(0, 0, 3, 0, 0, None, 5000, 3, None, 0)
COMMAND = [sys.executable, "-m", "vitalwire.cli.main"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="devices and closed streams of POSIX systems")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "-nan"])
@pytest.mark.parametrize("options", [["monitor", "--minutes"], ["monitor", "--every"], ["stream", "--minutes"]])
def test_a_number_of_minutes_is_a_number(capfd: pytest.CaptureFixture[str], options: list[str], number: str) -> None:
    assert run([options[0], "sim://", f"{options[1]}={number}"]) == 2
    assert "Invalid value" in capfd.readouterr().err


def test_two_ways_to_show_a_session_exclude_each_other(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["monitor", "sim://", "--plain", "--quiet"]) == 2
    assert "exclude" in capfd.readouterr().err


def test_a_limit_of_thousands_of_digits_is_a_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "l.toml").write_text("[limits]\nspo2_low = " + "9" * 6000)
    assert run(["monitor", "sim://", "--limits", str(tmp_path / "l.toml")]) == 2
    assert "not valid TOML" in capfd.readouterr().err


@POSIX
def test_a_limits_file_without_an_end_is_not_read_to_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["monitor", "sim://", "--limits", "/dev/zero"]) == 2
    assert "too large" in capfd.readouterr().err


@POSIX
def test_an_output_folder_whose_name_is_too_long_is_a_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["monitor", "sim://?speed=max", "--minutes", "0.1", "--out", str(tmp_path / ("a" * 300))]) == 2
    assert "give another --out" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("start=9999-12-31T23:59:59Z", "1970 to 2199"),
        ("start=0001-01-01", "1970 to 2199"),
        ("seed=" + "9" * 5000, "not a seed"),
        (f"flash={__file__}", "no folder"),
        ("flash=/nonexistent/a/b", "no folder /nonexistent/a"),
    ],
)
def test_a_simulated_board_that_cannot_be_is_refused_before_it_starts(parameter: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_sim_url(f"sim://?{parameter}")


def test_a_session_whose_board_was_not_reached_at_the_end_is_a_lost_link(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Summary(board="E6614", why="time", confirmed=False)
    monkeypatch.setattr("vitalwire.cli.monitor_run.run_session", lambda *_a, **_k: ended)
    assert run(["monitor", "sim://"]) == 5
    said = capfd.readouterr().err
    assert "ended by time" in said
    assert "E6614 was not reached at the end" in said


# ---------------------------------------------------------------- standard streams


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
@pytest.mark.parametrize("words", ["--help", "sim --list", "stream sim://?speed=max --minutes 0.1"])
def test_a_full_disk_behind_standard_output_is_a_sentence(words: str) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, *words.split()], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"standard output: No space left on device" in done.stderr


@POSIX
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_program_may_be_started_without_standard_streams(closed: str, tmp_path: Path) -> None:
    """What is opened next must not get the number of a standard stream: what is said would go into the record."""
    words = f"{sys.executable} -m vitalwire.cli.main monitor 'sim://?speed=max' --minutes 0.2 --plain --out {tmp_path}"
    done = subprocess.run(["sh", "-c", f"{words} {closed}"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    (folder,) = tmp_path.iterdir()
    assert all(line.startswith(b"2026-") for line in (folder / "vitals.csv").read_bytes().splitlines()[1:])
    assert (folder / "capture.vwire").read_bytes().startswith(b"VITALWIRE CAPTURE")


# ---------------------------------------------------------------- captures that are not whole


def capture(*, closed: bool) -> bytes:
    encoder = CaptureEncoder()
    data = encoder.begin() + encoder.encode(Input(Kind.RECEIVED, 1, 1, encode_frame(HEARTBEAT, 0, 0)))
    return data + (encoder.close(2, 2, why="test") if closed else b"")


def test_a_capture_that_was_cut_off_is_read_and_said_to_be(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "c.vwire").write_bytes(capture(closed=False) + b"\x02abc")
    assert run(["decode", str(tmp_path / "c.vwire")]) == 0
    said = capfd.readouterr().err
    assert "was not closed" in said
    assert "its last 4 bytes are an incomplete record" in said


def test_bytes_behind_the_end_of_a_capture_are_no_part_of_it(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    whole = capture(closed=True)
    assert read_capture(whole).state == "closed"
    (tmp_path / "c.vwire").write_bytes(whole + b"junk")
    assert run(["decode", str(tmp_path / "c.vwire")]) == 1
    assert "bytes after the close record" in capfd.readouterr().err


# ---------------------------------------------------------------- the read-me


def test_the_program_in_the_readme_runs() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.S)
    short = program.replace(
        "for reading in board.readings(timeout_s=30)", "for reading in board.readings(duration_s=3)"
    )
    assert short != program
    done = subprocess.run([sys.executable, "-c", short], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "settling" in done.stdout
