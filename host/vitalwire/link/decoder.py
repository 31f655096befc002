# SPDX-License-Identifier: Apache-2.0
"""Bytes in, messages out: the push decoder of what a board sends.

Any bytes are taken, in any pieces, and never raise. A zero ends a frame, so after damage the decoder is in step again
at the next zero; it skips no claimed length. Everything that is not a good frame is counted under its cause. Memory
is bounded: what is longer than the longest frame is dropped (or reported, if it is text) while it arrives.

A board at its REPL, or one whose program ended with a traceback, prints text on the same wire. It is told from a
damaged frame by its bytes and kept as lines, see `_ConsoleText`.
"""

from __future__ import annotations

from binascii import crc32
from collections import deque
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from cobs import cobs

from vitalwire_protocol.codec import DECODERS, VERSION_MAJOR, Hello, Message
from vitalwire_protocol.errors import BadCrc, BadPayload, TooLong, TooShort, UnknownType, WrongVersion
from vitalwire_protocol.framing import CRC_BYTES, CRC_RESIDUE, MAX_BODY, decode_body

MAX_ENCODED: Final = MAX_BODY + MAX_BODY // 254 + 1
"""The longest frame after COBS, without its zero: one byte more at the start and after each 254."""
MAX_LINE: Final = 400
"""A console line is cut here; a traceback's lines are far shorter."""
MAX_LINES: Final = 200
"""Console lines kept between two calls of `take_console`; the oldest go first."""
MAX_LOSSES: Final = 1000
_SEQUENCE: Final = 1 << 16
_FIRST_FRAMES: Final = 64
_BACK_MS: Final = 500
"""One of a board's first frames whose clock is so much behind the frame before it: the board has started again."""
_HALF_CLOCK: Final = 1 << 31
_TEXT: Final = bytes([*b"\t\n\r\x1b", *range(0x20, 0x7F)])
_MARKS: Final = (b"Traceback (most recent call last)", b"\n>>> ", b"MicroPython v", b"Brownout", b"Guru Meditation")


@dataclass(slots=True)
class Counters:
    """How many bytes and frames came, and what was wrong with those that were not taken."""

    bytes: int = 0
    frames: int = 0
    """Good frames, those of unknown type or another version not among them."""
    crc: int = 0
    cobs: int = 0
    too_long: int = 0
    too_short: int = 0
    unknown_type: int = 0
    wrong_version: int = 0
    bad_payload: int = 0
    console_bytes: int = 0
    sequence_gaps: int = 0
    frames_lost: int = 0
    sequence_restarts: int = 0
    """The sequence went back: the board started again, or an old stream was joined to a new one."""
    extra_bytes: int = 0
    """Bytes of good frames that a later minor version appended and this one does not know."""

    @property
    def damaged(self) -> int:
        """Pieces between zeros that were meant as frames and could not be read."""
        return self.crc + self.cobs + self.too_long + self.too_short + self.bad_payload

    def as_dict(self) -> dict[str, int]:
        """All counters by name, for JSON."""
        return asdict(self)


class Loss(NamedTuple):
    """Frames missing before message number `before` of the list that `feed` returned."""

    before: int
    frames: int
    first_seq: int


