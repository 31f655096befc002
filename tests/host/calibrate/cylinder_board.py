# SPDX-License-Identifier: Apache-2.0
"""A fake board with its cuff on a rigid cylinder: holds pressures, keeps calibrations, errs as its sensors do."""

from __future__ import annotations

from dataclasses import dataclass

from fake_board import FakeBoard

from vitalwire.link.board import Board
from vitalwire.link.client import Client
from vitalwire_protocol import codec
from vitalwire_protocol.codec import SelftestEnd

INFLATE_MS = 5_000
REST_MS = 30_000
ONE = 1 << 14
GUARD_ZERO, GUARD_GAIN = 2648, 5156


@dataclass
class Sensors:
    """How the parts err: cuff reads `cuff_zero` mmHg at none, and `cuff_gain` too much; guard alike. `lag` mmHg are
    added coming down."""

    cuff_zero: float = 0.0
    cuff_gain: float = 1.0
    guard_zero: float = 0.0
    guard_gain: float = 1.0
    lag: float = 0.0
    bend: float = 0.0
    """mmHg too much in the middle of the span."""

    def cuff(self, true_mmhg: float, down: bool) -> float:
        bent = self.bend * (1 - ((true_mmhg - 125) / 125) ** 2)
        return self.cuff_zero + self.cuff_gain * true_mmhg + bent + (self.lag if down else 0.0)

    def guard_counts(self, true_mmhg: float) -> float:
        shown = self.guard_zero + self.guard_gain * true_mmhg
        return GUARD_ZERO + shown * 100 * 8192 / GUARD_GAIN


class CylinderBoard(FakeBoard):
    """`true_mmhg` is what a reference on the line would show."""

    def __init__(self, sensors: Sensors | None = None) -> None:
        super().__init__()
        self.sensors = sensors or Sensors()
        self.true_mmhg = 0.0
        self.holds: list[codec.HoldPressure] = []
        self.offset_mmhg = 0.7
        """By so much the held pressure misses what was asked."""
        self.falls_mmhg_s = 0.0
        self.end = SelftestEnd.DONE
        self.session_open = False
        self.set_refused: set[int] = set()
        self.forgets = False
        self.unplug_at_hold: int | None = None
        self.aborted_holds = 0
        self._free_ms = -REST_MS
        self._hold: codec.HoldPressure | None = None

    # ------------------------------------------------------------ what it is asked

    def _command(self, message: codec.Message) -> None:
        if isinstance(message, codec.HoldPressure):
            self.commands.append(message)
            self._begin(message)
        elif isinstance(message, codec.Abort):
            self.commands.append(message)
            if self._hold is not None:
                self.aborted_holds += 1
                self._vent(SelftestEnd.ABORTED)
            self._answer(message, codec.Outcome.DONE, 0, None)
        elif isinstance(message, codec.CalibrationSet | codec.CurveSet | codec.CalibrationClear):
            self.commands.append(message)
            self._keep(message)
        else:
            super()._command(message)

    def _keep(self, message: codec.CalibrationSet | codec.CurveSet | codec.CalibrationClear) -> None:
        kind = codec.Calibration.CURVE if isinstance(message, codec.CurveSet) else message.kind
        if kind in self.set_refused:
            self._answer(message, codec.Outcome.REFUSED, codec.Refusal.BAD_VALUE, None)
            return
        if isinstance(message, codec.CalibrationClear):
            self.calibrations.pop(kind, None)
        elif isinstance(message, codec.CurveSet):
            made = codec.CalibrationStored(0, 0, kind, message.days, message.due_days, None, None, message.points)
            self.calibrations[kind] = made
        elif not self.forgets:
            made = codec.CalibrationStored(0, 0, kind, message.days, message.due_days, message.zero, message.gain, ())
            self.calibrations[kind] = made
        self._answer(message, codec.Outcome.DONE, 0, None)

    # ------------------------------------------------------------ a held pressure

    def _begin(self, hold: codec.HoldPressure) -> None:
        if self._hold is not None:
            return  # a repeat of what is under way
        refusal = codec.Refusal.NONE
        if self.session_open:
            refusal = codec.Refusal.SESSION_OPEN
        elif not hold.flags & codec.ServiceFlags.CUFF_ON_CYLINDER and hold.hold_mmhg:
            refusal = codec.Refusal.WAIT_FOR_PERSON
        elif hold.hold_mmhg and self._now() < self._free_ms + REST_MS:
            refusal = codec.Refusal.RESTING
        if refusal:
            self._answer(hold, codec.Outcome.REFUSED, refusal, None)
            return
        self.holds.append(hold)
        self._hold = hold
        self._answer(hold, codec.Outcome.ACCEPTED, 0, None)
        if self.end not in (SelftestEnd.DONE, SelftestEnd.ABORTED):
            self.at(self._now() + 2_000, lambda: self._vent(self.end))
            return
        number = len(self.holds)
        for second in range(1, hold.hold_s + 1):
            self.at(self._now() + INFLATE_MS + 1000 * second, lambda s=second: self._say(hold, number, s))
        self.at(self._now() + INFLATE_MS + 1000 * hold.hold_s + 500, lambda: self._over(number))

    def _say(self, hold: codec.HoldPressure, number: int, second: int) -> None:
        if self._hold is not hold or len(self.holds) != number:
            return
        if self.unplug_at_hold == number:
            self.unplugged_ms = self._now()
        at = 0.0 if hold.hold_mmhg == 0 else hold.hold_mmhg + self.offset_mmhg
        self.true_mmhg = max(0.0, at - self.falls_mmhg_s * second)
        down = bool(hold.flags & codec.ServiceFlags.FROM_ABOVE)
        cuff = round(100 * self.sensors.cuff(self.true_mmhg, down))
        guard = round(16 * self.sensors.guard_counts(self.true_mmhg))
        self.send(codec.HeldPressure(0, 0, 3, cuff, guard, 5, 1000 * second))

    def _over(self, number: int) -> None:
        if len(self.holds) == number and self._hold is not None:
            self._vent(self.end)

    def _vent(self, end: int) -> None:
        hold, self._hold = self._hold, None
        if hold is None:
            return
        self.true_mmhg = 0.0
        self._free_ms = self._now()
        self._answer(hold, codec.Outcome.DONE, 0, int(end))


def connected(transport: FakeBoard) -> Board:
    """A board over the fake's transport, after its hello."""
    board = Board(transport, Client(77))
    board.connect()
    return board


class Manometer:
    """A reference that reads the cylinder itself; `by_hand` as a person does, who takes some seconds."""

    def __init__(self, board: CylinderBoard, *, by_hand: bool = False, slow_s: int = 0) -> None:
        self.by_hand, self.slow_s = by_hand, slow_s
        self.board = board
        self.begun: list[str] = []
        self.said: list[str] = []
        self.rests = 0
        self._asked = 0

    def say(self, text: str) -> None:
        self.said.append(text)

    def begin(self, walk: object) -> None:
        self.begun.append(str(walk.point))  # type: ignore[attr-defined]
        self._asked = 0

    def resting(self) -> None:
        self.rests += 1

    def read(self, walk: object) -> float | None:  # noqa: ARG002
        self._asked += 1
        return self.board.true_mmhg if self._asked > self.slow_s else None
