# SPDX-License-Identifier: Apache-2.0
"""When the cuff reads by itself: the session starts each reading, the board's own interval stands behind it.

A phase has an interval, which counts from the last reading, whoever started it. The board gets a slightly longer one,
anew after every reading: it starts one itself only where nobody here does any more.
"""

from __future__ import annotations

from typing import Any, Final

BEHIND_S: Final = 30
"""How much later the board would start a reading by itself."""
FRESH_MS: Final = 120_000
"""What was read or begun so shortly before is not read again because something falls due."""

Want = tuple[Any, ...]


class CuffPlan:
    """`next_ms` is when the next reading starts; None: none does. Methods return what is asked of the session."""

    def __init__(self) -> None:
        self.next_ms: int | None = None
        self._every_s: int | None = None
        self._last_ms: int | None = None

    def enter(self, every_s: int | None, t_ms: int) -> list[Want]:
        """A phase with this interval begins. Was the last reading more than half of it ago, one starts at once."""
        self._every_s = every_s
        if every_s is None:
            self.next_ms = None
            return [("interval", None)]
        fresh = self._last_ms is not None and t_ms - self._last_ms < every_s * 500
        self.next_ms = (self._last_ms or 0) + every_s * 1000 if fresh else t_ms
        return [("interval", every_s + BEHIND_S)]

    def read(self, t_ms: int) -> list[Want]:
        """A reading has ended, with or without a result."""
        self._last_ms = t_ms
        if self._every_s is None:
            return []
        self.next_ms = t_ms + self._every_s * 1000
        return [("interval", self._every_s + BEHIND_S)]

    def wanted(self, t_ms: int, *, again: bool = False) -> list[Want]:
        """A reading is due for another reason; `again`: also where one was taken a moment ago."""
        if not again and self._last_ms is not None and t_ms - self._last_ms < FRESH_MS:
            return []
        return self._start(t_ms)

    def advance(self, t_ms: int) -> list[Want]:
        """Starts a reading whose time has come."""
        if self.next_ms is None or t_ms < self.next_ms or self._every_s is None:
            return []
        return self._start(t_ms)

    def _start(self, t_ms: int) -> list[Want]:
        self._last_ms = t_ms
        if self._every_s is None:
            return [("cuff",)]
        self.next_ms = t_ms + self._every_s * 1000
        return [("cuff",), ("interval", self._every_s + BEHIND_S)]  # its time would come while this one runs
