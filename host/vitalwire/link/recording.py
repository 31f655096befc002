# SPDX-License-Identifier: Apache-2.0
"""Recordings of real sensors, made ready for the simulated board.

Read are CSV files, also gzipped, with one header line: `t_s` and some of `red,ir,green,ambient` for a pulse, `t_s`
and `pressure_mmhg` for a cuff; an empty cell is an unknown value. Written is what `hardware/twin/README.md` describes:
a line of JSON, then 32-bit integers at 100 Hz.

In between the values are resampled: a cubic through the recorded points, which keeps the crest between two samples of
a slow source and invents no ringing beside a jump (`_slopes`). A source that is clearly faster than 100 Hz is averaged
over each 10 ms, so that what the sensor could not follow does not fold back into the pulse.

A pulse recording is turned into what the sensor would have counted:

* Ambient light is taken off where it was recorded; the sensor does that by itself.
* Counts that the sensor could have made stay as they are, so the ratio of red to infrared is untouched.
* Another scale (a camera's 0-255) is multiplied to a usual level, one factor for all channels.
* A waveform without its level (it swings by more than a fifth of it in 2 s) is put on a usual level with a swing of
  1 %. Such waveforms rise when the pulse arrives where counts fall, so they are turned over; `polarity` overrules.
* Where there are not both red and infrared, one channel feeds infrared and red is flat: there must be a pulse and no
  SpO2. Of several it is the one whose pulse repeats best (`recording_channel`).
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
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal, NamedTuple

from ..errors import UsageError
from .recording_channel import best_channel

RATE_HZ: Final = 100
FULL_SCALE: Final = (1 << 18) - 1
LEVEL: Final = 100_000
"""A usual level of the infrared channel with a finger on, in counts."""
SWING: Final = 1_000
LOWEST_LEVEL: Final = 10_000
"""Counts of a real sensor with a finger on are above this; below, the scale is another one."""
SWING_S: Final = 2.0
COUPLED: Final = 0.2
CLEARLY_FASTER: Final = 1.5
"""A source this many times as fast as the sensor is averaged over each sample's 10 ms, in `PARTS` parts."""
PARTS: Final = 4
MOST_MMHG: Final = 1_000.0
PREFERRED: Final = ("ir", "green", "red")

Polarity = Literal["falling", "rising"]


class _Table(NamedTuple):
    """A file's columns as numbers, nan where unknown; `t_s` is separate and rises strictly."""

    path: Path
    t_s: list[float]
    columns: dict[str, list[float]]


class PpgCounts(NamedTuple):
    """What the sensor would have counted, at 100 Hz; `start_s` is the recording's own time of the first count."""

    start_s: float
    channels: tuple[str, ...]
    """Which of `red` and `ir` were recorded; the other is flat."""
    column: str
    """The file's column that feeds infrared."""
    red: list[int]
    ir: list[int]


class CuffPressure(NamedTuple):
    """Cuff pressure at 100 Hz in 0.01 mmHg; `start_s` is the recording's own time of the first value."""

    start_s: float
    cmmhg: list[int]


def read_ppg_recording(
    source: Path,
    *,
    channel: str | None = None,
    polarity: Polarity | None = None,
    pedestal: int | None = None,
    skip_s: float = 0.0,
    still: bool = False,
) -> PpgCounts:
    """Turns a pulse recording into counts at 100 Hz.

    `channel` names the one column to use, with red flat; without it red and infrared are used where both exist.
    `pedestal` (counts) says that the waveform lost its level, and which to put it on. `skip_s` leaves out the
    beginning. `still` takes a channel that never moves where there is no other. Raises UsageError with the line number
    where the file is damaged.
    """
    table = _read(source, ("red", "ir", "green", "ambient"), skip_s)
    columns = _without_ambient(table.columns)
    if channel is not None and channel not in columns:
        raise UsageError(f"{source} has no column {channel!r}", f"its columns are {', '.join(columns)}")
    if channel is None and {"red", "ir"} <= columns.keys():
        name = "ir"
        used = {"red": columns["red"], "ir": columns["ir"]}
    else:
        name = channel or _liveliest(source, table, columns, still)
        used = {"ir": columns[name]}
    for column in used.values():
        if not any(map(math.isfinite, column)):
            raise UsageError(f"{source}: no value is known in a column that is needed", "give another recording")
    scaled = _as_counts(table.t_s, used, polarity, pedestal)
    counts = {key: _resample(table.t_s, column) for key, column in scaled.items()}
    ir = [min(max(value, 0), FULL_SCALE) for value in counts["ir"]]
    red = [min(max(value, 0), FULL_SCALE) for value in counts["red"]] if "red" in counts else [LEVEL] * len(ir)
    return PpgCounts(table.t_s[0], tuple(c for c in ("red", "ir") if c in counts), name, red, ir)


