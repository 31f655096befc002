# SPDX-License-Identifier: Apache-2.0
"""The live screen of `monitor`: a snapshot in, lines of text out. Everything is in words; colour only adds to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from ..alarms.rules import LIMIT_RULES
from ..link.words import reason_text
from ..session.snapshot import AlarmShown, Snapshot

ALARM_LINES: Final = 5
_STYLE: Final = {"high": "bold white on red", "medium": "bold black on yellow", "low": "bold cyan"}
_MARK: Final = {"high": "!!!", "medium": "!! ", "low": "!  "}
_FREE_TEXT: Final = ("link_lost", "not_recorded")
"""Alarms whose detail is a sentence, perhaps with a path in it; that of the others is words of the protocol."""
KEYS: Final = "c start cuff   x stop cuff   a acknowledge   s silence 2 min   q quit"


def span(ms: float) -> str:
    """`0:07`, `12:34`, `1:02:03`: a time span in minutes and seconds, hours where there are any."""
    seconds = max(0, int(ms // 1000))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def clock_time(utc_ms: int) -> str:
    """Local time of day, as on the wall; the header names the zone."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")


def number(value: float | None, places: int = 0) -> str:
    return "--" if value is None else f"{value:.{places}f}"


def words(name: str) -> str:
    return name.replace("_", " ")


class Screen:
    """Draws snapshots to a terminal. A terminal that is gone stops the drawing, never the session."""

    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self.question = ""
        """What the program asks at present, on the last line."""
        self._console = Console()
        self._live = Live(console=self._console, screen=True, auto_refresh=False, redirect_stderr=False)
        self._broken = False

    def __enter__(self) -> Screen:
        self._live.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._live.stop()
        except OSError:
            self._broken = True

    def draw(self, snapshot: Snapshot, speed: float | None = None) -> None:
        """Shows `snapshot`; `speed` is simulated seconds a second, where the session is simulated."""
        if self._broken:
            return
        try:
            size = self._console.size
            lines = picture(snapshot, self.folder, self.question, size.width, speed, size.height)
            self._live.update(Group(*lines), refresh=True)
        except OSError:  # the terminal is gone, the session goes on
            self._broken = True


def picture(
    shown: Snapshot, folder: str, question: str, width: int = 80, speed: float | None = None, height: int = 24
) -> list[Text | Rule]:
    """The whole screen as lines that fit."""
    lines: list[Text | Rule] = [*_header(shown, width), Rule(style="dim")]
    if shown.not_recorded:
        lines.append(Text(f"NOT RECORDED: {shown.not_recorded}", style="bold white on red"))
    lines += _alarms(shown)
    lines.append(Rule(style="dim"))
    lines += _numbers(shown)
    lines += [Text(""), *_cuff(shown), _cuff_now(shown), Rule(style="dim")]
    lines += _foot(shown, folder, speed)
    lines.append(Text(question, style="bold reverse") if question else Text(KEYS, style="dim"))
    return _shortened(lines, width, height)


