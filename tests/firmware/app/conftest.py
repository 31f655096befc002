# SPDX-License-Identifier: Apache-2.0
"""A board to talk to: the application on a simulated board, and a host that says exactly what a test says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE.parents[1] / "twin" / "support"):
    sys.path.insert(0, str(_folder))

from talk import Talk  # noqa: E402

Open = Callable[..., Talk]


@pytest.fixture
def board() -> Iterator[Open]:
    """`board(**options)` starts a board under MicroPython and lets it run for 3 s; all are ended after the test."""
    opened: list[Talk] = []

    def start(interpreter: str = "micropython", **options: object) -> Talk:
        talk = Talk(interpreter, options)
        opened.append(talk)
        talk.run(3)
        return talk

    yield start
    for talk in opened:
        talk.close()
