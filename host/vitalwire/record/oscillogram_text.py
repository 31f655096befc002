# SPDX-License-Identifier: Apache-2.0
"""Text -> oscillograms. Every value is checked before it is believed; what is wrong is said with its place."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NoReturn

from ..errors import CheckFailed
from ..link.oscillogram import NUMBERS, Beat, Evaluation, Oscillogram

STEPS: Final = {"t_s": 100, "pressure_mmhg": 100, "amplitude_mmhg": 1000}
"""How fine a beat's numbers are on the wire: steps in one unit. What lies between them never came from a board."""
_STEPS: Final = {"noise_mmhg": 1000, "begin_mmhg": 100, "end_mmhg": 100, "peak_amplitude_mmhg": 100}
_NEEDED: Final = ("cycle", "algorithm", *STEPS)
_MOST: Final = 65535
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_WORD: Final = re.compile(r"[A-Za-z0-9_]{1,40}")

_LAST_MS: Final = 253_402_128_000_000  # a day before the last that a calendar here has, for every zone


def checked_moment(utc_ms: int) -> int:
    """A moment that can be shown in every time zone, else ValueError."""
    if not 0 <= utc_ms < _LAST_MS:
        raise ValueError(f"{utc_ms} ms is no time of this calendar")
    return utc_ms


Complain = Callable[[str], NoReturn]


def _complaint(place: str) -> Complain:
    def complain(what: str) -> NoReturn:
        raise CheckFailed(f"{place}: {what}")

    return complain


class _Values:
    """The values of one cycle by name, from whatever file; asked for one by one, checked as they are given out."""

    def __init__(self, values: dict[str, Any], complain: Complain) -> None:
        self._values, self.complain = values, complain

    def _get(self, name: str) -> Any:
        value = self._values.get(name)
        return None if value == "" else value

    def number(self, name: str, steps: int, most: int = _MOST) -> float | None:
        """A number of 0 to `most` steps, or None where there is none."""
        given = value = self._get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value * steps <= most:
            self.complain(f"{name} is {_short(given)}, and not a number from 0 to {most / steps:g}")
        whole = round(value * steps)
        if abs(value * steps - whole) > 1e-3:
            self.complain(f"{name} is {_short(given)}, and not in steps of {1 / steps:g}")
        return whole / steps

    def whole(self, name: str, most: int = _MOST) -> int | None:
        value = self.number(name, 1, most)
        return None if value is None else int(value)

    def needed(self, name: str, most: int = _MOST) -> int:
        value = self.whole(name, most)
        return self.complain(f"it has no {name}") if value is None else value

    def word(self, name: str) -> str | None:
        value = self._get(name)
        if value is not None and not (isinstance(value, str) and _WORD.fullmatch(value)):
            self.complain(f"{name} is {_short(value)}, and not a word of the protocol")
        return value

    def words(self, name: str) -> tuple[str, ...] | None:
        """A list of words; in CSV with spaces between, `none` for an empty one."""
        given = value = self._get(name)
        if isinstance(value, str):
            value = [] if value == "none" else value.split(" ")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(word, str) and _WORD.fullmatch(word) for word in value):
            self.complain(f"{name} is {_short(given)}, and not a list of words")
        return tuple(value)

    def moment(self, name: str) -> int | None:
        value = self._get(name)
        if value is None:
            return None
        try:
            return checked_moment(round(datetime.fromisoformat(value).timestamp() * 1000))
        except (TypeError, ValueError, OverflowError):
            self.complain(f"{name} is {_short(value)}, and not a time")

    def evaluation(self, beats: int) -> Evaluation | None:
        """What the board said, where that is given."""
        outcome = self.word("outcome")
        if outcome is None:
            return None
        numbers: dict[str, Any] = {n: self.number(n, _STEPS.get(n, 10)) for n in NUMBERS if n != "quality"}
        said = self.whole("beats", 255)
        return Evaluation(
            outcome,
            **numbers,
            quality=self.whole("quality", 100),
            beats=beats if said is None else said,
            doubts=self.words("doubts"),
        )

    def oscillogram(self, beats: Iterable[Beat], result: Evaluation | None) -> Oscillogram:
        return Oscillogram(
            cycle=self.needed("cycle"),
            algorithm=self.needed("algorithm", 255),
            beats=tuple(beats),
            direction=self.word("direction"),
            left_out=self.whole("left_out", 255),
            noise_mmhg=self.number("noise_mmhg", _STEPS["noise_mmhg"]),
            begin_mmhg=self.number("begin_mmhg", _STEPS["begin_mmhg"]),
            end_mmhg=self.number("end_mmhg", _STEPS["end_mmhg"]),
            result=result,
            boot=self.whole("boot", 0xFFFFFFFF),
            device_ms=self.whole("device_ms", 0xFFFFFFFF),
            utc_ms=self.moment("time_utc"),
            flags=self.words("flags") or (),
        )


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _beat(values: _Values, before: Beat | None) -> Beat:
    numbers = []
    for name, steps in STEPS.items():
        value = values.number(name, steps)
        numbers.append(values.complain(f"it has no {name}") if value is None else value)
    beat = Beat(*numbers)
    if before is not None and beat.t_s < before.t_s:
        values.complain(f"t_s {beat.t_s:g} comes after {before.t_s:g}")
    return beat


