# SPDX-License-Identifier: Apache-2.0
"""`capture.vwire`: the ordered, hash-chained log of every input that decided something.

The file is a magic line and then records:

    kind u8 | length u16 | t_ms u64 | utc_ms i64 | payload            (little-endian)

`kind` is a `Kind` of the session's inputs, or one of three that belong to the file itself: LOST (JSON: inputs that
could not be written), CLOSE (JSON: how the session ended), SEAL. A seal ends a chunk of at most 1 s or 4 KB. Its
payload is SHA-256(previous seal | every byte since it, up to this payload); the chain starts from SHA-256(magic line).
Records are written as they come and the seal follows, so a host that is killed loses nothing that it had shown; what
lies behind the last seal is read, and counted as unsealed. A record of bytes is at most 2048 long; longer input is
several records.

The chain alone cannot tell that whole chunks are missing at its end, nor that somebody wrote it anew: for that the head
is kept outside, in `session.json` while it grows (`Recorder`), and on paper when it is closed.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..session.inputs import Input, Kind

MAGIC: Final = b"VITALWIRE CAPTURE 1\n"
RECORD: Final = struct.Struct("<BHQq")
LOST: Final = 253
CLOSE: Final = 254
SEAL: Final = 255
CHUNK_BYTES: Final = 4096
CHUNK_MS: Final = 1000
PIECE_BYTES: Final = 2048
"""A record's payload is no longer than this, except JSON such as a set-up (OPEN), which may take a chunk of its own."""
PAYLOAD_MAX: Final = 0xFFFF

_KINDS: Final = {int(kind): kind for kind in Kind}
_SEAL_BYTES: Final = RECORD.size + 32


def start_of_chain() -> bytes:
    return hashlib.sha256(MAGIC).digest()


def _pack(kind: int, t_ms: int, utc_ms: int, payload: bytes) -> bytes:
    if len(payload) > PAYLOAD_MAX:
        raise UsageError(
            f"{len(payload)} bytes are too many for one record of a session, which has {PAYLOAD_MAX} at most"
        )
    return RECORD.pack(kind, len(payload), t_ms, utc_ms) + payload


class CaptureEncoder:
    """Turns inputs into the bytes of a capture, seals included. It owns no file: `encode` returns what to append."""

    def __init__(self) -> None:
        self.head: bytes = start_of_chain()
        """The last seal: whoever knows it can tell a shortened or rewritten capture."""
        self.chunks = 0
        self.bytes = 0
        self.sealed_bytes = 0
        """Where the last seal ends in the file, or the first line before there is one."""
        self.last_t_ms = 0
        self._hash = hashlib.sha256(self.head)
        self._chunk_bytes = 0
        self._chunk_t_ms = 0
        self._last = (0, 0)

    @classmethod
    def go_on(cls, capture: Capture, unsealed: bytes) -> CaptureEncoder:
        """One that appends to a capture that was read and is not closed. `unsealed`: its bytes behind the last seal,
        without a torn record."""
        self = cls()
        self.head, self.chunks = capture.head, capture.chunks
        self.sealed_bytes = capture.seals[-1].end if capture.seals else len(MAGIC)
        self.bytes = self.sealed_bytes + len(unsealed)
        self._hash = hashlib.sha256(self.head + unsealed)
        self._chunk_bytes = len(unsealed)
        if unsealed:
            _, _, self._chunk_t_ms, _ = RECORD.unpack_from(unsealed)
        last = capture.inputs[-1]
        self.last_t_ms = last.t_ms if capture.last_t_ms is None else capture.last_t_ms
        self._last = (self.last_t_ms, last.utc_ms)
        return self

    def begin(self) -> bytes:
        """The first bytes of the file."""
        self.bytes = self.sealed_bytes = len(MAGIC)
        return MAGIC

    def encode(self, item: Input) -> bytes:
        """The bytes of one input; bytes received or sent may take several records."""
        if item.kind in (Kind.RECEIVED, Kind.SENT) and len(item.data) > PIECE_BYTES:
            pieces = (item.data[i : i + PIECE_BYTES] for i in range(0, len(item.data), PIECE_BYTES))
            return b"".join(self._record(item.kind, item.t_ms, item.utc_ms, piece) for piece in pieces)
        return self._record(item.kind, item.t_ms, item.utc_ms, item.data)

    def lost(self, t_ms: int, utc_ms: int, *, inputs: int, since_ms: int) -> bytes:
        """Says that `inputs` inputs since `since_ms` could not be written."""
        return self._record(LOST, t_ms, utc_ms, _json({"inputs": inputs, "since_ms": since_ms}))

    def close(self, t_ms: int, utc_ms: int, **how: Any) -> bytes:
        """The close record and its seal; nothing may follow."""
        return self._record(CLOSE, t_ms, utc_ms, _json(how)) + self._seal()

    def _record(self, kind: int, t_ms: int, utc_ms: int, payload: bytes) -> bytes:
        size = RECORD.size + len(payload)
        before = b""
        if self._chunk_bytes and (
            t_ms - self._chunk_t_ms >= CHUNK_MS or self._chunk_bytes + size + _SEAL_BYTES > CHUNK_BYTES
        ):
            before = self._seal()
        if not self._chunk_bytes:
            self._chunk_t_ms = t_ms
        self._last = (t_ms, utc_ms)
        self.last_t_ms = t_ms
        return before + self._count(_pack(kind, t_ms, utc_ms, payload))

    def _count(self, data: bytes) -> bytes:
        self._hash.update(data)
        self._chunk_bytes += len(data)
        self.bytes += len(data)
        return data

    def _seal(self) -> bytes:
        head = RECORD.pack(SEAL, 32, *self._last)
        self._hash.update(head)
        self.head = self._hash.digest()
        self._hash = hashlib.sha256(self.head)
        self._chunk_bytes = 0
        self.chunks += 1
        seal = head + self.head
        self.bytes += len(seal)
        self.sealed_bytes = self.bytes
        return seal


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Seal:
    """The end of a good chunk: where it ends in the file, the head of the chain there, the time of its last record."""

    end: int
    head: bytes
    t_ms: int
    utc_ms: int


