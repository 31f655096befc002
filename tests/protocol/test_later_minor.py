# SPDX-License-Identifier: Apache-2.0
"""Two minor versions side by side: what the generators make of appended fields, in all four combinations."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from vitalwire_protocol import errors, reference
from vitalwire_protocol.emit_codec import emit_codec
from vitalwire_protocol.emit_wire import emit_wire
from vitalwire_protocol.fields import DEVICE_TO_HOST, HOST_TO_DEVICE, Message, items, message, text, u8, u16, u32
from vitalwire_protocol.schema import Schema, read_message, read_schema

ROOT = Path(__file__).resolve().parents[2]


def definition(minor: int) -> list[Message]:
    """One message of each shape, in the minor versions 0, 1 and 2; 1 and 2 append to all of them."""

    def grown(*parts: Any) -> list[Any]:
        return [p for p in parts if p.subcon.since <= minor]

    plain = grown(u16("a"), u8("b", since=1), u16("c", scale=10, since=2))
    option = grown(u16("a", optional=True), u8("b", optional=True, since=1), u16("c", scale=10, since=2))
    command = grown(u32("client"), u16("number"), u8("b", since=1), u16("c", since=2))
    again = grown(u32("client"), u16("number"), u8("b", since=1), u16("c", since=2))
    written = grown(u8("a"), u8("b", since=1), u16("c", scale=10, since=2))
    return [
        message("plain", 0x01, DEVICE_TO_HOST, "Integers.", *plain),
        message("option", 0x02, DEVICE_TO_HOST, "Integers that may be absent.", *option),
        message("written", 0x03, DEVICE_TO_HOST, "Integers and text.", *written, text("words", "")),
        message("command", 0x80, HOST_TO_DEVICE, "A command.", *command),
        message("listed", 0x81, HOST_TO_DEVICE, "A command with items.", *again, items("rows", "", u8("x"), u8("y"))),
    ]


def schema(minor: int) -> Schema:
    return read_schema(definition(minor), 1, minor)


def generated_codec(minor: int) -> types.ModuleType:
    module = types.ModuleType(f"vitalwire_protocol._minor_{minor}")
    module.__package__ = "vitalwire_protocol"
    sys.modules[module.__name__] = module
    exec(compile(emit_codec(schema(minor)), module.__name__, "exec"), module.__dict__)
    return module


VALUES = {
    "plain": {"a": 300, "b": 7, "c": 12.5},
    "option": {"a": 300, "b": 7, "c": 12.5},
    "written": {"a": 30, "b": 7, "c": 12.5, "words": "so\0it is"},
    "command": {"client": 9, "number": 8, "b": 7, "c": 125},
    "listed": {"client": 9, "number": 8, "b": 7, "c": 125, "rows": [[1, 2], [3, 4]]},
}
SINCE = {"b": 1, "c": 2}


def body(name: str, minor: int) -> bytes:
    """The message as a sender of `minor` builds it, by construct."""
    m = next(m for m in definition(minor) if m.name == name)
    record = read_message(m, minor)
    values = {k: v for k, v in VALUES[name].items() if SINCE.get(k, 0) <= minor}
    return reference.body_of(reference.build_payload(m, record, values), m.type, 1, 2)


def expected(name: str, sender: int, receiver: int) -> dict[str, Any]:
    known = {k: v for k, v in VALUES[name].items() if SINCE.get(k, 0) <= receiver}
    return {k: v if SINCE.get(k, 0) <= sender else None for k, v in known.items()}


@pytest.mark.parametrize("receiver", [0, 1, 2])
@pytest.mark.parametrize("sender", [0, 1, 2])
def test_host_reads_what_both_know_and_the_rest_is_absent_or_counted(sender: int, receiver: int) -> None:
    codec = generated_codec(receiver)
    sent_bytes = {m.name: m.head_bytes for m in schema(sender).messages}
    for m in schema(receiver).messages:
        extra: list[int] = []
        data = body(m.name, sender)
        decoded = codec.DECODERS[m.type](data, len(data) - 4, extra.append)
        rows = {k: [list(i) for i in v] if isinstance(v, tuple) else v for k, v in decoded._asdict().items()}
        assert rows == {"seq": 1, "t_ms": 2, **expected(m.name, sender, receiver)}
        unread = sent_bytes[m.name] - m.head_bytes
        assert extra == ([unread] if unread > 0 else [])


def test_host_encodes_what_construct_builds() -> None:
    codec = generated_codec(2)
    for m in schema(2).messages:
        data = body(m.name, 2)
        decoded = codec.DECODERS[m.type](data, len(data) - 4, None)
        assert codec.ENCODERS[m.type](decoded) == data[8:-4]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_code_of_a_later_minor_passes_the_linter_and_the_formatter(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "codec.py").write_text(emit_codec(schema(2)), encoding="utf-8")
    (tmp_path / "wire.py").write_text(emit_wire(schema(2)), encoding="utf-8")
    # The exceptions made for firmware go by its folder, and would not hold for a copy of wire.py elsewhere.
    files = [str(tmp_path / "codec.py"), *([str(tmp_path / "wire.py")] if command[0] == "format" else [])]
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", *files]
    done = subprocess.run([sys.executable, "-m", "ruff", *command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_code_of_a_later_minor_passes_the_type_checker(tmp_path: Path) -> None:
    (tmp_path / "codec.py").write_text(emit_codec(schema(2)), encoding="utf-8")
    (tmp_path / "errors.py").write_text(Path(errors.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "__init__.py").touch()
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, str(tmp_path / "codec.py")], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_field_of_this_version_cannot_be_sent_as_absent() -> None:
    codec = generated_codec(2)
    for message_ in (codec.Plain(0, 0, 1, None, 1.0), codec.Plain(0, 0, 1, 1, None)):
        with pytest.raises(struct.error):
            codec.ENCODERS[1](message_)


def test_a_head_that_no_version_sent_is_refused() -> None:
    codec = generated_codec(2)
    for m in schema(2).messages:
        lengths = {schema(minor).messages[schema(2).messages.index(m)].head_bytes for minor in (0, 1, 2)}
        for n in range(m.head_bytes):
            head = bytes([n, *bytes(n - 1)]) if m.run and n else bytes(n)
            data = reference.body_of(head, m.type, 0, 0)
            if n in lengths:
                codec.DECODERS[m.type](data, len(data) - 4, None)
            else:
                with pytest.raises(errors.BadPayload):
                    codec.DECODERS[m.type](data, len(data) - 4, None)


CHECK = """
import json, sys
sys.path[:0] = [{folder!r}] + ([{shim!r}] if sys.implementation.name == "cpython" else [])
import wire
for name, data, wanted in json.load(open({cases!r})):
    data = bytes(data)
    found = getattr(wire, "parse_" + name)(data, 8, len(data) - 4)
    found = [list(bytes(v)) if isinstance(v, memoryview) else v for v in found]
    assert found == wanted, (name, found, wanted)
print("interpreter: " + sys.implementation.name)
"""


@pytest.mark.parametrize("interpreter", ["micropython", "cpython"])
@pytest.mark.parametrize("receiver", [0, 1, 2])
def test_firmware_reads_commands_of_any_minor(receiver: int, interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "wire.py").write_text(emit_wire(schema(receiver)), encoding="utf-8")
    cases = []
    for sender in (0, 1, 2):
        for name in ("command", "listed"):
            wanted = expected(name, sender, receiver)
            flat = [[n for row in v for n in row] if isinstance(v, list) else v for v in wanted.values()]
            cases.append([name, list(body(name, sender)), flat])
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    script = tmp_path / "check.py"
    shim = str(ROOT / "hardware" / "twin" / "cpython")
    script.write_text(CHECK.format(folder=str(tmp_path), shim=shim, cases=str(tmp_path / "cases.json")))
    command = [sys.executable, *(["-m", "micropython_unix"] if interpreter == "micropython" else []), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"interpreter: {interpreter}\n", done.stdout + done.stderr
