# SPDX-License-Identifier: Apache-2.0
"""Files of a record: how they are written, and how one is read that may be anything.

`AppendFile` is only ever appended to, and survives a full disk.

Each `write` is one call of the system, so that a killed host leaves at most the last line torn. What the disk does not
take waits in memory, in order and within a bound, and is written when there is room again.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from pathlib import Path
from typing import Final

PENDING_BYTES_MAX: Final = 8 * 1024 * 1024
"""What may wait for a full disk: about two hours of a session's capture."""

_BINARY: Final = getattr(os, "O_BINARY", 0)
_READ: Final = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0)


def read_regular(path: str | Path, size_max: int, start: int = 0) -> tuple[bytes, int]:
    """At most `size_max` bytes of a file from byte `start` on, and the size of the file when it was opened.

    Raises OSError with words, also for whatever is no regular file: a pipe would be waited for without an end.
    """
    fd = os.open(path, _READ)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "it is no file", str(path))
        if start:
            os.lseek(fd, start, os.SEEK_SET)
        pieces, left = [], min(size_max, max(0, about.st_size - start))
        while left > 0 and (piece := os.read(fd, min(left, 1 << 24))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces), about.st_size
    finally:
        os.close(fd)


def lock(fd: int) -> bool:
    """Takes the file for this program until it is closed; False where another one has it.

    Where the system has no such locks (Windows) or the disk has none, the board's port keeps two programs apart.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def is_written(path: Path) -> bool:
    """Whether a program has the file for writing (`lock`). True as well where the system cannot tell."""
    try:
        import fcntl

        fd = os.open(path, _READ)
    except (ImportError, OSError):
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


class AppendFile:
    """One growing file. `trouble` is why nothing can be written at present, or None."""

    def __init__(
        self, path: Path, pending_bytes_max: int = PENDING_BYTES_MAX, *, there: tuple[int, int] | None = None
    ) -> None:
        """Creates the file; raises FileExistsError rather than touch one that is there.

        With `there` (its size in bytes, how many of them stay) it goes on with a file that is there; raises
        BlockingIOError, and changes nothing, where another program writes to it or it has not that size any more.
        """
        self.path = path
        self.trouble: str | None = None
        self.pending_bytes = 0
        self._pending: deque[bytes] = deque()
        self._pending_bytes_max = pending_bytes_max
        self._dirty = False
        fresh = os.O_CREAT | os.O_EXCL if there is None else 0
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY | fresh, 0o644)
        if not lock(self._fd) or (there is not None and os.fstat(self._fd).st_size != there[0]):
            os.close(self._fd)
            raise BlockingIOError(0, "another program writes to it", str(path))
        if there is not None:
            os.ftruncate(self._fd, there[1])

    @property
    def waiting(self) -> int:
        """How many writes the disk has not taken, the first of them perhaps in part."""
        return len(self._pending)

    def has_room(self, size: int) -> bool:
        """Whether `size` more bytes would be written or at least kept."""
        return not self._pending or self.pending_bytes + size <= self._pending_bytes_max

    def write(self, data: bytes) -> None:
        """Appends `data`, now or when the disk takes it again. Never raises for a full or failing disk."""
        if self._pending:
            self._keep(data)
            return
        self._put(data)

    def retry(self) -> bool:
        """Tries to write what waits; True if nothing waits any more."""
        while self._pending:
            data = self._pending.popleft()
            self.pending_bytes -= len(data)
            if not self._put(data, first=True):
                return False
        self.trouble = None
        return True

    def sync(self) -> None:
        """Asks the system to bring the file to the disk."""
        if self._dirty and self._fd >= 0:
            try:
                os.fsync(self._fd)
                self._dirty = False
            except OSError as error:
                self.trouble = error.strerror or str(error)

    def close(self) -> None:
        """Tries once more to write what waits, syncs and closes; may be called twice."""
        if self._fd >= 0:
            self.retry()
            self.sync()
            os.close(self._fd)
            self._fd = -1

    def _put(self, data: bytes, *, first: bool = False) -> bool:
        try:
            taken = os.write(self._fd, data)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            taken = 0
        else:
            self._dirty = True
            if taken < len(data):
                self.trouble = "the disk took only part of a write"
        if taken == len(data):
            return True
        self._keep(data[taken:], first=first)
        return False

    def _keep(self, data: bytes, *, first: bool = False) -> None:
        (self._pending.appendleft if first else self._pending.append)(data)
        self.pending_bytes += len(data)