class Decoder:
    """Turns one board's bytes into messages. After `feed`, `take_losses` and `take_console` give what else there
    was."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.other_major: int | None = None
        """The major version of the last intact frame that was refused for it."""
        self._tail = bytearray()
        self._overlong = False
        self._next_seq: int | None = None
        self._last_ms: int | None = None
        self._boot: int | None = None
        self._losses: deque[Loss] = deque(maxlen=MAX_LOSSES)
        self._restarts: deque[int] = deque(maxlen=MAX_LOSSES)
        self._console = _ConsoleText()

    def feed(self, data: bytes) -> list[Message]:
        """Takes the next bytes; returns the messages that they complete, in order."""
        self.counters.bytes += len(data)
        if 0 not in data:
            self._keep(data)
            return []
        tail = self._tail
        if tail or self._overlong:
            head, _, data = data.partition(b"\0")
            self._keep(head)
            pieces = self._close_tail()
            pieces += data.split(b"\0")
        else:
            pieces = data.split(b"\0")
        rest = pieces.pop()
        messages = self._decode(pieces)
        if rest:
            self._keep(rest)
        return messages

    @property
    def uneven(self) -> bool:
        """Whether `take_losses` or `take_restarts` has something."""
        return bool(self._losses or self._restarts)

    @property
    def printed(self) -> bool:
        """Whether `take_console` has something."""
        return self._console.has_lines

    @property
    def pending(self) -> bool:
        """Whether there are bytes that no zero has ended yet."""
        return bool(self._tail) or self._overlong

    def take_losses(self) -> list[Loss]:
        """The gaps in the sequence seen by the last `feed`."""
        losses = list(self._losses)
        self._losses.clear()
        return losses

    def take_restarts(self) -> list[int]:
        """Which messages of the last `feed` were the first ones of a board that had started again."""
        restarts = list(self._restarts)
        self._restarts.clear()
        return restarts

    def take_console(self) -> list[str]:
        """The lines of text that the board printed since the last call."""
        return self._console.take()

    def idle(self) -> None:
        """Says that nothing came for a second: text that no zero ended (a prompt) is taken as lines now.

        A board begins with a zero after an idle second, so nothing that could become a frame is lost.
        """
        if self._tail and _is_text(self._tail):
            self._console_text(bytes(self._tail))
            self._tail.clear()
        self.counters.console_bytes += self._console.idle()

    def link_restarted(self) -> None:
        """Says that what comes next does not continue what came before: the port was opened again."""
        self._tail.clear()
        self._overlong = False
        self._console.end_overlong()
        self._next_seq = self._last_ms = None

    def _keep(self, data: bytes) -> None:
        """Holds back what no zero has ended yet, never more than one frame of it."""
        if self._overlong:
            self._overlong_text(data)
            return
        self._tail += data
        if len(self._tail) > MAX_ENCODED:
            tail = bytes(self._tail)
            self._tail.clear()
            self._overlong = True
            self._console.begin_overlong()
            self._overlong_text(tail)

    def _overlong_text(self, data: bytes) -> None:
        self.counters.console_bytes += self._console.add_overlong(data)

    def _end_overlong(self) -> None:
        if not self._console.end_overlong():
            self.counters.too_long += 1

    def _close_tail(self) -> list[bytes]:
        """A zero has come: what was held back is one piece, or the end of something too long."""
        if self._overlong:
            self._overlong = False
            self._end_overlong()
            return []
        piece = bytes(self._tail)
        self._tail.clear()
        return [piece]

    def _decode(self, pieces: list[bytes]) -> list[Message]:
        messages: list[Message] = []
        add = messages.append
        decoders, uncobs, crc, extra = DECODERS, cobs.decode, crc32, self._count_extra
        expected = self._next_seq
        for piece in pieces:
            if not piece:
                continue
            # The hot path: one C call each for COBS and CRC, one specialised decoder, one comparison of the sequence.
            # An intact body's CRC-32, its own CRC included, is a constant; so no slice is copied to check it.
            message: Message | None = None
            try:
                body = uncobs(piece)
                size = len(body)
                if size <= MAX_BODY and crc(body) == CRC_RESIDUE and body[0] == VERSION_MAJOR:
                    message = decoders[body[1]](body, size - CRC_BYTES, extra)
            except (cobs.DecodeError, KeyError, IndexError, BadPayload):
                pass
            if message is None:
                refused = self._refuse(piece)
                if refused is None:
                    continue
                seq = refused
            else:
                seq = message.seq
                add(message)
            if seq != expected:
                self._check_sequence(seq, message, expected, messages)
            expected = (seq + 1) % _SEQUENCE
            if type(message) is Hello:
                self._boot = message.boot
        self._next_seq = expected
        if messages:
            self._last_ms = messages[-1].t_ms
        self.counters.frames += len(messages)
        return messages

    def _check_sequence(self, seq: int, message: Message | None, expected: int | None, messages: list[Message]) -> None:
        if expected is None:
            return
        counters = self.counters
        ahead = (seq - expected) % _SEQUENCE
        began_again = message is not None and seq < _FIRST_FRAMES and self._went_back(messages)
        new_boot = isinstance(message, Hello) and self._boot is not None and message.boot != self._boot
        if began_again:
            self._restarts.append(len(messages) - 1)
        if began_again or new_boot or ahead >= _SEQUENCE // 2:
            counters.sequence_restarts += 1
            return
        counters.sequence_gaps += 1
        counters.frames_lost += ahead
        self._losses.append(Loss(len(messages) - (message is not None), ahead, expected))

    def _went_back(self, messages: list[Message]) -> bool:
        """Whether the board's clock at the last message is well behind that of the one before it."""
        before_ms = messages[-2].t_ms if len(messages) > 1 else self._last_ms
        return before_ms is not None and _BACK_MS < (before_ms - messages[-1].t_ms) % (2 * _HALF_CLOCK) < _HALF_CLOCK

    def _refuse(self, piece: bytes) -> int | None:
        """Counts a piece that gave no message, or keeps it as text. Not the hot path: it looks from the start again.

        Returns the sequence number of an intact frame, so that a frame which is merely unknown is not called lost.
        """
        counters = self.counters
        if len(piece) > MAX_ENCODED:
            self._console.begin_overlong()
            self._overlong_text(piece)
            self._end_overlong()
            return None
        if _is_text(piece):
            self._console_text(piece)
            return None
        if (mark := _mark(piece)) is not None:
            # The board was in the middle of a frame when its program ended and the text began.
            self._console_text(piece[mark:])
            counters.too_short += mark > 0
            return None
        try:
            body = cobs.decode(piece)
            decode_body(body)
        except cobs.DecodeError:
            counters.cobs += 1
        except TooShort:
            counters.too_short += 1
        except TooLong:
            counters.too_long += 1
        except WrongVersion as error:
            counters.wrong_version += 1
            self.other_major = error.major
        except UnknownType:
            counters.unknown_type += 1
            return int.from_bytes(body[2:4], "little")
        except BadPayload:
            counters.bad_payload += 1
            return int.from_bytes(body[2:4], "little")
        except BadCrc:
            counters.crc += 1
        return None

    def _console_text(self, text: bytes) -> None:
        self.counters.console_bytes += len(text)
        self._console.add(text)

    def _count_extra(self, count: int) -> None:
        self.counters.extra_bytes += count


