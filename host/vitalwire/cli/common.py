# SPDX-License-Identifier: Apache-2.0
"""What several commands share: the PORT argument, output, signals."""

from __future__ import annotations

import gc
import json
import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..link.board import Board

F = TypeVar("F", bound=Callable[..., Any])


def port_argument(function: F) -> F:
    """The optional PORT; `vitalwire --help` says what it may be."""
    return click.argument("port", required=False, metavar="[PORT]")(function)


class Minutes(click.FloatRange):
    """A number of minutes within a range; unlike click's own range it takes neither nan nor inf."""

    name = "minutes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number of minutes.", param, ctx)
        return number


def json_option(function: F) -> F:
    """`--json`: one object for programs instead of text for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")(function)


def print_json(value: object) -> None:
    """One line of JSON on standard output; a NaN cannot get in.

    What is no character (a byte in the name of a file) is written as JSON's own escape.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")


def say(text: str) -> None:
    """A line for people, on standard error."""
    click.echo(text, err=True)


def say_what_runs(board: Board) -> None:
    """Says that a board is simulated, and under which interpreter, so that nobody takes its numbers for a
    person's."""
    if board.simulated:
        interpreter = board.identity.interpreter or "an unknown interpreter"
        say(f"SIMULATED board {board.identity}, firmware under {interpreter}")
    for text in board.notices:
        say(f"note: {text}")


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for unused cycles while a whole record is read: there are none, and it takes 5 % of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def terminable() -> Iterator[None]:
    """Lets SIGTERM, and the end of the terminal, end a command as Ctrl-C does, so that what must be ended is ended."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it ignored
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


__all__ = ["Minutes", "json_option", "port_argument", "print_json", "say", "say_what_runs", "terminable"]
