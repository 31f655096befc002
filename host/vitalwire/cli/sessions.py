# SPDX-License-Identifier: Apache-2.0
"""`vitalwire sessions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .common import json_option, print_json, say
from .verify import printable

if TYPE_CHECKING:
    from ..record.listing import Listed

_HEADS: Final = (
    "start", "length", "patient", "bed", "board", "limits", "high/med/low", "SpO2", "pressure", "ended", "session",
)  # fmt: skip
_AGO: Final = re.compile(r"(\d{1,6}) ?(h|d)", re.ASCII)


@click.command()
@click.option("--since", metavar="WHEN", help="Begun since then: 2026-01-31, 2026-01-31T14:00, 7d or 12h ago.")
@click.option("--patient", metavar="CODE", help="Only this patient's.")
@click.option("--board", metavar="SERIAL", help="Only this board's; the beginning of its serial number will do.")
@click.option(
    "--in", "parent", type=click.Path(path_type=Path), metavar="DIR",
    help="The folder of sessions [~/Vitalwire, or what VITALWIRE_SESSIONS names].",
)  # fmt: skip
@json_option
def command(since: str | None, patient: str | None, board: str | None, parent: Path | None, as_json: bool) -> None:
    """List the sessions that were recorded, newest first.

    Each has its start in local time with the zone, its length, the patient's code, the bed, the board, whose limits it
    had, how many alarms of each priority were raised, the lowest SpO2 in %, the reading with the highest systolic
    pressure in mmHg, and how it ended: closed; not closed (it goes on, or was cut off); or damaged, with the reason.
    A dash is what is not known or was not measured. The last column is what other commands take as SESSION.

    With --patient each has its place in the patient's series too: 2 of 6, day 5; later maintenance.

    The list believes session.json and looks at the end of each capture only; `vitalwire verify` checks a session as a
    whole. Sessions are looked for in ~/Vitalwire, in the folder that the environment variable VITALWIRE_SESSIONS
    names, or in --in. Exit code 0 also where some are damaged.

    \b
    Examples:
      vitalwire sessions --since 7d
      vitalwire sessions --patient K-017
      vitalwire sessions --json | jq 'select(.ended != "closed")'
    """
    from ..record.folder import default_folder
    from ..record.listing import list_sessions, places_in_series

    earliest_ms = None if since is None else _since_ms(since)
    folder = parent or default_folder()
    if parent is None and not folder.exists():
        say(f"there is no session in {printable(folder)} yet")
        return
    found = list_sessions(folder)
    chosen = [one for one in found if _fits(one, earliest_ms, patient, board)]
    if as_json:
        for one in chosen:
            print_json(one.as_json())
    elif chosen:
        places = places_in_series(chosen) if patient is not None else None
        for line in table(chosen, places):
            click.echo(line)
    _sum_up(folder, found, chosen, (patient, board))


def _since_ms(text: str) -> int:
    """The time of day is local where no zone is given."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            hours = int(ago[1]) * (24 if ago[2] == "d" else 1)
            return round((datetime.now().astimezone() - timedelta(hours=hours)).timestamp() * 1000)
        return round(datetime.fromisoformat(text.strip()).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(
            f"{text!r} is no time: give 2026-01-31, 2026-01-31T14:00, 7d or 12h.", param_hint="--since"
        ) from None


def _fits(one: Listed, since_ms: int | None, patient: str | None, board: str | None) -> bool:
    return (
        (since_ms is None or (one.started_utc_ms is not None and one.started_utc_ms >= since_ms))
        and (patient is None or one.patient == patient)
        and (board is None or (one.board or "").startswith(board))
    )


def _sum_up(folder: Path, found: list[Listed], chosen: list[Listed], asked: tuple[str | None, str | None]) -> None:
    many = "1 session" if len(chosen) == 1 else f"{len(chosen)} sessions"
    of = "" if len(chosen) == len(found) else f" of {len(found)}"
    damaged = sum(one.ended == "damaged" for one in chosen)
    say(f"{many}{of} in {printable(folder)}" + (f"; {damaged} damaged" if damaged else ""))
    if any(asked):
        there = set(map(id, chosen))
        hidden = sum(one.ended == "damaged" and one.board is None and id(one) not in there for one in found)
        if hidden:
            say(f"note: {hidden} damaged without a patient or board that reads; they are not in this list")


def table(found: Iterable[Listed], places: dict[Path, str] | None = None) -> Iterator[str]:
    """The list for people: columns as wide as what is in them. `places` are those in a patient's series."""
    rows = [_HEADS, *map(_row, listed := list(found))]
    if places is not None:
        said = ["series", *(places.get(one.folder, "-") for one in listed)]
        rows = [(row[0], place, *row[1:]) for row, place in zip(rows, said, strict=True)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(one: Listed) -> tuple[str, ...]:
    from ..record.times import local_text

    ended = one.ended + (f": {one.why}" if one.why else "")
    limits = one.profile or (f"{one.limits} limits" if one.limits else "-")
    if one.signed is False:
        limits += ", unsigned"
    board = (one.board or "-") + (" SIMULATED" if one.simulated and not (one.board or "").startswith("SIM") else "")
    cells = (
        "-" if one.started_utc_ms is None else local_text(one.started_utc_ms),
        _length(one.duration_s),
        one.patient or "-",
        one.bed or "-",
        board,
        limits,
        "-" if one.alarms is None else "/".join(map(str, one.alarms.values())),
        _number(one.lowest_spo2_pct),
        "-" if one.highest_sbp_mmhg is None else f"{one.highest_sbp_mmhg:.0f}/{_number(one.highest_dbp_mmhg)}",
        ended,
        one.folder.name,
    )
    return tuple(map(printable, cells))


def _length(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    whole = round(abs(seconds))
    return f"{'-' if seconds < 0 else ''}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


__all__ = ["command", "table"]
