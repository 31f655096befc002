# SPDX-License-Identifier: Apache-2.0
"""`vitalwire`: the command line. A command's module is imported only when that command runs."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final, NamedTuple

import click

from .. import __version__
from ..errors import VitalwireError

INTERRUPTED: Final = 130
COMPLETE: Final = "_VITALWIRE_COMPLETE"
"""Set by a shell that completes a command line; click answers it."""
BEDSIDE, RECORDS, SERVICE, DEVELOPERS = "At the bedside", "Records", "Service", "For developers"


class Entry(NamedTuple):
    """A command: where it is listed, its module in this package, and its line in the help."""

    group: str
    module: str
    help: str


COMMANDS: Final = {
    "monitor": Entry(BEDSIDE, "monitor", "Guard a session: live numbers, alarms, a record on disk."),
    "cuff": Entry(BEDSIDE, "cuff", "Take one blood pressure, or stop the cuff."),
    "profile": Entry(BEDSIDE, "profile", "List, show, check, copy and sign what sessions are judged by."),
    "sessions": Entry(RECORDS, "sessions", "List the sessions that were recorded, newest first."),
    "report": Entry(RECORDS, "report", "Make a session's report: a page and a PDF."),
    "verify": Entry(RECORDS, "verify", "Check a session's record: whole, and as its capture gives it."),
    "replay": Entry(RECORDS, "replay", "Run a record again through a profile, at any speed."),
    "compare": Entry(RECORDS, "compare", "Which alarms come, go, or move under another profile."),
    "export": Entry(RECORDS, "export", "Write a session as Parquet, EDF, WFDB, FHIR and other files."),
    "import": Entry(RECORDS, "import_", "Read back what `export` wrote."),
    "recompute": Entry(RECORDS, "recompute", "Work blood pressures out again from their oscillograms, and compare."),
    "calibrate": Entry(SERVICE, "calibrate", "Calibrate pressure and oximeter against a reference; see the drift."),
    "certificate": Entry(SERVICE, "certificate", "Make a board's certificate from a self-test that passed."),
    "fleet": Entry(SERVICE, "fleet", "List certificates: which boards are due, which drift."),
    "ports": Entry(SERVICE, "ports", "List the boards that are plugged in."),
    "info": Entry(SERVICE, "info", "Say what a board is, what it runs and how it is."),
    "selftest": Entry(SERVICE, "selftest", "Let a board test itself, with limits, verdicts and advice."),
    "doctor": Entry(SERVICE, "doctor", "Say in plain words why a board does not work."),
    "config": Entry(SERVICE, "config", "Show, change, export and import the settings of a board."),
    "flash": Entry(SERVICE, "flash", "Put the firmware on a board, whatever runs there now."),
    "image": Entry(SERVICE, "image", "Builds of the firmware: one file for a new board, signatures."),
    "stream": Entry(DEVELOPERS, "stream", "Readings and events: to standard output, or to other programs."),
    "decode": Entry(DEVELOPERS, "decode", "Turn recorded bytes into messages, and count what is wrong with them."),
    "sim": Entry(DEVELOPERS, "sim", "Serve a simulated board on a pseudo-terminal or a TCP port."),
}

EPILOG: Final = """\b
PORT is one of
  (nothing)       the only board that is plugged in
  COM3, /dev/...  a port
  E6614, bed4     a serial number or bed label, or a beginning that only one board has
  sim://...       a simulated board: sim://?patient=esketamine&seed=1&speed=20&fault=leak@60
  socket://HOST:PORT, rfc2217://HOST:PORT

\b
Try it without hardware:
  vitalwire monitor sim://?patient=esketamine --minutes 5
  vitalwire stream sim:// --minutes 1

Standard output carries data, standard error talk. Exit codes: 0 good, 1 the checked thing failed, 2 usage,
3 no board or more than one, 4 port busy or no permission, 5 link lost, 6 incompatible."""


class LazyGroup(click.Group):
    """Lists commands from the table above, in their groups, and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = importlib.import_module(f"vitalwire.cli.{entry.module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(COMMANDS)}."
            ctx.fail(f"There is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for group in dict.fromkeys(entry.group for entry in COMMANDS.values()):
            rows = [(name, entry.help) for name, entry in COMMANDS.items() if entry.group == group]
            with formatter.section(group):
                formatter.write_dl(rows)


@click.command(
    cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="vitalwire")
def cli() -> None:
    """Vitalwire: an open bedside vitals monitor for supervised medication sessions.

    Not a certified medical device. `vitalwire COMMAND --help` explains a command with examples.
    """


def main(arguments: list[str] | None = None) -> None:
    """The entry point: runs a command and ends the process with the exit code of the design."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code; every expected error is one sentence on standard error."""
    _open_missing_streams()
    try:
        if COMPLETE in os.environ:
            cli.main(arguments, prog_name="vitalwire", complete_var=COMPLETE)
        # Not `cli.main`: it would turn a closed pipe into an exit code before we see it.
        with cli.make_context("vitalwire", list(sys.argv[1:] if arguments is None else arguments)) as context:
            result = cli.invoke(context)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except VitalwireError as error:
        _say(f"vitalwire: {error}")
        return error.exit_code
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        _silence_stdout()  # whoever closes it (`head`) has got what was wanted
        return 0
    except OSError as error:
        # Files and ports have sentences of their own where they are used; what is left is where our output goes.
        _silence_stdout()
        where = error.filename or "standard output"
        _say(f"vitalwire: {where}: {error.strerror or error}; nothing more was written there")
        return 1
    except (KeyboardInterrupt, click.Abort):
        _say("")
        return INTERRUPTED


def _open_missing_streams() -> None:
    """Gives a program that was started without some of its standard streams empty ones.

    Otherwise the next file or port that is opened would get their numbers, and what is said would go into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _say(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        pass  # there is nobody to tell


def _silence_stdout() -> None:
    """Nobody takes our output any more; Python would complain about it when it flushes at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
