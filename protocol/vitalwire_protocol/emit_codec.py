# SPDX-License-Identifier: Apache-2.0
"""Writes the host's codec: one NamedTuple, one decoder and one encoder a message, each specialised for its fields."""

from __future__ import annotations

from .fields import EnumSpec
from .schema import CRC_BYTES, HEADER_BYTES, MAX_BODY, FieldRecord, MessageRecord, Schema, camel
from .text import LICENCE, NOTICE, WIDTH, call

# Where the plain name would be mistaken for a message or for hardware.
SPEC_CLASSES = {"event": "EventKind", "board": "BoardKind"}

HEAD = '''"""The host's codec: bytes of a frame's body <-> typed messages in physical units.

Every message is a NamedTuple; it begins with `seq` (the frame's number, 0-65535) and `t_ms` (the sender's clock in ms,
modulo 2^32). A field is None where it was not measured. Fields of named numbers are plain ints: `name_of(Reason, 3)`
gives the word, also for a number that this version does not know. Text is str; items are tuples of ints; samples are
one flat tuple in the order of the wire. `framing.py` checks the CRC and calls what is here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import lru_cache
from struct import Struct
from typing import Any, ClassVar, NamedTuple, TypeAlias

from .errors import BadPayload

'''

HELPERS = '''

_WORDS_KEPT = 1024  # a number of a later version may be any: what is kept of them is bounded


@lru_cache(_WORDS_KEPT)
def name_of(enum: type[IntEnum], value: int) -> str:
    """The word of the protocol for `value`, such as "no_finger"; "unknown_<n>" for a number of a later version."""
    try:
        return enum(value).name.lower()
    except ValueError:
        return f"unknown_{value}"


def names_of(flags: type[IntFlag], value: int) -> list[str]:
    """The words of the bits set in `value`, in their order; "unknown_<bit>" for a bit of a later version."""
    return list(_names_of(flags, value))


@lru_cache(_WORDS_KEPT)
def _names_of(flags: type[IntFlag], value: int) -> tuple[str, ...]:
    words = {flag.value: flag.name for flag in flags}
    bits = [1 << bit for bit in range(value.bit_length()) if value >> bit & 1]
    return tuple((words.get(bit) or f"unknown_{bit.bit_length() - 1}").lower() for bit in bits)

'''

FIT = '''

OnExtra: TypeAlias = Callable[[int], None]
_new = tuple.__new__


def _fit(
    name: str, body: bytes, stop: int, end: int, size: int, older: tuple[int, ...], on_extra: OnExtra | None
) -> bytes:
    """Makes a head that ends at `stop` fit the known one that ends at `size`.

    A longer head comes from a later minor version: `on_extra` is told how many bytes were left unread. One of the
    `older` lengths is filled up with zeros. Anything else raises BadPayload.
    """
    if stop > end or (stop < size and stop not in older):
        raise BadPayload(f"{name}: the head ends at byte {stop} of {end}; expected {size}")
    if stop >= size:
        if stop > size and on_extra is not None:
            on_extra(stop - size)
        return body
    return body[:stop] + bytes(size - stop)


def _bad_run(name: str, length: int, item: int) -> BadPayload:
    return BadPayload(f"{name}: {length} bytes do not divide into items of {item}")

'''


def emit_codec(schema: Schema) -> str:
    """The whole text of codec.py."""
    version = [
        f"VERSION_MAJOR = {schema.major}",
        f"VERSION_MINOR = {schema.minor}",
        f"SCHEMA_HASH = 0x{schema.hash:08X}",
    ]
    blocks = [f"{LICENCE}\n{NOTICE}\n{HEAD}" + "\n".join(version)]
    blocks += [_lines(_spec_class(s.name, isinstance(s, EnumSpec), s.doc, s.members)) for s in schema.specs]
    blocks.append(HELPERS)
    blocks += [_lines(_message_class(m)) for m in schema.messages]
    classes = [m.class_name for m in schema.messages]
    union = "Message: TypeAlias = " + " | ".join(classes)
    if len(union) > WIDTH:
        union = _lines(["Message: TypeAlias = (", f"    {classes[0]}", *(f"    | {c}" for c in classes[1:]), ")"])
    blocks.append(union)
    blocks.append(FIT)
    for m in schema.messages:
        blocks += [_lines(_structs(m)), _lines(_decoder(m)), _lines(_encoder(m))]
    blocks.append(_lines(_tables(schema)))
    return "\n\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _lines(lines: list[str]) -> str:
    return "\n".join(lines)


def spec_class(name: str) -> str:
    """The name of the Python class for a list of named numbers."""
    return SPEC_CLASSES.get(name, camel(name))


