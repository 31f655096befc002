# SPDX-License-Identifier: Apache-2.0
"""Lets the tests of the link import their helpers from this folder, and gives them a client at work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from client_bench import Bench  # the path above makes it found


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def connected(bench: Bench) -> Bench:
    bench.connect()
    return bench
