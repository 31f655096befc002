# SPDX-License-Identifier: Apache-2.0
"""Dates that a person gives, and when a calibration falls due."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

from ...errors import UsageError

DUE_MONTHS: Final = 12
"""Usual interval of a technical check of a non-invasive blood pressure monitor; a site may ask for less."""
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def parse_date(text: str, what: str) -> date:
    """`2026-01-31`. Raises UsageError that names `what`."""
    try:
        if _DATE.fullmatch(text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise UsageError(f"{what}: {text!r} is no date", "write it as 2026-01-31")