# ------------------------------------------------------------ CSV


class _Table:
    """Gathers the rows of a CSV, cycle by cycle."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.found: list[Oscillogram] = []
        self._cycle: dict[str, str] | None = None
        self._begins = 0
        self._beats: list[Beat] = []

    def row(self, line: int, row: dict[str, str]) -> None:
        complain = _complaint(f"{self._where}, line {line}")
        cycle = {name: cell for name, cell in row.items() if name not in STEPS and name != "beat"}
        key = ("boot", "cycle", "device_ms")
        if self._cycle is None or any(cycle.get(name) != self._cycle.get(name) for name in key):
            self.end()
            self._cycle, self._begins = cycle, line
        elif cycle != self._cycle:
            name = next(name for name in cycle if cycle[name] != self._cycle[name])
            complain(f"{name} is {_short(cycle[name])}, and {_short(self._cycle[name])} in line {self._begins}")
        number = _Values(row, complain).whole("beat")
        if number is not None and number != len(self._beats) + 1:
            complain(f"this is beat {number} of cycle {_short(row['cycle'])}, beat {len(self._beats) + 1} is missing")
        self._beats.append(_beat(_Values(row, complain), self._beats[-1] if self._beats else None))

    def end(self) -> None:
        """The rows of a cycle are over."""
        if self._cycle is None:
            return
        values = _Values(self._cycle, _complaint(f"{self._where}, line {self._begins}"))
        beats = values.whole("beats", 255)
        kept = values.oscillogram(self._beats, values.evaluation(len(self._beats)))
        if beats is not None and beats != len(kept.beats):
            values.complain(f"cycle {kept.cycle} has {beats} beats, and only {len(kept.beats)} rows are here")
        self.found.append(kept)
        self._cycle, self._beats = None, []


def from_csv(where: str, text: str) -> list[Oscillogram]:
    """The oscillograms of a CSV, one row a beat. Raises CheckFailed with the line that is wrong."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    table = _Table(where)
    try:
        header = next(rows)
        absent = [name for name in _NEEDED if name not in header]
        if absent or len(set(header)) < len(header):
            what = f"there is no column {absent[0]}" if absent else "a column is there twice"
            raise CheckFailed(f"{where}, line 1: {what}", f"an oscillogram as CSV has at least {', '.join(_NEEDED)}")
        for row in rows:
            if len(row) != len(header):
                if row:
                    _complaint(f"{where}, line {rows.line_num}")(f"{len(row)} cells, and {len(header)} columns")
                continue
            table.row(rows.line_num, dict(zip(header, row, strict=True)))
    except (csv.Error, StopIteration) as error:
        raise CheckFailed(f"{where}, line {rows.line_num}: {error or 'it is empty'}") from None
    table.end()
    return table.found


# ------------------------------------------------------------ JSON


def from_json(where: str, text: str) -> list[Oscillogram]:
    """The oscillograms of a JSON file, or of one with an object a line. Raises CheckFailed with what is wrong."""
    try:
        value = _parsed(text)
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not lines[1][1].lstrip().startswith("{"):
            raise CheckFailed(f"{where} does not read as JSON: {error}") from None
        return [_from_line(f"{where}, line {number}", line) for number, line in lines]
    items = value if isinstance(value, list) else [value]
    return [_from_object(where if len(items) == 1 else f"{where}, item {n}", item) for n, item in enumerate(items, 1)]


def _parsed(text: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _from_line(place: str, line: str) -> Oscillogram:
    try:
        return _from_object(place, _parsed(line))
    except ValueError as error:
        raise CheckFailed(f"{place} does not read as JSON: {error}") from None


def _from_object(place: str, value: Any) -> Oscillogram:
    complain = _complaint(place)
    if not isinstance(value, dict):
        complain("this is no object")
    if isinstance(value.get("oscillogram"), dict):  # a reading, as `cuff start --json` prints it
        value = value["oscillogram"]
    if "part" in value:
        complain("this is one message; give the capture that it was decoded from")
    rows, said = value.get("beats"), value.get("result")
    if not isinstance(rows, list):
        complain("it has no list of beats")
    if said is not None and not isinstance(said, dict):
        complain("its result is no object")
    beats: list[Beat] = []
    for number, row in enumerate(rows, 1):
        at = _complaint(f"{place}, beat {number}")
        if not isinstance(row, list) or len(row) != len(STEPS):
            at(f"{_short(row)} is no [{', '.join(STEPS)}]")
        beats.append(_beat(_Values(dict(zip(STEPS, row, strict=True)), at), beats[-1] if beats else None))
    result = None if said is None else _Values(said, complain).evaluation(len(beats))
    return _Values(value, complain).oscillogram(beats, result)


__all__ = ["STEPS", "checked_moment", "from_csv", "from_json"]
