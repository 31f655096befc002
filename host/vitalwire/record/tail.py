# SPDX-License-Identifier: Apache-2.0
"""A capture that is still being written, read as it grows: each record as soon as it is whole, each chunk checked."""

from __future__ import annotations

import hashlib
from typing import Final

from ..errors import CheckFailed
from ..session.inputs import Input, Kind
from .capture import CLOSE, LOST, MAGIC, RECORD, SEAL, start_of_chain

_KINDS: Final = {int(kind): kind for kind in Kind}


class Tail:
    """`feed` it what was appended; it gives the inputs. Sans-I/O: it opens no file.

    An input is given before the seal of its chunk has come, as the session acted on it then too. `closed`: the close
    record came, and nothing follows.
    """

    def __init__(self) -> None:
        self.closed = False
        self.lost_inputs = 0
        """Inputs that the recording program could not write."""
        self._head = start_of_chain()
        self._rest = b""
        self._at = len(MAGIC)
        self._chunk = bytearray()
        self._begun = False
        self._why = ""

    def feed(self, data: bytes) -> list[Input]:
        """The inputs that are whole by now. Raises CheckFailed, naming the place, where it is not what was written;
        what is good before it was given by then."""
        if self._why:
            raise CheckFailed(self._why, _VERIFY)
        data = self._rest + data
        at = 0
        if not self._begun:
            if data[: len(MAGIC)] != MAGIC[: len(data)]:
                raise CheckFailed("this is not a Vitalwire capture, or its first line was changed", _VERIFY)
            if len(data) < len(MAGIC):
                self._rest = data
                return []
            self._begun, at = True, len(MAGIC)
        found: list[Input] = []
        good = 0  # of these are in chunks whose seal has come
        size = len(data)
        while at + RECORD.size <= size:
            kind, length, t_ms, utc_ms = RECORD.unpack_from(data, at)
            end = at + RECORD.size + length
            if kind not in _KINDS and (kind not in (LOST, CLOSE, SEAL) or (kind == SEAL and length != 32)):
                return self._spoiled(found[:good], f"there is no record of kind {kind} (byte {self._at})")
            if end > size:
                break
            payload = data[at + RECORD.size : end]
            if kind == SEAL:
                if not self._seal(data[at : at + RECORD.size], payload):
                    return self._spoiled(found[:good], f"the chunk before byte {self._at} does not match its seal")
                good = len(found)
            else:
                self._chunk += data[at:end]
                if kind == CLOSE:
                    self.closed = True
                elif kind == LOST:
                    self.lost_inputs += 1
                else:
                    found.append(Input(_KINDS[kind], t_ms, utc_ms, payload))
            self._at += end - at
            at = end
        self._rest = data[at:]
        return found

    def _seal(self, head: bytes, seal: bytes) -> bool:
        if hashlib.sha256(self._head + self._chunk + head).digest() != seal:
            return False
        self._head = seal
        self._chunk.clear()
        return True

    def _spoiled(self, good: list[Input], why: str) -> list[Input]:
        """What is good in this piece is still given; the next call says what is wrong."""
        self._why = f"capture: {why}"
        if not good:
            raise CheckFailed(self._why, _VERIFY)
        return good


_VERIFY: Final = "`vitalwire verify` says what is wrong with it"

__all__ = ["Tail"]
