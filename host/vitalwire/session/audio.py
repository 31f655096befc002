# SPDX-License-Identifier: Apache-2.0
"""The states that silence: sound paused for a time, sound off, single alarms off. Each is visible, has an end or a
reason, and is brought back to mind.

The board's sound is never off by itself: off is a pause that this program renews while it is there. Is it gone, the
sound comes back within three minutes; an alarm worse than those that were silenced is heard in spite of it.
"""

from __future__ import annotations

from typing import Any, Final

from vitalwire_protocol.codec import AudioPause

from ..alarms.rules import ALL_RULES
from ..link.commands import Command
from .facts import Fact, Happening
from .journal import Journal, clean
from .snapshot import AudioShown

SILENCING: Final = ("silence", "audio_off", "audio_on", "alarm_off", "alarm_on")
PAUSE_S: Final = 120
PAUSE_MAX_S: Final = 180
"""The board takes no longer one."""
REMIND_S: Final = 150
_RENEW_MS: Final = 150_000
_CONFIRM_MS: Final = 3000
"""A heartbeat that says otherwise so soon after a request was sent before it."""


class Audio:
    """`commands` are for the board; `off_rules` is what the limits are judged without."""

    def __init__(self, journal: Journal, pause_s: int = PAUSE_S, remind_s: int = REMIND_S) -> None:
        self._journal = journal
        self._pause_s = max(1, min(PAUSE_MAX_S, pause_s))
        self._remind_ms = remind_s * 1000
        self.commands: list[Command] = []
        self.state = "on"
        self.off_rules: dict[str, tuple[str, str]] = {}
        """Rule -> (reason, by)."""
        self._reason = self._by = ""
        self._until_ms: int | None = None
        self._renew_ms: int | None = None
        self._remind_at_ms: int | None = None
        self._asked_ms = -_CONFIRM_MS

    # ------------------------------------------------------------ people

    def perform(self, name: str, t_ms: int, given: dict[str, Any]) -> tuple[list[Fact], str | None]:
        """One of `SILENCING`. Returns the events, and the rule that was switched off or on by it, or None."""
        rule, reason, by = (clean(given.get(key)) for key in ("rule", "reason", "by"))
        if name == "silence":
            return self.toggle_pause(t_ms, by), None
        if name == "audio_off":
            return self.off(t_ms, reason, by), None
        if name == "audio_on":
            return self.on(t_ms, by), None
        before = rule in self.off_rules
        facts = self.alarm_off(rule, t_ms, reason, by) if name == "alarm_off" else self.alarm_on(rule, t_ms, by)
        return facts, rule if before != (rule in self.off_rules) else None

    def toggle_pause(self, t_ms: int, by: str) -> list[Fact]:
        """Pauses the sound for a time, or ends a pause."""
        if self.state != "on":
            return self.on(t_ms, by)
        self._until_ms = t_ms + self._pause_s * 1000
        self._ask(self._pause_s, t_ms)
        return [self._to("paused", t_ms, by, f"for {self._pause_s} s")]

    def off(self, t_ms: int, reason: str, by: str) -> list[Fact]:
        """The sound is off until somebody switches it on, or the session ends."""
        if not reason:
            return [self._refused(t_ms, "audio_off", "say why the sound is to be off", by)]
        if self.state == "off":
            return []
        self._reason, self._until_ms = reason, None
        self._ask(PAUSE_MAX_S, t_ms)
        self._renew_ms = t_ms + _RENEW_MS
        return [self._to("off", t_ms, by, reason)]

    def on(self, t_ms: int, by: str) -> list[Fact]:
        """The sound is on again."""
        if self.state == "on":
            return []
        self._ask(0, t_ms)
        return [self._to("on", t_ms, by)]

    def alarm_off(self, rule: str, t_ms: int, reason: str, by: str) -> list[Fact]:
        """One limit is not judged any more in this session. Refused without a reason, and for what is no limit."""
        if rule not in ALL_RULES:
            return [self._refused(t_ms, "alarm_off", f"{rule or 'nothing'} is no limit; technical alarms stay", by)]
        if not reason:
            return [self._refused(t_ms, "alarm_off", f"say why {rule} is to be off", by)]
        if rule in self.off_rules:
            return []
        self.off_rules[rule] = (reason, by)
        self._remind_from(t_ms)
        return [self._journal.note(t_ms, "audio", "alarm", "off", detail=f"{rule}: {reason}", by=by)]

    def alarm_on(self, rule: str, t_ms: int, by: str) -> list[Fact]:
        """The limit is judged again."""
        if self.off_rules.pop(rule, None) is None:
            return []
        return [self._journal.note(t_ms, "audio", "alarm", "on", detail=rule, by=by)]

    # ------------------------------------------------------------ the board, time

    def board_says(self, paused: bool, t_ms: int) -> list[Fact]:
        """What a heartbeat says of the board's sound: its button pauses it too, and a worse alarm ends a pause."""
        if t_ms - self._asked_ms < _CONFIRM_MS:
            return []
        if paused and self.state == "on":
            return [self._to("paused", t_ms, "", "at the board")]
        if not paused and self.state == "paused":
            return [self._to("on", t_ms, "", "the pause is over")]
        if not paused and self.state == "off":
            self._ask(PAUSE_MAX_S, t_ms)
            self._renew_ms = t_ms + _RENEW_MS
        return []

    def next_deadline(self) -> int | None:
        """When `advance` next has something to do."""
        times = (self._renew_ms, self._remind_at_ms, self._until_ms)
        return min((t for t in times if t is not None), default=None)

    def advance(self, t_ms: int) -> list[Fact]:
        """A pause ends, an off is renewed, and what silences is brought back to mind."""
        facts: list[Fact] = []
        if self._until_ms is not None and t_ms >= self._until_ms:
            facts.append(self._to("on", t_ms, "", "the pause is over"))
        if self._renew_ms is not None and t_ms >= self._renew_ms:
            self._renew_ms = t_ms + _RENEW_MS
            self.commands.append(AudioPause.request(PAUSE_MAX_S))
        if self._remind_at_ms is not None and t_ms >= self._remind_at_ms:
            self._remind_at_ms = t_ms + self._remind_ms if self.state == "off" or self.off_rules else None
            if self._remind_at_ms is not None:
                what = [f"sound off: {self._reason}"] if self.state == "off" else []
                what += [f"{rule} off: {reason}" for rule, (reason, _) in sorted(self.off_rules.items())]
                facts.append(self._journal.note(t_ms, "audio", "sound", "reminder", detail="; ".join(what)))
                self._journal.say("reminder: " + "; ".join(what))
        return facts

    def shown(self) -> AudioShown:
        """For the screen."""
        rules = tuple((rule, reason, by) for rule, (reason, by) in sorted(self.off_rules.items()))
        return AudioShown(self.state, self._until_ms, self._reason, self._by, rules)

    # ------------------------------------------------------------ inside

    def _ask(self, seconds: int, t_ms: int) -> None:
        self._asked_ms = t_ms
        self.commands.append(AudioPause.request(seconds))

    def _to(self, state: str, t_ms: int, by: str, detail: str = "") -> Happening:
        self.state, self._by = state, by
        if state != "off":
            self._renew_ms, self._reason = None, ""
        if state != "paused":
            self._until_ms = None
        if state == "off":
            self._remind_from(t_ms)
        return self._journal.note(t_ms, "audio", "sound", state, detail=detail, by=by)

    def _remind_from(self, t_ms: int) -> None:
        if self._remind_at_ms is None:
            self._remind_at_ms = t_ms + self._remind_ms

    def _refused(self, t_ms: int, name: str, why: str, by: str) -> Happening:
        self._journal.say(why)
        return self._journal.note(t_ms, "operator", name, "refused", detail=why, by=by)
