# SPDX-License-Identifier: Apache-2.0
"""`vitalwire selftest`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..given_files import write_whole
from ..link.board import Board
from ..link.events import Received
from ..link.opening import open_board
from ..service.selftest.catalogue import BY_ID, CATALOGUE, GROUPS, Test, chosen
from ..service.selftest.judge import Outcome, within
from ..service.selftest.result import result_of
from ..service.selftest.run import Runner, check_board
from ..service.selftest.simulated import SimulatedPerson
from .common import json_option, print_json, say, terminable

if TYPE_CHECKING:
    from rich.progress import Progress

_MARK = {"passed": "ok", "failed": "FAILED", "not_done": "not done", "aborted": "aborted"}
_EXIT = {"passed": 0, "failed": 1, "incomplete": 0}
WHO_MAX = 100
_CYLINDER = "Is the cuff on the rigid test cylinder, and on nobody's arm?"


@click.command()
@click.argument("port", required=False, metavar="[PORT]")
@click.argument("names", nargs=-1, metavar="[TEST|GROUP]...")
@click.option("--quick", is_flag=True, help="Only what needs no cuff.")
@click.option("--cuff-on-cylinder", is_flag=True, help="Confirm that the cuff is on the rigid test cylinder.")
@click.option("--by", metavar="WHO", help="Who tests; stands in the result and on the certificate.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the result here as JSON.")
@click.option(
    "--certificate", type=click.Path(path_type=Path, file_okay=False), help="If it passed, a certificate here."
)
@click.option("--list", "show", is_flag=True, help="List groups and tests with their limits, and end.")
@json_option
@click.pass_context
def command(
    context: click.Context, port: str | None, names: tuple[str, ...], quick: bool, cuff_on_cylinder: bool,
    by: str | None, out: Path | None, certificate: Path | None, show: bool, as_json: bool,
) -> None:  # fmt: skip
    """Let a board test itself: processor, sensors, pump, valves, safety layers, lights, buttons, supply.

    Tests that pump need the cuff on the rigid test cylinder, and somebody who says so; without that they are
    *not done*.
    The result is `passed` only where every test was run and passed, `incomplete` where one was not done, else `failed`.
    Ctrl-C ends a test, empties the cuff and says whether the board confirmed it. On sim:// a simulated person stands
    by: hears, sees and presses. Refused while a session is open.

    \b
    Examples:
      vitalwire selftest                              everything, asking what only a person can say
      vitalwire selftest --quick                      without the cuff
      vitalwire selftest bed4 oximeter leak           a group and a test
      vitalwire selftest --cuff-on-cylinder --by AM --out result.json
      vitalwire selftest sim:// --json
    """
    if show:
        _list()
        return
    if port is not None and (port in BY_ID or port in GROUPS):
        names = (port, *names)
        port = None
    if by is not None and (len(by) > WHO_MAX or not by.isprintable()):
        raise UsageError(f"--by {by[:20]!r} is no name or initials", f"it has at most {WHO_MAX} characters")
    tests = _chosen(names, quick)
    simulated = port is not None and port.startswith("sim:")
    person: _Person | SimulatedPerson = SimulatedPerson() if simulated else _Person()
    confirmed = cuff_on_cylinder or simulated
    if not confirmed and any(test.inflates for test in tests):
        confirmed = bool(person.ask(_CYLINDER))
    place = _with_cylinder(port) if simulated and port is not None else port
    if out is not None:
        _check_writable(out)
    started = datetime.now(UTC)
    problem: BaseException | None = None
    with terminable(), contextlib.ExitStack() as opened:
        board = opened.enter_context(open_board(place))
        check_board(board)
        if isinstance(person, SimulatedPerson):
            person.board = board
        who, protocol, is_simulated = board.identity, f"1.{board.hello.minor}", board.simulated
        calibration = _calibration(board)
        runner = Runner(board, person, confirmed, lambda: opened.enter_context(open_board(place)))
        try:
            with _shown(tests, person) as shown:
                runner.run(tests, shown)
        except BaseException as error:
            if not runner.outcomes:
                raise
            # What was measured until then is kept, also where the terminal is gone and nothing can be shown.
            problem = error
    result = result_of(
        runner.outcomes, who, protocol, is_simulated, calibration, by=by, cuff_on_cylinder=confirmed, started=started,
        finished=datetime.now(UTC),
    )  # fmt: skip
    try:
        if as_json:
            print_json(result)
        else:
            _say_result(result)
    finally:  # where the file cannot be written it is on the screen, and where nobody looks it is in the file
        if out is not None:
            _write(out, result)
    if problem is not None:
        raise problem
    if certificate is not None:
        _certify(result, certificate)
    context.exit(_EXIT[result["result"]])


def _chosen(names: tuple[str, ...], quick: bool) -> tuple[Test, ...]:
    try:
        return chosen(names, quick)
    except KeyError as error:
        import difflib

        known = [*GROUPS, *BY_ID]
        close = difflib.get_close_matches(error.args[0], known, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(
            f"there is no test {error.args[0]!r}", f"{hint}`vitalwire selftest --list` names them"
        ) from None


def _with_cylinder(url: str) -> str:
    """A simulated board's cuff is put on the cylinder, unless the URL says where it is."""
    if "cuff_on=" in url or "cuff=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}cuff_on=cylinder"


