# SPDX-License-Identifier: Apache-2.0
"""`vitalwire import`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from ..errors import UsageError
from .common import say


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=".csv or .jsonl [standard output]"
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(file: Path, out: Path | None, force: bool) -> None:
    """Read back what `export` wrote: as JSON Lines, or as a CSV series that `replay` takes.

    FILE is a .parquet, .arrow, .json, .edf, .hea (WFDB) or .vital file of ours. Parquet, Arrow and JSON give every item
    as it was; the others give the numbers, one a second or at their times.

    \b
    Examples:
      vitalwire import bed4.parquet | jq 'select(.type == "event")'
      vitalwire import bed4.edf --out bed4.csv && vitalwire replay bed4.csv
    """
    from ..export.formats import read_back
    from ..export.series import write_series

    about, items = read_back(file)
    marks = ", ".join(str(flag).upper() for flag in about.get("flags", ()))
    if marks:
        say(f"note: the values are marked {marks}")
    if about.get("state") not in ("", "closed", None):
        say(f"note: the session was {about['state']} when it was exported")
    with _open(out, force) as target:
        if out is not None and out.suffix == ".csv":
            say(f"{write_series(items, target)} rows")
            return
        for item in items:
            target.write(json.dumps(item.as_dict(), ensure_ascii=False, allow_nan=False) + "\n")


@contextlib.contextmanager
def _open(out: Path | None, force: bool) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
        return
    if out.suffix not in (".csv", ".jsonl"):
        raise UsageError(f"{out}: it is to end with .csv or .jsonl")
    try:
        with out.open("w" if force else "x", encoding="utf-8", newline="") as file:
            yield file
    except FileExistsError:
        raise UsageError(f"{out} is there already", "give another --out, or --force to replace it") from None
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror or error}", "give another --out") from None
