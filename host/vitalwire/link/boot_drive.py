# SPDX-License-Identifier: Apache-2.0
"""The boot loader's drive of a simulated Pico or Pico 2: takes a UF2 as the chip's ROM does."""

from __future__ import annotations

import contextlib
import shutil
import struct
from pathlib import Path
from typing import Final

_ABOUT: Final = {
    "pico": ("Raspberry Pi RP2", "RPI-RP2", 0xE48BFF56, 0xA0000),
    "pico2": ("Raspberry Pi RP2350", "RP2350", 0xE48BFF59, 0x180000),
}
"""Model, id, family, and where MicroPython's files begin in the flash."""
_BLOCK: Final = 512
_HEAD: Final = struct.Struct("<8I")
_MAGIC: Final = 0x0A324655
_FLASH: Final = 0x10000000
_SECTOR: Final = 4096


class BootDrive:
    """A folder that plays the drive. `take` looks whether a whole UF2 is on it and writes it to the flash image."""

    def __init__(self, folder: Path, board: str) -> None:
        self._folder = folder
        self._model, self._id, self._family, self._files_at = _ABOUT[board]

    def appear(self) -> None:
        """The chip is in its boot loader."""
        self.vanish()
        self._folder.mkdir(parents=True)
        about = f"UF2 Bootloader v3.0\nModel: {self._model}\nBoard-ID: {self._id}\n"
        (self._folder / "INFO_UF2.TXT").write_text(about)

    def vanish(self) -> None:
        """The chip has restarted."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, image: Path) -> bool:
        """Whether every block of this chip's family has come; then what belongs to the files is in `image`."""
        for path in self._folder.glob("*.uf2"):
            blocks: dict[int, tuple[int, bytes]] = {}
            count = None
            with contextlib.suppress(OSError, struct.error):
                data = path.read_bytes()
                for start in range(0, len(data) - _BLOCK + 1, _BLOCK):
                    magic, _, _, address, size, number, total, family = _HEAD.unpack_from(data, start)
                    if magic == _MAGIC and family == self._family:
                        begin = start + _HEAD.size
                        blocks[number] = (address - _FLASH, data[begin : begin + size])
                        count = total
            if count is not None and len(blocks) == count:
                self._program(image, blocks)
                return True
        return False

    def _program(self, image: Path, blocks: dict[int, tuple[int, bytes]]) -> None:
        """A sector is erased when the first block for it comes."""
        erased: set[int] = set()
        with image.open("r+b") as flash:
            for _, (offset, data) in sorted(blocks.items()):
                at = offset - self._files_at
                if at < 0:
                    continue  # MicroPython itself, which runs here anyway
                if at // _SECTOR not in erased:
                    erased.add(at // _SECTOR)
                    flash.seek(at // _SECTOR * _SECTOR)
                    flash.write(b"\xff" * _SECTOR)
                flash.seek(at)
                flash.write(data)


__all__ = ["BootDrive"]
