# SPDX-License-Identifier: Apache-2.0
"""`vitalwire flash`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import json_option, port_argument, print_json, say, terminable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from ..service.flash.build import Build
    from ..service.flash.deploy import Outcome
    from ..service.flash.plan import BoardState

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@port_argument
@click.option("--micropython", type=_FILE, help="Install this MicroPython first: a .uf2 (Pico), or .bin (ESP32-S3).")
@click.option("--build", "build_folder", type=_FOLDER, help="A build of `image firmware` instead of one made now.")
@click.option("--key", type=_FILE, help="Take only what this public key has signed [VITALWIRE_FIRMWARE_KEY].")
@click.option("--keep", type=_FOLDER, help="Where configuration and calibration are saved to [~/Vitalwire/boards].")
@click.option("--restore", type=_FILE, help="Put back settings that `flash` saved of this very board.")
@click.option("--drive", type=_FOLDER, help="The boot loader's drive, where it is not found by itself.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@json_option
def command(
    port: str | None,
    micropython: Path | None,
    build_folder: Path | None,
    key: Path | None,
    keep: Path | None,
    restore: Path | None,
    drive: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put the firmware on a board, whatever runs there now.

    The firmware is compiled for the board's processor, written beside the one that runs, verified file by file, and
    only then switched to. Pull the cable at any moment: the board runs the old firmware, or waits for this command.
    Configuration and calibration are saved to a file first, and stay on the board. Refused while a session is open.

    \b
    Examples:
      vitalwire flash                                the only board that is plugged in
      vitalwire flash --dry-run                      what would change
      vitalwire flash --micropython RPI_PICO.uf2     a new board, or one that is lost: hold BOOTSEL, plug it in
      vitalwire flash COM3 --build signed --key site.pem
    """
    from ..service.flash import kept
    from ..service.flash.build import read_build
    from ..service.flash.deploy import Order
    from ..service.flash.run import Target, flash
    from ..service.flash.signing import site_key

    began_s = time.monotonic()
    given = None if build_folder is None else read_build(build_folder)
    order = Order(
        make_build=lambda state: given or _build(state),
        keep_folder=keep or kept.default_folder(),
        now=datetime.now(UTC),
        key=site_key(key),
        restore=restore,
        dry_run=dry_run,
    )
    with terminable(), _shown() as progress:
        where, outcome = flash(Target(port, drive, micropython), order, progress)
    if as_json:
        print_json({**outcome.as_json(where), "dry_run": dry_run, "seconds": round(time.monotonic() - began_s, 1)})
        return
    for line in _summary(where, outcome, dry_run, time.monotonic() - began_s):
        click.echo(line)


def _build(state: BoardState) -> Build:
    """One compiled now for the board that was found."""
    from ..errors import CheckFailed
    from ..service.flash.build import compile_build

    if state.board is None:
        raise CheckFailed(
            f"this board says it is {state.machine!r}, which the firmware does not run on",
            "it runs on Raspberry Pi Pico, Pico 2 and ESP32-S3 boards",
        )
    return compile_build(state.board, state.processor)


def _summary(port: str, outcome: Outcome, dry_run: bool, seconds: float) -> list[str]:
    said = outcome.as_json(port)
    plan, manifest = outcome.plan, outcome.build.manifest
    before = said["before"]["firmware"] or "none"
    lines = [
        f"board        {said['serial']} ({said['board']}, MicroPython {said['micropython']}) at {port}",
        f"found        {outcome.found.what}",
        f"firmware     before {before}, {'would be' if dry_run else 'now'} {manifest.firmware}"
        f" (protocol {manifest.protocol}, manifest {manifest.sha256[:12]})",
        f"signature    {'signed' if said['signed'] else 'NOT SIGNED'}",
    ]
    if plan.nothing:
        lines.append("changes      none: every file is on the board already, by its SHA-256")
    else:
        lines.append(
            f"changes      {len(plan.added)} files new, {len(plan.changed)} changed, {len(plan.removed)} gone;"
            f" {plan.total_bytes / 1024:.0f} KB into {plan.copy}"
        )
    if outcome.kept:
        lines.append(f"settings     kept on the board, and saved to {outcome.kept}")
    if outcome.restored:
        lines.append(f"put back     {', '.join(outcome.restored)}")
    if outcome.after is None:
        lines.append("DRY RUN      nothing was written")
    else:
        lines.append(f"proved       {outcome.after} says hello with firmware {outcome.after.firmware}; {seconds:.1f} s")
    return lines


class _Lines:
    """Progress without a terminal: a line for each step."""

    def step(self, text: str, total: int | None = None) -> None:  # noqa: ARG002
        say(text)

    def advance(self, amount: int) -> None:
        """Lines show no fractions."""

    def note(self, text: str) -> None:
        say(text)


class _Bars:
    """Progress on a terminal: one bar, which becomes the next step's."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task = bars.add_task("", total=None)

    def step(self, text: str, total: int | None = None) -> None:
        self._bars.remove_task(self._task)
        self._task = self._bars.add_task(text, total=total)

    def advance(self, amount: int) -> None:
        self._bars.advance(self._task, amount)

    def note(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


@contextlib.contextmanager
def _shown() -> Iterator[_Lines | _Bars]:
    """Bars on a terminal, lines elsewhere; on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bars(bars)
