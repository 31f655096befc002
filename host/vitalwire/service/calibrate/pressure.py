# SPDX-License-Identifier: Apache-2.0
"""A pressure calibration from its first point to what the board was left at, and a check of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ...link.board import Board
from ...link.calibration import on_wire
from .fit import CHANNELS, NOMINAL, Channel, Scale
from .outcome import Outcome, judge, judge_check
from .plan import pressure_plan
from .run import Reader, measure, store_scales
from .session import PressureWalk


def check(board: Board, reader: Reader, confirmed: bool, found: Mapping[Channel, Scale]) -> Outcome:
    """Measures every point and judges the board as it is."""
    walk = PressureWalk(pressure_plan())
    measure(board, walk, reader, confirmed)
    return judge_check(walk.taken, found)


def adjust(
    board: Board,
    reader: Reader,
    confirmed: bool,
    found: Mapping[Channel, Scale],
    days: tuple[date, date],
) -> Outcome:
    """Measures every point, and stores the new numbers where nothing speaks against them.

    `days`: when it was done and when it falls due.
    """
    walk = PressureWalk(pressure_plan())
    measure(board, walk, reader, confirmed)
    outcome = judge(walk.taken, found, NOMINAL)
    if outcome.problems:
        return outcome
    left = {name: scale for name in CHANNELS if (scale := outcome.channels[name].left) is not None}
    store_scales(board, left, *map(on_wire, days))
    return outcome


def result(outcome: Outcome, only_checked: bool) -> str:
    """The word of the record."""
    if only_checked:
        return "failed" if outcome.problems else "passed"
    return "refused" if outcome.problems else "adjusted"


__all__ = ["adjust", "check", "result"]
