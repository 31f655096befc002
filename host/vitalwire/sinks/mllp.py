# SPDX-License-Identifier: Apache-2.0
"""A hospital's interface engine over MLLP: HL7 v2.6 messages as `encode/hl7.py` writes them, one a reading or alarm.

A message is delivered once its acknowledgement has come: MSA-1 AA or CA with our control id in MSA-2. The block around
a message is VT ... FS CR (HL7's Minimal Lower Layer Protocol). mllps:// is the same over TLS.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..encode.hl7 import Parties, control_id, message
from ..errors import ItemRefused, SinkDown, SinkRefused, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .tls import client_tls
from .urls import SinkUrl

CONNECT_S: Final = 4.0
"""For TCP, and again for TLS."""
ANSWER_S: Final = 8
ANSWER_MAX: Final = 1 << 16
"""Bytes of an acknowledgement."""
SAID_MAX: Final = 300
_VT, _END = b"\x0b", b"\x1c\r"
_GOOD: Final = ("AA", "CA")
_BAD: Final = ("AE", "AR", "CE", "CR")
_PORTS: Final = {"mllp": 2575, "mllps": 2575}


@dataclass(frozen=True)
class Where:
    """Which engine. `shown` is what messages call it; `answer_s` is how long an acknowledgement may take."""

    host: str
    port: int
    shown: str
    answer_s: float = ANSWER_S
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement: MSA-1, MSA-2, and what MSA-3 and the ERR segments say."""

    code: str
    about: str
    said: str


