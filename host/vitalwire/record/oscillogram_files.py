# SPDX-License-Identifier: Apache-2.0
"""Reads oscillograms back: from a session's capture, from `oscillograms.csv`, from JSON. Whatever a file holds, the
answer is an oscillogram or a sentence with the file and the place in it.

CSV is what `rows.oscillogram_rows` writes, of which `cycle`, `algorithm`, `t_s`, `pressure_mmhg` and `amplitude_mmhg`
are needed. JSON is what `Oscillogram.as_dict` gives: alone, in a list, one a line, or as `oscillogram` of a reading.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vitalwire_protocol.codec import NibpResult

from ..errors import CheckFailed, UsageError
from ..link.events import Received
from ..link.oscillogram import Oscillogram, evaluation_of
from ..session.core import Core
from ..session.facts import CuffOscillogram, Fact, Happening, Vitals
from . import folder as names
from .capture import MAGIC, Capture, read_capture
from .oscillogram_text import checked_moment, from_csv, from_json
from .rebuild import replay, setup_of

TEXT_MAX: Final = 64 << 20
"""Larger text files are none of ours: this is a year of readings every five minutes."""


@dataclass
class Kept:
    """What a file holds, in order. `missing` are cycles with a result whose oscillogram is not there, and why;
    `unmeasured` counts cycles that ended before there was anything to measure; `trouble` says what is wrong with the
    rest of the file, `note` what a person should know."""

    where: str
    oscillograms: list[Oscillogram] = field(default_factory=list)
    missing: list[tuple[Oscillogram, str]] = field(default_factory=list)
    unmeasured: int = 0
    trouble: str = ""
    note: str = ""


def find(path: Path | None) -> Path:
    """The file to read: `path` itself where it is a file, else the best one of the session that `find_session` finds.
    Raises UsageError in words where there is none."""
    if path is not None and not path.is_dir() and (path.exists() or str(path) == "-" or path.name != str(path)):
        return path
    folder = names.find_session(path)
    for name in (names.CAPTURE, names.OSCILLOGRAMS):
        if (folder / name).exists():
            return folder / name
    raise UsageError(f"{folder} has neither {names.CAPTURE} nor {names.OSCILLOGRAMS}", "give a session folder")


def read(path: Path) -> Kept:
    """Reads whatever `path` is; `-` is standard input. Raises UsageError where it cannot be read, CheckFailed where it
    is damaged."""
    where = name_of(path)
    data = _bytes(path)
    if data.startswith(MAGIC):
        return _from_capture(where, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckFailed(f"{where}: no capture, and not UTF-8 text (byte {error.start})", _HINT) from None
    if not text.strip():
        raise CheckFailed(f"{where} is empty", _HINT)
    parse = from_json if text.lstrip()[0] in "[{" else from_csv
    return Kept(where, parse(where, text))


def name_of(path: Path) -> str:
    """What a person calls it."""
    return "standard input" if str(path) == "-" else str(path)


_HINT: Final = f"give a session folder, its {names.CAPTURE} or {names.OSCILLOGRAMS}, or an oscillogram as CSV or JSON"


def _bytes(path: Path) -> bytes:
    if str(path) == "-":
        data = sys.stdin.buffer.read(TEXT_MAX + 1)
    else:
        try:
            if not path.is_file() and path.exists():
                raise UsageError(f"{path} is no file", _HINT)  # a device may be without an end
            with path.open("rb") as file:
                data = file.read(TEXT_MAX + 1)
                if data.startswith(MAGIC):
                    return data + file.read()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}", _HINT) from None
    if len(data) > TEXT_MAX:
        raise CheckFailed(f"{name_of(path)} is larger than {TEXT_MAX >> 20} MB", _HINT)
    return data


# ------------------------------------------------------------ a capture


def _from_capture(where: str, data: bytes) -> Kept:
    """Runs the session again from what was captured, which gives each oscillogram as the session had it."""
    capture = read_capture(data)
    kept = Kept(where, trouble="" if capture.bad is None else str(capture.bad))
    if capture.bad is None and capture.closed is None:
        kept.note = "this capture was not closed: its session goes on, or was cut off"
    try:
        _run(kept, capture)
    except CheckFailed as error:
        raise CheckFailed(f"{where}: {error.what}", error.hint) from None
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        # A capture may have whole seals and still be no session: anybody can compute them.
        raise CheckFailed(f"{where}: the capture cannot be run again: {error}") from None
    return kept


def _run(kept: Kept, capture: Capture) -> None:
    setup = setup_of(capture)
    core = Core(setup)
    open_results: dict[tuple[int | None, int], Oscillogram] = {}
    why: dict[tuple[int | None, int], str] = {}
    boot: int | None = None
    for _, facts in replay(capture, core):
        for event in core.seen:
            if isinstance(event, Received) and isinstance(event.message, NibpResult):
                stub = _stub(event.message, facts)
                if stub is not None and not event.message.beats:
                    kept.unmeasured += 1
                elif stub is not None:
                    boot = stub.boot
                    open_results[stub.boot, stub.cycle] = stub
        for fact in facts:
            if isinstance(fact, CuffOscillogram):
                kept.oscillograms.append(fact.oscillogram)
                open_results.pop((fact.oscillogram.boot, fact.oscillogram.cycle), None)
            elif isinstance(fact, Happening) and (fact.kind, fact.name) == ("cuff", "oscillogram"):
                cycle, _, reason = fact.detail.removeprefix("cycle ").partition(": ")
                why[boot, int(cycle)] = reason
    default = "the record ends before it came" if setup.oscillograms else "it was not fetched when this was recorded"
    kept.missing = [(stub, why.get(key, default)) for key, stub in open_results.items()]


def _stub(result: NibpResult, facts: list[Fact]) -> Oscillogram | None:
    """What is known of a cycle from its result alone, if that is in the record."""
    for row in facts:
        if isinstance(row, Vitals) and row.source == "cuff" and (row.seq, row.device_ms) == (result.seq, result.t_ms):
            checked_moment(row.utc_ms)
            return Oscillogram(
                result.cycle,
                result.algorithm,
                (),
                result=evaluation_of(result),
                boot=row.boot,
                device_ms=row.device_ms,
                utc_ms=row.utc_ms,
                flags=row.flags,
            )
    return None


__all__ = ["Kept", "find", "name_of", "read"]
