# SPDX-License-Identifier: Apache-2.0
"""Where the host's time comes from. Only transports and the pump read a clock; everything that decides is told the
time.

All times are whole milliseconds. `monotonic_ms` never goes back and has no meaning as a date; `utc_ms` counts from
1970-01-01T00:00:00Z and may step when the computer's clock is set.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

SIMULATED_START_UTC_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z: where a simulated session's calendar starts unless told otherwise, so that its files
repeat."""


class Clock(Protocol):
    """The session's time, real or simulated."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes back."""
        ...

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """This computer's clock."""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000


class VirtualClock:
    """A clock that stands still until it is told otherwise: the simulated board's time, and the tests'."""

    def __init__(self, start_utc_ms: int = SIMULATED_START_UTC_MS) -> None:
        self._start_utc_ms = start_utc_ms
        self._now_ms = 0

    def monotonic_ms(self) -> int:
        return self._now_ms

    def utc_ms(self) -> int:
        return self._start_utc_ms + self._now_ms

    def advance_to(self, now_ms: int) -> None:
        """Moves to `now_ms` since the start; never back."""
        self._now_ms = max(self._now_ms, now_ms)


__all__ = ["SIMULATED_START_UTC_MS", "Clock", "SystemClock", "VirtualClock"]
