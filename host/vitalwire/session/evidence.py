# SPDX-License-Identifier: Apache-2.0
"""What an alarm was raised on: the rule and its version, the values, their quality, and the wave around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .facts import AlarmEvidence, Happening
from .snapshot import CuffShown, OximetryShown
from .wave import Wave

BEFORE_MS: Final = 8000
AFTER_MS: Final = 4000


@dataclass(slots=True)
class _Waiting:
    """An alarm whose wave still goes on."""

    happening: Happening
    source: str
    delay_s: float
    total_delay_s: float
    oximetry: OximetryShown | None
    cuff: CuffShown | None
    due_ms: int = field(default=0)


class Evidence:
    """Takes alarms as they are raised; `advance` gives each as a fact when the wave after it is complete."""

    def __init__(self, version: str, wave: Wave) -> None:
        self._version = version
        self._wave = wave
        self._waiting: list[_Waiting] = []

    def raised(
        self,
        happening: Happening,
        source: str,
        delay_s: float,
        total_delay_s: float,
        oximetry: OximetryShown | None,
        cuff: CuffShown | None,
    ) -> None:
        """A limit was passed; `oximetry` and `cuff` are what was current then."""
        due_ms = happening.t_ms + AFTER_MS
        self._waiting.append(_Waiting(happening, source, delay_s, total_delay_s, oximetry, cuff, due_ms))

    def next_deadline(self) -> int | None:
        """When the next one is complete."""
        return min((one.due_ms for one in self._waiting), default=None)

    def advance(self, t_ms: int, *, ending: bool = False) -> list[AlarmEvidence]:
        """Those that are complete by `t_ms`; all of them when the session ends."""
        ready = [one for one in self._waiting if ending or one.due_ms <= t_ms]
        self._waiting = [one for one in self._waiting if not (ending or one.due_ms <= t_ms)]
        return [self._fact(one) for one in ready]

    def _fact(self, one: _Waiting) -> AlarmEvidence:
        seen, cuff = one.oximetry, one.cuff
        judged = cuff if one.happening.name.startswith(("sbp", "dbp")) else seen
        begin_ms = one.happening.t_ms - BEFORE_MS
        return AlarmEvidence(
            happening=one.happening,
            version=self._version,
            source=one.source,
            delay_s=one.delay_s,
            total_delay_s=one.total_delay_s,
            quality=judged.quality if judged else None,
            spo2_pct=seen.spo2_pct if seen else None,
            pulse_bpm=seen.pulse_bpm if seen else None,
            sbp_mmhg=cuff.sbp_mmhg if cuff else None,
            dbp_mmhg=cuff.dbp_mmhg if cuff else None,
            wave=tuple(batch for batch in self._wave.since(begin_ms) if batch.begin_ms <= one.due_ms),
        )
