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

from ..errors import CheckFailed, UsageError
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
    """What follows a file's stem in the names of further files that may belong to it."""
    also: tuple[str, ...] = ()
    """Further ends of names that it has."""

    @property
    def ends(self) -> tuple[str, ...]:
        """Every end of a name that it has, the usual one first."""
        return (self.suffix, *self.also)


FORMATS: Final = (
    Format("parquet", ".parquet", "one table of everything, for DuckDB, pandas, R", "columns:write_parquet",
           "columns:read", ("pyarrow",), "parquet"),
    Format("arrow", ".arrow", "the same as an Arrow IPC file (Feather 2)", "columns:write_arrow", "columns:read",
           ("pyarrow",), "parquet"),
    Format("edf", ".edf", "EDF+ (.bdf: BDF+): wave and numbers as signals, events as annotations",
           "edf:write_edf", "edf:read_edf", ("pyedflib",), "edf", also=(".bdf",)),
    Format("wfdb", ".hea", "PhysioNet's WFDB: header, samples, annotations", "wfdb_files:write_wfdb",
           "wfdb_files:read_wfdb", ("wfdb",), "wfdb", (".dat", "n.dat", "n.hea", ".evt")),
    Format("vital", ".vital", "VitalDB's file: every value at its own time", "vital:write_vital", "vital:read_vital",
           ("vitaldb",), "vital"),
    Format("json", ".json", "one JSON object, an item a line", "text:write_json", "text:read_json"),
    Format("fhir", ".fhir.json", "a FHIR R4 bundle of Observations", "text:write_fhir",
           modules=("vitalwire.encode.fhir",)),
    Format("hl7", ".hl7", "a batch of HL7 v2.6 messages (IHE PCD-01, PCD-04)", "text:write_hl7",
           modules=("vitalwire.encode.hl7",)),
)  # fmt: skip


def format_named(name: str) -> Format:
    """Raises UsageError where there is none of that name, or something that it needs is not installed."""
    found = next((one for one in FORMATS if one.name == name), None)
    if found is None:
        raise UsageError(f"there is no format {name!r}", f"there are: {', '.join(one.name for one in FORMATS)}")
    return _usable(found)


def format_for_name(name: str) -> Format | None:
    """The format whose files end as this name does; the longest end counts, as `.fhir.json` is no `.json`."""
    fitting = [(len(end), one) for one in FORMATS for end in one.ends if name.lower().endswith(end)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def format_of_file(path: Path) -> Format:
    """The format of a file that is to be read back, by the end of its name. Raises UsageError."""
    found = format_for_name(path.name)
    if found is None or not found.read:
        ends = ", ".join(end for one in FORMATS if one.read for end in one.ends)
        raise UsageError(f"{path}: what this is cannot be read back", f"give a file that ends with one of {ends}")
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    return _usable(found)


def _usable(found: Format) -> Format:
    absent = [module for module in found.modules if importlib.util.find_spec(module) is None]
    if not absent:
        return found
    if not found.extra:
        raise UsageError(f"this version of Vitalwire cannot write {found.name}", "see `vitalwire export --list`")
    raise UsageError(f"{found.name} needs {', '.join(absent)}", f"pip install 'vitalwire[{found.extra}]'")


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    made: Callable[..., Any] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    return made


def export(material: Material, form: Format, path: Path, *, force: bool = False) -> list[Path]:
    """Writes a file, and those that belong beside it; returns them. What was there stays until the new one is whole.

    Raises UsageError where a file is in the way and not `force`, or where it cannot be written, and CheckFailed where
    the session has what the format cannot hold, as a time before the calendar begins.
    """
    beside = [path.with_name(path.stem + end) for end in form.beside]
    if form.beside and path.suffix != form.suffix:
        raise UsageError(f"{path}: a {form.name} header ends with {form.suffix}", f"name it {path.stem}{form.suffix}")
    there = [str(file) for file in (path, *beside) if os.path.lexists(file)]
    if there and not force:
        raise UsageError(f"{there[0]} is there already", "give another --out, or --force to replace it")
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as name:
            folder = Path(name)
            _function(form.write)(material, folder / path.name)
            for file in folder.iterdir():
                _to_disk(file)
            written = [path]
            for file in beside:
                if (folder / file.name).exists():
                    os.replace(folder / file.name, file)
                    written.append(file)
                else:
                    file.unlink(missing_ok=True)  # of the export that is replaced
            os.replace(folder / path.name, path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {reason(error)}{_free(path.parent)}",
            "give another --out; nothing was left behind",
        ) from None
    except (ValueError, OverflowError, MemoryError) as error:
        said = str(error)[:200] or type(error).__name__
        raise CheckFailed(f"the session has what {form.name} cannot hold: {said}", "see `vitalwire verify`") from None
    return written


def _to_disk(file: Path) -> None:
    """Has the system write what it holds of a file: a full disk is then known before the file has its name."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def reason(error: OSError) -> str:
    """Why the system refused, in its own words."""
    return error.strerror or (os.strerror(error.errno) if error.errno else str(error))


def _free(folder: Path) -> str:
    try:
        return f" ({shutil.disk_usage(folder).free >> 20} MB are free there)"
    except OSError:
        return ""


def read_back(path: Path) -> tuple[dict[str, Any], Iterable[Item]]:
    """What an exported file says of itself, and its items. Raises UsageError."""
    about, items = _function(format_of_file(path).read)(path)
    return about, items


__all__ = ["FORMATS", "Format", "export", "format_for_name", "format_named", "format_of_file", "read_back", "reason"]
