# SPDX-License-Identifier: Apache-2.0
"""The client's side of the protocol, told bytes and times. Nothing here waits."""

from __future__ import annotations

import pytest
from board_script import BoardScript, said
from client_bench import ME, Bench, kinds, of
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.link.commands import CuffStart
from vitalwire.link.events import (
    Connected,
    Console,
    Incompatible,
    LinkDown,
    LinkEvent,
    LinkUp,
    Lost,
    NoHello,
    Notice,
    Received,
    Restarted,
    Silent,
    TimedOut,
)
from vitalwire_protocol import codec
from vitalwire_protocol.codec import Outcome

# ---------------------------------------------------------------- handshake


def test_opening_asks_who_is_there_behind_a_zero_that_ends_old_bytes(bench: Bench) -> None:
    assert bench.open() == [LinkUp()]
    data = bench.take()
    assert data[0] == 0
    (question,) = said(data)
    assert isinstance(question, codec.Identify)
    assert question.client == ME


def test_the_question_is_repeated_every_second_until_a_hello(bench: Bench) -> None:
    bench.open()
    bench.wait(2500)
    assert len(said(bench.take())) == 3
    assert kinds(bench.get(bench.board.hello())) == ["Connected"]


def test_readings_before_the_hello_are_not_believed(bench: Bench) -> None:
    bench.open()
    assert bench.get(bench.board.reading()) == []
    assert bench.client.unheard == 1
    events = bench.get(bench.board.hello() + bench.board.reading())
    assert kinds(events) == ["Connected", "Received"]


def test_another_major_version_is_refused_in_words(bench: Bench) -> None:
    from binascii import crc32

    from cobs import cobs

    bench.open()
    body = bytearray(cobs.decode(bench.board.hello()[:-1]))[:-4]
    body[0] = codec.VERSION_MAJOR + 1
    frame = cobs.encode(bytes(body) + crc32(body).to_bytes(4, "little")) + b"\0"
    (event,) = bench.get(frame)
    assert isinstance(event, Incompatible)
    assert "version 2" in event.why
    assert "version 1" in event.why
    assert bench.get(bench.board.reading()) == []


def test_equal_version_with_another_layout_is_refused(bench: Bench) -> None:
    bench.open()
    (event,) = bench.get(bench.board.hello(schema_hash=codec.SCHEMA_HASH ^ 1))
    assert isinstance(event, Incompatible)
    assert "laid out differently" in event.why
    assert bench.get(bench.board.hello(schema_hash=codec.SCHEMA_HASH ^ 1)) == [], "said once"


def test_another_minor_version_works_with_a_notice_that_names_the_remedy(bench: Bench) -> None:
    bench.open()
    events = bench.get(bench.board.hello(minor=codec.VERSION_MINOR + 1, schema_hash=1))
    assert kinds(events) == ["Connected", "Notice"]
    assert "vitalwire flash" in events[1].text  # type: ignore[union-attr]


def test_a_refused_board_that_was_flashed_meanwhile_is_welcome(bench: Bench) -> None:
    bench.open()
    bench.get(bench.board.hello(schema_hash=1))
    bench.board.restart()
    assert kinds(bench.get(bench.board.hello())) == ["Connected"]


@pytest.mark.parametrize(
    ("noise", "cause", "words"),
    [
        (b"", "quiet", "not one byte came"),
        (b"\x80\x81\xfe" * 300, "foreign", "does not speak Vitalwire"),
        (b"$GPGGA,123519,4807.038,N\r\n" * 30, "foreign", "GPGGA"),
        (b"\r\n>>> ", "repl", "MicroPython prompt"),
        (
            b'Traceback (most recent call last):\r\n  File "main.py"\r\nMemoryError: \r\n>>> ',
            "traceback",
            "MemoryError",
        ),
    ],
    ids=["nothing", "binary", "another device", "prompt", "traceback"],
)
def test_three_seconds_without_a_hello_are_explained(bench: Bench, noise: bytes, cause: str, words: str) -> None:
    bench.open()
    events = bench.get(noise) + bench.wait(3000)
    (event,) = of(events, NoHello)
    assert isinstance(event, NoHello)
    assert event.cause == cause
    assert words in event.why


def test_after_no_hello_the_client_keeps_asking(bench: Bench) -> None:
    bench.open()
    bench.wait(10_000)
    assert kinds(bench.get(bench.board.hello())) == ["Connected"]


def test_a_traceback_is_passed_on_line_by_line_and_named(connected: Bench) -> None:
    text = b'Traceback (most recent call last):\r\n  File "app.py", line 1\r\nOSError: [Errno 5] EIO\r\n'
    events = connected.get(b"\0" + text + b"\0")
    assert [e.text for e in of(events, Console)][-1] == "OSError: [Errno 5] EIO"  # type: ignore[union-attr]
    assert "OSError: [Errno 5] EIO" in of(events, Notice)[0].text  # type: ignore[union-attr]


# ---------------------------------------------------------------- life signs


def test_silence_of_three_seconds_is_said_once_and_when_it_began(connected: Bench) -> None:
    connected.live(5000)
    events = connected.wait(30_000)
    assert of(events, Silent) == [Silent(since_ms=5000)]


def test_other_messages_do_not_stand_in_for_the_heartbeat(connected: Bench) -> None:
    events: list[LinkEvent] = []
    for _ in range(5):
        events += connected.wait(1000) + connected.get(connected.board.reading())
    assert len(of(events, Silent)) == 1


