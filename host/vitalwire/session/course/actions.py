# SPDX-License-Identifier: Apache-2.0
"""What people do in a session's course. What cannot be done is refused in words and recorded as that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..facts import Fact, Vitals
from ..journal import clean
from .checks import Answer, judge
from .marks import VITAL_FIELDS, read_manual

if TYPE_CHECKING:
    from ..course_shown import CheckShown
    from .course import Course

END: Final = "end"
"""The step after the last phase: the patient leaves."""
_DECISIONS: Final = ("continue", "hold", "stop")


class _RefusedError(Exception):
    """Why something cannot be done, in a sentence."""


class Actions:
    """Performs one action after the other on `course`."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._do: dict[str, Callable[[int, dict[str, Any], str], list[Fact]]] = {
            "ready": self._ready,
            "answer": self._answer,
            "check": self._check,
            "override": self._override,
            "phase": self._phase,
            "baseline": self._baseline,
            "dose": self._dose,
            "note": self._note,
            "correct": self._correct,
            "side_effect": self._side_effect,
            "manual": self._manual,
            "decide": self._decide,
        }

    def perform(self, name: str, t_ms: int, given: dict[str, Any]) -> list[Fact] | None:
        """The facts that it causes; None where it is none of these."""
        do = self._do.get(name)
        if do is None:
            return None
        by = clean(given.get("by")) or self._course.by
        try:
            return do(t_ms, given, by)
        except _RefusedError as refused:
            self._course.journal.say(str(refused))
            return [self._course.note(t_ms, "operator", name, "refused", by, str(refused))]

    # ------------------------------------------------------------ check-in

    def _ready(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        if given.get("id") != "buzzer":
            raise _RefusedError("only the buzzer is answered by a person; the rest is looked at")
        yes = _yes(given)
        self._course.checkin.buzzer = (yes, by)
        return [self._course.note(t_ms, "ready", "buzzer", "heard" if yes else "not heard", by)]

    def _answer(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, item, value = self._course, clean(given.get("id")), clean(given.get("value"))
        why = course.checkin.refusal(item, value)
        if why:
            raise _RefusedError(why)
        before = course.checkin.value(item)
        course.checkin.answers[item] = (value, by)
        if item == "oxygen":
            course.values.room_air = value == "room_air"
        course.wants.append(("same_limb", course.checkin.same_limb))
        return [course.note(t_ms, "answer", item, value, by, f"before: {before}" if before else "")]

    # ------------------------------------------------------------ checks and phases

    def _check(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        check = self._find(given)
        if check.kind != "question":
            raise _RefusedError(
                f"{check.id} is decided by values, not by an answer; it can be overridden with a reason"
            )
        self._course.answers[check.id] = Answer(_yes(given), by, clean(given.get("why")))
        return [self._check_event(judge(check, self._course.known(t_ms), self._course.answers[check.id]), t_ms, by)]

    def _override(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        check, why = self._find(given), clean(given.get("why"))
        if not why:
            raise _RefusedError(f"say why {check.id} does not hold you")
        before = self._course.answers.get(check.id)
        yes = before.yes if before is not None else False
        self._course.answers[check.id] = Answer(yes, by, why, override=True)
        return [self._check_event(judge(check, self._course.known(t_ms), self._course.answers[check.id]), t_ms, by)]

    def _phase(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        return self._go(clean(given.get("to")), t_ms, by, clean(given.get("why")))

    def _go(self, to: str, t_ms: int, by: str, why: str) -> list[Fact]:
        """To another phase, or to the end. What speaks against it asks for a reason, and stays in the record."""
        course, phases = self._course, self._course.phases
        if to != END and to not in phases.names:
            raise _RefusedError(f"there is no phase {to[:40]!r}; there are {', '.join(phases.names)}, {END}")
        if to == phases.name:
            raise _RefusedError(f"the session is in {to} already")
        against, checks = self._against(to, t_ms)
        facts: list[Fact] = [self._check_event(check, t_ms, check.by) for check in checks]
        if against and not why:
            said = "; ".join(against)
            if to == END:
                facts.append(course.note(t_ms, "discharge", "discharge", "not_yet", by, said))
            course.journal.say(f"not yet: {said}. Give a reason to go on all the same")
            name = "operator"
            return [*facts, course.note(t_ms, name, "phase", "refused", by, f"{to}: {said}")]
        reason = f"{why}; against: {'; '.join(against)}" if against else why
        if to == END:
            course.wants.append(("end", "discharge"))
            return [*facts, course.note(t_ms, "discharge", "discharge", "done", by, reason)]
        return facts + course.enter(to, t_ms, by, reason)

    def _against(self, to: str, t_ms: int) -> tuple[list[str], list[CheckShown]]:
        """What speaks against going there, and the checks that were looked at."""
        course, phases = self._course, self._course.phases
        against: list[str] = []
        order = (*phases.names, END)
        if order.index(to) < order.index(phases.name):
            against.append(f"{to} comes before {phases.name}")
        elif order.index(to) > order.index(phases.name) + 1:
            skipped = order[order.index(phases.name) + 1 : order.index(to)]
            against.append(f"{', '.join(skipped)} not gone through")
        least_ms = phases.least_ms()
        if least_ms is not None and t_ms < least_ms:
            asked, passed = (least_ms - phases.since_ms) / 60_000, (t_ms - phases.since_ms) / 60_000
            against.append(f"{phases.name} lasts {passed:.0f} min so far, {asked:g} asked")
        if phases.name == "check_in" and order.index(to) > 0:
            against += [f"{item} not answered" for item in course.checkin.open]
            ready = course.checkin.ready(course.equipment)
            against += [f"not ready: {item.text.lower()}" for item in ready if item.state != "passed"]
        checks: list[CheckShown] = []
        gives = phases.before_dose and order.index(to) >= _place(order, "dosing")
        for asked_for, rules in ((gives, course.profile.before_dose), (to == END, course.profile.before_leaving)):
            if asked_for:
                found = [judge(check, course.known(t_ms), course.answers.get(check.id)) for check in rules]
                checks += found
                against += [_sentence(check) for check in found if check.state in ("open", "failed")]
        return against, checks

    def _check_event(self, check: CheckShown, t_ms: int, by: str) -> Fact:
        said = check.values + (f"; {check.why}" if check.why else "")
        return self._course.note(t_ms, "check", check.id, check.state, by, said)

    def _find(self, given: dict[str, Any]) -> Any:
        profile, name = self._course.profile, clean(given.get("id"))
        for check in (*profile.before_dose, *profile.before_leaving):
            if check.id == name:
                return check
        raise _RefusedError(f"there is no check {name[:40]!r}")

    # ------------------------------------------------------------ baseline, holds

    def _baseline(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, why = self._course, clean(given.get("why"))
        values = course.baseline.look(course.values)
        if values is not None:
            return course.take_baseline(values, t_ms, by)
        latest = course.baseline.latest(course.values)
        if not why:
            raise _RefusedError(f"the baseline is not complete: {course.baseline.missing}. Give a reason to take it so")
        if not latest:
            raise _RefusedError("nothing was measured yet that could be a baseline")
        return course.take_baseline(latest, t_ms, by, f"{course.baseline.missing}; {why}")

    def _decide(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, name = self._course, clean(given.get("id"))
        hold = next((hold for hold in course.holds if hold.limit.id == name), None)
        decision, why = clean(given.get("decision")), clean(given.get("why"))
        if hold is None or hold.state not in ("advised", "confirming"):
            raise _RefusedError(f"there is nothing to decide about {name[:40]!r}")
        if decision not in _DECISIONS:
            raise _RefusedError(f"{decision[:40]!r} is none of {', '.join(_DECISIONS)}")
        if decision == "continue" and not why:
            raise _RefusedError(f"say why it goes on in spite of: {hold.limit.text}")
        hold.decide(decision, by, why)
        return [course.note(t_ms, "hold", name, "decided", by, decision + (f": {why}" if why else ""))]

    # ------------------------------------------------------------ marks

    def _dose(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, text, unit = self._course, clean(given.get("text")), clean(given.get("unit"))
        amount = _amount(given)
        said = " ".join(part for part in (text, "" if amount is None else f"{amount:g}", unit) if part) or "dose"
        facts: list[Fact] = []
        if "dosing" in course.phases.names and course.phases.before_dose:
            facts = self._go("dosing", t_ms, by, clean(given.get("why")))
            if course.phases.name != "dosing":
                return [*facts, course.note(t_ms, "operator", "dose", "refused", by, said)]
        mark = course.marks.add("dose", t_ms, said, by)
        course.dose(t_ms)
        facts.append(course.note(t_ms, "dose", "dose", "given", by, f"#{mark.number} {said}", value=amount))
        return facts + course.advance(t_ms)

    def _note(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        text = clean(given.get("text") or given.get("detail"))
        if not text:
            raise _RefusedError("a note without a text is none")
        mark = self._course.marks.add("note", t_ms, text, by)
        return [self._course.note(t_ms, "note", "note", "made", by, f"#{mark.number} {text}")]

    def _correct(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, text = self._course, clean(given.get("text"))
        number = given.get("number")
        if not text:
            raise _RefusedError("say what it is to be")
        mark = course.marks.correct(number, text, t_ms, by) if isinstance(number, int) else None
        if mark is None:
            raise _RefusedError(f"there is no mark {str(number)[:20]} that could be corrected")
        return [course.note(t_ms, mark.kind, mark.kind, "corrected", by, f"#{mark.number} {mark.text}")]

    def _side_effect(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course, name, severity = self._course, clean(given.get("name")), clean(given.get("severity"))
        effects = course.profile.side_effects
        names, severities = (effects.names, effects.severities) if effects else ((), ())
        if name not in names:
            raise _RefusedError(
                f"{name[:40]!r} is not in the list: {', '.join(names)}. Make a note of what else there is"
            )
        if severity not in severities:
            raise _RefusedError(f"{severity[:40]!r} is none of {', '.join(severities)}")
        mark = course.marks.add("side_effect", t_ms, f"{name}, {severity}", by)
        facts = [course.note(t_ms, "side_effect", name, severity, by, f"#{mark.number}")]
        return facts + (course.observed(name, t_ms, f"manual by {by}") if name == "dissociation" else [])

    def _manual(self, t_ms: int, given: dict[str, Any], by: str) -> list[Fact]:
        course = self._course
        values, why = read_manual(given)
        if why:
            raise _RefusedError(why)
        mark = course.marks.add("manual", t_ms, ", ".join(f"{k} {v:g}" for k, v in values.items()), by)
        facts: list[Fact] = []
        vital: dict[str, Any] = {field: values[field] for field in VITAL_FIELDS if field in values}
        if vital:
            utc_ms = t_ms + course.journal.offset_ms
            row = Vitals(t_ms, utc_ms, "manual", **vital, flags=course.flags)
            facts += [row, *course.vitals(row, by)]
        for field, value in values.items():
            facts.append(course.note(t_ms, "manual", field, "entered", by, f"#{mark.number}", value=value))
            if field not in VITAL_FIELDS:
                facts += course.observed(field, t_ms, f"manual by {by}")
        return facts


def _yes(given: dict[str, Any]) -> bool:
    answer = clean(given.get("answer"))
    if answer not in ("yes", "no"):
        raise _RefusedError(f"{answer[:40]!r} is neither yes nor no")
    return answer == "yes"


def _amount(given: dict[str, Any]) -> float | None:
    amount = given.get("amount")
    if amount in (None, ""):
        return None
    try:
        value = float(str(amount).replace(",", "."))
    except ValueError:
        raise _RefusedError(f"{str(amount)[:40]!r} is no amount") from None
    if not 0 < value < 1e6:
        raise _RefusedError(f"{value:g} is no amount that could be given")
    return value


def _place(order: tuple[str, ...], name: str) -> int:
    """Where a phase stands; behind everything where the profile has none."""
    return order.index(name) if name in order else next((i for i, n in enumerate(order) if n in _AFTER), len(order))


_AFTER: Final = ("monitoring", "recovery", "discharge", END)


def _sentence(check: CheckShown) -> str:
    said = f" ({check.values})" if check.values and check.values not in ("yes", "no") else ""
    return f"{check.text}{' not answered' if check.state == 'open' else said} - {check.advice}"
