# SPDX-License-Identifier: Apache-2.0
"""`vitalwire cuff start` and `vitalwire cuff stop`."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vitalwire_protocol.codec import CuffPhase, CuffPressure, name_of

from ..errors import CheckFailed, LinkLost, UsageError
from ..link.board import Board
from ..link.opening import open_board
from ..link.readings import Reading
from ..link.words import reason_text
from .common import json_option, port_argument, print_json, say, say_what_runs, terminable

if TYPE_CHECKING:
    from ..link.oscillogram import Oscillogram


@click.group()
def command() -> None:
    """Take one blood pressure, or stop the cuff.

    \b
    Examples:
      vitalwire cuff start            measure once and print the result
      vitalwire cuff start --save reading.json        keep the beats that it was judged by, too
      vitalwire cuff stop bed4        empty the cuff now
    """


@command.command()
@port_argument
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="Keep the reading and its oscillogram as JSON."
)
@json_option
def start(port: str | None, save: Path | None, as_json: bool) -> None:
    """Measure one blood pressure, wait for it, and print it.

    Ctrl-C empties the cuff and ends. Exit code 1 where the pressure could not be measured or the board refused; the
    reason is printed. The board rests at least 30 s between two inflations and refuses before. With the reading comes
    its oscillogram, from which `vitalwire recompute` works the pressure out again: --json and --save have it.
    """
    _check(save)
    with open_board(port) as board:
        say_what_runs(board)
        progress = _show_pressure if sys.stderr.isatty() else None
        try:
            with terminable():
                reading = board.start_cuff(progress=progress)
                kept = _oscillogram(board, reading)
        except (KeyboardInterrupt, OSError):
            _empty(board)
            raise
        finally:
            if progress is not None:
                click.echo("\r\033[K", err=True, nl=False)
        about = {**reading.as_dict(), "oscillogram": None if kept is None else kept.as_dict()}
        if as_json:
            print_json(about)
        elif reading.ok:
            click.echo(_line(reading))
        if save is not None:
            _write(save, about)
    if not reading.ok:
        reason = reading.reasons[0][1]
        advice = _ADVICE.get(reason, "try again")
        raise CheckFailed(f"the blood pressure could not be measured: {reason_text(reason)}", advice)


@command.command()
@port_argument
@json_option
def stop(port: str | None, as_json: bool) -> None:
    """End any cycle and empty the cuff. The board never refuses this."""
    with open_board(port, service=True) as board:
        say_what_runs(board)
        if not board.identity.service:  # in service mode the pump is off and the valves are open, and nobody listens
            board.stop_cuff()
    if as_json:
        print_json({"stopped": True})
    else:
        click.echo("The cuff is open.")


_ADVICE = {
    "aborted": "it was stopped",
    "no_inflation": "check the cuff's hose and that it is wrapped",
    "leak": "check hose and cuff for a leak",
    "movement": "ask the person to hold still, then try again",
    "no_pulse": "check that the cuff sits on the artery",
    "weak_pulse": "check that the cuff sits on the artery",
    "blocked": "TAKE THE CUFF OFF: its hose is kinked",
}


def _check(save: Path | None) -> None:
    """Before anything is inflated: whether there is a place for what is to be kept."""
    if save is not None and save.exists():
        raise UsageError(f"{save} is there already and is not written to again", "give --save another name")
    if save is not None and not save.parent.is_dir():
        raise UsageError(f"{save.parent} is no folder", "give --save a file in one that is there")


def _write(save: Path, about: dict[str, Any]) -> None:
    try:
        with save.open("x", encoding="utf-8") as file:
            file.write(json.dumps(about, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        raise CheckFailed(f"{save} could not be written: {error.strerror or error}") from None


def _oscillogram(board: Board, reading: Reading) -> Oscillogram | None:
    """The beats behind a reading. It stands without them, so that they cannot be had is only said."""
    try:
        return board.oscillogram(reading.cycle)
    except (CheckFailed, LinkLost) as error:
        if reading.ok:
            say(f"note: the reading has no oscillogram: {error}")
        return None


def _empty(board: Board) -> None:
    with contextlib.suppress(OSError):  # the terminal may be what has gone
        say("stopping: emptying the cuff (Ctrl-C again leaves it to the board)")
    board.stop_cuff()
    say("The cuff is open.")


def _line(reading: Reading) -> str:
    text = f"{reading.sbp_mmhg:.0f}/{reading.dbp_mmhg:.0f} mmHg"
    if reading.map_mmhg is not None:
        text += f", mean {reading.map_mmhg:.0f}"
    if reading.pulse_bpm is not None:
        text += f", pulse {reading.pulse_bpm:.0f}/min"
    if reading.quality is not None:
        doubts = ", ".join(doubt.replace("_", " ") for doubt in reading.doubts)
        text += f", quality {reading.quality} %" + (f" (lowered by {doubts})" if doubts else "")
    return text + (f" ({', '.join(reading.flags)})" if reading.flags else "")


def _show_pressure(message: CuffPressure) -> None:
    pressure = "--" if message.pressure_mmhg is None else f"{message.pressure_mmhg:.0f}"
    click.echo(f"\r\033[K{name_of(CuffPhase, message.phase)} {pressure} mmHg", err=True, nl=False)
