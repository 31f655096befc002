# SPDX-License-Identifier: Apache-2.0
"""WFDB (PhysioNet): two records, as in MIMIC. `NAME` is the pulse wave at its rate, `NAMEn` the numbers at one a
second; so each reads at its own rate by default, where a reader of one record of both would average the wave to one
sample a second. `NAME.evt` are the annotations, in ms from the start. A missing sample is WFDB's own invalid one, which
readers give as NaN.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..items import Item
from . import notes
from .grid import NUMERICS, WAVE_CODE, WAVES, Grid, grid_of, items_of
from .material import Material

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EVENTS: Final = "evt"
"""The extension of the annotation file."""
LINE_BYTES: Final = 250
"""Of one annotation, whose length is one byte."""
INVALID: Final = {"16": -(1 << 15), "24": -(1 << 23)}
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_EPOCH: Final = datetime(1970, 1, 1)


@contextmanager
def _library() -> Iterator[Any]:
    """The `wfdb` package, without its warnings about what pandas and numpy will do one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        import wfdb

        yield wfdb


def write_wfdb(material: Material, path: Path) -> None:
    """Writes `path` (the header of the wave), and what belongs beside it. Raises OSError, UsageError."""
    import numpy as np

    name = path.stem
    if not _NAME.fullmatch(name):
        raise UsageError(f"{path.name}: WFDB takes letters, digits, - and _ in a name", "give another --out")
    grid = grid_of(material, lead_ms=1)  # readers take a note at 0 for one of the file, and drop it
    material.left_out(grid.left_out)
    start = _EPOCH + timedelta(milliseconds=grid.start_ms)
    about = f"{notes.ABOUT} {json.dumps(material.about(), allow_nan=False)}"
    common = {"base_date": start.date(), "base_time": start.time(), "write_dir": str(path.parent)}
    with _library() as wfdb:
        waves = [_digital(grid.waves[light], 1, "24") for light in grid.waves]
        if waves:
            wfdb.wrsamp(
                name, fs=grid.rate_hz, units=["counts"] * 2, sig_name=list(WAVES.values()),
                d_signal=np.column_stack(waves), fmt=["24"] * 2, adc_gain=[1.0] * 2,
                baseline=[0] * 2, comments=[*_words(material), WAVE_CODE, about], **common,
            )  # fmt: skip
        else:
            path.write_text(f"{name} 0 1 0\n# no pulse wave; the numbers are in {name}n\n#{about}\n", encoding="ascii")
        wfdb.wrsamp(
            f"{name}n", fs=1, units=[one.unit for one in NUMERICS], sig_name=[one.label for one in NUMERICS],
            d_signal=np.column_stack([_digital(grid.numerics[one.label], 10**one.places, "16") for one in NUMERICS]),
            fmt=["16"] * len(NUMERICS), adc_gain=[10.0**one.places for one in NUMERICS], baseline=[0] * len(NUMERICS),
            comments=[*_words(material), *_codes(), about], **common,
        )  # fmt: skip
        said = [
            (utc_ms - grid.start_ms, piece)
            for utc_ms, text in grid.lines
            for piece in notes.pieces(_ascii(text), LINE_BYTES)
        ]
        if said:
            wfdb.wrann(
                name, EVENTS, np.array([at_ms for at_ms, _ in said]), symbol=['"'] * len(said),
                aux_note=[piece for _, piece in said], fs=1000, write_dir=str(path.parent),
            )  # fmt: skip


def _digital(values: npt.NDArray[np.float64], gain: int, form: str) -> npt.NDArray[np.int32]:
    import numpy as np

    low = INVALID[form]
    digital = np.full(values.shape, low, np.int32)
    known = ~np.isnan(values)
    digital[known] = np.clip(np.rint(values[known] * gain), low + 1, -low - 1)
    return digital


def _ascii(text: str) -> str:
    """What is not ASCII becomes an escape of JSON, as WFDB has bytes and no characters."""
    plain = "".join(c if 32 <= ord(c) < 127 else json.dumps(c)[1:-1] if ord(c) > 127 else " " for c in text)
    return plain or " "


def _words(material: Material) -> list[str]:
    about = material.about()
    said = [f"{name}: {about[name]}" for name in ("notice", "state", "profile", "firmware")]
    said.append(f"flags: {' '.join(material.flags)}")
    said.append(f"times: UTC; annotations (.{EVENTS}) in ms from the start")
    return [_ascii(text) for text in said]


def _codes() -> list[str]:
    return [f"{one.label}: {one.codes or 'of the numbers of the oximeter'}, UCUM {one.ucum}" for one in NUMERICS]


def read_wfdb(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """The items of a record of ours as far as it keeps them; `path` is its header. Raises UsageError."""
    stem = str(path.with_suffix(""))
    try:
        with _library() as wfdb:
            numbers = wfdb.rdrecord(f"{stem}n")
            about = notes.about_of(numbers.comments)
            start = datetime.combine(numbers.base_date, numbers.base_time, UTC)
            start_ms = round((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
            found = {label: numbers.p_signal[:, n] for n, label in enumerate(numbers.sig_name)}
            wave, rate_hz = _read_wave(wfdb, stem)
            lines = _read_lines(wfdb, stem, start_ms)
        return about, items_of(Grid(start_ms, numbers.sig_len, rate_hz, wave, found, lines))
    except (OSError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None


def _read_wave(wfdb: Any, stem: str) -> tuple[dict[str, Any], int]:
    head = wfdb.rdheader(stem)
    if not head.n_sig:
        return {}, 0
    record = wfdb.rdrecord(stem)
    return {light: record.p_signal[:, record.sig_name.index(label)] for light, label in WAVES.items()}, round(record.fs)


def _read_lines(wfdb: Any, stem: str, start_ms: int) -> list[tuple[int, str]]:
    if not Path(f"{stem}.{EVENTS}").exists():
        return []
    read = wfdb.rdann(stem, EVENTS)
    lines = [(start_ms + int(at_ms), str(text)) for at_ms, text in zip(read.sample, read.aux_note, strict=True)]
    return list(notes.joined(lines))


__all__ = ["EVENTS", "read_wfdb", "write_wfdb"]
