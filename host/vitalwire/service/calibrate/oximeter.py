# SPDX-License-Identifier: Apache-2.0
"""A calibration of the oximeter's curve: at each saturation of a finger simulator the board's ratio is measured.

The ratio is not in the board's readings; it is worked out here from its PPG stream (`ratio`), and held against the
saturation that the board itself reads by its curve, so that an error of either is seen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vitalwire_protocol.codec import (
    Calibration,
    CurveSet,
    OximetryReading,
    Ppg,
)

from ...errors import CheckFailed, Refused
from ...link.board import Board
from ...link.calibration import Stored
from ...link.events import Received
from ...link.waves import waves_on
from .curve import CHECK_PCT, TEXTBOOK, Knots, fit, spo2_at
from .ratio import Ratio
from .run import in_words, read_stored

SETTLE_S: Final = 20
"""After another saturation is set: the simulator changes, the LED currents are found, the board's averaging fills."""
MEASURE_S: Final = 60
"""So long a steady ratio is waited for."""
AGREE_PCT: Final = 2.0
"""The board's SpO2 and the one by the ratio that was worked out here may differ by so much."""


@dataclass(frozen=True, slots=True)
class SpO2Point:
    """One saturation. `board_pct` is what the board read, None where its curve had no value."""

    point_pct: int
    reference_pct: float
    ratio: float
    board_pct: float | None


class NoPointError(CheckFailed):
    """A saturation could not be measured."""


def curve_of(stored: Stored | None) -> Knots:
    """The curve that the board reads from now."""
    if stored is None or len(stored.points) < 2:
        return TEXTBOOK
    return tuple((round(1000 * ratio), round(10 * spo2)) for ratio, spo2 in stored.points)


def measure_point(board: Board, point_pct: int, reference_pct: float, knots: Knots) -> SpO2Point:
    """Lets it settle, then measures the ratio. Raises CheckFailed where none can be had, or where the board reads
    something else from the same light."""
    board.pause(SETTLE_S)
    ratio, read = Ratio(), list[float | None]()

    def look(received: Received) -> None:
        if isinstance(received.message, Ppg):
            ratio.take(received.message)
        elif isinstance(received.message, OximetryReading):
            read.append(received.message.spo2_pct)

    end_ms = board.clock.monotonic_ms() + MEASURE_S * 1000
    for received in board.messages(duration_s=MEASURE_S):
        look(received)
        if (ratio.enough and not ratio.trouble) or board.clock.monotonic_ms() >= end_ms:
            break
    if ratio.trouble or ratio.ratio is None:
        raise NoPointError(f"{point_pct} %: {ratio.trouble}", "look at probe and simulator, then begin again")
    shown = read[-1] if read else None
    by_ratio = spo2_at(knots, ratio.ratio)
    if shown is not None and by_ratio is not None and abs(shown - by_ratio) > AGREE_PCT:
        raise NoPointError(
            f"{point_pct} %: the board reads {shown:.1f} % and its light gives {by_ratio:.1f} % by the same curve",
            "the signal is disturbed; look at probe and simulator, then begin again",
        )
    return SpO2Point(point_pct, reference_pct, ratio.ratio, shown)


def with_stream(board: Board, work: Callable[[], list[SpO2Point]]) -> list[SpO2Point]:
    """Does `work` while the board sends its PPG, and leaves the setting as it was."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(waves_on(board))
        except Refused as refused:
            raise in_words(refused) from None
        return work()


def store_curve(board: Board, knots: Knots, days: int, due_days: int) -> None:
    """Stores the curve and reads it back. Raises CheckFailed."""
    try:
        board.command(CurveSet.request(days, due_days, knots))
    except Refused as refused:
        raise in_words(refused) from None
    now = read_stored(board).get(Calibration.CURVE)
    if curve_of(now) != knots:
        raise CheckFailed("the board does not read back the curve that was stored", "run `vitalwire selftest`")


@dataclass(frozen=True, slots=True)
class CurveOutcome:
    """What the points come to. `left` is None where no curve could be made, or none was wanted."""

    points: tuple[SpO2Point, ...]
    found: Knots
    left: Knots | None
    problems: tuple[str, ...]


def judge(points: Sequence[SpO2Point], found: Knots) -> CurveOutcome:
    """The new curve, and what speaks against it."""
    left, problems = fit([(p.ratio, p.reference_pct) for p in points])
    return CurveOutcome(tuple(points), found, left, tuple(problems))


def judge_check(points: Sequence[SpO2Point], found: Knots) -> CurveOutcome:
    """Whether the board's curve reads every point within `CHECK_PCT`."""
    problems = []
    for point in points:
        read = spo2_at(found, point.ratio)
        if read is None:
            problems.append(f"at {point.reference_pct:.0f} % the curve has no value (ratio {point.ratio:.3f})")
        elif abs(read - point.reference_pct) > CHECK_PCT:
            problems.append(
                f"error {read - point.reference_pct:+.1f} % at {point.reference_pct:.0f} %, limit +-{CHECK_PCT:.0f} %"
            )
    return CurveOutcome(tuple(points), found, None, tuple(problems))


def body(outcome: CurveOutcome, result: str) -> dict[str, Any]:
    """For the record; errors in % SpO2 are the curve's reading less the reference's."""
    points = []
    for point in outcome.points:
        found, left = (None if k is None else spo2_at(k, point.ratio) for k in (outcome.found, outcome.left))
        points.append(
            {
                "spo2_pct": point.point_pct,
                "reference_spo2_pct": point.reference_pct,
                "ratio": round(point.ratio, 4),
                "board_spo2_pct": point.board_pct,
                "as_found_pct": None if found is None else round(found - point.reference_pct, 2),
                "as_left_pct": None if left is None else round(left - point.reference_pct, 2),
            }
        )
    return {
        "result": result,
        "points": points,
        "as_found": [[r / 1000, s / 10] for r, s in outcome.found],
        "as_left": None if outcome.left is None else [[r / 1000, s / 10] for r, s in outcome.left],
        "problems": list(outcome.problems),
    }


def lines(record: dict[str, Any]) -> list[str]:
    """The points as a table."""
    out = [f"{'reference':>9}  {'ratio':>6}  {'board':>7}  {'as found':>8}  {'as left':>8}"]
    for p in record["points"]:
        board = "-" if p["board_spo2_pct"] is None else f"{p['board_spo2_pct']:.1f} %"
        found, left = ("-" if p[k] is None else f"{p[k]:+.1f} %" for k in ("as_found_pct", "as_left_pct"))
        out.append(f"{p['reference_spo2_pct']:>7.1f} %  {p['ratio']:>6.3f}  {board:>7}  {found:>8}  {left:>8}")
    return out


__all__ = [
    "CurveOutcome", "SpO2Point", "body", "curve_of", "judge", "judge_check", "lines", "measure_point", "store_curve",
    "with_stream",
]  # fmt: skip
