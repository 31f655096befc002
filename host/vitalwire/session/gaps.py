# SPDX-License-Identifier: Apache-2.0
"""Gaps in the oximeter's readings: a row where one begins and one where it ends, never a line drawn across it."""

from __future__ import annotations

from .facts import Vitals


class Gaps:
    """At most one gap is open. `why` is one word: `unplugged`, `silent`, `restarted`, `stale`, `stopped`,
    `incompatible`, `away`."""

    def __init__(self, utc_offset_ms: int) -> None:
        self._utc_offset_ms = utc_offset_ms
        self.flags: tuple[str, ...] = ()
        self._why: str | None = None
        self._began_ms = 0

    @property
    def open(self) -> bool:
        return self._why is not None

    def begin(self, t_ms: int, why: str) -> list[Vitals]:
        """Readings are missing since `t_ms`; nothing happens where a gap is open already."""
        if self._why is not None:
            return []
        self._why, self._began_ms = why, t_ms
        return [self._edge(t_ms, "start")]

    def end(self, t_ms: int) -> list[Vitals]:
        """There are readings again, or the session ends."""
        if self._why is None:
            return []
        edge = self._edge(max(t_ms, self._began_ms), "end")
        self._why = None
        return [edge]

    def _edge(self, t_ms: int, edge: str) -> Vitals:
        assert self._why is not None
        reasons = (("gap", edge), ("link", self._why))
        return Vitals(t_ms, t_ms + self._utc_offset_ms, "gap", reasons=reasons, flags=self.flags)
