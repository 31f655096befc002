# SPDX-License-Identifier: Apache-2.0
"""Limits: read from TOML, checked, and packed as the board holds them.

    [limits]
    spo2_low = 92                                      # threshold only; the rest is the default's
    pulse_high = { limit = 130, delay_s = 15 }
    dbp_low = false                                    # no such alarm

    [limits.sbp_high]
    limit = 170
    hysteresis = 5
    priority = "high"
    source = "our clinic, 2026-03"

A rule that a file does not name keeps its default. Each error names the line.
"""

from __future__ import annotations

import binascii
import re
import struct
import tomllib
from collections.abc import Iterable
from typing import Any, Final

from vitalwire_protocol.codec import Priority

from ..errors import UsageError
from .rules import DEFAULT_LIMITS, LIMIT_RULES, Limit, LimitRule

HYSTERESIS_MAX: Final = 20.0
DELAY_S_MAX: Final = 120.0
TEXT_MAX: Final = 64 * 1024
"""A limits file is some lines; something larger is not one."""
_KEYS: Final = ("limit", "hysteresis", "delay_s", "priority", "source")
_PRIORITIES: Final = ("low", "medium", "high")
_ITEM: Final = struct.Struct("<BBHHH")

WireItem = tuple[int, int, int, int, int]


def parse_limits(text: str, where: str) -> tuple[Limit, ...]:
    """Reads the limits of a TOML file's `text`; `where` names the file in messages.

    Returns all limits in force, in the order of the protocol's rules. Raises UsageError that names the line.
    """
    if len(text) > TEXT_MAX:
        raise UsageError(f"{where}: too large for a limits file (over {TEXT_MAX // 1024} kB)")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        raise UsageError(f"{where}: not valid TOML: {str(error).partition(';')[0]}") from None
    lines = _Lines(text, where)
    for name in document:
        if name != "limits":
            raise lines.error((name,), f"unknown section or key {name!r}", "a limits file has one section, [limits]")
    section = document.get("limits")
    if not isinstance(section, dict):
        raise lines.error(("limits",), "there is no section [limits]", "begin the file with [limits]")
    found = {limit.rule: limit for limit in DEFAULT_LIMITS}
    for name, value in section.items():
        rule = LIMIT_RULES.get(name)
        if rule is None:
            raise lines.error(("limits", name), f"unknown limit {name!r}", f"known are {', '.join(LIMIT_RULES)}")
        if value is False:
            del found[name]
        else:
            found[name] = _limit(rule, value, found[name], lines, where)
    _check_pairs(found, lines)
    return tuple(found[name] for name in LIMIT_RULES if name in found)


def _limit(rule: LimitRule, value: Any, default: Limit, lines: _Lines, where: str) -> Limit:
    path = ("limits", rule.name)
    table = {"limit": value} if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(table, dict):
        raise lines.error(path, f"{rule.name} is neither a number nor a table", "write 90, { limit = 90 } or false")
    for key in table:
        if key not in _KEYS:
            raise lines.error((*path, key), f"{rule.name}: unknown key {key!r}", f"known are {', '.join(_KEYS)}")
    priority = table.get("priority", default.priority)
    if priority not in _PRIORITIES:
        raise lines.error((*path, "priority"), f"{rule.name}: priority {priority!r}", 'use "low", "medium" or "high"')
    source = table.get("source", f"{where}; not signed by a clinician")
    if not isinstance(source, str):
        raise lines.error((*path, "source"), f"{rule.name}: source is not a text")
    return Limit(
        rule=rule.name,
        threshold=_number(rule, table, "limit", default.threshold, (rule.floor, rule.ceiling), rule.unit, lines),
        hysteresis=_number(rule, table, "hysteresis", default.hysteresis, (0, HYSTERESIS_MAX), rule.unit, lines),
        delay_s=_number(rule, table, "delay_s", default.delay_s, (0, DELAY_S_MAX), "s", lines),
        priority=priority,
        source=source,
    )


def _number(
    rule: LimitRule,
    table: dict[str, Any],
    key: str,
    default: float,
    span: tuple[float, float],
    unit: str,
    lines: _Lines,
) -> float:
    value = table.get(key, default)
    path = ("limits", rule.name, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise lines.error(path, f"{rule.name}: {key} is not a number")
    if not span[0] <= value <= span[1]:  # NaN fails this too
        raise lines.error(path, f"{rule.name}: {key} = {value} is outside {span[0]:g} to {span[1]:g} {unit}")
    return round(float(value), 1)


def _check_pairs(found: dict[str, Limit], lines: _Lines) -> None:
    for low, high in (("pulse_low", "pulse_high"), ("sbp_low", "sbp_high"), ("dbp_low", "dbp_high")):
        if low in found and high in found and found[low].threshold >= found[high].threshold:
            path = ("limits", low) if lines.has(("limits", low)) else ("limits", high)
            raise lines.error(path, f"{low} ({found[low].threshold:g}) is not below {high} ({found[high].threshold:g})")


class _Lines:
    """Finds the line of a key: `tomllib` says where syntax is wrong, but not where a value stood."""

    _HEADER: Final = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]")
    _WORD: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
    _KEY: Final = re.compile(rf"^\s*({_WORD}(?:\s*\.\s*{_WORD})*)\s*=")

    def __init__(self, text: str, where: str) -> None:
        self._where = where
        self._found: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := self._HEADER.match(line):
                table = self._split(header[1])
                self._found.setdefault(table, number)
            elif key := self._KEY.match(line):
                self._found.setdefault(table + self._split(key[1]), number)

    @staticmethod
    def _split(dotted: str) -> tuple[str, ...]:
        return tuple(part.strip().strip("\"'") for part in dotted.split("."))

    def has(self, path: tuple[str, ...]) -> bool:
        return any(found[: len(path)] == path for found in self._found)

    def error(self, path: tuple[str, ...], what: str, hint: str = "") -> UsageError:
        for size in range(len(path), 0, -1):
            if (number := self._found.get(path[:size])) is not None:
                return UsageError(f"{self._where}, line {number}: {what}", hint)
        return UsageError(f"{self._where}: {what}", hint)


def wire_items(limits: Iterable[Limit]) -> tuple[WireItem, ...]:
    """The items of `set_limits`: rule, priority, threshold and hysteresis in 0.1 of the unit, delay in 0.1 s."""
    return tuple(
        (
            int(LIMIT_RULES[limit.rule].number),
            int(Priority[limit.priority.upper()]),
            round(limit.threshold * 10),
            round(limit.hysteresis * 10),
            round(limit.delay_s * 10),
        )
        for limit in limits
    )


def wire_crc(limits: Iterable[Limit]) -> int:
    """CRC-32 of the packed items: what a board that holds these limits says in its heartbeat."""
    return binascii.crc32(b"".join(_ITEM.pack(*item) for item in wire_items(limits)))
