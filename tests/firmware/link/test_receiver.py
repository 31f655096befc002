# SPDX-License-Identifier: Apache-2.0
"""Any bytes at all into the board's receiver: no exception, a buffer that does not grow, in step at the next zero."""

from __future__ import annotations

import json
import struct
import tempfile
from binascii import crc32
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cobs import cobs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitalwire_protocol.codec import Ping, SessionBegin
from vitalwire_protocol.framing import encode_frame

HERE = Path(__file__).parent
Run = Callable[..., Any]


class Segment(NamedTuple):
    """A piece of a stream between two zeros, and what a receiver in step makes of it."""

    data: bytes
    counter: str | None


def frame(payload: bytes, version: int = 1, crc_error: int = 0) -> bytes:
    body = struct.pack("<BBHI", version, 0x81, 7, 1234) + payload
    return cobs.encode(body + struct.pack("<I", crc32(body) ^ crc_error))


def pattern(n: int, step: int) -> bytes:
    return bytes(i * step % 256 for i in range(n))


payloads = st.binary(max_size=16) | st.builds(pattern, st.integers(0, 244), st.integers(0, 255))
too_long = st.builds(pattern, st.integers(245, 700), st.integers(0, 255))
segments = st.one_of(
    payloads.map(lambda p: Segment(frame(p), "frames")),
    payloads.map(lambda p: Segment(frame(p, crc_error=1), "bad_crc")),
    st.tuples(payloads, st.sampled_from([0, 2, 255])).map(
        lambda v: Segment(frame(v[0], version=v[1]), "wrong_version")
    ),
    st.binary(max_size=11).map(lambda p: Segment(cobs.encode(p), "too_short")),
    too_long.map(lambda p: Segment(frame(p), "too_long")),
    st.just(Segment(b"", None)),
)
garbage = st.binary(max_size=60) | st.builds(pattern, st.integers(0, 700), st.integers(0, 255))
pieces = st.lists(st.integers(1, 130), min_size=1, max_size=4)


def received(play: Run, streams: list[tuple[bytes, list[int]]]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "streams.json")
        path.write_text(json.dumps({"streams": [{"data": d.hex(), "pieces": p} for d, p in streams]}))
        found: list[Any] = play(HERE / "play_receiver.py", str(path))
        return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(st.tuples(st.lists(segments, max_size=8), pieces), min_size=3, max_size=12))
def test_each_piece_between_zeros_is_judged_by_itself(play: Run, batch: list[tuple[list[Segment], list[int]]]) -> None:
    streams = [(b"".join(s.data + b"\0" for s in found), sizes) for found, sizes in batch]
    for (found, _), seen in zip(batch, received(play, streams), strict=True):
        for name, count in seen["counters"].items():
            assert count == sum(s.counter == name for s in found), name
        assert [body[2] for body in seen["bodies"]] == [
            cobs.decode(s.data)[8:-4].hex() for s in found if s.counter == "frames"
        ]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(st.tuples(garbage, pieces), min_size=3, max_size=20))
def test_garbage_never_costs_the_frame_after_the_next_zero(play: Run, batch: list[tuple[bytes, list[int]]]) -> None:
    good = encode_frame(Ping(0, 0, 5, 6), 9, 10)
    streams = [(data + b"\0" + good, sizes) for data, sizes in batch]
    for seen in received(play, streams):
        assert seen["bodies"][-1] == [Ping.TYPE, 9, struct.pack("<IH", 5, 6).hex()]


def test_what_the_host_sends_arrives(play: Run) -> None:
    command = SessionBegin(0, 0, 0xDEADBEEF, 3, 77, 300, 120, 1)
    (seen,) = received(play, [(b"\0" + encode_frame(command, 0x1234, 0xFFFFFFFF), [1])])
    assert seen["counters"]["frames"] == 1
    assert seen["bodies"] == [[SessionBegin.TYPE, 0x1234, struct.pack("<IHIHHB", 0xDEADBEEF, 3, 77, 300, 120, 1).hex()]]
