# SPDX-License-Identifier: Apache-2.0
"""Takes a walk through a calibration on a board: holds pressures, reads and stores what the board keeps.

Whatever ends it, Ctrl-C too, the cuff is emptied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from vitalwire_protocol.codec import (
    Abort,
    Calibration,
    CalibrationGet,
    CalibrationSet,
    CalibrationStored,
    HeldPressure,
)

from ...errors import CheckFailed, Incompatible, Refused
from ...link.board import Board
from ...link.calibration import KINDS, Stored, stored_of
from ...link.commands import Command
from ...link.events import Answered, Received
from ..emptying import emptying
from .fit import NOMINAL, Channel, Scale
from .plan import AUTO_HOLD_S, HOLD_S
from .session import PressureWalk

REST_S: Final = 120
"""So long is waited for a board that rests, or whose cuff is still emptying."""
AGAIN_S: Final = 1.0
KIND_OF: Final[dict[Channel, Calibration]] = {"cuff": Calibration.CUFF, "guard": Calibration.GUARD}


class Reader(Protocol):
    """Whoever reads the reference. `by_hand`: a person does, and gets the whole time for it."""

    by_hand: bool

    def say(self, text: str) -> None:
        """A line for whoever stands by."""

    def begin(self, walk: PressureWalk) -> None:
        """The point is about to be inflated."""

    def resting(self) -> None:
        """The board rests before it."""

    def read(self, walk: PressureWalk) -> float | None:
        """What the reference shows, in mmHg; None where nobody knows yet. Asked again and again; it must not wait."""


def measure(board: Board, walk: PressureWalk, reader: Reader, cuff_on_cylinder: bool) -> None:
    """Holds every point of the walk. Raises CheckFailed with the reason where it cannot go on."""
    with emptying(lambda: board, reader.say):
        while (point := walk.point) is not None:
            walk.begin()
            reader.begin(walk)
            hold = point.command(cuff_on_cylinder, HOLD_S if reader.by_hand else AUTO_HOLD_S)
            walk.ended(_hold(board, walk, reader, hold).value)


def _hold(board: Board, walk: PressureWalk, reader: Reader, hold: Command) -> Answered:
    def watch(received: Received) -> None:
        if isinstance(received.message, HeldPressure):
            walk.held(received.message)
        if walk.asks if reader.by_hand else walk.full:
            reference = reader.read(walk)
            if reference is not None:
                walk.answer(reference)
                board.tell(Abort.request())  # the pressure has served

    until_ms = board.clock.monotonic_ms() + REST_S * 1000
    while True:
        try:
            return board.run(hold, watch)
        except Refused as refused:
            if refused.refusal not in _PASSES or board.clock.monotonic_ms() > until_ms:
                raise in_words(refused) from None
        reader.resting()
        board.pause(AGAIN_S)


def read_stored(board: Board) -> dict[int, Stored]:
    """The board's calibrations by their kind; one that was never done is not there. Raises Incompatible where its
    firmware is older than that."""
    found: dict[int, Stored] = {}

    def watch(received: Received) -> None:
        if isinstance(received.message, CalibrationStored) and (one := stored_of(received.message)) is not None:
            found[one.kind] = one

    for kind in KINDS:
        try:
            board.run(CalibrationGet.request(kind), watch)
        except Refused as refused:
            if refused.refusal == "unknown_command":
                raise Incompatible(
                    f"{board.identity}: firmware {board.identity.firmware} does not tell its calibration",
                    "update it: vitalwire flash",
                ) from None
            if refused.refusal != "not_found":
                raise in_words(refused) from None
    return found


def scales(stored: Mapping[int, Stored]) -> dict[Channel, Scale]:
    """How the board reads its pressure channels now: by its calibration, else by the data sheets."""
    found = dict(NOMINAL)
    for channel, kind in KIND_OF.items():
        one = stored.get(kind)
        if one is not None and one.zero is not None and one.gain is not None:
            found[channel] = NOMINAL[channel].with_numbers(one.zero, one.gain)
    return found


def store_scales(board: Board, left: Mapping[Channel, Scale], days: int, due_days: int) -> None:
    """Stores both channels and reads them back. Raises CheckFailed where one was refused or is not what was stored;
    then the channel stored before it gets its old numbers back."""
    before = read_stored(board)
    done: list[Channel] = []
    for channel, scale in left.items():
        try:
            board.command(CalibrationSet.request(KIND_OF[channel], days, due_days, scale.zero, scale.gain))
            done.append(channel)
        except Refused as refused:
            _put_back(board, done, before)
            raise CheckFailed(f"{channel}: {in_words(refused)}", "the board keeps its old calibration") from None
    now = read_stored(board)
    for channel, scale in left.items():
        one = now.get(KIND_OF[channel])
        if one is None or (one.zero, one.gain) != (scale.zero, scale.gain):
            raise CheckFailed(f"{channel}: the board does not read back what was stored", "run `vitalwire selftest`")


def _put_back(board: Board, channels: list[Channel], before: Mapping[int, Stored]) -> None:
    from vitalwire_protocol.codec import CalibrationClear

    from ...link.calibration import on_wire

    for channel in channels:
        kind = KIND_OF[channel]
        one = before.get(kind)
        if one is None or one.zero is None or one.gain is None:
            board.command(CalibrationClear.request(kind))
        else:
            days, due = (0 if day is None else on_wire(day) for day in (one.done, one.due))
            board.command(CalibrationSet.request(kind, days, due, one.zero, one.gain))


def in_words(refused: Refused) -> Refused:
    """The refusal with what to do next."""
    hint = _HINTS.get(refused.refusal, "")
    return Refused(refused.what, hint or refused.hint, refusal=refused.refusal)


_PASSES: Final = ("resting", "busy", "cuff_not_empty")
_HINTS: Final = {
    "session_open": "end the session first: nothing is calibrated beside a patient",
    "wait_for_person": "put the cuff on the rigid test cylinder, then give --cuff-on-cylinder",
    "unknown_command": "its firmware is older than calibration over the wire: vitalwire flash",
    "bad_value": "the board takes no numbers outside the tolerances of healthy parts",
    "supply_low": "give the board its own supply",
    "no_external_layer": "the external safety layer must be fitted, tested and not tripped",
    "interlock": "look at the board: its interlock has tripped; button A releases it with the cuff empty",
    "cuff_fault": "`vitalwire selftest` says what is wrong with the cuff part",
}

__all__ = ["Reader", "in_words", "measure", "read_stored", "scales", "store_scales"]
