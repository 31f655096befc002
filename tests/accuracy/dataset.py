# SPDX-License-Identifier: Apache-2.0
"""Reads the indices and references of a dataset folder. What is damaged is named and left out; the rest is used."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vitalwire.errors import UsageError


@dataclass(frozen=True)
class Reference:
    """What another device said over time: beats by their interval, or readings; only what is known."""

    rr: tuple[tuple[float, float], ...] = ()
    """(t_s, rr_s): the interval that ends then."""
    pulse: tuple[tuple[float, float], ...] = ()
    spo2: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class PpgRecord:
    set: str
    record: str
    path: Path
    spo2_ref: float | None
    pr_ref: float | None
    reference: Reference | None
    trim_s: float


@dataclass(frozen=True)
class CuffRecord:
    set: str
    record: str
    path: Path
    sbp_ref: float | None
    dbp_ref: float | None
    map_ref: float | None


@dataclass
class Dataset:
    """`damaged` holds one sentence for each thing that could not be used."""

    ppg: list[PpgRecord] = field(default_factory=list)
    cuff: list[CuffRecord] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


class DamagedError(ValueError):
    """One row of an index, or a file that it names, cannot be used; the message says which and why."""


Row = dict[str, str]
Record = TypeVar("Record", PpgRecord, CuffRecord)

PPG_COLUMNS = ("record", "file", "spo2_ref", "pr_ref", "ref_file")
CUFF_COLUMNS = ("record", "file", "sbp_ref", "dbp_ref", "map_ref")


def read_dataset(folder: Path) -> Dataset:
    """The records of a folder. Raises UsageError where there is nothing at all to measure."""
    if not folder.is_dir():
        raise UsageError(f"there is no dataset folder {folder}", "give one with DATASETS=dir")
    found = Dataset()
    indices = [folder / kind / "index.csv" for kind in ("ppg", "cuff")]
    if not any(index.is_file() for index in indices):
        raise UsageError(
            f"{folder} has neither ppg/index.csv nor cuff/index.csv", "give a folder of recordings with DATASETS=dir"
        )
    found.ppg = _read_index(indices[0], PPG_COLUMNS, _ppg_record, found.damaged)
    found.cuff = _read_index(indices[1], CUFF_COLUMNS, _cuff_record, found.damaged)
    if not found.ppg and not found.cuff and not found.damaged:
        raise UsageError(f"the indices in {folder} name no record", "give a folder of recordings with DATASETS=dir")
    return found


def _read_index(
    index: Path, columns: tuple[str, ...], make: Callable[[Path, Row], Record], damaged: list[str]
) -> list[Record]:
    if not index.is_file():
        return []
    records: list[Record] = []
    names: set[str] = set()
    try:
        with index.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                raise DamagedError(f"{index}, line 1: the header has no column {', '.join(missing)}")
            for row in rows:
                try:
                    record = make(index.parent, row)
                    if record.record in names:
                        raise DamagedError(f"there is a record {record.record!r} already")
                    names.add(record.record)
                    records.append(record)
                except DamagedError as problem:
                    damaged.append(f"{index}, line {rows.line_num}: {problem}")
    except DamagedError as problem:
        damaged.append(str(problem))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        damaged.append(f"{index} cannot be read: {problem}")
    return records


def _ppg_record(folder: Path, row: Row) -> PpgRecord:
    name, path = _name_and_path(folder, row)
    reference = _text(row, "ref_file")
    return PpgRecord(
        set=_set_of(name, path),
        record=name,
        path=path,
        spo2_ref=_number(row, "spo2_ref", 0, 100),
        pr_ref=_number(row, "pr_ref", 1, 400),
        reference=read_reference(folder / reference) if reference else None,
        trim_s=_number(row, "trim_s", 0, 1e6) or 0.0,
    )


def _cuff_record(folder: Path, row: Row) -> CuffRecord:
    name, path = _name_and_path(folder, row)
    values = [_number(row, key, 1, 400) for key in ("sbp_ref", "dbp_ref", "map_ref")]
    return CuffRecord(_set_of(name, path), name, path, *values)


def _name_and_path(folder: Path, row: Row) -> tuple[str, Path]:
    name, file = _text(row, "record"), _text(row, "file")
    if not name or not file:
        raise DamagedError("it names no record or no file")
    if None in row:
        raise DamagedError("it has more cells than the header")
    path = folder / file
    if not path.is_file():
        raise DamagedError(f"record {name}: there is no file {path}")
    return name, path


def _set_of(name: str, path: Path) -> str:
    return name.split("/")[0] if "/" in name else path.parent.name


def _text(row: Row, key: str) -> str:
    return (row.get(key) or "").strip()


def _number(row: Row, key: str, least: float, most: float) -> float | None:
    """A cell as a number; None where it is empty."""
    text = _text(row, key)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise DamagedError(f"{key} is {text!r}, which is no number")
    if not least <= value <= most:
        raise DamagedError(f"{key} is {text}, which cannot be: {least:g} to {most:g}")
    return value


def read_reference(path: Path) -> Reference:
    """A reference file, either of its two kinds. Raises DamagedError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or ()
            if "t_s" not in names or not {"rr_s", "pr", "spo2"} & set(names):
                raise DamagedError(
                    f"{path}, line 1: the header is {','.join(names)[:60]!r}, not t_s and pr, spo2 or rr_s"
                )
            return _reference(path, rows)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DamagedError(f"{path} cannot be read: {problem}") from None


def _reference(path: Path, rows: csv.DictReader[Any]) -> Reference:
    found: dict[str, list[tuple[float, float]]] = {"rr_s": [], "pr": [], "spo2": []}
    limits = {"rr_s": (0.1, 10.0), "pr": (1.0, 400.0), "spo2": (0.0, 100.0)}
    for row in rows:
        try:
            t_s = _number(row, "t_s", -1e6, 1e6)
            if t_s is None:
                raise DamagedError("t_s is empty")
            for key, pairs in found.items():
                value = _number(row, key, *limits[key])
                if value is not None:
                    pairs.append((t_s, value))
        except DamagedError as problem:
            raise DamagedError(f"{path}, line {rows.line_num}: {problem}") from None
    return Reference(*(tuple(sorted(found[key])) for key in ("rr_s", "pr", "spo2")))
