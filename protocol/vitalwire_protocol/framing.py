# SPDX-License-Identifier: Apache-2.0
"""A frame's body and its message: header, payload and CRC on one side, a typed message on the other.

    on the wire   COBS(body) 0x00
    body          version u8 | type u8 | sequence u16 | t_ms u32 | payload | CRC-32 u32      (all little-endian)

The CRC is CRC-32/ISO-HDLC (that of zip and Ethernet) over header and payload. A body has at most 512 bytes; a
device takes at most 256. Splitting at zeros and counting damaged frames is the decoder's business, not done here.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Callable

from cobs import cobs

from .codec import DECODERS, ENCODERS, VERSION_MAJOR, Message
from .errors import BadCrc, BadPayload, BadValue, FrameError, TooLong, TooShort, UnknownType, WrongVersion

HEADER_BYTES = 8
CRC_BYTES = 4
MAX_BODY = 512
MAX_BODY_TO_DEVICE = 256
# Of an intact body the CRC-32 over everything, its own little-endian CRC included, is this one number (the
# residue of the catalogue, complemented), so that neither a copy of the body nor a second integer is needed.
CRC_RESIDUE = 0x2144DF1C

_header = struct.Struct("<BBHI")


def encode_body(message: Message, seq: int, t_ms: int) -> bytes:
    """Header, payload and CRC of `message`. `seq` and `t_ms` are taken modulo 2^16 and 2^32.

    Raises BadValue where a value does not fit its field or the body grows too long.
    """
    name = type(message).__name__
    try:
        payload = ENCODERS[message.TYPE](message)
    except (struct.error, TypeError, ValueError, OverflowError) as error:
        raise BadValue(f"{name} cannot be sent: {error}; its values were {tuple(message)!r}") from error
    body: bytes = _header.pack(VERSION_MAJOR, message.TYPE, seq & 0xFFFF, t_ms & 0xFFFFFFFF) + payload
    most = MAX_BODY_TO_DEVICE if message.TYPE >= 0x80 else MAX_BODY
    if len(body) + CRC_BYTES > most:
        raise BadValue(f"{name} cannot be sent: {len(body) + CRC_BYTES} bytes, and a body has at most {most}")
    return body + crc32(body).to_bytes(CRC_BYTES, "little")


def encode_frame(message: Message, seq: int, t_ms: int) -> bytes:
    """The frame of `message` as it goes on the wire, with the zero that ends it. Raises BadValue as `encode_body`."""
    return bytes(cobs.encode(encode_body(message, seq, t_ms))) + b"\0"


def decode_body(body: bytes, on_extra: Callable[[int], None] | None = None) -> Message:
    """The message in `body`, which is one frame after COBS decoding.

    `on_extra` is called with the number of bytes that a later minor version appended and this one left unread.
    Raises only TooShort, TooLong, BadCrc, WrongVersion, UnknownType and BadPayload, whatever the bytes are.
    """
    end = len(body) - CRC_BYTES
    if end < HEADER_BYTES:
        raise TooShort(f"a body of {len(body)} bytes; header and CRC alone are {HEADER_BYTES + CRC_BYTES}")
    if end > MAX_BODY - CRC_BYTES:
        raise TooLong(f"a body of {len(body)} bytes; the most is {MAX_BODY}")
    if crc32(body) != CRC_RESIDUE:
        raise BadCrc(f"the CRC of a body of {len(body)} bytes does not fit")
    if body[0] != VERSION_MAJOR:
        raise WrongVersion(body[0], VERSION_MAJOR)
    decoder = DECODERS.get(body[1])
    if decoder is None:
        raise UnknownType(body[1])
    return decoder(body, end, on_extra)


__all__ = [
    "CRC_BYTES",
    "HEADER_BYTES",
    "MAX_BODY",
    "MAX_BODY_TO_DEVICE",
    "BadCrc",
    "BadPayload",
    "BadValue",
    "FrameError",
    "TooLong",
    "TooShort",
    "UnknownType",
    "WrongVersion",
    "decode_body",
    "encode_body",
    "encode_frame",
]
