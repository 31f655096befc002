# SPDX-License-Identifier: Apache-2.0
"""`vitalwire sim`."""

from __future__ import annotations

import json
import sys
from urllib.parse import urlencode

import click

from .. import board_files
from ..errors import UsageError
from ..link.serve import serve_pty, serve_tcp
from ..link.sim_options import BOARDS, INTERPRETERS, faults, patients
from ..link.transport import SimTransport, open_transport
from .common import say, terminable


@click.command()
@click.option("--pty", "pty", is_flag=True, help="On a pseudo-terminal, whose path is printed (the default).")
@click.option("--tcp", metavar="HOST:PORT", help="On a TCP port instead; port 0 takes a free one.")
@click.option("--patient", default="calm", show_default=True, help="A scripted patient (--list names them).")
@click.option("--ppg", metavar="FILE", help="A pulse recording (.csv, .csv.gz) instead of the patient's finger.")
@click.option("--cuff", metavar="FILE", help="A cuff recording; read it with the board's observe mode.")
@click.option("--seed", default="1", show_default=True, help="Where the random numbers start.")
@click.option("--speed", default="1", show_default=True, help="Virtual seconds a second.")
@click.option("--fault", metavar="NAME@SECONDS", multiple=True, help="A fault and when it happens; may be repeated.")
@click.option("--board", default="pico", show_default=True, help=f"One of {', '.join(BOARDS)}.")
@click.option("--serial", default="SIM00001", show_default=True, help="The serial number; begins with SIM.")
@click.option("--flash", metavar="FOLDER", help="Keeps the board's flash here between runs.")
@click.option(
    "--whole",
    is_flag=True,
    help="Run what lies in the flash itself, at first nothing: MicroPython's prompt. Needs --flash.",
)
@click.option("--interpreter", help=f"One of {', '.join(INTERPRETERS)}; else the first that is installed.")
@click.option("--list", "show", is_flag=True, help="List the patients and faults, and end.")
def command(pty: bool, tcp: str | None, show: bool, whole: bool, fault: tuple[str, ...], **given: str | None) -> None:
    """Serve a simulated board until Ctrl-C.

    The board's own firmware runs on simulated chips, at wall speed. Any program that can open a serial port can use
    it; for Vitalwire's own commands a sim:// URL as PORT is simpler.

    \b
    Examples:
      vitalwire sim                                   prints a path like /dev/pts/5
      vitalwire info /dev/pts/5
      vitalwire sim --tcp 127.0.0.1:7878 --patient esketamine --fault leak@600
      vitalwire monitor socket://127.0.0.1:7878
      vitalwire sim --whole --flash out/board         a bare board, for mpremote
      vitalwire sim --list
    """
    if show:
        _list()
        return
    if whole:
        _whole(tcp, fault, given)
        return
    if pty and tcp:
        raise click.UsageError("--pty and --tcp exclude each other.")
    if given["speed"] == "max":
        raise UsageError("speed=max: who reads a served board has a clock of its own", "give --speed a number")
    query = [(key, value) for key, value in given.items() if value is not None]
    url = "sim://?" + urlencode([*query, *(("fault", item) for item in fault)])
    if not tcp and sys.platform == "win32":
        raise UsageError("there are no pseudo-terminals on Windows", "use --tcp 127.0.0.1:7878")
    transport = open_transport(url)
    assert isinstance(transport, SimTransport)
    try:
        with terminable():
            if tcp:
                serve_tcp(transport, tcp, lambda where: _announce(transport, where))
            else:
                serve_pty(transport, lambda where: _announce(transport, where))
    except KeyboardInterrupt:
        say("stopped")
    finally:
        transport.close()


def _whole(tcp: str | None, fault: tuple[str, ...], given: dict[str, str | None]) -> None:
    """Serves a board whose flash says what it is, until Ctrl-C."""
    import time

    from ..link.sim_options import parse_sim_url
    from ..link.whole_board import WholeBoard

    refused = [name for name in ("ppg", "cuff", "interpreter") if given[name]]
    refused += [name for name, so in (("tcp", tcp), ("fault", fault)) if so]
    refused += [name for name in ("seed", "speed") if given[name] != "1"]
    if refused:
        raise click.UsageError(f"--whole and --{refused[0]} exclude each other.")
    if not given["flash"]:
        raise click.UsageError("--whole needs --flash FOLDER, in which the board's flash is kept.")
    query = {name: value for name in ("patient", "board", "serial", "flash") if (value := given[name])}
    options = parse_sim_url("sim://?" + urlencode(query))
    assert options.flash is not None
    board = WholeBoard(options.flash, options.board, options.serial, options.patient)
    click.echo(board.start())
    sys.stdout.flush()
    say(f"whole simulated board {options.serial}, its flash in {board.image}; Ctrl-C ends it")
    say(f"try: mpremote connect {board.port} resume fs ls")
    try:
        with terminable():
            while board.failure is None:
                time.sleep(0.1)
        raise board.failure
    except KeyboardInterrupt:
        say("stopped")
    finally:
        board.close()


def _announce(transport: SimTransport, where: str) -> None:
    click.echo(where)
    sys.stdout.flush()
    options = transport.options
    interpreter = {"micropython": "MicroPython", "cpython": "CPython (no MicroPython package is installed)"}
    say(
        f"simulated board {options.serial}, patient {options.patient}, firmware under"
        f" {interpreter.get(transport.interpreter, transport.interpreter)}; Ctrl-C ends it"
    )
    say(f"try: vitalwire info {where}")


def _list() -> None:
    folder = board_files.twin() / "world" / "patients"
    click.echo("patients:")
    for name in patients():
        click.echo(f"  {name:<16} {json.loads((folder / f'{name}.json').read_text()).get('description', '')}")
    click.echo("faults (NAME@SECONDS, or with arguments NAME:KEY=VALUE@SECONDS, like leak:mmhg_per_min=40@60):")
    for name, about in faults().items():
        what, *arguments = about.split("\t")
        click.echo(f"  {name:<24} {what}")
        if arguments and arguments[0]:
            near = f"; a near miss, which raises nothing: {arguments[1]}" if arguments[1:] else ""
            click.echo(f"  {'':<24}   by default {arguments[0]}{near}")