def _calibration(board: Board) -> list[dict[str, Any]]:
    from ..service.calibrate.run import read_stored

    return [stored.as_json() for _, stored in sorted(read_stored(board).items())]


def _check_writable(out: Path) -> None:
    """Before the test: what it measures must not be lost for a slip in a name."""
    folder = out.absolute().parent
    good = os.access(out, os.W_OK) if out.exists() else folder.is_dir() and os.access(folder, os.W_OK)
    if not good:
        raise UsageError(f"{out} cannot be written", "name a file in a folder that there is, with --out")


def _write(out: Path, result: dict[str, Any]) -> None:
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    write_whole(out, text.encode("utf-8", "backslashreplace"), "name a file that can be written to with --out")
    say(f"result in {out}")


def _certify(result: dict[str, Any], folder: Path) -> None:
    from ..report.certificate import make_certificate
    from ..service.calibrate import store

    made = make_certificate(result, folder, store.history(store.default_folder(), result["device"]["serial"])[0])
    say(f"certificate: {made.pdf_file}, next due {made.next_due}")


def _list() -> None:
    for group in GROUPS:
        click.echo(group)
        for test in CATALOGUE:
            if test.group == group:
                pumps = ", pumps" if test.inflates else ""
                click.echo(f"  {test.id:<22} {test.title}{pumps}")
                for value in test.values:
                    click.echo(f"    {value.name:<20} {_limits(value.low, value.high)} {value.unit}  {value.source}")


def _limits(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return _number(low) if low == high else f"{_number(low)} to {_number(high)}"
    return f"at least {_number(low)}" if low is not None else f"at most {_number(high)}" if high is not None else "any"


def _number(value: float) -> str:
    """Without an exponent: free bytes go into the millions."""
    return f"{value:.9g}"


def _say_result(result: dict[str, Any]) -> None:
    word = result["result"].upper()
    click.echo("")
    click.echo(f"  {'=' * (2 * len(word) + 5)}")
    click.echo(f"  =  {' '.join(word)}  =")
    click.echo(f"  {'=' * (2 * len(word) + 5)}")
    device = result["device"]
    marked = "  SIMULATED" if result["simulated"] else ""
    click.echo(f"  board {device['serial']}, firmware {device['firmware']}{marked}")
    for test in result["tests"]:
        if test["verdict"] == "failed":
            click.echo(f"  {test['title']}: {test['reason']}")
            click.echo(f"    {test['advice']}")
    waiting = [test["title"] for test in result["tests"] if test["verdict"] in ("not_done", "aborted")]
    if waiting:
        click.echo(f"  not done: {', '.join(waiting)}")


class _Person:
    """Whoever sits at the terminal; nobody without one."""

    def __init__(self) -> None:
        self.bars: Progress | None = None

    def ask(self, question: str) -> bool | None:
        """Yes, no, or nobody there."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        with self._quiet():
            return click.confirm(question, err=True)

    def tell(self, what: str) -> bool:
        """Says it; False where nobody is there."""
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        with self._quiet():
            say(what)
        return True

    def sees(self, received: Received) -> None:
        """Needs no telling."""

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """The bars make room for a question."""
        if self.bars is not None:
            self.bars.stop()
        yield
        if self.bars is not None:
            self.bars.start()


class _Lines:
    """A line for each test."""

    def begins(self, test: Test) -> None:
        """Said when it has ended."""

    def progress(self, test: Test, done_pct: int, left_s: int | None) -> None:
        """Lines show no fractions."""

    def ended(self, outcome: Outcome) -> None:
        for line in _lines(outcome):
            say(line)

    def note(self, text: str) -> None:
        say(text)


class _Bars:
    """A bar for all tests, one for the test that runs, and the lines above them."""

    def __init__(self, bars: Progress, total: int) -> None:
        self._bars = bars
        self._all = bars.add_task("all tests", total=total)
        self._one = bars.add_task("", total=100)

    def begins(self, test: Test) -> None:
        self._bars.reset(self._one, description=test.title, total=100)

    def progress(self, test: Test, done_pct: int, left_s: int | None) -> None:
        left = "" if left_s is None else f", {left_s} s left"
        self._bars.update(self._one, completed=done_pct, description=test.title + left)

    def ended(self, outcome: Outcome) -> None:
        for line in _lines(outcome):
            self._bars.console.print(line, markup=False, highlight=False)
        self._bars.advance(self._all)

    def note(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


def _lines(outcome: Outcome) -> list[str]:
    reason = f"  {outcome.reason}" if outcome.reason else ""
    lines = [f"{_MARK[outcome.verdict]:<9}{outcome.test.title}{reason}"]
    for which, value in enumerate(outcome.test.values):
        measured = outcome.values.get(which)
        if measured is not None and measured.number is not None:
            mark = "" if within(value, measured) == "passed" else "  <-"
            number = f"{_number(measured.number)} {value.unit}".strip()
            name = value.name.replace("_", " ")
            lines.append(f"         {name:<22} {number:<18} ({_limits(value.low, value.high)}){mark}")
    return lines


@contextlib.contextmanager
def _shown(tests: tuple[Test, ...], person: _Person | SimulatedPerson) -> Iterator[_Lines | _Bars]:
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(TextColumn("{task.description}"), BarColumn(), console=Console(stderr=True), transient=True) as bars:
        if isinstance(person, _Person):
            person.bars = bars
        yield _Bars(bars, len(tests))
