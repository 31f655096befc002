# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of protocol/README.md: every message with its fields, and every list of named numbers."""

from __future__ import annotations

from .fields import EnumSpec, FlagSpec
from .schema import FieldRecord, MessageRecord, Schema, SchemaError

BEGIN = "<!-- Generated from vitalwire_protocol/messages.py by `make protocol`: do not edit between these marks. -->"
END = "<!-- End of what is generated. -->"


def with_tables(readme: str, tables: str) -> str:
    """`readme` with `tables` between the marks. Raises SchemaError if it does not hold each mark once."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise SchemaError("protocol/README.md must hold the marks for the generated tables once each, in order")
    before, after = readme[: readme.index(BEGIN)], readme[readme.index(END) :]
    return f"{before}{BEGIN}\n\n{tables}\n{after}"


def emit_tables(schema: Schema) -> str:
    """All tables, as Markdown."""
    lines = [f"This is version {schema.major}.{schema.minor}, schema hash `0x{schema.hash:08X}`.", ""]
    lines += ["| type | message | direction | when |", "|---|---|---|---|"]
    for m in schema.messages:
        lines.append(f"| 0x{m.type:02X} | [`{m.name}`](#{m.name}) | {m.direction} | {m.doc} |")
    for title, to_device in (("Device to host", False), ("Host to device", True)):
        lines += ["", f"### {title}"]
        for m in schema.messages:
            if m.to_device == to_device:
                lines += ["", *_message(m)]
    lines += ["", "### Named numbers"]
    for spec in schema.specs:
        lines += ["", *_spec(spec)]
    return "\n".join(lines) + "\n"


def _message(m: MessageRecord) -> list[str]:
    lines = [f"#### `{m.name}`", "", f"Type 0x{m.type:02X}. {m.doc}", ""]
    lines += ["| at | field | type | wire unit | bit | meaning |", "|---|---|---|---|---|---|"]
    at = 0
    if m.run:
        lines.append(f"| 0 | head_bytes | u8 | bytes | | {m.head_bytes} |")
        at = 1
    if m.has_present:
        lines.append(f"| {at} | present | u16 | | | one bit a field that may be absent |")
        at += 2
    for f in m.fields:
        bit = "" if f.bit is None else str(f.bit)
        lines.append(f"| {at} | {f.name} | {f.type} | {_unit(f)} | {bit} | {_meaning(f)} |")
        at += f.size
    if m.run:
        kind = "items" if m.run.fields else "text"
        lines.append(f"| {at} | {m.run.name} | {kind} | | | to the end of the payload: {m.run.doc} |")
        at = 0
        for f in m.run.fields:
            lines.append(f"| +{at} | {m.run.name}.{f.name} | {f.type} | {_unit(f)} | | {_meaning(f)} |")
            at += f.size
    return lines


def _unit(f: FieldRecord) -> str:
    return f.unit if f.scale == 1 else f"{1 / f.scale:g} {f.unit}".rstrip()


def _meaning(f: FieldRecord) -> str:
    parts = [f"see [{f.spec.name}](#list-{f.spec.name})" if f.spec else "", f.doc]
    if f.since:
        parts.append(f"since minor version {f.since}")
    return "; ".join(p for p in parts if p)


def _spec(spec: EnumSpec | FlagSpec) -> list[str]:
    kind = "numbers" if isinstance(spec, EnumSpec) else "bits"
    doc = f": {spec.doc}" if spec.doc else ""
    names = ", ".join(f"{n} `{name}`" for name, n in spec.members.items())
    return [f'<a id="list-{spec.name}"></a>**{spec.name}** ({kind}){doc}.', "", names + "."]
