# SPDX-License-Identifier: Apache-2.0
"""The commands a host can give, as one type. Make one with its `request(...)`, such as `SetInterval.request(300)`."""

from __future__ import annotations

from typing import TypeAlias

from vitalwire_protocol.codec import (
    Abort,
    Acknowledge,
    AudioPause,
    ConfigGet,
    ConfigSet,
    CuffStart,
    Identify,
    Observe,
    OscillogramGet,
    Ping,
    Reset,
    ServiceEnter,
    SessionBegin,
    SessionEnd,
    SetInterval,
    SetLimits,
    Vent,
)

Command: TypeAlias = (
    Identify
    | Ping
    | CuffStart
    | Abort
    | Vent
    | SessionBegin
    | SessionEnd
    | SetLimits
    | SetInterval
    | Acknowledge
    | AudioPause
    | ConfigSet
    | ConfigGet
    | OscillogramGet
    | ServiceEnter
    | Reset
    | Observe
)

__all__ = [
    "Abort",
    "Acknowledge",
    "AudioPause",
    "Command",
    "ConfigGet",
    "ConfigSet",
    "CuffStart",
    "Identify",
    "Observe",
    "OscillogramGet",
    "Ping",
    "Reset",
    "ServiceEnter",
    "SessionBegin",
    "SessionEnd",
    "SetInterval",
    "SetLimits",
    "Vent",
]
