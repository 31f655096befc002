# SPDX-License-Identifier: Apache-2.0
"""The ratio of ratios of a finger from the board's PPG stream, on the host. Sans-I/O.

R = (AC red / DC red) / (AC infrared / DC infrared). A mean over one second is taken off each colour, twice, so that
little of the breath is left in it; the pulse of red against that of infrared is the slope of the least squares through
zero, so that noise of the converter in red does not count. Windows of four seconds give a ratio each; their median is
the point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Final

from vitalwire_protocol.codec import Ppg

WINDOW_S: Final = 4
WINDOWS: Final = 5
SPREAD: Final = 0.04
"""Windows that differ by more of their median than this are no steady finger."""
LIKENESS: Final = 0.9
"""Least correlation of red and infrared in a window."""
PERFUSION_PCT: Final = 0.2
"""Below this pulse of the infrared, peak to peak, nothing is calibrated: the low-perfusion test point is 0.3 %."""


class Ratio:
    """Feed it with `take`. `ratio` is there once `WINDOWS` windows are, and `trouble` says why it is not to be used."""

    def __init__(self) -> None:
        self._red: list[float] = []
        self._ir: list[float] = []
        self._rate_hz = 0
        self._next: int | None = None
        self.ratios: list[float] = []
        self._why = ""

    def take(self, batch: Ppg) -> None:
        """Samples as the board sends them. A lost one begins the window anew."""
        if batch.lost or batch.first_index != self._next or batch.rate_hz != self._rate_hz:
            self._red.clear()
            self._ir.clear()
        self._rate_hz = batch.rate_hz
        self._red += map(float, batch.samples[0::2])
        self._ir += map(float, batch.samples[1::2])
        self._next = batch.first_index + len(batch.samples) // 2
        need = (WINDOW_S + 2) * self._rate_hz
        if need and len(self._ir) >= need:
            self._window()
            keep = 2 * self._rate_hz
            del self._red[:-keep], self._ir[:-keep]

    @property
    def enough(self) -> bool:
        return len(self.ratios) >= WINDOWS

    @property
    def ratio(self) -> float | None:
        """The median of the last windows."""
        return median(self.ratios[-WINDOWS:]) if self.enough else None

    @property
    def trouble(self) -> str:
        """Why there is no ratio, or why it must not be used; empty where it is good."""
        if not self.enough:
            return self._why or "no samples came: is a finger or the simulator in the probe?"
        last = self.ratios[-WINDOWS:]
        if max(last) - min(last) > SPREAD * median(last):
            return f"it does not hold still: ratios from {min(last):.3f} to {max(last):.3f}"
        return ""

    def _window(self) -> None:
        red, ir = (_levelled(_levelled(samples, self._rate_hz), self._rate_hz) for samples in (self._red, self._ir))
        red_dc, ir_dc = (math.fsum(samples) / len(samples) for samples in (self._red, self._ir))
        ii, ri, rr = (math.fsum(a * b for a, b in zip(x, y, strict=True)) for x, y in ((ir, ir), (red, ir), (red, red)))
        if ir_dc <= 0 or red_dc <= 0 or (max(ir) - min(ir)) / ir_dc * 100 < PERFUSION_PCT or ii <= 0 or rr <= 0:
            self._bad("no pulse, or too little of it")
        elif ri / math.sqrt(ii * rr) < LIKENESS:
            self._bad("red and infrared disagree: movement, or light from outside")
        else:
            self.ratios.append(ri / ii * ir_dc / red_dc)

    def _bad(self, why: str) -> None:
        self._why = why
        self.ratios.clear()


def _levelled(samples: Sequence[float], rate_hz: int) -> list[float]:
    """The samples less their mean over the second around each; half a second at both ends is lost."""
    half = rate_hz // 2
    total = math.fsum(samples[: 2 * half])
    out = []
    for at in range(half, len(samples) - half):
        out.append(samples[at] - total / (2 * half))
        total += samples[at + half] - samples[at - half]
    return out


__all__ = ["Ratio"]