def _is_text(piece: bytes | bytearray) -> bool:
    """Whether a piece that is no frame is something printed: nine tenths printable, and a line end or a prompt in
    it."""
    if len(piece) < 4 or len(piece.translate(None, _TEXT)) * 10 > len(piece):
        return False
    return b"\n" in piece or piece.endswith(b">>> ")


def _mark(piece: bytes) -> int | None:
    """Where text begins behind the start of a frame that the board never finished; None where there is none."""
    found = [at for at in map(piece.find, _MARKS) if at >= 0]
    return min(found) if found else None


class _ConsoleText:
    """Collects printed text as lines, bounded in length and number."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._open = bytearray()  # of something too long for a frame: the line that no line end has closed yet
        self._open_bytes = 0
        self._taken = False

    @property
    def has_lines(self) -> bool:
        return bool(self._lines)

    def take(self) -> list[str]:
        lines = list(self._lines)
        self._lines.clear()
        return lines

    def add(self, text: bytes) -> None:
        """Takes a piece that is text from end to end."""
        for line in text.split(b"\n"):
            self._append(line[:MAX_LINE])

    def begin_overlong(self) -> None:
        self._open.clear()
        self._open_bytes = 0
        self._taken = False

    def add_overlong(self, data: bytes) -> int:
        """Takes the next bytes of something too long for a frame: keeps the lines that are text, drops the rest.

        Returns how many bytes were text. It makes no difference in how many parts the bytes come.
        """
        taken = 0
        *lines, rest = data.split(b"\n")
        for line in lines:
            if not line and not self._open_bytes:
                continue  # noise may be nothing but line ends; they cost next to nothing
            self._extend(line)
            taken += self._close()
        self._extend(rest)
        return taken

    def end_overlong(self) -> bool:
        """The zero after it has come; False where none of it was text."""
        taken = self._taken
        self.begin_overlong()
        return taken

    def idle(self) -> int:
        """Nothing came for a second: a prompt will not be ended by a line end."""
        return self._close()

    def _extend(self, part: bytes) -> None:
        self._open_bytes += len(part)
        self._open += part[: MAX_LINE - len(self._open)]

    def _close(self) -> int:
        line, count = bytes(self._open), self._open_bytes + 1
        self._open.clear()
        self._open_bytes = 0
        if len(line) < 4 or line.translate(None, _TEXT):
            mark = _mark(line)
            if mark is None:
                return 0
            line = line[mark:]
        self._taken = True
        self._append(line)
        return count

    def _append(self, line: bytes) -> None:
        said = line.decode("utf-8", "replace").rstrip("\r")
        text = "".join(c if c.isprintable() or c == "\t" else "?" for c in said)  # nothing that a terminal would obey
        if text.strip():
            self._lines.append(text)


__all__ = ["MAX_ENCODED", "Counters", "Decoder", "Loss"]
