# SPDX-License-Identifier: Apache-2.0
"""`vitalwire calibrate oximeter`: wires the points of a finger simulator to the board's ratio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CheckFailed, UsageError
from ..link.opening import open_board
from ..service.calibrate.days import months_later
from ..service.calibrate.plan import SPO2_POINTS_PCT, parse_number, parse_spo2_readings
from .calibrate_common import (
    about,
    at_terminal,
    check_plot,
    plot_option,
    read_file,
    reference_options,
    stoppable,
    today,
    utc_now,
    who_and_what,
    write_plot,
)
from .common import json_option, port_argument, print_json, say, say_what_runs

if TYPE_CHECKING:
    from ..link.board import Board


@click.command(short_help="The SpO2 curve, against a finger simulator.")
@port_argument
@click.option("--check", is_flag=True, help="Verify only: adjust nothing. Limit 3 % SpO2 at every point.")
@click.option(
    "--readings", type=click.Path(path_type=Path), metavar="FILE",
    help="What the reference showed, in order, 40 s a line, as CSV: point,reference_spo2_pct.",
)  # fmt: skip
@reference_options
@plot_option
@json_option
def oximeter(
    port: str | None,
    check: bool,
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
    """Calibrate the SpO2 curve against a finger simulator or a reference oximeter.

    A simulator is set to 97, 90, 85, 80, 75 and 70 % in turn, with the curve of a reflectance sensor where it has one;
    at each you type what it, or the reference oximeter beside it, shows. The board's ratio of red to infrared is
    measured for about 40 s a point. Through the points goes a falling curve, which the board keeps.

    Refused, and nothing changed: fewer than five points, or a span of less than 20 %; points that contradict one
    another; a curve further than 12 % from a usual sensor's; a reference that is itself overdue; a board with an open
    session. No volunteers are made hypoxic with this: a simulator shows that the sensor is as its kind, it does not
    establish how accurate that kind is on people.

    On sim:// the simulated finger is the reference. Exit code 1 where it was refused, or where --check failed.

    \b
    Examples:
      vitalwire calibrate oximeter --by AM
      vitalwire calibrate oximeter "sim://?speed=max" --plot curve.png
    """
    from vitalwire_protocol.codec import Calibration

    from ..link.calibration import on_wire
    from ..service.calibrate import oximeter as work
    from ..service.calibrate import store as kept
    from ..service.calibrate.record import head
    from ..service.calibrate.run import read_stored

    check_plot(plot)
    given = None if readings is None else parse_spo2_readings(read_file(readings), str(readings))
    with open_board(port) as board:
        say_what_runs(board)
        by_world = given is None and board.truth() is not None
        if given is None and not by_world and not at_terminal():
            raise UsageError("nobody can be asked what the reference shows", "give --readings FILE")
        who, reference = who_and_what(board, by, reference_make, reference_serial, reference_due, by_world)
        knots = work.curve_of(read_stored(board).get(Calibration.CURVE))
        folder = kept.prepare(store or kept.default_folder(), board.identity.serial)
        say(f"{'Checking' if check else 'Calibrating'} the oximeter of {board.identity} against {reference}, by {who}")

        def measured() -> list[work.SpO2Point]:
            points = _points(board, given, by_world)
            return [work.measure_point(board, point, shown, knots) for point, shown in points]

        with stoppable("stopped: the board keeps its curve"):
            points = work.with_stream(board, measured)
        outcome = work.judge_check(points, knots) if check else work.judge(points, knots)
        day, due = today(board), months_later(today(board), due_months)
        good = not outcome.problems and outcome.left is not None
        result = ("failed" if outcome.problems else "passed") if check else "adjusted" if good else "refused"
        if result == "adjusted" and outcome.left is not None:
            work.store_curve(board, outcome.left, on_wire(day), on_wire(due))
        record = head(
            "oximeter",
            about(board),
            who,
            reference,
            utc_now(board),
            day,
            due if result == "adjusted" else None,
            room_degc,
        )
        record |= work.body(outcome, result)
    path = kept.save(folder, record)
    if as_json:
        print_json({**record, "file": str(path)})
    else:
        click.echo("\n".join(work.lines(record)))
        say(f"kept: {path}")
    if plot is not None:
        from ..report.calibration_plot import curve, format_of

        write_plot(plot, curve(record, format_of(plot)))
    if result == "refused":
        raise CheckFailed("not calibrated, the curve is as it was: " + "; ".join(outcome.problems), "mend that first")
    if result == "failed":
        raise CheckFailed("the check failed: " + "; ".join(outcome.problems), "vitalwire calibrate oximeter adjusts it")
    say("PASSED: every point is within 3 % SpO2" if check else f"CALIBRATED: due again on {record['due']}")


def _points(board: Board, given: list[tuple[int, float]] | None, by_world: bool) -> Iterator[tuple[int, float]]:
    """Each point when it is set: its name and what the reference shows."""
    if given is not None:
        for point, shown in given:
            say(f"{point} %: measuring")
            yield point, shown
        return
    for point in SPO2_POINTS_PCT:
        if by_world:
            board.change_world("patient", spo2_pct=point)
            say(f"{point} %: the simulated finger is set; measuring")
            yield point, float(point)
        else:
            yield point, _typed(point)


def _typed(point: int) -> float:
    while True:
        text = click.prompt(f"{point} %: set it, wait until it is steady. The reference shows, in %", err=True)
        value = parse_number(text, 50, 100)
        if value is not None:
            say("  measuring, about 40 s: leave it as it is")
            return value
        say(f"  {text!r} is no saturation from 50 to 100 %")


__all__ = ["oximeter"]
