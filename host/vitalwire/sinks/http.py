# SPDX-License-Identifier: Apache-2.0
"""HTTP for sinks: one kept connection, time-outs, verified TLS, and errors in the words of a sink."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import SinkDown, SinkRefused, UsageError
from .urls import SinkUrl

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_S: Final = 3.0
ANSWER_S: Final = 7.0
SAID_MAX: Final = 300
GOOD: Final = range(200, 300)
_RIGHTS: Final = (401, 403)


@dataclass(frozen=True)
class Where:
    """Which server, as whom. `shown` is what messages call it; it holds no secret, and neither does `str()`."""

    base: str
    shown: str
    headers: dict[str, str] = field(repr=False)
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


class HttpTarget:
    """Keeps its connection between requests. `ask` gives the answer whatever its status; `error` says what it means."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self._pool: PoolManager | None = None

    def open(self) -> None:
        """Gets ready; the first request connects."""
        import urllib3

        self.close()
        self._pool = urllib3.PoolManager(
            num_pools=1,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S),
            ssl_context=self.where.tls,
        )

    def close(self) -> None:
        """Ends the connection; may be called twice."""
        if self._pool is not None:
            self._pool.clear()
            self._pool = None

    def ask(self, method: str, path: str, body: bytes | None = None, content: str = "") -> BaseHTTPResponse:
        """One request; `content` is its Content-Type. Raises SinkDown, or SinkRefused for a bad certificate."""
        from urllib3 import exceptions

        if self._pool is None:
            raise SinkDown(f"{self.where.shown}: it is not open")
        where = self.where
        headers = {**where.headers, "User-Agent": "vitalwire", **({"Content-Type": content} if content else {})}
        try:
            return self._pool.request(method, where.base + path, body=body, headers=headers, redirect=False)
        except exceptions.SSLError as error:
            raise self._tls_error(str(error)) from None
        except exceptions.NewConnectionError as error:  # which counts as a time-out there
            raise SinkDown(f"{where.shown}: {_cause(error)}") from None
        except exceptions.TimeoutError:
            raise SinkDown(f"{where.shown}: no answer for {ANSWER_S:g} s") from None
        except exceptions.HTTPError as error:
            raise SinkDown(f"{where.shown}: {_cause(error)}") from None

    def _tls_error(self, said: str) -> SinkDown | SinkRefused:
        shown = self.where.shown
        if "CERTIFICATE_VERIFY_FAILED" in said:
            why = said.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "it is not trusted"
            return SinkRefused(
                f"{shown}: its certificate is not accepted: {why}", "name the authority that signed it with ca=FILE"
            )
        if "EOF" in said:
            return SinkDown(f"{shown}: it ended the connection while TLS began")
        return SinkRefused(f"{shown}: no TLS with what answers there", "is it http instead of https?")

    def error(self, answer: BaseHTTPResponse, rights: str, place: str) -> SinkDown | SinkRefused:
        """What an answer that is not good means; `rights` and `place` are the hints for 401, 403 and for 404."""
        shown, said = self.where.shown, self.said(answer)
        if answer.status in _RIGHTS:
            return SinkRefused(f"{shown}: not authorised: {said}", rights)
        if answer.status == 404:
            return SinkRefused(f"{shown}: not found: {said}", place)
        if 300 <= answer.status < 400:
            return SinkRefused(f"{shown}: it sends us elsewhere: {answer.headers.get('Location', '')}")
        return SinkDown(f"{shown}: {said}")

    def said(self, answer: BaseHTTPResponse) -> str:
        """The status and what the server says, on one line."""
        text = " ".join(answer.data[:4096].decode(errors="replace").split())[:SAID_MAX]
        text = text.replace(self.where.secret, "***") if self.where.secret else text
        return f"{answer.status} {answer.reason or ''} {text}".strip()


def _cause(error: BaseException) -> str:
    """The words of the system at the bottom of an error of urllib3's."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror
        at = at.__cause__ or at.__context__
    return str(error).rpartition(": ")[2] or type(error).__name__


def base_of(url: SinkUrl, port: int | None) -> str:
    """`https://host:port/path` of a URL such as `influx+https://...`; `port` where it names none; None: the web's."""
    web = url.scheme.partition("+")[2]
    host = f"[{url.host}]" if ":" in url.host else url.host
    number = url.port or port
    return f"{web}://{host}{f':{number}' if number else ''}{url.path.rstrip('/')}"


def tls_of(url: SinkUrl) -> ssl.SSLContext | None:
    """What verifies the server's certificate, by `ca=` or the authorities of the system; None for plain HTTP. Raises
    UsageError."""
    authority = url.file("ca")
    secure = url.scheme.endswith("+https")
    if authority and not secure:
        raise UsageError(f"--to {url.shown}: ca= belongs to {url.scheme.partition('+')[0]}+https://")
    try:
        return ssl.create_default_context(cafile=authority) if secure else None
    except (OSError, ValueError):
        raise UsageError(f"--to {url.shown}: {authority} holds no certificate of an authority") from None


__all__ = ["ANSWER_S", "GOOD", "HttpTarget", "Where", "base_of", "tls_of"]
