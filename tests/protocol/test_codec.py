# SPDX-License-Identifier: Apache-2.0
"""Properties of the host's codec: it equals construct for any values, and no bytes can surprise it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire_protocol import codec, errors, framing, messages, reference
from vitalwire_protocol.schema import FieldRecord, MessageRecord

RANGES = {"B": (0, 255), "H": (0, 65535), "I": (0, 2**32 - 1), "h": (-(2**15), 2**15 - 1), "i": (-(2**31), 2**31 - 1)}
RECORDS = [reference.record_of(m.name) for m in messages.MESSAGES]


def field_values(f: FieldRecord) -> st.SearchStrategy[Any]:
    raw = st.integers(*RANGES[f.format])
    value = raw if f.scale == 1 else raw.map(lambda n: n / f.scale)
    return st.none() | value if f.bit is not None else value


def run_values(record: MessageRecord) -> st.SearchStrategy[Any]:
    run = record.run
    assert run is not None
    if not run.fields:
        return st.text(max_size=40)
    item = st.tuples(*(st.integers(*RANGES[f.format]) for f in run.fields))
    rows = st.lists(item, max_size=12)
    return rows.map(lambda r: [n for i in r for n in i]) if run.flat else rows.map(lambda r: [list(i) for i in r])


def values_of(record: MessageRecord) -> st.SearchStrategy[dict[str, Any]]:
    parts = {f.name: field_values(f) for f in record.fields}
    if record.run:
        parts[record.run.name] = run_values(record)
    return st.fixed_dictionaries(parts)


any_message = st.sampled_from(RECORDS).flatmap(lambda r: st.tuples(st.just(r), values_of(r)))


@given(any_message, st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1))
def test_codec_and_construct_agree_on_any_values(
    message: tuple[MessageRecord, dict[str, Any]], sequence: int, t_ms: int
) -> None:
    record, values = message
    struct = reference.BY_NAME[record.name]
    payload = reference.build_payload(struct, record, values)
    frozen = {k: tuple(map(_frozen, v)) if isinstance(v, list) else v for k, v in values.items()}
    typed = codec.MESSAGE_TYPES[record.type](seq=0, t_ms=0, **frozen)

    body = framing.encode_body(typed, sequence, t_ms)

    assert body == reference.body_of(payload, record.type, sequence, t_ms)
    assert framing.decode_body(body) == typed._replace(seq=sequence, t_ms=t_ms)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@given(st.sampled_from(RECORDS), st.binary(max_size=80))
def test_codec_and_construct_agree_on_any_payload(record: MessageRecord, payload: bytes) -> None:
    try:
        message = framing.decode_body(reference.body_of(payload, record.type, 0, 0))
    except errors.BadPayload:
        return
    parsed = reference.parse_payload(reference.BY_NAME[record.name], record, payload)
    found = {k: [list(i) if isinstance(i, tuple) else i for i in v] if isinstance(v, tuple) else v
             for k, v in list(message._asdict().items())[2:]}  # fmt: skip
    assert found == parsed


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes_give_a_message_or_one_of_the_frame_errors(data: bytes, with_crc: bool) -> None:
    body = reference.body_of(data[3:], data[1], data[0], data[2]) if with_crc and len(data) > 2 else data
    outcome: object
    try:
        outcome = framing.decode_body(body)
    except errors.FrameError as error:
        outcome = error
    assert type(outcome) in (*codec.MESSAGE_TYPES.values(), *errors.FrameError.__subclasses__())
    assert str(outcome)


@given(st.sampled_from(RECORDS), st.binary(max_size=520))
def test_any_payload_of_a_known_type_gives_that_message_or_bad_payload(record: MessageRecord, payload: bytes) -> None:
    body = reference.body_of(payload, record.type, 1, 2)
    try:
        message = framing.decode_body(body)
    except (errors.BadPayload, errors.TooLong):
        return
    assert type(message) is codec.MESSAGE_TYPES[record.type]


@given(st.integers(0, 44 * 8 - 1))
def test_any_single_flipped_bit_is_noticed(bit: int) -> None:
    body = bytearray(framing.encode_body(codec.Heartbeat(0, 0, 1, 2, 3, None, 5000, 4, None, 0), 9, 99))
    bit %= 8 * len(body)
    body[bit // 8] ^= 1 << bit % 8
    with pytest.raises(errors.BadCrc):
        framing.decode_body(bytes(body))


def test_a_number_of_a_later_version_does_not_stop_a_message() -> None:
    message = framing.decode_body(framing.encode_body(codec.Event(0, 0, 200, 201, None, ""), 0, 0))
    assert isinstance(message, codec.Event)
    assert (message.event, message.fault) == (200, 201)
    assert codec.name_of(codec.EventKind, message.event) == "unknown_200"


def test_named_numbers_have_the_words_of_the_protocol() -> None:
    assert codec.name_of(codec.Reason, codec.Reason.NO_FINGER) == "no_finger"
    assert codec.names_of(codec.Status, 0x80000005) == ["session", "cuff_pressurised", "unknown_31"]
    assert codec.names_of(codec.Status, 0) == []


def test_text_that_is_no_utf8_is_shown_as_far_as_it_can_be() -> None:
    record = reference.record_of("config_set")
    payload = bytes([record.head_bytes]) + bytes(record.head_bytes - 1) + b"Bed \xff\xfe 3"
    message = framing.decode_body(reference.body_of(payload, record.type, 0, 0))
    assert isinstance(message, codec.ConfigSet)
    assert message.setting == "Bed \ufffd\ufffd 3"


@pytest.mark.parametrize(
    "message",
    [
        codec.SessionBegin.request(2**32, 300, 60, 0),
        codec.SetInterval.request(-1),
        codec.ConfigSet.request(0, "x" * 300),
        codec.SetLimits.request(0, 0, ((0, 1, 2, 3),)),  # type: ignore[arg-type]
        codec.OximetryReading(0, 0, float("nan"), None, None, None, None, 0, 0, 0, 8, 0, None, None),
        codec.OximetryReading(0, 0, float("inf"), None, None, None, None, 0, 0, 0, 8, 0, None, None),
        codec.Ppg(0, 0, 0, 100, 0, (1,) * 200),
        codec.Ppg(0, 0, 0, 100, 0, (1, 2, 3)),
        codec.Acknowledge.request(None),  # type: ignore[arg-type]
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_value_that_does_not_fit_is_refused_with_the_message_named(message: codec.Message) -> None:
    with pytest.raises(errors.BadValue, match=f"^{type(message).__name__} cannot be sent: "):
        framing.encode_body(message, 0, 0)


def test_sequence_and_time_wrap() -> None:
    message = framing.decode_body(framing.encode_body(codec.Ping(0, 0, 1, 2), 0x12345, 2**32 + 7))
    assert message[:2] == (0x2345, 7)


def test_installed_code_runs_without_construct() -> None:
    code = (
        "import sys; sys.modules['construct'] = None\n"
        "from vitalwire_protocol import codec, errors, framing\n"
        "print(len(framing.encode_frame(codec.Ping.request(), 1, 2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("20\n", "")
