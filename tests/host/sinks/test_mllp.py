# SPDX-License-Identifier: Apache-2.0
"""The MLLP sink against an engine on a real socket that the `hl7` library makes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from engine import CUT, Engine, refusal
from given import BOARD, alarm, cuff, on_its_way, oximeter, sink_of, technical
from mosquitto import free_port

from vitalwire.delivery.spool import Spool
from vitalwire.delivery.worker import Worker
from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.items import Event
from vitalwire.sinks.base import Sink
from vitalwire.sinks.mllp import KIND

# `hl7` makes the time of an acknowledgement with a function that Python 3.12 calls old.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


Connect = Callable[..., Sink]


@pytest.fixture
def connect(engine: Engine, sinks: list[Sink]) -> Connect:
    """Opens a sink to the engine."""

    def begin(rest: str = "?timeout=1") -> Sink:
        sink = sink_of(KIND, f"mllp://127.0.0.1:{engine.port}{rest}")
        sinks.append(sink)
        sink.open(BOARD)
        return sink

    return begin


def key_of(told: Any) -> str:
    return str(told.segment("MSH")[10])


# ------------------------------------------------------------ what arrives


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_a_batch_arrives_in_order_one_message_an_item(engine: Engine, connect: Connect, code: str) -> None:
    engine.answer = lambda told: told.create_ack(code)
    connect().deliver(on_its_way(oximeter(), cuff(), alarm("raised"), technical("cleared")))
    assert engine.ids == ["VW-0042-1", "VW-0042-2", "VW-0042-3", "VW-0042-4"]
    kinds = [str(told.segment("MSH")[9]) for told in engine.messages]
    assert kinds == ["ORU^R01^ORU_R01", "ORU^R01^ORU_R01", "ORU^R40^ORU_R40", "ORU^R40^ORU_R40"]
    assert engine.connections == 1


def test_events_that_hl7_is_not_told_count_as_delivered(engine: Engine, connect: Connect) -> None:
    connect().deliver(on_its_way(Event(1, "operator", "dose"), oximeter(), Event(1, "session", "ended")))
    assert engine.ids == ["VW-0042-2"]


def test_sender_and_receiver_stand_in_the_url(engine: Engine, connect: Connect) -> None:
    connect("?app=VW%5E1.2.3%5EISO&facility=WARD3&to_app=EHR&to_facility=HOSPITAL").deliver(on_its_way(oximeter()))
    msh = engine.messages[0].segment("MSH")
    assert [str(msh[n]) for n in range(3, 7)] == ["VW^1.2.3^ISO", "WARD3", "EHR", "HOSPITAL"]


def test_text_of_every_script_arrives(engine: Engine, connect: Connect) -> None:
    text = "Größe | 血压 ^ \x0b\x1c\r & \\ 🩺"
    connect().deliver(on_its_way(technical("raised", detail=text)))
    (told,) = engine.messages
    assert told.unescape(str(told.segment("NTE")[3])) == text


def test_an_acknowledgement_in_pieces_is_one(engine: Engine, connect: Connect) -> None:
    whole: list[bytes] = []

    def slowly(told: Any) -> bytes:
        data = b"\x0b" + str(told.create_ack("AA")).encode() + b"\x1c\r"
        whole.append(data[9:])
        threading.Timer(0.1, engine.say, (whole[-1],)).start()
        return data[:9]

    engine.answer = slowly
    connect().deliver(on_its_way(oximeter()))


def test_an_engine_that_ends_lines_with_line_feeds_is_understood(engine: Engine, connect: Connect) -> None:
    engine.answer = lambda told: b"\x0bMSH|^~\\&|||||1||ACK|1|P|2.6\nMSA|AA|%s\n\x1c\r" % key_of(told).encode()
    connect().deliver(on_its_way(oximeter()))


# ------------------------------------------------------------ what it does not take


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR"])
def test_an_item_that_is_refused_is_said_with_the_engines_words(engine: Engine, connect: Connect, code: str) -> None:
    def judge(told: Any) -> Any:
        if key_of(told) != "VW-0042-3":
            return told.create_ack("AA")
        return refusal(told, code, "no such patient", "PID^1^3|204^Unknown key identifier^HL70357|E||||bed \\T\\ ward")

    engine.answer = judge
    sink = connect()
    batch = on_its_way(oximeter(), oximeter(), cuff(), oximeter())
    with pytest.raises(ItemRefused, match=f"{code} no such patient") as caught:
        sink.deliver(batch)
    assert caught.value.delivered == 2
    assert "Unknown key identifier" in caught.value.what
    assert "bed & ward" in caught.value.what
    sink.deliver(batch[3:])
    assert engine.ids == ["VW-0042-1", "VW-0042-2", "VW-0042-3", "VW-0042-4"]


def test_a_refusal_without_our_id_is_of_what_was_sent_last(engine: Engine, connect: Connect) -> None:
    engine.answer = lambda _told: b"\x0bMSH|^~\\&|||||1||ACK|1|P|2.6\rMSA|AR||cannot read it\r\x1c\r"
    with pytest.raises(ItemRefused, match="AR cannot read it"):
        connect().deliver(on_its_way(oximeter()))


def test_what_an_engine_says_is_one_line_of_bounded_length(engine: Engine, connect: Connect) -> None:
    engine.answer = lambda told: refusal(told, "AE", "x\x1b[31m\x07" + "y" * 5000)
    with pytest.raises(ItemRefused) as caught:
        connect().deliver(on_its_way(oximeter()))
    assert caught.value.what.isprintable()
    assert len(caught.value.what) < 500


# ------------------------------------------------------------ what is no answer

ACK = "MSH|^~\\&|||||1||ACK|1|P|2.6\rMSA|{code}|{about}\r"


def block(text: str) -> bytes:
    return b"\x0b" + text.encode() + b"\x1c\r"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no acknowledgement: 'HTTP/1.1 400"),
        (block("hello"), "no acknowledgement"),
        (block(""), "no acknowledgement"),
        (block("MSH|^~\\&|||||1||ACK|1|P|2.6\r"), "no acknowledgement"),
        (b"\x0b\xff\xfe\x1c\r", "no acknowledgement"),
        (block(ACK.format(code="AA", about="VW-0042-9")), "acknowledged another message: 'VW-0042-9'"),
        (block(ACK.format(code="AE", about="VW-0042-9")), "acknowledged another message"),
        (block(ACK.format(code="AA", about="")), "acknowledged another message"),
        (block(ACK.format(code="OK", about="VW-0042-1")), "'OK' is no acknowledgement"),
        (block(ACK.format(code="", about="VW-0042-1")), "is no acknowledgement"),
        (b"\x0b" + b"x" * 70_000, "no acknowledgement"),
        (CUT, "ended the connection before it acknowledged"),
        (None, "no acknowledgement for 1 s"),
        (b"\x0bMSH|", "no acknowledgement for 1 s"),
    ],
)
def test_what_is_no_acknowledgement_means_that_it_is_down(
    engine: Engine, connect: Connect, said: Any, why: str
) -> None:
    engine.answer = lambda _told: said
    with pytest.raises(SinkDown, match=why):
        connect().deliver(on_its_way(oximeter()))


def test_an_acknowledgement_too_many_is_never_taken_for_the_next_one(engine: Engine, connect: Connect) -> None:
    engine.answer = lambda told: 2 * block(ACK.format(code="AA", about=key_of(told)))
    sink = connect()
    with pytest.raises(SinkDown):
        sink.deliver(on_its_way(oximeter(), oximeter()))
    assert engine.ids == ["VW-0042-1"]


def test_after_a_break_only_what_was_not_acknowledged_is_sent_again(engine: Engine, connect: Connect) -> None:
    engine.answer = lambda told: CUT if key_of(told) == "VW-0042-3" else told.create_ack("AA")
    sink = connect()
    batch = on_its_way(oximeter(), oximeter(), oximeter(), oximeter())
    with pytest.raises(SinkDown):
        sink.deliver(batch)
    engine.answer = lambda told: told.create_ack("AA")
    sink.close()
    sink.open(BOARD)
    sink.deliver(batch)
    assert engine.ids == [f"VW-0042-{n}" for n in (1, 2, 3, 3, 4)]
    sink.deliver(batch[:1])
    assert engine.ids[-1] == "VW-0042-1"


def test_an_end_is_noticed_while_there_is_nothing_to_deliver(engine: Engine, connect: Connect) -> None:
    sink = connect()
    sink.deliver(on_its_way(oximeter()))
    sink.idle()
    engine.cut()
    with pytest.raises(SinkDown, match="ended the connection"):
        sink.idle()
    sink.close()
    sink.close()
    sink.idle()


def test_nothing_is_delivered_where_nothing_is_open(engine: Engine) -> None:
    with pytest.raises(SinkDown, match="not open"):
        sink_of(KIND, f"mllp://127.0.0.1:{engine.port}").deliver(on_its_way(oximeter()))


def test_no_engine_is_down_for_now(sinks: list[Sink]) -> None:
    sink = sink_of(KIND, f"mllp://127.0.0.1:{free_port()}")
    sinks.append(sink)
    with pytest.raises(SinkDown, match="refused"):
        sink.open(BOARD)


def test_a_stream_goes_on_where_an_engine_went_away_and_nothing_is_missing(
    engine: Engine, sinks: list[Sink], tmp_path: Path
) -> None:
    replies = 0

    def unsteady(told: Any) -> Any:
        nonlocal replies
        replies += 1
        return CUT if replies % 7 == 0 else told.create_ack("AA")

    engine.answer = unsteady
    sink = sink_of(KIND, f"mllp://127.0.0.1:{engine.port}?timeout=1")
    sinks.append(sink)
    worker = Worker("engine", sink, Spool(tmp_path / "spool", 1 << 20), lambda _said: None, first_pause_s=0.01)
    worker.start()
    for number in range(1, 41):
        worker.put(number, f"s-{number}", oximeter(), BOARD, False)
    end_s = time.monotonic() + 20
    while worker.standing().delivered < 40 and time.monotonic() < end_s:
        time.sleep(0.02)
    worker.end(1.0)
    assert list(dict.fromkeys(engine.ids)) == [f"s-{n}" for n in range(1, 41)]
    assert engine.connections > 1


# ------------------------------------------------------------ TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


Start = Callable[..., Engine]


@pytest.fixture
def start(authority: Authority) -> Iterator[Start]:
    """An engine with a certificate of the authority's."""
    made: list[Engine] = []

    def begin(ask: bool = False, **values: Any) -> Engine:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign(f"engine-{len(made)}", **values))
        if ask:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority.file)
        made.append(Engine(context))
        return made[-1]

    yield begin
    for engine in made:
        engine.close()


