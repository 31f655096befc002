# SPDX-License-Identifier: Apache-2.0
"""The MQTT sink against a real broker: what arrives, what stays, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from given import BOARD, alarm, cuff, on_its_way, oximeter, sink_of, technical, wave
from mosquitto import Broker, Subscriber, free_port, program

from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.sinks.base import Sink
from vitalwire.sinks.mqtt import KIND


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    program("mosquitto")
    made = Broker(tmp_path_factory.mktemp("broker"))
    yield made
    made.kill()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Broker]:
    """A broker that the test may kill."""
    program("mosquitto")
    made = Broker(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return "".join(c if c.isalnum() else "-" for c in request.node.name)


def opened(sinks: list[Sink], port: int, rest: str = "") -> Sink:
    sink = sink_of(KIND, f"mqtt://127.0.0.1:{port}{rest}")
    sinks.append(sink)
    sink.open(BOARD)
    return sink


def test_a_reading_arrives_with_everything_it_has(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    seen = Subscriber(broker.port, f"{prefix}/#")
    sink = opened(sinks, broker.port, f"/{prefix}")
    sink.deliver(on_its_way(oximeter(), cuff(), alarm("raised"), wave()))
    seen.wait_for(lambda: bool(seen.of(f"{prefix}/VW-0042/wave")))
    values = json.loads(seen.of(f"{prefix}/VW-0042/reading")[0])
    assert (values["spo2_pct"], values["number"], values["key"]) == (97.0, 1, "VW-0042-1")
    state = next(m for m in seen.messages if m.topic.endswith("state/spo2_pct") and m.payload)
    assert state.properties is not None
    assert dict(state.properties.UserProperty)["key"] == "VW-0042-1"
    assert 0 < state.properties.MessageExpiryInterval <= 30
    seen.close()


def test_a_new_subscriber_is_given_the_present_and_nothing_else(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    sink.deliver(on_its_way(oximeter(), alarm("raised")))
    sink.deliver(on_its_way(oximeter(spo2_pct=None), first=3))
    held = broker.retained(f"{prefix}/#")
    assert held[f"{prefix}/VW-0042/status"] == "online"
    assert held[f"{prefix}/VW-0042/state/pulse_bpm"] == "64.0"
    assert f"{prefix}/VW-0042/state/spo2_pct" not in held
    assert json.loads(held[f"{prefix}/VW-0042/alarm/spo2_low"])["priority"] == "high"
    assert f"{prefix}/VW-0042/reading" not in held


def test_a_value_that_nothing_follows_disappears_by_itself(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}?expire=2")
    sink.deliver(on_its_way(oximeter()))
    topic = f"{prefix}/VW-0042/state/spo2_pct"
    assert broker.retained(topic) == {topic: "97.0"}
    time.sleep(2.5)
    assert broker.retained(topic) == {}


def test_the_end_says_offline_and_leaves_no_value_and_no_alarm(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    sink.deliver(on_its_way(oximeter(), cuff(), alarm("raised")))
    sink.close()
    held = broker.retained(f"{prefix}/#")
    assert held.pop(f"{prefix}/VW-0042/status") == "offline"
    assert list(held) == [f"{prefix}/VW-0042/alarms"]


def test_a_killed_program_is_offline_by_its_last_will(broker: Broker, prefix: str) -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from given import *; from vitalwire.sinks.mqtt import KIND\n"
        "sink = sink_of(KIND, sys.argv[1]); sink.open(BOARD); sink.deliver(on_its_way(alarm('raised'))); os._exit(9)"
    )
    url = f"mqtt://127.0.0.1:{broker.port}/{prefix}"
    ended = subprocess.run([sys.executable, "-c", code, url, str(Path(__file__).parent)], timeout=60, check=False)
    assert ended.returncode == 9
    held = broker.retained(f"{prefix}/#")
    assert held[f"{prefix}/VW-0042/status"] == "offline"
    assert f"{prefix}/VW-0042/alarm/spo2_low" in held, "nobody was there to clear it"


def test_the_next_program_clears_the_alarm_that_a_killed_one_left(
    broker: Broker, prefix: str, sinks: list[Sink]
) -> None:
    test_a_killed_program_is_offline_by_its_last_will(broker, prefix)
    opened(sinks, broker.port, f"/{prefix}")
    held = broker.retained(f"{prefix}/#")
    assert held[f"{prefix}/VW-0042/status"] == "online"
    assert f"{prefix}/VW-0042/alarm/spo2_low" not in held


def test_a_board_that_is_not_heard_says_so_and_has_no_values(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    sink.deliver(on_its_way(oximeter(), technical("raised")))
    held = broker.retained(f"{prefix}/#")
    assert held[f"{prefix}/VW-0042/status"] == "link_lost"
    assert not [topic for topic in held if "/state/" in topic]


def test_another_board_gets_its_own_topics_and_its_own_last_will(
    broker: Broker, prefix: str, sinks: list[Sink]
) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    sink.deliver([*on_its_way(oximeter()), *on_its_way(oximeter(), origin=replace(BOARD, board="VW-7"), first=2)])
    held = broker.retained(f"{prefix}/#")
    assert held[f"{prefix}/VW-0042/status"] == "offline"
    assert held[f"{prefix}/VW-7/status"] == "online"
    assert f"{prefix}/VW-0042/state/spo2_pct" not in held


def test_waves_come_where_they_are_asked_for() -> None:
    assert sink_of(KIND, "mqtt://somewhere?waves=yes").wants == {"reading", "event", "wave"}
    assert sink_of(KIND, "mqtt://somewhere").wants == {"reading", "event"}


def test_home_assistant_finds_the_board(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    opened(sinks, broker.port, f"/{prefix}?homeassistant=yes&discovery={prefix}-ha")
    held = broker.retained(f"{prefix}-ha/#")
    about = json.loads(held[f"{prefix}-ha/sensor/vitalwire_VW-0042/spo2_pct/config"])
    assert about["state_topic"] == f"{prefix}/VW-0042/state/spo2_pct"
    assert f"{prefix}-ha/binary_sensor/vitalwire_VW-0042/link_lost/config" in held


def test_a_batch_is_on_its_way_together_and_in_order(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    seen = Subscriber(broker.port, f"{prefix}/VW-0042/reading")
    sink = opened(sinks, broker.port, f"/{prefix}")
    begun = time.perf_counter()
    sink.deliver(on_its_way(*(oximeter() for _ in range(300))))
    took_s = time.perf_counter() - begun
    seen.wait_for(lambda: len(seen.messages) == 300, 20)
    assert [json.loads(m.payload)["number"] for m in seen.messages] == list(range(1, 301))
    assert took_s < 6, "one by one, with the delayed acknowledgements of TCP, it would be a minute"
    seen.close()


def test_a_delivery_takes_milliseconds(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    took_ms = []
    for number in range(1, 61):
        batch = on_its_way(oximeter(), first=number)
        begun = time.perf_counter()
        sink.deliver(batch)
        took_ms.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.01)
    assert statistics.median(took_ms) < 25, "it is 2 to 3 ms on an idle computer; 40 ms is Nagle's"


# ------------------------------------------------------------ a broker that is not there, or does not want us


def test_no_broker_is_down_for_now() -> None:
    sink = sink_of(KIND, f"mqtt://me:secret@127.0.0.1:{free_port()}")
    with pytest.raises(SinkDown, match="refused") as caught:
        sink.open(BOARD)
    assert "secret" not in str(caught.value)


def test_an_unknown_host_is_down_for_now() -> None:
    with pytest.raises(SinkDown):
        sink_of(KIND, "mqtt://broker.invalid").open(BOARD)


def test_a_broker_killed_before_it_acknowledges_is_down(own: Broker, sinks: list[Sink]) -> None:
    sink = opened(sinks, own.port)
    own.freeze()
    threading.Timer(0.3, own.kill).start()
    begun = time.monotonic()
    with pytest.raises(SinkDown):
        sink.deliver(on_its_way(oximeter()))
    assert 0.2 < time.monotonic() - begun < 5


def test_a_broker_that_comes_back_empty_is_given_the_present_again(own: Broker, sinks: list[Sink]) -> None:
    sink = opened(sinks, own.port)
    sink.deliver(on_its_way(alarm("raised"), cuff()))
    own.kill()
    with pytest.raises(SinkDown):
        sink.deliver(on_its_way(oximeter()))
    sink.close()
    own.start()
    sink.open(BOARD)
    held = own.retained()
    assert "vitalwire/VW-0042/alarm/spo2_low" in held
    assert held["vitalwire/VW-0042/state/sbp_mmhg"] == "122.0"


def test_a_dead_broker_is_noticed_while_there_is_nothing_to_deliver(own: Broker, sinks: list[Sink]) -> None:
    sink = opened(sinks, own.port)
    sink.idle()
    own.kill()
    time.sleep(0.1)
    with pytest.raises(SinkDown):
        sink.idle()


@pytest.mark.slow
def test_a_broker_that_takes_bytes_and_never_answers_is_down_within_ten_seconds(own: Broker, sinks: list[Sink]) -> None:
    sink = opened(sinks, own.port)
    own.freeze()
    begun = time.monotonic()
    with pytest.raises(SinkDown, match="no answer for 8 s"):
        sink.deliver(on_its_way(oximeter()))
    sink.close()
    assert time.monotonic() - begun < 12
    own.thaw()


@pytest.mark.slow
def test_a_connection_outlives_the_keep_alive(broker: Broker, prefix: str, sinks: list[Sink]) -> None:
    sink = opened(sinks, broker.port, f"/{prefix}")
    seen = Subscriber(broker.port, f"{prefix}/VW-0042/status")
    seen.wait_for(lambda: seen.of(f"{prefix}/VW-0042/status") == ["online"])
    until = time.monotonic() + 17  # the broker gives up after one and a half keep alives: 15 s
    while time.monotonic() < until:
        sink.idle()
        time.sleep(0.5)
    sink.deliver(on_its_way(oximeter()))
    assert seen.of(f"{prefix}/VW-0042/status") == ["online"]
    seen.close()


def test_what_is_no_broker_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(SinkDown) as caught:
            sink_of(KIND, f"mqtt://127.0.0.1:{server.getsockname()[1]}").open(BOARD)
    assert "127.0.0.1" in str(caught.value)


def test_a_message_that_the_broker_finds_too_large_is_refused_alone(tmp_path: Path, sinks: list[Sink]) -> None:
    program("mosquitto")
    small = Broker(tmp_path, "allow_anonymous true\nmax_packet_size 1500")
    try:
        sink = opened(sinks, small.port)
        many = tuple(range(60000, 60400))
        with pytest.raises(ItemRefused, match="larger than it takes") as caught:
            sink.deliver(on_its_way(oximeter(), wave(red=many, ir=many), oximeter()))
        assert caught.value.delivered == 1
        sink.deliver(on_its_way(oximeter(), first=3))
    finally:
        small.kill()


def scripted(*answers: bytes) -> int:
    """The port of a broker that answers each piece that it is sent with the next of these, for one connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server, server.accept()[0] as client:
            for answer in answers:
                client.recv(65536)
                client.sendall(answer)
            client.settimeout(5)
            with contextlib.suppress(OSError):
                while client.recv(65536):
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (0x84, SinkRefused, "does not speak MQTT 5"),
        (0x85, SinkRefused, "client="),
        (0x86, SinkRefused, "wrong user name or password"),
        (0x87, SinkRefused, "not authorised"),
        (0x8A, SinkRefused, "banned"),
        (0x88, SinkDown, "Server unavailable"),
        (0x89, SinkDown, "Server busy"),
        (0x97, SinkDown, "Quota exceeded"),
    ],
)
def test_what_a_broker_answers_to_the_connection_is_said_in_words(
    code: int, error: type[Exception], words: str
) -> None:
    sink = sink_of(KIND, f"mqtt://127.0.0.1:{scripted(bytes((0x20, 3, 0, code, 0)))}")
    with pytest.raises(error, match=words):
        sink.open(BOARD)
    sink.close()


