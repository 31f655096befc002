# SPDX-License-Identifier: Apache-2.0
"""`vitalwire monitor` as a process of its own on a simulated board: signals, kill -9, wrong usage."""

from __future__ import annotations

import csv
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitalwire.record.capture import read_capture
from vitalwire.record.rebuild import rebuild

SIM = "sim://?patient=calm&seed=3"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def start(out: Path, *more: str, url: str = f"{SIM}&speed=20") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vitalwire.cli.main", "monitor", url, "--plain", "--out", str(out), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def folder(out: Path) -> Path:
    (found,) = out.iterdir()
    return found


def lines_until(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def complete_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV whose last line may be torn: what any reader gets that drops an unfinished line."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\r\n") + 2].decode("utf-8")
    return list(csv.DictReader(whole.splitlines()))


def test_killed_at_any_moment_every_line_that_was_shown_is_in_the_csv(tmp_path: Path) -> None:
    chance = random.Random(20260101)
    for attempt in range(3):
        out = tmp_path / str(attempt)
        process = start(out, "--minutes", "60", url=f"{SIM}&speed=max")
        shown = lines_until(process, chance.randint(1, 40))
        time.sleep(chance.random() * 0.3)
        process.kill()
        assert process.stdout is not None
        shown += process.stdout.readlines()
        process.communicate()
        vitals = complete_rows(folder(out) / "vitals.csv")
        assert all(None not in row and None not in row.values() for row in vitals), "each row has its columns"
        recorded = {float(row["elapsed_s"]) // 1 for row in vitals}
        for line in shown:
            if line.endswith("\n") and "SpO2" in line and "ALARM" not in line:
                hours, minutes, seconds = map(int, line[:8].split(":"))
                assert float(hours * 3600 + minutes * 60 + seconds) in recorded
        capture = read_capture(folder(out) / "capture.vwire")
        assert capture.state == "not closed"
        rebuilt = rebuild(capture)
        for name, expected in rebuilt.files.items():
            assert expected.startswith((folder(out) / name).read_bytes()), "the capture is never behind the rows"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_terminal_a_signal_ends_cleanly_at_once(tmp_path: Path, number: int) -> None:
    process = start(tmp_path, "--every", "2")
    lines_until(process, 8)
    process.send_signal(number)
    began_s = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert time.monotonic() - began_s < 5
    capture = read_capture(folder(tmp_path) / "capture.vwire")
    assert capture.state == "closed"
    assert f"head      {capture.head.hex()}" in said
    events = complete_rows(folder(tmp_path) / "events.csv")
    assert [row["name"] for row in events if row["kind"] == "board"][-1] == "session_end"


def test_a_hang_up_does_not_end_a_session(tmp_path: Path) -> None:
    process = start(tmp_path)
    lines_until(process, 3)
    process.send_signal(signal.SIGHUP)
    lines_until(process, 10)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_an_output_that_nobody_reads_any_more_does_not_end_a_session(tmp_path: Path) -> None:
    process = start(tmp_path, "--minutes", "1")
    lines_until(process, 3)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0, said
    assert "the session goes on" in said
    assert len(complete_rows(folder(tmp_path) / "vitals.csv")) >= 59


def in_a_terminal(out: Path, *more: str, url: str = f"{SIM}&speed=10") -> tuple[subprocess.Popen[bytes], int]:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "vitalwire.cli.main", "monitor", url, "--out", str(out), *more]

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(theirs)
    return process, ours


def seen(terminal: int, text: str, timeout_s: float = 15) -> str:
    """Reads the terminal until `text` was on it."""
    import select

    found, end_s = "", time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                found += os.read(terminal, 65536).decode("utf-8", "replace")
            except OSError:
                break
        if re.sub(r"\s+", " ", text) in re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", found)):
            return found
    raise AssertionError(f"{text!r} was not on the terminal: {found[-2000:]!r}")


def test_in_a_terminal_ctrl_c_asks_and_a_second_one_ends(tmp_path: Path) -> None:
    process, terminal = in_a_terminal(tmp_path, "--bed", "bay 2")
    try:
        screen = seen(terminal, "s ago, Q")
        assert "SIMULATED" in screen
        assert "bay 2" in screen
        os.write(terminal, b"\x03")
        seen(terminal, "Again within 3 s")
        assert process.poll() is None
        os.write(terminal, b"\x03")
        seen(terminal, "head")
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert read_capture(folder(tmp_path) / "capture.vwire").state == "closed"


def test_keys_act_on_the_board(tmp_path: Path) -> None:
    process, terminal = in_a_terminal(tmp_path)
    try:
        seen(terminal, "s ago, Q")
        os.write(terminal, b"c")
        seen(terminal, "inflating")
        os.write(terminal, b"x")
        seen(terminal, "aborted")
        os.write(terminal, b"qq")
        seen(terminal, "head")
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    names = [row["name"] for row in complete_rows(folder(tmp_path) / "events.csv") if row["kind"] == "operator"]
    assert names == ["start_cuff", "stop_cuff", "quit"]


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["sim://?patient=nobody"], "no such patient", 2),
        ([SIM, "--every", "1"], "2<=x<=120", 2),
        ([SIM, "--minutes", "0"], "minutes", 2),
        ([SIM, "--limits", "missing.toml"], "missing.toml", 2),
        ([SIM, "--bed", "a\tb"], "--bed", 2),
        (["/dev/no-such-port"], "/dev/no-such-port", 3),
    ],
)
def test_wrong_usage_is_one_sentence_and_its_exit_code(
    tmp_path: Path, arguments: list[str], said: str, code: int
) -> None:
    command = [sys.executable, "-m", "vitalwire.cli.main", "monitor", *arguments, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