def _spec_class(name: str, is_enum: bool, doc: str, members: dict[str, int]) -> list[str]:
    lines = ["", f"class {spec_class(name)}({'IntEnum' if is_enum else 'IntFlag'}):"]
    lines += [f'    """{_sentence(doc)}"""', ""]
    lines += [f"    {word.upper()} = {n if is_enum else f'1 << {n}'}" for word, n in members.items()]
    return [*lines, ""]


def _sentence(doc: str) -> str:
    doc = doc[:1].upper() + doc[1:]
    return doc if doc.endswith(".") or not doc else doc + "."


def python_type(f: FieldRecord) -> str:
    """The annotation of one field."""
    return ("int" if f.scale == 1 else "float") + (" | None" if f.bit is not None or f.since else "")


def _run_type(m: MessageRecord) -> str:
    assert m.run is not None
    if not m.run.fields:
        return "str"
    if m.run.flat:
        return "tuple[int, ...]"
    return f"tuple[tuple[{', '.join(['int'] * len(m.run.fields))}], ...]"


def _message_class(m: MessageRecord) -> list[str]:
    # In two steps, for a named tuple may have no member beside its fields.
    lines = [f"class _{m.class_name}(NamedTuple):", "    seq: int", "    t_ms: int"]
    for f in m.fields:
        notes = [f"named by {spec_class(f.spec.name)}" if f.spec else "", f.unit, f.doc]
        lines.append(_commented(f"    {f.name}: {python_type(f)}", "; ".join(n for n in notes if n)))
    if m.run:
        lines.append(_commented(f"    {m.run.name}: {_run_type(m)}", _run_note(m)))
    lines += ["", "", f"class {m.class_name}(_{m.class_name}):", f'    """{m.doc}"""', ""]
    lines += ["    __slots__ = ()", f"    TYPE: ClassVar[int] = 0x{m.type:02X}"]
    if m.to_device:
        lines += ["", *_request(m)]
    return lines


def _run_note(m: MessageRecord) -> str:
    assert m.run is not None
    if not m.run.fields:
        return m.run.doc
    what = ", ".join(f.name for f in m.run.fields)
    shape = f"{what}, {what}, ..." if m.run.flat else f"({what}), ..."
    return f"{shape}; {m.run.doc}" if m.run.doc else shape


def _commented(code: str, note: str) -> str:
    line = f"{code}  # {note}"
    return line if note and len(line) <= WIDTH else code


def _request(m: MessageRecord) -> list[str]:
    """A class method that builds a command without the ids, which the link fills in."""
    own = [f for f in m.fields if f.name not in ("client", "number")]
    params = ["cls", *(f"{f.name}: {python_type(f)}" for f in own)]
    values = ["0", "0", "0", "0", *(f.name for f in own)]
    if m.run:
        params.append(f"{m.run.name}: {_run_type(m)}")
        values.append(m.run.name)
    return [
        "    @classmethod",
        *call(4, "def request(", params, f") -> {m.class_name}:"),
        '        """The command without sequence, time, client and number, which the link fills in."""',
        *call(8, "return cls(", values, ")"),
    ]


def _structs(m: MessageRecord) -> list[str]:
    lines = [
        f'_{m.name}_head = Struct("<2xHI{m.head_format}").unpack_from',
        f'_{m.name}_pack = Struct("<{m.head_format}").pack',
    ]
    if m.run and m.run.flat:
        per_item, letter = len(m.run.fields), m.run.fields[0].format
        most = (MAX_BODY - HEADER_BYTES - CRC_BYTES - m.head_bytes) // m.run.item_bytes
        lines.append("# One compiled format for each possible number of items: a body holds at most this many.")
        lines.append(
            f'_{m.name}_run = tuple(Struct(f"<{{{per_item} * n}}{letter}").unpack_from for n in range({most + 1}))'
        )
    elif m.run and m.run.fields:
        lines.append(f'_{m.name}_item = Struct("<{m.run.item_format}")')
    return lines


