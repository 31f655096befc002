# SPDX-License-Identifier: Apache-2.0
"""The drive that the boot loader of a Pico or Pico 2 shows: found by what is on it, given a file."""

from __future__ import annotations

import contextlib
import os
import string
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import AmbiguousBoard, CheckFailed, LinkLost, NoBoard

ABOUT: Final = "INFO_UF2.TXT"
_BOARDS: Final = {"RPI-RP2": "pico", "RP2350": "pico2"}
CHUNK: Final = 64 * 1024
POLL_S: Final = 0.2


@dataclass(frozen=True)
class Drive:
    """A boot loader's drive: where it is mounted, and of which board."""

    folder: Path
    board: str


def places() -> list[Path]:
    """Folders that may be drives on this system."""
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in string.ascii_uppercase[3:]]
    roots = [Path("/Volumes"), Path("/media"), Path("/run/media"), Path("/mnt")]
    found: list[Path] = []
    for root in roots:
        with contextlib.suppress(OSError):
            children = sorted(root.iterdir())
            found += children
            for child in children:
                with contextlib.suppress(OSError):
                    found += sorted(child.iterdir())
    return found


def drive_at(folder: Path) -> Drive | None:
    """The drive that is mounted there, if it is one."""
    try:
        text = (folder / ABOUT).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    board = next((name for key, name in _BOARDS.items() if f"Board-ID: {key}" in text), None)
    return None if board is None else Drive(folder, board)


def find_drives(folders: Iterable[Path] | None = None) -> list[Drive]:
    """All drives of boot loaders; `folders`: where to look instead."""
    return [drive for folder in (places() if folders is None else folders) if (drive := drive_at(folder)) is not None]


def only_drive(given: Path | None, within_s: float, patience: Callable[[float], None] = time.sleep) -> Drive:
    """The one drive there is, waited for. Raises NoBoard or AmbiguousBoard."""
    end = time.monotonic() + within_s
    while True:
        drives = find_drives(None if given is None else [given])
        if len(drives) == 1:
            return drives[0]
        if len(drives) > 1:
            listed = ", ".join(str(drive.folder) for drive in drives)
            raise AmbiguousBoard(f"{len(drives)} boards are in their boot loader: {listed}", "name one with --drive")
        if time.monotonic() >= end:
            where = f"{given} is not" if given else "no board shows"
            raise NoBoard(
                f"{where} the drive of a boot loader",
                "hold BOOTSEL while you plug the board in; where its drive is not mounted by itself, mount it and name"
                " the folder with --drive",
            )
        patience(POLL_S)


def copy_to(drive: Drive, data: bytes, progress: Callable[[int], None]) -> None:
    """Writes a UF2 to the drive. The board restarts with its last block, so the drive may be gone before we are."""
    path = drive.folder / "vitalwire.uf2"
    written = 0
    try:
        with path.open("wb", buffering=0) as file:
            while written < len(data):
                done = file.write(data[written : written + CHUNK]) or 0
                written += done
                progress(done)
            os.fsync(file.fileno())
    except OSError as error:
        if written < len(data):
            raise CheckFailed(
                f"{path}: {error.strerror} after {written} of {len(data)} bytes",
                "hold BOOTSEL while you plug the board in, and run `vitalwire flash` again: its boot loader is in ROM",
            ) from error
        if drive_at(drive.folder) is not None:
            raise CheckFailed(f"{path}: {error.strerror}", "try another USB port") from error


def wait_gone(drive: Drive, within_s: float, patience: Callable[[float], None] = time.sleep) -> None:
    """Until the board has taken the file and restarted. Raises LinkLost where it does not."""
    end = time.monotonic() + within_s
    while drive_at(drive.folder) is not None:
        if time.monotonic() >= end:
            raise LinkLost(
                f"the board at {drive.folder} did not take the file: its drive is still there after {within_s:g} s",
                "check that the file is for this board; unplug it, hold BOOTSEL, plug it in, and try again",
            )
        patience(POLL_S)


__all__ = ["ABOUT", "Drive", "copy_to", "drive_at", "find_drives", "only_drive", "wait_gone"]
