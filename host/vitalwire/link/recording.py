# SPDX-License-Identifier: Apache-2.0
"""Recordings of real sensors, made ready for the simulated board.

Read are CSV files, also gzipped, with one header line: `t_s` and some of `red,ir,green,ambient` for a pulse, `t_s`
and `pressure_mmhg` for a cuff. Written is what `hardware/twin/README.md` describes: a line of JSON, then 32-bit
integers at 100 Hz. In between the values are resampled linearly.

A pulse recording is turned into what the sensor would have counted:

* Ambient light is taken off where it was recorded; the sensor does that by itself.
* Counts that the sensor could have made stay as they are, so the ratio of red to infrared is untouched.
* Another scale (a camera's 0-255) is multiplied to a usual level, one factor for all channels.
* A waveform without its level (it has negative values, or it swings by more than a fifth of its level) is put on a
  usual level with a swing of 1 %. Such waveforms rise when the pulse arrives where counts fall, so they are turned
  over; `polarity` overrules.
* Where there are not both red and infrared, one channel feeds infrared and red is flat: there must be a pulse and no
  SpO2.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import sys
import zlib
from array import array
from bisect import bisect_left
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal, NamedTuple

from ..errors import UsageError

RATE_HZ: Final = 100
FULL_SCALE: Final = (1 << 18) - 1
LEVEL: Final = 100_000
"""A usual level of the infrared channel with a finger on, in counts."""
SWING: Final = 1_000
LOWEST_LEVEL: Final = 10_000
"""Counts of a real sensor with a finger on are above this; below, the scale is another one."""
COUPLED: Final = 0.2
MOST_MMHG: Final = 1_000.0
PREFERRED: Final = ("ir", "green", "red")

Polarity = Literal["falling", "rising"]


class _Table(NamedTuple):
    """A file's columns as numbers; `t_s` is separate and rises strictly."""

    path: Path
    t_s: list[float]
    columns: dict[str, list[float]]


def write_ppg_recording(
    source: Path, target: Path, *, channel: str | None = None, polarity: Polarity | None = None, skip_s: float = 0.0
) -> None:
    """Turns a pulse recording into the simulated board's format.

    `channel` names the one column to use, with red flat; without it red and infrared are used where both exist.
    `skip_s` leaves out the beginning. Raises UsageError with the line number where the file is damaged.
    """
    table = _read(source, ("red", "ir", "green", "ambient"), skip_s)
    columns = _without_ambient(table.columns)
    if channel is not None and channel not in columns:
        raise UsageError(f"{source} has no column {channel!r}", f"its columns are {', '.join(columns)}")
    if channel is None and {"red", "ir"} <= columns.keys():
        used = {"red": columns["red"], "ir": columns["ir"]}
    else:
        name = channel or _liveliest(source, columns)
        used = {"ir": columns[name]}
    counts = _as_counts(used, polarity)
    ir = _resample(table.t_s, counts["ir"])
    red = _resample(table.t_s, counts["red"]) if "red" in counts else [LEVEL] * len(ir)
    pairs = [min(max(value, 0), FULL_SCALE) for pair in zip(red, ir, strict=True) for value in pair]
    head = {"kind": "ppg", "rate_hz": RATE_HZ, "channels": [c for c in ("red", "ir") if c in counts], "count": len(ir)}
    _write(target, head, pairs)


def write_cuff_recording(source: Path, target: Path) -> None:
    """Turns a cuff recording into the simulated board's format. Raises UsageError as `write_ppg_recording`."""
    table = _read(source, ("pressure_mmhg",), 0.0)
    pressure = table.columns["pressure_mmhg"]
    for number, value in enumerate(pressure, start=2):
        if abs(value) > MOST_MMHG:
            raise UsageError(f"{source}, line {number}: {value} mmHg is no cuff pressure", "repair the file")
    values = _resample(table.t_s, [100.0 * value for value in pressure])
    _write(target, {"kind": "cuff", "rate_hz": RATE_HZ, "unit": "0.01 mmHg", "count": len(values)}, values)


def _read(path: Path, known: tuple[str, ...], skip_s: float) -> _Table:
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="") as file
        ):
            return _parse(path, csv.reader(file), known, skip_s)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends in the middle"
        raise UsageError(f"{path} cannot be read: {reason}", "give a whole .csv or .csv.gz recording") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a CSV text file: {error}", "give a .csv or .csv.gz recording") from error