def secure(sinks: list[Sink], engine: Engine, rest: str) -> Sink:
    sink = sink_of(KIND, f"mllps://127.0.0.1:{engine.port}?timeout=1{rest}")
    sinks.append(sink)
    return sink


def test_an_engine_whose_authority_is_named_is_trusted(start: Start, authority: Authority, sinks: list[Sink]) -> None:
    engine = start()
    sink = secure(sinks, engine, f"&ca={authority.file}")
    sink.open(BOARD)
    sink.deliver(on_its_way(oximeter(), cuff()))
    sink.idle()
    assert engine.ids == ["VW-0042-1", "VW-0042-2"]
    engine.cut()
    with pytest.raises(SinkDown):
        sink.idle()


def test_an_engine_of_an_unknown_authority_is_refused(start: Start, sinks: list[Sink]) -> None:
    with pytest.raises(SinkRefused, match=r"certificate is not accepted.*ca=FILE"):
        secure(sinks, start(), "").open(BOARD)


def test_an_expired_certificate_is_refused_in_words(start: Start, authority: Authority, sinks: list[Sink]) -> None:
    with pytest.raises(SinkRefused, match="certificate has expired"):
        secure(sinks, start(expired=True), f"&ca={authority.file}").open(BOARD)


def test_a_certificate_for_another_address_is_refused(start: Start, authority: Authority, sinks: list[Sink]) -> None:
    with pytest.raises(SinkRefused, match=r"not valid for .127\.0\.0\.1"):
        secure(sinks, start(address="192.0.2.7"), f"&ca={authority.file}").open(BOARD)


