# SPDX-License-Identifier: Apache-2.0
"""The folder of a session: its name, its `session.json`, and where sessions are found."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from .files import read_regular

CAPTURE: Final = "capture.vwire"
VITALS: Final = "vitals.csv"
EVENTS: Final = "events.csv"
OSCILLOGRAMS: Final = "oscillograms.csv"
ALARMS: Final = "alarms.csv"
SESSION: Final = "session.json"
TABLES: Final = (VITALS, EVENTS, OSCILLOGRAMS, ALARMS)
FILES: Final = (SESSION, CAPTURE, *TABLES)
PLACE: Final = "VITALWIRE_SESSIONS"
"""The environment variable that names another folder for sessions than the default one."""
SESSION_JSON_MAX: Final = 1 << 20
"""A larger `session.json` is none of ours: they have a few thousand bytes."""
_STAMPED: Final = re.compile(r"\d{8}T\d{6}Z(_|-|$)")


def default_folder() -> Path:
    """Where sessions go and are looked for unless told otherwise: the folder that `VITALWIRE_SESSIONS` names, else
    `Vitalwire` in the user's home. It need not be there yet. Raises UsageError where nobody knows a home."""
    try:
        named = os.environ.get(PLACE, "").strip()
        return Path(named).expanduser() if named else Path.home() / "Vitalwire"
    except RuntimeError as error:
        raise UsageError(f"there is no folder for sessions: {error}", f"set {PLACE}") from None


def folder_name(started_utc_ms: int, label: str) -> str:
    """`20260101T000000Z_bed-3`: sorts by time; of the label only letters, digits, dot, dash and underscore stay."""
    stamp = datetime.fromtimestamp(started_utc_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.")[:40]
    return f"{stamp}_{safe}" if safe else stamp


def create_session_folder(parent: Path, name: str) -> Path:
    """Makes a new folder in `parent`; where the name is taken, `name-2`, `name-3`...

    Raises UsageError if `parent` is itself a session's folder, or if it cannot be made.
    """
    try:
        if (parent / SESSION).exists():
            raise UsageError(f"{parent} is the folder of a session and is not written to again", "give another --out")
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise UsageError(f"no session folder can be made in {parent}: {error.strerror}", "give another --out") from None
    raise UsageError(f"{parent} holds too many sessions named {name}", "give another --out")


def write_session_json(folder: Path, values: dict[str, Any]) -> None:
    """Replaces `session.json` as a whole: a reader finds the old or the new one, never half of it. Raises OSError."""
    path, fresh = folder / SESSION, folder / (SESSION + ".new")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            json.dump(values, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def read_session_json(folder: Path) -> dict[str, Any]:
    """Reads `session.json`; raises UsageError in words where it is missing or does not read."""
    path = folder / SESSION
    try:
        data, _ = read_regular(path, SESSION_JSON_MAX + 1)
    except OSError as error:
        raise UsageError(f"{folder} is no session folder: {SESSION}: {error.strerror}") from None
    if len(data) > SESSION_JSON_MAX:
        raise UsageError(f"{path} does not read: it is larger than {SESSION_JSON_MAX >> 20} MB")
    try:
        values = json.loads(data.decode("utf-8"))
    except RecursionError:
        raise UsageError(f"{path} does not read: it is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{path} does not read: {error}") from None
    if not isinstance(values, dict):
        raise UsageError(f"{path} does not read: it holds no object")
    return values


def is_session(folder: Path) -> bool:
    """Whether this is a session's folder, be it half-written: one of its files is there, or its name is of ours."""
    try:
        if not folder.is_dir():
            return False
        return bool(_STAMPED.match(folder.name)) or any(os.path.lexists(folder / name) for name in FILES)
    except (OSError, ValueError):
        return False


def session_folders(parent: Path) -> Iterator[Path]:
    """The session folders in `parent`, in no order. Raises UsageError where `parent` cannot be read."""
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries]
    except FileNotFoundError:
        raise UsageError(f"there is no session in {parent}", "the folder is not there") from None
    except OSError as error:
        raise UsageError(f"{parent} cannot be read: {error.strerror}") from None
    return filter(is_session, found)


def latest_session(parent: Path) -> Path:
    """The session in `parent` that was recorded last, by when its record was last written to, then by its name.

    Not by the time that it was begun, which in a simulated session is a simulated one. Raises UsageError if there is
    none.
    """
    found = [folder for folder in session_folders(parent) if any((folder / name).exists() for name in FILES)]
    if not found:
        raise UsageError(f"there is no session in {parent}")
    return max(found, key=lambda folder: (_written_ns(folder), folder.name))


def _written_ns(folder: Path) -> int:
    for name in (CAPTURE, SESSION, "."):
        with contextlib.suppress(OSError):
            return (folder / name).stat().st_mtime_ns
    return 0


def find_session(given: Path | None) -> Path:
    """The folder of the session that a person means by SESSION.

    A session's folder or a file in it; a folder of sessions: the latest in there; the name of a session in
    `default_folder()`, whole or a beginning that only one has; None: the latest in `default_folder()`. Raises
    UsageError in words where there is none, or more than one.
    """
    if given is None:
        return latest_session(default_folder())
    if given.is_dir():
        return given if is_session(given) else latest_session(given)
    if given.exists() and given.name in FILES:
        return given.parent
    parent = default_folder()
    if given.exists() or given.name != str(given) or not parent.is_dir():
        raise UsageError(f"{given} is no session", f"give a session's folder, or the name of one in {parent}")
    fitting = sorted(folder for folder in session_folders(parent) if folder.name.startswith(given.name))
    exact = [folder for folder in fitting if folder.name == given.name]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    if fitting:
        names = ", ".join(folder.name for folder in fitting[:5]) + (", ..." if len(fitting) > 5 else "")
        raise UsageError(f"more than one session in {parent} begins with {given}: {names}", "give more of its name")
    raise UsageError(f"there is no session {given}, here or in {parent}", "see `vitalwire sessions`")
