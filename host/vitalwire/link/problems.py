# SPDX-License-Identifier: Apache-2.0
"""What the link says against a board that somebody wants to use -> the error for it: one sentence and what to do."""

from __future__ import annotations

from ..errors import CrashLoop, Incompatible, NotVitalwire, VitalwireError
from . import events as link
from .hello import FLASH

OTHER_PORT = "choose another port; `vitalwire ports` lists the boards that are plugged in"


def problem(name: str, event: link.LinkEvent) -> VitalwireError | None:
    """Why the board at `name` cannot be used, or None where `event` says nothing against it."""
    match event:
        case link.Incompatible():
            return Incompatible(f"{name}: {event.why}", event.hint)
        case link.Stopped():
            error = CrashLoop if event.cause == "service" else NotVitalwire
            return error(f"{name}: {event.why}", FLASH)
        case link.NoHello(cause="crash_loop"):
            return CrashLoop(f"{name}: {event.why}", FLASH)
        case link.NoHello():
            return NotVitalwire(f"{name}: {event.why}", OTHER_PORT if event.cause in ("quiet", "foreign") else FLASH)
    return None


__all__ = ["problem"]
