# SPDX-License-Identifier: Apache-2.0
"""The CSVs of a session from its capture alone: the same inputs through the same code give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckFailed
from ..link.hello import Identity
from ..session.core import Core
from ..session.facts import Fact
from ..session.inputs import Input, Kind, Setup
from . import folder as names
from .capture import Capture, read_capture
from .comparing import compare_file
from .digest import Digest
from .rows import rows_of, tables


@dataclass(frozen=True)
class Rebuilt:
    """The CSVs as they must be, by the name of the file, and whether the board was sent the same bytes again
    (`sent_agrees`); with the session's set-up and figures, and who the board said it was."""

    files: dict[str, bytes]
    sent_agrees: bool
    capture: Capture
    setup: Setup
    digest: Digest
    core: Core
    """The core after the last input."""

    @property
    def identity(self) -> Identity | None:
        """Who the board said it was."""
        return self.core.session.identity

    @property
    def simulated(self) -> bool:
        """Whether anything came from a simulated board."""
        return self.core.session.simulated

    @property
    def uncalibrated(self) -> bool:
        """Whether the board says that it is not calibrated."""
        return self.core.session.uncalibrated

    @property
    def vitals(self) -> bytes:
        """`vitals.csv`."""
        return self.files[names.VITALS]

    @property
    def events(self) -> bytes:
        """`events.csv`."""
        return self.files[names.EVENTS]


def setup_of(capture: Capture) -> Setup:
    """What was fixed when the session opened. Raises CheckFailed where the capture has no beginning."""
    if not capture.inputs or capture.inputs[0].kind != Kind.OPEN:
        raise CheckFailed("the capture has no beginning", str(capture.bad or "it holds no set-up"))
    try:
        return Setup.from_json(capture.inputs[0].json())
    except ValueError as error:
        raise CheckFailed(f"the capture cannot be used: {error}") from None


def replay(capture: Capture, core: Core) -> Iterator[tuple[Input, list[Fact]]]:
    """Runs the inputs of `capture` through a new `core`: each with the facts that it causes."""
    for item in capture.inputs:
        yield item, [] if item.kind == Kind.SENT else core.apply(item)


def rebuild(capture: Capture, kept: list[Fact] | None = None) -> Rebuilt:
    """Runs the inputs of `capture` through a new core; the facts go into `kept` as well, where it is given. Raises
    CheckFailed where the capture has no beginning."""
    setup = setup_of(capture)
    core = Core(setup)
    lines = {name: [columns + "\r\n"] for name, _, columns in tables(setup)}
    said, sent = bytearray(), bytearray()
    digest = Digest()
    for item, facts in replay(capture, core):
        if item.kind == Kind.SENT:
            said += item.data
            continue
        if kept is not None:
            kept += facts
        for fact in facts:
            digest.count(fact)
            name, rows = rows_of(fact, setup.started_t_ms)
            lines[name] += rows
        sent += core.take_output()
    files = {file: "".join(lines[name]).encode() for name, file, _ in tables(setup)}
    return Rebuilt(files, said == sent[: len(said)], capture, setup, digest, core)


def differences(folder: Path) -> list[str]:
    """Compares a session folder with its own capture; one sentence a difference, none if all is as it was written."""
    capture = read_capture(folder / names.CAPTURE)
    rebuilt = rebuild(capture)
    found = [f"{names.CAPTURE}: {capture.bad}"] if capture.bad else []
    checks = [compare_file(folder, name, expected) for name, expected in rebuilt.files.items()]
    return found + [str(check) for check in checks if check.verdict != "equal"]
