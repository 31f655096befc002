# SPDX-License-Identifier: Apache-2.0
"""A record run again through a profile: the same inputs, judged by other rules, by the code that judged them live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..alarms.rules import DEFAULT_LIMITS, Limit
from ..errors import UsageError
from ..session.core import Core
from ..session.facts import Fact, Happening, Vitals
from ..session.inputs import Kind
from ..session.profile import Profile
from ..session.watch import Watch
from . import folder as names
from .capture import read_capture
from .rebuild import setup_of
from .series import read_series


class Judged:
    """What a record is judged by: a profile, or limits alone. `kept` is what a record keeps of the profile."""

    def __init__(self, profile: Profile | None = None, text: str = "", kept: dict[str, str] | None = None) -> None:
        self.profile, self.text, self.kept = profile, text, kept or {}
        self.limits: tuple[Limit, ...] = profile.limits if profile is not None else DEFAULT_LIMITS

    @property
    def name(self) -> str:
        """In a few words."""
        if self.profile is None:
            return "default limits"
        return self.profile.name or "limits file"


def replay_record(path: Path, judged: Judged | None, who: str = "") -> Iterator[Fact]:
    """The facts of a session's folder or of a CSV under `judged` (None: a session's own rules, the default limits for a
    CSV), in order. `who`: whose rows of a CSV with several people. Raises UsageError, CheckFailed."""
    if path.is_dir():
        return replay_session(path, judged)
    series = read_series(path)
    if who not in series:
        there = ", ".join(sorted(series)[:6])
        raise UsageError(f"{path} holds several people", f"say which with --id: {there}, ...")
    return replay_rows(series[who], judged or Judged())


def replay_session(folder: Path, judged: Judged | None) -> Iterator[Fact]:
    """A session's capture through a new core. Under other rules what the board judged by its own does not count."""
    capture = read_capture(folder / names.CAPTURE)
    setup = setup_of(capture)
    if judged is not None and judged.kept != setup.profile:
        setup = replace(
            setup,
            limits=judged.limits,
            profile=judged.kept,
            profile_text=judged.text,
            unsigned=judged.kept.get("state") != "signed",
            replayed=True,
        )
    core = Core(setup)
    for item in capture.inputs:
        if item.kind != Kind.SENT:
            yield from core.apply(item)


def replay_rows(rows: Iterable[Vitals], judged: Judged) -> Iterator[Fact]:
    """A series of vitals through the alarm engine: there are no phases, and no people, in it."""
    watch = Watch(judged.limits, 0, judged.profile)
    last_ms = 0
    for row in rows:
        last_ms = row.t_ms
        yield from watch.advance(row.t_ms)
        yield row
        fields = ("sbp_mmhg", "dbp_mmhg") if row.source == "cuff" else ("spo2_pct", "pulse_bpm")
        for field in fields:
            yield from watch.reading(field, getattr(row, field), row.t_ms)
    yield from watch.advance(last_ms)


def alarms_of(facts: Iterable[Fact]) -> list[Happening]:
    """The physiological alarms among the facts."""
    return [fact for fact in facts if isinstance(fact, Happening) and fact.kind == "physiological"]
