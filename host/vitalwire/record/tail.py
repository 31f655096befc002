# SPDX-License-Identifier: Apache-2.0
"""A capture that is still being written, read as it grows: each record as soon as it is whole, each chunk checked."""

from __future__ import annotations

from typing import Final

from ..errors import CheckFailed
from ..session.inputs import Input
from .capture import MAGIC, read_on, start_of_chain


class Tail:
    """`feed` it what was appended; it gives the inputs. Sans-I/O: it opens no file.

    An input is given before the seal of its chunk has come, as the session acted on it then too. `closed`: the close
    record came, and nothing follows.
    """

    def __init__(self) -> None:
        self.closed = False
        self._head = start_of_chain()
        self._rest = b""  # from the first chunk on whose seal has not come, at most 4 KB and what came with it
        self._at = 0  # where that begins in the file
        self._given = 0  # inputs in it that were given before
        self._why = ""

    def feed(self, data: bytes) -> list[Input]:
        """The inputs that are whole by now. Raises CheckFailed, naming the place, where it is not what was written;
        what is good before it was given by then."""
        if self._why:
            raise CheckFailed(self._why, _VERIFY)
        if not data:
            return []
        self._rest += data
        if not self._at and not self._begin():
            return []
        seen = read_on(self._rest, self._head)
        found = list(seen.inputs[self._given :])
        self._given = max(self._given, len(seen.inputs))
        if seen.bad is not None:
            self._why = f"capture: {seen.bad.why} (chunk at byte {self._at + seen.bad.offset})"
            if not found:
                raise CheckFailed(self._why, _VERIFY)
        elif seen.seals:
            self._rest = self._rest[seen.seals[-1].end :]
            self._at += seen.seals[-1].end
            self._head, self.closed = seen.head, seen.closed is not None
            self._given = len(read_on(self._rest, self._head).inputs)
        return found

    def _begin(self) -> bool:
        """Takes the first line, once it is whole."""
        if self._rest[: len(MAGIC)] != MAGIC[: len(self._rest)]:
            raise CheckFailed("this is not a Vitalwire capture, or its first line was changed", _VERIFY)
        if len(self._rest) < len(MAGIC):
            return False
        self._rest, self._at = self._rest[len(MAGIC) :], len(MAGIC)
        return True


_VERIFY: Final = "`vitalwire verify` says what is wrong with it"

__all__ = ["Tail"]
