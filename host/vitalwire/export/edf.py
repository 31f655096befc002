# SPDX-License-Identifier: Apache-2.0
"""EDF+ (`.edf`, 16 bits) and BDF+ (`.bdf`, 24 bits): the pulse wave at its rate, the numbers at one a second, the rest
as annotations.

Neither has a word for *missing*: a sample that is not there is the digital number -32768, the smallest of its signal,
which no measured value has; the prefilter text of each signal says so. The file is continuous (EDF+C), as most readers
refuse others.

It is written here, and not by pyedflib, which cuts annotations to 40 bytes and says nothing where the disk takes no
more; that reads it back.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..items import Item
from . import notes
from .grid import NUMERICS, WAVE_CODE, WAVES, Grid, Numeric, grid_of, items_of
from .material import Material

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

RECORD_S: Final = 10
"""Seconds of one data record: short enough to be read in pieces, long enough that few have room for a long line."""
MISSING: Final = -32_768
"""The digital number of a sample that is not there, in 24 bits too."""
PREFILTER: Final = f"{MISSING} is missing"
LINE_BYTES: Final = 400
"""Of one annotation; readers take 512."""
_EPOCH: Final = datetime(1970, 1, 1)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True, slots=True)
class _Kind:
    """EDF or BDF: bytes of a sample, the first field of the header, the label of annotations."""

    width: int
    version: bytes
    name: str

    @property
    def low(self) -> int:
        return -(1 << (8 * self.width - 1))

    @property
    def high(self) -> int:
        return -self.low - 1


_EDF: Final = _Kind(2, b"0       ", "EDF")
_BDF: Final = _Kind(3, b"\xffBIOSEMI", "BDF")


@dataclass(frozen=True)
class _Signal:
    """One signal: its header's fields, and its samples as digital numbers."""

    label: str
    transducer: str
    unit: str
    low: float
    """What a missing sample, digitally `MISSING`, is in the unit."""
    high: int
    digital_high: int
    per_s: int
    digital: npt.NDArray[np.int32]
    ucum: str = ""


