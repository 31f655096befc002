# SPDX-License-Identifier: Apache-2.0
"""The capture: complete where it was closed, readable where it was torn, and honest where it was changed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.record.capture import CHUNK_BYTES, MAGIC, RECORD, SEAL, CaptureEncoder, read_capture, received_bytes
from vitalwire.session.inputs import Input, Kind

INPUTS = st.lists(
    st.builds(
        Input,
        st.sampled_from([Kind.RECEIVED, Kind.SENT, Kind.EXPIRED]),
        st.integers(0, 20_000),
        st.integers(-5000, 2**50),
        st.binary(max_size=3000),
    ),
    max_size=30,
).map(lambda items: sorted(items, key=lambda item: item.t_ms))


def written(inputs: list[Input], *, close: bool = True) -> tuple[bytes, CaptureEncoder]:
    encoder = CaptureEncoder()
    data = encoder.begin() + b"".join(encoder.encode(item) for item in inputs)
    return (data + encoder.close(30_000, 30_000, why="test") if close else data), encoder


def some(count: int = 40) -> list[Input]:
    return [Input(Kind.RECEIVED, 250 * i, 10**12 + 250 * i, bytes([i]) * 100) for i in range(count)]


@given(INPUTS)
def test_what_was_written_is_read_back(inputs: list[Input]) -> None:
    data, encoder = written(inputs)
    capture = read_capture(data)
    assert capture.state == "closed"
    assert capture.head == encoder.head
    assert capture.bad is None
    assert b"".join(received_bytes(capture)) == b"".join(i.data for i in inputs if i.kind == Kind.RECEIVED)
    assert sum(i.kind == Kind.EXPIRED for i in capture.inputs) == sum(i.kind == Kind.EXPIRED for i in inputs)
    short = [i for i in inputs if len(i.data) <= 2048]
    if len(short) == len(inputs):
        assert list(capture.inputs) == inputs


@given(INPUTS)
def test_a_chunk_is_at_most_a_second_and_4_kb(inputs: list[Input]) -> None:
    data, _ = written(inputs)
    at, start, first_ms = len(MAGIC), len(MAGIC), None
    while at < len(data):
        kind, length, t_ms, _ = RECORD.unpack_from(data, at)
        at += RECORD.size + length
        if kind == SEAL:
            assert at - start <= CHUNK_BYTES
            start, first_ms = at, None
            continue
        first_ms = t_ms if first_ms is None else first_ms
        assert kind == 254 or t_ms - first_ms < 1000 or t_ms == first_ms


@given(INPUTS, st.integers(0, 200_000))
def test_a_torn_tail_costs_the_torn_record_and_nothing_before_it(inputs: list[Input], cut: int) -> None:
    data, _ = written(inputs, close=False)
    torn = data[: min(cut, len(data))]
    capture = read_capture(torn)
    assert capture.bad is None
    assert capture.closed is None
    whole = read_capture(data)
    assert whole.inputs[: len(capture.inputs)] == capture.inputs
    assert len(capture.inputs) == len(whole.inputs) or len(torn) < len(data)
    assert capture.torn_bytes < RECORD.size + 2048


@given(st.integers(0), st.integers(1, 255))
def test_any_changed_byte_is_found_in_its_chunk(position: int, change: int) -> None:
    data, encoder = written(some())
    at = position % len(data)
    changed = bytearray(data)
    changed[at] ^= change
    capture = read_capture(bytes(changed))
    whole = read_capture(data)
    if (
        capture.bad is None
    ):  # a length that grew past the end of the file looks like a torn tail, never like a closed one
        assert capture.state == "not closed"
        assert capture.head != encoder.head
    else:
        assert capture.bad.offset <= at
        assert at - capture.bad.offset < CHUNK_BYTES + RECORD.size
    assert whole.inputs[: len(capture.inputs)] == capture.inputs or capture.bad is None


def test_a_bad_chunk_says_where_and_when() -> None:
    data, _ = written(some())
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    bad = read_capture(bytes(changed)).bad
    assert bad is not None
    assert bad.number > 0
    assert bad.from_ms is not None
    assert bad.to_ms is not None
    assert bad.to_ms - bad.from_ms < 1000
    assert f"chunk {bad.number} at byte {bad.offset}" in str(bad)


def test_a_chunk_that_was_taken_out_is_found() -> None:
    data, _ = written(some())
    seals = seal_ends(data)
    without_third = data[: seals[1]] + data[seals[2] :]
    bad = read_capture(without_third).bad
    assert bad is not None
    assert bad.number == 2


def test_a_capture_cut_at_a_seal_is_not_closed_and_shorter_than_its_head() -> None:
    data, encoder = written(some())
    capture = read_capture(data[: seal_ends(data)[3]])
    assert capture.state == "not closed"
    assert capture.torn_bytes == capture.unsealed_bytes == 0
    assert capture.head != encoder.head


def test_nothing_may_follow_the_close_record() -> None:
    data, _ = written(some(3))
    more = RECORD.pack(Kind.EXPIRED, 0, 40_000, 0)
    assert "after the close record" in str(read_capture(data + more).bad)


def test_a_close_record_without_its_seal_closes_nothing() -> None:
    data, _ = written(some(3))
    assert read_capture(data[: -RECORD.size - 32]).state == "not closed"


def test_the_chain_is_sha_256_over_the_previous_seal_and_the_bytes_since() -> None:
    data, _ = written(some(2))
    end = seal_ends(data)[0]
    body = data[len(MAGIC) : end - 32]
    assert data[end - 32 : end] == hashlib.sha256(hashlib.sha256(MAGIC).digest() + body).digest()


@given(st.binary(max_size=400))
def test_any_bytes_are_a_capture_or_a_sentence(data: bytes) -> None:
    capture = read_capture(data)
    assert capture.closed is None
    assert capture.inputs == ()


@given(st.binary(max_size=400))
def test_any_bytes_behind_the_first_line_do_no_harm(data: bytes) -> None:
    read_capture(MAGIC + data)


def test_what_could_not_be_written_is_said() -> None:
    encoder = CaptureEncoder()
    data = encoder.begin() + encoder.encode(Input(Kind.EXPIRED, 5, 5))
    data += encoder.lost(9000, 9000, inputs=12, since_ms=6) + encoder.close(9001, 9001)
    (lost,) = read_capture(data).lost
    assert (lost.inputs, lost.since_ms, lost.until_ms) == (12, 6, 9000)


def seal_ends(data: bytes) -> list[int]:
    at, found = len(MAGIC), []
    while at < len(data):
        kind, length, _, _ = RECORD.unpack_from(data, at)
        at += RECORD.size + length
        if kind == SEAL:
            found.append(at)
    return found


@pytest.mark.parametrize("data", [b"", MAGIC[:7], MAGIC])
def test_an_empty_or_just_begun_capture_is_not_closed(data: bytes) -> None:
    assert read_capture(data).state == "not closed"
