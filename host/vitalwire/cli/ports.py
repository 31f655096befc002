# SPDX-License-Identifier: Apache-2.0
"""`vitalwire ports`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from ..errors import NoBoard, VitalwireError
from ..link.ports import Candidate, find_candidates
from .common import json_option, print_json


@click.command()
@json_option
@click.option("--ask", is_flag=True, help="Open each board and ask for its bed label and firmware.")
def command(as_json: bool, ask: bool) -> None:
    """List the boards that are plugged in.

    They are known by their USB descriptors; nothing is opened unless you say --ask, and then only these boards. A
    bare board with MicroPython has the same descriptors, --ask tells it apart. Exit code 3 if there is none.

    \b
    Examples:
      vitalwire ports
      vitalwire ports --ask --json
    """
    boards = [_described(candidate, ask) for candidate in find_candidates()]
    if as_json:
        print_json(boards)
    for board in () if as_json else boards:
        click.echo("  ".join(f"{value}" for value in board.values() if value))
    if not boards:
        raise NoBoard(
            "no Vitalwire board is plugged in", "plug one in and wait a moment, or try a simulated one, sim://"
        )


def _described(candidate: Candidate, ask: bool) -> dict[str, Any]:
    about: dict[str, Any] = dataclasses.asdict(candidate)
    if ask:
        from ..link.opening import open_board

        try:
            with open_board(candidate.device, service=True) as board:
                who = board.identity
                about |= {"serial": who.serial, "bed": who.bed, "firmware": f"firmware {who.firmware}"}
        except VitalwireError as error:
            about["problem"] = error.what
    return about
