# SPDX-License-Identifier: Apache-2.0
"""Lets these tests import what they share, and closes the sinks that they open."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitalwire.sinks.base import Sink

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def sinks() -> Iterator[list[Sink]]:
    made: list[Sink] = []
    yield made
    for sink in made:
        sink.close()
