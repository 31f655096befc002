# SPDX-License-Identifier: Apache-2.0
"""The phases of a session: which it is in since when, what bounds it, and which checks stand before the next step."""

from __future__ import annotations

from ..profile import Check, Phase, Profile


class Phases:
    """`name` is empty before the first one. `dosing_end_ms` is when dosing was left last."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.names = tuple(phase.name for phase in profile.phases)
        self.name = ""
        self.since_ms = 0
        self.dosing_end_ms: int | None = None
        self._phase: Phase | None = None
        self._overdue_told = False

    @property
    def text(self) -> str:
        return self._phase.text if self._phase else ""

    @property
    def cuff_every_s(self) -> int | None:
        return self._phase.cuff_every_s if self._phase else None

    @property
    def next(self) -> str | None:
        """The phase that comes by the plan, or None after the last."""
        at = self.names.index(self.name) + 1 if self.name in self.names else 0
        return self.names[at] if at < len(self.names) else None

    @property
    def before_dose(self) -> bool:
        """Whether no phase of dosing has been entered yet."""
        return self.name in ("", "check_in", "baseline")

    def enter(self, name: str, t_ms: int) -> Phase:
        """Goes to another phase."""
        if self.name == "dosing":
            self.dosing_end_ms = t_ms
        phase = self._profile.phase(name)
        assert phase is not None, "the caller has looked"
        self.name, self._phase, self.since_ms, self._overdue_told = name, phase, t_ms, False
        return phase

    def least_ms(self) -> int | None:
        """Before this the phase is not to be left without a reason."""
        least_s = self._phase.least_s if self._phase else None
        return None if least_s is None else self.since_ms + least_s * 1000

    def most_ms(self) -> int | None:
        """After this the program reminds."""
        most_s = self._phase.most_s if self._phase else None
        return None if most_s is None else self.since_ms + most_s * 1000

    def overdue_ms(self) -> int | None:
        """When it is to be said that the phase lasts longer than planned."""
        return None if self._overdue_told else self.most_ms()

    def tell_overdue(self, t_ms: int) -> bool:
        """Whether to say so now; once a phase."""
        due_ms = self.overdue_ms()
        if due_ms is None or t_ms < due_ms:
            return False
        self._overdue_told = True
        return True

    def checks_ahead(self) -> tuple[Check, ...]:
        """Those that stand before the dose, or before leaving."""
        return self._profile.before_dose if self.before_dose else self._profile.before_leaving
