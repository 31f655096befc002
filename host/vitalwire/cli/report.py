# SPDX-License-Identifier: Apache-2.0
"""`vitalwire report`."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import CheckFailed, UsageError
from .common import json_option, print_json, say, uncollected


@click.command()
@click.argument("source", metavar="[SESSION]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the files go [the session's folder]."
)
@click.option("--html", "only", flag_value="html", help="Only the page.")
@click.option("--pdf", "only", flag_value="pdf", help="Only the PDF.")
@json_option
def command(source: Path | None, out: Path | None, only: str | None, as_json: bool) -> None:
    """Make the report of a session: one self-contained HTML page and a PDF.

    It is built from the session's capture, so that it says what the record proves: trends with phases, doses, limits
    and alarms; what was due and done; checks with the values that decided them; and the record's hash. Without SESSION
    it is the latest one. A session that is not closed has a report too, which says so. --json prints it instead.

    Exit code 1 where the record is not whole: the report is made all the same, and says what is wrong.

    \b
    Examples:
      vitalwire report
      vitalwire report ~/Vitalwire/20260101T000000Z_bed4 --out reports --pdf
    """
    from ..record.folder import find_session
    from ..report.beside import Beside

    folder = find_session(source)
    say(f"reporting {folder}")
    kinds = [] if as_json else ["html", "pdf"] if only is None else [only]
    with Beside(kinds) as beside:
        from ..report.make import make

        with uncollected():
            made = make(folder)
        files = beside.files(made)
    if as_json:
        print_json(made.as_json())
    for kind, data in files.items():
        target = out or folder
        path = target / (f"report.{kind}" if out is None else f"{folder.name}.{kind}")
        try:
            target.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}", "give another --out") from None
        click.echo(str(path))
    if made.findings:
        raise CheckFailed("the record is not whole: " + "; ".join(made.findings[:3]), "see the report's end")
