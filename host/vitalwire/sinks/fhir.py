# SPDX-License-Identifier: Apache-2.0
"""A FHIR R4 server, or a file that is a bundle. Which resources: `encode/fhir.py`.

A batch is one transaction: the server has all of it or nothing. It is delivered once the server has answered with a
transaction-response that has a good status for each entry. A repeat creates nothing that is there (`ifNoneExist`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..encode.fhir import EMPTY, HEAD, PATIENTS, TAIL, bundle_text, entry_lines
from ..errors import ItemRefused, SinkDown, SinkRefused, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .files import FileSink, Form
from .http import GOOD, SAID_MAX, HttpTarget, Where, base_of, tls_of
from .urls import SinkUrl

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_JSON: Final = "application/fhir+json; charset=utf-8"
# The server understood the request and does not take what is in it: not valid, against a rule, ambiguous, too much.
_BAD_ITEMS: Final = (400, 412, 413, 422)

# Something is there that takes no transactions in JSON.
_NO_FHIR: Final = (405, 406, 410, 415, 501)


class FhirSink(Sink):
    """Keeps its connection between requests."""

    def __init__(self, where: Where, patients: str = PATIENTS) -> None:
        """`patients`: the system of patient codes."""
        self._target, self._patients = HttpTarget(where), patients

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # a resource says itself whom it is of
        self._target.open()
        # Some servers show this to everybody and some to nobody; that there is a server is seen all the same.
        answer = self._target.ask("GET", "/metadata?_summary=true")
        if answer.status == 401 or 300 <= answer.status < 400 or answer.status >= 500:
            raise self._error(answer)

    def deliver(self, batch: Sequence[Delivery]) -> None:
        answer = self._post(batch)
        if answer is None:
            return
        if answer.status not in _BAD_ITEMS:
            raise self._error(answer)
        if len(batch) == 1:
            raise ItemRefused(f"{self._target.where.shown}: it does not take the item: {self._outcome(answer)}")
        # A transaction fails as a whole, and does not always say where; one by one it does.
        for place, delivery in enumerate(batch):
            answer = self._post((delivery,))
            if answer is None:
                continue
            if answer.status in _BAD_ITEMS:
                why = f"{self._target.where.shown}: it does not take the item: {self._outcome(answer)}"
                raise ItemRefused(why, delivered=place)
            raise self._error(answer)

    def close(self) -> None:
        self._target.close()

    def _post(self, batch: Sequence[Delivery]) -> BaseHTTPResponse | None:
        """None where the server has it; else what it answers. Raises SinkDown where that says neither."""
        text = bundle_text(batch, self._patients)
        if text == EMPTY:
            return None
        answer = self._target.ask("POST", "", text.encode(), _JSON)
        if answer.status not in GOOD:
            return answer
        # A proxy or a log-in page answers 200 as well.
        told = _parsed(answer)
        entries = told.get("entry")
        sent = sum(len(entry_lines(one, self._patients)) for one in batch)
        good = isinstance(entries, list) and [str(_status(entry))[:1] for entry in entries] == ["2"] * sent
        if told.get("resourceType") != "Bundle" or not good:
            raise SinkDown(
                f"{self._target.where.shown}: its answer to the transaction is none: {self._target.said(answer)}"
            )
        return None

    def _error(self, answer: BaseHTTPResponse) -> SinkDown | SinkRefused:
        if answer.status in _NO_FHIR:
            return SinkRefused(f"{self._target.where.shown}: {self._target.said(answer)}", "is the base right?")
        return self._target.error(answer, "is the token right, and may it create Observations?", "is the base right?")

    def _outcome(self, answer: BaseHTTPResponse) -> str:
        """The words of an OperationOutcome, or what was said instead."""
        issues = _parsed(answer).get("issue")
        said = []
        for issue in issues if isinstance(issues, list) else []:
            if isinstance(issue, dict):
                details = issue.get("details")
                text = details.get("text") if isinstance(details, dict) else None
                said.append(str(issue.get("diagnostics") or text or issue.get("code") or ""))
        words = " ".join(" ".join(filter(None, said)).split())[:SAID_MAX]
        secret = self._target.where.secret
        words = "".join(c for c in words if c.isprintable())
        words = words.replace(secret, "***") if secret else words
        return f"{answer.status} {words}" if words else self._target.said(answer)


class FhirSinkWithWaves(FhirSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def _parsed(answer: BaseHTTPResponse) -> dict[str, Any]:
    try:
        told = json.loads(answer.data)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _status(entry: Any) -> object:
    response = entry.get("response") if isinstance(entry, dict) else None
    return response.get("status") if isinstance(response, dict) else None


class BundleFile(FileSink):
    """A file that is a whole bundle after each batch: its last line is taken off, and written again behind what is
    new. What a killed program left torn is mended when it is opened."""

    def _append(self, data: bytes) -> None:
        if not data:
            return
        size = os.fstat(self._fd).st_size
        head, tail = HEAD.encode(), TAIL.encode()
        if not size:
            super()._append(head + data.removeprefix(b",") + tail)
            return
        os.ftruncate(self._fd, size - len(tail))
        try:
            super()._append(data + tail)
        except OSError:
            super()._append(tail)  # there was room for it a moment ago
            raise

    def _heal(self, size: int) -> None:
        super()._heal(size)
        size = os.fstat(self._fd).st_size
        head, tail = HEAD.encode(), TAIL.encode()
        if size <= len(head):
            os.ftruncate(self._fd, 0)  # a list without entries is none
            return
        os.lseek(self._fd, size - len(tail), os.SEEK_SET)
        if os.read(self._fd, len(tail)) != tail:
            super()._append(tail)


class BundleFileWithWaves(BundleFile):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    waves, patients = url.flag("waves"), url.text("patients", PATIENTS)
    if any(c.isspace() for c in patients) or not patients:
        raise UsageError(f"--to {url.shown}: patients={patients} is no URI")
    if url.scheme == "fhir":
        url.finish()
        if url.host or not url.path or url.path == "-":
            raise UsageError(f"--to {url.shown}: no file is named", "as in fhir:vitals.fhir.json")
        form = Form("a bundle of vitalwire", lambda one: _lines(one, patients), "", HEAD.encode())
        return (BundleFileWithWaves if waves else BundleFile)(Path(url.path).expanduser(), form, url.shown)
    if not url.host:
        raise UsageError(f"--to {url.shown}: no server is named", f"as in {KIND.example}")
    if url.user:
        raise UsageError(f"--to {url.shown}: a server is given a token, and no user", "give it with token_file=FILE")
    tls, secret = tls_of(url), url.secret("token")
    headers = {"Accept": "application/fhir+json", **({"Authorization": f"Bearer {secret}"} if secret else {})}
    url.finish()
    where = Where(base_of(url, None), url.shown, headers, secret, tls)
    return (FhirSinkWithWaves if waves else FhirSink)(where, patients)


def _lines(delivery: Delivery, patients: str) -> str:
    return "".join(f",{line}" for line in entry_lines(delivery, patients))


KIND: Final = SinkKind(
    name="fhir",
    schemes=("fhir+http", "fhir+https", "fhir"),
    summary="FHIR R4 server, or a file: Observations in transactions",
    example="fhir+https://fhir.hospital.local/r4?token_file=token.txt",
    make=make,
    options={
        "token_file": "file with the bearer token (or VITALWIRE_SINK_PASSWORD)",
        "ca": "fhir+https: file with the authority that signed its certificate (else those of the system)",
        "patients": f"URI of the system that patient codes belong to ({PATIENTS})",
        "waves": "yes: the pulse wave too, as SampledData",
    },
    modules=("urllib3",),
    extra="http",
)

__all__ = ["KIND", "BundleFile", "FhirSink", "make"]