class MllpSink(Sink):
    """One connection, and one message at a time on it: what is acknowledged is what was sent last."""

    def __init__(self, where: Where, parties: Parties) -> None:
        self._where, self._parties = where, parties
        self._socket: socket.socket | None = None
        self._read = b""
        self._had: set[str] = set()
        """What is acknowledged of a batch that broke off: it is not sent again when the batch comes again."""

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # a message says itself whom it is of
        self.close()
        where = self._where
        try:
            plain = socket.create_connection((where.host, where.port), CONNECT_S)
        except TimeoutError:
            raise SinkDown(f"{where.shown}: no answer for {CONNECT_S:g} s") from None
        except OSError as error:
            raise SinkDown(f"{where.shown}: {error.strerror or error}") from None
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = plain if where.tls is None else self._secure(plain, where.tls)

    def deliver(self, batch: Sequence[Delivery]) -> None:
        for place, delivery in enumerate(batch):
            key = control_id(delivery)
            text = None if key in self._had else message(delivery, self._parties)
            if text is None:
                continue  # the engine has it, or it is none of HL7's
            self._send(text)
            answer = self._answer()
            if answer.code in _BAD and answer.about in ("", key):  # what it cannot read has no id that it could name
                self._had.clear()
                why = f"{self._where.shown}: it does not take the item: {answer.code} {answer.said}".rstrip()
                raise ItemRefused(why, delivered=place)
            self._check(answer, key)
            self._had.add(key)
        self._had.clear()

    def idle(self) -> None:
        """An engine says nothing unasked: where there is something to read, it is the end, or nonsense."""
        if self._socket is None:
            return
        try:
            self._socket.settimeout(0)
            self._read += self._socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            if not self._read:
                return
        except OSError as error:
            raise self._down(error) from None
        if not self._read:
            raise SinkDown(f"{self._where.shown}: it ended the connection")
        raise self._nonsense(self._read)

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may be gone already
                self._socket.close()
            self._socket = None
        self._read = b""

    # ------------------------------------------------------------ inside

    def _secure(self, plain: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        shown = self._where.shown
        try:
            return tls.wrap_socket(plain, server_hostname=self._where.host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            why = error.verify_message or "it is not trusted"
            raise SinkRefused(
                f"{shown}: its certificate is not accepted: {why}", "name the authority that signed it with ca=FILE"
            ) from None
        except TimeoutError:
            plain.close()
            raise SinkDown(f"{shown}: no TLS for {CONNECT_S:g} s", "is it mllp instead of mllps?") from None
        except (ssl.SSLEOFError, ConnectionError):
            plain.close()
            raise SinkDown(f"{shown}: it ended the connection while TLS began") from None
        except ssl.SSLError as error:
            plain.close()
            raise self._tls_error(error) from None
        except OSError as error:
            plain.close()
            raise SinkDown(f"{shown}: {error.strerror or error}") from None

    def _tls_error(self, error: ssl.SSLError) -> SinkRefused:
        shown, reason = self._where.shown, error.reason or ""
        if "ALERT" in reason:  # what it says of our certificate comes with the first read (TLS 1.3)
            said = reason.replace("_", " ").lower().partition("alert ")[2]
            return SinkRefused(f"{shown}: it ended TLS: {said}", "give our certificate with cert=FILE and key=FILE")
        return SinkRefused(f"{shown}: no TLS with what answers there", "is it mllp instead of mllps?")

    def _send(self, text: str) -> None:
        if self._socket is None:
            raise SinkDown(f"{self._where.shown}: it is not open")
        self.idle()  # what came unasked is no answer to this
        try:
            self._socket.settimeout(self._where.answer_s)
            self._socket.sendall(_VT + text.encode() + _END)
        except (ConnectionError, ssl.SSLEOFError) as error:
            self.idle()  # why it went, its alert, is still to be read
            raise self._down(error) from None
        except OSError as error:
            raise self._down(error) from None

    def _answer(self) -> Answer:
        """The next block. Raises SinkDown."""
        assert self._socket is not None
        end_s = time.monotonic() + self._where.answer_s
        while _END not in self._read:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise self._down(TimeoutError())
            try:
                self._socket.settimeout(left_s)
                data = self._socket.recv(4096)
            except OSError as error:
                raise self._down(error) from None
            if not data:
                raise SinkDown(f"{self._where.shown}: it ended the connection before it acknowledged")
            self._read += data
            if not self._read.startswith(_VT) or len(self._read) > ANSWER_MAX:
                raise self._nonsense(self._read)
        block, _, self._read = self._read.partition(_END)
        return self._parsed(block[1:])

    def _parsed(self, block: bytes) -> Answer:
        """Raises SinkDown for what is no acknowledgement."""
        import hl7

        try:
            # Some end a line with LF, or twice.
            told = hl7.parse(re.sub(r"[\r\n]+", "\r", block.decode(errors="replace")))
            msa = told.segment("MSA")
            _, code, about, said = (str(msa[n]) if n < len(msa) else "" for n in range(4))
            errors = [" ".join(filter(None, map(str, one[1:]))) for one in told if str(one[0]) == "ERR"]
        except Exception:  # a parser, and bytes that may be anything
            raise self._nonsense(block) from None
        return Answer(code.strip(), about.strip(), _line(_plain("; ".join(filter(None, [said, *errors])))))

    def _check(self, answer: Answer, key: str) -> None:
        shown = self._where.shown
        if answer.about != key:
            raise SinkDown(f"{shown}: it acknowledged another message: {_line(answer.about)!r} and not {key!r}")
        if answer.code not in _GOOD:
            raise SinkDown(f"{shown}: {_line(answer.code)!r} is no acknowledgement")

    def _nonsense(self, data: bytes) -> SinkDown:
        return SinkDown(f"{self._where.shown}: what it says is no acknowledgement: {_line(ascii(data[:60])[1:])}")

    def _down(self, error: Exception) -> SinkDown | SinkRefused:
        if isinstance(error, TimeoutError):
            return SinkDown(f"{self._where.shown}: no acknowledgement for {self._where.answer_s:g} s")
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return self._tls_error(error)
        said = error.strerror if isinstance(error, OSError) else None
        return SinkDown(f"{self._where.shown}: the connection broke: {said or error}")


def _plain(text: str) -> str:
    """Delimiters that were escaped."""
    return re.sub(r"\\([FSTRE])\\", lambda found: dict(zip("FSTRE", "|^&~\\", strict=True))[found[1]], text)


def _line(text: str) -> str:
    """Somebody else's words, on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SAID_MAX]


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    if not url.host:
        raise UsageError(f"--to {url.shown}: no host is named", f"as in {KIND.example}")
    if url.path.strip("/") or url.user:
        raise UsageError(f"--to {url.shown}: MLLP knows neither paths nor users", f"as in {KIND.example}")
    parties = Parties(
        url.text("app", Parties().application),
        url.text("facility"),
        url.text("to_app"),
        url.text("to_facility"),
    )
    answer_s = url.whole("timeout", ANSWER_S, 1, 10)
    where = Where(url.host, url.port or _PORTS[url.scheme], url.shown, answer_s, client_tls(url, "mllps"))
    url.finish()
    return MllpSink(where, parties)


KIND: Final = SinkKind(
    name="mllp",
    schemes=("mllp", "mllps"),
    summary="HL7 v2.6 over MLLP: readings as IHE PCD-01, alarms as PCD-04, each acknowledged",
    example="mllp://engine.local:2575?facility=WARD3&to_app=EHR",
    make=make,
    options={
        "app": "sending application, MSH-3 (VITALWIRE)",
        "facility": "sending facility, MSH-4; it is whose patient codes they are, too",
        "to_app": "receiving application, MSH-5",
        "to_facility": "receiving facility, MSH-6",
        "timeout": f"seconds for an acknowledgement (1 to 10, {ANSWER_S})",
        "ca": "mllps: file with the authority that signed the engine's certificate (else those of the system)",
        "cert": "mllps: our certificate, where the engine asks for one",
        "key": "mllps: its key, where it is not in the same file",
    },
    modules=("hl7",),
    extra="hl7",
)

__all__ = ["KIND", "MllpSink", "make"]
