# SPDX-License-Identifier: Apache-2.0
"""A session's folder -> its report: what the capture proves, drawn and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ..errors import CheckFailed
from ..record.verify import Verified, verify
from ..session.facts import Fact
from ..session.profile import Profile
from ..session.profile_read import parse_profile
from .html import page
from .model import Report, build
from .pdf import document
from .tables import Table, tables
from .trend_plot import trend, wave

WAVES_MAX: Final = 24
"""So many waves are drawn; all of them are in `alarms.csv`."""


@dataclass(frozen=True)
class Made:
    """A report, its tables, and how the record was found."""

    report: Report
    tables: list[Table]
    state: str
    """Of the record: a word of `verify`."""
    findings: list[str]
    """What `verify` found wrong with it."""

    def files(self, kinds: Sequence[str]) -> dict[str, bytes]:
        """The files of these kinds, `html` or `pdf`."""
        return {kind: self.html() if kind == "html" else self.pdf() for kind in kinds}

    def html(self) -> bytes:
        """One self-contained page."""
        return page(self.report, self.tables, self.trend, self.waves).encode()

    def pdf(self) -> bytes:
        """The same on A4."""
        return document(self.report, self.tables, self.trend, self.waves)

    @cached_property
    def trend(self) -> bytes:
        """The trend as PNG; drawn once for both."""
        return trend(self.report)

    @cached_property
    def waves(self) -> list[tuple[str, bytes]]:
        """The wave around each alarm: caption and PNG."""
        found = []
        for one in [e for e in self.report.evidence if e.wave][:WAVES_MAX]:
            alarm = one.happening
            value = "" if alarm.value is None else f" {alarm.value:g}"
            at = self.report.when(self.report.since(alarm.t_ms))
            name = alarm.name.replace("_", " ")
            found.append((f"{name}{value} {alarm.state}, {at}; seconds from the alarm", wave(one)))
        return found

    def as_json(self) -> dict[str, Any]:
        """For a program: the tables, and what verify found."""
        listed = [{"title": t.title, "heads": t.heads, "rows": t.rows, "note": t.note} for t in self.tables]
        return {"type": "report", "marks": self.report.marks_words, "tables": listed, "state": self.state}


def make(folder: Path) -> Made:
    """The report of a session's folder. Raises UsageError, CheckFailed where there is no record to tell of."""
    facts: list[Fact] = []
    verified = verify(folder, kept=facts)
    rebuilt = verified.rebuilt
    if rebuilt is None:
        raise CheckFailed(f"there is no report of {folder}: {'; '.join(verified.findings) or 'it holds no record'}")
    setup, who = rebuilt.setup, rebuilt.identity
    profile: Profile | None = parse_profile(setup.profile_text, "the session's profile") if setup.profile_text else None
    board = who.serial if who else ""
    firmware = f"{who.firmware} on {who.board}, {who.interpreter}" if who else ""
    report = build(facts, setup, board, firmware, rebuilt.uncalibrated, _proof(verified))
    return Made(report, tables(report, profile), verified.state, verified.findings)


def _proof(found: Verified) -> list[tuple[str, str]]:
    about = found.as_json()
    rows = [("State", found.state), ("Head of the record", str(about.get("head") or "-"))]
    rows += [(check.name, str(check)) for check in found.files]
    rows += [("Found", finding) for finding in found.findings]
    return rows