def _shortened(lines: list[Text | Rule], width: int, height: int) -> list[Text | Rule]:
    """What fits on a low screen: empty lines go first, then rules, then what a long line would wrap to, then what
    stands lowest but for the last line."""

    def rows() -> int:
        return sum(
            1 if isinstance(line, Rule) or line.no_wrap else -(-max(1, line.cell_len) // width) for line in lines
        )

    if rows() > height:
        lines = [line for line in lines if not isinstance(line, Text) or line.plain]
    if rows() > height:
        lines = [line for line in lines if not isinstance(line, Rule)]
    if rows() > height:
        for line in lines:
            if isinstance(line, Text):
                line.no_wrap, line.overflow = True, "ellipsis"
    return lines if len(lines) <= height else [*lines[: max(0, height - 1)], lines[-1]]


def _header(shown: Snapshot, width: int) -> Iterator[Text]:
    where = shown.bed or "no bed label"
    left = f"Vitalwire  {where}  {shown.board}  {shown.firmware}"
    zone = datetime.fromtimestamp(shown.utc_ms / 1000, UTC).astimezone().strftime("%H:%M:%S %Z")
    marks = (("SIMULATED  ", shown.simulated), ("UNCALIBRATED  ", shown.uncalibrated))
    mark = "".join(text for text, so in marks if so)
    free = width - len(left) - len(mark) - len(zone)
    line = Text(left, style="bold", no_wrap=free > 0)
    if free <= 0:  # the marks and the time never give way to a long label
        yield line
        line = Text(no_wrap=True)
        free = width - len(mark) - len(zone)
    line.append(" " * max(1 if line.plain else 0, free))
    line.append(mark, style="bold magenta")
    line.append(zone)
    yield line


def _alarms(shown: Snapshot) -> Iterator[Text]:
    for alarm in shown.alarms[:ALARM_LINES]:
        yield _alarm(alarm, shown.t_ms)
    hidden = len(shown.alarms) - ALARM_LINES
    if hidden > 0:
        yield Text(f"    and {hidden} more", style="bold")
    if not shown.alarms:
        yield Text("    no alarm", style="green")
    if shown.audio_paused:
        yield Text("    SOUND PAUSED", style="bold")


def _alarm(alarm: AlarmShown, t_ms: int) -> Text:
    rule = LIMIT_RULES.get(alarm.name)
    said = alarm.text
    if rule is not None and alarm.limit is not None:  # the value itself is among the numbers below
        said += f" (limit {alarm.limit:g} {rule.unit})"
    elif alarm.detail:
        texts = [alarm.detail] if alarm.name in _FREE_TEXT else map(reason_text, alarm.detail.split(", "))
        said += f": {', '.join(texts)}"
    seen = ", acknowledged" if alarm.state == "acknowledged" else ""
    style = _STYLE.get(alarm.priority, "bold") if not seen else "bold"
    line = Text(f"{_MARK.get(alarm.priority, '   ')} {alarm.priority.upper():6} {said}", style=style)
    line.append(f"  {span(t_ms - alarm.since_ms)}{seen}", style="none")
    return line


def _numbers(shown: Snapshot) -> Iterator[Text]:
    now = shown.oximetry
    if now is None:
        why = words(shown.link) if shown.link != "up" else "no current reading"
        for name, unit in (("SpO2", "%"), ("Pulse", "/min")):
            yield _value(name, "--", unit, why)
        yield Text("")
        return
    age = f"{max(0, shown.t_ms - now.t_ms) / 1000:.0f} s ago"
    beside = f"quality {number(now.quality)}   {age}"
    yield _value("SpO2", number(now.spo2_pct), "%", _note(now.spo2_pct, now.spo2_reason, beside))
    yield _value("Pulse", number(now.pulse_bpm), "/min", _note(now.pulse_bpm, now.pulse_reason, beside))
    perfusion = _note(now.perfusion_pct, now.perfusion_reason, "")
    yield Text(f"  Perfusion {number(now.perfusion_pct, 1):>7} %       {perfusion}".rstrip(), style="dim")


def _note(value: float | None, reason: str, beside: str) -> str:
    """Why a value is absent; or what stands beside it, and first what makes it doubtful."""
    if value is None:
        return reason_text(reason)
    return beside if reason == "ok" else f"{reason_text(reason)}   {beside}".rstrip()


def _value(name: str, value: str, unit: str, note: str) -> Text:
    line = Text(f"  {name:9}", no_wrap=True)
    line.append(f"{value:>8}", style="bold" if value != "--" else "dim")
    line.append(f" {unit:6}")
    line.append(f"  {note}", style="dim")
    return line


def _cuff(shown: Snapshot) -> Iterator[Text]:
    cuff = shown.cuff
    if cuff is None:
        yield _value("Pressure", "--/--", "mmHg", "no reading yet")
        yield Text("")
        return
    note = f"mean {number(cuff.map_mmhg)}   pulse {number(cuff.pulse_bpm)}   quality {number(cuff.quality)}"
    if cuff.outcome != "ok":
        note = f"{reason_text(cuff.outcome)}   {note}" if cuff.sbp_mmhg is not None else reason_text(cuff.outcome)
    yield _value("Pressure", f"{number(cuff.sbp_mmhg)}/{number(cuff.dbp_mmhg)}", "mmHg", note)
    doubts = f"   {', '.join(map(words, cuff.doubts))}" if cuff.doubts else ""
    yield Text(f"{'':28}at {clock_time(cuff.utc_ms)}, {span(shown.t_ms - cuff.t_ms)} ago{doubts}", style="dim")


def _cuff_now(shown: Snapshot) -> Text:
    line = Text("  Cuff      ", no_wrap=True)
    if shown.cuff_phase and shown.cuff_phase != "idle":
        pressure = "" if shown.cuff_pressure_mmhg is None else f" {shown.cuff_pressure_mmhg:.0f} mmHg"
        line.append(f"{words(shown.cuff_phase)}{pressure}", style="bold")
    else:
        line.append("idle")
    if shown.next_cuff_t_ms is not None:
        left_ms = shown.next_cuff_t_ms - shown.t_ms
        line.append(f"   next reading in {span(left_ms)}" if left_ms >= 0 else "   next reading is due")
    elif shown.every_s is None:
        line.append("   no interval: press c")
    return line


def _foot(shown: Snapshot, folder: str, speed: float | None) -> Iterator[Text]:
    length_ms = None if shown.ends_t_ms is None else shown.ends_t_ms - shown.started_t_ms
    elapsed_ms = shown.t_ms - shown.started_t_ms
    line = f"{span(elapsed_ms)}" + (f" of {span(length_ms)}" if length_ms else "")
    if length_ms and speed is not None:
        line += "  " + bar(elapsed_ms / length_ms)
    if speed is not None:
        line += f"  {speed:.0f} times as fast as life"
    yield Text(line, no_wrap=True)
    lost = f", {shown.frames_lost} frames lost" if shown.frames_lost else ""
    detail = f" ({shown.link_detail})" if shown.link_detail else ""
    limits = "limits unsigned" if shown.unsigned else "limits signed"
    if shown.profile:
        limits = f"profile {shown.profile}"
    yield Text(f"link {shown.link}{detail}{lost}   board {shown.guard}   {limits}")
    if not shown.not_recorded:
        yield Text(f"recording in {folder}", style="dim", no_wrap=True, overflow="ellipsis")
    for notice in shown.notices[-2:]:
        yield Text(notice, style="italic", no_wrap=True, overflow="ellipsis")


def bar(done: float, width: int = 24) -> str:
    """A progress bar of plain characters."""
    full = round(max(0.0, min(1.0, done)) * width)
    return f"[{'#' * full}{'.' * (width - full)}] {max(0.0, min(1.0, done)) * 100:3.0f} %"
