# SPDX-License-Identifier: Apache-2.0
"""`vitalwire monitor` killed at random moments on a simulated board: what was recorded verifies, as not closed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitalwire.record.listing import look
from vitalwire.record.verify import verify

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_killed_at_a_random_moment_it_is_not_closed_and_right_to_the_last_second(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = ["monitor", "sim://?patient=calm&speed=20", "--plain", "--minutes", "60", "--out", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vitalwire.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    shown = [process.stdout.readline() for _ in range(chance.randint(5, 60))]
    time.sleep(chance.random() * 0.2)
    process.kill()
    shown += process.stdout.readlines()
    process.communicate()

    (folder,) = tmp_path.iterdir()
    found = verify(folder)
    assert found.state == "not closed"
    assert found.findings == ["the capture is not closed: its session goes on, or was cut off"]
    assert all(check.verdict in ("equal", "short") and check.wrong_rows <= 2 for check in found.files)
    hours, minutes, seconds = map(int, [line for line in shown if line.endswith("\n")][-1][:8].split(":"))
    assert found.duration_ms is not None
    assert found.duration_ms >= (hours * 3600 + minutes * 60 + seconds - 1) * 1000, "what was shown is in the capture"
    assert look(folder).ended == "not closed"


@pytest.mark.slow
def test_its_head_is_in_session_json_while_it_goes_on(tmp_path: Path) -> None:
    words = ["monitor", "sim://?patient=calm&speed=20", "--plain", "--minutes", "60", "--out", str(tmp_path)]
    process = subprocess.Popen([sys.executable, "-m", "vitalwire.cli.main", *words], stdout=subprocess.DEVNULL)
    try:
        end_s = time.monotonic() + 40
        while time.monotonic() < end_s:
            folder = next(tmp_path.iterdir(), None)
            if folder is not None and (folder / "session.json").exists() and verify(folder).recorded_head == "agrees":
                break
            time.sleep(0.5)
        else:
            pytest.fail("no head was recorded")
    finally:
        process.kill()
        process.communicate()
    found = verify(folder)
    assert (found.state, found.recorded_head) == ("not closed", "agrees")
    capture = folder / "capture.vwire"
    assert found.recorded is not None
    capture.write_bytes(capture.read_bytes()[: found.recorded.bytes - 1])
    assert verify(folder).state == "shorter than its recorded head"
