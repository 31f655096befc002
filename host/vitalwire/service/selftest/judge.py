# SPDX-License-Identifier: Apache-2.0
"""Measured values -> verdicts. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from vitalwire_protocol.codec import SelftestEnd

from .catalogue import Test, Value

Verdict = Literal["passed", "failed", "not_done", "aborted"]
Result = Literal["passed", "failed", "incomplete"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One value as the board sent it; `number` is None where it could not be measured."""

    number: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test that was run or could not be. `values` by their place in the test."""

    test: Test
    verdict: Verdict
    reason: str | None = None
    values: Mapping[int, Measured] = field(default_factory=dict)

    @property
    def advice(self) -> str | None:
        """What to do, where it failed."""
        if self.verdict != "failed":
            return None
        return (
            "Take the cuff off the arm, and put it on the rigid test cylinder."
            if self.reason == PULSE
            else self.test.advice
        )


PULSE: Final = "a pulse was seen: the cuff is on a person, not on the cylinder"
_ENDS: Final[dict[int, tuple[Verdict, str]]] = {
    SelftestEnd.ABORTED: ("aborted", "it was stopped"),
    SelftestEnd.BUTTON: ("aborted", "it was stopped by button A"),
    SelftestEnd.PULSE_SEEN: ("failed", PULSE),
    SelftestEnd.SENSOR_FAULT: ("failed", "a pressure sensor did not answer, or the two disagree"),
    SelftestEnd.NOT_INFLATED: ("failed", "the pressure did not rise: no cuff, no hose, a leak or no pump"),
    SelftestEnd.OVER_PRESSURE: ("failed", "the pressure passed the limit of the controller"),
    SelftestEnd.INTERLOCK: ("failed", "the interlock tripped"),
    SelftestEnd.EXTERNAL_TRIPPED: ("failed", "the external layer tripped"),
    SelftestEnd.TIMEOUT: ("failed", "it took too long"),
    SelftestEnd.NOT_FITTED: ("not_done", "the part is not fitted"),
    SelftestEnd.SUPPLY_LOW: ("failed", "the supply is too low for the pump"),
}


def within(value: Value, measured: Measured | None) -> Literal["passed", "failed", "not_measured"]:
    """Whether one value is between its limits; the limits themselves are good."""
    if measured is None or measured.number is None:
        return "not_measured"
    low_ok = value.low is None or measured.number >= value.low
    high_ok = value.high is None or measured.number <= value.high
    return "passed" if low_ok and high_ok else "failed"


def judged(test: Test, end: int, values: Mapping[int, Measured], answer: bool | None = None) -> Outcome:
    """The outcome of a test that the board has ended with `end`. `answer`: a person's, where the test asks one.

    A value that was not measured fails it: what cannot be measured is not known to be good.
    """
    if end != SelftestEnd.DONE:
        verdict, reason = _ENDS.get(end, ("failed", f"it ended in a way that this program does not know ({end})"))
        if end == SelftestEnd.NOT_FITTED and test.inflates:
            verdict, reason = "failed", "the external safety layer is not fitted"
        return Outcome(test, verdict, reason, values)
    found = [(value, within(value, values.get(which))) for which, value in enumerate(test.values)]
    bad = [value.name for value, verdict in found if verdict == "failed"]
    absent = [value.name for value, verdict in found if verdict == "not_measured"]
    if bad or absent:
        said = [f"{_words(bad)} outside the limits"] if bad else []
        said += [f"{_words(absent)} could not be measured"] if absent else []
        return Outcome(test, "failed", ", ".join(said), values)
    if test.question is not None:
        if answer is None:
            return Outcome(test, "not_done", "nobody was there to say", values)
        if not answer:
            return Outcome(test, "failed", "the person said no", values)
    return Outcome(test, "passed", None, values)


def overall(outcomes: Iterable[Outcome], all_tests: Iterable[Test]) -> Result:
    """`failed` with any that failed; `passed` only where every test there is passed; else `incomplete`."""
    done = list(outcomes)
    if any(outcome.verdict == "failed" for outcome in done):
        return "failed"
    passed = {outcome.test.id for outcome in done if outcome.verdict == "passed"}
    return "passed" if passed >= {test.id for test in all_tests} else "incomplete"


def _words(names: list[str]) -> str:
    return " and ".join(name.replace("_", " ") for name in names)


__all__ = ["Measured", "Outcome", "Result", "Verdict", "judged", "overall", "within"]
