# SPDX-License-Identifier: Apache-2.0
"""The full-screen program: shows the latest snapshot four times a second, and turns keys and clicks into actions."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.widgets import Digits, Footer, Static

from ...feed import Feed, Update
from ...session.snapshot import Snapshot
from . import panels
from .dialogs import Choose
from .flows import Flows
from .trends import Trends
from .wave import wave_lines

EVERY_S: Final = 0.25
"""How often the screen looks: half of the shortest flash."""
NOTICE_LINES: Final = 2
_BELL_S: Final = {"high": 5.0, "medium": 15.0, "low": 30.0}
"""Seconds from bell to bell while an alarm sounds: within the gaps of IEC 60601-1-8."""
_TRENDS: Final = (("spo2_pct", "SpO2 80-100 %"), ("pulse_bpm", "Pulse 40-140"), ("pressure", "Pressure 40-200"))
_MORE: Final = (
    ("answers", "k  answer check-in and checks"), ("phase", "p  go to another phase"), ("dose", "d  a dose was given"),
    ("manual", "m  enter values taken by hand"), ("note", "n  note, or correct a mark"),
    ("side_effect", "e  mark a side effect"), ("baseline", "b  take the baseline"), ("hold", "h  decide on advice"),
    ("silence_menu", "o  sound off, single limits off"), ("limits", "l  limits and their sources"),
    ("cuff", "c  start the cuff"), ("stop", "x  stop and empty the cuff"), ("acknowledge", "a  acknowledge alarms"),
    ("pause", "s  pause the sound"), ("interrupt", "q  end the session"),
)  # fmt: skip


class LiveApp(App[None]):
    """Reads `feed`, acts through `act(name, **values)`; `interrupt` is told of q and Ctrl-C, `folder` names the record.

    `bell`: whether the terminal's bell sounds with alarms.
    """

    CSS_PATH = "live.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "Vitalwire"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cuff", "cuff"),
        Binding("x", "stop", "stop"),
        Binding("a", "acknowledge", "ack"),
        Binding("s", "pause", "silence"),
        Binding("k", "flow('answers')", "answer"),
        Binding("d", "flow('dose')", "dose"),
        Binding("m", "flow('manual')", "enter"),
        Binding("p", "flow('phase')", "phase"),
        Binding("question_mark,f1", "more", "more", key_display="?"),
        Binding("q,ctrl+c,ctrl+q", "interrupt", "end", key_display="q", priority=False),
        Binding("n", "flow('note')", "note", show=False),
        Binding("e", "flow('side_effect')", "side effect", show=False),
        Binding("b", "flow('baseline')", "baseline", show=False),
        Binding("h", "flow('hold')", "decide", show=False),
        Binding("o", "flow('silence')", "sound", show=False),
        Binding("l", "flow('limits')", "limits", show=False),
    ]

    def __init__(
        self,
        feed: Feed,
        act: Callable[..., None],
        interrupt: Callable[[str], None],
        tick: Callable[[], None],
        folder: Callable[[], str],
        *,
        bell: bool = True,
    ) -> None:
        super().__init__()
        self._feed, self._act, self._interrupt, self._tick, self._folder = feed, act, interrupt, tick, folder
        self.shown: Snapshot | None = None
        self.question = ""
        """What the program asks at present, below the trends."""
        self._said, self._said_s = "", 0.0
        self._trends = Trends()
        self._flows = Flows(self)
        self._bell, self._belled_s = bell, 0.0

    # ------------------------------------------------------------ what is there

    def compose(self) -> ComposeResult:
        yield Static(id="header")
        yield Static(id="phase")
        yield Static(id="due")
        yield Static(id="alarms")
        with Horizontal(id="numbers"):
            for name, title in (("spo2", "SpO2 %"), ("pulse", "Pulse /min"), ("pressure", "Pressure mmHg")):
                with Vertical(id=name, classes="number"):
                    yield Static(Text(title), classes="title")
                    yield Digits("--", classes="digits")
                    yield Static(classes="about")
        yield Static(id="wave")
        with Horizontal(id="trends"):
            for field, title in _TRENDS:
                with Vertical(classes="trend"):
                    yield Static(Text(f"{title}, 30 min"), classes="title")
                    yield Static(id=f"trend_{field}", classes="plot")
        yield Static(id="notices")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(EVERY_S, self.look)

    # ------------------------------------------------------------ time

    def look(self) -> None:
        """Takes what there is, and draws. The pump is never waited for."""
        self._tick()
        updates = self._feed.take(0)
        for update in updates:
            self._trends.take(update.facts)
        if updates:
            self.shown = updates[-1].snapshot
        if self._feed.closed and not updates:
            self.exit()
        elif self.shown is not None:
            with contextlib.suppress(NoMatches):  # the parts of the screen are not all there yet, or no more
                self._draw(self.shown, time.monotonic())

    def _draw(self, shown: Snapshot, now_s: float) -> None:
        width = self.size.width
        self._put("#header", panels.header(shown, width))
        self._put("#phase", panels.phase(shown, width))
        self._put("#due", panels.due(shown, width))
        self._put("#alarms", _lines(panels.alarms(shown, now_s)))
        for name, fields, (value, about) in (
            ("#spo2", ("spo2_pct",), panels.oximetry(shown, "spo2_pct")),
            ("#pulse", ("pulse_bpm",), panels.oximetry(shown, "pulse_bpm")),
            ("#pressure", ("sbp_mmhg", "dbp_mmhg"), panels.pressure(shown)),
        ):
            self._number(name, value, about, panels.value_alarm(shown, *fields), now_s)
        self._plots(shown)
        question = self.question or (self._said if now_s - self._said_s < 6 else "")
        self._put("#notices", _lines(panels.notices(shown, question, NOTICE_LINES)))
        self._ring(shown, now_s)

    def _number(self, name: str, value: str, about: str, priority: str, now_s: float) -> None:
        panel = self.query_one(name)
        digits = panel.query_one(Digits)
        if digits.value != value:
            digits.update(value)
        self._put(f"{name} .about", Text(f"ALARM {about}" if priority else about, no_wrap=True, overflow="ellipsis"))
        for word in panels.STYLES:
            panel.set_class(word == priority and panels.lit(priority, now_s), word)

    def _plots(self, shown: Snapshot) -> None:
        wave = self.query_one("#wave")
        self._put("#wave", Text("\n".join(wave_lines(shown.wave, shown.t_ms, wave.size.width, wave.size.height))))
        for field, _ in _TRENDS:
            plot = self.query_one(f"#trend_{field}")
            lines = self._trends.lines(field, shown.t_ms, shown.limits, plot.size.width, plot.size.height)
            self._put(f"#trend_{field}", Text("\n".join(lines)))

    def _put(self, where: str, text: Text) -> None:
        """Draws only what has changed: a slow line carries it too."""
        widget = self.query_one(where, Static)
        if widget.visual is None or widget.content != text:
            widget.update(text)

    def _ring(self, shown: Snapshot, now_s: float) -> None:
        sounding = [a.priority for a in shown.alarms if a.state == "active"] if shown.audio.state == "on" else []
        worst = next((priority for priority in _BELL_S if priority in sounding), None)
        if worst is not None and self._bell and now_s - self._belled_s >= _BELL_S[worst]:
            self._belled_s = now_s
            self.bell()

    # ------------------------------------------------------------ people

    def act(self, name: str, /, **values: Any) -> None:
        """Asks the session for something."""
        self._act(name, **values)

    def say(self, text: str) -> None:
        """A sentence that stands for a moment."""
        self._said, self._said_s = text, time.monotonic()

    def action_cuff(self) -> None:
        self.act("start_cuff")

    def action_stop(self) -> None:
        self.act("stop_cuff")

    def action_acknowledge(self) -> None:
        self.act("acknowledge")

    def action_pause(self) -> None:
        self.act("silence")

    def action_interrupt(self) -> None:
        self._interrupt("q")

    def action_flow(self, name: str) -> None:
        if len(self.screen_stack) == 1:
            self.run_worker(getattr(self._flows, name)(), exclusive=True)

    async def action_more(self) -> None:
        if len(self.screen_stack) == 1:
            self.run_worker(self._more(), exclusive=True)

    async def _more(self) -> None:
        name = await self.push_screen_wait(Choose("What is to be done?", list(_MORE)))
        if name in ("cuff", "stop", "acknowledge", "pause", "interrupt"):
            getattr(self, f"action_{name}")()
        elif name is not None:
            await getattr(self._flows, "silence" if name == "silence_menu" else name)()


def _lines(texts: list[Text]) -> Text:
    """One text of lines that are cut rather than wrapped."""
    joined = Text("\n").join(texts)
    joined.no_wrap, joined.overflow = True, "ellipsis"
    return joined


__all__ = ["LiveApp", "Update"]
