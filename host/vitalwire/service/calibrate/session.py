# SPDX-License-Identifier: Apache-2.0
"""One walk through the points of a pressure calibration. Sans-I/O: fed with what the board sends and what is typed.

    for each point:  command -> held, held, ... -> asks -> answer -> (vent) -> ended -> next point

A reading of the reference belongs to the board's means of the last seconds before it. A point that came to nothing is
done again, a few times; what a repeat cannot mend ends the walk with CheckFailed.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from vitalwire_protocol.codec import HeldPressure, SelftestEnd, name_of

from ...errors import CheckFailed
from .fit import CHANNELS, Channel
from .plan import SETTLE_S, WINDOW_S, Point

ATTEMPTS: Final = 3
LEAST: Final = 3
"""So few means of a second are too few for a point."""
STEADY_MMHG: Final = 1.5
"""Largest fall within a window. A leak of 6 mmHg/min, which is still allowed, makes 0.5 in five seconds."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One point as it was measured. `cuff` in 0.01 mmHg, `guard` in counts: both as read, without calibration."""

    point: Point
    reference_mmhg: float
    cuff: float
    guard: float
    fell_mmhg: float
    """From the first to the last second of the window, by the cuff sensor."""

    def reading(self, channel: Channel) -> float:
        """The mean of a channel in its own units."""
        return self.cuff if channel == "cuff" else self.guard


class PressureWalk:
    """`point` is what is to be held now, None at the end; `taken` what was measured."""

    def __init__(self, plan: tuple[Point, ...]) -> None:
        self._plan = plan
        self._at = 0
        self._attempts = 0
        self._means: deque[HeldPressure] = deque(maxlen=WINDOW_S)
        self._held_ms = 0
        self._reference: float | None = None
        self.taken: list[Taken] = []
        self.why_again = ""
        """Why the point is held again; empty at its first attempt."""

    @property
    def point(self) -> Point | None:
        return self._plan[self._at] if self._at < len(self._plan) else None

    @property
    def number(self) -> int:
        """Of the point, from 1."""
        return self._at + 1

    @property
    def count(self) -> int:
        return len(self._plan)

    @property
    def asks(self) -> bool:
        """Whether the pressure has settled, so that the reference may be read."""
        return self._reference is None and self._held_ms >= SETTLE_S * 1000 and len(self._means) >= LEAST

    @property
    def full(self) -> bool:
        """Whether a whole window lies after the settling: where nobody reads a dial there is time for it."""
        return self.asks and self._held_ms >= (SETTLE_S + WINDOW_S) * 1000

    @property
    def answered(self) -> bool:
        """Whether the reference was read: the pressure is not needed any more."""
        return self._reference is not None

    def begin(self) -> None:
        """The point's inflation begins."""
        self._attempts += 1
        self._means.clear()
        self._held_ms, self._reference = 0, None

    def held(self, message: HeldPressure) -> None:
        """The board's means over one second."""
        if self._reference is None:
            self._means.append(message)
            self._held_ms = message.held_ms

    def answer(self, reference_mmhg: float) -> None:
        """What the reference shows now."""
        self._reference = reference_mmhg

    def ended(self, value: int | None) -> None:
        """The cuff is empty; `value` is how the hold ended. Takes the point, or says in `why_again` why it is done
        again. Raises CheckFailed where that would not help."""
        point = self.point
        assert point is not None
        why = self._trouble(point, value)
        if why:
            if self._attempts >= ATTEMPTS:
                raise CheckFailed(f"{point} could not be measured in {ATTEMPTS} attempts: {why}", "nothing was changed")
            self.why_again = why
            return
        self.taken.append(self._take(point))
        self._at += 1
        self._attempts, self.why_again = 0, ""

    # ------------------------------------------------------------ inside

    def _trouble(self, point: Point, value: int | None) -> str:
        end = SelftestEnd.DONE if value is None else value
        if end in _FATAL:
            raise CheckFailed(f"{point}: {_FATAL[end]}", "the board has vented; nothing was changed")
        if self._reference is None:
            if end == SelftestEnd.DONE:
                return "the reference was not read while the pressure was held"
            return f"the board ended it: {name_of(SelftestEnd, end).replace('_', ' ')}"
        if len(self._means) < LEAST:
            return f"the board sent {len(self._means)} means of it"
        for channel in CHANNELS:
            if len(self._values(channel)) < len(self._means):
                return f"the {channel} channel had readings that are not valid"
        fell = self._fell()
        if abs(fell) > STEADY_MMHG:
            return f"the pressure moved by {fell:+.1f} mmHg in {len(self._means)} s: a leak, or the line was touched"
        return ""

    def _take(self, point: Point) -> Taken:
        assert self._reference is not None
        cuff, guard = (math.fsum(values) / len(values) for values in map(self._values, CHANNELS))
        return Taken(point, self._reference, cuff, guard, self._fell())

    def _fell(self) -> float:
        cuff = self._values("cuff")
        return (cuff[-1] - cuff[0]) / 100

    def _values(self, channel: Channel) -> list[float]:
        """The means of a channel, in own units, without those of seconds in which a sample was not valid."""
        if channel == "cuff":
            return [float(m.cuff_cmmhg) for m in self._means if m.channels & 1 and m.cuff_cmmhg is not None]
        return [m.guard_raw_x16 / 16 for m in self._means if m.channels & 2 and m.guard_raw_x16 is not None]


_FATAL: Final[dict[int, str]] = {
    SelftestEnd.PULSE_SEEN: "the board saw a pulse: the cuff is on a person, not on the rigid cylinder. Take it off",
    SelftestEnd.OVER_PRESSURE: "the pressure went beyond the board's limit",
    SelftestEnd.INTERLOCK: "the interlock cut the outputs",
    SelftestEnd.EXTERNAL_TRIPPED: "the external safety layer tripped",
    SelftestEnd.SENSOR_FAULT: "a pressure sensor failed; `vitalwire selftest` says which",
    SelftestEnd.NOT_FITTED: "the board has no cuff part",
    SelftestEnd.BUTTON: "somebody pressed a button on the board",
}

__all__ = ["ATTEMPTS", "PressureWalk", "Taken"]
