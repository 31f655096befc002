# SPDX-License-Identifier: Apache-2.0
"""Reads the construct definitions of `messages.py` back into plain records, and refuses any other shape.

The generators work from these records only. A `SchemaError` says which message and field is wrong and what is allowed.
"""

from __future__ import annotations

import binascii
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from construct import FormatField, GreedyBytes, GreedyRange, Padded, Rebuild, Renamed, Struct

from .fields import DEVICE_TO_HOST, HOST_TO_DEVICE, EnumSpec, Field, FlagSpec, Message, Samples

HEADER_BYTES = 8
CRC_BYTES = 4
MAX_BODY = 512
MAX_BODY_TO_DEVICE = 256

TYPES = {"B": "u8", "H": "u16", "I": "u32", "h": "i16", "i": "i32"}
SIZES = {"B": 1, "H": 2, "I": 4, "h": 2, "i": 4}
# Names that the generated classes need for themselves, or that would hide a method of tuple.
RESERVED = {"seq", "t_ms", "present", "head_bytes", "count", "index", "buf", "off", "end", "run", "start", "n", "body"}


class SchemaError(Exception):
    """A definition that the generators cannot express; the text names the message, the field and the rule."""


@dataclass(frozen=True)
class FieldRecord:
    """One integer of a head or of an item: `format` is its struct letter, `bit` its number in `present` or None."""

    name: str
    format: str
    unit: str
    scale: int
    bit: int | None
    since: int
    spec: EnumSpec | FlagSpec | None
    doc: str

    @property
    def type(self) -> str:
        """The type as the documents write it: u8, u16, u32, i16 or i32."""
        return TYPES[self.format]

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return SIZES[self.format]


@dataclass(frozen=True)
class RunRecord:
    """The run at a message's end. `fields` is empty for text; `flat` runs decode to one row of numbers."""

    name: str
    fields: tuple[FieldRecord, ...]
    flat: bool
    doc: str

    @property
    def item_bytes(self) -> int:
        """Bytes of one item; 1 for text."""
        return sum(f.size for f in self.fields) or 1

    @property
    def item_format(self) -> str:
        """The struct letters of one item; empty for text."""
        return "".join(f.format for f in self.fields)


@dataclass(frozen=True)
class MessageRecord:
    """One message as the generators see it."""

    name: str
    type: int
    direction: str
    doc: str
    fields: tuple[FieldRecord, ...]
    run: RunRecord | None

    @property
    def to_device(self) -> bool:
        """True for a host's command."""
        return self.direction == HOST_TO_DEVICE

    @property
    def has_present(self) -> bool:
        """True if the head carries the 16-bit `present`."""
        return any(f.bit is not None for f in self.fields)

    @property
    def class_name(self) -> str:
        """The name in CamelCase."""
        return camel(self.name)

    @property
    def head_format(self) -> str:
        """The struct letters of the head, `head_bytes` and `present` included, without the byte order."""
        return ("B" if self.run else "") + ("H" if self.has_present else "") + "".join(f.format for f in self.fields)

    @property
    def prefix_bytes(self) -> int:
        """Bytes of the head before its first field."""
        return (1 if self.run else 0) + (2 if self.has_present else 0)

    @property
    def head_bytes(self) -> int:
        """Bytes of the whole head."""
        return self.prefix_bytes + sum(f.size for f in self.fields)

    def end_of(self, field: FieldRecord) -> int:
        """Bytes of the payload up to and with `field`."""
        return self.prefix_bytes + sum(f.size for f in self.fields[: self.fields.index(field) + 1])

    @property
    def older_head_bytes(self) -> tuple[int, ...]:
        """The heads of earlier minor versions, in bytes, where they were shorter."""
        steps = {f.since for f in self.fields}
        sizes = {self.prefix_bytes + sum(f.size for f in self.fields if f.since < step) for step in steps if step > 0}
        return tuple(sorted(sizes - {self.head_bytes}))


