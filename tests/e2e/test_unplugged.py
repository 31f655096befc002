# SPDX-License-Identifier: Apache-2.0
"""The cable is pulled in the middle: a simulated board behind a real pseudo-terminal disappears, and comes back."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitalwire.record.rebuild import differences

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")


def serve(link: Path) -> subprocess.Popen[str]:
    """Serves a board on a pty and makes `link` point at it, as a system does with a port's stable name."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vitalwire.cli.main", "sim", "--pty"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    path = process.stdout.readline().split()[-1]
    fresh = link.with_suffix(".new")
    fresh.symlink_to(path)
    fresh.replace(link)
    return process


def end(process: subprocess.Popen[str], how: int) -> None:
    process.send_signal(how)
    process.wait(timeout=20)
    if process.stdout is not None:
        process.stdout.close()


def test_an_unplugged_board_is_an_alarm_at_once_and_taken_back_when_it_returns(tmp_path: Path) -> None:
    link, out = tmp_path / "board", tmp_path / "out"
    board = serve(link)
    monitor = subprocess.Popen(
        [sys.executable, "-m", "vitalwire.cli.main", "monitor", str(link), "--plain", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert monitor.stdout is not None
    lines: list[str] = []

    def until(text: str, timeout_s: float = 20) -> float:
        end_s = time.monotonic() + timeout_s
        assert monitor.stdout is not None
        while time.monotonic() < end_s:
            lines.append(monitor.stdout.readline())
            if text in lines[-1]:
                return time.monotonic()
        raise AssertionError(f"{text!r} did not come: {lines}")

    until("SpO2")
    end(board, signal.SIGKILL)
    os.unlink(link)
    pulled_s = time.monotonic()
    assert until("link_lost") - pulled_s < 1.0
    board = serve(link)
    until("ALARM cleared  HIGH  link_lost")
    until("SpO2")
    monitor.terminate()
    _, said = monitor.communicate(timeout=20)
    end(board, signal.SIGTERM)
    assert monitor.returncode == 0, said
    (folder,) = out.iterdir()
    with (folder / "vitals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["reason"] for row in rows if row["source"] == "gap"] == [
        "gap:start;link:unplugged",
        "gap:end;link:unplugged",
    ]
    assert all("simulated" in row["flags"].split() for row in rows)
    assert differences(folder) == []
