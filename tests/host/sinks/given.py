# SPDX-License-Identifier: Apache-2.0
"""What the tests of sinks give to a sink: items on their way, of one simulated or real board."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from vitalwire.items import Event, Item, Origin, Wave
from vitalwire.link.readings import Reading
from vitalwire.sinks.base import Delivery, Sink
from vitalwire.sinks.urls import SinkUrl

BOARD = Origin(board="VW-0042", bed="bed 3", firmware="1.2.0", session="0000002a", patient="P17", profile="general")
SIMULATED = replace(BOARD, simulated=True)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def oximeter(**values: Any) -> Reading:
    """A good reading of now, but for what is said otherwise."""
    said = {"spo2_pct": 97.0, "pulse_bpm": 64.0, "perfusion_pct": 1.85, "quality": 92, "utc_ms": now_ms(), **values}
    return Reading(device_ms=1000, boot=3, seq=17, source="oximeter", **said)


def cuff(**values: Any) -> Reading:
    said = {"sbp_mmhg": 122.0, "map_mmhg": 91.0, "dbp_mmhg": 76.0, "pulse_bpm": 66.0, "quality": 88, **values}
    said = {"utc_ms": now_ms(), **said}
    return Reading(device_ms=1200, boot=3, seq=18, source="cuff", trigger="schedule", cycle=5, **said)


def alarm(state: str, name: str = "spo2_low", **values: Any) -> Event:
    said = {"utc_ms": now_ms(), "priority": "high", "value": 88.0, "limit": 90.0, **values}
    return Event(kind="physiological", name=name, state=state, **said)


def technical(state: str, name: str = "link_lost", **values: Any) -> Event:
    return Event(kind="technical", name=name, state=state, **{"utc_ms": now_ms(), "priority": "high", **values})


def wave(**values: Any) -> Wave:
    said = {"utc_ms": now_ms(), "rate_hz": 100, "red": (50001, 50002, 50003), "ir": (60001, 60002, 60003), **values}
    return Wave(**said)


def on_its_way(*items: Item, origin: Origin = BOARD, first: int = 1, **values: Any) -> list[Delivery]:
    """The items as a batch, numbered from `first`."""
    return [
        Delivery(number, item, origin, key=f"VW-0042-{number}", **values) for number, item in enumerate(items, first)
    ]


def sink_of(kind: Any, text: str) -> Sink:
    """What `--to TEXT` makes."""
    sink = kind.make(SinkUrl(text))
    assert isinstance(sink, Sink)
    return sink
