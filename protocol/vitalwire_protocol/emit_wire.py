# SPDX-License-Identifier: Apache-2.0
"""Writes the firmware's side: constants, packers of what a device sends and parsers of what it receives."""

from __future__ import annotations

import re

from .fields import EnumSpec
from .schema import HEADER_BYTES, MAX_BODY, MAX_BODY_TO_DEVICE, FieldRecord, MessageRecord, Schema, SchemaError
from .text import LICENCE, NOTICE, WIDTH, call

HEAD = '''"""The device's side of the wire: numbers of the protocol, packers and parsers, for both interpreters.

pack_NAME(buf, off, ...) writes a payload into the bytearray `buf` at `off` and returns where it ends. Values are the
scaled integers of the wire (`spo2_x10`: in tenths), in its order, and must fit their fields: MicroPython does not
check that. Where a message has optional fields `present` comes first; a field whose bit is clear is written as zero,
whatever was passed (None too). Text is bytes or str. Runs of numbers are parallel arrays, of which `n` entries from
`start` on are sent. ValueError: the payload does not fit `buf`.

PARSERS[type](buf, off, end) reads a payload and returns the tuple of its integers, then the run as a memoryview into
`buf`, or None where the bytes cannot be this message. A field that the sender's older version lacks is None. Commands
of one shape share a parser.
"""

from struct import pack_into, unpack_from

from micropython import const
'''

HELPERS = """
def _put(buf, off, run):
    # Writes the bytes of a run; a slice that does not fit would make the buffer grow, or be cut short.
    if isinstance(run, str):
        run = run.encode()
    end = off + len(run)
    if end > len(buf):
        raise ValueError("%d bytes do not fit" % len(run))
    buf[off:end] = run
    return end


def _room(buf, end):
    if end > len(buf):
        raise ValueError("%d bytes do not fit %d" % (end, len(buf)))
"""


SERVICE_HEAD = '''"""Packers and parsers of what only service needs: loaded for it and dropped after it. See wire.py."""

from struct import pack_into, unpack_from

from vitals.link import wire
'''
SERVICE = frozenset(
    (
        "selftest_progress",
        "selftest_value",
        "held_pressure",
        "calibration_stored",
        "selftest_run",
        "hold_pressure",
        "calibration_get",
        "calibration_set",
        "curve_set",
        "calibration_clear",
    )
)
"""Messages whose code is not kept in a board's memory during a session."""


def emit_wire(schema: Schema) -> str:
    """The whole text of wire.py."""
    head = f"{LICENCE}\n{NOTICE}\n{HEAD}" + "\n".join(_constants(schema))
    helpers = HELPERS.replace("_put(", "put_run(").replace("_room(", "room(")
    body = _code([m for m in schema.messages if m.name not in SERVICE])
    body = [block.replace(" _put(", " put_run(").replace(" _room(", " room(") for block in body]
    return "\n\n\n".join(block.strip("\n") for block in [head, helpers, *body]) + "\n"


def emit_wire_service(schema: Schema) -> str:
    """The whole text of wire_service.py."""
    head = f"{LICENCE}\n{NOTICE}\n{SERVICE_HEAD}"
    body = [_from_wire(block) for block in _code([m for m in schema.messages if m.name in SERVICE])]
    return "\n\n\n".join(block.strip("\n") for block in [head, *body]) + "\n"


def _from_wire(block: str) -> str:
    """The helpers and numbers of wire.py, by its name."""
    block = block.replace(" _put(", " wire.put_run(").replace(" _room(", " wire.room(")
    return re.sub(r"^    ([A-Z_]+): parse_", r"    wire.\1: parse_", block, flags=re.MULTILINE)


def _code(messages: list[MessageRecord]) -> list[str]:
    blocks = ["\n".join(_packer(m)) for m in messages if not m.to_device]
    shapes: dict[str, str] = {}  # parsers of one shape are one function: code is RAM on the board
    parsers: list[str] = []
    for m in messages:
        if m.to_device:
            body = "\n".join(_parser(m))
            if body not in shapes:
                shapes[body] = f"parse_{m.name}"
                blocks.append(f"def parse_{m.name}(buf, off, end):\n{body}")
            parsers.append(f"    {m.name.upper()}: {shapes[body]},")
            if m.run and m.run.fields:
                blocks.append(_item_format(m))
    blocks.append("\n".join(["# By message type.", "PARSERS = {", *parsers, "}"]))
    return blocks


def constants(schema: Schema) -> list[tuple[str, str, str]]:
    """(heading, name, value) of every constant. Raises SchemaError where two have one name."""
    rows = [
        ("version", "VERSION_MAJOR", str(schema.major)),
        ("version", "VERSION_MINOR", str(schema.minor)),
        ("version", "SCHEMA_HASH", f"0x{schema.hash:08X}"),
        ("bytes of a body: header, most in all, most that a device takes", "HEADER_BYTES", str(HEADER_BYTES)),
        ("bytes of a body: header, most in all, most that a device takes", "MAX_BODY", str(MAX_BODY)),
        ("bytes of a body: header, most in all, most that a device takes", "MAX_RECEIVED", str(MAX_BODY_TO_DEVICE)),
    ]
    rows += [("message types", m.name.upper(), f"0x{m.type:02X}") for m in schema.messages]
    for m in schema.messages:
        if not m.to_device:
            for f in m.fields:
                if f.bit is not None:
                    rows.append((f"bits of `present` in {m.name}", f"{m.name}_HAS_{f.name}".upper(), str(1 << f.bit)))
    for spec in schema.specs:
        is_enum = isinstance(spec, EnumSpec)
        for word, n in spec.members.items():
            rows.append((spec.doc or spec.name, f"{spec.name}_{word}".upper(), str(n if is_enum else 1 << n)))
    names = [name for _, name, _ in rows]
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(f"wire.py would define {name} twice; rename a message, a list or one of its words")
    return rows


