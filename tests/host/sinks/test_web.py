# SPDX-License-Identifier: Apache-2.0
"""The web sink as its clients see it: streams in order, what is missed is said, and an end that holds nobody up."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from web_bench import (
    ORIGIN,
    SIMULATED,
    alarm,
    ask,
    delivery,
    events,
    free_port,
    get,
    link,
    make,
    opened,
    reading,
    readings,
    sse,
    steadily,
    wait_until,
    wave,
)

from vitalwire.errors import SinkDown, SinkRefused
from vitalwire.items import item_of
from vitalwire.sinks import web_server
from vitalwire.sinks.web import KIND
from vitalwire.sinks.web_hub import Frame, Subscriber

# ------------------------------------------------------------ streams


def test_server_sent_events_carry_readings_in_order_with_ids() -> None:
    with opened() as sink:
        sink.deliver(readings(1, 5))
        hello, *rest = events(sink, "/events?after=0", 6)
    assert (hello.name, hello.data["notice"]) == ("hello", "NOT A MEDICAL DEVICE")
    assert [(one.name, one.data["number"]) for one in rest] == [("reading", n) for n in range(1, 6)]
    assert [one.id for one in rest] == [f"{n}-{hello.data['stream']}" for n in range(1, 6)]
    assert rest[0].data["spo2_pct"] == 81.001
    assert rest[0].data["patient"] == "K-017"
    assert rest[0].data["key"] == "SN001-run1-1"


def test_a_websocket_carries_the_same_texts() -> None:
    async def talk(client: aiohttp.ClientSession) -> list[dict[str, Any]]:
        async with client.ws_connect("/ws?after=0") as ws:
            return [json.loads(await ws.receive_str()) for _ in range(4)]

    with opened() as sink:
        sink.deliver([delivery(1, reading()), delivery(2, alarm("spo2_low", "raised", value=84.0)), *readings(3, 3)])
        found = ask(sink, talk)
    assert [one["type"] for one in found] == ["hello", "reading", "event", "reading"]
    assert found[2]["name"] == "spo2_low"
    assert found[3]["id"].startswith("3-")


def test_what_is_delivered_while_a_client_listens_reaches_it_at_once() -> None:
    async def talk(client: aiohttp.ClientSession) -> list[int]:
        async with client.ws_connect("/ws") as ws:
            assert json.loads(await ws.receive_str())["type"] == "hello"
            await asyncio.to_thread(sink.deliver, readings(1, 50))
            return [json.loads(await ws.receive_str())["number"] for _ in range(50)]

    with opened() as sink:
        assert ask(sink, talk) == list(range(1, 51))


def test_the_stream_says_how_soon_to_come_again_and_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "HEARTBEAT_S", 0.05)

    async def talk(client: aiohttp.ClientSession) -> list[str]:
        said: list[str] = []
        async with client.get("/events") as response:
            async for one in sse(response):
                said += [one] if isinstance(one, str) else []
                if len(said) == 3:
                    break
        return said

    with opened() as sink:
        assert ask(sink, talk) == ['{"retry": "2000"}', ": nothing new", ": nothing new"]


def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice() -> None:
    with opened() as sink:
        sink.deliver(readings(1, 10))
        seen = events(sink, "/events?after=0", 5)
        again = events(sink, "/events", 7, **{"Last-Event-ID": seen[-1].id})
    assert [one.data["number"] for one in again[1:]] == [5, 6, 7, 8, 9, 10]


def test_what_has_left_the_history_is_said_to_be_missing() -> None:
    with opened("web://127.0.0.1:0?history=4") as sink:
        sink.deliver(readings(1, 10))
        found = events(sink, "/events?after=2", 6)
    assert [one.name for one in found[:2]] == ["hello", "dropped"]
    assert found[1].data == {"type": "dropped", "count": 4, "why": "history"}
    assert [one.data["number"] for one in found[2:]] == [7, 8, 9, 10]


def test_an_id_of_a_run_before_hides_nothing() -> None:
    with opened() as sink:
        sink.deliver(readings(1, 3, "SN001-run1"))
        last = events(sink, "/events?after=0", 4)[-1].id
    with opened() as sink:
        sink.deliver(readings(1, 5, "SN001-run2"))
        found = events(sink, "/events", 6, **{"Last-Event-ID": last})
    assert [one.data["number"] for one in found[1:]] == [1, 2, 3, 4, 5]


def test_a_session_that_is_followed_again_goes_on_where_the_client_was() -> None:
    async def talk(client: aiohttp.ClientSession) -> list[int]:
        async with client.ws_connect(f"/ws?after={last}") as ws:
            await ws.receive_str()
            await asyncio.to_thread(sink.deliver, readings(1, 5, "20260101T000000Z-bay-2"))
            return [json.loads(await ws.receive_str())["number"] for _ in range(2)]

    with opened() as sink:
        sink.deliver(readings(1, 3, "20260101T000000Z-bay-2"))
        last = events(sink, "/events?after=0", 4)[-1].id
    with opened() as sink:  # the program starts again, and the client is there before the first item
        assert ask(sink, talk) == [4, 5]


def test_the_history_outlives_the_server_and_a_repeat_is_sent_once() -> None:
    sink = make()
    try:
        sink.open(ORIGIN)
        sink.deliver(readings(1, 3))
        sink.close()
        sink.open(ORIGIN)
        sink.deliver([delivery(3, reading(50.0), repeated=True), *readings(4, 5)])
        found = events(sink, "/events?after=1", 5)
    finally:
        sink.close()
    assert [one.data["number"] for one in found[1:]] == [2, 3, 4, 5]
    assert found[2].data["spo2_pct"] == 83.003


def test_a_client_chooses_what_it_gets() -> None:
    with opened("web://127.0.0.1:0?waves=yes") as sink:
        assert sink.wants == {"reading", "event", "wave"}
        sink.deliver([delivery(1, reading()), delivery(2, wave()), delivery(3, alarm("spo2_low", "raised"))])
        found = events(sink, "/events?after=0&types=wave", 2)
        status, text, _ = get(sink, "/events?types=waves")
    assert found[1].data["red"] == [1, 2, 3]
    assert status == 400
    assert "event, latest, reading, wave" in text


def test_without_being_asked_it_wants_no_wave() -> None:
    assert make().wants == {"reading", "event"}


def test_an_id_that_is_none_is_refused_in_words() -> None:
    with opened() as sink:
        status, text, _ = get(sink, "/events?after=yesterday")
    assert (status, text) == (400, "'yesterday' is no id of an event\n")


# ------------------------------------------------------------ slow clients


def test_a_slow_client_is_told_what_it_misses_and_others_miss_nothing() -> None:
    total = 6000
    with opened("web://127.0.0.1:0?queue=200&history=0") as sink, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", sink.port))
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

        async def talk(client: aiohttp.ClientSession) -> list[int]:
            async with client.ws_connect("/ws") as ws:
                await ws.receive_str()
                feeding = asyncio.create_task(asyncio.to_thread(feed))
                got = [json.loads(await ws.receive_str())["number"] for _ in range(total)]
                await feeding
                return got

        def feed() -> None:
            for first in range(1, total, 20):
                begun = time.monotonic()
                sink.deliver(readings(first, first + 19))
                assert time.monotonic() - begun < 1.0
                time.sleep(0.002)  # so that the quick one keeps up

        assert ask(sink, talk) == list(range(1, total + 1))
        slow.settimeout(3)
        got, missed, last = read_slowly(slow, total)
    assert missed > 0
    assert got + missed == total
    assert last == total


def read_slowly(slow: socket.socket, total: int) -> tuple[int, int, int]:
    """What a client that has slept finds: how many readings, how many it is told it misses, the last one's number."""
    data, got, missed, last = b"", 0, 0, 0
    while last < total:
        data += slow.recv(65536)
        *lines, data = data.split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                one = json.loads(line[6:])
                if one["type"] == "reading":
                    got, last = got + 1, one["number"]
                elif one["type"] == "dropped":
                    assert one["why"] == "slow"
                    missed += one["count"]
    return got, missed, last


