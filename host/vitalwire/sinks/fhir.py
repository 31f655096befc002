# SPDX-License-Identifier: Apache-2.0
"""A FHIR R4 server, to which Observations are posted in batches, or a file with one Bundle a line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from ..encode.fhir import bundle
from ..errors import ItemRefused, SinkDown, SinkRefused, UsageError
from ..items import Origin
from .base import Delivery, Sink, SinkKind
from .files import Form, file_sink
from .http import GOOD, HttpTarget, Where, base_of, tls_of
from .urls import SinkUrl

_JSON: Final = "application/fhir+json; charset=utf-8"
# The server understood the request and does not take what is in it.
_BAD: Final = (400, 409, 412, 413, 422)
_RIGHTS: Final = "is the token right, and may it create Observations?"
_PLACE: Final = "the URL is to end with the server's base, as in /fhir"


class FhirSink(Sink):
    """Posts a batch Bundle; an Observation that the server has already is left alone (`ifNoneExist`)."""

    def __init__(self, where: Where) -> None:
        self._target = HttpTarget(where)

    def open(self, origin: Origin) -> None:  # noqa: ARG002  # an Observation says itself whom it is of
        self._target.open()
        answer = self._target.ask("GET", "/metadata")
        if answer.status not in GOOD:
            raise self._target.error(answer, _RIGHTS, _PLACE)

    def deliver(self, batch: Sequence[Delivery]) -> None:
        said = bundle(batch)
        if said is None:
            return
        answer = self._post(said)
        if answer.status in _BAD and len(batch) > 1:
            # The server does not say which; one by one it does. What it has already stays as it is.
            for place, delivery in enumerate(batch):
                self._one(delivery, place)
            return
        if answer.status in _BAD:
            raise ItemRefused(f"{self._target.where.shown}: it does not take the item: {self._outcome(answer)}")
        if answer.status not in GOOD:
            raise self._target.error(answer, _RIGHTS, _PLACE)
        self._check_entries(batch, answer.data)

    def _one(self, delivery: Delivery, place: int) -> None:
        said = bundle((delivery,))
        if said is None:
            return
        answer = self._post(said)
        if answer.status in _BAD:
            why = f"{self._target.where.shown}: it does not take the item: {self._outcome(answer)}"
            raise ItemRefused(why, delivered=place)
        if answer.status not in GOOD:
            raise self._target.error(answer, _RIGHTS, _PLACE)
        self._check_entries((delivery,), answer.data, place)

    def _post(self, said: dict[str, Any]) -> Any:
        return self._target.ask("POST", "", json.dumps(said, ensure_ascii=False).encode(), _JSON)

    def _check_entries(self, batch: Sequence[Delivery], data: bytes, before: int = 0) -> None:
        """A batch is answered entry by entry: the first that is no success names the item that it is of."""
        shown = self._target.where.shown
        try:
            entries = json.loads(data)["entry"]
            states = [int(str(one["response"]["status"]).split()[0]) for one in entries]
        except (ValueError, KeyError, TypeError, IndexError):
            raise SinkDown(f"{shown}: its answer is no batch-response", _PLACE) from None
        owners = [place for place, one in enumerate(batch) for _ in (bundle((one,)) or {"entry": []})["entry"]]
        if len(states) != len(owners):
            raise SinkDown(f"{shown}: it answered {len(states)} of {len(owners)} entries")
        for number, (state, owner) in enumerate(zip(states, owners, strict=True)):
            if state in GOOD:
                continue
            why = f"{shown}: {state} {_words(entries[number]['response'].get('outcome'))}".strip()
            if state in (401, 403):
                raise SinkRefused(why, _RIGHTS)
            if state >= 500 or state == 429:
                raise SinkDown(why)
            raise ItemRefused(why, delivered=before + owner)

    def _outcome(self, answer: Any) -> str:
        try:
            words = _words(json.loads(answer.data))
        except ValueError:
            words = ""
        return f"{answer.status} {words}" if words else self._target.said(answer)

    def close(self) -> None:
        self._target.close()


def _words(outcome: Any) -> str:
    """What an OperationOutcome says, on one line."""
    if not isinstance(outcome, dict):
        return ""
    said = []
    for issue in outcome.get("issue", ()):
        if isinstance(issue, dict):
            details = issue.get("details")
            text = issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else "")
            said.append(str(text or issue.get("code", "")))
    return " ".join("; ".join(said).split())[:300]


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    if url.scheme == "fhir":
        url.finish()
        return file_sink(url, Form("FHIR bundles of vitalwire", _line, "", b'{"resourceType"'), waves=False)
    if not url.host:
        raise UsageError(f"--to {url.shown}: no server is named", f"as in {KIND.example}")
    token = url.secret("token")
    tls = tls_of(url)
    url.finish()
    headers = {"Accept": "application/fhir+json", **({"Authorization": f"Bearer {token}"} if token else {})}
    return FhirSink(Where(base_of(url, None), url.shown, headers, token, tls))


def _line(delivery: Delivery) -> str:
    said = bundle((delivery,))
    return "" if said is None else json.dumps(said, ensure_ascii=False, allow_nan=False) + "\n"


KIND: Final = SinkKind(
    name="fhir",
    schemes=("fhir+http", "fhir+https", "fhir"),
    summary="a FHIR R4 server, or a file: readings and alarms as Observations",
    example="fhir+https://ehr.example/fhir?token_file=token.txt",
    make=make,
    options={
        "token_file": "file with the bearer token (or VITALWIRE_SINK_PASSWORD)",
        "ca": "fhir+https: file with the authority that signed its certificate (else those of the system)",
    },
    modules=("urllib3",),
    extra="http",
)

__all__ = ["KIND", "FhirSink", "make"]
