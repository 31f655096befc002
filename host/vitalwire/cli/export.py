# SPDX-License-Identifier: Apache-2.0
"""`vitalwire export`."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import CheckFailed, UsageError
from .common import json_option, print_json, say, terminable, uncollected
from .verify import printable


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
    are UTC, to the millisecond. Without SESSION it is the latest one. FORMAT may be left out where FILE ends as its
    files do. Patients are codes in a record; --anonymise takes out those, and board, bed, staff and free text, and
    moves the dates by a random number of days that nobody keeps.

    Exit code 1 where the record is damaged or shorter than it was: what is good of it is written, and the file says so.
    A session that goes on, or was cut off, is written as far as it is recorded: exit code 0.

    \b
    Examples:
      vitalwire export --format parquet
      vitalwire export ~/Vitalwire/20260101T000000Z_bed4 --out bed4.edf
      vitalwire export --format json --anonymise --out shared.json
    """
    from ..export.formats import FORMATS, export, format_for_name, format_named
    from ..export.material import SHORTER, material_of
    from ..record.items import open_record

    if listed:
        for one in FORMATS:
            click.echo(f"{one.name:<8} {one.suffix:<10} {one.summary}{'' if one.read else '   (cannot be read back)'}")
        return
    by_name = None if out is None else format_for_name(out.name)
    if form is None and by_name is None:
        raise UsageError("the format is not said", f"give --format: {', '.join(one.name for one in FORMATS)}")
    chosen = format_named(form if form is not None else by_name.name if by_name is not None else "")
    record = open_record(source)
    say(printable(f"exporting {record.folder}"))
    with terminable(), uncollected():
        material = material_of(record, waves=not no_waves, anonymise=anonymise)
        # A session's folder is named for its date and bed; WFDB takes no dot in a name.
        name = "session" if anonymise else record.folder.resolve().name.replace(".", "-")
        files = export(material, chosen, out if out is not None else Path(f"{name}{chosen.suffix}"), force=force)
    for text in material.remarks:
        say(f"note: {text}")
    if as_json:
        counts = {"readings": len(material.readings), "events": len(material.events), "waves": len(material.waves)}
        state = {"state": material.state, "why": material.why, "remarks": material.remarks}
        print_json({"files": [str(file) for file in files], **state, **counts})
    else:
        for file in files:
            click.echo(str(file))
    if material.state == "not closed":
        say("note: the session is not closed; what was recorded by now is in the file, which says so")
    if material.state in ("damaged", SHORTER):
        why = record.why or material.why
        raise CheckFailed(
            f"the record is {material.state}" + (f": {why}" if why else ""),
            "what is good of it is in the file, which says so",
        )
