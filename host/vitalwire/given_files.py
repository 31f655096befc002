# SPDX-License-Identifier: Apache-2.0
"""Files that a person names: read without ever waiting for a pipe, or reading a device that has no end; written as a
whole, or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from .errors import UsageError

BYTES_MAX: Final = 16 << 20
"""The largest file that is read at once: a board's flash as UF2. What is larger is none of ours."""


def read_at_most(path: Path, hint: str, most: int) -> bytes:
    """The content of a file, of one that has more than `most` bytes one more. Raises UsageError with `hint`."""
    try:
        # A pipe that a shell made for us has a writer; a named one may have none, and then reading waits for ever.
        if stat.S_ISFIFO(path.stat().st_mode) and not str(path).startswith(("/dev/", "/proc/")):
            raise UsageError(f"{path}: is a pipe", hint)
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}", hint) from None


def read_bytes(path: Path, hint: str, most: int = BYTES_MAX) -> bytes:
    """The content of a file. Raises UsageError, with `hint` for what to give instead."""
    data = read_at_most(path, hint, most)
    if len(data) > most:
        raise UsageError(f"{path}: too large (over {most // 1024} kB)", hint)
    return data


def read_text(path: Path, hint: str, most: int = BYTES_MAX) -> str:
    """The text of a file, without a byte-order mark. Raises UsageError."""
    try:
        return read_bytes(path, hint, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text", hint) from None


def read_json(path: Path, hint: str, most: int = BYTES_MAX) -> Any:
    """What a JSON file holds. Raises UsageError."""
    text = read_text(path, hint, most)
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path} is no JSON, or cut short: {error}", hint) from None
    except RecursionError:
        raise UsageError(f"{path} is no JSON of ours: it is nested too deep", hint) from None


def write_whole(path: Path, data: bytes, hint: str) -> None:
    """Writes a file, or leaves what was there as it was: a full disk makes no half of one. Raises UsageError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")  # two programs may write it at once
    try:
        if path.exists() and not path.is_file():  # a device or a pipe takes what it gets
            path.write_bytes(data)
            return
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        try:
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path.resolve())  # through a link, to what it names
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", hint) from None


__all__ = ["BYTES_MAX", "read_at_most", "read_bytes", "read_json", "read_text", "write_whole"]
