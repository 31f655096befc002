# SPDX-License-Identifier: Apache-2.0
"""Who stands by a simulated board: hears, sees and presses what there is to in its world, and nothing else."""

from __future__ import annotations

from vitalwire_protocol.codec import Selftest, SelftestProgress, SelftestValue

from ...link.board import Board
from ...link.events import Received
from .catalogue import BY_ID

_SOUND, _LIGHT = (BY_ID[test.name.lower()].question for test in (Selftest.SOUND, Selftest.LIGHT))


class SimulatedPerson:
    """Answers by the levels of the simulated board's pins, as they were while a test went on."""

    def __init__(self) -> None:
        self.board: Board | None = None
        self._seen: set[str] = set()
        self._pressed: list[str] = []

    def ask(self, question: str) -> bool | None:
        """What was heard and seen since the last question; None for what is not about that."""
        seen, self._seen = self._seen, set()
        if question == _SOUND:
            return "buzzer" in seen
        return {"led_red", "led_yellow"} <= seen if question == _LIGHT else None

    def tell(self, what: str) -> bool:  # noqa: ARG002
        """The buttons are all that there is to do."""
        self._pressed = []
        return True

    def sees(self, received: Received) -> None:
        """Looks at the pins, and presses the button that the board waits for."""
        message = received.message
        if self.board is None or not isinstance(message, SelftestProgress | SelftestValue):
            return
        levels = (self.board.truth() or {}).get("levels_permille")
        if isinstance(levels, dict):
            self._seen |= {name for name, level in levels.items() if level}
        if message.test == Selftest.BUTTONS:
            button = "ab"[isinstance(message, SelftestValue)]
            if button not in self._pressed:
                self._pressed.append(button)
                self.board.change_world("press", button=button, ms=300)


__all__ = ["SimulatedPerson"]
