# SPDX-License-Identifier: Apache-2.0
"""The small change of a session: making events with both times, and the last sentences for a person to read."""

from __future__ import annotations

from typing import Any, Final

from .facts import Happening

NOTICES: Final = 6
TEXT_MAX: Final = 500
_AWAY: Final = {"stopped": "the program had stopped", "slept": "the computer or the program stood still"}


def clean(text: Any) -> str:
    """One line of text that prints, at most `TEXT_MAX` long."""
    said = "".join(c if c.isprintable() else " " for c in str(text if text is not None else ""))
    return " ".join(said.split())[:TEXT_MAX]


class Journal:
    """`offset_ms` is UTC minus the session's monotonic clock, fixed at its start."""

    def __init__(self, offset_ms: int) -> None:
        self.offset_ms = offset_ms
        self.notices: tuple[str, ...] = ()
        """What a screen shows below the numbers, the latest last."""

    def say(self, text: str) -> None:
        """Keeps a sentence for the screen."""
        self.notices = (*self.notices, text)[-NOTICES:]

    def note(
        self,
        t_ms: int,
        kind: str,
        name: str,
        state: str = "",
        *,
        value: float | None = None,
        detail: str = "",
        device_ms: int | None = None,
        by: str = "",
    ) -> Happening:
        """An event that is no alarm."""
        return Happening(t_ms, t_ms + self.offset_ms, kind, name, state, "", value, None, detail, device_ms, by)

    def clock_set(self, step_ms: int, t_ms: int) -> Happening:
        """The computer's clock was set; the session's times are not."""
        self.say(f"the computer's clock was set by {step_ms / 1000:+.1f} s; the session's times go on unchanged")
        return self.note(t_ms, "record", "clock_set", value=step_ms / 1000, detail="seconds")

    def away(self, since_ms: int, why: str, t_ms: int, values: dict[str, Any]) -> Happening:
        """Nobody here watched from `since_ms` to now. `why` is a word; `values` may hold a `note` and `by`."""
        seconds, said = (t_ms - since_ms) / 1000, _AWAY.get(why, clean(why))
        if values.get("note"):
            said += f"; {clean(values['note'])}"
        self.say(f"nobody here watched for {seconds:.0f} s: {said}; what the board kept is filled in")
        by = clean(values.get("by"))
        return self.note(t_ms, "record", "away", clean(why), value=seconds, detail=said, by=by)
