# SPDX-License-Identifier: Apache-2.0
"""What a list says of each session: taken from `session.json`, and held against the end of its capture only.

A list of a thousand sessions is to come at once, so that no capture is read as a whole: `verify` does that, one by one.
Whatever a folder holds, it is listed, as `damaged` with the reason where it does not read.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from ..alarms.rules import DEFAULT_LIMITS
from ..errors import UsageError
from . import folder as names
from .capture import MAGIC, read_on
from .chain import Head
from .digest import PRIORITIES
from .files import read_regular
from .rows import utc_text

Ended = Literal["closed", "not closed", "damaged"]
TEXT_MAX: Final = 64
NUMBER_MAX: Final = 1e9
REST_MAX: Final = 4 << 20
"""So much of a capture behind its recorded head is read: five seconds have some KB, unless the disk was full."""
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_STAMP: Final = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True)
class Listed:
    """One session in a list. None is *not known*.

    `alarms` counts those that were raised by priority; `limits` says whether they are this version's `default` ones or
    `other`; `why` says why it is damaged, or what a person should know of how it ended.
    """

    folder: Path
    ended: Ended
    why: str = ""
    started_utc_ms: int | None = None
    duration_s: float | None = None
    patient: str | None = None
    bed: str | None = None
    board: str | None = None
    profile: str | None = None
    limits: str | None = None
    signed: bool | None = None
    simulated: bool | None = None
    alarms: dict[str, int] | None = None
    lowest_spo2_pct: float | None = None
    highest_sbp_mmhg: float | None = None
    highest_dbp_mmhg: float | None = None
    series_sessions: float | None = None
    """So many sessions has the usual series of its profile, within `series_weeks`."""
    series_weeks: float | None = None

    def as_json(self) -> dict[str, Any]:
        """For JSON: plain values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        started = values.pop("started_utc_ms")
        about = {"type": "session", "session": str(values.pop("folder"))}
        return {**about, "started_utc": None if started is None else utc_text(started), **values}


def list_sessions(parent: Path) -> list[Listed]:
    """Every session in `parent`, newest first. Raises UsageError where `parent` cannot be read."""
    found = [look(folder) for folder in names.session_folders(parent)]
    return sorted(found, key=lambda one: (one.started_utc_ms or 0, one.folder.name), reverse=True)


def places_in_series(found: list[Listed]) -> dict[Path, str]:
    """Where each session of one patient stands: `2 of 6, day 5`, and after the series `maintenance 1, day 60`.

    Days count from the first session. What is damaged is not counted; a series that took longer than the profile's
    usual one says so.
    """
    counted = sorted(
        (one for one in found if one.ended != "damaged" and one.started_utc_ms is not None),
        key=lambda one: one.started_utc_ms or 0,
    )
    places: dict[Path, str] = {}
    for number, one in enumerate(counted, 1):
        days = ((one.started_utc_ms or 0) - (counted[0].started_utc_ms or 0)) // 86_400_000 + 1
        most = one.series_sessions
        if most is None:
            places[one.folder] = f"{number}, day {days}"
        elif number > most:
            places[one.folder] = f"maintenance {number - int(most)}, day {days}"
        else:
            late = one.series_weeks is not None and days > one.series_weeks * 7
            usual = f" (usual: {one.series_weeks:g} weeks)" if late else ""
            places[one.folder] = f"{number} of {most:g}, day {days}{usual}"
    return places


def look(folder: Path) -> Listed:
    """What a list says of one session's folder. Raises nothing for whatever it holds."""
    about: dict[str, Any] = {}
    why = ""
    try:
        about = names.read_session_json(folder)
    except UsageError as error:
        there = any(os.path.lexists(folder / name) for name in names.FILES)
        why = error.what.removeprefix(f"{folder}{os.sep}").removeprefix(f"{folder} is no session folder: ")
        why = why if there else "the folder has nothing of a session in it"
    reader = _Reader(about)
    values = reader.values()
    if not why:
        why = reader.trouble
    started = values["started_utc_ms"]
    if started is None:
        values["started_utc_ms"] = _stamp_ms(folder)
    ended: Ended = "damaged"
    if about:
        head = Head.from_json(about.get("capture"))
        ended, said, last_t_ms = _end(folder, about, head)
        began = about.get("clocks")
        began_ms = began.get("monotonic_ms") if isinstance(began, dict) else None
        if last_t_ms is not None and type(began_ms) is int and 0 <= last_t_ms - began_ms < NUMBER_MAX * 1000:
            values["duration_s"] = (last_t_ms - began_ms) / 1000
        ended, why = ("damaged", why) if why else (ended, said)
    return Listed(folder, ended, why, **values)