@dataclass(frozen=True)
class BadChunk:
    """The first chunk that is not what was written: its number and place in the file, and the times around it."""

    number: int
    offset: int
    from_ms: int | None
    to_ms: int | None
    why: str

    def __str__(self) -> str:
        times = "" if self.from_ms is None else f", session clock {self.from_ms} to {self.to_ms} ms"
        return f"chunk {self.number} at byte {self.offset}{times}: {self.why}"


@dataclass(frozen=True)
class Lost:
    """Inputs that were not recorded, because the disk took nothing."""

    inputs: int
    since_ms: int
    until_ms: int


@dataclass(frozen=True)
class Capture:
    """What a capture file holds, as far as it reads.

    `inputs` are those of every good chunk and of the unsealed rest. `torn_bytes` counts an incomplete record at the
    end (the host was killed while writing it). `closed` is the close record's JSON, or None. `head` is the last seal.
    `last_t_ms` is the time of the last record that was read, on the session's clock; None: there is none.
    """

    inputs: tuple[Input, ...]
    head: bytes
    chunks: int
    closed: dict[str, Any] | None
    torn_bytes: int
    unsealed_bytes: int
    bad: BadChunk | None
    lost: tuple[Lost, ...] = ()
    seals: tuple[Seal, ...] = ()
    last_t_ms: int | None = None

    @property
    def state(self) -> str:
        """`closed`, `not closed` or `damaged`, in the words a person is shown."""
        if self.bad:
            return "damaged"
        return "closed" if self.closed is not None else "not closed"


