# SPDX-License-Identifier: Apache-2.0
"""The commands a host can give, as one type. Make one with its `request(...)`, such as `SetInterval.request(300)`."""

from __future__ import annotations

from typing import TypeAlias

from vitalwire_protocol.codec import (
    Abort,
    Acknowledge,
    AudioPause,
    CalibrationClear,
    CalibrationGet,
    CalibrationSet,
    ConfigGet,
    ConfigSet,
    CuffStart,
    CurveSet,
    HoldPressure,
    Identify,
    Observe,
    OscillogramGet,
    Ping,
    Reset,
    SelftestRun,
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
    | SelftestRun
    | HoldPressure
    | CalibrationGet
    | CalibrationSet
    | CurveSet
    | CalibrationClear
)

__all__ = [
    "Abort",
    "Acknowledge",
    "AudioPause",
    "CalibrationClear",
    "CalibrationGet",
    "CalibrationSet",
    "Command",
    "ConfigGet",
    "ConfigSet",
    "CuffStart",
    "CurveSet",
    "HoldPressure",
    "Identify",
    "Observe",
    "OscillogramGet",
    "Ping",
    "Reset",
    "SelftestRun",
    "ServiceEnter",
    "SessionBegin",
    "SessionEnd",
    "SetInterval",
    "SetLimits",
    "Vent",
]
