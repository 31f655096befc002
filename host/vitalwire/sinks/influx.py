# SPDX-License-Identifier: Apache-2.0
"""InfluxDB 2 and 3 (`/api/v2/write`), 1 (`/write`), or a file of line protocol. Which lines: `encode/lines.py`.

A batch is one request; it is delivered once the database has answered that it has it. A repeat changes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from ..encode.lines import Precision, text_of
from ..errors import ItemRefused, SinkDown, SinkRefused, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .files import Form, file_sink
from .http import GOOD, HttpTarget, Where, base_of, tls_of
from .urls import SinkUrl

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_PORT: Final = 8086
_TEXT: Final = "text/plain; charset=utf-8"
# The database understood the request and does not take what is in it: a field of another type, too much at once.
_BAD_LINES: Final = (400, 413, 422)


class InfluxSink(Sink):
    """Keeps its connection between requests."""

    def __init__(self, where: Where, write: str, precision: Precision) -> None:
        """`write`: the path and query of a request that writes."""
        self._target, self._write_to, self._precision = HttpTarget(where), write, precision

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # a line says itself whom it is of
        self._target.open()
        answer = self._target.ask("GET", "/ping")
        if answer.status >= 500:
            raise SinkDown(f"{self._target.where.shown}: {self._target.said(answer)}")

    def deliver(self, batch: Sequence[Delivery]) -> None:
        answer = self._write(batch)
        if answer.status in GOOD:
            return
        if answer.status not in _BAD_LINES:
            raise self._error(answer)
        if len(batch) == 1:
            raise ItemRefused(f"{self._target.where.shown}: it does not take the item: {self._target.said(answer)}")
        # It does not say which; one by one it does. What it has already is replaced by the same.
        for place, delivery in enumerate(batch):
            answer = self._write((delivery,))
            if answer.status in _BAD_LINES:
                why = f"{self._target.where.shown}: it does not take the item: {self._target.said(answer)}"
                raise ItemRefused(why, delivered=place)
            if answer.status not in GOOD:
                raise self._error(answer)

    def close(self) -> None:
        self._target.close()

    def _write(self, batch: Sequence[Delivery]) -> BaseHTTPResponse:
        return self._target.ask("POST", self._write_to, text_of(batch, self._precision).encode(), _TEXT)

    def _error(self, answer: BaseHTTPResponse) -> SinkDown | SinkRefused:
        rights = "is the token or password right, and may it write?"
        return self._target.error(answer, rights, "are org=, bucket= or db= right?")


class InfluxSinkWithWaves(InfluxSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    waves, said = url.flag("waves"), url.text("precision", "ns")
    if said not in ("ns", "ms"):
        raise UsageError(f"--to {url.shown}: precision={said} is neither ns nor ms")
    precision: Precision = "ms" if said == "ms" else "ns"
    if url.scheme == "influx":
        url.finish()
        header = "# line protocol of vitalwire\n"
        form = Form("line protocol of vitalwire", lambda one: text_of((one,), precision), header, header.encode())
        return file_sink(url, form, waves)
    if not url.host:
        raise UsageError(f"--to {url.shown}: no database is named", f"as in {KIND.example}")
    where, write = _where(url, precision)
    url.finish()
    return (InfluxSinkWithWaves if waves else InfluxSink)(where, write, precision)


def _where(url: SinkUrl, precision: Precision) -> tuple[Where, str]:
    from urllib3 import make_headers

    database, organisation, bucket = url.text("db"), url.text("org"), url.text("bucket")
    if bool(database) == bool(bucket):
        raise UsageError(f"--to {url.shown}: name either bucket= (InfluxDB 2 and 3) or db= (1)")
    tls = tls_of(url)
    if bucket:
        secret = url.secret("token")
        headers = {"Authorization": f"Token {secret}"} if secret else {}
        asked = {"org": organisation, "bucket": bucket, "precision": precision}
        path = "/api/v2/write?" + urlencode({name: value for name, value in asked.items() if value})
    else:
        secret, policy = url.secret(), url.text("rp")
        headers = (
            {"Authorization": make_headers(basic_auth=f"{url.user}:{secret}")["authorization"]} if url.user else {}
        )
        path = "/write?" + urlencode({"db": database, **({"rp": policy} if policy else {}), "precision": precision})
    return Where(base_of(url, _PORT), url.shown, headers, secret, tls), path


KIND: Final = SinkKind(
    name="influx",
    schemes=("influx+http", "influx+https", "influx"),
    summary="InfluxDB, or a file of its line protocol",
    example="influx+http://localhost:8086?org=ward&bucket=vitals&token_file=token.txt",
    make=make,
    options={
        "bucket": "InfluxDB 2 and 3: where to write",
        "org": "InfluxDB 2: whose bucket it is",
        "token_file": "file with the token (or VITALWIRE_SINK_PASSWORD)",
        "db": "InfluxDB 1: where to write",
        "rp": "InfluxDB 1: retention policy",
        "password_file": "InfluxDB 1: file with the password of USER@ (or VITALWIRE_SINK_PASSWORD)",
        "ca": "influx+https: file with the authority that signed its certificate (else those of the system)",
        "precision": "of the timestamps: ns or ms (ns)",
        "waves": "yes: the pulse wave too, a line for each sample",
    },
    modules=("urllib3",),
    extra="http",
)

__all__ = ["KIND", "InfluxSink", "make"]
