# SPDX-License-Identifier: Apache-2.0
"""The web sink as its clients see it: streams in order, what is missed is said, an old value is never shown as new,
and nobody reads it who should not."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from web_bench import (
    ORIGIN,
    SIMULATED,
    Sse,
    alarm,
    delivery,
    free_port,
    link,
    make,
    opened,
    reading,
    readings,
    sse,
    steadily,
    wave,
)

from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.sinks import web_server
from vitalwire.sinks.web import KIND, WebSink
from vitalwire.sinks.web_hub import Frame, Subscriber

Talk = Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Any]]


def ask(sink: WebSink, talk: Talk, **more: Any) -> Any:
    """Runs a client's side against an open sink."""

    async def run() -> Any:
        base = f"http://127.0.0.1:{sink.port}"
        async with aiohttp.ClientSession(base, timeout=aiohttp.ClientTimeout(20), **more) as client:
            return await talk(client)

    return asyncio.run(run())


def get(sink: WebSink, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async def talk(client: aiohttp.ClientSession) -> tuple[int, str, dict[str, str]]:
        async with client.get(path, headers=headers) as response:
            return response.status, await response.text(), dict(response.headers)

    status, text, said = ask(sink, talk)
    return status, text, said


def events(sink: WebSink, path: str, count: int, **headers: str) -> list[Sse]:
    """The first events of a stream."""

    async def talk(client: aiohttp.ClientSession) -> list[Sse]:
        async with client.get(path, headers=headers) as response:
            assert response.status == 200, await response.text()
            found: list[Sse] = []
            async for one in sse(response):
                if isinstance(one, Sse):
                    found.append(one)
                if len(found) == count:
                    break
            return found

    found: list[Sse] = ask(sink, talk)
    return found


# ------------------------------------------------------------ streams


def test_server_sent_events_carry_readings_in_order_with_ids() -> None:
    with opened() as sink:
        sink.deliver(readings(1, 5))
        hello, *rest = events(sink, "/events?after=0", 6)
    assert (hello.name, hello.data["notice"]) == ("hello", "NOT A MEDICAL DEVICE")
    assert [(one.name, one.data["number"]) for one in rest] == [("reading", n) for n in range(1, 6)]
    assert [one.id for one in rest] == [f"{n}-{hello.data['stream']}" for n in range(1, 6)]
    assert rest[0].data["spo2_pct"] == 81.001
    assert rest[0].data["origin"]["patient"] == "K-017"
    assert rest[0].data["key"] == "k-1"


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


def test_an_id_of_the_program_that_ran_before_hides_nothing() -> None:
    with opened() as sink:
        sink.deliver(readings(1, 3))
        found = events(sink, "/events", 4, **{"Last-Event-ID": "2-0badcafe"})
        ahead = events(sink, "/events?after=900", 4)
    assert [one.data["number"] for one in found[1:]] == [1, 2, 3]
    assert [one.data["number"] for one in ahead[1:]] == [1, 2, 3]


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
    with opened("web://127.0.0.1:0?wave=yes") as sink:
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


# ------------------------------------------------------------ who may read


@pytest.mark.parametrize("path", ["/", "/latest", "/events", "/ws"])
def test_a_page_of_another_origin_reads_nothing(path: str) -> None:
    with opened() as sink:
        status, text, headers = get(sink, path, Origin="http://stranger.example")
    assert status == 403
    assert "origin=" in text
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:1", "", "http://127.0.0.1.stranger.example"])
def test_nothing_that_looks_nearly_like_our_origin_is_ours(origin: str) -> None:
    with opened() as sink:
        assert get(sink, "/latest", Origin=origin)[0] == 403


def test_our_own_page_and_an_origin_that_is_allowed_read() -> None:
    with opened("web://127.0.0.1:0?origin=https://ward.example,http://localhost:3000") as sink:
        own = get(sink, "/latest", Origin=f"http://127.0.0.1:{sink.port}")
        allowed = get(sink, "/latest", Origin="https://ward.example")
        other = get(sink, "/latest", Origin="http://ward.example")
    assert [own[0], allowed[0], other[0]] == [200, 200, 403]
    assert allowed[2]["Access-Control-Allow-Origin"] == "https://ward.example"
    assert allowed[2]["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in own[2]


def test_a_websocket_of_an_allowed_origin_opens_and_another_does_not() -> None:
    async def talk(client: aiohttp.ClientSession) -> str:
        async with client.ws_connect("/ws", origin="https://ward.example") as ws:
            await ws.receive_str()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", origin="https://stranger.example")
        return str(caught.value.status)

    with opened("web://127.0.0.1:0?origin=https://ward.example") as sink:
        assert ask(sink, talk) == "403"


def test_a_stranger_who_gives_our_address_a_name_of_his_own_reads_nothing() -> None:
    with opened() as sink:
        assert get(sink, "/latest", Host=f"stranger.example:{sink.port}")[0] == 403
        assert get(sink, "/latest", Host=f"localhost:{sink.port}")[0] == 200
        assert get(sink, "/latest", Host="[::1")[0] in (400, 403)


@pytest.mark.parametrize("path", ["/", "/latest", "/events", "/ws"])
def test_where_a_token_is_asked_for_nothing_is_given_without(path: str) -> None:
    with opened("web://127.0.0.1:0?token=s3same") as sink:
        for asked, headers in (
            (path, {}),
            (f"{path}?token=s3sam", {}),
            (f"{path}?token=", {}),
            (path, {"Authorization": "Bearer wrong"}),
            (f"{path}?token=s3same", {"Authorization": "Bearer wrong"}),
        ):
            status, text, said = get(sink, asked, **headers)
            assert (status, said["WWW-Authenticate"]) == (401, "Bearer")
            assert "s3same" not in text


def test_a_token_from_a_file_opens_by_query_and_by_header(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("öffne dich\n", encoding="utf-8")
    with opened(f"web://127.0.0.1:0?token_file={file}") as sink:
        assert get(sink, "/latest?token=%C3%B6ffne%20dich")[0] == 200
        assert get(sink, "/latest", Authorization="Bearer öffne dich")[0] == 200
        assert len(events(sink, "/events?token=%C3%B6ffne%20dich", 1)) == 1


def test_a_browser_that_asks_before_it_sends_a_token_is_answered() -> None:
    async def talk(client: aiohttp.ClientSession) -> tuple[int, str]:
        async with client.options("/latest", headers={"Origin": "https://ward.example"}) as response:
            return response.status, response.headers["Access-Control-Allow-Headers"]

    with opened("web://127.0.0.1:0?token=t&origin=https://ward.example") as sink:
        assert ask(sink, talk) == (204, "Authorization, Last-Event-ID")


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.7", "monitor.example"])
def test_beyond_this_computer_it_serves_nobody_without_a_token(host: str) -> None:
    with pytest.raises(UsageError, match=r"could read the patient's values; add token_file=FILE"):
        make(f"web://{host}:8765")


def test_with_a_token_it_serves_beyond_this_computer() -> None:
    with opened("web://0.0.0.0:0?token=t") as sink:
        assert get(sink, "/latest?token=t", Host="monitor.example")[0] == 200


@pytest.mark.parametrize("host", ["", "127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_this_computer_alone_needs_no_token(host: str) -> None:
    assert make(f"web://{host}").port == 8765


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("?colour=red", "no option colour is known"),
        ("?history=many", "history=many is no whole number from 0 to 100000"),
        ("?origin=*", "is no origin of a page; write https://ward.example"),
        ("?origin=https://ward.example/page", "is no origin of a page"),
        ("/ws", "leave /ws out"),
        ("/a b", "is no path for a server"),
        ("?token_file=nowhere", "there is no such file"),
    ],
)
def test_a_url_that_it_cannot_use_is_refused_in_words(rest: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("*", r"\*").replace("?", r"\?")):
        make(f"web://127.0.0.1:8765{rest}")


def test_a_token_in_the_url_is_in_no_message() -> None:
    with pytest.raises(UsageError) as caught:
        make("web://127.0.0.1:8765?token=s3same&colour=red")
    assert "s3same" not in str(caught.value)
    with pytest.raises(UsageError, match="there are no users here"):
        make("web://me:secret@127.0.0.1:8765")


def test_it_can_live_below_a_path() -> None:
    with opened("sse://127.0.0.1:0/ward/bay2/") as sink:
        assert get(sink, "/ward/bay2/latest")[0] == 200
        assert "NOT A MEDICAL DEVICE" in get(sink, "/ward/bay2?x=1")[1]
        assert get(sink, "/latest")[0] == 404


def test_the_page_may_run_its_own_script_and_nothing_else() -> None:
    with opened() as sink:
        status, text, headers = get(sink, "/")
    assert status == 200
    assert text.count("<script>") == text.count("<style>") == 1
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.count("sha256-") == 2
    assert "unsafe" not in policy
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "vitalwire"


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


def test_an_item_that_is_no_json_is_refused_and_those_before_it_are_delivered() -> None:
    with opened() as sink:
        with pytest.raises(ItemRefused) as caught:
            sink.deliver([*readings(1, 2), delivery(3, reading(float("nan"))), *readings(4, 4)])
        assert caught.value.delivered == 2
        sink.deliver(readings(4, 4))
        found = events(sink, "/events?after=0", 4)
    assert [one.data["number"] for one in found[1:]] == [1, 2, 4]


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


def wait_until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)
