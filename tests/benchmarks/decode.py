# SPDX-License-Identifier: Apache-2.0
"""Host decode, bytes to typed messages with every field there and the CRC checked, on the bytes that the demo recorded.

Peers, each in the same run and with the same work left out:

* `construct`, compiled: the raw integers of the same messages (without our scaling adapters, which only slow it), given
  the same C splitting, COBS and CRC that ours gets.
* `pymavlink`: a stream of as many MAVLink 2 messages, each the known message whose payload is nearest in size to ours.
"""

from __future__ import annotations

import random
from binascii import crc32
from collections.abc import Callable, Iterator
from typing import Any

import construct
from cobs import cobs
from pymavlink.dialects.v20 import common as mavlink

from demo_session import demo_bytes
from rows import Row, fastest_s, paired_s
from vitalwire.link.decoder import Decoder
from vitalwire_protocol import fields, messages

CHUNK = 4096


def ours(stream: bytes) -> int:
    decoder = Decoder()
    return sum(len(decoder.feed(stream[i : i + CHUNK])) for i in range(0, len(stream), CHUNK))


def _raw(struct: construct.Struct) -> construct.Struct:
    """The struct with the adapters taken off: plain integers, so that construct can compile all of it."""

    def plain(part: Any) -> Any:
        inner = part.subcon
        if isinstance(inner, fields.Field):
            return part.name / inner.subcon
        if isinstance(inner, construct.Rebuild):
            return part.name / inner.subcon
        if isinstance(inner, construct.GreedyRange):
            return part.name / construct.GreedyRange(_raw(inner.subcon))
        return part.name / inner

    return construct.Struct(*(plain(part) for part in struct.subcons))


def construct_parser() -> Callable[[bytes], int]:
    header = construct.Struct(
        "version" / construct.Int8ul,
        "type" / construct.Int8ul,
        "seq" / construct.Int16ul,
        "t_ms" / construct.Int32ul,
    ).compile()
    by_type = {m.type: _raw(m.struct).compile() for m in messages.MESSAGES}

    def parse(stream: bytes) -> int:
        count = 0
        for piece in stream.split(b"\0"):
            if not piece:
                continue
            body = cobs.decode(piece)
            if crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
                continue
            head = header.parse(body[:8])
            by_type[head.type].parse(body[8:-4])
            count += 1
        return count

    return parse


def mavlink_stream(stream: bytes) -> bytes:
    """As many MAVLink 2 messages as there are frames in `stream`, each of the nearest payload size."""
    sizes: dict[int, Any] = {}
    for kind in mavlink.mavlink_map.values():
        sizes.setdefault(kind.unpacker.size, kind)
    sender = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
    packed: dict[int, Any] = {}

    def example(size: int) -> Any:
        if size not in packed:
            kind = sizes[min(sizes, key=lambda s: abs(s - size))]
            values = []
            for i, type_ in enumerate(kind.fieldtypes):
                length = kind.array_lengths[kind.ordered_fieldnames.index(kind.fieldnames[i])]
                if type_ == "char":
                    values.append(b"x" * max(length, 1))
                else:
                    one = 1.5 if type_ in ("float", "double") else 1
                    values.append([one] * length if length else one)
            packed[size] = kind(*values)
        return packed[size]

    out = bytearray()
    for piece in stream.split(b"\0"):
        if piece:
            payload = len(cobs.decode(piece)) - 12
            out += example(payload).pack(sender)
            sender.seq = (sender.seq + 1) % 256
    return bytes(out)


def pymavlink_parse(stream: bytes) -> int:
    parser = mavlink.MAVLink(None)
    return sum(len(parser.parse_buffer(stream[i : i + CHUNK]) or ()) for i in range(0, len(stream), CHUNK))


def damaged(length: int) -> bytes:
    """A worst stream: random bytes with few zeros, so that frames run over their cap again and again."""
    rng = random.Random(1)
    return bytes(rng.choice((1, 2, 3, 255)) if rng.random() < 0.999 else 0 for _ in range(length))


def rows() -> Iterator[Row]:
    stream = demo_bytes()
    count = ours(stream)
    parse = construct_parser()
    theirs = mavlink_stream(stream)
    if parse(stream) != count:
        raise RuntimeError(f"construct decoded {parse(stream)} messages and our decoder {count}")
    if pymavlink_parse(theirs) != count:
        raise RuntimeError(f"pymavlink decoded {pymavlink_parse(theirs)} of {count} messages")

    our_s, construct_s = paired_s(lambda: ours(stream), lambda: parse(stream))
    yield Row("host decode", count / our_s, "messages/s", "construct, compiled", construct_s / our_s)
    our_s, mavlink_s = paired_s(lambda: ours(stream), lambda: pymavlink_parse(theirs))
    yield Row("host decode", count / our_s, "messages/s", "pymavlink", mavlink_s / our_s)
    yield Row("host decode", len(stream) / our_s / 1e6, "MB/s")

    short, long = damaged(200_000), damaged(1_600_000)
    short_s, long_s = fastest_s(lambda: ours(short), 3), fastest_s(lambda: ours(long), 3)
    yield Row("damaged stream, 8 x the bytes: time grows", long_s / short_s, "x (8 is linear)")