@dataclass(frozen=True)
class Schema:
    """All messages and the named numbers they use, in order of declaration, and the version."""

    major: int
    minor: int
    messages: tuple[MessageRecord, ...]
    specs: tuple[EnumSpec | FlagSpec, ...]

    @property
    def hash(self) -> int:
        """CRC-32 of `canonical()`."""
        return binascii.crc32(self.canonical().encode())

    def canonical(self) -> str:
        """All that decides how bytes are read, as lines of text: names, types, order, scale, units, named numbers.

        Texts of documentation and the version are not in it.
        """
        lines = []
        for m in self.messages:
            lines.append(f"message {m.type} {m.name} {m.direction}")
            lines += [_field_line("field", f) for f in m.fields]
            if m.run:
                lines.append(f"run {m.run.name} {'items' if m.run.fields else 'text'}")
                lines += [_field_line("item", f) for f in m.run.fields]
        for spec in self.specs:
            kind = "enum" if isinstance(spec, EnumSpec) else "flags"
            lines.append(f"{kind} {spec.name} " + " ".join(f"{name}={n}" for name, n in spec.members.items()))
        return "\n".join(lines) + "\n"


def _field_line(kind: str, f: FieldRecord) -> str:
    bit = "-" if f.bit is None else f.bit
    return f"{kind} {f.name} {f.type} scale={f.scale} bit={bit} spec={f.spec.name if f.spec else '-'} unit={f.unit}"


def camel(name: str) -> str:
    """`nibp_result` -> `NibpResult`."""
    return "".join(word.capitalize() for word in name.split("_"))


def read_schema(
    messages: Iterable[Message], major: int, minor: int, answers: Iterable[EnumSpec | FlagSpec] = ()
) -> Schema:
    """Reads and checks all messages. `answers`: lists of what the value of an answer means, which is the same field for
    every command. Raises SchemaError."""
    records = tuple(read_message(m, minor) for m in messages)
    keys = [f"type {r.type:#04x}" for r in records] + [f"name {r.name}" for r in records]
    for key in keys:
        if keys.count(key) > 1:
            raise SchemaError(f"two messages have the {key}; each needs its own")
    specs: dict[str, EnumSpec | FlagSpec] = {spec.name: spec for spec in answers}
    for record in records:
        for f in (*record.fields, *(record.run.fields if record.run else ())):
            if f.spec and specs.setdefault(f.spec.name, f.spec) != f.spec:
                raise SchemaError(f"{record.name}.{f.name}: there are two different lists named {f.spec.name!r}")
    return Schema(major, minor, records, tuple(specs.values()))


def read_message(message: Message, minor: int) -> MessageRecord:
    """Reads one message. Raises SchemaError where it is not a head of integers and at most one run at its end."""
    where = message.name
    _check_name(where, message.name)
    if message.direction not in (HOST_TO_DEVICE, DEVICE_TO_HOST):
        raise SchemaError(f"{where}: the direction {message.direction!r} is not known")
    if not (0x80 <= message.type <= 0xFF if message.direction == HOST_TO_DEVICE else 0x01 <= message.type <= 0x7F):
        raise SchemaError(f"{where}: type {message.type:#04x}; device to host is 0x01-0x7f, host to device 0x80-0xff")
    fields: list[FieldRecord] = []
    run: RunRecord | None = None
    for sub in message.struct.subcons:
        core = _core(sub)
        if isinstance(core, (Rebuild, Padded)):  # `head_bytes`, `present`, the skip over a newer head: see below
            continue
        if run is not None:
            raise SchemaError(f"{where}.{sub.name}: nothing may follow the run {run.name!r}")
        if isinstance(core, Field):
            fields.append(_read_field(where, sub.name, core, minor))
        else:
            run = _read_run(where, sub, core, minor)
    record = MessageRecord(message.name, message.type, message.direction, message.doc, tuple(fields), run)
    _check_record(record, message)
    return record


def _core(sub: Any) -> Any:
    while isinstance(sub, Renamed):
        sub = sub.subcon
    return sub


def _check_name(where: str, name: str | None) -> None:
    if not name or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or name in RESERVED:
        raise SchemaError(f"{where}: {name!r} cannot be a name; lower case, no keyword, none of {sorted(RESERVED)}")


