# SPDX-License-Identifier: Apache-2.0
"""Who reads the reference: a person at a terminal, a file of readings, or, of a simulated board, its world."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Mapping

from ...errors import UsageError
from ...link.board import Board
from .plan import Point, parse_number
from .session import PressureWalk

Say = Callable[[str], None]


class _Telling:
    """Says which point is under way, once each."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._rests = False

    def say(self, text: str) -> None:
        self._say(text)

    def begin(self, walk: PressureWalk) -> None:
        if walk.why_again:
            self.say(f"  again: {walk.why_again}")
        self.say(f"{walk.point}  (point {walk.number} of {walk.count})")
        self._rests = False

    def resting(self) -> None:
        if not self._rests:
            self._rests = True
            self.say("  the board rests before the next inflation, at most 30 s")


class ByHand(_Telling):
    """A person types what the reference shows. A thread reads the lines, so that the board is heard meanwhile."""

    by_hand = True

    def __init__(self, say: Say) -> None:
        super().__init__(say)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._asked: tuple[int, int] | None = None
        self._tries = 0

    def begin(self, walk: PressureWalk) -> None:
        super().begin(walk)
        self._tries += 1
        while not self._lines.empty():
            self._lines.get_nowait()  # typed for a point that is over

    def read(self, walk: PressureWalk) -> float | None:
        point = (walk.number, self._tries)
        if self._asked != point:
            self._asked = point
            self.say("  held. Type what the reference shows, in mmHg, within 20 s:")
            threading.Thread(target=self._listen, daemon=True).start()
        if self._lines.empty():
            return None
        line = self._lines.get_nowait()
        if not line:
            raise UsageError("the input ended before the reference was typed", "give --readings FILE")
        assert walk.point is not None
        near = walk.point.mmhg
        value = parse_number(line, near - 40, near + 40)
        if value is None:
            self.say(f"  {line.strip()!r} is no reading near {near} mmHg; type it again:")
            threading.Thread(target=self._listen, daemon=True).start()
        return value

    def _listen(self) -> None:
        self._lines.put(sys.stdin.readline())


class FromFile(_Telling):
    """A file has what the reference showed at each point."""

    by_hand = False

    def __init__(self, say: Say, readings: Mapping[Point, float]) -> None:
        super().__init__(say)
        self._readings = readings

    def read(self, walk: PressureWalk) -> float | None:
        return None if walk.point is None else self._readings[walk.point]


class OfWorld(_Telling):
    """The pressure in the world of a simulated board: a reference without any error."""

    by_hand = False

    def __init__(self, say: Say, board: Board) -> None:
        super().__init__(say)
        self._board = board

    def read(self, walk: PressureWalk) -> float | None:  # noqa: ARG002
        truth = self._board.truth()
        value = None if truth is None else truth.get("cuff_mmhg")
        return float(value) if isinstance(value, int | float) else None


__all__ = ["ByHand", "FromFile", "OfWorld"]
