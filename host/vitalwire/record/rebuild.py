# SPDX-License-Identifier: Apache-2.0
"""The CSVs of a session from its capture alone: the same inputs through the same code give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckFailed
from ..session.core import Core
from ..session.facts import Vitals
from ..session.inputs import Kind, Setup
from . import folder as names
from .capture import Capture, read_capture
from .rows import EVENTS_COLUMNS, VITALS_COLUMNS, events_row, vitals_row


@dataclass(frozen=True)
class Rebuilt:
    """Both CSVs as they must be, and whether the board was sent the same bytes again (`sent_agrees`)."""

    vitals: bytes
    events: bytes
    sent_agrees: bool
    capture: Capture


def rebuild(capture: Capture) -> Rebuilt:
    """Runs the inputs of `capture` through a new core. Raises CheckFailed where the capture has no beginning."""
    if not capture.inputs or capture.inputs[0].kind != Kind.OPEN:
        raise CheckFailed("the capture has no beginning", str(capture.bad or "it holds no set-up"))
    try:
        setup = Setup.from_json(capture.inputs[0].json())
    except ValueError as error:
        raise CheckFailed(f"the capture cannot be used: {error}") from None
    core = Core(setup)
    vitals, events = [VITALS_COLUMNS + "\r\n"], [EVENTS_COLUMNS + "\r\n"]
    said, sent = bytearray(), bytearray()
    for item in capture.inputs:
        if item.kind == Kind.SENT:
            said += item.data
            continue
        for fact in core.apply(item):
            if isinstance(fact, Vitals):
                vitals.append(vitals_row(fact, setup.started_t_ms))
            else:
                events.append(events_row(fact, setup.started_t_ms))
        sent += core.take_output()
    return Rebuilt("".join(vitals).encode(), "".join(events).encode(), said == sent[: len(said)], capture)


def differences(folder: Path) -> list[str]:
    """Compares a session folder with its own capture; one sentence a difference, none if all is as it was written."""
    capture = read_capture(folder / names.CAPTURE)
    rebuilt = rebuild(capture)
    found = [f"{names.CAPTURE}: {capture.bad}"] if capture.bad else []
    for name, expected in ((names.VITALS, rebuilt.vitals), (names.EVENTS, rebuilt.events)):
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
