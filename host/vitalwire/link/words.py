# SPDX-License-Identifier: Apache-2.0
"""Any message as plain JSON values, its named numbers as words of the protocol."""

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
}
_FLAGS: Final[dict[str, type[IntFlag]]] = {
    "capabilities": codec.Capabilities,
    "status": codec.Status,
    "flags": codec.ReadingFlags,
}


def type_name(message: Message) -> str:
    """The name of a message in the protocol, such as `oximetry_reading`."""
    return _snake(type(message).__name__)


def as_words(message: Message) -> dict[str, Any]:
    """Every field by name. Named numbers are words, a later version's are `unknown_<n>`; absent values are None."""
    return {"type": type_name(message), **{f: _value(message, f, v) for f, v in message._asdict().items()}}


def _value(message: Message, field: str, value: Any) -> Any:
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


__all__ = ["as_words", "type_name"]
