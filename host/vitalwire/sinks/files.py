# SPDX-License-Identifier: Apache-2.0
"""Standard output, or a file that is appended to: JSON Lines or CSV.

A line is whole or it is not there: a batch that the disk does not take is taken back, and the torn last line of a
killed program is removed (what was in it is delivered again). What is written survives the program at once, and a
power cut once the sink has been idle for a second.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from ..encode import table
from ..encode.envelope import envelope, to_json
from ..errors import SinkDown, SinkRefused, UsageError
from ..items import Origin
from ..record.files import lock
from .base import Delivery, Sink, SinkKind
from .urls import SinkUrl

_BINARY: Final = getattr(os, "O_BINARY", 0)
_PIECE: Final = 1 << 16
# A disk that has no room, or does not answer, may do so again; what is left needs a person.
_PASSING: Final = frozenset(
    {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EIO, errno.EAGAIN, errno.EINTR, errno.ENFILE}
)


@dataclass(frozen=True)
class Form:
    """How items become lines. `header`: the first line of a file; `begins`: what a file of this form starts with."""

    name: str
    line: Callable[[Delivery], str]
    header: str
    begins: bytes


JSONL: Final = Form("JSON Lines", lambda delivery: to_json(envelope(delivery)) + "\n", "", b"{")
CSV: Final = Form("the table of vitalwire stream", table.row, table.HEADER, table.HEADER.encode())


class FileSink(Sink):
    """A file; it is created, and created anew where it was moved away or removed (log rotation)."""

    def __init__(self, path: Path, form: Form, shown: str) -> None:
        self._path, self._form, self._shown = path, form, shown
        self._fd = -1
        self._dirty = False

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # a line says itself whom it is of
        self.close()
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o644)
            self._check()
        except OSError as error:
            self.close()
            raise self._error(error) from None
        except (SinkDown, SinkRefused):
            self.close()
            raise

    def deliver(self, batch: Sequence[Delivery]) -> None:
        text = "".join(self._form.line(delivery) for delivery in batch)
        try:
            if self._moved():
                self.open(batch[0].origin)
            self._append(text.encode())
        except OSError as error:
            raise self._error(error) from None

    def idle(self) -> None:
        if self._dirty and self._fd >= 0:
            try:
                os.fsync(self._fd)
            except OSError as error:
                raise self._error(error) from None
            self._dirty = False

    def close(self) -> None:
        if self._fd >= 0:
            try:
                if self._dirty:
                    os.fsync(self._fd)
                os.close(self._fd)
            except OSError:
                pass  # what the disk took is there; there is nobody to tell of the rest
            self._fd, self._dirty = -1, False

    def _check(self) -> None:
        """Locks the file, refuses one that is something else, and takes a torn last line away."""
        about = os.fstat(self._fd)
        if not stat.S_ISREG(about.st_mode):
            raise SinkRefused(f"{self._shown}: it is no file that can be appended to", "`-` is standard output")
        if not lock(self._fd):
            raise SinkRefused(f"{self._shown}: another program, or another --to, writes to it")
        begins = self._form.begins
        begun = os.pread(self._fd, len(begins), 0) if hasattr(os, "pread") else self._path.read_bytes()[: len(begins)]
        if begins.startswith(begun) and len(begun) < len(begins):  # empty, or torn in its first line
            os.ftruncate(self._fd, 0)
            self._append(self._form.header.encode())
        elif begun != begins:
            raise SinkRefused(f"{self._shown}: it holds something else than {self._form.name}", "name a new file")
        else:
            self._heal(about.st_size)

    def _heal(self, size: int) -> None:
        end = size
        while end > 0:
            start = max(0, end - _PIECE)
            os.lseek(self._fd, start, os.SEEK_SET)
            place = os.read(self._fd, end - start).rfind(b"\n")
            if place >= 0:
                end = start + place + 1
                break
            end = start
        if end < size:
            os.ftruncate(self._fd, end)
            self._dirty = True

    def _append(self, data: bytes) -> None:
        """All of it or nothing. Raises OSError."""
        if not data:
            return
        before = os.fstat(self._fd).st_size
        try:
            taken = os.write(self._fd, data)
            if taken < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(self._fd, before)
            raise
        self._dirty = True

    def _moved(self) -> bool:
        if self._fd < 0:
            return True
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._fd))
        except FileNotFoundError:
            return True

    def _error(self, error: OSError) -> SinkDown | SinkRefused:
        said = f"{self._shown}: {error.strerror or error}"
        return SinkDown(said) if error.errno in _PASSING else SinkRefused(said)


class OutputSink(Sink):
    """Standard output. A line appears as soon as it is delivered."""

    def __init__(self, form: Form) -> None:
        self._form, self._begun = form, False

    def open(self, origin: Origin) -> None:  # noqa: ARG002
        if not self._begun and self._form.header:
            self._write(self._form.header)
        self._begun = True

    def deliver(self, batch: Sequence[Delivery]) -> None:
        self._write("".join(self._form.line(delivery) for delivery in batch))

    def close(self) -> None:
        """Standard output is not ours to close."""

    def _write(self, text: str) -> None:
        try:
            # What cannot be written now stays in the buffer and goes first the next time: no line is torn.
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise SinkRefused("standard output: nobody reads it any more") from None
        except OSError as error:
            raise SinkDown(f"standard output: {error.strerror or error}") from None
        except ValueError:
            raise SinkRefused("standard output: it is closed") from None


class FileSinkWithWaves(FileSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


class OutputSinkWithWaves(OutputSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    form = CSV if url.scheme == "csv" else JSONL
    waves = url.flag("waves")
    url.finish()
    if waves and form is CSV:
        raise UsageError(f"--to {url.shown}: a wave has no row in this table; use jsonl:")
    return file_sink(url, form, waves)


def file_sink(url: SinkUrl, form: Form, waves: bool) -> Sink:
    """The sink for the file that a URL names, `-` for standard output. Raises UsageError where it names none."""
    if url.host or not url.path:
        raise UsageError(f"--to {url.shown}: no file is named", f"as in {url.scheme}:vitals.txt, or {url.scheme}:-")
    if url.path == "-":
        return (OutputSinkWithWaves if waves else OutputSink)(form)
    return (FileSinkWithWaves if waves else FileSink)(Path(url.path).expanduser(), form, url.shown)


KIND: Final = SinkKind(
    name="files",
    schemes=("jsonl", "csv"),
    summary="JSON Lines or CSV: a file that is appended to, or standard output (-)",
    example="jsonl:vitals.jsonl",
    make=make,
    options={"waves": "yes: the pulse wave too (jsonl)"},
)

__all__ = ["KIND", "FileSink", "Form", "OutputSink", "file_sink", "make"]