def test_what_a_slow_client_misses_is_said_where_it_is_missing() -> None:
    async def take() -> list[str]:
        slow = Subscriber(frozenset({"reading"}), 3, [], lambda: Frame("latest", ""))
        for number in range(1, 8):
            slow.put(Frame("reading", str(number)))
        slow.put(Frame("wave", "not asked for"))
        first = await slow.take(0.01)
        slow.put(Frame("reading", "8"))
        return [frame.text for frame in first + await slow.take(0.01) + await slow.take(0.01)]

    assert asyncio.run(take()) == ['{"type":"dropped","count":4,"why":"slow"}', "5", "6", "7", "8"]


def test_a_connection_that_takes_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "STUCK_S", 0.3)
    with opened("web://127.0.0.1:0?queue=9000&history=0") as sink, socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", sink.port))
        stuck.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: len(sink._hub.subscribers) == 1)
        for first in itertools.count(1, 1000):
            sink.deliver(readings(first, first + 999))
            if not sink._hub.subscribers:
                break
            assert first < 100_000
            time.sleep(0.05)


def test_there_is_a_last_place_and_then_no_more() -> None:
    async def talk(client: aiohttp.ClientSession) -> int:
        async with client.ws_connect("/ws") as ws:
            await ws.receive_str()
            async with client.get("/events") as response:
                return response.status

    with opened("web://127.0.0.1:0?clients=1") as sink:
        assert ask(sink, talk) == 503
        wait_until(lambda: not sink._hub.subscribers)
        assert len(events(sink, "/events", 1)) == 1


