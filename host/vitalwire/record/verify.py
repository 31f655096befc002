# SPDX-License-Identifier: Apache-2.0
"""A session's folder checked: the chain of its capture, the heads that were written down of it, and every file that
follows from it. Whatever the folder holds, the answer is what is wrong, in words; nothing in it is believed.

What the capture's own chain cannot show: somebody who writes all of it anew, and `session.json` and the CSVs with it,
leaves a record that agrees with itself. Only a head that was written down elsewhere shows that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from .. import __version__
from ..errors import CheckFailed, UsageError
from ..session.facts import Fact
from ..session.inputs import Setup
from . import folder as names
from .capture import Capture, read_capture
from .chain import Break, Head, find_break
from .comparing import FileCheck, compare_file, size_of
from .files import read_regular
from .rebuild import Rebuilt, rebuild, setup_of
from .rows import utc_text
from .times import local_text, span_text

State = Literal["closed", "not closed", "shorter than its recorded head", "damaged", "missing", "unreadable"]
HeadVerdict = Literal["agrees", "differs", "shorter", "goes_on", "not_compared", "not_recorded"]
CAPTURE_MAX: Final = 1 << 29
"""A larger capture is none of ours: twelve hours have a ninth of this."""
NOT_CLOSED: Final = "the capture is not closed: its session goes on, or was cut off"
_TIME_MAX_MS: Final = 1 << 63
HEAD_DIGITS_MIN: Final = 16
"""So many digits of a head are needed: fewer could be met by trying."""


@dataclass
class Verified:
    """What was found.

    `state` is what the capture is by itself and against the head in `session.json`. `findings` are what is wrong, in
    words; none: the session is closed, whole and equal. `notes` are what a person should know besides. Times are ms on
    the session's clock.
    """

    folder: Path
    state: State = "missing"
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[FileCheck] = field(default_factory=list)
    setup: Setup | None = None
    capture: Capture | None = None
    size: int = 0
    broken: Break | None = None
    recorded: Head | None = None
    recorded_head: HeadVerdict = "not_recorded"
    given_head: HeadVerdict = "not_compared"
    rebuilt: Rebuilt | None = None

    @property
    def ok(self) -> bool:
        """Whether the session is closed, whole, and equal to its capture in every file."""
        return self.state == "closed" and not self.findings

    @property
    def duration_ms(self) -> int | None:
        """How long the capture goes, as far as it is good."""
        if self.setup is None or self.capture is None or self.capture.last_t_ms is None:
            return None
        return self.capture.last_t_ms - self.setup.started_t_ms

    def when(self, t_ms: int | None) -> str:
        """`0:01:02.5 (10:01:02 UTC+01:00)`: the time of the session and the local one."""
        if t_ms is None or self.setup is None:
            return "an unknown time"
        elapsed_ms = t_ms - self.setup.started_t_ms
        return f"{span_text(elapsed_ms)} ({local_text(self.setup.started_utc_ms + elapsed_ms, '%H:%M:%S %Z')})"

    def as_json(self) -> dict[str, Any]:
        """For JSON: plain values."""
        capture, setup, broken = self.capture, self.setup, self.broken
        about: dict[str, Any] = {
            "type": "verified",
            "session": str(self.folder),
            "ok": self.ok,
            "state": self.state,
            "head": capture.head.hex() if capture else None,
            "head_in_session_json": self.recorded_head,
            "head_given": self.given_head,
            "chunks": capture.chunks if capture else None,
            "bytes": self.size if capture else None,
            "unsealed_bytes": capture.unsealed_bytes if capture else None,
            "torn_bytes": capture.torn_bytes if capture else None,
            "started_utc": None if setup is None else _utc(setup.started_utc_ms),
            "duration_s": None if self.duration_ms is None else self.duration_ms / 1000,
            "bad": None if broken is None else broken.as_json(),
            "files": [check.as_json() for check in self.files],
            "findings": self.findings,
            "notes": self.notes,
        }
        if broken is not None and setup is not None:
            for name in ("from", "to"):
                t_ms = getattr(broken, f"{name}_ms")
                known = None if t_ms is None else t_ms - setup.started_t_ms
                about["bad"][f"{name}_s"] = None if known is None else known / 1000
                about["bad"][f"{name}_utc"] = None if known is None else _utc(setup.started_utc_ms + known)
        return about


def head_digits(text: str) -> str:
    """The digits of a head as a person types them, perhaps in groups; a beginning will do. Raises UsageError."""
    digits = re.sub(r"[\s:.-]", "", text).lower()
    if not re.fullmatch(f"[0-9a-f]{{{HEAD_DIGITS_MIN},64}}", digits):
        raise UsageError(
            f"a head has 64 of the digits 0-9 and a-f, and {text[:80]!r} is none",
            f"type it as it was printed; its first {HEAD_DIGITS_MIN} digits will do",
        )
    return digits


def verify(folder: Path, head: str = "", kept: list[Fact] | None = None) -> Verified:
    """Checks a session's folder; `head` are digits of the head that was printed at close, or empty. The facts of the
    session go into `kept` as well, where it is given.

    Raises nothing for whatever the folder holds.
    """
    found = Verified(folder)
    about = _session_json(found)
    # A session that goes on grows meanwhile. Its rows are never before its capture: their sizes are taken first.
    sizes = {name: size_of(folder / name) for name in names.TABLES}
    data = _read(found)
    if data is not None:
        capture = found.capture = read_capture(data)
        found.size = len(data)
        found.state = capture.state  # type: ignore[assignment]  # its three words are among ours
        found.recorded = Head.from_json(about.get("capture"))
        rebuilt = found.rebuilt = _rebuilt(found, capture, kept)
        found.broken = find_break(data, capture, found.recorded)
        _say_state(found, data)
        _check_recorded(found, about)
        _check_given(found, head)
        _check_files(found, rebuilt, sizes)
        if rebuilt is not None:
            _check_session_json(found, rebuilt, about)
    return found


def _session_json(found: Verified) -> dict[str, Any]:
    try:
        return names.read_session_json(found.folder)
    except UsageError as error:
        found.findings.append(error.what)
        return {}


def _read(found: Verified) -> bytes | None:
    try:
        data, _ = read_regular(found.folder / names.CAPTURE, CAPTURE_MAX + 1)
    except FileNotFoundError:
        found.findings.insert(0, f"{names.CAPTURE} is missing: nothing can be checked")
        return None
    except OSError as error:
        found.state = "unreadable"
        found.findings.insert(0, f"{names.CAPTURE} cannot be read: {error.strerror or error}")
        return None
    if len(data) > CAPTURE_MAX:
        found.state = "unreadable"
        found.findings.insert(0, f"{names.CAPTURE} is larger than {CAPTURE_MAX >> 20} MB, which no session is")
        return None
    return data


def _rebuilt(found: Verified, capture: Capture, kept: list[Fact] | None) -> Rebuilt | None:
    try:
        setup = setup_of(capture)
        times = (setup.started_t_ms, setup.started_utc_ms)
        if not all(type(t) is int and abs(t) < _TIME_MAX_MS for t in times) or not isinstance(setup.versions, dict):
            raise CheckFailed("the set-up in the capture is none of a session")
        found.setup = setup
        return rebuild(capture, kept)
    except CheckFailed as error:
        found.findings.append(str(error))
    except Exception as error:
        # A capture may have whole seals and still be no session: anybody can compute them.
        found.findings.append(f"the capture cannot be run again: {type(error).__name__}: {error}")
    return None


# ---------------------------------------------------------------- the chain and its heads


def _say_state(found: Verified, data: bytes) -> None:
    capture, broken = found.capture, found.broken
    assert capture is not None
    if broken is not None:
        found.findings.insert(0, _break_text(found, broken, len(data)))
    elif capture.closed is None:
        found.findings.insert(0, NOT_CLOSED)
        if capture.torn_bytes:
            found.notes.append(f"the last {capture.torn_bytes} bytes are a record that was not written to its end")
        if capture.unsealed_bytes:
            found.notes.append(f"the last {capture.unsealed_bytes} whole bytes have no seal yet")
    for lost in capture.lost:
        since, until = found.when(lost.since_ms), found.when(lost.until_ms)
        found.findings.append(f"{lost.inputs} inputs could not be written between {since} and {until}")


def _break_text(found: Verified, broken: Break, size: int) -> str:
    text = f"chunk {broken.chunk} at byte {broken.offset}: {broken.why}"
    if broken.until is None:
        return f"{text}; it is behind {found.when(broken.from_ms)}, and nothing up to the end at byte {size} fits again"
    text += f"; between {found.when(broken.from_ms)} and {found.when(broken.to_ms)}"
    return f"{text}; the chain fits again from byte {broken.until} on, for {broken.chunks_after} chunks"


def _check_recorded(found: Verified, about: dict[str, Any]) -> None:
    """Holds the chain against the head that `session.json` has of it."""
    capture, head = found.capture, found.recorded
    assert capture is not None
    if head is None:
        if not about:
            return  # which is said already
        if about.get("capture") is not None:
            found.findings.append(f"{names.SESSION} has a head that does not read")
        elif about.get("finished"):
            found.findings.append(f"{names.SESSION} says that the session ended, and has no head")
        else:
            found.notes.append(f"{names.SESSION} has no head: what is cut off the end of the capture shows in the CSVs")
        return
    if head.chunks > capture.chunks:
        if found.broken is not None:
            found.recorded_head = "not_compared"
            return
        found.recorded_head, found.state = "shorter", "shorter than its recorded head"
        found.findings = [text for text in found.findings if text != NOT_CLOSED]
        last = found.when(capture.last_t_ms)
        found.findings.insert(
            0,
            f"the capture is shorter than its recorded head: it ends at byte {found.size}, at {last}, and had "
            f"{head.bytes} bytes; {head.chunks - capture.chunks} chunks are missing",
        )
        return
    at, end = (capture.seals[head.chunks - 1].head, capture.seals[head.chunks - 1].end) if head.chunks else (b"", 0)
    if head.chunks and (at != head.head or end != head.bytes):
        found.recorded_head = "differs"
        found.findings.append(
            f"{names.SESSION} has another head of chunk {head.chunks - 1}, which ends at byte {end}: "
            "the capture was rewritten, or one of them is another session's"
        )
        return
    found.recorded_head = "agrees"
    if about.get("finished") and head.chunks < capture.chunks:
        found.recorded_head = "goes_on"
        found.findings.append(f"the capture goes on behind the head that {names.SESSION} has of its end")


def _check_given(found: Verified, digits: str) -> None:
    """Holds the chain against the head that was printed at close, the only one that is nowhere in the folder."""
    capture = found.capture
    assert capture is not None
    if not digits:
        return
    if found.broken is not None:
        return  # the end is not proved by the chain, so that no head can be held against it
    if capture.seals and capture.head.hex().startswith(digits):
        found.given_head = "agrees"
        return
    for number, seal in enumerate(capture.seals):
        if seal.head.hex().startswith(digits):
            found.given_head = "goes_on"
            where = f"chunk {number}, at {found.when(seal.t_ms)}"
            found.findings.append(f"the head given is that of {where}, and the capture goes on behind it")
            return
    found.given_head = "differs"
    found.findings.append(
        "the head given is none of this capture: it was cut short or rewritten, or the head is another session's"
    )


# ---------------------------------------------------------------- the files that follow from it


def _check_files(found: Verified, rebuilt: Rebuilt | None, sizes: dict[str, int | None]) -> None:
    if rebuilt is None:
        for name in (names.VITALS, names.EVENTS):
            found.files.append(FileCheck(name, "not_checked"))
        return
    whole = found.state == "closed"
    for name, expected in rebuilt.files.items():
        check = compare_file(found.folder, name, expected, sizes.get(name))
        found.files.append(check)
        if check.verdict == "equal":
            continue
        if check.verdict == "short" and not whole:
            found.notes.append(str(check))  # the row is written after the input that it follows from
        elif check.verdict == "long" and found.broken is not None:
            found.notes.append(f"{name}, line {check.line}: the {check.wrong_rows} rows from here on cannot be checked")
        elif check.verdict == "long" and not whole:
            found.findings.append(f"{check}: what they follow from is not in the capture any more")
        else:
            found.findings.append(str(check))
    by = str(rebuilt.setup.versions.get("vitalwire", "an unknown version"))
    if by != __version__ and any(check.verdict not in ("equal", "short") for check in found.files):
        found.notes.append(f"recorded by version {by}, and this is {__version__}: a difference may be that of the two")
    if not rebuilt.sent_agrees and not (found.capture and found.capture.lost):
        found.findings.append("what was sent to the board is not what follows from the capture")


def _check_session_json(found: Verified, rebuilt: Rebuilt, about: dict[str, Any]) -> None:
    """`session.json` may say less than the capture, where it is of an older version, but nothing else."""
    if not about:
        return
    setup, capture = rebuilt.setup, rebuilt.capture
    must: dict[str, Any] = {
        "session": f"{setup.session:08x}",
        "started_utc": utc_text(setup.started_utc_ms),
        "port": setup.port,
        "every_s": setup.every_s,
        "minutes": setup.minutes,
        "limits": [limit.as_json() for limit in setup.limits],
        "limits_signed": not setup.unsigned,
        "versions": setup.versions,
        "profile": setup.profile,
    }
    if setup.bed:
        must["bed"] = setup.bed
    must |= {name: value for name, value in setup.as_json().items() if name in ("patient", "profile")}
    if found.state == "closed":
        must["finished"] = True
        must["simulated"] = rebuilt.simulated
    for name, value in must.items():
        if name in about and about[name] != value:
            found.findings.append(f"{names.SESSION}: {name} is {_brief(about[name])}, and not {_brief(value)}")
    board = about.get("board")
    serial = board.get("serial") if isinstance(board, dict) else None
    if rebuilt.identity is not None and serial != rebuilt.identity.serial:
        found.findings.append(f"{names.SESSION}: the board is {_brief(serial)}, and not {rebuilt.identity.serial!r}")
    if found.state == "closed" and "summary" in about and not capture.lost:
        _check_summary(found, about["summary"], rebuilt.digest.as_json(found.duration_ms or 0))
    if about.get("complete") is False:
        found.findings.append(f"{names.SESSION} says that the disk did not take everything")


def _check_summary(found: Verified, said: object, must: dict[str, Any]) -> None:
    figures = said if isinstance(said, dict) else {}
    for name, value in must.items():
        if figures.get(name) != value:
            found.findings.append(f"{names.SESSION}: {name} is {_brief(figures.get(name))}, and not {_brief(value)}")


def _brief(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:60] + "..."


def _utc(utc_ms: int) -> str | None:
    try:
        return utc_text(utc_ms)
    except OverflowError:
        return None


__all__ = ["HEAD_DIGITS_MIN", "Verified", "head_digits", "verify"]
