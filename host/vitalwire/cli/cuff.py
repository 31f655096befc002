# SPDX-License-Identifier: Apache-2.0
"""`vitalwire cuff start` and `vitalwire cuff stop`."""

from __future__ import annotations

import sys

import click

from vitalwire_protocol.codec import CuffPhase, CuffPressure, name_of

from ..errors import CheckFailed
from ..link.board import Board
from ..link.opening import open_board
from ..link.readings import Reading
from .common import json_option, port_argument, print_json, say, say_what_runs, terminable


@click.group()
def command() -> None:
    """Take one blood pressure, or stop the cuff.

    \b
    Examples:
      vitalwire cuff start            measure once and print the result
      vitalwire cuff stop bed4        empty the cuff now
    """


@command.command()
@port_argument
@json_option
def start(port: str | None, as_json: bool) -> None:
    """Measure one blood pressure, wait for it, and print it.

    Ctrl-C empties the cuff and ends. Exit code 1 where the pressure could not be measured or the board refused; the
    reason is printed. The board rests at least 30 s between two inflations and refuses before.
    """
    with open_board(port) as board:
        say_what_runs(board)
        progress = _show_pressure if sys.stderr.isatty() else None
        try:
            with terminable():
                reading = board.start_cuff(progress=progress)
        except KeyboardInterrupt:
            _empty(board)
            raise
        finally:
            if progress is not None:
                click.echo("\r\033[K", err=True, nl=False)
        if as_json:
            print_json(reading.as_dict())
        elif reading.ok:
            click.echo(_line(reading))
    if not reading.ok:
        reason = reading.reasons[0][1].replace("_", " ")
        raise CheckFailed(f"the blood pressure could not be measured: {reason}", _ADVICE.get(reason, "try again"))


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
    "no inflation": "check the cuff's hose and that it is wrapped",
    "leak": "check hose and cuff for a leak",
    "movement": "ask the person to hold still, then try again",
    "no pulse": "check that the cuff sits on the artery",
    "weak pulse": "check that the cuff sits on the artery",
    "blocked": "TAKE THE CUFF OFF: its hose is kinked",
}


def _empty(board: Board) -> None:
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
        text += f", quality {reading.quality} %"
    return text + (f" ({', '.join(reading.flags)})" if reading.flags else "")


def _show_pressure(message: CuffPressure) -> None:
    pressure = "--" if message.pressure_mmhg is None else f"{message.pressure_mmhg:.0f}"
    click.echo(f"\r\033[K{name_of(CuffPhase, message.phase)} {pressure} mmHg", err=True, nl=False)
