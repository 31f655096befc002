# SPDX-License-Identifier: Apache-2.0
"""The prompt of a simulated board: real MicroPython, whose file system is the board's flash, and nothing else on it.

    python -m micropython_unix -i repl.py --image FILE [--board pico] [--serial SIM00001] [--journal FILE]
                                          [--cut-byte N | --cut-erase N] [--paced 1]

Runs on a pseudo-terminal; run.py serves the same image while firmware runs. The process ends where the board restarts,
with an exit code that says how. `--cut-byte N` takes the power away after the N-th byte that is programmed,
`--cut-erase N` in the middle of the N-th erase. Into the journal goes every write that reached the flash.
"""

import os
import struct
import sys
import time

import vfs

RESET = 3
POWER_LOST = 4
BOOTLOADER = 5

PROGRAM_US = 700  # a page of 256 bytes; typical of the W25Q parts that these boards carry
ERASE_US = 45000  # a sector of 4 KB
JOURNAL = "<BHHH"  # P: programmed, and the bytes follow, or E: erased; block, offset, how many bytes


def parse_arguments(words):
    """{name: text} from `--name text` pairs."""
    return {words[i][2:]: words[i + 1] for i in range(0, len(words) - 1, 2)}


class Flash:
    """The flash chip, in a file: blocks of 4 KB that are erased as a whole and programmed in pages."""

    BLOCK = 4096

    def __init__(self, image, journal=None, cut_byte=None, cut_erase=None, paced=False):
        self._file = open(image, "r+b")
        self._blocks = self._file.seek(0, 2) // self.BLOCK
        self._journal = open(journal, "ab") if journal else None
        self._bytes_left = cut_byte
        self._erases_left = cut_erase
        self._paced = paced

    def readblocks(self, block, buf, offset=0):
        """Reads from a block."""
        self._file.seek(block * self.BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        """Programs a part of a block, up to where the power goes."""
        n = len(buf)
        if self._bytes_left is not None:
            n = min(n, self._bytes_left)
            self._bytes_left -= n
        if self._paced:
            time.sleep_us(PROGRAM_US * ((len(buf) + 255) // 256))
        self._put(b"P", block, offset, memoryview(buf)[:n])
        if n < len(buf):
            sys.exit(POWER_LOST)

    def ioctl(self, operation, argument):
        """Geometry, and erasing a block."""
        if operation == 4:
            return self._blocks
        if operation == 5:
            return self.BLOCK
        if operation == 6:
            self._erase(argument)
            return 0
        return None

    def _erase(self, block):
        size = self.BLOCK
        if self._erases_left is not None:
            self._erases_left -= 1
            if self._erases_left < 0:
                size //= 2
        if self._paced:
            time.sleep_us(ERASE_US)
        self._put(b"E", block, 0, b"\xff" * size)
        if size < self.BLOCK:
            sys.exit(POWER_LOST)

    def _put(self, kind, block, offset, data):
        self._file.seek(block * self.BLOCK + offset)
        self._file.write(data)
        self._file.flush()
        if self._journal:
            self._journal.write(struct.pack(JOURNAL, kind[0], block, offset, len(data)))
            if kind == b"P":
                self._journal.write(data)
            self._journal.flush()


class Machine:
    """What the prompt of a board offers as `machine`, as far as it is used without firmware."""

    def __init__(self, serial):
        self._serial = serial

    def reset(self):
        """Restarts the chip."""
        sys.exit(RESET)

    def bootloader(self, timeout=0):
        """Restarts into the boot loader of the chip."""
        sys.exit(BOOTLOADER)

    def unique_id(self):
        """Serial number of the chip; begins with SIM."""
        return self._serial.encode()[:8]


def start(given):
    """Mounts the flash where a board has it, and lets this interpreter call itself that board."""
    sys.path.insert(0, __file__.rsplit("/", 1)[0])
    from board.interpreter import name_the_board
    from board.ports import PORTS

    sys.modules["machine"] = Machine(given.get("serial", "SIM00001"))
    name_the_board(PORTS[given.get("board", "pico")]())
    flash = Flash(
        given["image"],
        given.get("journal"),
        int(given["cut-byte"]) if "cut-byte" in given else None,
        int(given["cut-erase"]) if "cut-erase" in given else None,
        given.get("paced") == "1",
    )
    try:
        files = vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        # The port formats what it cannot mount (ports/rp2/modules/_boot.py).
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        files = vfs.VfsLfs2(flash, progsize=256)
    vfs.umount("/")
    vfs.mount(files, "/")
    os.chdir("/")
    sys.path[:] = ["", "/lib"]


start(parse_arguments(sys.argv[1:]))
