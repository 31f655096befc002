# SPDX-License-Identifier: Apache-2.0
"""Any message as plain JSON values, its named numbers as words of the protocol; and reasons as people read them."""

from __future__ import annotations

import re
from enum import IntEnum, IntFlag
from typing import Any, Final

from vitalwire_protocol import codec
from vitalwire_protocol.codec import MESSAGE_TYPES, Message, name_of, names_of

_BY_FIELD: Final[dict[str, type[IntEnum]]] = {
    "board": codec.BoardKind,
    "reset_cause": codec.ResetCause,
    "reset_fault": codec.Fault,
    "spo2_reason": codec.Reason,
    "pulse_reason": codec.Reason,
    "perfusion_reason": codec.Reason,
    "phase": codec.CuffPhase,
    "trigger": codec.Trigger,
    "event": codec.EventKind,
    "fault": codec.Fault,
    "rule": codec.Rule,
    "state": codec.AlarmState,
    "priority": codec.Priority,
    "outcome": codec.Outcome,
    "refusal": codec.Refusal,
    "key": codec.ConfigKey,
    "direction": codec.CuffDirection,
    "cause": codec.AlarmCause,
    "test": codec.Selftest,
    "measure": codec.Measure,
    "kind": codec.Calibration,
}
_FLAGS: Final[dict[str, type[IntFlag]]] = {
    "capabilities": codec.Capabilities,
    "status": codec.Status,
    "flags": codec.ReadingFlags,
    "doubts": codec.NibpDoubt,
}
NOT_SAID: Final = "not_said"
"""The reason of a value that is absent though the board gave no reason against it; it should never be needed."""
_WHY: Final[dict[str, str]] = {
    NOT_SAID: "no reason given",
    "no_finger": "no finger",
    "low_signal": "signal too small",
    "saturated": "too much light",
    "motion": "movement",
    "irregular": "irregular pulse",
    "channels_swapped": "red and infrared are swapped",
    "out_of_range": "outside what can be measured",
    "bus_fault": "the sensor does not answer",
    "wrong_part": "not the right sensor",
    "samples_lost": "samples were lost",
    "cuff_inflated": "cuff inflated on this limb",
    "no_pulse": "no pulse found",
    "sensor_stale": "the sensor sends nothing new",
    "low_quality": "poor signal",
    "uncorrelated": "red and infrared disagree",
    "no_curve": "no calibration curve",
    "deflation_too_fast": "the pressure fell too fast",
    "deflation_too_slow": "the pressure fell too slowly",
    "zero_error": "the pressure was not steady before it began",
    "guard_fault": "the second pressure sensor failed",
    "channel_mismatch": "the two pressure sensors disagree",
    "not_bracketed": "the pressure did not go far enough on both sides",
    "external_tripped": "the external safety layer tripped",
}


def reason_text(word: str) -> str:
    """A reason or an outcome of the protocol as a person reads it; a word that says it all, or is not known, stays."""
    return _WHY.get(word) or word.replace("_", " ")


def type_name(message: Message) -> str:
    """The name of a message in the protocol, such as `oximetry_reading`."""
    return _snake(type(message).__name__)


def as_words(message: Message) -> dict[str, Any]:
    """Every field by name. Named numbers are words, a later version's are `unknown_<n>`; absent values are None."""
    return {"type": type_name(message), **{f: _value(message, f, v) for f, v in message._asdict().items()}}


def _value(message: Message, field: str, value: Any) -> Any:
    if value is None:
        return None
    if field == "flags" and isinstance(message, codec.HoldPressure | codec.SelftestRun):
        return names_of(codec.ServiceFlags, value)
    if field in _FLAGS:
        return names_of(_FLAGS[field], value)
    if field == "outcome" and isinstance(message, codec.NibpResult):
        return name_of(codec.NibpOutcome, value)
    if field == "command":
        known = MESSAGE_TYPES.get(value)
        return _snake(known.__name__) if known is not None else f"unknown_{value}"
    if field in _BY_FIELD:
        return name_of(_BY_FIELD[field], value)
    return value


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


__all__ = ["NOT_SAID", "as_words", "reason_text", "type_name"]
