# SPDX-License-Identifier: Apache-2.0
"""Limits: read from TOML and checked.

    [limits]
    spo2_low = 92                                      # threshold only; the rest is the default's
    pulse_high = { limit = 130, delay_s = 15 }
    dbp_low = false                                    # no such alarm

    [limits.sbp_high]
    limit = 170
    hysteresis = 5
    priority = "high"
    source = "our clinic, 2026-03"

A rule that a limits file does not name keeps its default. A profile has the same section, names every rule, and gives
each a source. Each error names the line and the column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..toml_places import TEXT_MAX, read_document, shown
from ..toml_tables import Problems, Table
from .rules import DEFAULT_LIMITS, LIMIT_RULES, Limit, LimitRule

HYSTERESIS_MAX: Final = 20.0
DELAY_S_MAX: Final = 120.0
PRIORITIES: Final = ("low", "medium", "high")
_KEYS: Final = ("limit", "hysteresis", "delay_s", "priority", "source")
_SECTION_HINT: Final = "begin the file with [limits]"

SourceOf = Callable[[Table], str]
"""Reads where a limit comes from out of the limit's table."""


def parse_limits(text: str, where: str) -> tuple[Limit, ...]:
    """Reads the limits of a TOML file's `text`; `where` names the file in messages.

    Returns all limits in force, in the order of the protocol's rules. Raises TomlError (a UsageError), which names line
    and column.
    """
    root = Table(read_document(text, where, "a limits file"))
    for name in root.data:
        if name != "limits":
            hint = (
                "this is a profile, not a limits file"
                if "profile" in root
                else "a limits file has one section, [limits]"
            )
            raise root.error(name, f"unknown section or key {shown(name)}", hint)
    problems = Problems()
    limits = read_limits(root, file_source(where), problems)
    problems.settle()
    return limits


def file_source(where: str) -> SourceOf:
    """The source of a limit in a limits file: a text of its own, or the file."""

    def read(table: Table) -> str:
        return table.text("source") if "source" in table else f"{where}; not signed by a clinician"

    return read


def read_limits(root: Table, source_of: SourceOf, problems: Problems, *, all_named: bool = False) -> tuple[Limit, ...]:
    """Reads section `[limits]` of a document; what is wrong goes into `problems`.

    `all_named`: every rule must be there, if only as `false`; else one that is not there keeps its default.
    """
    if not isinstance(root.data.get("limits"), dict):
        raise root.error("limits", "there is no section [limits]", _SECTION_HINT)
    section = root.table("limits", _SECTION_HINT)
    found = {limit.rule: limit for limit in DEFAULT_LIMITS}
    for name, value in section.data.items():
        with problems.caught():
            rule = LIMIT_RULES.get(name)
            if rule is None:
                raise section.document.error((*section.path, name), *_unknown(section, name))
            if value is False:
                del found[name]
            else:
                found[name] = _limit(rule, section, found[name], source_of, all_named)
    for name in LIMIT_RULES if all_named else ():
        with problems.caught():
            section.need(name, f"write {name} = false where there is to be no such alarm")
    with problems.caught():
        _check_pairs(found, section)
    return tuple(found[name] for name in LIMIT_RULES if name in found)


def _unknown(section: Table, name: str) -> tuple[str, str]:
    error = section.unknown(name, "limit", LIMIT_RULES)
    return error.problem.removeprefix(f"{section.name}: "), error.hint


def _limit(rule: LimitRule, section: Table, default: Limit, source_of: SourceOf, complete: bool) -> Limit:
    value = section.data[rule.name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        table = Table(section.document, (*section.path, rule.name), {"limit": value}, rule.name)
    elif isinstance(value, dict):
        table = section.table(rule.name, "", rule.name)
    else:
        raise section.document.error(
            (*section.path, rule.name),
            f"{rule.name} is neither a number nor a table",
            "write 90, { limit = 90 } or false",
            value=True,
        )
    table.only(*_KEYS)
    for key in _KEYS if complete else ():
        table.need(key, f"a profile says {', '.join(_KEYS)} of each limit")
    return Limit(
        rule=rule.name,
        threshold=table.number("limit", (rule.floor, rule.ceiling), rule.unit, default.threshold),
        hysteresis=table.number("hysteresis", (0, HYSTERESIS_MAX), rule.unit, default.hysteresis),
        delay_s=table.number("delay_s", (0, DELAY_S_MAX), "s", default.delay_s),
        priority=table.word("priority", PRIORITIES, default.priority),
        source=source_of(table),
    )


def _check_pairs(found: dict[str, Limit], section: Table) -> None:
    for low, high in (("pulse_low", "pulse_high"), ("sbp_low", "sbp_high"), ("dbp_low", "dbp_high")):
        if low in found and high in found and found[low].threshold >= found[high].threshold:
            raise section.document.error(
                (*section.path, low if low in section else high),
                f"{low} ({found[low].threshold:g}) is not below {high} ({found[high].threshold:g})",
                "the two contradict each other",
            )


__all__ = ["TEXT_MAX", "file_source", "parse_limits", "read_limits"]
