# SPDX-License-Identifier: Apache-2.0
"""A folder of certificates: which boards are due, which drift towards a limit, and which files are damaged.

Drift: over at least three certificates of one board a straight line through a value (least squares) moves towards a
limit, by more than its scatter explains, and would reach it within two years of the last one.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from ..errors import CheckFailed, UsageError
from ..given_files import read_bytes
from .certificate import FORMAT, VERSION, check_whole, number_text, sha256_of

FILE_MAX: Final = 4 << 20
"""A larger file is none of ours: a certificate has some 20 KB."""
SOON_DAYS: Final = 30
LEAST: Final = 3
"""Two points always make a line."""
AHEAD_DAYS: Final = 730
SCATTERS: Final = 3.0
"""The line must move by so many standard deviations of what is left around it."""
State = Literal["overdue", "due soon", "good"]


@dataclass(frozen=True, slots=True)
class Drift:
    """A value that moves towards its limit. `first` and `last` are what was measured, `reaches` is when by the line."""

    test: str
    value: str
    unit: str
    first: float
    last: float
    limit: float
    reaches: date

    def __str__(self) -> str:
        moved = f"{number_text(round(self.first, 3))} to {number_text(round(self.last, 3))}"
        limit = f"reaches {number_text(self.limit)} about {self.reaches:%Y-%m}"
        return f"{self.test}, {self.value}: {moved} {self.unit}, {limit}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One board by its last certificate."""

    serial: str
    bed: str
    simulated: bool
    marks: tuple[str, ...]
    tested: str
    next_due: date
    certificates: int
    file: Path
    drifts: tuple[Drift, ...] = ()

    def state(self, today: date) -> State:
        if self.next_due < today:
            return "overdue"
        return "due soon" if self.next_due <= today + timedelta(SOON_DAYS) else "good"

    def as_json(self, today: date) -> dict[str, Any]:
        """For a program."""
        return {
            "type": "board", "serial": self.serial, "bed": self.bed, "simulated": self.simulated,
            "marks": list(self.marks), "state": self.state(today), "next_due": self.next_due.isoformat(),
            "tested_utc": self.tested, "certificates": self.certificates, "file": str(self.file),
            "drifts": [
                {
                    "test": one.test, "value": one.value, "unit": one.unit, "first": one.first, "last": one.last,
                    "limit": one.limit, "reaches": one.reaches.isoformat(),
                }
                for one in self.drifts
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that is no certificate, or one that was changed, and why."""

    file: Path
    why: str


@dataclass
class Fleet:
    """`boards` sorted by when they are due."""

    boards: list[Listed] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)


def read_fleet(folder: Path) -> Fleet:
    """All certificates in `folder` and in the folders in it. Raises UsageError where it cannot be read."""
    fleet = Fleet()
    by_serial: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for path in _files(folder):
        found = read_certificate(path)
        if isinstance(found, str):
            fleet.damaged.append(Damaged(path, found))
        else:
            by_serial.setdefault(found["device"]["serial"], []).append((path, found))
    fleet.boards = sorted(map(_listed, by_serial.values()), key=lambda one: (one.next_due, one.serial))
    return fleet


def read_certificate(path: Path) -> dict[str, Any] | str:
    """The record of a certificate, or why there is none."""
    try:
        whole = json.loads(read_bytes(path, "", FILE_MAX))
    except UsageError as error:
        return error.what.removeprefix(f"{path}: ")
    except (ValueError, RecursionError):
        return "it is no JSON, or cut short"
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        kind = whole.get("format") if isinstance(whole, dict) else None
        return f"it is a {kind}, no certificate" if isinstance(kind, str) else "it is no certificate"
    if whole.get("version") != VERSION:
        return f"it is of version {whole.get('version')}, this program reads {VERSION}"
    record = whole.get("record")
    try:
        if not isinstance(record, dict) or sha256_of(record) != whole.get("sha256"):
            return "its content is not what its hash says: it was changed after it was made"
        date.fromisoformat(record["next_due"])
        _day(record)
        check_whole(record["selftest"])
        if isinstance(record["device"]["serial"], str) and isinstance(record["marks"], list):
            return record
    except (KeyError, TypeError, ValueError, CheckFailed):
        pass
    return "it lacks what a certificate has"


def _files(folder: Path) -> list[Path]:
    """Of `folder` and the folders in it: what is called .json, and what cannot be looked at, to be named."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            here = list(entries)
        for entry in here:
            try:
                if not entry.is_dir():
                    below = [entry]
                else:
                    with os.scandir(entry.path) as entries:
                        below = list(entries)
                found += [one.path for one in below if one.name.endswith(".json") and one.is_file()]
            except OSError:
                found.append(entry.path)
    except FileNotFoundError:
        raise UsageError(f"there is no folder {folder}", "name the folder that certificates are in") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror or error}") from None
    return sorted(map(Path, found))


def _listed(found: list[tuple[Path, dict[str, Any]]]) -> Listed:
    found.sort(key=lambda one: str(one[1]["tested_utc"]))
    path, last = found[-1]
    return Listed(
        serial=str(last["device"]["serial"]),
        bed=str(last["device"].get("bed") or ""),
        simulated=bool(last.get("simulated")),
        marks=tuple(map(str, last["marks"])),
        tested=str(last["tested_utc"]),
        next_due=date.fromisoformat(last["next_due"]),
        certificates=len(found),
        file=path,
        drifts=tuple(drifts([record for _, record in found])) if len(found) >= LEAST else (),
    )


def _day(record: Mapping[str, Any]) -> date:
    return date.fromisoformat(str(record["tested_utc"])[:10])


def drifts(records: Sequence[Mapping[str, Any]]) -> Iterable[Drift]:
    """Of one board's records, oldest first: the values that move towards a limit."""
    series: dict[tuple[str, str], list[tuple[int, float]]] = {}
    last_of: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
    for record in records:
        day = _day(record).toordinal()
        for test in record["selftest"]["tests"]:
            for value in test["values"]:
                if isinstance(value.get("value"), int | float):
                    key = (test["id"], value["name"])
                    series.setdefault(key, []).append((day, float(value["value"])))
                    last_of[key] = (test["title"], value)
    for key, points in series.items():
        title, last = last_of[key]
        drift = _drift(points, title, last)
        if drift is not None:
            yield drift


def _drift(points: list[tuple[int, float]], title: str, last: Mapping[str, Any]) -> Drift | None:
    if len(points) < LEAST:
        return None
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    limit = last.get("high") if slope > 0 else last.get("low")
    if not slope or not isinstance(limit, int | float):
        return None
    around = math.sqrt(sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points) / (n - 2))
    end = points[-1][0]
    if abs(slope) * (end - points[0][0]) < SCATTERS * around:
        return None
    left_days = (limit - (mean_y + slope * (end - mean_x))) / slope
    if not left_days <= AHEAD_DAYS:
        return None
    reaches = date.fromordinal(min(end + max(0, round(left_days)), date.max.toordinal()))
    unit = str(last.get("unit", ""))
    return Drift(title, str(last["name"]), unit, points[0][1], points[-1][1], float(limit), reaches)


__all__ = ["Damaged", "Drift", "Fleet", "Listed", "drifts", "read_certificate", "read_fleet"]
