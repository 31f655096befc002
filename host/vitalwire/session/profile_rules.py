# SPDX-License-Identifier: Apache-2.0
"""The rules of a profile out of TOML: relative limits, overrides, how alarms behave, hold limits, checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..alarms.limits import DELAY_S_MAX, HYSTERESIS_MAX
from ..alarms.rules import LIMIT_RULES, Limit
from ..toml_tables import Problems, Table
from .profile import (
    FIELDS,
    PHASES,
    PRIORITIES,
    RELATIVE_RULES,
    AlarmConduct,
    BaselineCheck,
    Check,
    HoldLimit,
    NearBaselineCheck,
    Override,
    Question,
    RelativeLimit,
    SaturationIndex,
    Source,
    TimeCheck,
    ValueCheck,
)

_SPANS: Final = {"sbp_mmhg": (40, 260), "dbp_mmhg": (20, 200), "pulse_bpm": (20, 250), "spo2_pct": (50, 100)}
_HOLD_VALUES: Final = {
    "sbp_above_mmhg": "sbp_mmhg",
    "dbp_above_mmhg": "dbp_mmhg",
    "pulse_above_bpm": "pulse_bpm",
    "spo2_below_pct": "spo2_pct",
}
_CUFF_VALUES: Final = ("sbp_above_mmhg", "dbp_above_mmhg")
_CHECK_KEYS: Final = ("kind", "text", "advice", "source")
_BOUNDS: Final = ("at_least", "above", "at_most", "below")


class Sources:
    """The sources of a profile; reads the `source` of a rule, and knows which were named."""

    def __init__(self, found: tuple[Source, ...]) -> None:
        self.all = found
        self.used: set[str] = set()
        self._texts = {source.id: source.text for source in found}

    def ids(self, table: Table) -> tuple[str, ...]:
        """The ids that a rule names: one text or a list of them, each in `[sources]`."""
        hint = 'say where it comes from: source = "an id of [sources]", or a list of ids'
        if isinstance(table.data.get("source"), str):
            found: tuple[str, ...] = (table.word("source", self._texts),)
        else:
            found = table.words("source", self._texts, hint)
        self.used.update(found)
        return found

    def text(self, table: Table) -> str:
        """What stands behind these ids, in words."""
        return "; ".join(self._texts[name] for name in self.ids(table))


@dataclass(frozen=True)
class Rules:
    """What this module reads."""

    relative: tuple[RelativeLimit, ...]
    overrides: tuple[Override, ...]
    saturation_index: SaturationIndex | None
    conduct: AlarmConduct | None
    holds: tuple[HoldLimit, ...]
    before_dose: tuple[Check, ...]
    before_leaving: tuple[Check, ...]


def read_rules(root: Table, sources: Sources, problems: Problems, limits: tuple[Limit, ...], phases: set[str]) -> Rules:
    """Reads them all; `limits` and `phases` are what the profile has."""
    reader = _Reader(root, sources, problems, {limit.rule: limit for limit in limits}, phases)
    relative, overrides = reader.each("relative", reader.relative), reader.each("overrides", reader.override)
    index, conduct = None, None
    with problems.caught():
        index = reader.index(root.table("saturation_index", "")) if "saturation_index" in root else None
    with problems.caught():
        conduct = reader.conduct(root.table("alarms", "say how alarms behave"))
    holds = reader.each("holds", reader.hold)
    reader.check_holds(holds)
    before_dose, before_leaving = reader.checks()
    return Rules(relative, overrides, index, conduct, holds, before_dose, before_leaving)


class _Reader:
    def __init__(
        self, root: Table, sources: Sources, problems: Problems, limits: dict[str, Limit], phases: set[str]
    ) -> None:
        self.root, self.sources, self.problems = root, sources, problems
        self.limits, self.phases = limits, phases

    def each(self, key: str, read: Callable[[Table], Any]) -> tuple[Any, ...]:
        """All tables of a section; those that are wrong become problems."""
        found = []
        with self.problems.caught():
            if key in self.root:
                section = self.root.table(key, f"write [{key}.NAME]")
                for name in section.data:
                    with self.problems.caught():
                        found.append(read(section.table(name, f"write [{key}.{name[:40]}]", name[:60])))
        return tuple(found)

    def in_phases(self, table: Table) -> tuple[str, ...]:
        """The phases in which something counts, in the order of a session."""
        known = [name for name in PHASES if name in self.phases]
        names = table.words("phases", known, f"list some of {', '.join(known)}")
        return tuple(name for name in PHASES if name in names)

    # ------------------------------------------------------------ alarms

    def relative(self, table: Table) -> RelativeLimit:
        rule = RELATIVE_RULES.get(table.name)
        if rule is None:
            raise self.root.table("relative", "").unknown(str(table.path[-1]), "relative limit", RELATIVE_RULES)
        table.only(rule.key, "by_percent", "hysteresis", "delay_s", "priority", "phases", "source")
        if (rule.key in table) == ("by_percent" in table):
            how = "twice" if rule.key in table else "not"
            raise table.error("", f"says {how} by how much", f"give one of {rule.key} and by_percent")
        phases = self.in_phases(table)
        if "baseline" not in self.phases:
            raise table.error("", "is relative to a baseline, but there is no baseline phase", "add [phases.baseline]")
        if PHASES.index(phases[0]) <= PHASES.index("baseline"):
            raise table.error("phases", f"there is no baseline yet in {phases[0]}", value=True)
        unit = FIELDS[rule.field]
        return RelativeLimit(
            rule=rule.name,
            by_unit=table.number(rule.key, (1, rule.most), unit) if rule.key in table else None,
            by_percent=table.number("by_percent", (1, 100), "%") if "by_percent" in table else None,
            hysteresis=table.number("hysteresis", (0, HYSTERESIS_MAX), unit),
            delay_s=table.number("delay_s", (0, DELAY_S_MAX), "s"),
            priority=table.word("priority", PRIORITIES),
            phases=phases,
            sources=self.sources.ids(table),
        )

    def override(self, table: Table) -> Override:
        rule = LIMIT_RULES.get(table.name)
        if rule is None:
            raise self.root.table("overrides", "").unknown(str(table.path[-1]), "limit", LIMIT_RULES)
        table.only("limit", "priority", "source")
        threshold = table.number("limit", (rule.floor, rule.ceiling), rule.unit)
        limit = self.limits.get(rule.name)
        if limit is None:
            raise table.error("", "overrides a limit that is not there", f"set {rule.name} in [limits]")
        if threshold >= limit.threshold if rule.low else threshold <= limit.threshold:
            worse = "below" if rule.low else "above"
            said = f"limit {threshold:g} is not {worse} the one that it overrides ({limit.threshold:g})"
            raise table.error("limit", said, "the two contradict each other", value=True)
        priority = table.word("priority", PRIORITIES)
        if PRIORITIES.index(priority) < PRIORITIES.index(limit.priority):
            said = f"priority {priority} is less than that of the limit it overrides ({limit.priority})"
            raise table.error("priority", said, value=True)
        return Override(rule.name, threshold, priority, self.sources.ids(table))

    def index(self, table: Table) -> SaturationIndex:
        table.only("threshold_pct_s", "priority", "source")
        if "spo2_low" not in self.limits:
            raise table.error("", "measures depth below spo2_low, which is not there", "set spo2_low in [limits]")
        threshold = table.number("threshold_pct_s", (5, 500), "% s")
        return SaturationIndex(threshold, table.word("priority", PRIORITIES), self.sources.ids(table))

    def conduct(self, table: Table) -> AlarmConduct:
        table.only("latching", "audio_pause_s", "remind_s", "escalate_s", "source")
        latching: tuple[str, ...] = ()
        if table.need("latching", "list the limits that stay until acknowledged, or []") != []:
            known = [*LIMIT_RULES, *RELATIVE_RULES]
            latching = table.words("latching", known, "list limits, or []")
        return AlarmConduct(
            latching,
            round(table.number("audio_pause_s", (10, 600), "s")),
            round(table.number("remind_s", (30, 180), "s")),
            round(table.number("escalate_s", (10, 600), "s")),
            self.sources.ids(table),
        )

    # ------------------------------------------------------------ hold limits

    def hold(self, table: Table) -> HoldLimit:
        table.only("text", "advice", "phases", "source", "confirm_after_min", "lasting_min", *_HOLD_VALUES)
        values = {key: table.number(key, _SPANS[of], FIELDS[of]) for key, of in _HOLD_VALUES.items() if key in table}
        if not values:
            raise table.error("", "has no value to hold at", f"give some of {', '.join(_HOLD_VALUES)}")
        cuff = [key for key in values if key in _CUFF_VALUES]
        if cuff and len(cuff) < len(values):
            raise table.error("", "mixes values of the cuff and of the oximeter", "make two of it")
        own, other = ("confirm_after_min", "lasting_min") if cuff else ("lasting_min", "confirm_after_min")
        if other in table:
            raise table.error(other, f"{other} does not fit {next(iter(values))}", f"use {own}")
        confirm_s = lasting_s = None
        if cuff:
            table.need(own, "minutes until a second reading must say the same, or false where one is enough")
            if table.data[own] is not False:
                confirm_s = table.seconds(own, (1, 60))
        else:
            lasting_s = table.seconds(own, (0.1, 60))
        return HoldLimit(
            id=table.name,
            text=table.text("text"),
            advice=table.word("advice", ("hold", "stop")),
            phases=self.in_phases(table),
            sources=self.sources.ids(table),
            confirm_after_s=confirm_s,
            lasting_s=lasting_s,
            **values,
        )

    def check_holds(self, holds: tuple[HoldLimit, ...]) -> None:
        """What one reading is enough for must be worse than what has to be confirmed."""
        for once in (hold for hold in holds if hold.confirm_after_s is None):
            for other in (hold for hold in holds if hold.confirm_after_s is not None):
                for key in _CUFF_VALUES:
                    one, two = getattr(once, key), getattr(other, key)
                    if one is not None and two is not None and one <= two and set(once.phases) & set(other.phases):
                        table = self.root.table("holds", "").table(once.id, "", once.id)
                        said = f"{key} {one:g} needs no confirming and is not above that of {other.id} ({two:g})"
                        self.problems.found.append(table.error(key, said, "the two contradict each other", value=True))

    # ------------------------------------------------------------ checks

    def checks(self) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
        found: dict[str, list[Check]] = {"before_dose": [], "before_leaving": []}
        with self.problems.caught():
            section = self.root.table("checks", "add [checks.before_dose.NAME] and [checks.before_leaving.NAME]")
            section.only(*found)
            for when, checks in found.items():
                with self.problems.caught():
                    if when in section:
                        self.check_group(section.table(when, "", when), checks)
            if found["before_dose"] and "dosing" not in self.phases:
                raise section.error("before_dose", "checks before a dose, but there is no dosing phase")
        return tuple(found["before_dose"]), tuple(found["before_leaving"])

    def check_group(self, group: Table, checks: list[Check]) -> None:
        for name in group.data:
            with self.problems.caught():
                checks.append(self.check(group.table(name, f"write [checks.{group.name}.NAME]", name[:60])))

    def check(self, table: Table) -> Check:
        kinds = {
            "question": self._question,
            "baseline": self._baseline,
            "value": self._value,
            "near_baseline": self._near_baseline,
            "time": self._time,
        }
        return kinds[table.word("kind", kinds)](table)

    def common(self, table: Table, *more: str) -> tuple[str, str, str, tuple[str, ...]]:
        table.only(*_CHECK_KEYS, *more)
        return table.name, table.text("text"), table.text("advice"), self.sources.ids(table)

    def _question(self, table: Table) -> Check:
        return Question(*self.common(table))

    def _needs_baseline(self, table: Table) -> None:
        if "baseline" not in self.phases:
            raise table.error("kind", "needs a baseline, but there is no baseline phase", value=True)

    def _baseline(self, table: Table) -> Check:
        self._needs_baseline(table)
        return BaselineCheck(*self.common(table))

    def _value(self, table: Table) -> Check:
        common = self.common(table, "field", "not_older_min", "on_room_air", *_BOUNDS)
        of = table.word("field", FIELDS)
        bounds = {key: table.number(key, _SPANS[of], FIELDS[of]) for key in _BOUNDS if key in table}
        lower, upper = ([bounds[key] for key in pair if key in bounds] for pair in (_BOUNDS[:2], _BOUNDS[2:]))
        if not bounds or len(lower) > 1 or len(upper) > 1:
            hint = "give at_least or above, at_most or below, or one of each"
            raise table.error("", "has no bound" if not bounds else "bounds one side twice", hint)
        if lower and upper and lower[0] >= upper[0]:
            said = f"its lower bound ({lower[0]:g}) is not below its upper one ({upper[0]:g})"
            raise table.error(next(iter(bounds)), said, "the two contradict each other", value=True)
        air = table.flag("on_room_air", False)
        if air and of != "spo2_pct":
            raise table.error("on_room_air", f"room air does not matter to {of}", value=True)
        least, above, most, below = (bounds.get(key) for key in _BOUNDS)
        return ValueCheck(*common, of, table.seconds("not_older_min", (1, 120)), least, above, most, below, air)

    def _near_baseline(self, table: Table) -> Check:
        self._needs_baseline(table)
        common = self.common(table, "fields", "within_percent", "not_older_min")
        fields = table.words("fields", FIELDS, f"list some of {', '.join(FIELDS)}")
        percent = table.number("within_percent", (1, 100), "%")
        return NearBaselineCheck(*common, fields, percent, table.seconds("not_older_min", (1, 120)))

    def _time(self, table: Table) -> Check:
        common = self.common(table, "least_min", "since")
        since = table.word("since", ("dose", "dosing_end"))
        if "dosing" not in self.phases:
            raise table.error("since", "there is no dosing phase", value=True)
        return TimeCheck(*common, table.seconds("least_min", (1, 720)), since)
