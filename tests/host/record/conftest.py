# SPDX-License-Identifier: Apache-2.0
"""Lets these tests import `recorded`, and records the session that most of them spoil a copy of."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from recorded import record


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed session; nobody changes it."""
    folder = record(tmp_path_factory.mktemp("whole")).folder
    assert folder is not None
    return folder


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(whole, tmp_path / "sessions" / whole.name))
