# SPDX-License-Identifier: Apache-2.0
"""Vitalwire: talk to an open bedside vitals monitor.

    import vitalwire

    with vitalwire.open_board("sim://?patient=calm") as board:
        for reading in board.readings(duration_s=60):
            print(reading.time, reading.spo2_pct, reading.pulse_bpm)

A session that `monitor` records is followed with `follow`, one that was recorded is read with `open_record`, and one of
your own, guarded and recorded, is begun with `attach_session`. `aio` is the same for asyncio.

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import aio
    from .attached import AttachedSession, attach_session
    from .clock import Clock, SystemClock
    from .errors import (
        AmbiguousBoard,
        CheckFailed,
        CrashLoop,
        Incompatible,
        ItemRefused,
        LinkLost,
        NoBoard,
        NoPermission,
        NotVitalwire,
        PortBusy,
        Refused,
        SinkDown,
        SinkRefused,
        UsageError,
        VitalwireError,
    )
    from .items import Event, Item, Origin, Wave
    from .link.board import Board
    from .link.decoder import Counters, Decoder
    from .link.events import Received
    from .link.hello import Identity
    from .link.opening import open_board
    from .link.oscillogram import Beat, Evaluation, Oscillogram
    from .link.ports import Candidate, find_candidates
    from .link.readings import BoardEvent, Reading
    from .link.stream import Stream
    from .link.waves import waves_on
    from .record.follow import Follow, follow
    from .record.items import Record, open_record
    from .record.recompute import recompute
    from .sinks.base import Delivery, Sink, SinkKind
    from .sinks.urls import SinkUrl

__version__ = "0.1.0"

_MODULES: Final = {
    "attached": ("AttachedSession", "attach_session"),
    "clock": ("Clock", "SystemClock"),
    "errors": (
        "AmbiguousBoard",
        "CheckFailed",
        "CrashLoop",
        "Incompatible",
        "ItemRefused",
        "LinkLost",
        "NoBoard",
        "NoPermission",
        "NotVitalwire",
        "PortBusy",
        "Refused",
        "SinkDown",
        "SinkRefused",
        "UsageError",
        "VitalwireError",
    ),
    "items": ("Event", "Item", "Origin", "Wave"),
    "link.board": ("Board",),
    "link.decoder": ("Counters", "Decoder"),
    "link.events": ("Received",),
    "link.hello": ("Identity",),
    "link.opening": ("open_board",),
    "link.ports": ("Candidate", "find_candidates"),
    "link.oscillogram": ("Beat", "Evaluation", "Oscillogram"),
    "link.readings": ("BoardEvent", "Reading"),
    "link.stream": ("Stream",),
    "link.waves": ("waves_on",),
    "record.follow": ("Follow", "follow"),
    "record.items": ("Record", "open_record"),
    "record.recompute": ("recompute",),
    "sinks.base": ("Delivery", "Sink", "SinkKind"),
    "sinks.urls": ("SinkUrl",),
}
_WHERE: Final = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AmbiguousBoard",
    "AttachedSession",
    "Beat",
    "Board",
    "BoardEvent",
    "Candidate",
    "CheckFailed",
    "Clock",
    "Counters",
    "CrashLoop",
    "Decoder",
    "Delivery",
    "Evaluation",
    "Event",
    "Follow",
    "Identity",
    "Incompatible",
    "Item",
    "ItemRefused",
    "LinkLost",
    "NoBoard",
    "NoPermission",
    "NotVitalwire",
    "Origin",
    "Oscillogram",
    "PortBusy",
    "Reading",
    "Received",
    "Record",
    "Refused",
    "Sink",
    "SinkDown",
    "SinkKind",
    "SinkRefused",
    "SinkUrl",
    "Stream",
    "SystemClock",
    "UsageError",
    "VitalwireError",
    "Wave",
    "__version__",
    "aio",
    "attach_session",
    "find_candidates",
    "follow",
    "open_board",
    "open_record",
    "recompute",
    "waves_on",
]


def __getattr__(name: str) -> Any:
    if name == "aio":
        return importlib.import_module(f"{__name__}.aio")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
