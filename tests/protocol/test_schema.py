# SPDX-License-Identifier: Apache-2.0
"""The definition is read back exactly, what the generators cannot express is refused, the hash sees each change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from construct import Array, Const, Float32l, Int16ub, Int64ul, Optional, Struct

from vitalwire_protocol import codec, messages
from vitalwire_protocol.emit_wire import emit_wire
from vitalwire_protocol.fields import (
    DEVICE_TO_HOST,
    HOST_TO_DEVICE,
    Field,
    Message,
    enum,
    flags,
    i32,
    items,
    message,
    samples,
    text,
    u8,
    u16,
    u32,
)
from vitalwire_protocol.schema import SchemaError, read_message, read_schema


def up(*parts: object, name: str = "thing", type_: int = 0x70) -> Message:
    return message(name, type_, DEVICE_TO_HOST, "A thing.", *parts)


def raw(kind: object) -> object:
    return Field(kind, unit="", scale=1, optional=False, spec=None, doc="")


def test_a_message_is_read_back_as_it_was_written() -> None:
    word = enum("colour", "red green")
    record = read_message(
        up(u8("a", "first", spec=word), u16("b", unit="mmHg", scale=10, optional=True), i32("c"), text("d", "words")), 0
    )
    assert [(f.name, f.type, f.unit, f.scale, f.bit, f.spec) for f in record.fields] == [
        ("a", "u8", "", 1, None, word),
        ("b", "u16", "mmHg", 10, 0, None),
        ("c", "i32", "", 1, None, None),
    ]
    assert record.head_format == "BHBHi"
    assert record.head_bytes == 10
    assert record.run is not None
    assert (record.run.name, record.run.fields, record.run.doc) == ("d", (), "words")


SMALL = enum("small", "a b")
REFUSED: dict[str, tuple[str, Callable[[], Message]]] = {
    "64 bits": ("little-endian", lambda: up("a" / raw(Int64ul))),
    "big-endian": ("little-endian", lambda: up("a" / raw(Int16ub))),
    "a float": ("little-endian", lambda: up("a" / raw(Float32l))),
    "two runs": ("nothing may follow", lambda: up(u8("a"), text("b", ""), text("c", ""))),
    "an array of fixed length": ("at most one run", lambda: up(u8("a"), "b" / Array(3, Struct(u8("c"))))),
    "a nested struct": ("at most one run", lambda: up(u8("a"), "b" / Struct(u8("c")))),
    "something optional of construct's": ("at most one run", lambda: up("a" / Optional(u8("b")))),
    "a constant": ("at most one run", lambda: up("a" / Const(b"x"))),
    "an item with an option": ("plain integers", lambda: up(items("a", "", u8("b", optional=True)))),
    "an item with a scale": ("plain integers", lambda: up(items("a", "", u8("b", scale=10)))),
    "an item that grows": ("plain integers", lambda: up(items("a", "", u8("b"), u8("c", since=1)))),
    "an item with a run": ("plain integers", lambda: up(items("a", "", text("b", "")))),
    "an empty item": ("at least one field", lambda: up(items("a", ""))),
    "samples of mixed types": ("one format", lambda: up(samples("a", "", u8("b"), u16("c")))),
    "a name used twice": ("used twice", lambda: up(u8("a"), u8("a"))),
    "a keyword as a name": ("cannot be a name", lambda: up(u8("class"))),
    "a name that the generated code needs": ("cannot be a name", lambda: up(u8("present"))),
    "an upper-case name": ("cannot be a name", lambda: up(u8("SpO2"))),
    "a scale of zero": ("whole number", lambda: up(u8("a", scale=0))),
    "a fractional scale": ("whole number", lambda: up(u8("a", scale=0.5))),  # type: ignore[arg-type]
    "a scaled list": ("no scale", lambda: up(u8("a", scale=10, spec=SMALL))),
    "too many names for the field": ("do not fit", lambda: up(u8("a", spec=flags("f", "b c d e f g h i j")))),
    "17 optional fields": ("bits 0-15", lambda: up(*(u8(f"f{i}", optional=True) for i in range(17)))),
    "a later field in the middle": ("after all older", lambda: up(u8("a", since=1), u8("b"))),
    "a field of the future": ("since=2", lambda: up(u8("a"), u8("b", since=2))),
    "a later `present`": ("cannot add `present`", lambda: up(u8("a"), u8("b", since=1, optional=True))),
    "a head beyond head_bytes": ("counts to 255", lambda: up(*(u32(f"f{i}") for i in range(64)), text("t", ""))),
    "a head beyond the body": ("holds 512", lambda: up(*(u32(f"f{i}") for i in range(126)))),
    "a type of the other direction": ("device to host is", lambda: up(u8("a"), type_=0x80)),
    "a direction of its own": ("direction", lambda: Message("a", 1, "sideways", Struct(), "")),
    "a struct built by hand": ("message()", lambda: Message("a", 1, DEVICE_TO_HOST, Struct(text("b", "")), "")),
    "a text too long for a line": ("108", lambda: message("a", 1, DEVICE_TO_HOST, "x" * 109, u8("b"))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_generators_cannot_express_is_refused_with_the_reason(case: str) -> None:
    reason, make = REFUSED[case]
    with pytest.raises(SchemaError) as caught:
        read_message(make(), minor=1)
    assert reason in str(caught.value)


def test_messages_that_clash_are_refused() -> None:
    with pytest.raises(SchemaError, match="type 0x70"):
        read_schema([up(name="a"), up(name="b")], 1, 0)
    with pytest.raises(SchemaError, match="name a"):
        read_schema([up(name="a"), up(name="a", type_=0x71)], 1, 0)
    with pytest.raises(SchemaError, match="two different lists named 'small'"):
        read_schema([up(u8("a", spec=SMALL), u8("b", spec=enum("small", "a c")))], 1, 0)
    with pytest.raises(SchemaError, match="THING_X twice"):
        emit_wire(read_schema([up(u8("a", spec=enum("thing", "x"))), up(name="thing_x", type_=0x71)], 1, 0))


def test_a_command_with_an_optional_field_is_refused_for_the_firmware() -> None:
    command = message("thing", 0x90, HOST_TO_DEVICE, "A thing.", u8("a", optional=True))
    with pytest.raises(SchemaError, match="no optional fields"):
        emit_wire(read_schema([command], 1, 0))


def test_the_hash_in_the_codec_is_that_of_the_definition() -> None:
    schema = read_schema(messages.MESSAGES, messages.VERSION_MAJOR, messages.VERSION_MINOR, messages.ANSWERS)
    assert schema.hash == codec.SCHEMA_HASH


def hash_of(*parts: object, **kwargs: object) -> int:
    return read_schema([up(*parts, **kwargs)], 1, 0).hash  # type: ignore[arg-type]


def test_the_hash_sees_every_change_that_changes_the_meaning_of_bytes() -> None:
    def parts() -> list[object]:
        return [u8("a"), u16("b", unit="mmHg", scale=10, optional=True), u8("c", spec=SMALL), text("d", "")]

    base = hash_of(*parts())
    a, b, c, d = parts()
    changed = {
        "name of the message": hash_of(*parts(), name="other"),
        "type of the message": hash_of(*parts(), type_=0x71),
        "name of a field": hash_of(u8("x"), b, c, d),
        "type of a field": hash_of(u16("a"), b, c, d),
        "order": hash_of(c, b, a, d),
        "unit": hash_of(a, u16("b", unit="kPa", scale=10, optional=True), c, d),
        "scale": hash_of(a, u16("b", unit="mmHg", scale=100, optional=True), c, d),
        "option": hash_of(a, u16("b", unit="mmHg", scale=10), c, d),
        "a name in a list": hash_of(a, b, u8("c", spec=enum("small", "a z")), d),
        "order of a list": hash_of(a, b, u8("c", spec=enum("small", "b a")), d),
        "a longer list": hash_of(a, b, u8("c", spec=enum("small", "a b c")), d),
        "numbers or bits": hash_of(a, b, u8("c", spec=flags("small", "a b")), d),
        "name of the run": hash_of(a, b, c, text("e", "")),
        "kind of the run": hash_of(a, b, c, items("d", "", u8("e"))),
        "no run": hash_of(a, b, c),
        "one field more": hash_of(a, b, c, u8("e"), d),
    }
    assert base not in changed.values()
    assert len(set(changed.values())) == len(changed)


def test_the_hash_does_not_see_words_of_explanation() -> None:
    assert hash_of(u8("a", "one text"), text("b", "x")) == hash_of(u8("a", "another"), text("b", "y"))
