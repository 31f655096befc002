# SPDX-License-Identifier: Apache-2.0
"""`vitalwire import`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from ..errors import UsageError
from .common import say, terminable
from .verify import printable


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=".csv or .jsonl [standard output]"
)
@click.option("--csv", "as_csv", is_flag=True, help="A vitals.csv on standard output instead of JSON Lines.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(file: Path, out: Path | None, as_csv: bool, force: bool) -> None:
    """Read back what `export` wrote: as JSON Lines, or as a vitals.csv that `replay` takes.

    FILE is a .parquet, .arrow, .json, .edf, .bdf, .hea (WFDB) or .vital file of ours. Parquet, Arrow and JSON give
    every item as it was, in its order. VitalDB, EDF and WFDB give them in the order of time; EDF and WFDB without the
    board's own counts (device_ms, seq, index) of oximeter and wave.

    \b
    Examples:
      vitalwire import bed4.parquet | jq 'select(.type == "event")'
      vitalwire import bed4.edf --out bed4.csv && vitalwire replay bed4.csv
    """
    from ..export.formats import read_back
    from ..export.series import write_vitals
    from ..items import utc_ms_of

    if out is not None and out.suffix not in (".csv", ".jsonl"):
        raise UsageError(f"{out}: what to write there is not clear", "let it end with .csv or .jsonl")
    if out is not None and os.path.lexists(out) and not force:
        raise UsageError(f"{out} is there already", "give another --out, or --force to replace it")
    about, items = read_back(file)
    _say_about(about)
    with terminable(), _open(out) as target:
        if as_csv or (out is not None and out.suffix == ".csv"):
            try:
                started = utc_ms_of(str(about["started_utc"]))
            except (KeyError, ValueError):
                started = None
            say(f"{write_vitals(items, started, target)} rows")
            return
        for item in items:
            target.write(json.dumps(item.as_dict(), ensure_ascii=False, allow_nan=False) + "\n")


def _say_about(about: dict[str, object]) -> None:
    """What must be known of the values. The file may come from anywhere."""
    flags = about.get("flags")
    marks = ", ".join(str(flag).upper() for flag in flags) if isinstance(flags, list) else ""
    if marks:
        say(printable(f"note: the values are marked {marks}"))
    state = about.get("state")
    if state != "closed":
        why = f": {about['why']}" if about.get("why") else ""
        say(printable(f"note: the record was {state or 'in no known state'} when it was exported{why}"))
    if about.get("anonymised"):
        say("note: it was anonymised; its dates are not those of the session")


@contextlib.contextmanager
def _open(out: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that gets its name when it is whole."""
    if out is None:
        yield sys.stdout
        return
    from ..export.formats import reason

    try:
        with tempfile.TemporaryDirectory(prefix=".import-", dir=out.parent) as name:
            made = Path(name) / out.name
            with made.open("w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(made, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {reason(error)}", "give another --out; nothing was left") from None
