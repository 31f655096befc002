# SPDX-License-Identifier: Apache-2.0
"""`vitalwire decode`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import click

from vitalwire_protocol.codec import Message

from ..errors import CheckFailed, UsageError
from ..link.decoder import Decoder
from ..link.readings import iso_utc
from ..link.words import as_words
from .common import say

CHUNK: Final = 1 << 16
SHOW_FROM_BYTES: Final = 4 << 20
"""Smaller files are done before a progress bar would be read."""


class Piece(NamedTuple):
    """Some bytes in order; `utc_ms` is when they arrived, where that is known. `reopened`: a new link begins here."""

    data: bytes
    utc_ms: int | None = None
    reopened: bool = False


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a message, and the counters as one on stderr.")
@click.option("--strict", is_flag=True, help="Exit code 1 where anything was damaged, unknown or missing.")
def command(file: str, as_json: bool, strict: bool) -> None:
    """Turn recorded bytes into messages, and count what is wrong with them.

    FILE is a raw byte stream as read from a port, a capture.vwire of a session folder, or - for standard input.
    Messages go to standard output, one a line; the counters go to standard error at the end. Damaged bytes are
    counted and skipped: a recording that begins in the middle of a frame is fine.

    Exit code 0 if there was at least one intact frame, else 1. With --strict 1 as well where anything was damaged, of
    an unknown type or version, or missing; a capture whose seals do not fit is always 1.

    \b
    Examples:
      vitalwire decode port.bin | less
      vitalwire decode session/capture.vwire --json > messages.jsonl
      cat port.bin | vitalwire decode - --strict > /dev/null
    """
    decoder = Decoder()
    trouble = ""
    for piece in _pieces(file):
        if isinstance(piece, str):
            trouble = piece
            continue
        if piece.reopened:
            decoder.link_restarted()
        for message in decoder.feed(piece.data):
            sys.stdout.write(_line(message, piece.utc_ms, as_json))
        for text in decoder.take_console():
            sys.stdout.write(_console(text, as_json))
    decoder.idle()
    for text in decoder.take_console():
        sys.stdout.write(_console(text, as_json))
    sys.stdout.flush()
    _report(decoder, as_json)
    _judge(file, decoder, strict, trouble)


def _pieces(file: str) -> Iterator[Piece | str]:
    """The bytes of a raw stream or a capture; a text at the end says what is wrong with a capture."""
    from ..record.capture import MAGIC

    if file == "-":
        source = sys.stdin.buffer
        head = source.read(len(MAGIC))
        if head != MAGIC:
            yield Piece(head)
            yield from _raw(source, None)
            return
        yield from _captured(head + source.read())
        return
    try:
        with open(file, "rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if opened.read(len(MAGIC)) == MAGIC:
                yield from _captured(Path(file).read_bytes())
                return
            opened.seek(0)
            yield from _raw(opened, size)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}", "give a recorded file, or -") from error


def _raw(source: BinaryIO, size: int | None) -> Iterator[Piece]:
    show = size is not None and size > SHOW_FROM_BYTES and sys.stderr.isatty()
    read1 = getattr(source, "read1", source.read)  # of a pipe: what there is, without waiting for more
    if not show:
        while data := read1(CHUNK):
            yield Piece(data)
        return
    progress: Any = click.progressbar(length=size, label="decoding", file=sys.stderr)
    with progress as bar:
        while data := read1(CHUNK):
            yield Piece(data)
            bar.update(len(data))


def _captured(data: bytes) -> Iterator[Piece | str]:
    from ..record.capture import read_capture
    from ..session.inputs import Kind

    capture = read_capture(data)
    for item in capture.inputs:
        if item.kind == Kind.RECEIVED:
            yield Piece(item.data, item.utc_ms)
        elif item.kind == Kind.LINK and item.json().get("state") == "up":
            yield Piece(b"", item.utc_ms, reopened=True)
    if capture.bad is not None:
        yield str(capture.bad)
    elif capture.closed is None:
        torn = f", its last {capture.torn_bytes} bytes are an incomplete record" if capture.torn_bytes else ""
        say(f"this capture was not closed: its session goes on, or was cut off{torn}")


def _line(message: Message, utc_ms: int | None, as_json: bool) -> str:
    words = as_words(message)
    if utc_ms is not None:
        words = {"arrived_utc": iso_utc(utc_ms), **words}
    if as_json:
        return json.dumps(words, ensure_ascii=False, allow_nan=False) + "\n"
    return " ".join(_field(key, value) for key, value in words.items() if value is not None) + "\n"


def _field(key: str, value: object) -> str:
    if key in ("type", "arrived_utc"):
        return str(value)
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value)) if len(value) <= 12 else f"[{len(value)} numbers]"
    return f"{key}={json.dumps(value, ensure_ascii=False) if isinstance(value, str) and ' ' in value else value}"


def _console(text: str, as_json: bool) -> str:
    return (json.dumps({"type": "console", "text": text}, ensure_ascii=False) if as_json else f"console {text}") + "\n"


def _report(decoder: Decoder, as_json: bool) -> None:
    counters = decoder.counters.as_dict()
    if as_json:
        say(json.dumps(counters))
        return
    say(f"{counters['bytes']} bytes, {counters['frames']} good frames")
    for name, count in counters.items():
        if count and name not in ("bytes", "frames"):
            say(f"  {name.replace('_', ' '):<18} {count}")


def _judge(file: str, decoder: Decoder, strict: bool, trouble: str) -> None:
    counters = decoder.counters
    if trouble:
        raise CheckFailed(f"{file}: {trouble}", "what was read before it is above")
    if not counters.frames:
        raise CheckFailed(f"{file}: not one intact frame in {counters.bytes} bytes", "is this a recording of a board?")
    wrong = counters.damaged + counters.unknown_type + counters.wrong_version + counters.frames_lost
    if strict and wrong:
        raise CheckFailed(f"{file}: {wrong} frames were damaged, unknown or missing", "the counters are above")
