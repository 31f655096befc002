# SPDX-License-Identifier: Apache-2.0
"""The board's flash: it outlives every restart, and given a folder the process too. A write can be cut at any byte.

Under MicroPython it is a littlefs on a block device in memory, mounted at `/flash`, so the file system of the board
itself takes the cut. CPython has no littlefs: there it is a folder, and the cut is made in the file object.
"""

import os
from array import array

from board.interpreter import MICROPYTHON

INFLATED_MMMHG = 15000


class _Cut:
    """Counts bytes that reach the flash, and cuts the power at one of them."""

    def __init__(self, board):
        self.board = board
        self.left = None  # bytes until the cut; None is no cut
        self.bytes_written = 0
        self.writes_inflated = 0

    @property
    def ended(self):
        """True when the firmware that writes has ended already."""
        return self.board.dead and self.board.running

    def room(self, n):
        """How many of `n` bytes get written; fewer than n means that the power goes after them."""
        board = self.board
        board.sync()
        # At the manifold, where the sensors are: of a kinked cuff the firmware cannot know.
        if board.world.manifold_mmmhg > INFLATED_MMMHG:
            self.writes_inflated += 1
        if self.left is not None and n > self.left:
            n = self.left
        self.bytes_written += n
        if self.left is not None:
            self.left -= n
        return n

    def power_lost(self):
        """The exception that ends the firmware's run."""
        self.left = None
        return self.board.end("brown_out")


class _Abandoned:
    """What is left to a mount that is over: the flash to read, and a few blocks of its own to write in.

    The garbage collector calls it, so it allocates nothing and raises nothing. Closing a file writes a few blocks;
    a copy of all of a Pico's 1.4 MB was more than a heap that had run for hours has in one piece.
    """

    SLOTS = 8

    def __init__(self, data):
        self._data = data
        self._blocks = array("i", [-1] * self.SLOTS)
        self._copies = [bytearray(BlockDevice.BLOCK) for _ in range(self.SLOTS)]

    def _slot(self, block, wanted):
        """Where the block's copy is; -1 where it has none and, if `wanted`, no room is left for one."""
        for i in range(self.SLOTS):
            if self._blocks[i] == block:
                return i
            if wanted and self._blocks[i] < 0:
                self._blocks[i] = block
                copy, data, start = self._copies[i], self._data, block * BlockDevice.BLOCK
                for k in range(BlockDevice.BLOCK):
                    copy[k] = data[start + k]
                return i
        return -1

    def readblocks(self, block, buf, offset=0):
        slot = self._slot(block, False)
        data, start = self._data, block * BlockDevice.BLOCK + offset
        if slot >= 0:
            data, start = self._copies[slot], offset
        for i in range(len(buf)):
            buf[i] = data[start + i]

    def writeblocks(self, block, buf, offset=0):
        slot = self._slot(block, True)
        if slot < 0:
            return -5  # EIO; whoever returns it instead of raising it needs no memory
        copy = self._copies[slot]
        for i in range(len(buf)):
            copy[offset + i] = buf[i]
        return None

    def ioctl(self, operation, argument):
        if operation == 6:
            slot = self._slot(argument, True)
            if slot < 0:
                return -5
            copy = self._copies[slot]
            for i in range(BlockDevice.BLOCK):
                copy[i] = 0xFF
        return 0


class BlockDevice:
    """Flash as MicroPython's extended block device protocol wants it, in memory, written through to a file."""

    BLOCK = 4096
    BLOCKS = 64  # of a new image; one that is there has its own size

    def __init__(self, cut, image=None):
        self._cut = cut
        self._image = image
        blocks = self.BLOCKS if image is None else _blocks_of(image) or self.BLOCKS
        self._data = bytearray(b"\xff" * (self.BLOCK * blocks))
        self.read_last = 0  # which byte was read last
        self.worn_every = 0  # the last of so many blocks can be neither erased nor programmed any more; 0: none
        self.fresh = True
        if image is not None:
            try:
                with open(image, "rb") as f:
                    self.fresh = f.readinto(self._data) != len(self._data)
            except OSError:
                pass
            if self.fresh:
                with open(image, "wb") as f:
                    f.write(self._data)

    def abandoned(self):
        """The same content, for a mount that is over."""
        return _Abandoned(self._data)

    def readblocks(self, block, buf, offset=0):
        """Reads from a block."""
        start = block * self.BLOCK + offset
        buf[:] = memoryview(self._data)[start : start + len(buf)]
        self.read_last = start + len(buf) - 1

    def writeblocks(self, block, buf, offset=0):
        """Programs a part of a block, up to the cut if there is one."""
        if self._cut.ended:
            raise self._cut.power_lost()
        n = self._cut.room(len(buf))
        start = block * self.BLOCK + offset
        if not self._worn(block):
            self._data[start : start + n] = memoryview(buf)[:n]
            self._write_through(start, n)
        if n < len(buf):
            raise self._cut.power_lost()

    def ioctl(self, operation, argument):
        """Geometry, and erasing a block."""
        if operation == 4:
            return len(self._data) // self.BLOCK
        if operation == 5:
            return self.BLOCK
        if operation == 6:
            self._cut.room(0)
            if not self._worn(argument):
                start = argument * self.BLOCK
                self._data[start : start + self.BLOCK] = b"\xff" * self.BLOCK
                self._write_through(start, self.BLOCK)
            return 0
        return None

    def find_blank(self):
        """Where the last block begins that is as it was erased; -1 where none is."""
        blank = b"\xff" * self.BLOCK
        for start in range(len(self._data) - self.BLOCK, -1, -self.BLOCK):
            if memoryview(self._data)[start : start + self.BLOCK] == blank:
                return start
        return -1

    def flip(self, at):
        """The lowest bit of a byte changes by itself."""
        self._data[at] ^= 1
        self._write_through(at, 1)

    def _worn(self, block):
        """Such a block stays as it is, and only reading it back tells."""
        return self.worn_every and block % self.worn_every == self.worn_every - 1

    def _write_through(self, start, n):
        if self._image is not None:
            with open(self._image, "r+b") as f:
                f.seek(start)
                f.write(memoryview(self._data)[start : start + n])


