# SPDX-License-Identifier: Apache-2.0
"""Builds and parses payloads with construct itself: slow, and the yardstick for the generated code.

Values are in JSON's terms here: numbers in physical units, None, text, lists; a row of samples is one flat list.
"""

from __future__ import annotations

import struct
from binascii import crc32
from typing import Any

from . import messages
from .fields import Message
from .schema import MessageRecord, read_message

BY_NAME: dict[str, Message] = {m.name: m for m in messages.MESSAGES}
BY_TYPE: dict[int, Message] = {m.type: m for m in messages.MESSAGES}


def record_of(name: str) -> MessageRecord:
    """The plain record of a message of messages.py."""
    return read_message(BY_NAME[name], messages.VERSION_MINOR)


def build_payload(message: Message, record: MessageRecord, values: dict[str, Any]) -> bytes:
    """The payload of `message`, by construct."""
    filled = dict(values)
    run = record.run
    if run:
        value = values[run.name]
        if not run.fields:
            filled[run.name] = value.encode()
        else:
            width, names = len(run.fields), [f.name for f in run.fields]
            rows = [value[i : i + width] for i in range(0, len(value), width)] if run.flat else value
            filled[run.name] = [dict(zip(names, row, strict=True)) for row in rows]
    return bytes(message.struct.build(filled))


def parse_payload(message: Message, record: MessageRecord, payload: bytes) -> dict[str, Any]:
    """The values in `payload`, by construct; None for fields that a sender of an older minor version did not have."""
    run = record.run
    head = payload[0] if run and payload else len(payload)
    if head in record.older_head_bytes:  # construct knows the newest head only
        first = bytes([record.head_bytes]) if run else payload[:1]
        payload = first + payload[1:head] + bytes(record.head_bytes - head) + payload[head:]
    parsed = message.struct.parse(payload)
    values: dict[str, Any] = {f.name: None if record.end_of(f) > head else parsed[f.name] for f in record.fields}
    if run and not run.fields:
        values[run.name] = parsed[run.name].decode("utf-8", "replace")
    elif run:
        rows = [[item[f.name] for f in run.fields] for item in parsed[run.name]]
        values[run.name] = [n for row in rows for n in row] if run.flat else rows
    return values


def raw_arguments(record: MessageRecord, values: dict[str, Any]) -> list[int | None]:
    """The scaled integers in the order of the firmware's packers, `present` first if any; None where absent."""
    raw = [None if (v := values[f.name]) is None else round(v * f.scale) for f in record.fields]
    bits = sum(1 << f.bit for f in record.fields if f.bit is not None and values[f.name] is not None)
    return ([bits] if record.has_present else []) + raw


def body_of(payload: bytes, type_: int, sequence: int, t_ms: int, major: int = messages.VERSION_MAJOR) -> bytes:
    """Header, payload and CRC."""
    body = struct.pack("<BBHI", major, type_, sequence, t_ms) + payload
    return body + struct.pack("<I", crc32(body))
