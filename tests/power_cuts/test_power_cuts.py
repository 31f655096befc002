# SPDX-License-Identifier: Apache-2.0
"""Power that goes at any write of a flash, or of a setting that is saved: nothing is bricked, no calibration is lost.

`make power-cuts` does it at every byte, and kills the host 200 times; this is a part of it.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from vitalwire.link.sim_options import micropython_is_here

HERE = Path(__file__).resolve().parent


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    sys.platform == "win32" or not micropython_is_here() or platform.machine() != "x86_64",
    reason="no MicroPython, pseudo-terminals or x86-64 here: NOT TESTED",
)
def test_no_cut_bricks_a_board_or_loses_a_setting_and_the_next_flash_heals(tmp_path: Path) -> None:
    out = tmp_path / "cuts.json"
    command = [sys.executable, str(HERE / "run.py"), "--step", "128", "--kills", "3", "--heals", "2", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    bare, update, save, healed, killed = [json.loads(line) for line in out.read_text().splitlines()]
    assert bare["states"].keys() == {"waits", "0.1.0"}
    assert update["states"].keys() == {"0.1.0", "0.9.0"}
    assert save["settings"].keys() == {"config as before", "config new", "calib as before"}
    assert min(bare["cuts"], update["cuts"]) > 400 * 3
    assert healed["healed"] == 2
    assert killed["flash_after_the_last"] == "0.9.0"
