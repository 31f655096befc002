# SPDX-License-Identifier: Apache-2.0
"""The vocabulary in which `messages.py` is written: construct fields that know their unit, scale and absence.

A message is a fixed head of 8, 16 or 32-bit little-endian integers, then at most one *run* of equal items or bytes.
Where there is a run the head begins with `head_bytes`, its own length, so that a later minor version can append fields
there too. Where a field of the first release is optional a 16-bit `present` comes next, one bit a field.
Everything a generator needs (names, formats, units, enumerations) can be read back from the construct objects, so there
is no second description of a message anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from construct import (
    Adapter,
    Construct,
    Container,
    FormatField,
    GreedyBytes,
    GreedyRange,
    Int8ul,
    Int16sl,
    Int16ul,
    Int32sl,
    Int32ul,
    Padding,
    Rebuild,
    Struct,
    this,
)

HOST_TO_DEVICE = "host to device"
DEVICE_TO_HOST = "device to host"


@dataclass(frozen=True)
class EnumSpec:
    """A closed set of named small integers. `members` maps name to value; members are only ever appended."""

    name: str
    members: dict[str, int]
    doc: str = ""


@dataclass(frozen=True)
class FlagSpec:
    """Named bits of one integer. `members` maps name to bit number; bits are only ever appended."""

    name: str
    members: dict[str, int]
    doc: str = ""


def enum(name: str, names: str, doc: str = "") -> EnumSpec:
    """Numbers the words of `names` from 0 in their order."""
    return EnumSpec(name, {word: i for i, word in enumerate(names.split())}, doc)


def flags(name: str, names: str, doc: str = "") -> FlagSpec:
    """Gives the words of `names` the bits 0, 1, 2... in their order."""
    return FlagSpec(name, {word: i for i, word in enumerate(names.split())}, doc)


class Field(Adapter):  # type: ignore[misc]  # construct ships no types
    """One integer of the head: wire integer <-> value in `unit`, or None where its bit in `present` is clear.

    The value is `raw / scale` (an int where `scale` is 1). `bit` is the field's number in `present`, or None for a
    field that is always there. `spec` names an enumeration or a set of flags; the value stays an int. `since` is the
    minor version that appended the field; a frame of an older minor lacks it, and it decodes to None.
    """

    def __init__(
        self,
        subcon: FormatField,
        *,
        unit: str,
        scale: int,
        optional: bool,
        spec: EnumSpec | FlagSpec | None,
        doc: str,
        since: int = 0,
    ) -> None:
        super().__init__(subcon)
        # construct writes 32 bits as L, which is 4 bytes only where a byte order is given; I is 4 bytes anywhere.
        self.format: str = subcon.fmtstr[-1].replace("L", "I").replace("l", "i")
        self.unit, self.scale, self.optional, self.spec, self.text = unit, scale, optional, spec, doc
        self.since = since
        self.bit: int | None = None

    def _decode(self, obj: int, context: Container, path: str) -> int | float | None:  # noqa: ARG002
        if self.bit is not None and not (context.present >> self.bit) & 1:
            return None
        return obj if self.scale == 1 else obj / self.scale

    def _encode(self, obj: int | float | None, context: Container, path: str) -> int:  # noqa: ARG002
        if obj is None:
            if self.bit is None:
                raise ValueError(f"{path}: this field cannot be absent")
            return 0
        return int(obj) if self.scale == 1 else round(obj * self.scale)


def _field(kind: FormatField) -> Any:
    def make(
        name: str,
        doc: str = "",
        *,
        unit: str = "",
        scale: int = 1,
        optional: bool = False,
        spec: EnumSpec | FlagSpec | None = None,
        since: int = 0,
    ) -> Construct:
        return name / Field(kind, unit=unit, scale=scale, optional=optional, spec=spec, doc=doc, since=since)

    return make


u8, u16, u32 = _field(Int8ul), _field(Int16ul), _field(Int32ul)
i16, i32 = _field(Int16sl), _field(Int32sl)


@dataclass(frozen=True)
class Message:
    """One message: its wire type, direction, construct `Struct` of the payload, and what it means."""

    name: str
    type: int
    direction: str
    struct: Struct
    doc: str


class Present(Rebuild):  # type: ignore[misc]  # construct ships no types
    """The 16 bits that say which optional fields are there, computed from those that are not None."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(Int16ul, lambda ctx: sum(1 << i for i, name in enumerate(names) if ctx.get(name) is not None))

    def _emitbuild(self, code: Any) -> str:
        raise NotImplementedError  # a function cannot be written into compiled source; construct then calls `_build`


class Samples(GreedyRange):  # type: ignore[misc]  # construct ships no types
    """A run of items that decodes to one flat row of numbers: cheaper, and what a signal is wanted as."""


def text(name: str, doc: str) -> Construct:
    """A run of bytes to the end of the payload: UTF-8 text (`doc` says which)."""
    return name / GreedyBytes * doc


def items(name: str, doc: str, *fields: Construct) -> Construct:
    """A run of equal items to the end of the payload, each a fixed set of integers that are always there."""
    return name / GreedyRange(Struct(*fields)) * doc


def samples(name: str, doc: str, *fields: Construct) -> Construct:
    """As `items`, but all fields have one format, and the run decodes to one flat row in the order of the wire."""
    return name / Samples(Struct(*fields)) * doc


def message(name: str, type_: int, direction: str, doc: str, *parts: Construct) -> Message:
    """Builds a message: `head_bytes` where there is a run, `present` where a field is optional, then the parts."""
    fields = [p for p in parts if isinstance(p.subcon, Field)]
    run = [p for p in parts if not isinstance(p.subcon, Field)]
    optional = [p for p in fields if p.subcon.optional]
    for bit, part in enumerate(optional):
        part.subcon.bit = bit
    head_bytes = sum(p.sizeof() for p in fields) + (2 if optional else 0) + 1
    head: list[Construct] = []
    if run:
        head.append("head_bytes" / Rebuild(Int8ul, head_bytes))
    if optional:
        head.append("present" / Present([p.name for p in optional]))
    skip = [Padding(this.head_bytes - head_bytes)] if run else []
    return Message(name, type_, direction, Struct(*head, *fields, *skip, *run), doc)


__all__ = [
    "DEVICE_TO_HOST",
    "HOST_TO_DEVICE",
    "EnumSpec",
    "Field",
    "FlagSpec",
    "Message",
    "Samples",
    "enum",
    "flags",
    "i16",
    "i32",
    "items",
    "message",
    "samples",
    "text",
    "u8",
    "u16",
    "u32",
]