class _Reader:
    """Takes values out of `session.json` and believes none: `trouble` names the first that does not read."""

    def __init__(self, about: dict[str, Any]) -> None:
        self._about = about
        self.trouble = ""

    def values(self) -> dict[str, Any]:
        about = self._about
        board, summary = self._object("board"), self._object("summary")
        started, ended = self._moment("started_utc"), self._moment("ended_utc")
        duration = self._number(summary, "duration_s")
        if duration is None and started is not None and ended is not None:
            duration = (ended - started) / 1000  # written by an older version
        profile = about.get("profile")
        limits = about.get("limits")
        return {
            "started_utc_ms": started,
            "duration_s": duration,
            "patient": self._text(about, "patient"),
            "bed": self._text(about, "bed"),
            "board": self._text(board, "serial"),
            "profile": self._text(profile, "name") if isinstance(profile, dict) else self._text(about, "profile"),
            "limits": None if not isinstance(limits, list) else "default" if limits == _DEFAULT else "other",
            "signed": self._truth("limits_signed"),
            "simulated": self._truth("simulated"),
            "alarms": self._alarms(summary),
            "lowest_spo2_pct": self._number(summary, "lowest_spo2_pct"),
            "highest_sbp_mmhg": self._number(summary, "highest_sbp_mmhg"),
            "highest_dbp_mmhg": self._number(summary, "highest_dbp_mmhg"),
            "series_sessions": self._number(self._object("series"), "sessions"),
            "series_weeks": self._number(self._object("series"), "weeks_most"),
        }

    def _bad(self, name: str) -> None:
        self.trouble = self.trouble or f"{names.SESSION}: {name} does not read"

    def _object(self, name: str) -> dict[str, Any]:
        value = self._about.get(name, {})
        if isinstance(value, dict):
            return value
        self._bad(name)
        return {}

    def _text(self, where: dict[str, Any], name: str) -> str | None:
        value = where.get(name)
        if isinstance(value, str) and len(value) <= TEXT_MAX and (value.isprintable() or not value):
            return value or None
        if value is not None:
            self._bad(name)
        return None

    def _number(self, where: dict[str, Any], name: str) -> float | None:
        value = where.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < NUMBER_MAX:
            return float(value)  # nan is not less either
        if value is not None:
            self._bad(name)
        return None

    def _truth(self, name: str) -> bool | None:
        value = self._about.get(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._bad(name)
        return None

    def _moment(self, name: str) -> int | None:
        value = self._about.get(name)
        if isinstance(value, str) and _UTC.fullmatch(value):
            try:
                return _ms(datetime.fromisoformat(value))
            except ValueError:
                pass
        if value is not None or (name == "started_utc" and self._about):
            self._bad(name)
        return None

    def _alarms(self, summary: dict[str, Any]) -> dict[str, int] | None:
        value = summary.get("alarms")
        if value is None:
            return None
        found = value if isinstance(value, dict) else {}
        counts = {name: found[name] for name in PRIORITIES if type(found.get(name)) is int}
        if len(counts) == len(PRIORITIES) and all(0 <= count < NUMBER_MAX for count in counts.values()):
            return counts
        self._bad("alarms")
        return None


_DEFAULT: Final = [limit.as_json() for limit in DEFAULT_LIMITS]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MS


def _stamp_ms(folder: Path) -> int | None:
    """When a session was begun by the name of its folder."""
    stamp = _STAMP.match(folder.name)
    try:
        return _ms(datetime.strptime(stamp[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)) if stamp else None
    except ValueError:
        return None


# ---------------------------------------------------------------- how it ended


def _end(folder: Path, about: dict[str, Any], head: Head | None) -> tuple[Ended, str, int | None]:
    """How a session ended, why it is said so, and the time of the last record if that was looked for."""
    finished = about.get("finished") is True
    if head is None and (finished or about.get("capture") is not None):
        return "damaged", f"{names.SESSION} has no head that reads", None
    start = 0 if head is None else head.bytes - 32 if head.chunks else head.bytes
    most = len(MAGIC) if head is None else 32 + (0 if finished else REST_MAX)
    try:
        rest, size = read_regular(f"{folder}{os.sep}{names.CAPTURE}", most, start)
    except OSError as error:
        return "damaged", f"{names.CAPTURE}: {error.strerror or error}", None
    if head is None:
        return ("not closed", "", None) if rest == MAGIC else ("damaged", f"{names.CAPTURE} does not read", None)
    if size < head.bytes:
        return "damaged", f"{names.CAPTURE} is {head.bytes - size} bytes shorter than its recorded head", None
    if head.chunks and rest[:32] != head.head:
        return "damaged", f"{names.CAPTURE} has another head than {names.SESSION}", None
    missing_file = _missing(folder, about)
    if missing_file:
        return "damaged", missing_file, None
    if finished:
        if size > head.bytes:
            return "damaged", f"{names.CAPTURE} goes on behind its recorded end", None
        return "closed", "" if about.get("complete") is not False else "the disk did not take everything", None
    return _rest(rest[head.bytes - start :], head)


def _rest(data: bytes, head: Head) -> tuple[Ended, str, int | None]:
    """How a session ended whose `session.json` says that it goes on, from what its capture has behind the head."""
    after = read_on(data, head.head)
    if after.bad is not None and len(data) < REST_MAX:
        return "damaged", f"{names.CAPTURE}, behind byte {head.bytes + after.bad.offset}: {after.bad.why}", None
    if after.closed is not None:
        return "closed", f"{names.SESSION} does not say so", after.last_t_ms
    return "not closed", "", after.last_t_ms


def _missing(folder: Path, about: dict[str, Any]) -> str:
    rows = about.get("rows")
    wanted = [names.VITALS, names.EVENTS]
    if isinstance(rows, dict) and "oscillograms" in rows:
        wanted.append(names.OSCILLOGRAMS)
    return next((f"{name} is missing" for name in wanted if not os.path.exists(f"{folder}{os.sep}{name}")), "")


__all__ = ["Listed", "list_sessions", "look"]
