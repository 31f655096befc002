# SPDX-License-Identifier: Apache-2.0
"""A whole simulated board to flash, and builds for the processor of this computer, which is its processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vitalwire import board_files
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.flash.build import Build, compile_build
from vitalwire.service.flash.deploy import Order, Outcome
from vitalwire.service.flash.run import Target, flash


@pytest.fixture(scope="session")
def build() -> Build:
    return compile_build("pico", "x64")


def other_version(folder: Path, firmware: str = "0, 9, 0", more: str = "") -> Build:
    """A build that differs in its version, and in what `more` does to the text of its start."""
    import shutil

    source = folder / "source"
    shutil.copytree(board_files.firmware(), source, ignore=shutil.ignore_patterns("__pycache__"))
    package = source / "vitals" / "__init__.py"
    package.write_text(package.read_text().replace("(0, 1, 0)", f"({firmware})") + more)
    return compile_build("pico", "x64", source)


@dataclass
class Steps:
    """Progress, kept."""

    said: list[str] = field(default_factory=list)
    stop_at: str = ""

    def step(self, text: str, total: int | None = None) -> None:  # noqa: ARG002
        self.said.append(text)
        if self.stop_at and self.stop_at in text:
            raise KeyboardInterrupt

    def advance(self, amount: int) -> None:
        """Not looked at."""

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[WholeBoard]:
    made = WholeBoard(tmp_path / "board")
    made.start()
    yield made
    made.close()


Flash = Callable[..., Outcome]


@pytest.fixture
def put(board: WholeBoard, build: Build, tmp_path: Path) -> Flash:
    """Flashes the board of the test: `put(build=..., progress=..., any field of Order or Target)`."""

    def run(build: Build = build, progress: Any = None, **given: Any) -> Outcome:
        target = {name: given.pop(name, None) for name in ("drive", "micropython")}
        keep_folder = given.pop("keep_folder", tmp_path / "kept")
        order = Order(lambda _state: build, keep_folder, datetime.now(UTC), **given)
        return flash(Target(str(board.port_link), **target), order, progress or Steps())[1]

    return run
