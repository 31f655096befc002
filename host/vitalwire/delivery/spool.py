# SPDX-License-Identifier: Apache-2.0
"""What waits for one sink: in order, on disk, within a bound. Beyond it the oldest goes, and is counted.

SQLite keeps it: a program that is killed, or a computer that loses its power, leaves a spool that reads. What a full
disk does not take waits in memory instead, within a smaller bound. Two threads share one: who puts in, and the sink's
own.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import PortBusy, UsageError, VitalwireError
from ..items import Item, Origin, item_of

BYTES_MAX: Final = 64 << 20
"""About two days of readings, or four hours with waves."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting(place INTEGER PRIMARY KEY, size INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS about(name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
VERSION: Final = 1
HELD_MAX: Final = 20_000
"""So many items wait in memory while the disk takes none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that waits. `place` orders them; `put_ms` is when it came (UTC)."""

    place: int
    number: int
    key: str
    item: Item
    origin: Origin
    late: bool
    put_ms: int


class Spool:
    """A bounded queue on disk; `path` None keeps it in memory, and it ends with the program."""

    def __init__(self, path: Path | None, bytes_max: int = BYTES_MAX) -> None:
        """Opens it, or makes it. Raises PortBusy where another program has it, UsageError where it cannot be used."""
        self.path = path
        self.dropped = 0
        """Items that had to go since the program began, as the bound was reached."""
        self.bytes_max = bytes_max
        self.trouble = ""
        """Why the disk takes nothing at present, or empty."""
        self._lock = threading.Lock()
        self._held: deque[tuple[int, str]] = deque()  # what the disk did not take, behind all that it holds
        self._done = 0  # the disk may take no deletion either
        self._origins: dict[str, Origin] = {}
        try:
            self._db = self._open()
            self._count, self._bytes = self._db.execute("SELECT COUNT(*), TOTAL(size) FROM waiting").fetchone()
            self._place = self._db.execute("SELECT COALESCE(MAX(place), 0) FROM waiting").fetchone()[0]
        except (sqlite3.Error, OSError) as error:
            raise _unusable(path, error) from None
        self.left_over = int(self._count)
        """How many an earlier run left behind: the first of these may have arrived."""

    def _open(self) -> sqlite3.Connection:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path or ":memory:", check_same_thread=False, isolation_level=None, timeout=1.0)
        # One program at a time; a crash of it loses nothing, and only power may take the last second.
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA journal_size_limit=1048576")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}")
        db.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
        return db

    @property
    def waiting(self) -> int:
        """How many items wait."""
        return int(self._count) + len(self._held)

    def put(self, number: int, key: str, item: Item, origin: Origin, late: bool, put_ms: int) -> None:
        """Takes an item; where the bound is reached the oldest go. A full disk is no error here: it is `trouble`."""
        said = {
            "number": number,
            "key": key,
            "late": late,
            "put_ms": put_ms,
            "item": item.as_dict(),
            "origin": _origin_json(origin),
        }
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        last = json.dumps([key, number])
        with self._lock:
            self._place += 1
            self._held.append((self._place, body))
            self._write(last)
            if len(self._held) > HELD_MAX:
                self._held.popleft()
                self.dropped += 1

    def _write(self, last: str) -> None:
        """Brings what is in memory to the disk, if that takes it."""
        count, size = self._count, self._bytes
        dropped = self.dropped
        try:
            self._db.execute("BEGIN")
            for place, body in self._held:
                self._make_room(len(body))
                self._db.execute("INSERT INTO waiting VALUES(?, ?, ?)", (place, len(body), body))
                self._count += 1
                self._bytes += len(body)
            self._db.execute("INSERT OR REPLACE INTO about VALUES('last', ?)", (last,))
            self._db.execute("COMMIT")
            self._held.clear()
            self.trouble = ""
        except sqlite3.Error as error:
            self.trouble = str(error)
            self._count, self._bytes, self.dropped = count, size, dropped
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")

    def _make_room(self, size: int) -> None:
        while self._count and self._bytes + size > self.bytes_max:
            place, old = self._db.execute("SELECT place, size FROM waiting ORDER BY place LIMIT 1").fetchone()
            self._db.execute("DELETE FROM waiting WHERE place = ?", (place,))
            self._count -= 1
            self._bytes -= old
            self.dropped += 1

    def first(self, count: int) -> list[Waiting]:
        """The oldest `count`, which stay until they are `done`. Raises UsageError where the spool does not read."""
        with self._lock:
            try:
                asked = "SELECT place, body FROM waiting WHERE place > ? ORDER BY place LIMIT ?"
                rows = self._db.execute(asked, (self._done, count)).fetchall()
                rows += list(itertools.islice(self._held, count - len(rows)))
                return [self._waiting(place, json.loads(body)) for place, body in rows]
            except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
                raise _unusable(self.path, error) from None

    def _waiting(self, place: int, said: dict[str, Any]) -> Waiting:
        origin = Origin(**said["origin"])
        origin = self._origins.setdefault(repr(origin), origin)
        return Waiting(place, said["number"], said["key"], item_of(said["item"]), origin, said["late"], said["put_ms"])

    def done(self, place: int) -> None:
        """All up to `place` were delivered, or are not wanted."""
        with self._lock:
            while self._held and self._held[0][0] <= place:
                self._held.popleft()
            try:
                gone = self._db.execute(
                    "SELECT COUNT(*), TOTAL(size) FROM waiting WHERE place > ? AND place <= ?", (self._done, place)
                ).fetchone()
                self._count -= gone[0]
                self._bytes -= gone[1]
                self._done = max(self._done, place)
                self._db.execute("DELETE FROM waiting WHERE place <= ?", (place,))
            except sqlite3.Error as error:  # the next run has them again, and marks them
                self.trouble = str(error)

    def last(self) -> tuple[str, int] | None:
        """Key and number of the item that was put in last, also by an earlier run; None where there was none."""
        with self._lock:
            row = self._db.execute("SELECT value FROM about WHERE name = 'last'").fetchone()
        if row is None:
            return None
        key, number = json.loads(row[0])
        return str(key), int(number)

    def close(self, keep: bool = True) -> None:
        """Closes it; what waits stays on disk. `keep` False: where nothing waits, its file goes."""
        with self._lock:
            self._db.close()
            if self.path is not None and not keep and not self._count:
                self.path.unlink(missing_ok=True)


def _origin_json(origin: Origin) -> dict[str, Any]:
    return {name: getattr(origin, name) for name in origin.__dataclass_fields__}


def _unusable(path: Path | None, error: Exception) -> VitalwireError:
    if "locked" in str(error):
        return PortBusy(f"{path}: another program delivers from this buffer", "end it, or name another --spool folder")
    return UsageError(f"{path}: the buffer for what waits cannot be used: {error}", "name another --spool folder")


__all__ = ["BYTES_MAX", "Spool", "Waiting"]
