# SPDX-License-Identifier: Apache-2.0
"""Hold limits: a reading past one asks for a confirming reading, then for a person's decision. Never a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..course_shown import HoldShown
from ..profile import HoldLimit
from .values import Pressure

FORGIVEN_MS: Final = 30_000
"""An oximeter value that is absent for no longer than this does not begin a hold's duration anew."""


@dataclass(slots=True)
class Hold:
    """One hold limit in this session. `state` is `quiet`, `confirming`, `advised` or `decided`."""

    limit: HoldLimit
    state: str = "quiet"
    since_ms: int = 0
    values: str = ""
    confirm_ms: int | None = None
    asked: bool = False
    """The confirming reading was asked for."""
    past_ms: int | None = None
    """Since when an oximeter value has been past it."""
    seen_ms: int = 0
    decision: str = ""
    by: str = ""
    why: str = ""
    events: list[tuple[str, str]] = field(default_factory=list)
    """(state, values) that are to be recorded; taken by the caller."""

    @property
    def of_pressure(self) -> bool:
        return self.limit.sbp_above_mmhg is not None or self.limit.dbp_above_mmhg is not None

    # ------------------------------------------------------------ values

    def pressure(self, reading: Pressure) -> None:
        """A reading of the pressure."""
        if not self.of_pressure:
            return
        limit, values = self.limit, f"{reading.sbp_mmhg:g}/{reading.dbp_mmhg:g} mmHg ({reading.source})"
        past = _above(reading.sbp_mmhg, limit.sbp_above_mmhg) or _above(reading.dbp_mmhg, limit.dbp_above_mmhg)
        if self.state == "confirming":
            if self.confirm_ms is not None and reading.t_ms >= self.confirm_ms:
                self.confirm_ms = None
                self._to("advised" if past else "quiet", f"{self.values}, then {values}", reading.t_ms)
                self.events.append(("advised" if past else "dismissed", self.values))
        elif self.state in ("quiet", "decided") and past:
            if self.state == "decided" and self.past_ms is not None:
                return  # the same excursion that was decided on
            self.past_ms = reading.t_ms
            if limit.confirm_after_s is None:
                self._to("advised", values, reading.t_ms)
                self.events.append(("advised", values))
            else:
                self.confirm_ms, self.asked = reading.t_ms + limit.confirm_after_s * 1000, False
                self._to("confirming", values, reading.t_ms)
                self.events.append(("confirming", values))
        if not past and self.state != "confirming":
            self.past_ms = None

    def oximetry(self, spo2_pct: float | None, pulse_bpm: float | None, t_ms: int) -> None:
        """A reading of the oximeter; None is absent."""
        if self.of_pressure:
            return
        limit = self.limit
        value, edge = (pulse_bpm, limit.pulse_above_bpm) if limit.pulse_above_bpm is not None else (None, None)
        past = _above(value, edge)
        if limit.spo2_below_pct is not None:
            value, past = spo2_pct, spo2_pct is not None and spo2_pct < limit.spo2_below_pct
        if value is None:
            if self.past_ms is not None and t_ms - self.seen_ms > FORGIVEN_MS:
                self.past_ms = None
            return
        self.seen_ms = t_ms
        if not past:
            self.past_ms = None
            return
        if self.past_ms is None:
            self.past_ms = t_ms
            if self.state == "decided":
                self.state = "quiet"
        self.values = f"{value:g} {'%' if limit.spo2_below_pct is not None else '/min'}"
        self.advance(t_ms)

    def due_ms(self) -> int | None:
        """When time alone changes something: a duration is over, or a confirming reading is to be taken."""
        if self.state == "confirming" and not self.asked:
            return self.confirm_ms
        if not self.of_pressure and self.state == "quiet" and self.past_ms is not None:
            return self.past_ms + (self.limit.lasting_s or 0) * 1000
        return None

    def advance(self, t_ms: int) -> bool:
        """Lets time pass; True asks for a reading of the cuff now."""
        due_ms = self.due_ms()
        if due_ms is None or t_ms < due_ms:
            return False
        if self.state == "confirming":
            self.asked = True
            return True
        if due_ms - self.seen_ms > FORGIVEN_MS:
            self.past_ms = None
            return False
        self._to("advised", self.values, due_ms)
        self.events.append(("advised", f"{self.values} for {self.limit.lasting_s or 0:g} s"))
        return False

    # ------------------------------------------------------------ people

    def decide(self, decision: str, by: str, why: str) -> None:
        """What a person decides; the advice is over with it."""
        self.state, self.decision, self.by, self.why = "decided", decision, by, why
        self.confirm_ms = None

    def drop(self) -> None:
        """The phase is one in which it does not count."""
        if self.state == "confirming":
            self.state, self.confirm_ms = "quiet", None
            self.events.append(("dismissed", f"{self.values}; the phase was left before it was confirmed"))

    def shown(self) -> HoldShown | None:
        """For the screen; None where there is nothing to say."""
        if self.state == "quiet":
            return None
        limit = self.limit
        return HoldShown(
            limit.id, limit.text, limit.advice, self.state, self.since_ms, self.values, self.confirm_ms,
            self.decision, self.by, self.why,
        )  # fmt: skip

    def _to(self, state: str, values: str, t_ms: int) -> None:
        self.state, self.values, self.since_ms = state, values, t_ms
        self.decision = self.by = self.why = ""


def _above(value: float | None, edge: float | None) -> bool:
    return value is not None and edge is not None and value > edge
