# SPDX-License-Identifier: Apache-2.0
"""What stands in each part of the screen: a snapshot in, styled text out. Everything is in words; colour only adds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from ...alarms.rules import ALL_RULES, SHOW_MAX_MS
from ...link.words import reason_text
from ...session.course_shown import CourseShown, DueShown
from ...session.snapshot import AlarmShown, Snapshot

ALARM_LINES: Final = 4
STYLES: Final = {"high": "bold white on red", "medium": "bold black on yellow", "low": "bold cyan"}
MARKS: Final = {"high": "!!!", "medium": "!! ", "low": "!  "}
PERIODS_S: Final = {"high": 0.5, "medium": 1.6}
"""One flash of a high alarm (2 Hz) and of a medium one (0.6 Hz); a low one is steady (IEC 60601-1-8)."""
_LINK: Final = {
    "connecting": "connecting",
    "silent": "board silent",
    "down": "board not heard",
    "stopped": "board stopped",
}
_FREE_TEXT: Final = ("link_lost", "not_recorded")


def span(ms: float) -> str:
    """`0:07`, `12:34`, `1:02:03`: minutes and seconds, hours where there are any."""
    seconds = max(0, int(ms // 1000))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def number(value: float | None, places: int = 0) -> str:
    """The value, or two dashes where there is none."""
    return "--" if value is None else f"{value:.{places}f}"


def words(name: str) -> str:
    """A name of the record as words."""
    return name.replace("_", " ")


# ---------------------------------------------------------------- header and phase


def header(shown: Snapshot, width: int) -> Text:
    """Who, where, which board; the marks and the time never give way to a long label."""
    zone = datetime.fromtimestamp(shown.utc_ms / 1000, UTC).astimezone().strftime("%H:%M:%S %Z")
    marks = [
        word
        for word, so in (
            ("SIMULATED", shown.simulated),
            ("UNSIGNED", shown.unsigned),
            ("UNCALIBRATED", shown.uncalibrated),
            ("CAL OVERDUE", bool(shown.calibration_overdue)),
        )
        if so
    ]
    right = "  ".join([*marks, zone])
    course = shown.course
    who = f"{course.patient}  by {course.by}" if course else ""
    left = "  ".join(part for part in (shown.bed or "no bed label", who, shown.board) if part)
    line = Text(no_wrap=True, overflow="crop")
    room = max(8, width - len(right) - 2)
    line.append(left[:room].ljust(room + 2), style="bold")
    line.append(right, style="bold magenta" if marks else "bold")
    return line


def phase(shown: Snapshot, width: int) -> Text:
    """The phase and what bounds it; without one how long the session has lasted."""
    course = shown.course
    line = Text(no_wrap=True, overflow="ellipsis")
    if course is None:
        line.append(f"session {span(shown.t_ms - shown.started_t_ms)}", style="bold")
        line.append(f"   guard: {shown.guard}   {shown.profile or 'limits only'}")
        return line
    place = course.phases.index(course.phase) + 1 if course.phase in course.phases else 0
    line.append(f"{words(course.phase).upper()} {place}/{len(course.phases)}", style="bold reverse")
    line.append(f" {span(shown.t_ms - course.phase_since_ms)}", style="bold")
    if course.least_t_ms is not None and shown.t_ms < course.least_t_ms:
        line.append(f"  at least {span(course.least_t_ms - shown.t_ms)} more")
    if course.most_t_ms is not None:
        left_ms = course.most_t_ms - shown.t_ms
        line.append(f"  at most {span(left_ms)} more" if left_ms > 0 else "  LONGER THAN PLANNED")
    if course.first_dose_t_ms is not None:
        line.append(f"  {span(shown.t_ms - course.first_dose_t_ms)} since dose", style="bold")
    line.append(f"  guard: {shown.guard}")
    line.truncate(width)
    return line


def due(shown: Snapshot, width: int) -> Text:
    """What is asked, due and coming: the most urgent first."""
    line = Text(no_wrap=True, overflow="ellipsis")
    course = shown.course
    parts: list[tuple[str, str]] = []
    if course is not None:
        parts = _asked(course)
        parts += [_due(one, shown.t_ms) for one in course.dues]
    if shown.next_cuff_t_ms is not None:
        parts.append((f"cuff in {span(shown.next_cuff_t_ms - shown.t_ms)}", ""))
    for at, (text, style) in enumerate(parts):
        line.append("  " if at else "")
        line.append(text, style=style)
    line.truncate(width)
    return line


def _asked(course: CourseShown) -> list[tuple[str, str]]:
    found = []
    if course.phase == "check_in":
        missing = sum(ask.answer is None for ask in course.asks)
        if missing:
            found.append((f"{missing} QUESTIONS OPEN: k", "bold reverse"))
    for hold in course.holds:
        if hold.state == "advised":
            found.append((f"{hold.advice.upper()} ADVISED, DECIDE: h", "bold white on red"))
        elif hold.state == "confirming":
            found.append(("confirming reading comes", "bold"))
    return found


def _due(one: DueShown, t_ms: int) -> tuple[str, str]:
    if one.state == "interrupted":
        return f"{one.text} INTERRUPTED", "bold reverse"
    assert one.due_t_ms is not None
    if one.state == "due":
        hint = ": m" if one.by == "person" else ""
        return f"{one.text} DUE{hint}", "bold reverse"
    return f"{one.text} in {span(one.due_t_ms - t_ms)}", ""


# ---------------------------------------------------------------- alarms


def lit(priority: str, now_s: float) -> bool:
    """Whether a flashing alarm is in its bright half."""
    period_s = PERIODS_S.get(priority)
    return period_s is None or now_s % period_s < period_s / 2


def alarms(shown: Snapshot, now_s: float) -> list[Text]:
    """At most `ALARM_LINES` lines: every alarm with its state, and what silences."""
    lines = [_alarm(alarm, shown.t_ms, now_s) for alarm in shown.alarms[:ALARM_LINES]]
    hidden = len(shown.alarms) - ALARM_LINES
    if hidden > 0:
        lines[-1] = Text(f"    and {hidden + 1} more", style="bold")
    if not lines:
        lines.append(Text("    no alarm"))
    silent = audio(shown)
    if silent:
        lines[0] = Text.assemble(lines[0], "   ", (silent, "bold reverse"))
    return lines


def audio(shown: Snapshot) -> str:
    """What silences at present, in words; empty where nothing does."""
    state = shown.audio
    said = []
    if state.state == "paused":
        left = f" {span(state.until_t_ms - shown.t_ms)}" if state.until_t_ms is not None else ""
        said.append(f"SOUND PAUSED{left}")
    if state.state == "off":
        said.append("SOUND OFF")
    if state.alarms_off:
        said.append("OFF: " + ", ".join(words(rule) for rule, _, _ in state.alarms_off))
    return "  ".join(said)


def _alarm(alarm: AlarmShown, t_ms: int, now_s: float) -> Text:
    rule = ALL_RULES.get(alarm.name)
    said = alarm.text
    if rule is not None and alarm.value is not None:
        said += f" {alarm.value:g}"
    if rule is not None and alarm.limit is not None:
        said += f" (limit {alarm.limit:g} {rule.unit})"
    elif alarm.detail and rule is None:
        texts = [alarm.detail] if alarm.name in _FREE_TEXT else map(reason_text, alarm.detail.split(", "))
        said += f": {', '.join(texts)}"
    state = "".join(
        word
        for word, so in (
            (", over, acknowledge it", alarm.latched),
            (", nobody answered", alarm.escalated),
            (", acknowledged", alarm.state == "acknowledged"),
        )
        if so
    )
    bright = alarm.state != "acknowledged" and lit(alarm.priority, now_s)
    style = STYLES.get(alarm.priority, "bold") if bright else "bold"
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{MARKS.get(alarm.priority, '   ')} {alarm.priority.upper():6} {said}", style=style)
    line.append(f"  {span(t_ms - alarm.since_ms)}{state}")
    return line


# ---------------------------------------------------------------- numbers


def value_alarm(shown: Snapshot, *fields: str) -> str:
    """The worst priority of an alarm about one of these fields that nobody has acknowledged, or empty."""
    for alarm in shown.alarms:
        rule = ALL_RULES.get(alarm.name)
        if rule is not None and rule.field in fields and alarm.state != "acknowledged":
            return alarm.priority
    return ""


def oximetry(shown: Snapshot, field: str) -> tuple[str, str]:
    """The number of SpO2 or pulse, and the note below it: why there is none, or its age and quality."""
    now = shown.oximetry
    if now is None or shown.t_ms - now.t_ms > SHOW_MAX_MS:
        return "--", _LINK.get(shown.link, "no current reading")
    value, reason = (now.spo2_pct, now.spo2_reason) if field == "spo2_pct" else (now.pulse_bpm, now.pulse_reason)
    if value is None:
        return "--", reason_text(reason)
    age_s = max(0, shown.t_ms - now.t_ms) / 1000
    beside = f"{age_s:.0f} s ago, Q {number(now.quality)}"
    return number(value), beside if reason == "ok" else f"{reason_text(reason)}, {beside}"


def pressure(shown: Snapshot) -> tuple[str, str]:
    """The last pressure, and the note below it with its age; a reading without a result says why."""
    cuff = shown.cuff
    if shown.cuff_phase and shown.cuff_phase not in ("idle", "resting"):
        now = f"{words(shown.cuff_phase)} {number(shown.cuff_pressure_mmhg)} mmHg"
    else:
        now = ""
    if cuff is None:
        return "--/--", now or "no reading yet"
    text = f"{number(cuff.sbp_mmhg)}/{number(cuff.dbp_mmhg)}"
    if cuff.outcome != "ok" and cuff.sbp_mmhg is None:
        return text, now or f"{reason_text(cuff.outcome)}, {span(shown.t_ms - cuff.t_ms)} ago"
    mean = f"mean {number(cuff.map_mmhg)}, "
    return text, now or f"{mean}{span(shown.t_ms - cuff.t_ms)} ago, Q {number(cuff.quality)}"


def notices(shown: Snapshot, question: str, lines: int) -> list[Text]:
    """What was said last; what the program asks stands first."""
    found = [Text(question, style="bold reverse", no_wrap=True)] if question else []
    if shown.not_recorded:
        found.append(Text(f"NOT RECORDED: {shown.not_recorded}", style="bold white on red", no_wrap=True))
    if shown.link != "up" and shown.link_detail:
        found.append(Text(f"{words(shown.link)}: {shown.link_detail}", style="bold", no_wrap=True, overflow="ellipsis"))
    room = max(0, lines - len(found))
    last = shown.notices[-room:] if room else ()
    return [*found, *(Text(text, no_wrap=True, overflow="ellipsis") for text in last)][:lines]


def limits_text(shown: Snapshot) -> Text:
    """Every limit in force with where it comes from."""
    text = Text()
    for limit in shown.limits:
        rule = ALL_RULES[limit.rule]
        text.append(f"{words(limit.rule):10} {limit.threshold:g} {rule.unit}", style="bold")
        text.append(f"  after {limit.delay_s:g} s, {limit.priority}\n           {limit.source}\n")
    return text
