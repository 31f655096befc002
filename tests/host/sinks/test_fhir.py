# SPDX-License-Identifier: Apache-2.0
"""The FHIR sink against a real HTTP server that answers as the specification has it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from given import BOARD, alarm, cuff, on_its_way, oximeter, sink_of
from mosquitto import free_port

from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.items import Event
from vitalwire.sinks.base import Sink
from vitalwire.sinks.fhir import KIND

Answer = tuple[int, Any]


class Server:
    """Keeps the Observations that it is sent by their identifiers; `answer` may say something else to a Bundle."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], Answer | None] = lambda _bundle: None
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                found = self.path == "/fhir/metadata"
                self._say(200 if found else 404, {"resourceType": "CapabilityStatement"})

            def do_POST(self) -> None:
                server.headers.append(dict(self.headers))
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._say(*(server.answer(said) or server.take(said)))

            def _say(self, status: int, said: Any) -> None:
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, said: dict[str, Any]) -> Answer:
        states = []
        for one in said["entry"]:
            name = one["request"]["ifNoneExist"]
            states.append("200 OK" if name in self.kept else "201 Created")
            self.kept.setdefault(name, one["resource"])
        return 200, {"resourceType": "Bundle", "type": "batch-response", "entry": [
            {"response": {"status": state}} for state in states
        ]}  # fmt: skip

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def sink(server: Server) -> Iterator[Sink]:
    made = sink_of(KIND, f"fhir+http://127.0.0.1:{server.port}/fhir?token=t0ken")
    made.open(BOARD)
    yield made
    made.close()


def outcome(text: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": "invalid", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def test_a_batch_arrives_whole_in_order_and_with_the_token(server: Server, sink: Sink) -> None:
    sink.deliver(on_its_way(oximeter(), cuff(), alarm("raised")))
    assert len(server.kept) == 6
    assert server.headers[0]["Authorization"] == "Bearer t0ken"
    assert server.headers[0]["Content-Type"].startswith("application/fhir+json")


def test_a_repeat_adds_nothing(server: Server, sink: Sink) -> None:
    batch = on_its_way(oximeter(), cuff())
    sink.deliver(batch)
    before = dict(server.kept)
    sink.deliver(batch)
    assert server.kept == before


def test_what_is_nothing_for_a_server_is_delivered_without_a_request(server: Server, sink: Sink) -> None:
    sink.deliver(on_its_way(Event(0, "operator", "acknowledge")))
    assert server.headers == []


def test_an_item_that_the_server_does_not_take_is_named_with_its_words(server: Server, sink: Sink) -> None:
    def answer(said: dict[str, Any]) -> Answer:
        status, made = server.take(said)
        made["entry"][3]["response"] = {"status": "422 Unprocessable Entity", "outcome": outcome("no such patient")}
        return status, made

    server.answer = answer
    with pytest.raises(ItemRefused, match="422 no such patient") as refused:
        sink.deliver(on_its_way(oximeter(), cuff(), alarm("raised")))
    assert refused.value.delivered == 1, "the oximeter's three were taken; the fourth entry is of the cuff"


def test_where_the_whole_bundle_is_refused_the_one_item_is_found(server: Server, sink: Sink) -> None:
    server.answer = lambda said: (400, outcome("no alarms here")) if "alarm" in json.dumps(said) else None
    with pytest.raises(ItemRefused, match="no alarms here") as refused:
        sink.deliver(on_its_way(oximeter(), alarm("raised"), cuff()))
    assert refused.value.delivered == 1
    with pytest.raises(ItemRefused, match="400 no alarms here"):
        sink.deliver(on_its_way(alarm("raised")))


@pytest.mark.parametrize(
    ("status", "error"), [(401, SinkRefused), (403, SinkRefused), (404, SinkRefused), (429, SinkDown), (503, SinkDown)]
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    status: int, error: type[Exception], server: Server, sink: Sink
) -> None:
    server.answer = lambda _said: (status, outcome("as it is"))
    with pytest.raises(error, match=str(status)) as raised:
        sink.deliver(on_its_way(oximeter()))
    assert "t0ken" not in str(raised.value)


@pytest.mark.parametrize("status", ["401 Unauthorized", "503 Busy"])
def test_an_entry_with_an_error_of_the_server_is_no_fault_of_the_item(status: str, server: Server, sink: Sink) -> None:
    server.answer = lambda _said: (200, {"entry": [{"response": {"status": status}}] * 3})
    with pytest.raises(SinkRefused if status.startswith("4") else SinkDown):
        sink.deliver(on_its_way(oximeter()))


@pytest.mark.parametrize("said", [{"entry": []}, {"hello": 1}, [], {"entry": [{"response": {}}] * 3}])
def test_an_answer_that_is_none_is_no_delivery(said: Any, server: Server, sink: Sink) -> None:
    server.answer = lambda _said: (200, said)
    with pytest.raises(SinkDown):
        sink.deliver(on_its_way(oximeter()))


def test_nobody_there_and_another_place_are_said() -> None:
    away = sink_of(KIND, f"fhir+http://127.0.0.1:{free_port()}/fhir")
    with pytest.raises(SinkDown, match="refused"):
        away.open(BOARD)


def test_a_base_that_is_none_is_said(server: Server) -> None:
    other = sink_of(KIND, f"fhir+http://127.0.0.1:{server.port}/other")
    with pytest.raises(SinkRefused, match="not found"):
        other.open(BOARD)
    other.close()


def test_https_verifies_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for expired in (False, True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign(f"server-{expired}", expired=expired))
        server = Server(context)
        sink = sink_of(KIND, f"fhir+https://127.0.0.1:{server.port}/fhir?ca={authority.file}")
        try:
            if expired:
                with pytest.raises(SinkRefused, match="expired"):
                    sink.open(BOARD)
            else:
                sink.open(BOARD)
                sink.deliver(on_its_way(oximeter()))
                assert len(server.kept) == 3
        finally:
            sink.close()
            server.close()


def test_a_file_has_a_bundle_a_line(tmp_path: Path) -> None:
    file = tmp_path / "bundles.ndjson"
    sink = sink_of(KIND, f"fhir:{file}")
    sink.open(BOARD)
    sink.deliver(on_its_way(oximeter(), Event(0, "operator", "acknowledge"), cuff()))
    sink.close()
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [len(one["entry"]) for one in found] == [3, 2]


@pytest.mark.parametrize(
    "text", ["fhir+http:///fhir", "fhir+http://host/fhir?ca=" + __file__, "fhir+http://h?colour=1"]
)
def test_a_url_that_cannot_be_used_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        sink_of(KIND, text)