# ------------------------------------------------------------ begin and end


def test_a_port_in_use_is_said_in_words() -> None:
    with opened() as first:
        sink = make(f"web://127.0.0.1:{first.port}")
        with pytest.raises(SinkRefused, match=r"another program serves at 127\.0\.0\.1:\d+; end that program, or"):
            sink.open(ORIGIN)
        with pytest.raises(SinkDown, match="not open"):
            sink.deliver(readings(1, 1))


def test_an_address_of_another_computer_is_refused_in_words() -> None:
    sink = make("web://192.0.2.7:8765?token=t")
    with pytest.raises(SinkRefused, match="name an address of this computer"):
        sink.open(ORIGIN)


def test_close_ends_every_connection_and_thread_within_two_seconds() -> None:
    before = threading.active_count()
    with opened("web://127.0.0.1:0?queue=9000") as sink, socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", sink.port))
        stuck.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: len(sink._hub.subscribers) == 1)
        sink.deliver(readings(1, 9000))

        async def talk(client: aiohttp.ClientSession) -> tuple[aiohttp.WSMsgType, bytes, float]:
            async with client.ws_connect("/ws") as ws, client.get("/events") as response:
                await ws.receive_str()
                await response.content.readline()
                begun = time.monotonic()
                closing = asyncio.create_task(asyncio.to_thread(sink.close))
                last = await ws.receive()
                rest = await response.content.read()
                await closing
                return last.type, rest[-2:], time.monotonic() - begun

        kind, rest, took_s = ask(sink, talk)
    assert kind == aiohttp.WSMsgType.CLOSE
    assert rest == b"\n\n"
    assert took_s < 2.0
    wait_until(lambda: threading.active_count() <= before)


def test_a_websocket_client_that_takes_nothing_does_not_hold_the_end() -> None:
    before = threading.active_count()
    with opened("web://127.0.0.1:0?queue=9000&history=0") as sink, socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", sink.port))
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        stuck.sendall(f"GET /ws HTTP/1.1\r\nHost: localhost\r\n{upgrade}{key}".encode())
        wait_until(lambda: len(sink._hub.subscribers) == 1)
        sink.deliver(readings(1, 9000))
        time.sleep(0.3)
        begun = time.monotonic()
        sink.close()
        assert time.monotonic() - begun < 2.0
    wait_until(lambda: threading.active_count() <= before)


