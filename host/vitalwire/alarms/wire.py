# SPDX-License-Identifier: Apache-2.0
"""Limits and how they behave, packed as the board holds them: the fields of `set_limits`, and the CRC of them.

A worse limit and the saturation index are items of their own. A board of protocol 1.1 or older knows neither, nor
latching nor escalation: it gets the limits alone, and the host judges the rest.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from vitalwire_protocol.codec import Priority, Rule

from .rules import LIMIT_RULES, Conduct, Limit

CONDUCT_MINOR: Final = 2
"""The minor version of the protocol from which on a board takes more than plain limits."""
_ITEM: Final = struct.Struct("<BBHHH")
_HEAD: Final = struct.Struct("<HH")
_NONE: Final = Conduct()

WireItem = tuple[int, int, int, int, int]
"""Rule, priority, threshold and hysteresis in 0.1 of the unit, delay in 0.1 s."""


@dataclass(frozen=True)
class WireLimits:
    """What `set_limits` carries: `items`, the mask of latching rules, and after how many s an alarm escalates."""

    items: tuple[WireItem, ...]
    latching: int = 0
    escalate_s: int = 0

    @property
    def crc(self) -> int:
        """What a board that holds these says in its heartbeat."""
        return binascii.crc32(self._packed() + _HEAD.pack(self.latching, self.escalate_s))

    @property
    def crc_of_items(self) -> int:
        """What a board says that was sent the items alone, or that does not know of more."""
        return binascii.crc32(self._packed())

    def _packed(self) -> bytes:
        return b"".join(_ITEM.pack(*item) for item in self.items)


def wire_limits(limits: Iterable[Limit], conduct: Conduct = _NONE) -> WireLimits:
    """Packs limits, and of `conduct` what belongs to one of them."""
    kept = {limit.rule: limit for limit in limits}
    items = [_item(limit) for limit in kept.values()]
    for rule, threshold, priority in conduct.overrides:
        if rule in kept:
            items.append(_more(Rule[f"{rule.upper()}_OVERRIDE"], priority, threshold))
    if conduct.index_pct_s is not None and "spo2_low" in kept:
        items.append(_more(Rule.SATURATION_INDEX, conduct.index_priority, conduct.index_pct_s))
    latching = sum(1 << LIMIT_RULES[rule].number for rule in conduct.latching if rule in kept)
    return WireLimits(tuple(items), latching, conduct.escalate_s)


def _item(limit: Limit) -> WireItem:
    return (
        int(LIMIT_RULES[limit.rule].number),
        _priority(limit.priority),
        round(limit.threshold * 10),
        round(limit.hysteresis * 10),
        round(limit.delay_s * 10),
    )


def _more(rule: Rule, priority: str, threshold: float) -> WireItem:
    return int(rule), _priority(priority), round(threshold * 10), 0, 0


def _priority(name: str) -> int:
    return int(Priority[name.upper()])


__all__ = ["CONDUCT_MINOR", "WireItem", "WireLimits", "wire_limits"]
