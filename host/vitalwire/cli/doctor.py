# SPDX-License-Identifier: Apache-2.0
"""`vitalwire doctor`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from ..service.doctor.examine import bundle, of_board, of_host
from ..service.doctor.finding import Finding
from .common import json_option, port_argument, print_json, say

_MARK = {"ok": "ok      ", "note": "note    ", "problem": "PROBLEM "}
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@port_argument
@click.option("--bundle", "bundle_file", type=_FILE, help="Write what was found into one ZIP file for whoever helps.")
@click.option("--drive", type=click.Path(path_type=Path, file_okay=False), help="Look for a boot loader's drive here.")
@json_option
@click.pass_context
def command(
    context: click.Context, port: str | None, bundle_file: Path | None, drive: Path | None, as_json: bool
) -> None:
    """Say in plain words why a board does not work.

    Looks at this computer (clock, what is installed, where sessions go), at the port (is it there, may it be opened,
    who holds it), at what answers (boot loader, MicroPython's prompt, a crash loop, service mode, other firmware or
    protocol), at the line, and at what the board says of itself. It changes nothing. Exit code 1 with a problem, 3
    without a board.

    A bundle holds no patient data: no readings, no sessions, no bed label, no name of a user.

    \b
    Examples:
      vitalwire doctor
      vitalwire doctor COM3 --bundle support.zip
    """
    found: list[Finding] = []
    about: dict[str, Any] = {}
    for one in of_host(None if drive is None else [drive]):
        _tell(one, found, as_json)
    in_loader = any(one.id == "boot_loader" for one in found)
    if port is not None or not in_loader:
        for one in of_board(port, about):
            _tell(one, found, as_json)
    if bundle_file is not None:
        bundle(bundle_file, found, about)
        say(f"bundle: {bundle_file}")
    if as_json:
        print_json([one.as_json() for one in found])
    problems = [one for one in found if one.level == "problem"]
    if not as_json:
        click.echo("")
        click.echo(f"{len(problems)} problems" if len(problems) != 1 else "1 problem")
    if any(one.id in ("no_board", "no_port") for one in problems):
        context.exit(3)
    context.exit(1 if problems else 0)


def _tell(one: Finding, found: list[Finding], as_json: bool) -> None:
    found.append(one)
    if as_json:
        return
    click.echo(textwrap.fill(f"{_MARK[one.level]}{one.what}", 79, subsequent_indent=" " * 8))
    sentence, _, rule = one.do.partition("\n")
    if sentence:
        click.echo(textwrap.fill(sentence, 79, initial_indent=" " * 8, subsequent_indent=" " * 8))
    if rule:
        click.echo(rule)