def test_a_broker_that_ends_the_connection_says_why() -> None:
    taken_over = bytes((0x20, 3, 0, 0, 0, 0xE0, 2, 0x8E, 0))
    sink = sink_of(KIND, f"mqtt://127.0.0.1:{scripted(taken_over)}")
    with pytest.raises(SinkRefused, match="another program uses our client id"):
        sink.open(BOARD)
    sink.close()


def test_no_more_is_on_its_way_than_the_broker_takes_at_once(sinks: list[Sink]) -> None:
    # CONNACK with a Receive Maximum of 1, then PUBACK of the first message: the second may come only after it.
    port = scripted(bytes((0x20, 6, 0, 0, 3, 0x21, 0, 1)), bytes((0x40, 2, 0, 1)), bytes((0xE0, 2, 0x93, 0)))
    with pytest.raises(SinkDown, match="Receive maximum exceeded"):
        opened(sinks, port)


# ------------------------------------------------------------ passwords and rights


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Knows `nurse`, who may do everything, and `visitor`, who may not raise alarms."""
    program("mosquitto")
    folder = tmp_path_factory.mktemp("guarded")
    passwords, rights = folder / "passwords", folder / "rights"
    for user in ("nurse", "visitor"):
        create = [] if passwords.exists() else ["-c"]
        command = [program("mosquitto_passwd"), *create, "-b", str(passwords), user, f"{user}-pass"]
        subprocess.run(command, check=True, capture_output=True)
    rights.write_text(
        "user nurse\ntopic readwrite #\n"
        "user visitor\ntopic write vitalwire/+/state/#\ntopic write vitalwire/+/status\n",
        encoding="utf-8",
    )
    made = Broker(folder, f"allow_anonymous false\npassword_file {passwords}\nacl_file {rights}")
    yield made
    made.kill()


def test_the_right_password_is_let_in(guarded: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("nurse-pass\n", encoding="utf-8")
    address = f"127.0.0.1:{guarded.port}"
    for text in (f"mqtt://nurse:nurse-pass@{address}", f"mqtt://nurse@{address}?password_file={secret}"):
        sink = sink_of(KIND, text)
        sink.open(BOARD)
        sink.deliver(on_its_way(alarm("raised")))
        sink.close()
    monkeypatch.setenv("VITALWIRE_SINK_PASSWORD", "nurse-pass")
    sink = sink_of(KIND, f"mqtt://nurse@{address}")
    sink.open(BOARD)
    sink.close()


@pytest.mark.parametrize("who", ["nurse:wrong-pass@", "nobody:wrong-pass@", ""])
def test_a_wrong_password_needs_a_person_and_is_in_no_message(guarded: Broker, who: str) -> None:
    with pytest.raises(SinkRefused, match=r"not authorised|user name or password") as caught:
        sink_of(KIND, f"mqtt://{who}127.0.0.1:{guarded.port}").open(BOARD)
    assert "wrong-pass" not in str(caught.value)
    assert str(guarded.port) in str(caught.value)


def test_a_missing_right_names_the_topic(guarded: Broker) -> None:
    sink = sink_of(KIND, f"mqtt://visitor:visitor-pass@127.0.0.1:{guarded.port}")
    with pytest.raises(SinkRefused, match="not authorised to publish to vitalwire/VW-0042/alarm"):
        sink.open(BOARD)
    sink.close()


# ------------------------------------------------------------ URLs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mqtt:///prefix", "no broker is named"),
        ("mqtt://host/a/+/b", "no beginning of a topic"),
        ("mqtt://host/$SYS", "no beginning of a topic"),
        ("mqtt://host?expire=0", "expire=0"),
        ("mqtt://host?colour=red", "no option colour"),
        ("mqtt://host?ca=/nowhere.pem", "there is no such file"),
        (f"mqtt://host?ca={__file__}", "belong to mqtts"),
        (f"mqtts://host?ca={__file__}", "no certificate of an authority"),
        (f"mqtts://host?cert={__file__}", "cannot be used"),
        (f"mqtts://host?key={__file__}", "needs cert="),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why.replace("$", r"\$")):
        sink_of(KIND, text)
