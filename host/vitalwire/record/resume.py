# SPDX-License-Identifier: Apache-2.0
"""Goes on with a record whose program was killed: the same session, the same chain, the same tables.

Everything that decided something is in the capture, so a new core that is fed with it stands where the old one stood.
`read_resumable` only reads; `Resumable.recorder` mends the files and opens them, once the board is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..clock import Clock, ShiftedClock
from ..errors import CheckFailed, NoPermission, UsageError
from ..session.core import Core
from ..session.facts import Fact
from ..session.inputs import Setup
from . import folder as names
from .capture import MAGIC, Capture, CaptureEncoder, read_capture
from .files import AppendFile, lock
from .rebuild import Rebuilt, rebuild
from .recorder import Before, Recorder
from .rows import tables

AWAY_MAX_MS: Final = 12 * 3_600_000
"""A session is not longer than this on the board; what was left for longer is another day's."""
NEW_ONE: Final = "begin a new session"


@dataclass
class Resumable:
    """A session that can go on. `facts` are all that it said so far; `serial` is the board that it is on."""

    folder: Path
    setup: Setup
    core: Core
    facts: list[Fact]
    serial: str
    last_t_ms: int
    last_utc_ms: int
    torn_bytes: int
    _rebuilt: Rebuilt
    _capture_bytes: int

    def clock(self, clock: Clock) -> tuple[ShiftedClock, str]:
        """The session's clock from now on, and what is to be said of it; empty where all is as it should be.

        How long nobody watched is the difference in UTC: the monotonic clock of another program run, perhaps after the
        computer was started again, says nothing of it. Where UTC has gone back that is not known, and no time passes.
        Raises UsageError where too much has passed.
        """
        away_ms = clock.utc_ms() - self.last_utc_ms
        if away_ms > AWAY_MAX_MS:
            raise UsageError(
                f"session {self.folder.name} was left {away_ms / 3_600_000:.0f} hours ago and cannot go on", NEW_ONE
            )
        note = ""
        if away_ms < 0:
            note = f"the computer's clock went back by {-away_ms / 1000:.0f} s, so how long is not known"
        return ShiftedClock(clock, self.last_t_ms + max(0, away_ms) - clock.monotonic_ms()), note

    def recorder(self) -> Recorder:
        """Opens the record: the capture without a torn record at its end, the tables with what they lack.

        A table that is not the beginning of what the capture says is set aside under another name, never changed.
        Raises UsageError where another program writes to the record, NoPermission where this one may not.
        """
        rebuilt, keep = self._rebuilt, self._capture_bytes
        data = (self.folder / names.CAPTURE).read_bytes()[:keep]
        seals = rebuilt.capture.seals
        encoder = CaptureEncoder.go_on(rebuilt.capture, data[seals[-1].end if seals else len(MAGIC) :])
        lost_inputs = sum(lost.inputs for lost in rebuilt.capture.lost)
        before = Before(encoder, rebuilt.digest, self._rows(), _about(self.folder), lost_inputs)
        try:
            return Recorder(self.folder, self.setup, self._open, before)
        except BlockingIOError:
            raise _written(self.folder) from None
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def _open(self, path: Path) -> AppendFile:
        """The capture is the first, and locks the others out; only then is a table touched."""
        if path.name == names.CAPTURE:
            return AppendFile(path, there=(self._capture_bytes + self.torn_bytes, self._capture_bytes))
        expected = self._rebuilt.files[path.name]
        _mend(path, expected)
        return AppendFile(path, there=(len(expected), len(expected)))

    def _rows(self) -> dict[str, int]:
        return {name: self._rebuilt.files[file].count(b"\r\n") - 1 for name, file, _ in tables(self.setup)}


def read_resumable(folder: Path) -> Resumable:
    """Reads a session that was not closed. Raises UsageError or CheckFailed in words where it cannot go on."""
    path = folder / names.CAPTURE
    if not path.is_file():
        raise UsageError(f"session {folder.name} has no {names.CAPTURE} and cannot go on", NEW_ONE)
    refuse_written(path)
    size = path.stat().st_size
    capture = read_capture(path)
    _refuse(folder, capture)
    facts: list[Fact] = []
    rebuilt = rebuild(capture, facts)
    core = rebuilt.core
    if core.session.why_ended:
        raise UsageError(
            f"session {folder.name} was being ended ({core.session.why_ended}): it does not go on", NEW_ONE
        )
    if rebuilt.setup.port.startswith("sim:"):
        raise UsageError(
            f"session {folder.name} was on {rebuilt.setup.port}, a simulated board that ended with its program", NEW_ONE
        )
    if rebuilt.identity is None:
        raise UsageError(f"session {folder.name} never met its board and cannot go on", NEW_ONE)
    last = capture.inputs[-1]
    return Resumable(
        folder,
        rebuilt.setup,
        core,
        facts,
        rebuilt.identity.serial,
        max(last.t_ms, capture.last_t_ms or 0),
        last.utc_ms,
        capture.torn_bytes,
        rebuilt,
        size - capture.torn_bytes,
    )


def refuse_written(capture: Path) -> None:
    """Raises UsageError where another program is writing to this capture now, NoPermission where this one may not."""
    try:
        with capture.open("rb+") as file:
            if not lock(file.fileno()):
                raise _written(capture.parent)
    except OSError as error:
        raise _unwritable(capture.parent, error) from error


def _written(folder: Path) -> UsageError:
    return UsageError(f"session {folder.name} is being recorded by another program", "end it there, with q")


def _unwritable(folder: Path, error: OSError) -> NoPermission:
    return NoPermission(
        f"session {folder.name} cannot be written to, so it cannot go on ({error.strerror or error})",
        "run this as the user who began it and on a disk that takes writing, or begin a new session",
    )


def _refuse(folder: Path, capture: Capture) -> None:
    if capture.bad:
        raise CheckFailed(f"session {folder.name} is damaged and cannot go on: {capture.bad}", NEW_ONE)
    if capture.closed is not None:
        raise UsageError(f"session {folder.name} is closed and does not go on", NEW_ONE)
    recorded = _about(folder).get("capture")
    bytes_then = recorded.get("bytes") if isinstance(recorded, dict) else None
    end = capture.seals[-1].end if capture.seals else len(MAGIC)
    if isinstance(bytes_then, int) and bytes_then > end:
        raise CheckFailed(
            f"session {folder.name} is shorter than its recorded head says: {bytes_then - end} bytes are gone",
            f"see `vitalwire verify {folder.name}`; {NEW_ONE}",
        )


def _about(folder: Path) -> dict[str, object]:
    try:
        return names.read_session_json(folder)
    except UsageError:
        return {}


def _mend(path: Path, expected: bytes) -> None:
    """Makes a table what it must be: completed where it is a beginning of that, written anew beside what it was."""
    there = path.read_bytes() if path.exists() else None
    if there is not None and not expected.startswith(there):
        number = 1
        while (aside := path.with_name(f"{path.stem}-before-resume-{number}{path.suffix}")).exists():
            number += 1
        path.rename(aside)
        there = None
    with path.open("ab") as file:
        file.write(expected[len(there or b"") :])


__all__ = ["AWAY_MAX_MS", "Resumable", "read_resumable", "refuse_written"]