def _read_field(where: str, name: str, field: Field, minor: int) -> FieldRecord:
    where = f"{where}.{name}"
    _check_name(where, name)
    subcon = field.subcon
    if not isinstance(subcon, FormatField) or subcon.fmtstr[0] != "<" or field.format not in TYPES:
        raise SchemaError(f"{where}: only little-endian u8, u16, u32, i16 and i32 are allowed")
    if type(field.scale) is not int or field.scale < 1:
        raise SchemaError(f"{where}: scale {field.scale!r}; it must be a whole number from 1")
    if field.scale > 1 and field.spec:
        raise SchemaError(f"{where}: a field of named numbers has no scale")
    if not 0 <= field.since <= minor:
        raise SchemaError(f"{where}: since={field.since}, but the protocol's minor version is {minor}")
    if field.spec:
        _check_spec(where, field.spec, SIZES[field.format])
    return FieldRecord(name, field.format, field.unit, field.scale, field.bit, field.since, field.spec, field.text)


def _check_spec(where: str, spec: EnumSpec | FlagSpec, size: int) -> None:
    for name in (spec.name, *spec.members):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise SchemaError(f"{where}: {name!r} in {spec.name} is not a lower-case word")
    if list(spec.members.values()) != list(range(len(spec.members))):
        raise SchemaError(f"{where}: {spec.name} must number its names from 0 without a gap")
    room = 8 * size if isinstance(spec, FlagSpec) else 1 << (8 * size)
    if len(spec.members) > room:
        raise SchemaError(f"{where}: {len(spec.members)} names of {spec.name} do not fit {size} bytes")


def _read_run(where: str, sub: Any, core: Any, minor: int) -> RunRecord:
    where_run = f"{where}.{sub.name}"
    _check_name(where_run, sub.name)
    doc = str(sub.docs)
    if core is GreedyBytes:
        return RunRecord(sub.name, (), False, doc)
    if not isinstance(core, GreedyRange) or not isinstance(core.subcon, Struct):
        raise SchemaError(f"{where_run}: a message is integers and at most one run of text() or items()")
    fields = []
    for part in core.subcon.subcons:
        field = _core(part)
        if not isinstance(field, Field) or field.optional or field.since or field.scale != 1:
            raise SchemaError(f"{where_run}.{part.name}: an item holds plain integers: no scale, option, since or run")
        fields.append(_read_field(where_run, part.name, field, minor))
    if not fields:
        raise SchemaError(f"{where_run}: an item needs at least one field")
    flat = isinstance(core, Samples)
    if flat and len({f.format for f in fields}) > 1:
        raise SchemaError(f"{where_run}: samples() needs fields of one format; use items()")
    return RunRecord(sub.name, tuple(fields), flat, doc)


def _check_record(record: MessageRecord, message: Message) -> None:
    where = record.name
    if len(record.doc) > 108:
        raise SchemaError(
            f"{where}: its text has {len(record.doc)} characters; it becomes one line of code, so 108 at most"
        )
    names = [f.name for f in record.fields] + ([record.run.name] if record.run else [])
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(f"{where}.{name}: the name is used twice")
    added = [f.since for f in record.fields]
    if added != sorted(added):
        raise SchemaError(f"{where}: a field of a later minor version must come after all older ones")
    bits = [f.bit for f in record.fields if f.bit is not None]
    if bits != list(range(len(bits))) or len(bits) > 16:
        raise SchemaError(f"{where}: optional fields take the bits 0-15 of `present` in their order; got {bits}")
    first = next((f for f in record.fields if f.bit is not None), None)
    if first is not None and first.since:
        raise SchemaError(f"{where}.{first.name}: a later minor version cannot add `present`; leave out optional=True")
    limit = MAX_BODY_TO_DEVICE if record.to_device else MAX_BODY
    if record.run and record.head_bytes > 255:
        raise SchemaError(f"{where}: the head has {record.head_bytes} bytes; `head_bytes` counts to 255")
    if HEADER_BYTES + record.head_bytes + CRC_BYTES > limit:
        raise SchemaError(f"{where}: the head has {record.head_bytes} bytes; a body holds {limit} in all")
    # What `message()` of fields.py put around the fields must be just what the records say.
    expected = (["head_bytes"] if record.run else []) + (["present"] if bits else [])
    found = [sub.name for sub in message.struct.subcons if isinstance(_core(sub), Rebuild)]
    order = [sub.name for sub in message.struct.subcons][: len(expected)]
    if found != expected or order != expected:
        raise SchemaError(f"{where}: built without message() of fields.py; its head begins {found}, not {expected}")