def read_cuff_recording(source: Path) -> CuffPressure:
    """Turns a cuff recording into pressures at 100 Hz. Raises UsageError as `read_ppg_recording`."""
    table = _read(source, ("pressure_mmhg",), 0.0)
    pressure = table.columns["pressure_mmhg"]
    for number, value in enumerate(pressure, start=2):
        if abs(value) > MOST_MMHG:
            raise UsageError(f"{source}, line {number}: {value} mmHg is no cuff pressure", "repair the file")
    if not any(map(math.isfinite, pressure)):
        raise UsageError(f"{source}: no pressure is known in it", "give another recording")
    return CuffPressure(table.t_s[0], _resample(table.t_s, [100.0 * value for value in pressure]))


def save_ppg(target: Path, red: list[int], ir: list[int], channels: tuple[str, ...], *, loop: bool = True) -> None:
    """Writes counts in the simulated board's format; without `loop` there is no finger after the end."""
    pairs = [value for pair in zip(red, ir, strict=True) for value in pair]
    head: dict[str, Any] = {"kind": "ppg", "rate_hz": RATE_HZ, "channels": list(channels), "count": len(ir)}
    if not loop:
        head["loop"] = False
    _write(target, head, pairs)


def save_cuff(target: Path, cmmhg: list[int]) -> None:
    """Writes pressures (0.01 mmHg) in the simulated board's format."""
    _write(target, {"kind": "cuff", "rate_hz": RATE_HZ, "unit": "0.01 mmHg", "count": len(cmmhg)}, cmmhg)


def write_ppg_recording(
    source: Path, target: Path, *, channel: str | None = None, polarity: Polarity | None = None, skip_s: float = 0.0
) -> None:
    """`read_ppg_recording` and `save_ppg` in one."""
    counts = read_ppg_recording(source, channel=channel, polarity=polarity, skip_s=skip_s)
    save_ppg(target, counts.red, counts.ir, counts.channels)


def write_cuff_recording(source: Path, target: Path) -> None:
    """`read_cuff_recording` and `save_cuff` in one."""
    save_cuff(target, read_cuff_recording(source).cmmhg)


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
            numbers = [float(row[place].strip() or "nan") for place in places]
        except (ValueError, IndexError):
            raise _damaged(path, rows.line_num, f"{','.join(row)[:60]!r} does not fit the header") from None
        if not math.isfinite(at) or any(map(math.isinf, numbers)):
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


def _known(column: list[float]) -> list[float]:
    return [value for value in column if not math.isnan(value)]


def _liveliest(path: Path, table: _Table, columns: dict[str, list[float]], still: bool) -> str:
    """The best single channel of infrared, green and red: of those that are not stuck, the one whose pulse repeats."""
    alive = {name: columns[name] for name in PREFERRED if name in columns and _moves(columns[name])}
    if len(alive) > 1:
        waves = {str(name): _resample(table.t_s, _spread(column)) for name, column in alive.items()}
        return best_channel(waves, PREFERRED)
    if alive:
        return next(iter(alive))
    if still:
        return next(name for name in PREFERRED if name in columns)
    raise UsageError(
        f"{path}: no channel moves, there is no pulse in it", "give another recording or ppg_channel=COLUMN"
    )


def _moves(column: list[float]) -> bool:
    """Whether it is stuck at neither its highest nor its lowest value."""
    known = _known(column)
    if len(known) < 2:
        return False
    least, most = min(known), max(known)
    return most > least and max(known.count(most), known.count(least)) * 2 < len(known)


def _spread(column: list[float]) -> list[float]:
    """The column over as many counts as the sensor has: rounding takes nothing of it."""
    known = _known(column)
    least, most = min(known), max(known)
    return [(value - least) / (most - least) * FULL_SCALE for value in column]


