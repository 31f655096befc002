# SPDX-License-Identifier: Apache-2.0
"""A session to show: one under a profile, without a board, and the screen over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from vitalwire import profiles
from vitalwire.cli.live.app import LiveApp
from vitalwire.feed import Feed, Update
from vitalwire.session.core import Core
from vitalwire.session.facts import Fact, Vitals
from vitalwire.session.inputs import Kind, Setup, json_input
from vitalwire.session.profile_sign import record_of
from vitalwire.session.snapshot import AlarmShown, CuffShown, OximetryShown, Snapshot
from vitalwire.session.wave import Batch

UTC_MS = 1_767_225_600_000


class Bed:
    """The screen's side of the pump: a core that actions go into, and a feed that shows what it makes of them."""

    def __init__(self) -> None:
        found = profiles.find("esketamine-nasal")
        profile = profiles.load(found)
        setup = Setup(
            1, 2, 0, UTC_MS, profile.limits, bed="bay 2", profile=record_of(profile),
            profile_text=profiles.read_text(found.path), patient="K-017", by="AM",
        )  # fmt: skip
        self.core = Core(setup)
        self.core.apply(setup.as_input())
        self.feed = Feed()
        self.t_ms = 8000
        self.acted: list[tuple[str, dict[str, Any]]] = []
        self.interrupts: list[str] = []
        self.changes: dict[str, Any] = {}
        self.app = LiveApp(self.feed, self.act, self.interrupts.append, lambda: None, lambda: "", bell=False)

    def act(self, name: str, /, **values: Any) -> None:
        self.acted.append((name, values))
        action = json_input(Kind.ACTION, self.t_ms, UTC_MS + self.t_ms, **{**values, "action": name})
        self.publish(tuple(self.core.apply(action)))

    def publish(self, facts: tuple[Fact, ...] = (), **changes: Any) -> None:
        """Shows how things stand, with what a board would have said."""
        self.changes |= changes
        self.feed.put(Update(replace(self.snapshot, **self.changes), facts))

    @property
    def snapshot(self) -> Snapshot:
        return replace(self.core.snapshot(self.t_ms), link="up", board="SIM00001", simulated=True)

    def measured(self, spo2: float | None = 97, pulse: float | None = 71, *, age_ms: int = 400) -> None:
        why = "ok" if spo2 is not None else "no_finger"
        shown = OximetryShown(self.t_ms - age_ms, spo2, pulse, 1.8, 92, why, why)
        cuff = CuffShown(self.t_ms - 65_000, 0, 124, 97, 82, 70, 88, "ok")
        self.publish(
            tuple(Vitals(self.t_ms - s, 0, "oximeter", spo2_pct=spo2, pulse_bpm=pulse) for s in range(0, 60_000, 1000)),
            oximetry=shown,
            cuff=cuff,
            wave=tuple(Batch(self.t_ms - 200 * n, 100, 0, (0,) * 20, tuple(range(5000, 5200, 10))) for n in range(20)),
        )

    def alarm(self, **changes: Any) -> None:
        alarm = AlarmShown("spo2_low", "physiological", "high", "active", "SpO2 low", self.t_ms - 5000, 84.2, 85.0)
        self.publish(alarms=(replace(alarm, **changes),))


@pytest.fixture
def bed() -> Bed:
    return Bed()


@pytest.fixture
def on_screen() -> Callable[[LiveApp], str]:
    """What a person reads, line by line."""

    def read(app: LiveApp) -> str:
        compositor = app.screen._compositor
        return "\n".join("".join(segment.text for segment in strip) for strip in compositor.render_strips())

    return read
