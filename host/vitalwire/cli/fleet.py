# SPDX-License-Identifier: Apache-2.0
"""`vitalwire fleet`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import json_option, print_json, say, uncollected
from .verify import printable

if TYPE_CHECKING:
    from ..report.fleet import Fleet


@click.command()
@click.argument("folder", required=False, metavar="[FOLDER]", type=click.Path(path_type=Path))
@json_option
def command(folder: Path | None, as_json: bool) -> None:
    """List a folder of certificates: each board once, the one that is due first on top.

    A board that drifts has a line for each value that moves towards its limit over at least three certificates and
    would reach it within two years. A file that is no certificate, or was changed after it was made, is named below.
    FOLDER is ~/Vitalwire/certificates, or what VITALWIRE_CERTIFICATES names; folders in it are looked into too.
    Exit code 0 also where boards are overdue or files damaged.

    \b
    Examples:
      vitalwire fleet
      vitalwire fleet /media/certificates
      vitalwire fleet --json | jq 'select(.state == "overdue") | .serial'
    """
    from ..report.certificate import default_folder
    from ..report.fleet import read_fleet

    place = folder or default_folder()
    if folder is None and not place.exists():
        say(f"there is no certificate in {printable(place)} yet")
        return
    with uncollected():
        fleet = read_fleet(place)
    today = date.today()
    if as_json:
        for one in fleet.boards:
            print_json(one.as_json(today))
        for bad in fleet.damaged:
            print_json({"type": "damaged", "file": str(bad.file), "why": bad.why})
    else:
        for line in lines(fleet, place, today):
            click.echo(line)
    late = sum(one.state(today) == "overdue" for one in fleet.boards)
    drifting = sum(bool(one.drifts) for one in fleet.boards)
    say(
        f"{len(fleet.boards)} boards in {printable(place)}: {late} overdue, {drifting} drifting, "
        f"{len(fleet.damaged)} damaged files"
    )


def lines(fleet: Fleet, place: Path, today: date) -> list[str]:
    """The list for people."""
    heads = ("due", "state", "board", "bed", "tested", "certificates", "marks")
    rows: list[tuple[str, ...]] = [heads]
    for one in fleet.boards:
        state = one.state(today)
        rows.append(
            (
                one.next_due.isoformat(), state.upper() if state == "overdue" else state, one.serial, one.bed or "-",
                one.tested[:10], str(one.certificates), ", ".join(one.marks),
            )
        )  # fmt: skip
    rows = [tuple(map(printable, row)) for row in rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(heads))]
    out = []
    for at, row in enumerate(rows if fleet.boards else []):
        out.append("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
        out += [f"    drifts: {printable(drift)}" for drift in fleet.boards[at - 1].drifts] if at else []
    for bad in fleet.damaged:
        name = bad.file.relative_to(place) if bad.file.is_relative_to(place) else bad.file
        out.append(f"damaged: {printable(name)}: {printable(bad.why)}")
    return out


__all__ = ["command", "lines"]
