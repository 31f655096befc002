# SPDX-License-Identifier: Apache-2.0
"""Where a capture's chain breaks, what seems to have happened there, and where it fits again.

A seal proves what stands before it, so a chunk behind the damage that fits the seal before it is as it was written.
That bounds the damage in the file and in time, and tells what was changed in place from what is missing, moved or
added.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from .capture import MAGIC, RECORD, SEAL, Capture, read_on, start_of_chain

SEAL_BYTES: Final = RECORD.size + 32
_SEAL_BEGINS: Final = re.compile(re.escape(bytes((SEAL, 32, 0))), re.DOTALL)
_TRIES: Final = 2000
"""So many places that look like a seal and are none are tried, and no more: a file can be made of them."""
_CHUNK_MAX: Final = 1 << 17
"""A chunk is never longer: a set-up of at most 64 KB, and 4 KB before its seal."""


@dataclass(frozen=True)
class Head:
    """A head of the chain as it was written down outside the capture: the seal of the last of `chunks` chunks, which
    ends at byte `bytes` of the file."""

    head: bytes
    chunks: int
    bytes: int

    @classmethod
    def from_json(cls, value: object) -> Head | None:
        """From `capture` of `session.json`; None where that holds none that reads."""
        if not isinstance(value, dict):
            return None
        chunks, size, text = (value.get(name) for name in ("chunks", "bytes", "head"))
        if type(chunks) is not int or type(size) is not int or not isinstance(text, str):
            return None
        if not re.fullmatch(r"[0-9a-f]{64}", text) or chunks < 0 or not len(MAGIC) <= size < 1 << 62:
            return None
        return cls(bytes.fromhex(text), chunks, size)


@dataclass(frozen=True)
class Break:
    """The first place where a capture is not as it was written.

    `chunk` counts from 0 and begins at byte `offset`. `until` is the byte from which on the chain fits again, with
    `chunks_after` good chunks behind it; None: nothing behind it fits. `from_ms` is the time of the last good record
    before it, `to_ms` of the first one behind `until`, on the session's clock; None: there is none.
    `what` is `changed`, `missing`, `moved`, `added` or `unknown`; `why` is for a person.
    """

    chunk: int
    offset: int
    until: int | None
    chunks_after: int
    from_ms: int | None
    to_ms: int | None
    what: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """For JSON: plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def find_break(data: bytes, capture: Capture, recorded: Head | None = None) -> Break | None:
    """The first break of `capture`, which was read from `data`; None where its chain is whole. `recorded` helps to
    tell what happened."""
    if capture.bad is None:
        return None
    last = capture.seals[-1] if capture.seals else None
    at = last.end if last else min(len(MAGIC), capture.bad.offset)
    start, after = (len(data), None) if capture.closed is not None else _resume(data, at)
    what, said = _what(data, at, capture, recorded)
    return Break(
        chunk=capture.chunks,
        offset=at,
        until=start if after else None,
        chunks_after=after.chunks if after else 0,
        from_ms=last.t_ms if last else None,
        to_ms=RECORD.unpack_from(data, start)[2] if after else None,
        what=what,
        why=f"{capture.bad.why}: {said}" if said else capture.bad.why,
    )


def _seals(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """What may be seals from byte `at` on: where each ends, and its payload."""
    for found in _SEAL_BEGINS.finditer(data, at):
        end = found.start() + SEAL_BYTES
        if end <= len(data):
            yield end, data[end - 32 : end]


def _resume(data: bytes, at: int) -> tuple[int, Capture | None]:
    """The first byte behind `at` at which a chunk begins that fits the seal before it, and what reads from there."""
    for tries, (end, head) in enumerate(_seals(data, at)):
        if tries >= _TRIES:
            break
        if read_on(data[end : end + _CHUNK_MAX], head).chunks:
            return end, read_on(data, head, end)
    return len(data), None


def _what(data: bytes, at: int, capture: Capture, recorded: Head | None) -> tuple[str, str]:
    """What seems to have happened at byte `at`, as a word and in words."""
    if capture.closed is not None:
        return "added", ""
    if at < len(MAGIC):
        return "changed", ""
    moved = _moved(data, at, capture)
    if moved is not None:
        return moved
    place = -1 if recorded is None or recorded.bytes <= at else data.find(recorded.head, at)
    if recorded is None or place < 0:
        return "unknown", ""
    missing = recorded.bytes - 32 - place
    if missing > 0:
        return "missing", f"{missing} bytes are missing here or behind it"
    if missing < 0:
        return "added", f"{-missing} bytes too many are here or behind it"
    return "changed", "it was changed in its place"


def _moved(data: bytes, at: int, capture: Capture) -> tuple[str, str] | None:
    """Whether the chunk at byte `at` is whole and fits another seal than the one before it."""
    end, seal = next(_seals(data, at), (0, b""))
    body = data[at : end - 32]
    if not body or len(body) > _CHUNK_MAX:
        return None
    for place, head in [(len(MAGIC), start_of_chain()), *((s.end, s.head) for s in capture.seals)]:
        if hashlib.sha256(head + body).digest() == seal:
            return "added", f"this chunk stood once already, at byte {place}"
    for tries, (place, head) in enumerate(_seals(data, end)):
        if tries >= _TRIES:
            break
        if hashlib.sha256(head + body).digest() == seal:
            return "moved", f"this chunk belongs behind another one, which now ends at byte {place}"
    return None


__all__ = ["Break", "Head", "find_break"]