def _swing(t_s: list[float], column: list[float]) -> float:
    """How far the values go in 2 s, in the middle of all stretches of 2 s: a finger taken off is no swing."""
    parts: dict[int, list[float]] = {}
    for at, value in zip(t_s, column, strict=True):
        if not math.isnan(value):
            parts.setdefault(int((at - t_s[0]) / SWING_S), []).append(value)
    return median(max(part) - min(part) for part in parts.values())


def _as_counts(
    t_s: list[float], columns: dict[str, list[float]], polarity: Polarity | None, stated: int | None
) -> dict[str, list[float]]:
    """Brings the channels to the counts of the sensor; see the head of this file."""
    level = median(_known(columns["ir"]))
    swing = _swing(t_s, columns["ir"])
    coupled = stated is not None or swing > COUPLED * level
    turn = -1.0 if (polarity or ("rising" if coupled else "falling")) == "rising" else 1.0
    if coupled:
        factor, pedestal = SWING / swing if swing else 1.0, float(LEVEL if stated is None else stated)
    else:
        factor = 1.0 if LOWEST_LEVEL <= level <= FULL_SCALE else LEVEL / level if level > 0 else 1.0
        pedestal = 0.0
    counts: dict[str, list[float]] = {}
    for name, column in columns.items():
        middle = median(_known(column))
        base = pedestal or factor * middle
        counts[name] = [base + turn * factor * (value - middle) for value in column]
    return counts


def _resample(t_s: list[float], values: list[float]) -> list[int]:
    """Values at 100 Hz from the first time to the last, rounded to whole numbers; unknown (nan) ones are bridged."""
    start, count = t_s[0], int((t_s[-1] - t_s[0]) * RATE_HZ + 1e-9) + 1
    known = [(at, value) for at, value in zip(t_s, values, strict=True) if not math.isnan(value)]
    x, y = [at for at, _ in known], [value for _, value in known]
    if len(x) == 1:
        return [round(y[0])] * count
    slopes = _slopes(x, y)
    fast = median(b - a for a, b in pairwise(x)) * RATE_HZ * CLEARLY_FASTER < 1
    shifts = [(2 * k + 1 - PARTS) / (2 * PARTS * RATE_HZ) for k in range(PARTS)] if fast else [0.0]
    total = [0.0] * count
    for shift in shifts:
        right = 1
        for step in range(count):
            at = min(max(start + step / RATE_HZ + shift, x[0]), x[-1])  # before and after what is known it stays
            if at > x[right]:
                right = min(bisect_left(x, at, right), len(x) - 1)
            total[step] += _cubic(x, y, slopes, right - 1, at)
    return [round(value / len(shifts)) for value in total]


def _slopes(x: list[float], y: list[float]) -> list[float]:
    """Slope of the curve at each point: that of the parabola through it and its neighbours, but at most three times as
    steep as the flatter of the two lines that meet there. Where the points rise or fall this keeps the curve between
    them (Fritsch and Carlson, SIAM J. Numer. Anal. 17, 238, 1980); at a crest it may go beyond them a little, because
    the true crest does; beside a jump it lies flat."""
    lines = [(y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in range(len(x) - 1)]
    slopes = [lines[0]]
    for i in range(1, len(x) - 1):
        before, after = lines[i - 1], lines[i]
        left, right = x[i] - x[i - 1], x[i + 1] - x[i]
        slope = (left * after + right * before) / (left + right)
        most = 3.0 * min(abs(before), abs(after))
        slopes.append(min(max(slope, -most), most))
    slopes.append(lines[-1])
    return slopes


def _cubic(x: list[float], y: list[float], slopes: list[float], left: int, at: float) -> float:
    """The Hermite cubic between point `left` and the next one."""
    width = x[left + 1] - x[left]
    u = (at - x[left]) / width
    rise = y[left + 1] - y[left]
    a, b = slopes[left] * width - rise, rise - slopes[left + 1] * width
    return y[left] + u * rise + u * (1.0 - u) * ((1.0 - u) * a + u * b)


def _write(target: Path, head: dict[str, Any], values: list[int]) -> None:
    data = array("i", values)
    if sys.byteorder == "big":
        data.byteswap()
    with target.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        data.tofile(file)


__all__ = [
    "RATE_HZ",
    "CuffPressure",
    "Polarity",
    "PpgCounts",
    "read_cuff_recording",
    "read_ppg_recording",
    "save_cuff",
    "save_ppg",
    "write_cuff_recording",
    "write_ppg_recording",
]
