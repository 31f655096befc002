# SPDX-License-Identifier: Apache-2.0
"""What is asked at the beginning: is everything ready, and where are cuff, line and probe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..course_shown import AskShown, CheckShown

ASKS: Final = (
    AskShown("cuff_arm", "Which arm has the cuff?", ("left", "right")),
    AskShown("iv_arm", "Which arm has an infusion line?", ("left", "right", "none")),
    AskShown("probe_limb", "Which hand has the finger probe?", ("left", "right", "other")),
    AskShown("cuff_size", "Which cuff size?", ("small", "adult", "large", "thigh")),
    AskShown("oxygen", "Room air or oxygen?", ("room_air", "oxygen")),
)
READY: Final = {
    "link": ("The board is heard", "Plug the board in"),
    "probe": ("The finger probe finds a pulse", "Put the probe on a warm finger"),
    "buzzer": ("Was the board's buzzer heard?", "Start a reading or pause the sound at the board; have it looked at"),
    "calibration": ("The board is calibrated", "Have it calibrated; readings are marked until then"),
    "supply": ("The board has its own supply", "Without one it cannot guard alone"),
}


@dataclass(frozen=True, slots=True)
class Equipment:
    """What is known of the board; None is *not known yet*."""

    link: bool = False
    pulse_found: bool | None = None
    calibrated: bool | None = None
    own_supply: bool | None = None
    supply_text: str = ""
    calibration_text: str = ""


class CheckIn:
    """`answers` by the id of the question: (value, by). `buzzer` is (heard, by), None before anybody said so."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, str]] = {}
        self.buzzer: tuple[bool, str] | None = None

    def refusal(self, item: str, value: str) -> str:
        """Why this answer cannot be taken, or empty."""
        ask = next((ask for ask in ASKS if ask.id == item), None)
        if ask is None:
            return f"there is no question {item[:40]!r}; there are {', '.join(ask.id for ask in ASKS)}"
        if value not in ask.choices:
            return f"{item}: {value[:40]!r} is none of {', '.join(ask.choices)}"
        other = {"cuff_arm": "iv_arm", "iv_arm": "cuff_arm"}.get(item)
        if other is not None and self.value(other) == value:
            return f"the cuff cannot be on the arm with the infusion line ({value}): put it on the other arm"
        return ""

    def value(self, item: str) -> str | None:
        """What was answered, or None."""
        found = self.answers.get(item)
        return found[0] if found else None

    @property
    def same_limb(self) -> bool:
        """Whether cuff and probe are on one arm."""
        return self.value("cuff_arm") is not None and self.value("cuff_arm") == self.value("probe_limb")

    @property
    def open(self) -> tuple[str, ...]:
        """The questions that nobody has answered."""
        return tuple(ask.id for ask in ASKS if ask.id not in self.answers)

    def asks(self) -> tuple[AskShown, ...]:
        """Every question with its answer."""
        return tuple(
            replace(ask, answer=self.answers[ask.id][0], by=self.answers[ask.id][1]) if ask.id in self.answers else ask
            for ask in ASKS
        )

    def ready(self, now: Equipment) -> tuple[CheckShown, ...]:
        """The ready-check as it stands."""
        found: dict[str, tuple[bool | None, str]] = {
            "link": (now.link, ""),
            "probe": (now.pulse_found, ""),
            "buzzer": (self.buzzer[0] if self.buzzer else None, ""),
            "calibration": (now.calibrated, now.calibration_text),
            "supply": (now.own_supply, now.supply_text),
        }
        return tuple(
            CheckShown(item, text, advice, _WORD[found[item][0]], item == "buzzer", found[item][1], self._by(item))
            for item, (text, advice) in READY.items()
        )

    def _by(self, item: str) -> str:
        return self.buzzer[1] if item == "buzzer" and self.buzzer else ""


_WORD: Final = {None: "open", True: "passed", False: "failed"}
