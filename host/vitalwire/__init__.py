# SPDX-License-Identifier: Apache-2.0
"""Vitalwire: talk to an open bedside vitals monitor.

    import vitalwire

    with vitalwire.open_board("sim://?patient=calm") as board:
        for reading in board.readings(duration_s=60):
            print(reading.time, reading.spo2_pct, reading.pulse_bpm)

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .clock import Clock, SystemClock
    from .errors import (
        AmbiguousBoard,
        CheckFailed,
        CrashLoop,
        Incompatible,
        LinkLost,
        NoBoard,
        NoPermission,
        NotVitalwire,
        PortBusy,
        Refused,
        UsageError,
        VitalwireError,
    )
    from .link.board import Board, Stream
    from .link.decoder import Counters, Decoder
    from .link.events import Received
    from .link.hello import Identity
    from .link.opening import open_board
    from .link.oscillogram import Beat, Evaluation, Oscillogram
    from .link.ports import Candidate, find_candidates
    from .link.readings import BoardEvent, Reading
    from .record.recompute import recompute

__version__ = "0.1.0"

_MODULES: Final = {
    "clock": ("Clock", "SystemClock"),
    "errors": (
        "AmbiguousBoard",
        "CheckFailed",
        "CrashLoop",
        "Incompatible",
        "LinkLost",
        "NoBoard",
        "NoPermission",
        "NotVitalwire",
        "PortBusy",
        "Refused",
        "UsageError",
        "VitalwireError",
    ),
    "link.board": ("Board", "Stream"),
    "link.decoder": ("Counters", "Decoder"),
    "link.events": ("Received",),
    "link.hello": ("Identity",),
    "link.opening": ("open_board",),
    "link.ports": ("Candidate", "find_candidates"),
    "link.oscillogram": ("Beat", "Evaluation", "Oscillogram"),
    "link.readings": ("BoardEvent", "Reading"),
    "record.recompute": ("recompute",),
}
_WHERE: Final = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AmbiguousBoard",
    "Beat",
    "Board",
    "BoardEvent",
    "Candidate",
    "CheckFailed",
    "Clock",
    "Counters",
    "CrashLoop",
    "Decoder",
    "Evaluation",
    "Identity",
    "Incompatible",
    "LinkLost",
    "NoBoard",
    "NoPermission",
    "NotVitalwire",
    "Oscillogram",
    "PortBusy",
    "Reading",
    "Received",
    "Refused",
    "Stream",
    "SystemClock",
    "UsageError",
    "VitalwireError",
    "__version__",
    "find_candidates",
    "open_board",
    "recompute",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
