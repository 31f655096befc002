# SPDX-License-Identifier: Apache-2.0
"""Faults of the computer on the board, as `faults.py` lists them: crystal, memory, flash, and how it reckons.

Memory and flash are real ones here, MicroPython's heap and a littlefs: what is held is not there, and what is worn does
not take what is written. CPython has neither, so those faults are refused there.
"""

import builtins
import gc
import os
import sys

from board.interpreter import MICROPYTHON, Named

_SMALLEST = 16  # bytes of a block of MicroPython's heap on a board; here twice that
_BLOCK = 4096


def _drift(board, given):
    board.crystal.run_at(int(given["ppm"]))


# ---------------------------------------------------------------- memory


class _Held:
    """Memory that something holds: all but `free` bytes, these in pieces of `piece` where that is not 0.

    The simulator shares the interpreter, and here the interpreter compiles the firmware, which takes many times what a
    board needs to load it. So the memory is let go while code is loaded or the host is answered, and taken again after.
    """

    def __init__(self, free, piece):
        self._free = free
        self._piece = piece
        self._chain = None
        self._lets_go = 0  # how many times over
        self._load = builtins.__import__
        builtins.__import__ = self._loading
        self._take()

    def end(self):
        """All memory is there again, and stays."""
        builtins.__import__ = self._load
        self._lets_go += 1
        self._chain = None

    def __enter__(self):
        self._lets_go += 1
        self._chain = None
        # At once: deeper in, what is left on the stack from `_take` would look like somebody's and keep all of it.
        gc.collect()

    def __exit__(self, *error):
        self._lets_go -= 1
        if not self._lets_go:
            self._take()

    def _loading(self, name, *more):
        if name in sys.modules:
            return self._load(name, *more)
        with self:
            return self._load(name, *more)

    def _take(self):
        gc.collect()
        left = bytearray(self._free)
        size = gc.mem_free()
        while size > _SMALLEST:
            try:
                self._chain = (self._chain, bytearray(size))
            except MemoryError:
                size //= 2
        self._take_smallest()
        del left
        gc.collect()
        if self._piece:
            self._break_up()

    def _take_smallest(self):
        try:
            while True:
                self._chain = (self._chain, None)
        except MemoryError:
            pass

    def _break_up(self):
        """What is left lies in one piece: pieces of it, and between each two something small that stays."""
        pieces = None
        try:
            while True:
                pieces = (pieces, bytearray(self._piece))
                self._chain = (self._chain, None)
        except MemoryError:
            pass
        self._take_smallest()
        del pieces
        gc.collect()


def _hold_memory(board, given):
    _release_memory(board)
    board.makes_room = _Held(int(given["free"]), int(given["piece"]))


def _release_memory(board):
    if board.makes_room is not None:
        board.makes_room.end()
        board.makes_room = None


# ---------------------------------------------------------------- flash


def _filler(board):
    return board.flash.storage_path + "filler"


def _free_bytes(board):
    found = os.statvfs(board.flash.storage_path)
    return found[0] * found[3]


def _fill_flash(board, given):
    """A file that grows up to the mark: how many blocks of its own littlefs wants for a long one only it knows."""
    try:
        with open(_filler(board), "wb") as f:
            while _free_bytes(board) >= given["free"] + _BLOCK:
                f.write(b"\x55" * _BLOCK)
    except OSError:
        pass  # not a block more


def _empty_flash(board):
    try:
        os.remove(_filler(board))
    except OSError:
        pass  # never filled


def _wear(board, given):
    board.flash.device.worn_every = int(given["every"])


def _heal(board):
    board.flash.device.worn_every = 0


def _largest_file(folder):
    """(bytes, path) of the largest file in the folder and those below."""
    largest = (0, "")
    for entry in os.ilistdir(folder):
        path = folder + entry[0]
        found = _largest_file(path + "/") if entry[1] & 0x4000 else (entry[3], path)
        largest = max(largest, found)
    return largest


def _flip_bit(board, given):
    """Of the largest file, or of a block in which nothing lies."""
    device = board.flash.device
    if given["in_file"]:
        size, path = _largest_file(board.flash.storage_path)
        if not path:
            raise ValueError("there is no file in the flash of which a bit could flip")
        with open(path, "rb") as f:
            f.seek(size // 2)
            f.read(1)  # what is in no cache yet, a file's is its own
        at = device.read_last
    else:
        at = device.find_blank()
        if at < 0:
            raise ValueError("there is no block in the flash in which nothing lies")
    _flip_back(board)
    device.flip(at)
    board.staged["flipped"] = at


def _flip_back(board):
    if "flipped" in board.staged:
        board.flash.device.flip(board.staged.pop("flipped"))


# ---------------------------------------------------------------- reckoning


def _misreckon(board, given):
    """The firmware that is loaded from now on finds a CRC-32 with a wrong bit."""
    _reckon_right(board)
    import binascii

    right = binascii.crc32
    least = int(given["bytes"])

    def crc32(data, start=0):
        found = right(data, start)
        return found ^ 0x00010000 if len(data) >= least else found

    board.staged["binascii"] = binascii
    sys.modules["binascii"] = Named(binascii, crc32=crc32)


def _reckon_right(board):
    if "binascii" in board.staged:
        sys.modules["binascii"] = board.staged.pop("binascii")


TABLE = (
    (
        "clock_drift",
        (
            "the crystal of the microcontroller is fast by `ppm` (negative: slow), and all that it counts",
            {"ppm": 2000},
            {"ppm": 50},
            (_drift, lambda board: board.crystal.run_at(0)),
        ),
    ),
    (
        "memory_held",
        (
            "something holds all memory but `free` bytes, and breaks these up into pieces of `piece` (0: they are one)",
            {"free": 16384, "piece": 0},
            {"free": 65536, "piece": 0},
            (_hold_memory, _release_memory),
        ),
    ),
    (
        "flash_full",
        (
            "files fill the flash up to `free` bytes, in whole blocks of 4096",
            {"free": 0},
            {"free": 65536},
            (_fill_flash, _empty_flash),
        ),
    ),
    (
        "flash_worn",
        (
            "each `every`th block of the flash can be neither erased nor programmed any more; at 1 all are so",
            {"every": 1},
            {"every": 8},
            (_wear, _heal),
        ),
    ),
    (
        "flash_bit_flipped",
        (
            "a bit of the largest file in the flash has changed, or (in_file 0) one where nothing lies",
            {"in_file": 1},
            {"in_file": 0},
            (_flip_bit, _flip_back),
        ),
    ),
    (
        "processor_wrong",
        (
            "CRC-32 of `bytes` or more comes out with a wrong bit, for what is loaded from then on",
            {"bytes": 256},
            None,
            (_misreckon, _reckon_right),
        ),
    ),
)
NEED_MICROPYTHON = ("memory_held", "flash_full", "flash_worn", "flash_bit_flipped")


def check(name):
    """Raises ValueError in words for a fault that this interpreter cannot have."""
    if name in NEED_MICROPYTHON and not MICROPYTHON:
        raise ValueError("fault '%s' needs MicroPython: CPython has neither its heap nor littlefs" % name)
