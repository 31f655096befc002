# SPDX-License-Identifier: Apache-2.0
"""InfluxDB 2 and 3 (`/api/v2/write`), 1 (`/write`), or a file of line protocol. Which lines: `encode/lines.py`.

A batch is one request; it is delivered once the database has answered that it has it. A repeat changes nothing there.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from ..encode.lines import Precision, text_of
from ..errors import ItemRefused, SinkDown, SinkRefused, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .files import Form, file_sink
from .urls import SinkUrl

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_S: Final = 3.0
ANSWER_S: Final = 7.0
_SAID_MAX: Final = 300
_PORT: Final = 8086
_GOOD: Final = range(200, 300)
# The database understood the request and does not take what is in it: a field of another type, too much at once.
_BAD_LINES: Final = (400, 413, 422)
_RIGHTS: Final = (401, 403)


@dataclass(frozen=True)
class Where:
    """Which database, as whom. `shown` is what messages call it; it holds no secret, and neither does `str()`."""

    base: str
    write: str
    shown: str
    headers: dict[str, str] = field(repr=False)
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


class InfluxSink(Sink):
    """Keeps its connection between requests."""

    def __init__(self, where: Where, precision: Precision) -> None:
        self._where, self._precision = where, precision
        self._pool: PoolManager | None = None

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # a line says itself whom it is of
        import urllib3

        self.close()
        self._pool = urllib3.PoolManager(
            num_pools=1,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S),
            ssl_context=self._where.tls,
        )
        answer = self._ask("GET", "/ping")
        if answer.status >= 500:
            raise self._down(answer)

    def deliver(self, batch: Sequence[Delivery]) -> None:
        answer = self._write(batch)
        if answer.status in _GOOD:
            return
        if answer.status not in _BAD_LINES:
            raise self._error(answer)
        if len(batch) == 1:
            raise ItemRefused(f"{self._where.shown}: it does not take the item: {self._said(answer)}")
        # It does not say which; one by one it does. What it has already is replaced by the same.
        for place, delivery in enumerate(batch):
            answer = self._write((delivery,))
            if answer.status in _BAD_LINES:
                why = f"{self._where.shown}: it does not take the item: {self._said(answer)}"
                raise ItemRefused(why, delivered=place)
            if answer.status not in _GOOD:
                raise self._error(answer)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.clear()
            self._pool = None

    def _write(self, batch: Sequence[Delivery]) -> BaseHTTPResponse:
        return self._ask("POST", self._where.write, text_of(batch, self._precision).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> BaseHTTPResponse:
        from urllib3 import exceptions

        if self._pool is None:
            raise SinkDown(f"{self._where.shown}: it is not open")
        where = self._where
        headers = {**where.headers, "Content-Type": "text/plain; charset=utf-8", "User-Agent": "vitalwire"}
        try:
            return self._pool.request(method, where.base + path, body=body, headers=headers, redirect=False)
        except exceptions.SSLError as error:
            said = str(error)
            if "CERTIFICATE_VERIFY_FAILED" in said:
                why = said.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "it is not trusted"
                raise SinkRefused(
                    f"{where.shown}: its certificate is not accepted: {why}",
                    "name the authority that signed it with ca=FILE",
                ) from None
            if "EOF" in said:
                raise SinkDown(f"{where.shown}: it ended the connection while TLS began") from None
            raise SinkRefused(f"{where.shown}: no TLS with what answers there", "is it influx+http?") from None
        except exceptions.NewConnectionError as error:  # which counts as a time-out there
            raise SinkDown(f"{where.shown}: {_cause(error)}") from None
        except exceptions.TimeoutError:
            raise SinkDown(f"{where.shown}: no answer for {ANSWER_S:g} s") from None
        except exceptions.HTTPError as error:
            raise SinkDown(f"{where.shown}: {_cause(error)}") from None

    def _error(self, answer: BaseHTTPResponse) -> SinkDown | SinkRefused:
        shown, said = self._where.shown, self._said(answer)
        if answer.status in _RIGHTS:
            return SinkRefused(f"{shown}: not authorised: {said}", "is the token or password right, and may it write?")
        if answer.status == 404:
            return SinkRefused(f"{shown}: not found: {said}", "are org=, bucket= or db= right?")
        if 300 <= answer.status < 400:
            return SinkRefused(f"{shown}: it sends us elsewhere: {answer.headers.get('Location', '')}")
        return self._down(answer)

    def _down(self, answer: BaseHTTPResponse) -> SinkDown:
        return SinkDown(f"{self._where.shown}: {self._said(answer)}")

    def _said(self, answer: BaseHTTPResponse) -> str:
        """The status and what the database says, on one line."""
        text = " ".join(answer.data[:4096].decode(errors="replace").split())[:_SAID_MAX]
        text = text.replace(self._where.secret, "***") if self._where.secret else text
        return f"{answer.status} {answer.reason or ''} {text}".strip()


class InfluxSinkWithWaves(InfluxSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def _cause(error: BaseException) -> str:
    """The words of the system at the bottom of an error of urllib3's."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror
        at = at.__cause__ or at.__context__
    return str(error).rpartition(": ")[2] or type(error).__name__


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
    where = _where(url, precision)
    url.finish()
    return (InfluxSinkWithWaves if waves else InfluxSink)(where, precision)


def _where(url: SinkUrl, precision: Precision) -> Where:
    from urllib3 import make_headers

    database, organisation, bucket = url.text("db"), url.text("org"), url.text("bucket")
    if bool(database) == bool(bucket):
        raise UsageError(f"--to {url.shown}: name either bucket= (InfluxDB 2 and 3) or db= (1)")
    authority = url.file("ca")
    web = url.scheme.partition("+")[2]
    if authority and web != "https":
        raise UsageError(f"--to {url.shown}: ca= belongs to influx+https://")
    try:
        tls = ssl.create_default_context(cafile=authority) if web == "https" else None
    except (OSError, ValueError):
        raise UsageError(f"--to {url.shown}: {authority} holds no certificate of an authority") from None
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
    host = f"[{url.host}]" if ":" in url.host else url.host
    base = f"{web}://{host}:{url.port or _PORT}{url.path.rstrip('/')}"
    return Where(base, path, url.shown, headers, secret, tls)


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