class _Reader:
    """Walks the records of a capture and checks the chain; stops at the first chunk that is not right."""

    def __init__(self, data: bytes, at: int, head: bytes) -> None:
        self.data = data
        self.inputs: list[Input] = []
        self.lost: list[Lost] = []
        self.closed: dict[str, Any] | None = None
        self.head = head
        self.chunks = 0
        self.seals: list[Seal] = []
        self.last_t_ms: int | None = None
        self.good_end = at
        self.bad: BadChunk | None = None
        self.end = at
        self._chunk: list[tuple[int, int, int, bytes]] = []

    def begin(self) -> bool:
        """Whether the first line is that of a capture."""
        if self.data[: len(MAGIC)] == MAGIC[: len(self.data)]:
            return True
        return self._fail("this is not a Vitalwire capture, or its first line was changed", 0)

    def run(self) -> None:
        data = self.data
        at, size = self.end, len(self.data)
        while at + RECORD.size <= size:
            kind, length, t_ms, utc_ms = RECORD.unpack_from(data, at)
            end = at + RECORD.size + length
            if (kind not in _KINDS or self.closed is not None) and not self._plausible(kind, length, at):
                return
            if end > size:
                break
            payload = data[at + RECORD.size : end]
            if kind == SEAL:
                if not self._sealed(at, payload, t_ms, utc_ms):
                    return
                self.good_end = end
            else:
                self._chunk.append((kind, t_ms, utc_ms, payload))
            at = self.end = end
        if self.closed is not None and at < size:
            self._fail("there are bytes after the close record", at)

    def _plausible(self, kind: int, length: int, at: int) -> bool:
        if self.closed is not None:
            return self._fail("there are records after the close record", at)
        if kind == SEAL and length != 32:
            return self._fail(f"the seal at byte {at} has the wrong length", at)
        if kind not in _KINDS and kind not in (LOST, CLOSE, SEAL):
            return self._fail(f"there is no record of kind {kind} (byte {at})", at)
        return True

    def _sealed(self, at: int, seal: bytes, t_ms: int, utc_ms: int) -> bool:
        if hashlib.sha256(self.head + self.data[self.good_end : at + RECORD.size]).digest() != seal:
            return self._fail("its content does not match its seal", at)
        self.head = seal
        self.chunks += 1
        self.seals.append(Seal(at + _SEAL_BYTES, seal, t_ms, utc_ms))
        self.take()
        return True

    def take(self) -> None:
        """Accepts the records since the last seal."""
        for kind, t_ms, utc_ms, payload in self._chunk:
            self.last_t_ms = t_ms
            known = _KINDS.get(kind)
            if known is not None:
                self.inputs.append(Input(known, t_ms, utc_ms, payload))
                continue
            try:
                values = json.loads(payload)
            except (ValueError, RecursionError):
                values = {}
            if not isinstance(values, dict):
                values = {}
            if kind == CLOSE:
                self.closed = values
            else:
                self.lost.append(Lost(_whole(values.get("inputs"), 0), _whole(values.get("since_ms"), t_ms), t_ms))
        self._chunk.clear()

    def _fail(self, why: str, at: int) -> bool:
        times = [t_ms for _, t_ms, _, _ in self._chunk]
        last = self.inputs[-1].t_ms if self.inputs else None
        first, until = (times[0], times[-1]) if times else (last, last)
        self.bad = BadChunk(self.chunks, min(at, self.good_end), first, until, why)
        self._chunk.clear()
        self.end = at
        return False


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def read_capture(source: Path | bytes) -> Capture:
    """Reads a capture, whole or torn. Raises nothing for a damaged file: `bad` says what is wrong, and where.

    Everything before the first bad chunk is returned. Records behind the last seal are returned too: a host that was
    killed had written, but not yet sealed, them.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    reader = _Reader(data, len(MAGIC), start_of_chain())
    if reader.begin():
        reader.run()
    return _result(reader)


def read_on(data: bytes, head: bytes, at: int = 0) -> Capture:
    """Reads a capture from the chunk that begins at byte `at` of `data`, where the head of the chain is `head`.

    Whoever has a seal from elsewhere can so judge the end of a long capture without its beginning. What is counted,
    is counted from there; offsets are those in `data`.
    """
    reader = _Reader(data, at, head)
    reader.run()
    return _result(reader)


def _result(reader: _Reader) -> Capture:
    data = reader.data
    unsealed = reader.end - reader.good_end
    if not reader.bad:
        closed = reader.closed
        reader.take()
        reader.closed = closed  # a close record without its seal closes nothing
    torn = 0 if reader.bad else len(data) - reader.end
    return Capture(
        inputs=tuple(reader.inputs),
        head=reader.head,
        chunks=reader.chunks,
        closed=reader.closed,
        torn_bytes=max(0, torn),
        unsealed_bytes=0 if reader.bad else unsealed,
        bad=reader.bad,
        lost=tuple(reader.lost),
        seals=tuple(reader.seals),
        last_t_ms=reader.last_t_ms,
    )


def received_bytes(capture: Capture) -> Iterator[bytes]:
    """What the board sent, piece by piece in order: the raw stream that `vitalwire decode` reads."""
    for item in capture.inputs:
        if item.kind == Kind.RECEIVED:
            yield item.data
