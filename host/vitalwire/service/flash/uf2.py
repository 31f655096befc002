# SPDX-License-Identifier: Apache-2.0
"""UF2, the files that a boot loader's drive takes: blocks of 512 bytes, each with 256 bytes and where they go. Pure.

Layout and numbers: the UF2 specification (github.com/microsoft/uf2) and the RP2350 data sheet, 5.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ...errors import CheckFailed

FAMILIES: Final = {"pico": 0xE48BFF56, "pico2": 0xE48BFF59}
"""RP2040, and RP2350 with Arm cores."""
_ABSOLUTE: Final = 0xE48BFF57
"""A block that works around an erratum of the RP2350 (E10); it is kept in front."""
BLOCK: Final = 512
PAYLOAD: Final = 256
_HEAD: Final = struct.Struct("<8I")
_MAGIC: Final = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_HAS_FAMILY: Final = 0x2000
FLASH_BASE: Final = 0x10000000


@dataclass(frozen=True)
class Block:
    """256 bytes for the flash at `address`; `flags` and `family` as they stand in the file."""

    address: int
    data: bytes
    family: int
    flags: int = _HAS_FAMILY


def read(data: bytes, where: str) -> list[Block]:
    """The blocks of a file. Raises CheckFailed for anything that a boot loader would not take."""
    if not data or len(data) % BLOCK:
        raise CheckFailed(f"{where} is no UF2 file: {len(data)} bytes", "download it again")
    blocks = []
    counts: dict[int, int] = {}
    for start in range(0, len(data), BLOCK):
        first, second, flags, address, size, _number, count, family = _HEAD.unpack_from(data, start)
        last = struct.unpack_from("<I", data, start + BLOCK - 4)[0]
        if (first, second, last) != _MAGIC or size != PAYLOAD or not flags & _HAS_FAMILY:
            raise CheckFailed(f"{where} is no UF2 file: block {start // BLOCK} is damaged", "download it again")
        begin = start + _HEAD.size
        blocks.append(Block(address, data[begin : begin + PAYLOAD], family, flags))
        counts[family] = max(counts.get(family, 0), count)
    for family, count in counts.items():
        there = sum(block.family == family for block in blocks)
        if family != _ABSOLUTE and there < count > len(blocks):  # some tools count the blocks of all families together
            raise CheckFailed(f"{where} is cut short: {there} of {count} blocks are there", "download it again")
    return blocks


def write(blocks: Iterable[Block]) -> bytes:
    """A file of these blocks, numbered within each family as boot loaders count them."""
    kept = list(blocks)
    counts: dict[int, int] = {}
    for block in kept:
        counts[block.family] = counts.get(block.family, 0) + 1
    numbers = dict.fromkeys(counts, 0)
    out = bytearray()
    for block in kept:
        head = (_MAGIC[0], _MAGIC[1], block.flags, block.address, PAYLOAD, numbers[block.family])
        count = 2 if block.family == _ABSOLUTE else counts[block.family]
        out += _HEAD.pack(*head, count, block.family)
        out += block.data.ljust(BLOCK - _HEAD.size - 4, b"\0") + struct.pack("<I", _MAGIC[2])
        numbers[block.family] += 1
    return bytes(out)


def check_micropython(blocks: list[Block], board: str, limit: int, where: str) -> None:
    """Raises CheckFailed where this is no program for `board`, or reaches `limit`, an address where its files begin."""
    family = FAMILIES[board]
    own = [block for block in blocks if block.family == family]
    if not own or any(block.family not in (family, _ABSOLUTE) for block in blocks):
        found = sorted({f"{block.family:08x}" for block in blocks})
        raise CheckFailed(
            f"{where} is not for a {board}: it is for the family {', '.join(found)}, not {family:08x}",
            "download MicroPython for this board from micropython.org",
        )
    if FLASH_BASE not in {block.address for block in own}:
        raise CheckFailed(f"{where} does not begin where a {board} starts", "take a build of MicroPython, not a part")
    top = max(block.address for block in own) + PAYLOAD
    if top > limit:
        raise CheckFailed(
            f"{where} reaches {top:#x}, and the files begin at {limit:#x}: it is built for another layout of the flash",
            "take the standard build of MicroPython for this board",
        )


def from_image(sectors: Mapping[int, bytes], base: int, board: str) -> list[Block]:
    """Blocks for sectors (number -> content) of a file system that begins at address `base`."""
    return [
        Block(base + number * len(data) + start, data[start : start + PAYLOAD], FAMILIES[board])
        for number, data in sorted(sectors.items())
        for start in range(0, len(data), PAYLOAD)
    ]


__all__ = ["BLOCK", "FAMILIES", "FLASH_BASE", "PAYLOAD", "Block", "check_micropython", "from_image", "read", "write"]
