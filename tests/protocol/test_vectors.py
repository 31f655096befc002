# SPDX-License-Identifier: Apache-2.0
"""The golden vectors, byte for byte: host's codec, construct, and the firmware's wire under both interpreters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cobs import cobs

from vitalwire_protocol import codec, errors, framing, messages, reference

ROOT = Path(__file__).resolve().parents[2]
LINK = ROOT / "firmware" / "vitals" / "link"
SHIM = ROOT / "hardware" / "twin" / "cpython"


def body_of(vector: dict[str, Any]) -> bytes:
    frame = bytes.fromhex(vector["frame"])
    assert frame.endswith(b"\0")
    assert frame.count(0) == 1
    return cobs.decode(frame[:-1])


def as_json(message: codec.Message) -> dict[str, Any]:
    """The message's own fields, with tuples as the lists of JSON."""

    def plain(value: Any) -> Any:
        return [plain(v) for v in value] if isinstance(value, tuple) else value

    return {k: plain(v) for k, v in message._asdict().items() if k not in ("seq", "t_ms")}


def message_of(vector: dict[str, Any]) -> codec.Message:
    kind = codec.MESSAGE_TYPES[reference.BY_NAME[vector["message"]].type]
    values = {
        k: tuple(tuple(i) if isinstance(i, list) else i for i in v) if isinstance(v, list) else v
        for k, v in vector["fields"].items()
    }
    return kind(seq=vector["sequence"], t_ms=vector["t_ms"], **values)


def test_every_message_has_typical_smallest_largest_and_absent_values(golden: dict[str, Any]) -> None:
    for m in messages.MESSAGES:
        cases = {v["case"] for v in golden["vectors"] if v["message"] == m.name}
        record = reference.record_of(m.name)
        wanted = {"typical", "smallest", "largest"} | ({"all absent"} if record.has_present else set())
        assert wanted <= cases, m.name


def test_host_decodes_each_frame_to_its_values(golden: dict[str, Any]) -> None:
    for vector in golden["vectors"]:
        unread: list[int] = []
        message = framing.decode_body(body_of(vector), unread.append)
        assert as_json(message) == vector["fields"], vector["case"]
        assert message[:2] == (vector["sequence"], vector["t_ms"])
        assert message == message_of(vector)
        assert unread == []


def test_host_decodes_each_frame_of_an_earlier_version_with_what_was_appended_since_absent(
    earlier: dict[str, Any],
) -> None:
    minor = int(earlier["version"].split(".")[1])
    assert minor < codec.VERSION_MINOR
    for vector in earlier["vectors"]:
        message = framing.decode_body(body_of(vector))
        since = {f.name: None for f in reference.record_of(vector["message"]).fields if f.since > minor}
        assert as_json(message) == {**vector["fields"], **since}, (vector["message"], vector["case"])
    for vector in earlier["refused"]:
        with pytest.raises(errors.FrameError):
            framing.decode_body(body_of(vector))


def test_firmware_parses_the_commands_of_an_earlier_version(
    run_script: Callable[..., str], earlier: dict[str, Any]
) -> None:
    vectors = ROOT / "protocol" / "vectors" / f"v{earlier['version']}.json"
    out = run_script("check_wire.py", LINK, SHIM, vectors, "commands")
    commands = [v for v in earlier["vectors"] if reference.BY_NAME[v["message"]].type >= 0x80]
    assert commands
    assert f"checked: {len(commands)} of " in out


def test_host_encodes_each_message_to_its_frame(golden: dict[str, Any]) -> None:
    for vector in golden["vectors"]:
        frame = framing.encode_frame(message_of(vector), vector["sequence"], vector["t_ms"])
        assert frame.hex() == vector["frame"], (vector["message"], vector["case"])


def test_construct_builds_and_parses_the_same_bytes(golden: dict[str, Any]) -> None:
    for vector in golden["vectors"]:
        m, record = reference.BY_NAME[vector["message"]], reference.record_of(vector["message"])
        payload = reference.build_payload(m, record, vector["fields"])
        assert reference.body_of(payload, m.type, vector["sequence"], vector["t_ms"]) == body_of(vector)
        assert reference.parse_payload(m, record, payload) == vector["fields"]


def test_firmware_packs_and_parses_the_same_bytes(run_script: Callable[..., str], golden: dict[str, Any]) -> None:
    out = run_script("check_wire.py", LINK, SHIM, ROOT / "protocol" / "vectors" / f"v{golden['version']}.json")
    assert f"checked: {len(golden['vectors'])} of {len(messages.MESSAGES)} messages" in out
    assert f"schema hash: 0x{codec.SCHEMA_HASH:08X}" in out


def test_absent_values_are_zero_on_the_wire(golden: dict[str, Any]) -> None:
    for vector in golden["vectors"]:
        record = reference.record_of(vector["message"])
        payload = body_of(vector)[framing.HEADER_BYTES : -framing.CRC_BYTES]
        for f in record.fields:
            if f.bit is not None and vector["fields"][f.name] is None:
                assert not any(payload[record.end_of(f) - f.size : record.end_of(f)]), (vector["message"], f.name)


def test_bytes_under_a_clear_bit_are_never_a_value() -> None:
    """A sender that forgets to write zeros does not make a reading."""
    good = framing.encode_body(codec.OximetryReading(0, 0, 97.0, 60.0, 1.0, 90, 5, 0, 0, 0, 8, 0, None, None), 0, 0)
    payload = bytearray(good[framing.HEADER_BYTES : -framing.CRC_BYTES])
    payload[0] = 0
    message = framing.decode_body(reference.body_of(bytes(payload), codec.OximetryReading.TYPE, 0, 0))
    assert message[2:7] == (None,) * 5


def test_frames_of_a_later_minor_version_are_read_and_the_rest_is_counted(golden: dict[str, Any]) -> None:
    assert {v["message"] for v in golden["later"]} == {m.name for m in messages.MESSAGES}
    for vector in golden["later"]:
        unread: list[int] = []
        message = framing.decode_body(body_of(vector), unread.append)
        assert as_json(message) == vector["fields"]
        assert unread == [vector["extra"]]
        assert framing.decode_body(body_of(vector)) == message


def test_frames_to_be_refused_raise_their_own_exception(golden: dict[str, Any]) -> None:
    seen = set()
    for vector in golden["refused"]:
        with pytest.raises(errors.FrameError) as caught:
            framing.decode_body(body_of(vector))
        assert type(caught.value).__name__ == vector["error"], vector["case"]
        assert str(caught.value), "the reason is told in words"
        seen.add(vector["error"])
    assert seen == {kind.__name__ for kind in errors.FrameError.__subclasses__()}


def test_wrong_version_and_unknown_type_say_which() -> None:
    with pytest.raises(errors.WrongVersion, match=r"version 2; this program speaks version 1") as version:
        framing.decode_body(reference.body_of(b"", 1, 0, 0, major=2))
    assert version.value.major == 2
    with pytest.raises(errors.UnknownType, match="0x7e") as unknown:
        framing.decode_body(reference.body_of(b"", 0x7E, 0, 0))
    assert unknown.value.type == 0x7E
