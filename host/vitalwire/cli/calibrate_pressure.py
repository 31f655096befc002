# SPDX-License-Identifier: Apache-2.0
"""`vitalwire calibrate pressure`: wires the walk to a board and to whoever reads the reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CheckFailed, UsageError
from ..link.opening import open_board
from ..service.calibrate.days import months_later
from ..service.calibrate.plan import Point, left_plan, parse_readings, pressure_plan, require
from .calibrate_common import (
    about,
    at_terminal,
    check_plot,
    plot_option,
    read_file,
    reference_options,
    today,
    utc_now,
    who_and_what,
    write_plot,
)
from .common import json_option, port_argument, print_json, say, say_what_runs, terminable

if TYPE_CHECKING:
    from ..link.board import Board
    from ..service.calibrate.outcome import Outcome
    from ..service.calibrate.run import Reader


@click.command(short_help="Both pressure channels, against a manometer.")
@port_argument
@click.option("--check", is_flag=True, help="Verify only: adjust nothing. Limit 3 mmHg or 2 %, whichever is more.")
@click.option("--cuff-on-cylinder", is_flag=True, help="The cuff is on the rigid test cylinder: a person has looked.")
@click.option(
    "--readings", type=click.Path(path_type=Path), metavar="FILE",
    help="What the reference showed, as CSV: point,direction,reference_mmhg.",
)  # fmt: skip
@reference_options
@plot_option
@json_option
def pressure(
    port: str | None,
    check: bool,
    cuff_on_cylinder: bool,
    readings: Path | None,
    by: str | None,
    reference_make: str | None,
    reference_serial: str | None,
    reference_due: str | None,
    room_degc: float | None,
    due_months: int,
    store: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Calibrate both pressure channels against a reference manometer.

    Needed: the cuff on the rigid test cylinder (about 500 mL), the manometer on the same line, and about 12 minutes.
    The board holds 0, 50, 100, 150, 200 and 250 mmHg, each an inflation of its own from zero, for at most 30 s, then
    the same coming down from above. At each you type what the manometer shows; the board's own reading is not shown,
    so that it cannot lead you. Two points after the adjustment show what the board was left at.

    Refused, and nothing changed: a reference that is itself overdue; a gain beyond 5 % or an offset beyond 6 mmHg, or
    beyond what a healthy part can have; errors that no straight line takes away; a board with an open session.

    Without a terminal --readings gives the manometer's readings, direction being up, down or left (as left; may be left
    out), and --cuff-on-cylinder says that a person has looked. On sim:// the simulated world is the reference.
    Exit code 1 where it was refused, or where --check failed.

    \b
    Examples:
      vitalwire calibrate pressure                       asks for what it needs
      vitalwire calibrate pressure --by AM --reference-make "Fluke 718" \\
          --reference-serial 123 --reference-due 2026-12-31
      vitalwire calibrate pressure bed4 --check
      vitalwire calibrate pressure "sim://?cuff_on=cylinder&speed=max"
    """
    from ..service.calibrate import pressure as work
    from ..service.calibrate import store as kept
    from ..service.calibrate.record import head, pressure_body
    from ..service.calibrate.run import measure, read_stored, scales
    from ..service.calibrate.session import PressureWalk

    check_plot(plot)
    given = None if readings is None else parse_readings(read_file(readings), str(readings))
    if given is not None:
        require(given, pressure_plan(), str(readings))
    with open_board(port) as board:
        say_what_runs(board)
        by_world = given is None and board.truth() is not None
        who, reference = who_and_what(board, by, reference_make, reference_serial, reference_due, by_world)
        confirmed = cuff_on_cylinder or board.simulated or _confirmed()
        found = scales(read_stored(board))
        folder = kept.prepare(store or kept.default_folder(), board.identity.serial)
        say(f"{'Checking' if check else 'Calibrating'} the pressure of {board.identity} against {reference}, by {who}")
        reader = _reader(board, given)
        say("Ctrl-C empties the cuff at any time.")
        days = today(board), months_later(today(board), due_months)
        with terminable():
            outcome = (
                work.check(board, reader, confirmed, found)
                if check
                else work.adjust(board, reader, confirmed, found, days)
            )
            result = work.result(outcome, check)
            due = days[1] if result == "adjusted" else None
            record = head("pressure", about(board), who, reference, utc_now(board), days[0], due, room_degc)
            after = PressureWalk(_left_points(given) if result == "adjusted" else ())
            if result == "adjusted":
                say("Both channels are adjusted and read back.")
            try:
                measure(board, after, reader, confirmed)
            finally:  # an adjusted board has its record, whatever comes after
                record |= pressure_body(outcome, after.taken, result)
                path = kept.save(folder, record)
    _tell(record, outcome, path, as_json)
    if plot is not None:
        from ..report.calibration_plot import format_of, residuals

        write_plot(plot, residuals(record, format_of(plot)))
    _end(record, result)


def _left_points(given: dict[Point, float] | None) -> tuple[Point, ...]:
    """Those that are measured after the adjustment: of a file, the ones that it has."""
    return tuple(point for point in left_plan() if given is None or point in given)


def _reader(board: Board, given: dict[Point, float] | None) -> Reader:
    from ..service.calibrate.readers import ByHand, FromFile, OfWorld

    if given is not None:
        return FromFile(say, given)
    if board.truth() is not None:
        return OfWorld(say, board)
    if not at_terminal():
        raise UsageError("nobody can be asked what the reference shows", "give --readings FILE")
    return ByHand(say)


def _confirmed() -> bool:
    """Whether a person says that the cuff is on the cylinder."""
    if at_terminal():
        say("The cuff must be on the rigid test cylinder and on nobody, the manometer on its line.")
        said = click.prompt("Type yes when that is so", err=True, default="no", show_default=False)
        if said.strip().lower() == "yes":
            return True
    raise UsageError("nobody has confirmed that the cuff is on the rigid test cylinder", "give --cuff-on-cylinder")


def _tell(record: dict[str, Any], outcome: Outcome, path: Path, as_json: bool) -> None:
    from ..service.calibrate.record import bars, channel_lines

    if as_json:
        print_json({**record, "file": str(path)})
        return
    for line in [*bars(record), "", *channel_lines(outcome)]:
        click.echo(line)
    say(f"kept: {path}")


def _end(record: dict[str, Any], result: str) -> None:
    """The last line; exit code 1 where it is not good."""
    from ..service.calibrate.record import problems_after

    if result == "refused":
        raise CheckFailed("not calibrated, the board is as it was: " + "; ".join(record["problems"]), "mend that first")
    if result == "failed":
        raise CheckFailed(
            "the check failed: " + "; ".join(record["problems"]), "calibrate: vitalwire calibrate pressure"
        )
    if result == "passed":
        say("PASSED: both channels are within 3 mmHg or 2 %")
        return
    after = problems_after(record)
    if after:
        raise CheckFailed("adjusted, but " + "; ".join(after), "calibrate again; look for a leak at the reference")
    measured = "measured" if record["left_points"] else "by the same readings; `--check` measures it"
    say(f"CALIBRATED: due again on {record['due']}; as left {measured}")


__all__ = ["pressure"]
