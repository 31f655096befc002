# SPDX-License-Identifier: Apache-2.0
"""What goes into the pump and what comes out: the plan of a session, its updates, and its summary."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .alarms.rules import Limit
from .record.resume import Resumable
from .session.facts import CuffOscillogram, Fact, Happening, Vitals
from .session.snapshot import Snapshot

UPDATES_MAX: Final = 4096


@dataclass(frozen=True)
class Plan:
    """What was asked for. `every_s` is the cuff interval, `minutes` the length; None is *not at all* and *no end*."""

    port: str | None
    out: Path
    limits: tuple[Limit, ...]
    every_s: int | None = None
    minutes: float | None = None
    bed: str = ""
    unsigned: bool = True
    same_limb: bool = False
    versions: dict[str, str] = field(default_factory=dict)
    profile: dict[str, str] = field(default_factory=dict)
    """Name, version, hash and signature of the profile that the limits are from; empty without one."""
    profile_text: str = ""
    patient: str = ""
    """The patient's code; never a name."""
    by: str = ""
    """Who begins the session."""
    script: tuple[tuple[int, str, dict[str, Any]], ...] = ()
    """Actions of a simulated session: (ms since its start, name, values), in order of time."""
    resume: Resumable | None = None
    """The session to go on with; `by` is then who does so, and all else is as it was when that began."""


@dataclass(frozen=True)
class Update:
    """What happened since the last update, already recorded, and how things stand."""

    snapshot: Snapshot
    facts: tuple[Fact, ...]


class Feed:
    """A bounded queue of updates that never makes the pump wait: what nobody took in time is dropped and counted."""

    def __init__(self, size: int = UPDATES_MAX, every_s: float = 0.1, *, each_fact: bool = False) -> None:
        """`every_s`: how often somebody wants to know how things stand; `each_fact`: and every fact at once."""
        self.every_s = every_s
        self.each_fact = each_fact
        self._updates: deque[Update] = deque()
        self._size = size
        self._ready = threading.Condition()
        self.dropped = 0
        self.closed = False

    def put(self, update: Update) -> None:
        with self._ready:
            if len(self._updates) >= self._size:
                self._updates.popleft()
                self.dropped += 1
            self._updates.append(update)
            self._ready.notify()

    def close(self) -> None:
        """No more updates come; what is there can still be taken."""
        with self._ready:
            self.closed = True
            self._ready.notify_all()

    def take(self, timeout_s: float) -> list[Update]:
        """All updates there are, or [] after `timeout_s` without any."""
        with self._ready:
            if not self._updates and not self.closed:
                self._ready.wait(timeout_s)
            updates = list(self._updates)
            self._updates.clear()
            return updates


@dataclass
class Summary:
    """What a session came to."""

    folder: Path | None = None
    rows: dict[str, int] = field(default_factory=dict)
    alarms: dict[str, int] = field(default_factory=dict)
    cuff_good: int = 0
    cuff_failed: int = 0
    oscillograms: int = 0
    """Cuff cycles whose oscillogram is in the record."""
    interpreter: str = ""
    board: str = ""
    head: str = ""
    complete: bool = True
    confirmed: bool = True
    """Whether the board said that the session is over there too."""
    simulated_s: float = 0.0
    real_s: float = 0.0
    """How long it took this program; 0 where it went on with another one's session."""
    why: str = ""

    def count(self, fact: Fact) -> None:
        if isinstance(fact, CuffOscillogram):
            self.oscillograms += 1
        elif isinstance(fact, Happening) and fact.kind in ("physiological", "technical") and fact.state == "raised":
            self.alarms[fact.name] = self.alarms.get(fact.name, 0) + 1
        elif isinstance(fact, Vitals) and fact.source == "cuff":
            if fact.sbp_mmhg is None:
                self.cuff_failed += 1
            else:
                self.cuff_good += 1