def test_an_engine_that_asks_for_our_certificate_gets_it(start: Start, authority: Authority, sinks: list[Sink]) -> None:
    certificate, key = authority.sign("monitor")
    sink = secure(sinks, start(ask=True), f"&ca={authority.file}&cert={certificate}&key={key}")
    sink.open(BOARD)
    sink.deliver(on_its_way(oximeter()))


def test_an_engine_that_asks_for_our_certificate_and_gets_none_needs_a_person(
    authority: Authority, sinks: list[Sink]
) -> None:
    # A server of asyncio's ends such a connection without the alert that says why; most others send it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.sign("strict"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as other, contextlib.suppress(ssl.SSLError):
                context.wrap_socket(other, server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        sink = sink_of(KIND, f"mllps://127.0.0.1:{server.getsockname()[1]}?ca={authority.file}")
        sinks.append(sink)
        sink.open(BOARD)  # with TLS 1.3 the alert comes after the handshake
        thread.join(5)
        with pytest.raises(SinkRefused, match=r"certificate required.*cert=FILE"):
            sink.deliver(on_its_way(oximeter()))


def test_a_port_that_answers_something_else_than_tls_is_said_in_words(sinks: list[Sink], authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as other:
                other.sendall(b"welcome to something else\r\n")
                other.recv(4096)

        threading.Thread(target=serve, daemon=True).start()
        port = server.getsockname()[1]
        sink = sink_of(KIND, f"mllps://127.0.0.1:{port}?ca={authority.file}")
        sinks.append(sink)
        with pytest.raises(SinkRefused, match="mllp instead of mllps"):
            sink.open(BOARD)


# ------------------------------------------------------------ URLs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mllp://", "no host is named"),
        ("mllp:engine", "no host is named"),
        ("mllp://engine/path", "neither paths nor users"),
        ("mllp://nurse:secret@engine", "neither paths nor users"),
        ("mllp://engine?timeout=0", "timeout=0"),
        ("mllp://engine?timeout=11", "timeout=11"),
        ("mllp://engine?sender=x", "no option sender"),
        (f"mllp://engine?ca={__file__}", "belong to mllps"),
        (f"mllps://engine?ca={__file__}", "no certificate of an authority"),
        (f"mllps://engine?key={__file__}", "key= needs cert="),
        (f"mllps://engine?cert={__file__}", "cannot be used as our certificate"),
        ("mllps://engine?ca=missing.pem", "no such file"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        sink_of(KIND, text)
    assert "secret" not in str(caught.value)


def test_the_port_is_2575_where_none_is_named() -> None:
    assert sink_of(KIND, "mllp://engine")._where.port == 2575  # type: ignore[attr-defined]
