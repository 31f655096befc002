# SPDX-License-Identifier: Apache-2.0
"""`vitalwire config`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from ..given_files import write_whole
from ..link.opening import open_board
from ..service.config.board import change, exported, load, read
from ..service.config.settings import FALLBACK, SETTINGS, from_wire, pack_limits, shown, to_wire
from .common import json_option, port_argument, print_json, say

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """The settings that a board keeps: label, averaging, lights, sound, fallback limits.

    They are checked here and on the board, and kept there in two copies: a cut in the middle of a change leaves the old
    setting. Nothing is changed while a session is open.

    \b
    Examples:
      vitalwire config get                         all settings of the only board
      vitalwire config set bed4 sound_pct=80 averaging_s=4
      vitalwire config set fallback_limits=our-limits.toml
      vitalwire config export --out board.json
      vitalwire config import board.json
    """


@command.command()
@port_argument
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
def get(port: str | None, names: tuple[str, ...], as_json: bool) -> None:
    """Show settings: all, or those that are named."""
    if port in SETTINGS:
        port, names = None, (str(port), *names)
    for name in names:
        _known(name)
    with open_board(port) as board:
        found = {n: from_wire(n, t) for n, t in read(board).items() if not names or n in names}
        serial = board.identity.serial
    if as_json:
        print_json({"serial": serial, "settings": found})
        return
    click.echo(f"{'serial':<20} {serial}")
    for name, value in found.items():
        click.echo(f"{name:<20} {shown(name, value)}")


@command.command("set")
@click.argument("words", nargs=-1, metavar="[PORT] NAME=VALUE...")
@json_option
def set_(words: tuple[str, ...], as_json: bool) -> None:
    """Change settings.

    fallback_limits takes a file with [limits], as `monitor --limits` does; empty it with fallback_limits=none.
    """
    port = None
    if words and words[0].partition("=")[0] not in SETTINGS and ("=" not in words[0] or "://" in words[0]):
        port, words = words[0], words[1:]
    if not words:
        raise UsageError("nothing to set", "write NAME=VALUE; `vitalwire config get` shows the names")
    wanted = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"{word!r} is not NAME=VALUE", "write it like sound_pct=80")
        _known(name)
        wanted[name] = _limits(text) if name == FALLBACK else to_wire(name, text)
    with open_board(port) as board:
        _say_changes(change(board, wanted), as_json)


@command.command()
@port_argument
@click.option("--out", type=_FILE, help="Write it here instead of to standard output.")
def export(port: str | None, out: Path | None) -> None:
    """Write all settings as JSON."""
    with open_board(port) as board:
        content = exported(board, datetime.now(UTC))
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    write_whole(out, text.encode(), "name a file that can be written to with --out")
    say(f"{len(content['settings'])} settings of board {content['serial']} in {out}")


@command.command("import")
@click.argument("file", type=_FILE)
@port_argument
@click.option("--with-label", is_flag=True, help="Take the bed label too, from another board's file.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@json_option
def import_(file: Path, port: str | None, with_label: bool, dry_run: bool, as_json: bool) -> None:
    """Set what `config export` has written. Everything in the file is checked before anything is set.

    The bed label of another board is left out: two boards of one name are a danger.
    """
    serial, wanted = load(file)
    with open_board(port) as board:
        if serial != board.identity.serial and not with_label:
            wanted.pop("bed_label", None)
        if dry_run:
            before = read(board)
            changes = {n: (before[n], text) for n, text in wanted.items() if n in before and before[n] != text}
            say("DRY RUN: nothing is changed")
        else:
            changes = change(board, wanted)
    _say_changes(changes, as_json)


def _known(name: str) -> None:
    if name not in SETTINGS:
        import difflib

        close = difflib.get_close_matches(name, SETTINGS, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(f"there is no setting {name!r}", f"{hint}there are {', '.join(SETTINGS)}")


def _limits(text: str) -> str:
    """The packed limits of a file; empty for none."""
    if text in ("", "none"):
        return ""
    from ..alarms.limits import parse_limits
    from ..profiles import read_text

    return pack_limits(parse_limits(read_text(Path(text), "a limits file"), text))


def _say_changes(changes: dict[str, tuple[str, str]], as_json: bool) -> None:
    typed: dict[str, Any] = {
        name: {"before": from_wire(name, before), "after": from_wire(name, after)}
        for name, (before, after) in changes.items()
    }
    if as_json:
        print_json({"changed": typed})
        return
    if not typed:
        click.echo("nothing changed: the board is set so already")
    for name, pair in typed.items():
        click.echo(f"{name:<20} {shown(name, pair['before'])}  ->  {shown(name, pair['after'])}")
