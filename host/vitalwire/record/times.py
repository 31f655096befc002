# SPDX-License-Identifier: Apache-2.0
"""Times of a record in words."""

from __future__ import annotations

from datetime import UTC, datetime


def span_text(ms: int) -> str:
    """`1:02:03.4`: hours, minutes, seconds."""
    sign, tenths = ("-" if ms < 0 else ""), abs(ms) // 100
    return f"{sign}{tenths // 36_000}:{tenths // 600 % 60:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def local_text(utc_ms: int, form: str = "%Y-%m-%d %H:%M:%S %Z") -> str:
    """The local time with its zone, in the words of `strftime`; `an impossible time` for one that no calendar has."""
    try:
        return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone().strftime(form)
    except (OverflowError, ValueError, OSError, TypeError):
        return "an impossible time"


__all__ = ["local_text", "span_text"]
