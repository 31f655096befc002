# SPDX-License-Identifier: Apache-2.0
"""The history of calibrations: one JSON file each, in a folder for each serial number. Nothing is written to again."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from ...errors import UsageError
from ...given_files import read_bytes
from .record import FORMAT, VERSION

PLACE: Final = "VITALWIRE_CALIBRATIONS"
"""The environment variable that names another folder for calibrations than the default one."""
FILE_MAX: Final = 1 << 20
"""A larger file is none of ours: they have some KB."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file in the history that does not read, and why."""

    path: Path
    why: str


def default_folder() -> Path:
    """The folder that `VITALWIRE_CALIBRATIONS` names, else `Vitalwire/calibrations` in the user's home. Raises
    UsageError where nobody knows a home."""
    try:
        named = os.environ.get(PLACE, "").strip()
        return Path(named).expanduser() if named else Path.home() / "Vitalwire" / "calibrations"
    except RuntimeError as error:
        raise UsageError(f"there is no folder for calibrations: {error}", f"set {PLACE}") from None


def safe_name(text: str) -> str:
    """What may be the name of a file: letters, digits, dot, dash and underscore of it."""
    return _UNSAFE.sub("-", text).strip("-.")[:60] or "unknown"


def prepare(parent: Path, serial: str) -> Path:
    """The folder of a board's history, made where it is not there. Raises UsageError, better before the work than
    after it."""
    folder = parent / safe_name(serial)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror or error}", "give another --store") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} cannot be written to", "give another --store")
    return folder


def save(folder: Path, record: dict[str, Any]) -> Path:
    """Writes a record into a new file and returns its path. Raises UsageError where it cannot be written."""
    stamp = re.sub(r"[-:]", "", str(record["done_utc"])).split(".")[0].rstrip("Z") + "Z"
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for number in range(1, 1000):
        path = folder / f"{stamp}_{record['kind']}{'' if number == 1 else f'-{number}'}.json"
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            return path
        except FileExistsError:
            continue
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()  # half of it would be a damaged record for ever
            raise UsageError(
                f"{path} could not be written: {error.strerror or error}; this record is nowhere else:\n{text}",
                "give another --store next time",
            ) from None
    raise UsageError(f"{folder} holds too many calibrations of one second", "give another --store")


def history(parent: Path, serial: str | None = None) -> tuple[list[dict[str, Any]], list[Damaged]]:
    """All records below `parent`, or of one board, oldest first; and what does not read. Raises UsageError where the
    folder cannot be read; one that is not there has no records."""
    root = parent if serial is None else parent / safe_name(serial)
    if not root.exists():
        return [], []
    records: list[dict[str, Any]] = []
    damaged: list[Damaged] = []
    try:
        paths = sorted(root.rglob("*.json"))
    except OSError as error:
        raise UsageError(f"{root} cannot be read: {error.strerror or error}") from None
    for path in paths:
        found = _read(path)
        if isinstance(found, str):
            damaged.append(Damaged(path, found))
        elif serial is None or found["serial"] == serial:
            records.append({**found, "file": str(path)})
    return sorted(records, key=lambda record: (record["serial"], record["done_utc"])), damaged


def _read(path: Path) -> dict[str, Any] | str:
    """The record, or why it is none."""
    try:
        record = json.loads(read_bytes(path, "", FILE_MAX))
    except UsageError as error:
        return error.what.removeprefix(f"{path}: ")
    except (ValueError, RecursionError):
        return "it is no JSON, or cut short"
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return "it is no record of a calibration"
    if record.get("version") != VERSION:
        return f"it is of version {record.get('version')}, this program reads {VERSION}"
    missing = [name for name, kind in _NEEDED.items() if not isinstance(record.get(name), kind)]
    if missing:
        return f"{', '.join(missing)}: not there, or not what they should be"
    return record if _sound(record) and _dated(record) and all(map(_measured, record["points"])) else _NONSENSE


_NONSENSE: Final = "it has a number, a date or a text that is none"


def _sound(value: object) -> bool:
    """Whether it can be shown: numbers that are some, text that can be printed."""
    if isinstance(value, Mapping):
        return all(_sound(name) and _sound(one) for name, one in value.items())
    if isinstance(value, list):
        return all(map(_sound, value))
    if isinstance(value, int | float):
        return abs(value) < 1e15  # which no NaN is
    return value is None or (isinstance(value, str) and value.isprintable())


def _dated(record: Mapping[str, Any]) -> bool:
    try:
        datetime.fromisoformat(record["done_utc"])
        for day in (record["date"], record.get("due")):
            if day is not None and date.fromisoformat(day).isoformat() != day:
                return False
    except (TypeError, ValueError):
        return False
    return True


def _measured(point: object) -> bool:
    """Whether the errors of a point are numbers, of each channel or of one."""
    if not isinstance(point, Mapping):
        return False
    errors = [value for name, value in point.items() if name.startswith("as_")]
    flat = [one for error in errors for one in (error.values() if isinstance(error, Mapping) else [error])]
    return all(one is None or isinstance(one, int | float) for one in flat)


_NEEDED: Final = {
    "kind": str, "result": str, "serial": str, "date": str, "done_utc": str, "by": str, "reference": dict,
    "points": list,
}  # fmt: skip

__all__ = ["Damaged", "default_folder", "history", "prepare", "safe_name", "save"]