def _parse(path: Path, rows: Any, known: tuple[str, ...], skip_s: float) -> _Table:
    header = [name.strip() for name in next(rows, [])]
    names = [name for name in known if name in header]
    if not header or header[0] != "t_s" or not [name for name in names if name != "ambient"]:
        raise UsageError(
            f"{path}, line 1: the header is {','.join(header)[:60]!r}",
            f"a recording begins with t_s and has at least one of {', '.join(n for n in known if n != 'ambient')}",
        )
    places = [header.index(name) for name in names]
    t_s: list[float] = []
    values: list[list[float]] = [[] for _ in names]
    for row in rows:
        if not row:
            continue
        try:
            at = float(row[0])
            numbers = [float(row[place]) for place in places]
        except (ValueError, IndexError):
            raise _damaged(path, rows.line_num, f"{','.join(row)[:60]!r} does not fit the header") from None
        if not all(map(math.isfinite, (at, *numbers))):
            raise _damaged(path, rows.line_num, "a value is not finite")
        if t_s and at <= t_s[-1]:
            raise _damaged(path, rows.line_num, f"the time {at} s does not follow {t_s[-1]} s")
        if at < skip_s:
            continue
        t_s.append(at)
        for column, number in zip(values, numbers, strict=True):
            column.append(number)
    if len(t_s) < 2:
        raise UsageError(f"{path} has {len(t_s)} samples" + (f" after {skip_s:g} s" if skip_s else ""), "it needs two")
    return _Table(path, t_s, dict(zip(names, values, strict=True)))


def _damaged(path: Path, line: int, what: str) -> UsageError:
    return UsageError(f"{path}, line {line}: {what}", "repair the file or cut it off before that line")


def _without_ambient(columns: dict[str, list[float]]) -> dict[str, list[float]]:
    ambient = columns.get("ambient")
    if ambient is None:
        return columns
    return {
        name: [value - dark for value, dark in zip(column, ambient, strict=True)]
        for name, column in columns.items()
        if name != "ambient"
    }


def _liveliest(path: Path, columns: dict[str, list[float]]) -> str:
    """The best single channel: the first of infrared, green and red that is not stuck at one value."""
    for name in PREFERRED:
        if name in columns:
            column = columns[name]
            stuck = max(column.count(max(column)), column.count(min(column)))
            if max(column) > min(column) and stuck * 2 < len(column):
                return name
    raise UsageError(
        f"{path}: no channel moves, there is no pulse in it", "give another recording or ppg_channel=COLUMN"
    )


def _as_counts(columns: dict[str, list[float]], polarity: Polarity | None) -> dict[str, list[float]]:
    """Brings the channels to the counts of the sensor; see the head of this file."""
    level = median(columns["ir"])
    ordered = sorted(columns["ir"])
    swing = ordered[int(len(ordered) * 0.95)] - ordered[int(len(ordered) * 0.05)]
    coupled = ordered[0] < 0 or swing > COUPLED * level
    turn = -1.0 if (polarity or ("rising" if coupled else "falling")) == "rising" else 1.0
    if coupled:
        factor, pedestal = SWING / swing if swing else 1.0, float(LEVEL)
    else:
        factor = 1.0 if LOWEST_LEVEL <= level <= FULL_SCALE else LEVEL / level
        pedestal = 0.0
    counts: dict[str, list[float]] = {}
    for name, column in columns.items():
        middle = median(column)
        base = pedestal or factor * middle
        counts[name] = [base + turn * factor * (value - middle) for value in column]
    return counts


def _resample(t_s: list[float], values: list[float]) -> list[int]:
    """Linear interpolation at 100 Hz from the first sample to the last, rounded to whole numbers."""
    start, steps = t_s[0], int((t_s[-1] - t_s[0]) * RATE_HZ + 1e-9)
    out: list[int] = []
    right = 1
    for step in range(steps + 1):
        at = start + step / RATE_HZ
        if at > t_s[right]:
            right = min(bisect_left(t_s, at, right), len(t_s) - 1)
        left = right - 1
        share = (at - t_s[left]) / (t_s[right] - t_s[left])
        out.append(round(values[left] + share * (values[right] - values[left])))
    return out


def _write(target: Path, head: dict[str, Any], values: list[int]) -> None:
    data = array("i", values)
    if sys.byteorder == "big":
        data.byteswap()
    with target.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        data.tofile(file)


__all__ = ["RATE_HZ", "Polarity", "write_cuff_recording", "write_ppg_recording"]
