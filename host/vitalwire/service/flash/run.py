# SPDX-License-Identifier: Apache-2.0
"""`flash` as a whole: which board, MicroPython where it is wanted, then our firmware."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import NoBoard, UsageError
from ...link.hello import Identity
from ...link.opening import open_board
from ...link.ports import find_candidates, resolve_port
from . import drive as drives
from . import esp32, finding, image, uf2
from .deploy import Order, Outcome, Progress, deploy
from .finding import Found
from .prompt import open_prompt

DRIVE_S: Final = 20.0
TAKEN_S: Final = 30.0
BACK_S: Final = 30.0


@dataclass(frozen=True)
class Target:
    """Where the board is: at `port`, or in its boot loader on `drive`. `micropython`: a file to install first."""

    port: str | None
    drive: Path | None
    micropython: Path | None


def flash(target: Target, order: Order, progress: Progress) -> tuple[str, Outcome]:
    """Brings the board to run our firmware; returns its port and what was done. Raises VitalwireError."""
    _refuse_urls(target.port)
    if order.dry_run and target.micropython is not None:
        raise UsageError("a dry run installs no MicroPython", "leave out --micropython or --dry-run")
    order.check_files()
    in_loader = _drive_without_port(target)
    if in_loader is not None and target.micropython is None:
        raise NoBoard(
            f"the board ({in_loader.board}) is in its boot loader, {in_loader.folder}, which takes only MicroPython",
            "give its UF2 file with --micropython FILE, or drag an image of `vitalwire image build` onto the drive",
        )
    if target.micropython is not None:
        port = _install_micropython(target, target.micropython, in_loader, progress)
        found = Found("MicroPython, just installed")
        prompt = open_prompt(port, BACK_S)
    else:
        port = resolve_port(target.port, ask=_ask)
        progress.step(f"asking what is at {port}")
        found, prompt = finding.to_prompt(port, progress.note)
    try:
        return port, deploy(port, found, prompt, order, progress)
    finally:
        prompt.close()


def _drive_without_port(target: Target) -> drives.Drive | None:
    """The boot loader's drive, where the board is in it already."""
    if target.drive is not None and (there := drives.drive_at(target.drive)) is not None:
        return there
    if target.port is not None or find_candidates():
        return None  # it may have to be sent there first
    if target.drive is not None:
        return drives.only_drive(target.drive, 0.0)
    found = drives.find_drives()
    return drives.only_drive(None, 0.0) if found else None


def _install_micropython(target: Target, file: Path, in_loader: drives.Drive | None, progress: Progress) -> str:
    """Installs it by the way that the file is for; returns the port at which the board comes back."""
    if file.suffix.lower() == ".bin":
        port = resolve_port(target.port, ask=_ask)
        progress.step("writing MicroPython with esptool; this takes a minute")
        esp32.install(port, file)
        return port
    data = image.read_file(file)
    uf2.read(data, str(file))  # what is no UF2 is found before the board leaves what it does
    port_before = target.port
    if in_loader is None:
        port_before = resolve_port(target.port, ask=_ask)
        found, prompt = finding.to_prompt(port_before, progress.note)
        try:
            _check_for(prompt.state().board, data, file)
            progress.note(f"{found.what}: into the boot loader of its chip")
            prompt.enter_bootloader()
        finally:
            prompt.close()
        progress.step("waiting for the boot loader's drive")
        in_loader = drives.only_drive(target.drive, DRIVE_S)
    _check_for(in_loader.board, data, file)
    before = {candidate.device for candidate in find_candidates()}
    progress.step(f"copying {file.name} to {in_loader.folder}", len(data))
    drives.copy_to(in_loader, data, progress.advance)
    drives.wait_gone(in_loader, TAKEN_S)
    progress.step("waiting for MicroPython")
    return port_before or _new_port(before)


def _check_for(board: str | None, data: bytes, file: Path) -> None:
    if board not in image.LAYOUTS:
        raise UsageError(
            f"{file} is a UF2 file, and a {board or 'board that is not known'} takes none", "give a .bin file"
        )
    limit = uf2.FLASH_BASE + image.LAYOUTS[board].offset
    uf2.check_micropython(uf2.read(data, str(file)), board, limit, str(file))


def _new_port(before: set[str]) -> str:
    """The port that appears with the restart."""
    end = time.monotonic() + BACK_S
    while True:
        new = [c.device for c in find_candidates() if c.device not in before]
        if len(new) == 1:
            return new[0]
        if time.monotonic() >= end:
            raise NoBoard(f"no board appeared within {BACK_S:g} s after MicroPython was installed", "plug it in again")
        time.sleep(0.2)


def _refuse_urls(port: str | None) -> None:
    if port is None or "://" not in port:
        return
    if port.startswith("sim:"):
        raise UsageError(
            "a sim:// board always runs the firmware of this program",
            "`vitalwire sim --whole --flash FOLDER` serves one that can be flashed",
        )
    raise UsageError(f"{port}: firmware is written over a serial port of this computer", "plug the board in here")


def _ask(device: str) -> Identity:
    with open_board(device, service=True) as board:
        return board.identity


__all__ = ["Target", "flash"]
