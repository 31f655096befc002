# SPDX-License-Identifier: Apache-2.0
"""The CSVs of a session from its capture alone: the same inputs through the same code give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckFailed
from ..session.core import Core
from ..session.facts import Fact
from ..session.inputs import Input, Kind, Setup
from . import folder as names
from .capture import Capture, read_capture
from .rows import rows_of, tables


@dataclass(frozen=True)
class Rebuilt:
    """The CSVs as they must be, by the name of the file, and whether the board was sent the same bytes again
    (`sent_agrees`)."""

    files: dict[str, bytes]
    sent_agrees: bool
    capture: Capture

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


def rebuild(capture: Capture) -> Rebuilt:
    """Runs the inputs of `capture` through a new core. Raises CheckFailed where the capture has no beginning."""
    setup = setup_of(capture)
    core = Core(setup)
    lines = {name: [columns + "\r\n"] for name, _, columns in tables(setup)}
    said, sent = bytearray(), bytearray()
    for item, facts in replay(capture, core):
        if item.kind == Kind.SENT:
            said += item.data
            continue
        for fact in facts:
            name, rows = rows_of(fact, setup.started_t_ms)
            lines[name] += rows
        sent += core.take_output()
    files = {file: "".join(lines[name]).encode() for name, file, _ in tables(setup)}
    return Rebuilt(files, said == sent[: len(said)], capture)


def differences(folder: Path) -> list[str]:
    """Compares a session folder with its own capture; one sentence a difference, none if all is as it was written."""
    capture = read_capture(folder / names.CAPTURE)
    rebuilt = rebuild(capture)
    found = [f"{names.CAPTURE}: {capture.bad}"] if capture.bad else []
    for name, expected in rebuilt.files.items():
        try:
            actual = (folder / name).read_bytes()
        except OSError as error:
            found.append(f"{name}: {error.strerror}")
            continue
        if actual != expected:
            line = _first_difference(actual, expected)
            found.append(f"{name}, line {line}: not what the capture says")
    return found


def _first_difference(actual: bytes, expected: bytes) -> int:
    pairs = zip(actual.split(b"\r\n"), expected.split(b"\r\n"), strict=False)
    return next((n for n, (a, b) in enumerate(pairs, 1) if a != b), min(actual.count(b"\n"), expected.count(b"\n")) + 1)
