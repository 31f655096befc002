# SPDX-License-Identifier: Apache-2.0
"""Why a board does not talk to us: one clear sentence from what came over the wire instead of a hello."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .decoder import Counters

LOOP_RESTARTS: Final = 3
LOOP_MS: Final = 60_000
"""So many restarts within this time are a crash loop (the board itself gives up after three in five minutes)."""
PROMPT: Final = ">>>"
TRACEBACK: Final = "Traceback (most recent call last)"


def is_prompt(text: str) -> bool:
    """Whether a printed line is MicroPython's prompt: what is sent now would be run as a program."""
    return text.startswith(PROMPT)


class Diagnosis:
    """Remembers what matters of one open link: text that was printed, and restarts."""

    def __init__(self) -> None:
        self._traceback = False
        self._error = ""
        self._prompt = False
        self._other_text = ""
        self._restarts: deque[int] = deque(maxlen=LOOP_RESTARTS)
        self._tracebacks: deque[int] = deque(maxlen=LOOP_RESTARTS)

    def line(self, text: str, t_ms: int) -> str | None:
        """Takes a printed line; returns a sentence where it tells something that a person should know now."""
        if is_prompt(text):
            self._prompt = True
        elif TRACEBACK in text:
            self._traceback, self._error = True, ""
            self._tracebacks.append(t_ms)
        elif self._traceback and not text.startswith((" ", "\t")) and not self._error:
            self._error = text.strip()
            return f"the board's program ended with {self._error}"
        else:
            self._other_text = text.strip()
        return None

    def restarted(self, t_ms: int) -> str | None:
        """Takes a restart; returns a sentence where there were too many in a short time."""
        self._restarts.append(t_ms)
        if len(self._restarts) == LOOP_RESTARTS and t_ms - self._restarts[0] <= LOOP_MS:
            seconds = max(1, (t_ms - self._restarts[0]) // 1000)
            return f"the board starts again and again, {LOOP_RESTARTS} times within {seconds} s"
        return None

    def why_no_hello(self, counters: Counters) -> tuple[str, str]:
        """A word and a sentence for 3 s without a hello."""
        if len(self._tracebacks) >= LOOP_RESTARTS or (self._traceback and not self._prompt):
            return "crash_loop", f"its program ends again and again with {self._error or 'a traceback'}"
        if self._traceback:
            return (
                "traceback",
                f"its program ended with {self._error or 'a traceback'}; it is at its MicroPython prompt",
            )
        if self._prompt:
            return "repl", "a board is there, but it is at its MicroPython prompt and no Vitalwire firmware runs"
        if counters.frames:
            return "foreign", "it sends Vitalwire messages but says no hello"
        if counters.bytes:
            said = f", it said {self._other_text[:60]!r}" if self._other_text else ""
            return "foreign", f"what answers does not speak Vitalwire: {counters.bytes} bytes and no intact frame{said}"
        return "quiet", "nothing that speaks Vitalwire answers there: not one byte came"


__all__ = ["Diagnosis", "is_prompt"]
