# SPDX-License-Identifier: Apache-2.0
"""Lets these tests import `exported`, and records a session for the commands."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from exported import record_with_wave


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed session of 75 s with a pulse wave, two cuff readings, an alarm and a gap; nobody changes it."""
    return record_with_wave(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(recorded, tmp_path / "sessions" / recorded.name))
