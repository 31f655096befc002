# SPDX-License-Identifier: Apache-2.0
"""Writes a session's folder while it happens: each input before it is acted on, each row before it is shown.

`session.json` follows every few seconds: the head of the capture's chain, so that a capture which is cut short later
shows, and what a list of sessions says of this one.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..session.facts import Fact
from ..session.inputs import Input, Setup
from . import folder as names
from .capture import CaptureEncoder
from .digest import Digest
from .files import AppendFile
from .rows import rows_of, tables, utc_text

SYNC_EVERY_S: Final = 1.0
HEAD_EVERY_S: Final = 5.0
"""How often `session.json` is written anew. What is cut off the capture within this time shows in the CSVs alone."""
MakeFile = Callable[[Path], AppendFile]


@dataclass
class Before:
    """How far a record had come that is gone on with."""

    encoder: CaptureEncoder
    digest: Digest
    rows: dict[str, int]
    about: dict[str, Any]
    """What `session.json` says."""
    lost_inputs: int = 0


class Recorder:
    """The growing files of one session: the capture and its CSVs.

    `trouble` says why something is not on disk at present; whoever runs the session raises the alarm and calls `tick`
    now and then, which tries again and brings the files to disk once a second of real time.
    """

    def __init__(
        self, folder: Path, setup: Setup, make_file: MakeFile = AppendFile, before: Before | None = None
    ) -> None:
        """Makes the files, or with `before` goes on with those that are there; `make_file` opens them then."""
        self.folder = folder
        self.setup = setup
        self.rows: dict[str, int] = {}
        self.lost_rows = 0
        self.lost_inputs = 0
        self._lost_inputs_total = 0
        self._lost_since_ms = 0
        self._encoder = CaptureEncoder()
        self._capture = make_file(folder / names.CAPTURE)
        self._tables: dict[str, AppendFile] = {}
        for name, file, _ in tables(setup):
            self._tables[name] = make_file(folder / file)
            self.rows[name] = 0
        self._files = (self._capture, *self._tables.values())
        self._synced_s = self._described_s = time.monotonic()
        self._digest = Digest()
        self._about: dict[str, Any] = {}
        if before is not None:
            self._encoder, self._digest, self._about = before.encoder, before.digest, before.about
            self.rows.update(before.rows)
            self._lost_inputs_total = before.lost_inputs
            return
        self._capture.write(self._encoder.begin() + self._encoder.encode(setup.as_input()))
        for name, _, columns in tables(setup):
            self._tables[name].write((columns + "\r\n").encode())

    @property
    def trouble(self) -> str | None:
        """Why something waits or was lost at present, or None while all that was recorded is with the system."""
        return next((f"{file.path.name}: {file.trouble}" for file in self._files if file.trouble), None)

    @property
    def head(self) -> str:
        """The last seal of the capture, as hex."""
        return self._encoder.head.hex()

    @property
    def lost_total(self) -> int:
        """Rows and inputs that could not even be kept in memory."""
        return self.lost_rows + self._lost_inputs_total

    @property
    def complete(self) -> bool:
        """Whether everything is in the files."""
        return self.trouble is None and not self.lost_total

    def record(self, item: Input) -> None:
        """Appends one input to the capture, before anybody acts on it."""
        if not self._capture.has_room(len(item.data) + 64):
            self._lost_since_ms = self._lost_since_ms if self.lost_inputs else item.t_ms
            self.lost_inputs += 1
            self._lost_inputs_total += 1
            return
        data = b""
        if self.lost_inputs:
            data = self._encoder.lost(item.t_ms, item.utc_ms, inputs=self.lost_inputs, since_ms=self._lost_since_ms)
            self.lost_inputs = 0
        self._capture.write(data + self._encoder.encode(item))

    def write(self, facts: Iterable[Fact]) -> None:
        """Appends the rows of `facts`, each in one write, before anybody shows them."""
        started = self.setup.started_t_ms
        for fact in facts:
            self._digest.count(fact)
            name, rows = rows_of(fact, started)
            for row in rows:
                self._row(name, row.encode())

    def _row(self, name: str, data: bytes) -> None:
        file = self._tables[name]
        if file.has_room(len(data)):
            file.write(data)
            self.rows[name] += 1
        else:
            self.lost_rows += 1

    def tick(self) -> None:
        """Once a second of real time: tries again what the disk refused, and syncs. Cheap to call more often."""
        now_s = time.monotonic()
        if now_s - self._synced_s >= SYNC_EVERY_S:
            self._synced_s = now_s
            for file in self._files:
                if file.retry():
                    file.sync()
            if now_s - self._described_s >= HEAD_EVERY_S and self._capture.trouble is None:
                self._described_s = now_s
                self.describe(capture=self._head(), summary=self._summary())

    def _head(self) -> dict[str, Any]:
        """The last seal; only ever told of a capture that has brought it to the disk."""
        encoder = self._encoder
        return {"head": self.head, "chunks": encoder.chunks, "bytes": encoder.sealed_bytes}

    def _summary(self) -> dict[str, Any]:
        return self._digest.as_json(self._encoder.last_t_ms - self.setup.started_t_ms)

    def retry(self) -> None:
        """Tries at once to write what waits."""
        for file in self._files:
            file.retry()

    def describe(self, **values: Any) -> None:
        """Writes `session.json`, `values` merged into what it said before. A full disk is not an error here."""
        self._about.update(values)
        with contextlib.suppress(OSError):
            names.write_session_json(self.folder, self._about)

    def close(self, t_ms: int, utc_ms: int, **how: Any) -> None:
        """Writes the close record, syncs, closes, and leaves the final `session.json` with the head hash."""
        self._capture.write(self._encoder.close(t_ms, utc_ms, **how, rows=self.rows))
        for file in self._files:
            file.close()
        for name, file in self._tables.items():
            self.rows[name] -= file.waiting
            self.lost_rows += file.waiting
        self.describe(
            finished=True,
            ended_utc=utc_text(utc_ms),
            end=how,
            rows=dict(self.rows),
            lost={"rows": self.lost_rows, "inputs": self._lost_inputs_total},
            capture=self._head(),
            summary=self._summary(),
            complete=self.complete,
        )

    def abandon(self) -> None:
        """Closes the files without a close record, if they are still open: the session did not end as it should."""
        for file in self._files:
            file.close()
