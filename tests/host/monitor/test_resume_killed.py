# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of `vitalwire monitor` on a board that is served on a TCP port, and `vitalwire monitor --resume`."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitalwire.record.verify import verify

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


def vitalwire(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vitalwire.cli.main", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def port() -> Iterator[str]:
    """A simulated board on a TCP port, which lives on when its host is killed."""
    process = vitalwire("sim", "--tcp", "127.0.0.1:0", "--patient", "calm")
    try:
        assert process.stdout is not None
        yield f"socket://{process.stdout.readline().strip().removeprefix('socket://')}"
    finally:
        process.kill()
        process.communicate()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def test_a_killed_session_goes_on_with_the_readings_that_the_board_kept(tmp_path: Path, port: str) -> None:
    out = ["--plain", "--out", str(tmp_path)]
    first = vitalwire("monitor", port, *out, "--by", "AM")
    shown = lines(first, 6)
    first.kill()
    first.communicate()
    assert all("SpO2" in line for line in shown)
    (folder,) = tmp_path.iterdir()

    again = vitalwire("monitor", "--resume", port, *out, "--minutes", "5")
    assert again.wait() == 2, "a session goes on as it was begun"
    assert "--minutes: with --resume a session goes on as it was begun" in again.communicate()[1]

    second = vitalwire("monitor", "--resume", port, *out, "--by", "BN")
    seen = lines(second, 8)
    second.send_signal(signal.SIGINT)
    _, said = second.communicate(timeout=20)
    assert second.returncode == 0, said
    assert f"going on with session {folder.name} on board SIM00001" in said
    assert any("GAP" in line for line in seen)
    found = verify(folder)
    assert (found.state, found.findings) == ("closed", [])
    with (folder / "events.csv").open(newline="") as file:
        events = [(row["name"], row["state"], row["by"]) for row in csv.DictReader(file)]
    assert [event for event in events if event[0] in ("session_begin", "away", "quit")] == [
        ("session_begin", "", ""),
        ("away", "stopped", "BN"),
        ("quit", "", "BN"),
    ]


def test_a_new_session_tells_of_the_one_that_was_left(tmp_path: Path, port: str) -> None:
    first = vitalwire("monitor", port, "--plain", "--out", str(tmp_path))
    lines(first, 1)
    first.kill()
    first.communicate()
    (folder,) = tmp_path.iterdir()
    other = vitalwire("monitor", "/dev/no-such-port", "--plain", "--out", str(tmp_path))
    assert f"session {folder.name} was not closed; `vitalwire monitor --resume`" not in other.communicate()[1], (
        "a simulated one is of no use to anybody"
    )
