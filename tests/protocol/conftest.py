# SPDX-License-Identifier: Apache-2.0
"""What the protocol's tests share: the vectors, and running a script under either interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vitalwire_protocol.codec import VERSION_MAJOR, VERSION_MINOR

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "protocol" / "vectors"
CURRENT = VECTORS / f"v{VERSION_MAJOR}.{VERSION_MINOR}.json"
EARLIER = sorted(path for path in VECTORS.glob("v*.json") if path != CURRENT)


@pytest.fixture
def golden() -> dict[str, Any]:
    """The vectors of this version."""
    return json.loads(CURRENT.read_text(encoding="utf-8"))


@pytest.fixture(params=EARLIER, ids=lambda path: path.stem)
def earlier(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The vectors of each earlier version of this major version in turn."""
    return json.loads(request.param.read_text(encoding="utf-8"))


@pytest.fixture(params=["micropython", "cpython"])
def run_script(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Runs a file of this folder with arguments under the interpreter of the parameter; returns what it printed."""
    command = [sys.executable, *(["-m", "micropython_unix"] if request.param == "micropython" else [])]

    def run(script: str, *arguments: object) -> str:
        done = subprocess.run(
            [*command, str(Path(__file__).parent / script), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"interpreter: {request.param}\n" in done.stdout
        return done.stdout

    return run