def test_close_may_come_at_any_time_and_twice() -> None:
    sink = make()
    sink.close()
    sink.open(ORIGIN)
    sink.idle()
    sink.close()
    sink.close()
    with pytest.raises(SinkDown):
        sink.idle()


def test_the_same_port_is_served_again_at_once() -> None:
    port = free_port()
    for _ in range(3):
        with opened(f"web://127.0.0.1:{port}") as sink:
            assert len(events(sink, "/events", 1)) == 1


def test_what_is_no_number_is_null_for_a_client() -> None:
    with opened() as sink:
        sink.deliver([delivery(1, reading(float("nan")))])
        found = events(sink, "/events?after=0", 2)
        assert json.loads(get(sink, "/latest")[1])["oximeter"]["spo2_pct"] is None
    assert found[1].data["spo2_pct"] is None
    assert item_of(found[1].data).source == "oximeter"


def test_what_a_client_says_is_read_and_ignored() -> None:
    async def talk(client: aiohttp.ClientSession) -> int:
        async with client.ws_connect("/ws") as ws:
            await ws.receive_str()
            for _ in range(50):
                await ws.send_str("start the cuff")
            await asyncio.to_thread(sink.deliver, readings(1, 1))
            number: int = json.loads(await ws.receive_str())["number"]
            return number

    with opened() as sink:
        assert ask(sink, talk) == 1


def test_latest_over_the_wire_is_what_the_values_say() -> None:
    with opened(origin=SIMULATED) as sink:
        empty = json.loads(get(sink, "/latest")[1])
        sink.deliver([delivery(1, reading(97.0)), delivery(2, link("silent", "no heartbeat for 3 s"))])
        lost = json.loads(get(sink, "/latest")[1])
        (_, found) = events(sink, "/events?types=latest", 2)
    assert (empty["oximeter"], empty["simulated"], empty["notice"]) == (None, True, "NOT A MEDICAL DEVICE")
    assert (lost["link"]["state"], lost["oximeter"]["spo2_pct"]) == ("lost", None)
    assert (found.name, found.data["link"]["why"]) == ("latest", "no heartbeat for 3 s")


def test_the_kind_says_what_it_needs() -> None:
    assert (KIND.schemes, KIND.modules, KIND.extra) == (("web", "ws", "sse"), ("aiohttp",), "web")


def test_nobody_is_disturbed_while_readings_come_steadily() -> None:
    with opened() as sink, steadily(sink, every_s=0.005) as done:
        wait_until(lambda: len(done) > 5)
        found = events(sink, "/events?after=0", 101)
    assert [one.data["number"] for one in found[1:]] == list(range(1, 101))


@pytest.mark.slow
def test_a_simulated_board_reaches_a_client_through_the_command() -> None:
    port = free_port()
    source = "sim://?patient=calm&seed=1&speed=4"
    command = [sys.executable, "-m", "vitalwire.cli.main", "stream", source, "--minutes", "1"]
    child = subprocess.Popen([*command, "--to", f"web://127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True)
    try:

        async def talk() -> list[dict[str, Any]]:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as client:
                while True:
                    try:
                        async with client.ws_connect(f"ws://127.0.0.1:{port}/ws?after=0&types=reading") as ws:
                            return [json.loads(await ws.receive_str()) for _ in range(11)]
                    except aiohttp.ClientConnectorError:
                        assert child.poll() is None
                        await asyncio.sleep(0.1)

        hello, *found = asyncio.run(talk())
    finally:
        child.terminate()
        _, said = child.communicate(timeout=20)
    assert hello["type"] == "hello", said
    numbers = [one["number"] for one in found]
    assert numbers == sorted(set(numbers))
    assert {one["board"] for one in found} == {"SIM00001"}
    assert all(one["simulated"] and "simulated" in one["flags"] for one in found)
