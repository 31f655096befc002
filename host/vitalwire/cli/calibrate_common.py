# SPDX-License-Identifier: Apache-2.0
"""What the parts of `vitalwire calibrate` share: who did it, with which reference, where it is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import CheckFailed, UsageError
from ..given_files import read_text
from ..link.board import Board
from ..link.calibration import day_of
from ..record.rows import utc_text
from ..service.calibrate.days import DUE_MONTHS, months_later, parse_date
from ..service.calibrate.plan import Reference
from .common import say, terminable

F = TypeVar("F", bound=Callable[..., Any])
SIMULATED_REFERENCE = "simulated world"
READINGS_MAX = 64 << 10
TEXT_MAX = 100


def reference_options(function: F) -> F:
    """Who and by what; asked for at a terminal where they are not given."""
    for option in (
        click.option("--store", type=click.Path(path_type=Path), metavar="DIR",
                     help="Where it is kept [~/Vitalwire/calibrations]."),
        click.option("--due-months", type=click.IntRange(1, 60), default=DUE_MONTHS, show_default=True,
                     help="When it falls due again."),
        click.option("--room-degc", type=click.FloatRange(0, 45), metavar="DEGC",
                     help="Temperature of the room; stands in the record."),
        click.option("--reference-due", metavar="DATE", help="When the reference's own calibration ends: 2026-12-31."),
        click.option("--reference-serial", metavar="TEXT", help="The reference's serial number."),
        click.option("--reference-make", metavar="TEXT", help="The reference's make and model."),
        click.option("--by", metavar="WHO", help="Who does it."),
    ):  # fmt: skip
        function = option(function)
    return function


def plot_option(function: F) -> F:
    """`--plot FILE`."""
    return click.option(
        "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it as a .png or .svg (extra: report)."
    )(function)


def check_plot(plot: Path | None) -> None:
    """Before the work: whether there can be a picture."""
    if plot is not None:
        from ..report.calibration_plot import format_of

        format_of(plot)
        if not plot.resolve().parent.is_dir():
            raise UsageError(f"{plot.parent} is no folder", "give --plot a file in one that is there")
        import importlib.util

        if importlib.util.find_spec("matplotlib") is None:
            raise UsageError("pictures need matplotlib", 'install it: pip install "vitalwire[report]"')


def write_plot(plot: Path, data: bytes) -> None:
    """Writes a picture; what was measured is kept whether or not it can be written."""
    try:
        plot.write_bytes(data)
    except OSError as error:
        raise CheckFailed(f"{plot} could not be written: {error.strerror or error}", "the record was kept") from None
    say(f"drawn: {plot}")


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def asked(value: str | None, option: str, question: str, simulated: str | None) -> str:
    """What was given, else what a person answers; of a simulated board `simulated`. Raises UsageError where nobody can
    be asked, and for what no record can hold."""
    if value is not None and value.strip():
        text = value.strip()
    elif simulated is not None:
        return simulated
    elif at_terminal():
        text = str(click.prompt(question, err=True)).strip()
    else:
        raise UsageError(f"{question} is not given", f"give {option}: it goes into the record")
    if len(text) > TEXT_MAX or not text.isprintable():
        raise UsageError(f"{option} {text[:20]!r} cannot go into a record", f"at most {TEXT_MAX} characters, printable")
    return text


def who_and_what(
    board: Board, by: str | None, make: str | None, serial: str | None, due: str | None, by_world: bool
) -> tuple[str, Reference]:
    """The person and the reference, whose date is checked. `by_world`: the simulated world itself is the reference."""
    if by_world:
        far = months_later(today(board), 12)
        return asked(by, "--by", "Who does it", "simulation"), Reference(
            SIMULATED_REFERENCE, "SIM", far, simulated=True
        )
    who = asked(by, "--by", "Who does it", None)
    reference = Reference(
        asked(make, "--reference-make", "The reference's make and model", None),
        asked(serial, "--reference-serial", "Its serial number", None),
        parse_date(asked(due, "--reference-due", "It is calibrated until, as 2026-12-31", None), "--reference-due"),
    )
    reference.check(today(board))
    return who, reference


def today(board: Board) -> date:
    """The date by the board's clock: the computer's, or the simulated calendar's."""
    return day_of(board.clock.utc_ms())


def about(board: Board) -> dict[str, Any]:
    """Which board, for the record."""
    who = board.identity
    return {
        "simulated": board.simulated,
        "serial": who.serial,
        "bed": who.bed,
        "board": who.board,
        "firmware": who.firmware,
    }


def utc_now(board: Board) -> str:
    """Now, as records write it."""
    return utc_text(board.clock.utc_ms())


@contextmanager
def stoppable(words: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is within, and then `words` say how things were left."""
    try:
        with terminable():
            yield
    except KeyboardInterrupt:
        say(words)
        raise


def read_file(path: Path) -> str:
    """A file of readings. Raises UsageError."""
    return read_text(path, "give --readings a CSV file", READINGS_MAX)
