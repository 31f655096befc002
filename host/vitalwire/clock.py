# SPDX-License-Identifier: Apache-2.0
"""Where the host's time comes from. Only transports and the pump read a clock; everything that decides is told the
time.

All times are whole milliseconds. `monotonic_ms` never goes back and has no meaning as a date; `utc_ms` counts from
1970-01-01T00:00:00Z and may step when the computer's clock is set.
"""

from __future__ import annotations

import sys
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


def _elapsed_ns() -> int:
    """Like `time.monotonic_ns`, but goes on while the computer sleeps, which that one does not on Linux and macOS.

    clock_gettime(2) of Linux: CLOCK_BOOTTIME "also includes any time that the system is suspended"; of macOS:
    CLOCK_MONOTONIC "will continue to increment while the system is asleep".
    """
    return time.clock_gettime_ns(_CLOCK) if _CLOCK is not None else time.monotonic_ns()


_CLOCK: Final[int | None] = getattr(time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None)


class SystemClock:
    """This computer's clock. Its monotonic time goes on while the computer sleeps."""

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes back."""
        return _elapsed_ns() // 1_000_000

    def utc_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1_000_000


class ShiftedClock:
    """Another clock whose monotonic time is `shift_ms` ahead: that of a session which another program run began."""

    def __init__(self, clock: Clock, shift_ms: int) -> None:
        self._clock = clock
        self._shift_ms = shift_ms

    def monotonic_ms(self) -> int:
        return self._clock.monotonic_ms() + self._shift_ms

    def utc_ms(self) -> int:
        return self._clock.utc_ms()


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


__all__ = ["SIMULATED_START_UTC_MS", "Clock", "ShiftedClock", "SystemClock", "VirtualClock"]
