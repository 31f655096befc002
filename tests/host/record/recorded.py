# SPDX-License-Identifier: Apache-2.0
"""Recorded sessions for tests, and ways to spoil them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Plan, Summary
from vitalwire.pump import Pump
from vitalwire.record.capture import MAGIC, RECORD, SEAL

sys.path.insert(0, str(Path(__file__).parents[1]))
from fake_board import FakeBoard, Values
from oscillogram_parts import parts


def desaturates(t_s: float) -> Values:
    """A saturation that falls below the limit for a while."""
    return (84.0 if 15 <= t_s < 40 else 97.0), 70.0, 0


def record(out: Path, board: FakeBoard | None = None, minutes: float = 1.0, bed: str = "bay 2") -> Summary:
    """A session with an alarm, two cuff readings and one oscillogram, in no time."""
    board = board or FakeBoard(desaturates)
    board.oscillogram = parts(30)
    board.at(20_000, lambda: board.cuff_result(124.0, 81.0))
    board.at(40_000, lambda: board.cuff_result(118.0, 83.0))
    plan = Plan("fake", out, DEFAULT_LIMITS, minutes=minutes, bed=bed, versions={"vitalwire": "0.1.0"})
    return Pump(plan, None, lambda _port: board).run()


def chunks(data: bytes) -> list[bytes]:
    """The chunks of a capture, each with its seal; what is behind the last seal comes last."""
    at, start, found = len(MAGIC), len(MAGIC), []
    while at + RECORD.size <= len(data):
        kind, length, _, _ = RECORD.unpack_from(data, at)
        at += RECORD.size + length
        if kind == SEAL:
            found.append(data[start:at])
            start = at
    return [*found, data[start:]] if start < len(data) else found


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Replaces what a file holds."""
    path.write_bytes(change(path.read_bytes()))


def edit_json(folder: Path, **values: Any) -> None:
    """Replaces values in `session.json`; None takes one out."""
    path = folder / "session.json"
    about = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps({name: value for name, value in about.items() if value is not None}), encoding="utf-8")


def not_closed(folder: Path, keep_chunks: int, recorded_chunks: int) -> None:
    """Makes a session one whose host was killed: `keep_chunks` of its capture, a head of `recorded_chunks`, CSVs that
    go as far as the capture."""
    from vitalwire.record.capture import read_capture
    from vitalwire.record.rebuild import rebuild

    data = (folder / "capture.vwire").read_bytes()
    parts_ = chunks(data)
    kept = MAGIC + b"".join(parts_[:keep_chunks])
    (folder / "capture.vwire").write_bytes(kept)
    for name, content in rebuild(read_capture(kept)).files.items():
        (folder / name).write_bytes(content)
    size = len(MAGIC) + sum(map(len, parts_[:recorded_chunks]))
    head = {"head": data[size - 32 : size].hex(), "chunks": recorded_chunks, "bytes": size}
    edit_json(folder, finished=False, capture=head, end=None, ended_utc=None, rows=None, complete=None, lost=None)
