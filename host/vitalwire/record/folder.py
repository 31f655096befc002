# SPDX-License-Identifier: Apache-2.0
"""The folder of a session: its name, its `session.json`, and where the newest one is."""

from __future__ import annotations

import contextlib
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError

CAPTURE: Final = "capture.vwire"
VITALS: Final = "vitals.csv"
EVENTS: Final = "events.csv"
OSCILLOGRAMS: Final = "oscillograms.csv"
SESSION: Final = "session.json"


def default_folder() -> Path:
    """Where sessions go unless told otherwise: `Vitalwire` in the user's home."""
    return Path.home() / "Vitalwire"


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
    try:
        values = json.loads((folder / SESSION).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{folder} is no session folder: {error.strerror}: {SESSION}") from None
    except ValueError as error:
        raise UsageError(f"{folder / SESSION} does not read: {error}") from None
    if not isinstance(values, dict):
        raise UsageError(f"{folder / SESSION} does not read: it holds no object")
    return values


def latest_session(parent: Path) -> Path:
    """The newest session folder in `parent`, by the time in its name and then the time it was made.

    Raises UsageError if there is none.
    """
    found = [path.parent for path in parent.glob(f"*/{SESSION}")]
    if not found:
        raise UsageError(f"there is no session in {parent}")
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
