# SPDX-License-Identifier: Apache-2.0
"""Runs a script of a test on the firmware under both interpreters, and holds them to the same answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
SHIM = ROOT / "hardware" / "twin" / "cpython"
TIMEOUT_S = 60

Run = Callable[..., Any]


def run_micropython(script: Path, *arguments: str, folder: Path | None = None) -> Any:
    """What `script` prints as JSON under real MicroPython."""
    return _run([sys.executable, "-m", "micropython_unix", "-X", "heapsize=16M", str(script)], arguments, folder)


def run_cpython(script: Path, *arguments: str, folder: Path | None = None) -> Any:
    """What `script` prints as JSON under CPython with the simulated board's `micropython`."""
    return _run([sys.executable, "-B", "-W", "error", str(script)], arguments, folder)


def _run(command: list[str], arguments: tuple[str, ...], folder: Path | None) -> Any:
    script = Path(command[-1])
    environment = dict(os.environ, PYTHONIOENCODING="utf-8")
    if "micropython_unix" in command:
        environment["MICROPYPATH"] = os.pathsep.join([str(script.parent), str(FIRMWARE)])
    else:
        environment["PYTHONPATH"] = os.pathsep.join([str(script.parent), str(FIRMWARE), str(SHIM)])
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder or script.parent,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    # MicroPython prints its tracebacks on standard output.
    if done.returncode or not done.stdout.startswith(("{", "[")):
        pytest.fail(f"{' '.join(command[1:])}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


@pytest.fixture
def play(tmp_path: Path) -> Run:
    """`play(script, *arguments)` runs it under both interpreters, each in an empty folder of its own, and returns what
    they print; a difference between the two fails."""

    def run(script: Path, *arguments: str) -> Any:
        folders = [tmp_path / "micropython", tmp_path / "cpython"]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        real = run_micropython(script, *arguments, folder=folders[0])
        assert run_cpython(script, *arguments, folder=folders[1]) == real
        return real

    return run


@pytest.fixture
def play_micropython(tmp_path: Path) -> Run:
    """`play_micropython(script, *arguments)` runs it under real MicroPython alone, in an empty folder."""

    def run(script: Path, *arguments: str) -> Any:
        folder = tmp_path / "alone"
        folder.mkdir(exist_ok=True)
        return run_micropython(script, *arguments, folder=folder)

    return run