def _constants(schema: Schema) -> list[str]:
    lines: list[str] = []
    last = ""
    for heading, name, value in constants(schema):
        if heading != last:
            lines += ["", f"# {heading}"]
            last = heading
        lines.append(f"{name} = const({value})")
    return lines


def _raw_name(f: FieldRecord) -> str:
    """`spo2_pct`, sent in tenths, is the integer `spo2_x10`, as everywhere in the firmware."""
    stem, _, unit = f.name.rpartition("_")
    return f"{stem}_x{f.scale}" if stem and unit and f.scale > 1 else f.name


def _packer(m: MessageRecord) -> list[str]:
    params = ["buf", "off", *(["present"] if m.has_present else []), *map(_raw_name, m.fields)]
    if m.run:
        params += [*(f.name for f in m.run.fields), "start", "n"] if m.run.fields else [m.run.name]
    lines = call(0, f"def pack_{m.name}(", params, "):")
    lines.append(f'    """{m.doc}"""')
    end = str(m.head_bytes)
    if m.run and m.run.fields:
        end = f"{m.head_bytes} + {m.run.item_bytes} * n"
    if m.run and m.run.fields:
        lines += [f"    end = off + {end}", "    _room(buf, end)"]
    else:
        lines.append(f"    _room(buf, off + {end})")
    values = [f'"<{m.head_format}"', "buf", "off"]
    values += [str(m.head_bytes)] if m.run else []
    values += ["present"] if m.has_present else []
    for f in m.fields:
        name = _raw_name(f)
        values.append(name if f.bit is None else f"{name} if present & {1 << f.bit} else 0")
    lines += call(4, "pack_into(", values, ")")
    if m.run and m.run.fields:
        row = ", ".join(f"{f.name}[i]" for f in m.run.fields)
        lines += [
            f"    off += {m.head_bytes}",
            "    for i in range(start, start + n):",
            f'        pack_into("<{m.run.item_format}", buf, off, {row})',
            f"        off += {m.run.item_bytes}",
            "    return end",
        ]
    elif m.run:
        lines.append(f"    return _put(buf, off + {m.head_bytes}, {m.run.name})")
    else:
        lines.append(f"    return off + {m.head_bytes}")
    return lines


def _parser(m: MessageRecord) -> list[str]:
    if any(f.bit is not None for f in m.fields):
        raise SchemaError(f"{m.name}: a command has no optional fields; the firmware's parsers do not know `present`")
    if m.older_head_bytes:
        return _parser_of_grown(m)
    n, form = m.head_bytes, f'"<{m.head_format}"'
    if not m.run:
        return [f"    if end - off < {n}:", "        return None", f"    return unpack_from({form}, buf, off)"]
    lines = [f"    if end - off < {n} or buf[off] < {n} or buf[off] > end - off:", "        return None"]
    lines.append("    run = off + buf[off]")
    if m.run.fields:
        lines += [f"    if (end - run) % {m.run.item_bytes}:", "        return None"]
    skip_first = form.replace("<B", "<")
    lines.append(f"    return unpack_from({skip_first}, buf, off + 1) + (memoryview(buf)[run:end],)")
    return lines


def _parser_of_grown(m: MessageRecord) -> list[str]:
    """Of a message that later minor versions made longer: what the sender's version lacks is None."""
    lines = ["    stop = end - off"]
    if m.run:
        lines = [
            "    if end - off < 1 or buf[off] > end - off:",
            "        return None",
            "    stop = buf[off]",
            "    run = off + stop",
        ]
        if m.run.fields:
            lines += [f"    if (end - run) % {m.run.item_bytes}:", "        return None"]
    skip = 1 if m.run else 0
    for size in reversed((*m.older_head_bytes, m.head_bytes)):
        fields = [f for f in m.fields if m.end_of(f) <= size]
        rest = ["None"] * (len(m.fields) - len(fields)) + (["memoryview(buf)[run:end]"] if m.run else [])
        tail = f" + ({', '.join(rest)}{',' if len(rest) == 1 else ''})" if rest else ""
        test = f"stop >= {size}" if size == m.head_bytes else f"stop == {size}"
        form = "<" + "".join(f.format for f in fields)
        at = f"off + {skip}" if skip else "off"
        lines += [f"    if {test}:", f'        return unpack_from("{form}", buf, {at}){tail}']
    lines.append("    return None")
    too_wide = [line for line in lines if len(line) > WIDTH]
    if too_wide:
        raise SchemaError(f"{m.name}: the parser's line is too wide: {too_wide[0].strip()}")
    return lines


def _item_format(m: MessageRecord) -> str:
    assert m.run is not None
    fields = ", ".join(f.name for f in m.run.fields)
    return f'# One item of the run of {m.name}: {fields}.\n{m.name.upper()}_ITEM = "<{m.run.item_format}"'