def test_a_heartbeat_ends_the_silence_and_the_next_one_is_said_again(connected: Bench) -> None:
    connected.wait(4000)
    connected.get(connected.board.heartbeat())
    assert len(of(connected.wait(4000), Silent)) == 1


def test_a_ping_a_second_says_that_the_host_is_there(connected: Bench) -> None:
    connected.live(10_000)
    pings = [m for m in said(connected.take()) if isinstance(m, codec.Ping)]
    assert 10 <= len(pings) <= 11
    assert len({ping.number for ping in pings}) == len(pings)


def test_pings_and_their_answers_time_the_clock_fit(connected: Bench) -> None:
    connected.wait(0)
    (ping,) = said(connected.take())
    connected.now += 8
    assert connected.get(connected.board.answer(ping, Outcome.DONE, 4)) == []
    assert connected.client.clock_fit.round_trip_ms == 8


def test_lost_frames_are_reported_where_they_were_lost(connected: Bench) -> None:
    first = connected.board.reading()
    connected.board.seq += 3
    events = connected.get(first + connected.board.reading())
    assert kinds(events) == ["Received", "Lost", "Received"]
    assert events[1] == Lost(3, 2)


def test_a_message_carries_its_arrival_and_when_it_was_made(connected: Bench) -> None:
    connected.now = 5000
    connected.get(connected.board.heartbeat(t_ms=5000))
    connected.now = 5400
    (event,) = connected.get(connected.board.reading(t_ms=5100))
    assert isinstance(event, Received)
    assert (event.t_ms, event.utc_ms) == (5400, 1_000_000 + 5100)


def test_nothing_is_dated_after_its_arrival(connected: Bench) -> None:
    (event,) = connected.get(connected.board.reading(t_ms=90_000))
    assert isinstance(event, Received)
    assert event.utc_ms == 1_000_000


# ---------------------------------------------------------------- restarts and reconnection


def test_a_restart_seen_by_its_hello(connected: Bench) -> None:
    connected.board.restart()
    events = connected.get(connected.board.hello(reset_cause=codec.ResetCause.WATCHDOG))
    assert events[0] == Restarted(2, codec.ResetCause.WATCHDOG)
    assert isinstance(events[1], Connected)
    assert not of(events, Lost)


def test_a_restart_seen_by_a_heartbeat_asks_for_the_hello_that_was_lost(connected: Bench) -> None:
    connected.board.restart()
    assert connected.get(connected.board.heartbeat())[-1] == Restarted(2, None)
    assert [type(m) for m in said(connected.take())] == [codec.Identify]
    assert connected.get(connected.board.reading()) == []
    assert kinds(connected.get(connected.board.hello())) == ["Connected"]


def test_three_restarts_in_a_minute_are_a_crash_loop(connected: Bench) -> None:
    events: list[LinkEvent] = []
    for _ in range(3):
        connected.board.restart()
        events += connected.wait(2000) + connected.get(connected.board.hello())
    (loop,) = of(events, NoHello)
    assert isinstance(loop, NoHello)
    assert loop.cause == "crash_loop"


def test_the_link_goes_and_comes_back(connected: Bench) -> None:
    down = connected.client.link_closed(connected.now, "unplugged")
    assert down == [LinkDown("unplugged")]
    assert connected.client.next_deadline() is None
    assert connected.get(connected.board.reading()) == []
    assert connected.open() == [LinkUp()]
    assert kinds(connected.get(connected.board.hello())) == ["Connected"]


def test_another_board_on_the_same_port_is_noticed(connected: Bench) -> None:
    connected.client.link_closed(connected.now, "unplugged")
    connected.open()
    connected.board = BoardScript(serial="E7777")
    events = connected.get(connected.board.hello())
    assert "another board" in of(events, Notice)[0].text  # type: ignore[union-attr]


# ---------------------------------------------------------------- whatever happens


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("bytes"), st.binary(max_size=80)),
            st.tuples(st.just("wait"), st.integers(0, 5000)),
            st.sampled_from(
                [(w, None) for w in ("hello", "beat", "reading", "restart", "down", "open", "send", "text")]
            ),
        ),
        max_size=40,
    )
)
def test_no_order_of_events_breaks_the_client(steps: list[tuple[str, object]]) -> None:
    bench = Bench()
    numbers: list[int] = []
    events: list[LinkEvent] = []
    for what, with_what in steps:
        if what == "bytes":
            assert isinstance(with_what, bytes)
            events += bench.get(with_what)
        elif what == "wait":
            assert isinstance(with_what, int)
            events += bench.wait(with_what)
        elif what == "down":
            events += bench.client.link_closed(bench.now, "test")
        elif what == "open":
            events += bench.open()
        elif what == "send":
            numbers.append(bench.send(CuffStart.request()))
        elif what == "restart":
            bench.board.restart()
        elif what == "text":
            events += bench.get(b"\r\n>>> ")
        else:
            make = {"hello": bench.board.hello, "beat": bench.board.heartbeat, "reading": bench.board.reading}[what]
            events += bench.get(make(bench.now))  # type: ignore[operator]
    events += bench.client.link_closed(bench.now, "end") + bench.wait(700_000)
    ended = [e.number for e in events if isinstance(e, TimedOut)]
    assert sorted(ended) == sorted(numbers), "nobody answered, so each request ends exactly once"
    assert said(bench.take()) is not None
