# SPDX-License-Identifier: Apache-2.0
"""`vitalwire monitor --resume`: which session goes on, and what may be given with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .common import say

if TYPE_CHECKING:
    from ..feed import Plan

_FIXED: Final = ("minutes", "every", "limits", "profile", "patient", "script", "bed", "same_limb")
"""Options that say what a session is; one that goes on is what it was."""


def plan_of(port: str | None, given: dict[str, Any]) -> Plan:
    """The plan that goes on with a session. Raises UsageError or CheckFailed where it cannot."""
    from ..feed import Plan
    from ..record.folder import default_folder, find_session, latest_session
    from ..record.resume import read_resumable

    for name in _FIXED:
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')}: with --resume a session goes on as it was begun.")
    parent: Path = given["out"] or default_folder()
    session: Path | None = given["session"]
    resumed = read_resumable(latest_session(parent) if session is None else find_session(session))
    minutes = (resumed.last_t_ms - resumed.setup.started_t_ms) / 60_000
    say(f"going on with session {resumed.folder.name} on board {resumed.serial}, recorded until minute {minutes:.1f}")
    if resumed.torn_bytes:
        say(f"its last {resumed.torn_bytes} bytes were cut off while they were written; nothing was decided by them")
    where, setup = port or resumed.setup.port or resumed.serial, resumed.setup
    return Plan(where, parent, setup.limits, minutes=setup.minutes, by=given["by"], resume=resumed)


def hint_of_unfinished(parent: Path) -> None:
    """Says where the latest session was left unfinished not long ago and nobody records it now."""
    import contextlib
    import time

    from ..errors import VitalwireError
    from ..record import folder as names
    from ..record.resume import AWAY_MAX_MS, refuse_written

    with contextlib.suppress(VitalwireError, OSError):
        latest = names.latest_session(parent)
        about = names.read_session_json(latest)
        capture = latest / names.CAPTURE
        left_s = time.time() - capture.stat().st_mtime
        if about.get("finished") is False and not about.get("simulated") and left_s * 1000 < AWAY_MAX_MS:
            refuse_written(capture)
            say(f"session {latest.name} was not closed; `vitalwire monitor --resume` goes on with it, this one is new")
