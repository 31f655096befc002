# SPDX-License-Identifier: Apache-2.0
"""What happens after a key: the questions that belong to it, and the action that follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...alarms.rules import LIMIT_RULES
from ...session.course_shown import CourseShown
from .dialogs import Ask, Choose, Read
from .entries import EXAMPLE, read_entry
from .panels import limits_text, words

if TYPE_CHECKING:
    from .app import LiveApp

_ANSWERED_S: Final = 1.5
"""So long is waited for what the session makes of an action."""
_YES_NO: Final = [("yes", "yes"), ("no", "no")]
_DECISIONS: Final = [("continue", "go on (give a reason)"), ("hold", "hold: wait"), ("stop", "stop")]


class Flows:
    """One method a key; each may ask on the screen of `app`, and acts through its `act`."""

    def __init__(self, app: LiveApp) -> None:
        self._app = app

    async def answers(self) -> None:
        """Check-in, ready-check and the checks that stand next: what is open first."""
        while (course := self._course()) is not None:
            choices = [(f"ready {c.id}", f"{c.text}  [{c.state}]") for c in course.ready if c.question]
            choices += [(f"answer {a.id}", f"{a.text}  [{a.answer or 'open'}]") for a in course.asks]
            choices += [
                (f"check {c.id}", f"{c.text}  [{c.state}{': ' + c.values if c.values else ''}]") for c in course.checks
            ]
            choices.sort(key=lambda choice: "open]" not in choice[1])
            said = await self._choose("What is to be answered?", choices)
            if said is None:
                return
            await self._answer(course, *said.split(" ", 1))
            await asyncio.sleep(0.3)

    async def _answer(self, course: CourseShown, kind: str, item: str) -> None:
        if kind == "answer":
            ask = next(ask for ask in course.asks if ask.id == item)
            value = await self._choose(ask.text, [(choice, words(choice)) for choice in ask.choices])
            if value is not None:
                self._app.act("answer", id=item, value=value)
            return
        check = next(c for c in (*course.ready, *course.checks) if c.id == item)
        if not check.question:
            why = await self._ask(f"{check.text}: {check.state}. {check.values}. Reason to override it?")
            if why:
                self._app.act("override", id=item, why=why)
            return
        answer = await self._choose(check.text, _YES_NO)
        if answer is not None:
            self._app.act("ready" if kind == "ready" else "check", id=item, answer=answer)

    async def phase(self) -> None:
        """To the next phase, or another one."""
        course = self._course()
        if course is None:
            return
        names = [*course.phases, "end"]
        following = course.next_phase or "end"
        names.sort(key=lambda name: name != following)
        choices = [(n, f"{words(n)}{'  (next)' if n == following else ''}") for n in names if n != course.phase]
        to = await self._choose(f"{words(course.phase).upper()}: go to which phase?", choices)
        if to is not None:
            await self._insist("phase", {"to": to}, lambda now: now is None or now.phase == to)

    async def dose(self) -> None:
        """Something was given."""
        text = await self._ask("What was given?", "esketamine 28 mg, nasal, device 1")
        if text:
            before = len(self._marks())
            await self._insist("dose", {"text": text}, lambda _now: len(self._marks()) > before)

    async def note(self) -> None:
        """A note, or a better text for an earlier mark."""
        text = await self._ask("Note", "begin with #3 to correct mark 3")
        if not text:
            return
        number, _, rest = text[1:].partition(" ")
        if text.startswith("#") and number.isdecimal() and rest:
            self._app.act("correct", number=int(number), text=rest)
        else:
            self._app.act("note", text=text)

    async def side_effect(self) -> None:
        """A side effect with its severity."""
        course = self._course()
        if course is None:
            return
        name = await self._choose("Which side effect?", [(n, n) for n in course.side_effects])
        severity = await self._choose(name, [(s, s) for s in course.severities]) if name else None
        if name is not None and severity is not None:
            self._app.act("side_effect", name=name, severity=severity)

    async def manual(self) -> None:
        """Values taken by hand."""
        text = await self._ask("Values taken by hand", EXAMPLE)
        if text:
            values, wrong = read_entry(text)
            if wrong:
                self._app.say(wrong)
            else:
                self._app.act("manual", **values)

    async def baseline(self) -> None:
        """The baseline as it stands, with a reason where it is not complete."""
        before = self._course()
        if before is not None:
            taken = before.baseline.state == "taken"
            why = await self._ask("Take the baseline anew: why?") if taken else ""
            if why is not None:
                values = {"take": True, "why": why}
                await self._insist("baseline", values, lambda now: now is None or now.baseline.state == "taken")

    async def hold(self) -> None:
        """What is decided on the advice of a hold limit."""
        course = self._course()
        open_ones = [h for h in course.holds if h.state in ("advised", "confirming")] if course else []
        if not open_ones:
            self._app.say("there is nothing to decide")
            return
        choices = [(h.id, f"{h.text}: {h.advice} advised ({h.values})") for h in open_ones]
        name = await self._choose("Decide about which?", choices) if len(choices) > 1 else choices[0][0]
        if name is None:
            return
        decision = await self._choose(next(text for value, text in choices if value == name), _DECISIONS)
        if decision is not None:
            why = await self._ask(f"{decision}: why?")
            if why:
                self._app.act("decide", id=name, decision=decision, why=why)

    async def silence(self) -> None:
        """Sound off and on, single limits off and on; each with a reason."""
        shown = self._app.shown
        if shown is None:
            return
        off = {rule for rule, _, _ in shown.audio.alarms_off}
        choices = (
            [("audio_on", "sound on")] if shown.audio.state != "on" else [("audio_off", "sound off (give a reason)")]
        )
        choices += [(f"alarm_on {rule}", f"{words(rule)}: on again") for rule in sorted(off)]
        choices += [(f"alarm_off {r}", f"{words(r)}: off for this session") for r in LIMIT_RULES if r not in off]
        said = await self._choose("Sound and limits", choices)
        if said is None:
            return
        name, _, rule = said.partition(" ")
        values = {"rule": rule} if rule else {}
        if name.endswith("_off"):
            reason = await self._ask(f"{words(said)}: why?")
            if not reason:
                return
            values["reason"] = reason
        self._app.act(name, **values)

    async def limits(self) -> None:
        """Every limit and where it comes from."""
        if self._app.shown is not None:
            await self._app.push_screen_wait(
                Read("Limits in force, and where they come from", limits_text(self._app.shown))
            )

    # ------------------------------------------------------------ inside

    def _course(self) -> CourseShown | None:
        shown = self._app.shown
        if shown is not None and shown.course is None:
            self._app.say("this session runs without a profile's phases")
        return shown.course if shown is not None else None

    def _marks(self) -> tuple[object, ...]:
        shown = self._app.shown
        return shown.course.marks if shown is not None and shown.course is not None else ()

    async def _insist(self, name: str, values: dict[str, Any], done: Callable[[CourseShown | None], bool]) -> None:
        """Acts; where the session does not follow, asks for the reason to go on all the same."""
        self._app.act(name, **values)
        waited_s = 0.0
        while waited_s < _ANSWERED_S:
            await asyncio.sleep(0.1)
            waited_s += 0.1
            shown = self._app.shown
            if shown is None or done(shown.course):
                return
        said = self._app.shown.notices[-1] if self._app.shown is not None and self._app.shown.notices else "not done"
        why = await self._ask(f"{said}\nReason to go on all the same?")
        if why:
            self._app.act(name, **{**values, "why": why})

    async def _choose(self, question: str, choices: list[tuple[str, str]]) -> str | None:
        return await self._app.push_screen_wait(Choose(question, choices))

    async def _ask(self, question: str, hint: str = "") -> str | None:
        return await self._app.push_screen_wait(Ask(question, hint))
