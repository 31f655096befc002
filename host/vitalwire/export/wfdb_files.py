# SPDX-License-Identifier: Apache-2.0
"""WFDB (PhysioNet): a header, its samples, and annotations. Missing samples are WFDB's own invalid value, which readers
give as NaN."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ..codes import CODES, PER_MIN
from ..errors import UsageError
from ..items import Item
from .edf import LABELS, WAVES, readings_of
from .grid import NUMERICS, OF_ALL, event_times, grid_of
from .material import Material

NOTES: Final = "evt"
"""The extension of the annotation file."""


def write_wfdb(material: Material, path: Path) -> None:
    """Writes `path` (the header), and beside it the samples (.dat) and the annotations (.evt). Raises OSError."""
    import numpy as np
    import wfdb

    grid = grid_of(material)
    names = [*WAVES.values(), *LABELS.values()] if grid.waves else list(LABELS.values())
    signals = [grid.waves[name] for name in WAVES if grid.waves] + [grid.numerics[key] for key in NUMERICS]
    per_frame = [grid.rate_hz for _ in grid.waves] + [1] * len(NUMERICS)
    codes = {(code.field, code.source): code for code in CODES}
    units = ["counts"] * len(grid.waves) + [_unit(codes[key].unit) for key in NUMERICS]
    gains = [1.0] * len(grid.waves) + [10.0 ** codes[key].places for key in NUMERICS]
    start = datetime(1970, 1, 1) + timedelta(milliseconds=grid.start_ms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own, about casts
        wfdb.wrsamp(
            path.stem,
            fs=1,
            units=units,
            sig_name=names,
            e_p_signal=signals,
            samps_per_frame=per_frame,
            fmt=["32"] * len(signals),
            adc_gain=gains,
            baseline=[0] * len(signals),
            comments=_comments(material),
            base_datetime=start,
            write_dir=str(path.parent),
        )
        events = event_times(material, grid.start_ms)
        if events:
            # Annotations have whole samples as their times: here milliseconds.
            wfdb.wrann(
                path.stem,
                NOTES,
                np.array([max(0, round(onset_s * 1000)) for onset_s, _ in events]),
                symbol=['"'] * len(events),
                aux_note=[_ascii(text)[:200] for _, text in events],
                fs=1000,
                write_dir=str(path.parent),
            )


def _unit(unit: Any) -> str:
    return "bpm" if unit == PER_MIN else str(unit.text)


def _ascii(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text) or "?"


def _comments(material: Material) -> list[str]:
    about = material.about()
    said = [
        f"{name}: {about[name]}" for name in ("notice", "state", "board", "session", "patient", "profile", "firmware")
    ]
    said.append(f"flags: {' '.join(flag for flag in material.flags if flag in OF_ALL)}")
    said.append("times: UTC; annotations in ms from the start")
    said += [f"{LABELS[(c.field, c.source)]}: {c.mdc} {c.mdc_name}, {c.unit.ucum}" for c in CODES]
    return [_ascii(text) for text in said]


def read_wfdb(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """Readings of the oximeter and the cuff, one a second. Raises UsageError."""
    import wfdb

    try:
        record = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False)
        found = {key: record.e_p_signal[record.sig_name.index(label)] for key, label in LABELS.items()}
        start = datetime.combine(record.base_date, record.base_time, UTC)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None
    start_ms = round((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    marks = next((text for text in record.comments if text.startswith("flags:")), "flags:")
    flags = tuple(marks.removeprefix("flags:").split())
    return {"state": "", "flags": list(flags)}, readings_of(found, start_ms, flags)


__all__ = ["NOTES", "read_wfdb", "write_wfdb"]
