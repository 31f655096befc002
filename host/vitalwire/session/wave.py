# SPDX-License-Identifier: Apache-2.0
"""The last seconds of the pleth wave, for a screen and as evidence of an alarm."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from vitalwire_protocol.codec import Ppg

KEPT_MS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples as they came: the last one was taken at `t_ms`; `lost` samples are missing just before the first."""

    t_ms: int
    rate_hz: int
    lost: int
    red: tuple[int, ...]
    ir: tuple[int, ...]

    @property
    def begin_ms(self) -> int:
        """When the first sample was taken."""
        return self.t_ms - (len(self.ir) - 1) * 1000 // max(1, self.rate_hz)


class Wave:
    """A bounded store of batches in order of time. What was not received is not in it; nothing is filled in."""

    def __init__(self, kept_ms: int = KEPT_MS) -> None:
        self._kept_ms = kept_ms
        self._kept: deque[tuple[int, Ppg]] = deque()  # few of all that come are ever looked at: not split before

    def add(self, ppg: Ppg, t_ms: int) -> None:
        """A batch whose last sample was taken at `t_ms` on the session's clock."""
        if not ppg.samples:
            return
        kept = self._kept
        kept.append((t_ms, ppg))
        oldest_ms = t_ms - self._kept_ms
        while kept and kept[0][0] < oldest_ms:
            kept.popleft()

    def clear(self) -> None:
        """Nothing of it is current any more."""
        self._kept.clear()

    def since(self, t_ms: int) -> tuple[Batch, ...]:
        """The batches that end after `t_ms`, oldest first."""
        return tuple(_batch(end_ms, ppg) for end_ms, ppg in self._kept if end_ms > t_ms)


def _batch(t_ms: int, ppg: Ppg) -> Batch:
    return Batch(t_ms, ppg.rate_hz, ppg.lost, ppg.samples[0::2], ppg.samples[1::2])
