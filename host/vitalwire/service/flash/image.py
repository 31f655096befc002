# SPDX-License-Identifier: Apache-2.0
"""One file for a new or lost board: MicroPython and a littlefs with the firmware, to be dragged onto its drive."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from ...errors import CheckFailed, UsageError
from ...given_files import read_bytes
from . import uf2
from .build import ROOT_FILES, Build
from .plan import ACTIVE, COPIES


class Layout(NamedTuple):
    """Where a board's files lie in its flash: from `offset`, `blocks` of 4 KB."""

    offset: int
    blocks: int


LAYOUTS: Final = {"pico": Layout(0xA0000, 352), "pico2": Layout(0x180000, 640)}
"""MicroPython's own builds (ports/rp2/boards: 1408 KB of 2 MB, 2560 KB of 4 MB)."""
SECTOR: Final = 4096
PAGE: Final = 256
DISK_VERSION: Final = 0x00020000
"""Of littlefs: what every MicroPython of the last years reads."""
ERASES: Final = 'This image ERASES the board\'s configuration and calibration: it will show "not calibrated".'


def files_of(build: Build) -> dict[str, bytes]:
    """Path -> content of all that is on a board with this build and nothing else."""
    inside = {f"{COPIES[0]}/{path}": data for path, data in build.copied.items()}
    return {**{path: build.files[path] for path in ROOT_FILES}, **inside, ACTIVE: COPIES[0].encode()}


def filesystem(build: Build) -> bytes:
    """The file system of such a board as it lies in the flash. Raises CheckFailed where littlefs is not installed."""
    try:
        import littlefs
    except ImportError as error:
        raise CheckFailed("littlefs-python is not installed", "pip install 'vitalwire[flash]'") from error
    blocks = LAYOUTS[build.manifest.board].blocks
    fs = littlefs.LittleFS(
        block_size=SECTOR, block_count=blocks, prog_size=PAGE, read_size=PAGE, disk_version=DISK_VERSION, name_max=255
    )
    for path, data in files_of(build).items():
        if "/" in path:
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    fs.unmount()
    return bytes(fs.context.buffer)


def combine(micropython: bytes, build: Build, where: str) -> bytes:
    """The UF2 file. `micropython`: a UF2 of MicroPython for this board; `where`: its name, for errors."""
    board = build.manifest.board
    layout = LAYOUTS[board]
    base = uf2.FLASH_BASE + layout.offset
    blocks = uf2.read(micropython, where)
    uf2.check_micropython(blocks, board, base, where)
    content = filesystem(build)
    sectors = {n: content[n * SECTOR : (n + 1) * SECTOR] for n in range(layout.blocks)}
    used = {n: data for n, data in sectors.items() if data != b"\xff" * SECTOR}
    return uf2.write([*blocks, *uf2.from_image(used, base, board)])


def check_board(board: str) -> None:
    """Raises UsageError where a board's boot loader has no drive."""
    if board not in LAYOUTS:
        raise UsageError(
            f"the boot loader of a {board} has no drive to drag a file onto",
            "use `vitalwire flash --micropython FILE`, which writes it over its serial port",
        )


def read_file(path: Path) -> bytes:
    """A file's content. Raises UsageError."""
    return read_bytes(path, "download MicroPython for this board from micropython.org")


__all__ = ["ERASES", "LAYOUTS", "check_board", "combine", "files_of", "filesystem", "read_file"]
