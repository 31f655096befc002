# SPDX-License-Identifier: Apache-2.0
"""The decoder takes any bytes, in any pieces, and says what was wrong with each that it could not use."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.link.decoder import MAX_ENCODED, MAX_LINES, Decoder
from vitalwire_protocol import codec
from vitalwire_protocol.framing import encode_body, encode_frame

TRACEBACK = (
    b"Traceback (most recent call last):\r\n"
    b'  File "main.py", line 12, in <module>\r\n'
    b"OSError: [Errno 19] ENODEV\r\n"
    b"MicroPython v1.26.0 on 2025-08-09; Raspberry Pi Pico with RP2040\r\n"
    b'Type "help()" for more information.\r\n'
    b">>> "
)


def heartbeat(seq: int, boot: int = 1) -> bytes:
    return encode_frame(codec.Heartbeat(0, 0, boot, 0, 0, None, 5000, 3, None, 0), seq, seq * 1000)


def hello(seq: int, boot: int) -> bytes:
    message = codec.Hello(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, codec.SCHEMA_HASH, 0, boot, "SIM00001\nbed 4\nMicroPython")
    return encode_frame(message, seq, 0)


def ppg(seq: int, n: int = 25) -> bytes:
    return encode_frame(codec.Ppg(0, 0, 25 * seq, 100, 0, tuple(range(100_000, 100_000 + 2 * n))), seq, seq)


def frames(n: int) -> bytes:
    return b"".join(ppg(i) if i % 3 else heartbeat(i) for i in range(n))


def everything(decoder: Decoder) -> tuple[object, ...]:
    return decoder.counters, decoder.take_console(), decoder.pending


# ---------------------------------------------------------------- good bytes


def test_each_frame_gives_its_message_in_order() -> None:
    messages = Decoder().feed(heartbeat(0) + ppg(1) + hello(2, boot=7))
    assert [type(m).__name__ for m in messages] == ["Heartbeat", "Ppg", "Hello"]
    assert [m.seq for m in messages] == [0, 1, 2]


def test_a_frame_comes_out_with_the_byte_that_ends_it() -> None:
    decoder = Decoder()
    frame = ppg(0)
    assert [len(decoder.feed(bytes([byte]))) for byte in frame] == [0] * (len(frame) - 1) + [1]


def test_zeros_between_frames_mean_nothing() -> None:
    decoder = Decoder()
    assert len(decoder.feed(b"\0\0" + heartbeat(0) + b"\0\0\0" + heartbeat(1) + b"\0")) == 2
    assert decoder.counters.damaged == 0


@given(st.lists(st.integers(1, 200)), st.binary(max_size=200))
def test_in_whatever_pieces_the_bytes_come_the_messages_are_the_same(cuts: list[int], noise: bytes) -> None:
    stream = frames(4) + noise + frames(3) + TRACEBACK + b"\0" + hello(9, 2) + noise * 5 + b"\0" + frames(2)
    whole, pieces = Decoder(), Decoder()
    expected = whole.feed(stream)
    got, at = [], 0
    for cut in cuts:
        got += pieces.feed(stream[at : at + cut])
        at += cut
    got += pieces.feed(stream[at:])
    assert got == expected
    assert everything(pieces) == everything(whole)


# ---------------------------------------------------------------- damaged bytes


@given(st.binary(max_size=2000))
def test_any_bytes_are_taken_and_the_next_frame_after_a_zero_is_read(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    messages = decoder.feed(b"\0" + heartbeat(5))
    assert messages[-1].seq == 5
    assert decoder.counters.bytes == len(noise) + 1 + len(heartbeat(5))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_costs_at_most_its_own_frame_and_its_neighbour(place: int, flip: int) -> None:
    stream = bytearray(frames(6))
    stream[place % len(stream)] ^= flip
    decoder = Decoder()
    messages = decoder.feed(bytes(stream))
    assert len(messages) >= 4
    assert all(message in Decoder().feed(frames(6)) for message in messages)
    counters = decoder.counters
    assert len(messages) < 6
    assert counters.damaged + counters.frames_lost + counters.console_bytes > 0 or decoder.pending


@given(st.integers(0, 400), st.integers(1, 60))
def test_lost_bytes_are_resynchronised_at_the_next_zero(start: int, length: int) -> None:
    stream = frames(8)
    damaged = stream[:start] + stream[start + length :]
    messages = Decoder().feed(damaged)
    assert [m.seq for m in messages][-2:] == [6, 7]


def test_every_way_to_be_wrong_has_its_counter() -> None:
    body = encode_body(codec.Heartbeat(0, 0, 1, 0, 0, None, None, 3, None, 0), 0, 0)

    def counted(piece: bytes) -> dict[str, int]:
        decoder = Decoder()
        assert decoder.feed(piece + b"\0") == []
        found = decoder.counters.as_dict()
        assert found.pop("bytes") == len(piece) + 1
        return {name: count for name, count in found.items() if count}

    assert counted(b"\x05\x01") == {"cobs": 1}
    assert counted(bytes(cobs.encode(body[:-1] + bytes([body[-1] ^ 1])))) == {"crc": 1}
    assert counted(bytes(cobs.encode(b"short"))) == {"too_short": 1}
    assert counted(bytes(range(1, 256)) * 3) == {"too_long": 1}
    assert counted(with_crc(b"\x01\x7f" + body[2:-4])) == {"unknown_type": 1}
    assert counted(with_crc(b"\x02" + body[1:-4])) == {"wrong_version": 1}
    assert counted(with_crc(body[:9])) == {"bad_payload": 1}
    assert counted(TRACEBACK) == {"console_bytes": len(TRACEBACK)}


def test_a_later_minor_version_is_read_as_far_as_it_is_known() -> None:
    body = encode_body(codec.Heartbeat(0, 0, 1, 0, 0, None, None, 3, None, 0), 0, 0)
    decoder = Decoder()
    (message,) = decoder.feed(with_crc(body[:-4] + b"\x07\x08\x09") + b"\0")
    assert isinstance(message, codec.Heartbeat)
    assert message.boot == 1
    assert decoder.counters.extra_bytes == 3


def test_the_foreign_major_version_is_remembered() -> None:
    body = encode_body(codec.Heartbeat(0, 0, 1, 0, 0, None, None, 3, None, 0), 0, 0)
    decoder = Decoder()
    decoder.feed(with_crc(b"\x03" + body[1:-4]) + b"\0")
    assert decoder.other_major == 3


# ---------------------------------------------------------------- the sequence


def test_a_gap_in_the_sequence_is_counted_and_placed() -> None:
    decoder = Decoder()
    messages = decoder.feed(heartbeat(10) + heartbeat(11) + heartbeat(15))
    assert [m.seq for m in messages] == [10, 11, 15]
    assert decoder.take_losses() == [(2, 3, 12)]
    assert (decoder.counters.sequence_gaps, decoder.counters.frames_lost) == (1, 3)


def test_the_sequence_wraps_without_a_gap() -> None:
    decoder = Decoder()
    decoder.feed(heartbeat(65534) + heartbeat(65535) + heartbeat(0))
    assert decoder.take_losses() == []


def test_a_damaged_frame_is_a_gap_and_an_unknown_one_is_not() -> None:
    body = encode_body(codec.Heartbeat(0, 0, 1, 0, 0, None, None, 3, None, 0), 1, 0)
    unknown = with_crc(b"\x01\x7f" + body[2:-4]) + b"\0"
    decoder = Decoder()
    decoder.feed(heartbeat(0) + unknown + heartbeat(2))
    assert decoder.counters.frames_lost == 0
    decoder.feed(b"\x11" + heartbeat(3)[1:] + heartbeat(4))
    assert decoder.counters.frames_lost == 1


def test_a_restart_is_no_loss() -> None:
    decoder = Decoder()
    decoder.feed(hello(0, boot=1) + heartbeat(1) + heartbeat(2))
    decoder.feed(hello(0, boot=2) + heartbeat(1))
    assert decoder.counters.frames_lost == 0
    assert decoder.counters.sequence_restarts == 1


def test_the_first_frame_after_opening_again_is_no_loss() -> None:
    decoder = Decoder()
    decoder.feed(heartbeat(0))
    decoder.link_restarted()
    decoder.feed(heartbeat(500))
    assert decoder.counters.frames_lost == 0


# ---------------------------------------------------------------- printed text


def test_a_traceback_is_kept_as_lines() -> None:
    decoder = Decoder()
    messages = decoder.feed(heartbeat(0) + TRACEBACK + b"\0" + heartbeat(1))
    assert len(messages) == 2
    lines = decoder.take_console()
    assert lines[0] == "Traceback (most recent call last):"
    assert "OSError: [Errno 19] ENODEV" in lines
    assert lines[-1] == ">>> "
    assert decoder.counters.damaged == 0


def test_a_traceback_in_the_middle_of_a_frame_is_found() -> None:
    decoder = Decoder()
    decoder.feed(ppg(0)[:40] + TRACEBACK + b"\0")
    assert decoder.take_console()[0] == "Traceback (most recent call last):"
    assert decoder.counters.too_short == 1


def test_a_long_traceback_that_no_zero_ends_is_reported_while_it_comes() -> None:
    decoder = Decoder()
    decoder.feed(TRACEBACK * 4)
    lines = decoder.take_console()
    assert lines.count("OSError: [Errno 19] ENODEV") == 4


def test_a_prompt_that_nothing_ends_is_text_after_an_idle_second() -> None:
    decoder = Decoder()
    decoder.feed(b"\r\n>>> ")
    assert decoder.take_console() == []
    decoder.idle()
    assert decoder.take_console() == [">>> "]


def test_half_a_frame_survives_an_idle_second() -> None:
    decoder = Decoder()
    frame = ppg(0)
    decoder.feed(frame[:60])
    decoder.idle()
    assert len(decoder.feed(frame[60:])) == 1


@pytest.mark.parametrize("text", ["bed 4, by the window", "a\nb\nc\nd"])
def test_a_good_frame_that_looks_like_text_stays_a_message(text: str) -> None:
    decoder = Decoder()
    (message,) = decoder.feed(encode_frame(codec.Event(0, 0, 0, 0, None, text * 8), 0, 0))
    assert isinstance(message, codec.Event)
    assert message.detail == text * 8
    assert decoder.take_console() == []


# ---------------------------------------------------------------- cost


def test_memory_is_bounded_whatever_comes() -> None:
    decoder = Decoder()
    tracemalloc.start()
    try:
        for _ in range(50):
            decoder.feed(b"\x7f" * 10_000)
            decoder.feed(b"text without end\n" * 500)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 200_000
    assert len(decoder.take_console()) <= MAX_LINES


@pytest.mark.parametrize(
    "piece",
    [
        b"\x01" * 1000,
        b"\xff" * 1000,
        b"\0" * 1000,
        b"\n" * 1000,
        b"abc\n" * 250,
        b"\x02\x01\0" * 333,
        b"Traceback" * 111,
    ],
    ids=["ones", "full blocks", "zeros", "lines", "text", "tiny frames", "marks"],
)
def test_damaged_bytes_cost_time_in_proportion_to_their_number(piece: bytes) -> None:
    def seconds(times: int, chunk: int) -> float:
        data = piece * times
        best = 1e9
        for _ in range(3):
            decoder = Decoder()
            start = time.process_time()
            for at in range(0, len(data), chunk):
                decoder.feed(data[at : at + chunk])
            best = min(best, time.process_time() - start)
        return best

    # Eight times the bytes must cost about eight times the time, and never the square of it.
    assert seconds(64, 4096) < 8 * 4 * seconds(8, 4096) + 0.01
    assert seconds(16, 1) < 8 * 4 * seconds(2, 1) + 0.01


def test_the_longest_frame_fits() -> None:
    longest = codec.Event(0, 0, 0, 0, None, "x" * (512 - 8 - 4 - 9))
    frame = encode_frame(longest, 0, 0)
    assert len(frame) - 1 <= MAX_ENCODED
    assert len(Decoder().feed(frame)) == 1


def with_crc(head: bytes) -> bytes:
    from binascii import crc32

    return bytes(cobs.encode(head + crc32(head).to_bytes(4, "little")))