def _blocks_of(image):
    """Whole blocks in the image; 0 where there is none."""
    try:
        return os.stat(image)[6] // BlockDevice.BLOCK
    except OSError:
        return 0


class _Mounted:
    """The block device as one mount sees it.

    A file that the last firmware left open is closed, and written, when its memory is collected. By then it must not
    reach the flash any more: at the next mount the old one writes beside it.
    """

    def __init__(self, device):
        self.device = device

    def readblocks(self, block, buf, offset=0):
        self.device.readblocks(block, buf, offset)

    def writeblocks(self, block, buf, offset=0):
        self.device.writeblocks(block, buf, offset)

    def ioctl(self, operation, argument):
        return self.device.ioctl(operation, argument)


class LittlefsFlash:
    """Flash under MicroPython; files are below `storage_path`."""

    storage_path = "/flash/"
    _mounted = None  # of the class: there is one place to mount at

    def __init__(self, board, folder=None):
        import vfs

        self._vfs = vfs
        self._cut = _Cut(board)
        self.device = BlockDevice(self._cut, None if folder is None else folder + "/flash.img")
        if self.device.fresh:
            vfs.VfsLfs2.mkfs(self.device)
        self.mount()

    def mount(self):
        """Mounts anew, as the board does when it starts: what was open or cached is gone."""
        if LittlefsFlash._mounted is not None:
            LittlefsFlash._mounted.device = LittlefsFlash._mounted.device.abandoned()
            self._vfs.umount("/flash")
        LittlefsFlash._mounted = _Mounted(self.device)
        try:
            files = self._vfs.VfsLfs2(LittlefsFlash._mounted)
        except OSError:
            # The port formats what it cannot mount (ports/rp2/modules/_boot.py).
            self._vfs.VfsLfs2.mkfs(self.device)
            files = self._vfs.VfsLfs2(LittlefsFlash._mounted)
        self._vfs.mount(files, "/flash")

    def cut_after(self, n):
        """The power goes after the n-th byte from now that reaches the flash."""
        self._cut.left = n

    def state(self):
        """For tests: bytes written ever, and writes while the cuff was inflated."""
        return {"flash_bytes_written": self._cut.bytes_written, "flash_writes_inflated": self._cut.writes_inflated}


class _CutFile:
    """A file on the flash under CPython: its writes go through the cut."""

    def __init__(self, file, cut):
        self._file = file
        self._cut = cut

    def write(self, data):
        if self._cut.ended:
            raise self._cut.power_lost()
        n = self._cut.room(len(data))
        self._file.write(data[:n])
        self._file.flush()
        if n < len(data):
            raise self._cut.power_lost()
        return n

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __iter__(self):
        return iter(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


class FolderFlash:
    """Flash under CPython: a folder, temporary unless one is given."""

    def __init__(self, board, folder=None):
        import builtins
        import tempfile

        self._cut = _Cut(board)
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="vitalwire-flash-")
            folder = self._temporary.name
        os.makedirs(folder + "/files", exist_ok=True)
        self.storage_path = folder + "/files/"
        real_open = builtins.open

        def open_counted(path, mode="r", *more, **named):
            file = real_open(path, mode, *more, **named)
            if mode in ("r", "rb", "rt") or not isinstance(path, str):
                return file
            # The firmware's current folder is the flash, as on the board: a plain name is a file there.
            on_flash = path.startswith(self.storage_path) or not os.path.isabs(path)
            return _CutFile(file, self._cut) if on_flash else file

        builtins.open = open_counted

    def mount(self):
        """Nothing is cached that a restart would lose."""

    cut_after = LittlefsFlash.cut_after
    state = LittlefsFlash.state


def make_flash(board, folder=None):
    """The flash of this interpreter, kept in `folder` where one is given."""
    if folder is not None:
        folder = folder.rstrip("/")
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there already; if not, opening the image says so
    return LittlefsFlash(board, folder) if MICROPYTHON else FolderFlash(board, folder)
