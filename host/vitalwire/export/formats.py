# SPDX-License-Identifier: Apache-2.0
"""Which formats there are, and how a file of one is made: whole or not at all."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..items import Item
from .material import Material


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the usual end of its files' names, what it is, the function that writes it and the one that reads it
    back (empty: none), and what must be installed for it."""

    name: str
    suffix: str
    summary: str
    write: str
    read: str = ""
    modules: tuple[str, ...] = ()
    extra: str = ""
    beside: tuple[str, ...] = ()
    """Ends of further files that belong to it."""


FORMATS: Final = (
    Format("parquet", ".parquet", "one table of everything, for DuckDB, pandas, R", "columns:write_parquet",
           "columns:read", ("pyarrow",), "parquet"),
    Format("arrow", ".arrow", "the same as an Arrow IPC file (Feather 2)", "columns:write_arrow", "columns:read",
           ("pyarrow",), "parquet"),
    Format("edf", ".edf", "EDF+: wave and numbers as signals, events as annotations", "edf:write_edf", "edf:read_edf",
           ("pyedflib",), "edf"),
    Format("wfdb", ".hea", "PhysioNet's WFDB: header, samples, annotations", "wfdb_files:write_wfdb",
           "wfdb_files:read_wfdb", ("wfdb",), "wfdb", (".dat", ".evt")),
    Format("vital", ".vital", "VitalDB's file: every value at its own time", "vital:write_vital", "vital:read_vital",
           ("vitaldb",), "vital"),
    Format("json", ".json", "one JSON object, an item a line", "text:write_json", "text:read_json"),
    Format("fhir", ".fhir.json", "a FHIR R4 bundle of Observations", "text:write_fhir"),
    Format("hl7", ".hl7", "a batch of HL7 v2.6 messages (IHE PCD-01, PCD-04)", "text:write_hl7"),
)  # fmt: skip


def format_named(name: str) -> Format:
    """Raises UsageError where there is none of that name, or something that it needs is not installed."""
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise UsageError(f"there is no format {name!r}", f"there are: {', '.join(one.name for one in FORMATS)}")
    return _usable(found)


def format_of_file(path: Path) -> Format:
    """The format of a file that is to be read back, by the end of its name. Raises UsageError."""
    found = next((one for one in FORMATS if one.read and path.name.endswith(one.suffix)), None)
    if found is None or path.name.endswith(".fhir.json"):
        ends = ", ".join(one.suffix for one in FORMATS if one.read)
        raise UsageError(f"{path}: what this is cannot be read back", f"give a file that ends with one of {ends}")
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    return _usable(found)


def _usable(found: Format) -> Format:
    absent = [module for module in found.modules if importlib.util.find_spec(module) is None]
    if absent:
        raise UsageError(f"{found.name} needs {', '.join(absent)}", f"pip install 'vitalwire[{found.extra}]'")
    return found


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    made: Callable[..., Any] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    return made


def export(material: Material, form: Format, path: Path, *, force: bool = False) -> list[Path]:
    """Writes a file, and those that belong beside it; returns them. What was there stays until the new one is whole.

    Raises UsageError where a file is in the way and not `force`, or where it cannot be written.
    """
    files = [path, *(path.with_suffix(end) for end in form.beside)]
    if form.beside and path.suffix != form.suffix:
        raise UsageError(f"{path}: a {form.name} header ends with {form.suffix}", f"name it {path.stem}{form.suffix}")
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} is there already", "give another --out, or --force to replace it")
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as name:
            made = Path(name) / path.name
            _function(form.write)(material, made)
            written = [path]
            for file in files[1:]:
                if (Path(name) / file.name).exists():
                    os.replace(Path(name) / file.name, file)
                    written.append(file)
            os.replace(made, path)
    except OSError as error:
        free = shutil.disk_usage(path.parent).free >> 20 if path.parent.is_dir() else None
        more = f"; {free} MB are free there" if free is not None else ""
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}{more}", "give another --out; nothing was left behind"
        ) from None
    return written


def read_back(path: Path) -> tuple[dict[str, Any], Iterable[Item]]:
    """What an exported file says of itself, and its items. Raises UsageError."""
    about, items = _function(format_of_file(path).read)(path)
    return about, items


__all__ = ["FORMATS", "Format", "export", "format_named", "format_of_file", "read_back"]
