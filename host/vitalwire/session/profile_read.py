# SPDX-License-Identifier: Apache-2.0
"""TOML -> profile. Whatever is wrong, contradictory or missing is a sentence with line and column; all of it at once.

A profile names every limit, gives each rule its sources by their id in `[sources]`, and holds nothing that is not
known. A file with nothing but `[limits]` is a limits file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ..alarms.limits import file_source, read_limits
from ..alarms.rules import Limit
from ..toml_places import Document, TomlError, read_document
from ..toml_tables import Problems, Table
from .profile import (
    DEVICE_ITEMS,
    ITEMS,
    PHASES,
    ROUTES,
    SETTINGS,
    Approval,
    BaselineRule,
    Observation,
    Phase,
    Profile,
    Series,
    SideEffects,
    Source,
)
from .profile_rules import Rules, Sources, read_rules

CUFF_MIN: Final = (2, 120)
"""Minutes between cuff readings that start by themselves: what the board takes."""
_SPAN_MIN: Final = (0, 720)
_NAME_HINT: Final = "use small letters, digits and dashes, at most 40"
_SECTIONS: Final = (
    *("profile", "sources", "limits", "overrides", "saturation_index", "relative", "alarms", "holds", "baseline"),
    *("phases", "checks", "side_effects", "series", "approval"),
)
_NO_PROFILE: Final = "begin with [profile], or see `vitalwire profile copy general` for one to start from"
_VALID_ID: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def parse_profile(text: str, where: str) -> Profile:
    """Reads a profile; `where` names the file in messages. Raises TomlError, which holds every problem found."""
    document = read_document(text, where, "a profile")
    root = Table(document)
    if "profile" not in root:
        return _limits_file(root, where)
    problems = Problems()
    for key in root.data:
        with problems.caught():
            if key not in _SECTIONS:
                raise root.unknown(key, "section", _SECTIONS)
    sources = Sources(_sources(root, problems))
    with problems.caught():
        about = _about(root.table("profile", _NO_PROFILE))
    limits: tuple[Limit, ...] = ()
    with problems.caught():
        limits = read_limits(root, sources.text, problems, all_named=True)
    phases = _phases(root, sources, problems)
    baseline = None
    with problems.caught():
        if "baseline" in root:
            baseline = _baseline(root.table("baseline", ""), sources)
    said = root.data.get("phases")
    have = {name for name in PHASES if isinstance(said, dict) and name in said}  # those that do not read are there too
    with problems.caught():
        if "baseline" in have and baseline is None and "baseline" not in root:
            raise root.error("phases", "there is a baseline phase but no section [baseline]", "say when one is good")
    rules = read_rules(root, sources, problems, limits, have)
    effects, series, approval = None, None, None
    with problems.caught():
        effects = _side_effects(root.table("side_effects", "list what can be marked"), sources)
    with problems.caught():
        series = _series(root.table("series", ""), sources) if "series" in root else None
    with problems.caught():
        approval = _approval(root.table("approval", "")) if "approval" in root else None
    _unused(root, sources, problems)
    problems.settle()
    return _made(about, limits, sources, phases, baseline, rules, effects, series, approval)


def _made(
    about: tuple[str, str, str, str, str, str],
    limits: tuple[Limit, ...],
    sources: Sources,
    phases: tuple[Phase, ...],
    baseline: BaselineRule | None,
    rules: Rules,
    effects: SideEffects | None,
    series: Series | None,
    approval: Approval | None,
) -> Profile:
    return Profile(
        *about,
        limits=limits,
        sources=sources.all,
        phases=phases,
        baseline=baseline,
        relative=rules.relative,
        overrides=rules.overrides,
        saturation_index=rules.saturation_index,
        conduct=rules.conduct,
        holds=rules.holds,
        before_dose=rules.before_dose,
        before_leaving=rules.before_leaving,
        side_effects=effects,
        series=series,
        approval=approval,
    )


def _limits_file(root: Table, where: str) -> Profile:
    problems = Problems()
    for key in root.data:
        if key != "limits":
            raise root.error(key, f"there is no section [profile], and {key[:40]!r} belongs to one", _NO_PROFILE)
    if not root.data:
        raise root.error("", "the file says nothing", _NO_PROFILE)
    limits = read_limits(root, file_source(where), problems)
    problems.settle()
    return Profile("", "Limits only", "", "", "any", "clinic", limits)


def _about(table: Table) -> tuple[str, str, str, str, str, str]:
    table.only("name", "title", "version", "about", "route", "setting")
    name = table.text("name", longest=40)
    if not _is_id(name):
        raise table.error("name", f"name {name!r}", _NAME_HINT, value=True)
    return (
        name,
        table.text("title", longest=80),
        table.text("version", 'add version = "1", and count up with every change', longest=20),
        table.text("about"),
        table.word("route", ROUTES),
        table.word("setting", SETTINGS),
    )


def _is_id(name: str) -> bool:
    return 0 < len(name) <= 40 and _VALID_ID.issuperset(name) and name[0] not in "-_"


def _sources(root: Table, problems: Problems) -> tuple[Source, ...]:
    found: list[Source] = []
    with problems.caught():
        section = root.table("sources", 'add [sources] with lines such as label = "the label of ..., section 5"')
        for key in section.data:
            with problems.caught():
                if not _is_id(key):
                    raise section.error(key, f"{key[:40]!r} is no id of a source", _NAME_HINT)
                found.append(Source(key, ""))  # what names it is right, whatever its text
                found[-1] = Source(key, section.text(key))
    return tuple(found)


def _unused(root: Table, sources: Sources, problems: Problems) -> None:
    """A source that nothing names is a mistake in an id, or a rule that was lost."""
    if problems.found:  # what did not read may have named it
        return
    for source in sources.all:
        if source.id not in sources.used:
            table = root.table("sources", "")
            problems.found.append(
                table.error(source.id, f"nothing names source {source.id}", "name it, or take it out")
            )


# ------------------------------------------------------------ phases


def _phases(root: Table, sources: Sources, problems: Problems) -> tuple[Phase, ...]:
    found: dict[str, Phase] = {}
    with problems.caught():
        section = root.table("phases", "add [phases.monitoring] and what else the session goes through")
        for key in section.data:
            with problems.caught():
                if key not in PHASES:
                    raise section.unknown(key, "phase", PHASES)
                found[key] = _phase(section.table(key, f"write [phases.{key}]"), key, sources, problems)
        section.need("monitoring", "a session without a monitoring phase watches nobody")
    for phase in found.values():
        _check_dose(root.document, phase, found, problems)
    return tuple(found[name] for name in PHASES if name in found)


def _phase(table: Table, name: str, sources: Sources, problems: Problems) -> Phase:
    table.only("text", "cuff_every_min", "least_min", "most_min", "source", "observations")
    table.need("cuff_every_min", f"give minutes ({CUFF_MIN[0]} to {CUFF_MIN[1]}), or false where none starts by itself")
    if isinstance(table.data["cuff_every_min"], str):
        hint = f"give minutes ({CUFF_MIN[0]} to {CUFF_MIN[1]}), or false"
        raise table.error("cuff_every_min", "cuff_every_min is a text", hint, value=True)
    off = table.data["cuff_every_min"] is False
    every_s = None if off else table.seconds("cuff_every_min", CUFF_MIN)
    least_s, most_s = table.maybe_seconds("least_min", _SPAN_MIN), table.maybe_seconds("most_min", _SPAN_MIN)
    if least_s is not None and most_s is not None and least_s > most_s:
        said = f"least_min ({least_s / 60:g}) is more than most_min ({most_s / 60:g})"
        raise table.error("least_min", said, "the two contradict each other", value=True)
    observations: list[Observation] = []
    for row in table.rows("observations", "write [[phases.monitoring.observations]], or a list of { item = ... }"):
        with problems.caught():
            observations.append(_observation(row, sources, every_s))
    text = table.text("text")
    return Phase(name, text, every_s, sources.ids(table), tuple(observations), least_s, most_s)


def _observation(table: Table, sources: Sources, cuff_s: int | None) -> Observation:
    table.only("item", "by", "late_min", "every_min", "at_min", "once", "continuous", "since", "source")
    item = table.word("item", ITEMS)
    by = table.word("by", ("device", "person"), "device" if item in DEVICE_ITEMS else "person")
    if by == "device" and item not in DEVICE_ITEMS:
        raise table.error("by", f"no device measures {item}", 'use by = "person"', value=True)
    when = [key for key in ("every_min", "at_min", "once", "continuous") if table.data.get(key, False) is not False]
    if len(when) != 1:
        said = "says not when" if not when else f"says when in more than one way: {', '.join(when)}"
        raise table.error(
            when[1] if when else "", said, "give one of every_min, at_min, once = true, continuous = true"
        )
    every_s = table.maybe_seconds("every_min", (1, 240))
    continuous = table.flag("continuous", False)
    if continuous and (item == "blood_pressure" or by == "person"):
        said = f"{item} by a {by} is not continuous"
        raise table.error("continuous", said, "use every_min", value=True)
    at_s = _moments(table)
    since = table.word("since", ("phase", "dose"), "phase")
    if since == "dose" and not at_s:
        raise table.error("since", "since belongs to at_min", "give at_min, or take since out")
    if item == "blood_pressure" and by == "device" and every_s is not None and (cuff_s is None or cuff_s > every_s):
        cuff = "takes none by itself" if cuff_s is None else f"takes one every {cuff_s / 60:g} min"
        said = f"blood_pressure is due every {every_s / 60:g} min, and the cuff {cuff} in this phase"
        raise table.error("every_min", said, 'make cuff_every_min as short, or use by = "person"', value=True)
    late_s = table.seconds("late_min", (0.1, 120))
    once = table.flag("once", False)
    return Observation(item, by, late_s, sources.ids(table), every_s, at_s, once, continuous, since)


def _moments(table: Table) -> tuple[int, ...]:
    if "at_min" not in table:
        return ()
    value = table.data["at_min"]
    hint = "give minutes in rising order, such as at_min = [40]"
    if not isinstance(value, list) or not value or len(value) > 50:
        raise table.error("at_min", "at_min is not a list of minutes", hint, value=True)
    row = {str(number): item for number, item in enumerate(value)}
    items = Table(table.document, (*table.path, "at_min"), row, f"{table.name}, at_min")
    found: list[int] = []
    for key in row:
        try:
            found.append(items.seconds(key, _SPAN_MIN))
        except TomlError as error:
            raise table.error("at_min", error.problem.partition(": ")[2], hint, value=True) from None
    if found != sorted(set(found)):
        raise table.error("at_min", "at_min does not rise", hint, value=True)
    return tuple(found)


def _check_dose(document: Document, phase: Phase, found: dict[str, Phase], problems: Problems) -> None:
    for number, row in enumerate(phase.observations):
        if row.since == "dose" and "dosing" not in found:
            path = ("phases", phase.name, "observations", number, "since")
            problems.found.append(document.error(path, "since the dose, but there is no dosing phase", value=True))


# ------------------------------------------------------------ what else there is


def _baseline(table: Table, sources: Sources) -> BaselineRule:
    table.only(
        *("cuff_readings", "apart_min", "agree_within_mmhg", "steady_min", "spo2_within_points", "pulse_within_bpm"),
        "source",
    )
    return BaselineRule(
        cuff_readings=table.whole("cuff_readings", (2, 6)),
        apart_s=table.seconds("apart_min", (0.5, 30)),  # the board rests the cuff for 30 s
        agree_within_mmhg=table.number("agree_within_mmhg", (1, 40), "mmHg"),
        steady_s=table.seconds("steady_min", (0.1, 30)),
        spo2_within_points=table.number("spo2_within_points", (1, 10), "points"),
        pulse_within_bpm=table.number("pulse_within_bpm", (1, 60), "/min"),
        sources=sources.ids(table),
    )


def _side_effects(table: Table, sources: Sources) -> SideEffects:
    table.only("names", "severities", "source")
    hint = 'write a list, such as ["dissociation", "nausea"]'
    return SideEffects(
        table.words("names", None, hint),
        table.words("severities", None, 'write them mildest first: ["mild", "moderate", "severe"]'),
        sources.ids(table),
    )


def _series(table: Table, sources: Sources) -> Series:
    table.only("sessions", "weeks_least", "weeks_most", "follow_up_least_h", "follow_up_most_h", "source")
    weeks = table.whole("weeks_least", (1, 52)), table.whole("weeks_most", (1, 52))
    hours = table.whole("follow_up_least_h", (1, 336)), table.whole("follow_up_most_h", (1, 336))
    for key, (least, most) in (("weeks_least", weeks), ("follow_up_least_h", hours)):
        if least > most:
            raise table.error(key, f"{key} is more than {key.replace('least', 'most')}", value=True)
    return Series(table.whole("sessions", (1, 100)), *weeks, *hours, sources.ids(table))


def _approval(table: Table) -> Approval:
    hint = "take the section out and sign again with `vitalwire profile sign`"
    table.only("by", "utc", "content", "seal")
    when = table.need("utc", hint)
    if not isinstance(when, datetime) or when.tzinfo is None:
        raise table.error("utc", "utc is not a date and time with its zone", hint, value=True)
    try:
        when = when.astimezone(UTC)
    except OverflowError:
        raise table.error("utc", "utc is not a date that can be", hint, value=True) from None
    texts = [table.text(key, hint, longest=120) for key in ("by", "content", "seal")]
    return Approval(texts[0], when, texts[1], texts[2])
