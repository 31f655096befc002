# SPDX-License-Identifier: Apache-2.0
"""What is measured in which order, by whom, and against which reference.

Every pressure is an inflation of its own from zero, held for at most 30 s and vented. On the way down the board goes
20 mmHg beyond the point and bleeds back to it, so that a sensor that lags shows by how much.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from vitalwire_protocol.codec import HoldPressure, ServiceFlags

from ...errors import CheckFailed, UsageError

Direction = Literal["up", "down", "left"]
"""`left`: after the board was adjusted, to show what it was left at."""
POINTS_MMHG: Final = (0, 50, 100, 150, 200, 250)
LEFT_MMHG: Final = (100, 200)
HOLD_S: Final = 30
"""The longest that the board holds."""
AUTO_HOLD_S: Final = 12
"""Where nobody has to read a dial: `SETTLE_S` and `WINDOW_S` with room."""
SETTLE_S: Final = 5
"""Air that was pumped into a rigid volume cools; before this its pressure falls too fast to be compared."""
WINDOW_S: Final = 5
"""So many of the board's means, one a second, make a point."""
SPO2_POINTS_PCT: Final = (97, 90, 85, 80, 75, 70)


@dataclass(frozen=True, slots=True)
class Point:
    """One pressure to be held. `mmhg` is its name: what is compared is what the reference shows."""

    mmhg: int
    direction: Direction

    def __str__(self) -> str:
        return f"{self.mmhg} mmHg {_WAY[self.direction]}"

    def command(self, cuff_on_cylinder: bool, hold_s: int) -> HoldPressure:
        """The request to the board. Zero is the open manifold, which nothing has to come down to."""
        flags = int(ServiceFlags.CUFF_ON_CYLINDER) if cuff_on_cylinder else 0
        if self.direction == "down" and self.mmhg:
            flags |= int(ServiceFlags.FROM_ABOVE)
        return HoldPressure.request(self.mmhg, hold_s, flags)


_WAY: Final = {"up": "going up", "down": "coming down", "left": "as left"}


def pressure_plan() -> tuple[Point, ...]:
    """Up from zero, down to zero; the top is not repeated."""
    up = [Point(mmhg, "up") for mmhg in POINTS_MMHG]
    return (*up, *(Point(mmhg, "down") for mmhg in reversed(POINTS_MMHG[:-1])))


def left_plan() -> tuple[Point, ...]:
    """What is measured again after the board was adjusted."""
    return tuple(Point(mmhg, "left") for mmhg in LEFT_MMHG)


@dataclass(frozen=True, slots=True)
class Reference:
    """The instrument that is believed. `due` is when its own calibration ends."""

    make: str
    serial: str
    due: date
    simulated: bool = False

    def check(self, on: date) -> None:
        """Raises CheckFailed where nothing may be compared with it on that day any more."""
        if self.due < on:
            raise CheckFailed(
                f"the reference {self} was due for its own calibration on {self.due}; a board adjusted"
                " by it would be wrong without anybody knowing",
                "use a reference whose certificate is valid",
            )

    def __str__(self) -> str:
        return f"{self.make} no. {self.serial}"


def parse_readings(text: str, where: str) -> dict[Point, float]:
    """What a reference showed, from CSV with the columns `point,direction,reference_mmhg`.

    Raises UsageError that names the line. Lines that begin with # are comments.
    """
    found: dict[Point, float] = {}
    for number, row in _rows(text, where, ("point", "direction", "reference_mmhg")):
        direction = row["direction"].strip().lower()
        if direction not in _WAY:
            raise UsageError(f"{where}, line {number}: direction {direction!r}", "it is up, down or left")
        point = Point(int(_number(row["point"], 0, 250, f"{where}, line {number}: point")), direction)  # type: ignore[arg-type]
        if point in found:
            raise UsageError(f"{where}, line {number}: {point} is there twice", "keep one of them")
        found[point] = _number(row["reference_mmhg"], -20, 320, f"{where}, line {number}: reference_mmhg")
    return found


def require(found: dict[Point, float], wanted: Iterable[Point], where: str) -> None:
    """Raises UsageError that names the points that a file of readings lacks."""
    missing = [f"{point.mmhg},{point.direction}" for point in wanted if point not in found]
    if missing:
        raise UsageError(
            f"{where} lacks the points {' '.join(missing)}",
            "every point needs a line `point,direction,reference_mmhg`",
        )


def parse_spo2_readings(text: str, where: str) -> list[tuple[int, float]]:
    """What a reference oximeter showed, from CSV with the columns `point,reference_spo2_pct`, in that order."""
    found: list[tuple[int, float]] = []
    for number, row in _rows(text, where, ("point", "reference_spo2_pct")):
        point = int(_number(row["point"], 50, 100, f"{where}, line {number}: point"))
        found.append((point, _number(row["reference_spo2_pct"], 50, 100, f"{where}, line {number}")))
    return found


def parse_number(text: str, low: float, high: float) -> float | None:
    """A number that a person typed, with point or comma; None where it is none, or outside."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and low <= value <= high else None


def _rows(text: str, where: str, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    if not lines:
        raise UsageError(f"{where} is empty", f"its first line is {','.join(columns)}")
    heads = [head.strip() for head in lines[0][1].lstrip("\ufeff").split(",")]
    if heads != list(columns):
        raise UsageError(
            f"{where}, line {lines[0][0]}: its columns are {','.join(heads)}", f"write {','.join(columns)}"
        )
    rows = []
    for number, line in lines[1:]:
        cells = next(csv.reader(io.StringIO(line)), [])
        if len(cells) != len(columns):
            raise UsageError(f"{where}, line {number}: it has {len(cells)} cells", f"it needs {','.join(columns)}")
        rows.append((number, dict(zip(columns, cells, strict=True))))
    return rows


def _number(text: str, low: float, high: float, where: str) -> float:
    value = parse_number(text, low, high)
    if value is None:
        raise UsageError(f"{where}: {text.strip()!r} is no number from {low:g} to {high:g}", "mend the file")
    return value