def write_edf(material: Material, path: Path) -> None:
    """Raises OSError, UsageError."""
    kind = _BDF if path.suffix.lower() == ".bdf" else _EDF
    grid = grid_of(material)
    signals = [_wave(name, grid, kind, material) for name in grid.waves]
    signals += [_numeric(one, grid) for one in NUMERICS]
    material.left_out(grid.left_out)
    about = notes.line(notes.ABOUT, material.about())
    lines = [(grid.start_ms, about), *grid.lines]
    count = -(-grid.seconds // RECORD_S)
    start = _EPOCH + timedelta(milliseconds=grid.start_ms)
    records = _annotations(lines, grid.start_ms, count, kind.width)
    with path.open("wb") as file:
        file.write(_header(material, start, signals, count, len(records[0]) // kind.width, kind))
        blocks = [_blocks(signal, count, kind) for signal in signals]
        for number in range(count):
            file.write(b"".join([block[number] for block in blocks]) + records[number])


def _blocks(signal: _Signal, count: int, kind: _Kind) -> list[bytes]:
    """The samples as bytes, record by record; the last one is filled up with what is missing."""
    import numpy as np

    per_record = signal.per_s * RECORD_S
    whole = np.full(count * per_record, MISSING, np.dtype("<i4"))
    whole[: len(signal.digital)] = signal.digital
    data = whole.view(np.uint8).reshape(-1, 4)[:, : kind.width].tobytes()
    size = per_record * kind.width
    return [data[at : at + size] for at in range(0, len(data), size)]


def _wave(name: str, grid: Grid, kind: _Kind, material: Material) -> _Signal:
    """Counts. In 24 bits they are the digital numbers; in 16 one step is a count where the session's span allows, else
    the next power of two, which is said."""
    import numpy as np

    counts = grid.waves[name]
    known = ~np.isnan(counts)
    least, most = (int(np.nanmin(counts)), int(np.nanmax(counts))) if known.any() else (0, 1)
    step, base = 1, MISSING
    if kind is _EDF:
        while (most - least) // step > kind.high - MISSING - 2:
            step *= 2
        base = least - step
    if step > 1:
        material.say(
            f"{WAVES[name]} has a step of {step} counts, as EDF has 16 bits; a name that ends with .bdf has 24"
        )
    digital = np.full(counts.shape, MISSING, np.int32)
    digital[known] = np.rint((counts[known] - base) / step).astype(np.int64) + MISSING
    digital_high = kind.high if kind is _EDF else max(most, 262_143)
    high = base + step * (digital_high - MISSING)
    return _Signal(WAVES[name], WAVE_CODE, "counts", base, high, digital_high, grid.rate_hz, digital)


def _numeric(one: Numeric, grid: Grid) -> _Signal:
    import numpy as np

    values, scale = grid.numerics[one.label], 10**one.places
    known = ~np.isnan(values)
    largest = float(np.nanmax(values)) if known.any() else 0.0
    high = min(max(int(one.high), math.ceil(largest)), -(MISSING + 1) // scale)
    digital = np.full(values.shape, MISSING, np.int32)
    digital[known] = np.clip(np.rint(values[known] * scale), MISSING + 1, high * scale)
    low = MISSING / scale if scale > 1 else MISSING
    said = one.codes or "of SaO2, Pulse, PI"
    return _Signal(one.label, said, one.unit, low, high, high * scale, 1, digital, one.ucum)


def _annotations(lines: list[tuple[int, str]], start_ms: int, count: int, width: int) -> list[bytes]:
    """The annotation signal of each record: its own time first, then as many lines as have room, in order."""
    said = [
        f"+{(utc_ms - start_ms) / 1000:.3f}\x14{piece}\x14\0".encode()
        for utc_ms, text in lines
        for piece in notes.pieces(_clean(text), LINE_BYTES)
    ]
    clocks = [f"+{RECORD_S * n}\x14\x14\0".encode() for n in range(count)]
    size = max(map(len, said), default=0) + max(map(len, clocks))
    size = max(size, sum(map(len, said)) // count + max(map(len, clocks)))
    while True:
        size += -size % (2 * width)
        filled, at = [], 0
        for clock in clocks:
            record = bytearray(clock)
            while at < len(said) and len(record) + len(said[at]) <= size:
                record += said[at]
                at += 1
            filled.append(bytes(record.ljust(size, b"\0")))
        if at == len(said):
            return filled
        size += size // 8 + 16


def _clean(text: str) -> str:
    """Without the characters that part annotations from one another."""
    return "".join(" " if ord(c) < 32 else c for c in text)


def _header(
    material: Material, start: datetime, signals: list[_Signal], count: int, annotation_samples: int, kind: _Kind
) -> bytes:
    origin = material.origin
    day = f"{start.day:02d}-{_MONTHS[start.month - 1]}-{start.year}"
    patient = f"{_plain(origin.patient, 'X')} X X X"
    simulated = "_SIMULATED" if origin.simulated else ""
    equipment = _plain(f"Vitalwire_{origin.board}{simulated}".replace("__", "_"), "Vitalwire")
    recording = f"Startdate {day} {_plain(origin.session, 'X')} X {equipment}"
    channels = len(signals) + 1
    fixed = (
        (patient, 80), (recording, 80), (start.strftime("%d.%m.%y"), 8), (start.strftime("%H.%M.%S"), 8),
        (256 * (channels + 1), 8), (f"{kind.name}+C", 44), (count, 8), (RECORD_S, 8), (channels, 4),
    )  # fmt: skip
    ends = (-1, 1, kind.low, kind.high)
    columns = (
        (16, [one.label for one in signals], f"{kind.name} Annotations"),
        (80, [one.transducer for one in signals], ""),
        (8, [one.unit for one in signals], ""),
        (8, [one.low for one in signals], ends[0]),
        (8, [one.high for one in signals], ends[1]),
        (8, [MISSING for _ in signals], ends[2]),
        (8, [one.digital_high for one in signals], ends[3]),
        (80, [_missing(one) for one in signals], ""),
        (8, [one.per_s * RECORD_S for one in signals], annotation_samples),
        (32, [""] * len(signals), ""),
    )
    text = b"".join(_cell(value, width) for value, width in fixed)
    for width, values, last in columns:
        text += b"".join(_cell(value, width) for value in (*values, last))
    return kind.version + text


def _missing(signal: _Signal) -> str:
    return PREFILTER + (f"; UCUM {signal.ucum}" if signal.ucum else "")


def _cell(value: object, width: int) -> bytes:
    return str(value).encode("ascii", "replace")[:width].ljust(width)


def _plain(text: str, otherwise: str) -> str:
    """What an EDF header takes: printing ASCII, its fields parted by spaces."""
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in text) or otherwise


def read_edf(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """The items of an EDF+ or BDF+ of ours as far as it keeps them. Raises UsageError."""
    import numpy as np
    import pyedflib

    try:
        with contextlib.closing(pyedflib.EdfReader(str(path))) as file:
            labels = file.getSignalLabels()
            start: datetime = file.getStartdatetime()
            start_ms = round((start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
            at_s, _, texts = file.readAnnotations()
            read = [(start_ms + round(float(s) * 1000), str(text)) for s, text in zip(at_s, texts, strict=True)]
            lines = list(notes.joined(read))
            found: dict[str, Any] = {}
            for label in (*(one.label for one in NUMERICS), *WAVES.values()):
                if label in labels:
                    number = labels.index(label)
                    missing = file.readSignal(number, digital=True) == MISSING
                    found[label] = np.where(missing, np.nan, file.readSignal(number))
            rate_hz = round(file.getSampleFrequency(labels.index(WAVES["ir"]))) if WAVES["ir"] in labels else 0
        about = notes.about_of(text for _, text in lines)
        waves = {name: found[label] for name, label in WAVES.items() if label in found}
        grid = Grid(start_ms, len(found["Offset"]), rate_hz, waves, found, lines)
        return about, items_of(grid)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None


__all__ = ["read_edf", "write_edf"]