def _decoder(m: MessageRecord) -> list[str]:
    size = HEADER_BYTES + m.head_bytes
    older = tuple(HEADER_BYTES + n for n in m.older_head_bytes)
    lines = [f"def _decode_{m.name}(body: bytes, end: int, on_extra: OnExtra | None) -> {m.class_name}:"]
    names = ["seq", "t_ms", *(["_"] if m.run else []), *(["present"] if m.has_present else [])]
    names += [f.name for f in m.fields]
    source = "body"
    if m.run:
        source = "head"
        lines += [f"    start = {HEADER_BYTES} + body[{HEADER_BYTES}]", "    head = body"]
        lines += [f"    if start != {size} or end < {size}:"]
        lines += [f'        head = _fit("{m.name}", body, start, end, {size}, {older}, on_extra)']
    else:
        lines += [f"    if end != {size}:"]
        lines += [f'        body = _fit("{m.name}", body, end, end, {size}, {older}, on_extra)']
    stop = "start" if m.run else "end"
    lines += _unpack(4, names, f"_{m.name}_head({source})")
    if m.run and m.run.fields:
        item = m.run.item_bytes
        lines += [f"    if (end - start) % {item}:", f'        raise _bad_run("{m.name}", end - start, {item})']
    values = ["seq", "t_ms", *(_value(f, HEADER_BYTES + m.end_of(f), stop) for f in m.fields)]
    if m.run:
        values.append(_run_value(m))
    line = f"    return _new({m.class_name}, ({', '.join(values)}))"
    if len(line) <= WIDTH:
        return [*lines, line]
    rows = [f"            {value}," for value in values]
    return [*lines, "    return _new(", f"        {m.class_name},", "        (", *rows, "        ),", "    )"]


def _unpack(indent: int, names: list[str], source: str) -> list[str]:
    line = " " * indent + ", ".join(names) + " = " + source
    if len(line) <= WIDTH:
        return [line]
    return [" " * indent + "(", *(" " * (indent + 4) + n + "," for n in names), " " * indent + ") = " + source]


def _value(f: FieldRecord, end_of_field: int, stop: str) -> str:
    value = f.name if f.scale == 1 else f"{f.name} / {f.scale}"
    tests = ([f"{stop} >= {end_of_field}"] if f.since else []) + (
        [f"present & {1 << f.bit}"] if f.bit is not None else []
    )
    return f"{value} if {' and '.join(tests)} else None" if tests else value


def _run_value(m: MessageRecord) -> str:
    assert m.run is not None
    if not m.run.fields:
        return 'str(body[start:end], "utf-8", "replace")'
    if m.run.flat:
        return f"_{m.name}_run[(end - start) // {m.run.item_bytes}](body, start)"
    return f"tuple(_{m.name}_item.iter_unpack(body[start:end]))"


def _encoder(m: MessageRecord) -> list[str]:
    lines = [f"def _encode_{m.name}(m: {m.class_name}) -> bytes:"]
    args = [str(m.head_bytes)] if m.run else []
    optional = [f for f in m.fields if f.bit is not None]
    if optional:
        terms = [f"(m.{f.name} is not None)" + (f" << {f.bit}" if f.bit else "") for f in optional]
        if len(terms) == 1:
            lines.append(f"    present = int{terms[0]}")
        elif len(line := "    present = " + " | ".join(terms)) <= WIDTH:
            lines.append(line)
        else:
            lines += ["    present = (", f"        {terms[0]}", *(f"        | {t}" for t in terms[1:]), "    )"]
        args.append("present")
    for f in m.fields:
        value = f"m.{f.name}" if f.scale == 1 else f"round(m.{f.name} * {f.scale})"
        if f.bit is not None:
            value = f"0 if m.{f.name} is None else {value}"
        elif f.since and f.scale != 1:  # absent only in what an older sender sent; packing None is refused
            value = f"None if m.{f.name} is None else {value}"
        args.append(value)
    lines += call(4, f"{'head =' if m.run else 'return'} _{m.name}_pack(", args, ")")
    if m.run and not m.run.fields:
        lines.append(f'    return head + m.{m.run.name}.encode("utf-8", "replace")')
    elif m.run and m.run.flat:
        lines.insert(1, f"    if len(m.{m.run.name}) % {len(m.run.fields)}:")
        lines.insert(2, f'        raise ValueError("{m.run.name} end within an item")')
        form = f'f"<{{len(m.{m.run.name})}}{m.run.fields[0].format}"'
        lines.append(f"    return head + Struct({form}).pack(*m.{m.run.name})")
    elif m.run:
        lines.append(f'    return head + b"".join(_{m.name}_item.pack(*item) for item in m.{m.run.name})')
    return lines


def _tables(schema: Schema) -> list[str]:
    def table(head: str, value: str) -> list[str]:
        return [head, *(f"    0x{m.type:02X}: {value.format(m.class_name, m.name)}," for m in schema.messages), "}"]

    return [
        *table("MESSAGE_TYPES: dict[int, type[Message]] = {", "{0}"),
        "",
        "# By type: (body, index of the CRC, told of unread bytes) -> message. The caller has checked CRC and version.",
        *table("DECODERS: dict[int, Callable[[bytes, int, OnExtra | None], Message]] = {", "_decode_{1}"),
        "",
        "# By type: message -> payload.",
        *table("ENCODERS: dict[int, Callable[[Any], bytes]] = {", "_encode_{1}"),
        "",
    ]
