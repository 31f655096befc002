# SPDX-License-Identifier: Apache-2.0
"""`vitalwire export`."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import CheckFailed, UsageError
from .common import json_option, print_json, say, uncollected


@click.command()
@click.argument("source", metavar="[SESSION]", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", metavar="FORMAT", help="parquet, arrow, edf, wfdb, vital, json, fhir or hl7.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="[the session's name]")
@click.option("--anonymise", is_flag=True, help="Move the dates, leave out codes of people, board, bed, and free text.")
@click.option("--no-waves", is_flag=True, help="Leave the pulse wave out.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--list", "listed", is_flag=True, help="Say which formats there are, and what each needs.")
@json_option
def command(
    source: Path | None, form: str | None, out: Path | None, anonymise: bool, no_waves: bool, force: bool, listed: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Write a session as a file that other programs read.

    Values have their units and codes (MDC, LOINC, UCUM), gaps stay gaps, and marks such as SIMULATED go along. Times
    are UTC, to the millisecond where the format has them. Without SESSION it is the latest one. FORMAT may be left out
    where FILE ends as its files do. Patients are codes in a record; --anonymise takes out those and moves the dates by
    a random number of days.

    Exit code 1 where the record is damaged: what lies before the damage is written, and the file says so.

    \b
    Examples:
      vitalwire export --format parquet
      vitalwire export ~/Vitalwire/20260101T000000Z_bed4 --out bed4.edf
      vitalwire export --format json --anonymise --out shared.json
    """
    from ..export.formats import FORMATS, export, format_named
    from ..export.material import material_of
    from ..record.items import open_record

    if listed:
        for one in FORMATS:
            click.echo(f"{one.name:<8} {one.suffix:<10} {one.summary}{'' if one.read else '   (cannot be read back)'}")
        return
    if form is None:
        ends = sorted((one for one in FORMATS if out is not None and out.name.endswith(one.suffix)), key=_longest)
        if not ends:
            raise UsageError("the format is not said", f"give --format: {', '.join(one.name for one in FORMATS)}")
        form = ends[0].name
    chosen = format_named(form)
    record = open_record(source)
    say(f"exporting {record.folder}")
    with uncollected():
        material = material_of(record, waves=not no_waves, anonymise=anonymise)
        name = "session" if anonymise else record.folder.name
        files = export(material, chosen, out if out is not None else Path(f"{name}{chosen.suffix}"), force=force)
    if as_json:
        counts = {"readings": len(material.readings), "events": len(material.events), "waves": len(material.waves)}
        print_json({"files": [str(file) for file in files], "state": record.state, "why": record.why, **counts})
    else:
        for file in files:
            click.echo(str(file))
    if record.state == "not closed":
        say("note: the session is not closed; the file holds what was recorded by now, and says so")
    if record.state == "damaged":
        raise CheckFailed(f"the record is damaged: {record.why}", "the file holds what lies before, and says so")


def _longest(form: object) -> int:
    return -len(getattr(form, "suffix", ""))
