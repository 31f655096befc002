# SPDX-License-Identifier: Apache-2.0
"""When to try the port again: a state machine that is told what happened and the time, and opens nothing itself.

    idle --start--> due --attempt--> trying --opened--> open
                     ^                  |                 |
                     +--- after delay --+---- failed -----+ lost

The delay doubles from `first_ms` to `cap_ms`. It starts small again only after a link that proved good (`confirmed`,
the board said hello): a port that opens and dies at once must not be hammered.
"""

from __future__ import annotations

from typing import Final, Literal

FIRST_MS: Final = 250
CAP_MS: Final = 5_000

State = Literal["idle", "due", "trying", "open"]


class Reconnect:
    """Decides when to open the port. Drive it with `advance` at `next_deadline()`; report back what came of it."""

    def __init__(self, first_ms: int = FIRST_MS, cap_ms: int = CAP_MS) -> None:
        if not 0 < first_ms <= cap_ms:
            raise ValueError("0 < first_ms <= cap_ms must hold")
        self._first_ms, self._cap_ms = first_ms, cap_ms
        self._delay_ms = first_ms
        self._due_ms = 0
        self.state: State = "idle"
        self.attempts = 0
        """Attempts since the last good link."""

    def start(self, t_ms: int) -> None:
        """The link is wanted: the first attempt is due now."""
        self.state, self._due_ms, self._delay_ms, self.attempts = "due", t_ms, self._first_ms, 0

    def stop(self) -> None:
        """The link is not wanted any more."""
        self.state = "idle"

    def advance(self, t_ms: int) -> bool:
        """True exactly once when the port should be opened now; then call `opened` or `failed`."""
        if self.state != "due" or t_ms < self._due_ms:
            return False
        self.state = "trying"
        self.attempts += 1
        return True

    def next_deadline(self) -> int | None:
        """When the next attempt is due, or None where nothing is waited for."""
        return self._due_ms if self.state == "due" else None

    def opened(self) -> None:
        """The port is open."""
        self.state = "open"

    def confirmed(self) -> None:
        """The board said hello: the next loss starts with the short delay again."""
        self._delay_ms, self.attempts = self._first_ms, 0

    def failed(self, t_ms: int) -> None:
        """The port could not be opened, or was lost: the next attempt comes after the present delay."""
        if self.state == "idle":
            return
        self.state, self._due_ms = "due", t_ms + self._delay_ms
        self._delay_ms = min(2 * self._delay_ms, self._cap_ms)

    lost = failed


__all__ = ["CAP_MS", "FIRST_MS", "Reconnect"]
