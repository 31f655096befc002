# SPDX-License-Identifier: Apache-2.0
"""The FHIR sink against a real HTTP server that checks bundles with the models of `fhir.resources`, and as a file."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from given import BOARD, alarm, cuff, on_its_way, oximeter, sink_of, wave
from mosquitto import free_port

from vitalwire.encode.fhir import HEAD, TAIL
from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.sinks.base import Sink
from vitalwire.sinks.fhir import KIND

try:
    from fhir.resources.R4B.bundle import Bundle
except ImportError:
    Bundle = None

SECRET = "t0ken"
CUT = (-1, "")
Answer = tuple[int, str]


def outcome(text: str, code: str = "invalid") -> str:
    """An OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def created(body: dict[str, Any]) -> Answer:
    """What a server answers that takes a transaction."""
    entries = [{"response": {"status": "201 Created"}} for _ in body["entry"]]
    return 200, json.dumps({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})


class Server:
    """Keeps what it took, by identifier; `answer` decides what it says to a bundle, `metadata` to who asks it."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.taken: dict[str, dict[str, Any]] = {}
        self.answer: Callable[[dict[str, Any]], Answer] = created
        self.metadata: Answer = (200, '{"resourceType":"CapabilityStatement"}')
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(*server.metadata)

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if Bundle is not None:
                    Bundle.model_validate_json(data)
                body = json.loads(data)
                server.requests.append((self.path, dict(self.headers), body))
                status, text = server.answer(body)
                if status in range(200, 300):
                    for entry in body["entry"]:
                        server.taken.setdefault(entry["request"]["ifNoneExist"], entry["resource"])
                self._say(status, text)

            def _say(self, status: int, text: str) -> None:
                if status < 0:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(status)
                if status in range(300, 400):
                    self.send_header("Location", "https://elsewhere.example/")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def sinks() -> Iterator[list[Sink]]:
    made: list[Sink] = []
    yield made
    for sink in made:
        sink.close()


def opened(sinks: list[Sink], server: Server, rest: str = f"/r4?token={SECRET}") -> Sink:
    sink = sink_of(KIND, f"fhir+http://127.0.0.1:{server.port}{rest}")
    sinks.append(sink)
    sink.open(BOARD)
    return sink


def first_code(entry: dict[str, Any]) -> str:
    return str(entry["resource"]["code"]["coding"][0]["code"])


# ------------------------------------------------------------ what arrives


def test_a_batch_is_one_transaction(server: Server, sinks: list[Sink]) -> None:
    opened(sinks, server).deliver(on_its_way(oximeter(), cuff(), alarm("raised")))
    ((path, headers, body),) = server.requests
    assert path == "/r4"
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Content-Type"].startswith("application/fhir+json")
    assert body["type"] == "transaction"
    assert [first_code(entry) for entry in body["entry"]] == [
        "59408-5",
        "8867-4",
        "150448",
        "85354-9",
        "8867-4",
        "spo2_low",
    ]


def test_a_repeat_is_not_there_twice(server: Server, sinks: list[Sink]) -> None:
    sink, reading = opened(sinks, server), oximeter()
    sink.deliver(on_its_way(reading))
    sink.deliver(on_its_way(reading, repeated=True))
    assert len(server.requests) == 2
    assert len(server.taken) == 3


def test_patient_codes_can_have_the_sites_own_system(server: Server, sinks: list[Sink]) -> None:
    opened(sinks, server, "/r4?patients=https://clinic.example/study-codes").deliver(on_its_way(oximeter()))
    subject = server.requests[0][2]["entry"][0]["resource"]["subject"]
    assert subject["identifier"] == {"system": "https://clinic.example/study-codes", "value": "P17"}


def test_waves_come_where_they_are_asked_for(server: Server, sinks: list[Sink]) -> None:
    assert "wave" not in opened(sinks, server).wants
    sink = opened(sinks, server, "/r4?waves=yes")
    assert "wave" in sink.wants
    sink.deliver(on_its_way(wave()))
    assert first_code(server.requests[0][2]["entry"][0]) == "150452"


# ------------------------------------------------------------ what it does not take


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_needs_a_person(server: Server, sinks: list[Sink], status: int) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: (status, outcome(f"no rights with {SECRET}", "forbidden"))
    with pytest.raises(SinkRefused, match=r"not authorised.*is the token right") as caught:
        sink.deliver(on_its_way(oximeter()))
    assert SECRET not in str(caught.value)


def test_a_wrong_token_is_seen_at_once_where_the_server_asks_for_it(server: Server, sinks: list[Sink]) -> None:
    server.metadata = (401, "")
    with pytest.raises(SinkRefused, match="not authorised"):
        opened(sinks, server)


def test_a_server_that_shows_nobody_what_it_can_do_is_a_server(server: Server, sinks: list[Sink]) -> None:
    for status in (403, 404, 405):
        server.metadata = (status, "")
        opened(sinks, server).deliver(on_its_way(oximeter()))
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 412, 413, 422])
def test_an_item_that_it_does_not_take_is_found_and_left_out(server: Server, sinks: list[Sink], status: int) -> None:
    sink = opened(sinks, server)

    def judge(body: dict[str, Any]) -> Answer:
        if any(first_code(entry) == "85354-9" for entry in body["entry"]):
            return status, outcome(f"no such patient for {SECRET}\x1b[31m")
        return created(body)

    server.answer = judge
    batch = on_its_way(oximeter(), oximeter(utc_ms=1), cuff(), oximeter(utc_ms=2))
    with pytest.raises(ItemRefused, match=f"{status} no such patient") as caught:
        sink.deliver(batch)
    assert caught.value.delivered == 2
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()
    sink.deliver(batch[3:])
    assert len(server.taken) == 9


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('{"issue":[{"details":{"text":"bad unit"}}]}', "422 bad unit"),
        ('{"issue":[{"code":"invariant"}]}', "422 invariant"),
        ('{"issue":"x"}', "422"),
        ("<h1>no</h1>", "<h1>no</h1>"),
        ("[" * 100_000, "422"),
        ("", "422"),
    ],
)
def test_whatever_says_why_is_said(server: Server, sinks: list[Sink], said: str, shown: str) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: (422, said)
    with pytest.raises(ItemRefused, match=shown) as caught:
        sink.deliver(on_its_way(oximeter()))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("status", [404, 405, 415])
def test_a_base_that_takes_no_transactions_needs_a_person(server: Server, sinks: list[Sink], status: int) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: (status, "")
    with pytest.raises(SinkRefused, match="is the base right"):
        sink.deliver(on_its_way(oximeter()))


def test_a_server_that_sends_us_elsewhere_is_not_followed_with_our_token(server: Server, sinks: list[Sink]) -> None:
    server.metadata = (302, "")
    with pytest.raises(SinkRefused, match=r"elsewhere\.example"):
        opened(sinks, server)


# ------------------------------------------------------------ what is away


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503])
def test_trouble_of_the_server_is_down_for_now(server: Server, sinks: list[Sink], status: int) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: (status, outcome("try later"))
    with pytest.raises(SinkDown, match=str(status)):
        sink.deliver(on_its_way(oximeter(), oximeter()))
    server.metadata = (503, "")
    sink.close()
    with pytest.raises(SinkDown, match="503"):
        sink.open(BOARD)


def test_a_connection_that_is_cut_before_the_answer_is_down_for_now(server: Server, sinks: list[Sink]) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: CUT
    with pytest.raises(SinkDown) as caught:
        sink.deliver(on_its_way(oximeter()))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "<html>Please log in</html>",
        "{}",
        "[]",
        '{"resourceType":"Bundle","type":"transaction-response"}',
        '{"resourceType":"Bundle","entry":[{"response":{"status":"201 Created"}}]}',
        '{"resourceType":"Bundle","entry":[{},{},{}]}',
        '{"resourceType":"Bundle","entry":[1,2,3]}',
        json.dumps({"resourceType": "Bundle", "entry": [{"response": {"status": n}} for n in ("201", "201", "422")]}),
    ],
)
def test_a_good_status_alone_is_no_delivery(server: Server, sinks: list[Sink], said: str) -> None:
    sink = opened(sinks, server)
    server.answer = lambda _body: (200, said)
    with pytest.raises(SinkDown, match="answer to the transaction is none"):
        sink.deliver(on_its_way(oximeter()))


def test_no_server_is_down_for_now(sinks: list[Sink]) -> None:
    sink = sink_of(KIND, f"fhir+http://127.0.0.1:{free_port()}?token={SECRET}")
    sinks.append(sink)
    with pytest.raises(SinkDown, match="refused") as caught:
        sink.open(BOARD)
    assert SECRET not in str(caught.value)


def test_https_verifies_the_certificate(tmp_path: Path, sinks: list[Sink]) -> None:
    authority = Authority(tmp_path)
    for expired in (False, True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign(f"server-{expired}", expired=expired))
        server = Server(context)
        try:
            base = f"fhir+https://127.0.0.1:{server.port}/r4"
            sink = sink_of(KIND, f"{base}?ca={authority.file}")
            sinks.append(sink)
            if expired:
                with pytest.raises(SinkRefused, match="certificate has expired"):
                    sink.open(BOARD)
                continue
            sink.open(BOARD)
            sink.deliver(on_its_way(oximeter()))
            assert len(server.taken) == 3
            stranger = sink_of(KIND, base)
            sinks.append(stranger)
            with pytest.raises(SinkRefused, match="not accepted"):
                stranger.open(BOARD)
        finally:
            server.close()


# ------------------------------------------------------------ a file


def bundle_in(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    if Bundle is not None:
        Bundle.model_validate_json(text)
    told: dict[str, Any] = json.loads(text)
    return told


def written(path: Path, *batches: Any) -> None:
    """One run of a program that streams to the file."""
    sink = sink_of(KIND, f"fhir:{path}")
    sink.open(BOARD)
    for batch in batches:
        sink.deliver(batch)
        bundle_in(path)
    sink.close()


def test_a_file_is_a_whole_bundle_after_each_batch_and_goes_on_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "vitals.fhir.json"
    written(path, on_its_way(oximeter(), alarm("raised")), on_its_way(cuff(), first=3))
    written(path, on_its_way(oximeter(), first=4))
    assert len(bundle_in(path)["entry"]) == 3 + 1 + 2 + 3


def test_nothing_delivered_is_an_empty_file_that_the_next_run_begins(tmp_path: Path) -> None:
    path = tmp_path / "vitals.fhir.json"
    written(path)
    assert path.read_bytes() == b""
    written(path, on_its_way(oximeter()))
    assert len(bundle_in(path)["entry"]) == 3


def test_a_file_that_was_torn_at_any_byte_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "vitals.fhir.json"
    written(path, on_its_way(oximeter(utc_ms=1)), on_its_way(alarm("raised"), first=2))
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    step = 97
    places = {*range(0, len(whole), step), *range(len(whole) - 5, len(whole)), len(HEAD) - 1, len(HEAD), len(HEAD) + 1}
    for size in sorted(places):
        path.write_bytes(whole[:size])
        written(path, on_its_way(cuff(), first=3))
        left = sum(1 for n in range(2, 6) if sum(map(len, lines[:n])) <= size)
        assert len(bundle_in(path)["entry"]) == left + 2, size


def test_a_disk_that_is_full_leaves_a_whole_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vitals.fhir.json"
    sink = sink_of(KIND, f"fhir:{path}")
    sink.open(BOARD)
    sink.deliver(on_its_way(oximeter()))
    before = path.read_bytes()
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > len(TAIL):
            write(fd, data[:40])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(SinkDown, match="No space left"):
            sink.deliver(on_its_way(cuff(), first=2))
    assert path.read_bytes() == before
    sink.deliver(on_its_way(cuff(), first=2))
    sink.close()
    assert len(bundle_in(path)["entry"]) == 5


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"resourceType": "Bundle", "type": "collection"}', encoding="utf-8")
    with pytest.raises(SinkRefused, match="something else"):
        sink_of(KIND, f"fhir:{path}").open(BOARD)
    assert "collection" in path.read_text(encoding="utf-8")


# ------------------------------------------------------------ URLs


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fhir+http:///r4", "no server is named"),
        ("fhir+http://nurse:secret@host/r4", "a token, and no user"),
        (f"fhir+http://host?ca={__file__}", "belongs to"),
        (f"fhir+https://host?ca={__file__}", "no certificate"),
        ("fhir+http://host?patients=", "no URI"),
        ("fhir+http://host?patients=study%20codes", "no URI"),
        ("fhir+http://host?tokens=x", "no option tokens"),
        ("fhir:", "no file is named"),
        ("fhir:-", "no file is named"),
        ("fhir:x.json?token=secret", "no option token"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        sink_of(KIND, text)
    assert "secret" not in str(caught.value)
