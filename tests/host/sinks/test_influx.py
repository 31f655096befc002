# SPDX-License-Identifier: Apache-2.0
"""The InfluxDB sink against a real HTTP server that answers as InfluxDB documents it."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from certificates import Authority
from given import BOARD, alarm, on_its_way, oximeter, sink_of, wave
from mosquitto import free_port

from vitalwire.errors import ItemRefused, SinkDown, SinkRefused, UsageError
from vitalwire.sinks.base import Sink
from vitalwire.sinks.influx import KIND

Answer = tuple[int, str]


class Database:
    """Keeps every request; `answer` decides what it says to a body."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.answer: Callable[[str], Answer] = lambda _body: (204, "")
        database = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(204, "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                database.requests.append((self.command, self.path, dict(self.headers), body))
                self._say(*database.answer(body))

            def _say(self, status: int, text: str) -> None:
                self.send_response(status)
                if status != 204:
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

    @property
    def lines(self) -> list[str]:
        return [line for *_, body in self.requests for line in body.splitlines()]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.close()


def opened(sinks: list[Sink], database: Database, rest: str = "?org=ward&bucket=vitals&token=t0ken") -> Sink:
    sink = sink_of(KIND, f"influx+http://127.0.0.1:{database.port}{rest}")
    sinks.append(sink)
    sink.open(BOARD)
    return sink


def test_a_batch_is_one_request_of_lines(database: Database, sinks: list[Sink]) -> None:
    opened(sinks, database).deliver(on_its_way(oximeter(), alarm("raised")))
    ((_, path, headers, body),) = database.requests
    assert urlsplit(path).path == "/api/v2/write"
    assert parse_qs(urlsplit(path).query) == {"org": ["ward"], "bucket": ["vitals"], "precision": ["ns"]}
    assert headers["Authorization"] == "Token t0ken"
    assert [line.partition(",")[0] for line in body.splitlines()] == ["vitals", "events"]


def test_influxdb_1_is_asked_in_its_own_way(database: Database, sinks: list[Sink]) -> None:
    sink = sink_of(KIND, f"influx+http://nurse:secret@127.0.0.1:{database.port}?db=ward&rp=week&precision=ms")
    sinks.append(sink)
    sink.open(BOARD)
    reading = oximeter()
    sink.deliver(on_its_way(reading))
    ((_, path, headers, body),) = database.requests
    assert urlsplit(path).path == "/write"
    assert parse_qs(urlsplit(path).query) == {"db": ["ward"], "rp": ["week"], "precision": ["ms"]}
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"nurse:secret"
    assert body.rstrip().endswith(str(reading.utc_ms))


def test_a_token_may_stand_in_a_file(database: Database, sinks: list[Sink], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n", encoding="utf-8")
    opened(sinks, database, f"/below?bucket=vitals&token_file={tmp_path / 'token'}").deliver(on_its_way(oximeter()))
    ((_, path, headers, _),) = database.requests
    assert headers["Authorization"] == "Token from-file"
    assert path.startswith("/below/api/v2/write?")


def test_a_wave_is_a_line_for_each_sample(database: Database, sinks: list[Sink]) -> None:
    sink = opened(sinks, database, "?bucket=vitals&waves=yes")
    assert "wave" in sink.wants
    sink.deliver(on_its_way(wave()))
    assert len(database.lines) == 3


def test_one_connection_serves_many_batches_in_milliseconds(database: Database, sinks: list[Sink]) -> None:
    sink = opened(sinks, database)
    begun = time.perf_counter()
    for number in range(1, 51):
        sink.deliver(on_its_way(oximeter(), first=number))
    assert (time.perf_counter() - begun) / 50 < 0.03


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, SinkRefused, "not authorised"),
        (403, SinkRefused, "not authorised"),
        (404, SinkRefused, "not found"),
        (302, SinkRefused, "elsewhere"),
        (429, SinkDown, "429"),
        (500, SinkDown, "500"),
        (503, SinkDown, "503"),
    ],
)
def test_what_the_database_answers_is_said_in_words_without_the_token(
    database: Database, sinks: list[Sink], status: int, error: type[Exception], words: str
) -> None:
    sink = opened(sinks, database)
    database.answer = lambda _: (status, json.dumps({"message": "because of t0ken"}))
    with pytest.raises(error, match=words) as caught:
        sink.deliver(on_its_way(oximeter()))
    assert "because of" in str(caught.value) or status == 302
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_an_item_that_it_does_not_take_is_found_and_left_out(
    database: Database, sinks: list[Sink], status: int
) -> None:
    sink = opened(sinks, database)
    database.answer = lambda body: (status, "field type conflict") if "events" in body else (204, "")
    batch = on_its_way(oximeter(), oximeter(utc_ms=1), alarm("raised"), oximeter(utc_ms=2))
    with pytest.raises(ItemRefused, match="field type conflict") as caught:
        sink.deliver(batch)
    assert caught.value.delivered == 2
    sink.deliver(batch[3:])


def test_no_database_is_down_for_now(sinks: list[Sink]) -> None:
    sink = sink_of(KIND, f"influx+http://127.0.0.1:{free_port()}?bucket=vitals&token=t0ken")
    sinks.append(sink)
    with pytest.raises(SinkDown, match="refused") as caught:
        sink.open(BOARD)
    assert "t0ken" not in str(caught.value)


def test_a_database_that_goes_away_is_down_and_may_come_back(database: Database, sinks: list[Sink]) -> None:
    sink = opened(sinks, database)
    sink.deliver(on_its_way(oximeter()))
    port = database.port
    database.close()
    sink.close()
    with pytest.raises(SinkDown, match=str(port)):
        sink.open(BOARD)


def test_https_verifies_the_certificate(tmp_path: Path, sinks: list[Sink]) -> None:
    authority = Authority(tmp_path)
    for expired in (False, True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.sign(f"database-{expired}", expired=expired))
        database = Database(context)
        try:
            base = f"influx+https://127.0.0.1:{database.port}?bucket=vitals"
            sink = sink_of(KIND, f"{base}&ca={authority.file}")
            sinks.append(sink)
            if expired:
                with pytest.raises(SinkRefused, match="expired"):
                    sink.open(BOARD)
                continue
            sink.open(BOARD)
            sink.deliver(on_its_way(oximeter()))
            assert len(database.lines) == 1
            stranger = sink_of(KIND, base)
            sinks.append(stranger)
            with pytest.raises(SinkRefused, match="not accepted"):
                stranger.open(BOARD)
        finally:
            database.close()


def test_line_protocol_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vitals.lp"
    for number in (1, 2):
        sink = sink_of(KIND, f"influx:{path}")
        sink.open(BOARD)
        sink.deliver(on_its_way(oximeter(), first=number))
        sink.close()
    comment, *lines = path.read_text(encoding="utf-8").splitlines()
    assert comment.startswith("#")
    assert [line.partition(",")[0] for line in lines] == ["vitals", "vitals"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("influx+http://host", "either bucket= .* or db="),
        ("influx+http://host?bucket=a&db=b", "either bucket= .* or db="),
        ("influx+http:///x?bucket=a", "no database is named"),
        ("influx+http://host?bucket=a&precision=s", "precision=s"),
        (f"influx+http://host?bucket=a&ca={__file__}", "belongs to"),
        (f"influx+https://host?bucket=a&ca={__file__}", "no certificate"),
        ("influx:", "no file is named"),
        ("influx:x.lp?bucket=a", "no option bucket"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        sink_of(KIND, text)
