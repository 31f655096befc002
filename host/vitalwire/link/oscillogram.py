# SPDX-License-Identifier: Apache-2.0
"""Oscillograms as a program wants them, and how one is put together from its parts.

An oscillogram is what a cuff cycle recorded: one entry a beat, with the cuff pressure at it and the size of the
oscillation. From it the board worked out the pressures, and anybody can do so again (`vitalwire recompute`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from vitalwire_protocol.codec import CuffDirection, NibpDoubt, NibpOutcome, NibpResult, name_of, names_of
from vitalwire_protocol.codec import Oscillogram as Part

from .readings import iso_utc

NUMBERS: Final = ("sbp_mmhg", "map_mmhg", "dbp_mmhg", "pulse_bpm", "quality", "peak_amplitude_mmhg")
"""The numbers of an evaluation, as they are named everywhere."""


class Beat(NamedTuple):
    """One beat: when it was (s since the start of the cycle), the cuff pressure at it, and its oscillation peak to
    peak (both mmHg)."""

    t_s: float
    pressure_mmhg: float
    amplitude_mmhg: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was made of an oscillogram, by the board or by `recompute`. None is *no value*; `outcome` says why.

    `outcome` and `doubts` (what lowered the quality) are words of the protocol. Pressures and the peak amplitude in
    mmHg, pulse in 1/min, `quality` 0-100, `beats` how many there were. `doubts` is None where the board is too old to
    tell.
    """

    outcome: str
    sbp_mmhg: float | None = None
    map_mmhg: float | None = None
    dbp_mmhg: float | None = None
    pulse_bpm: float | None = None
    quality: int | None = None
    peak_amplitude_mmhg: float | None = None
    beats: int = 0
    doubts: tuple[str, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values."""
        values: dict[str, Any] = {"outcome": self.outcome}
        values |= {name: getattr(self, name) for name in NUMBERS}
        return {**values, "beats": self.beats, "doubts": None if self.doubts is None else list(self.doubts)}


@dataclass(frozen=True, slots=True)
class Oscillogram:
    """The beats of one cuff cycle, in order of time, and what the board made of them.

    `cycle` is the board's number of the cycle since its start `boot`; `algorithm` the version of the oscillometry that
    judged it there. `direction` is `deflation` or `inflation`: what the pressure did while the beats were recorded.
    `left_out` counts beats that are not listed because the pressure was disturbed at them. `noise_mmhg` is the RMS of
    what is no pulse in the oscillation; the record goes from cuff pressure `begin_mmhg` to `end_mmhg`. These five are
    None where the board's protocol is older than 1.1. `device_ms` is the board's clock at the end of the cycle,
    `utc_ms` the same moment in UTC. `result` is what the board said, None where that is not known.
    """

    cycle: int
    algorithm: int
    beats: tuple[Beat, ...]
    direction: str | None = None
    left_out: int | None = None
    noise_mmhg: float | None = None
    begin_mmhg: float | None = None
    end_mmhg: float | None = None
    result: Evaluation | None = None
    boot: int | None = None
    device_ms: int | None = None
    utc_ms: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def time(self) -> datetime | None:
        """When the cycle ended, in UTC; None where that is not known."""
        return None if self.utc_ms is None else datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: plain values, the time as ISO 8601, each beat as `[t_s, pressure_mmhg, amplitude_mmhg]`."""
        return {
            "type": "oscillogram",
            "time_utc": None if self.utc_ms is None else iso_utc(self.utc_ms),
            "device_ms": self.device_ms,
            "boot": self.boot,
            "cycle": self.cycle,
            "algorithm": self.algorithm,
            "direction": self.direction,
            "left_out": self.left_out,
            "noise_mmhg": self.noise_mmhg,
            "begin_mmhg": self.begin_mmhg,
            "end_mmhg": self.end_mmhg,
            "flags": list(self.flags),
            "result": None if self.result is None else self.result.as_dict(),
            "beats": [list(beat) for beat in self.beats],
        }


class Assembly:
    """Collects the parts of one cycle's oscillogram, in any order and as often as they come."""

    def __init__(self, cycle: int) -> None:
        self.cycle = cycle
        self._parts: dict[int, Part] = {}

    def add(self, part: Part) -> Oscillogram | None:
        """Takes a part; the oscillogram once it is complete. A part of another cycle, or an impossible one, is none.

        Where two parts do not belong together (another number of parts, another algorithm) the newer one counts.
        """
        if part.cycle != self.cycle or part.part >= part.parts:
            return None
        if any(_head(part) != _head(other) for other in self._parts.values()):
            self._parts.clear()
        self._parts[part.part] = part
        return _joined([self._parts[i] for i in range(part.parts)]) if len(self._parts) == part.parts else None

    @property
    def missing(self) -> str:
        """Which parts have not come, in words."""
        if not self._parts:
            return "no part of it came"
        parts = next(iter(self._parts.values())).parts
        absent = [str(i + 1) for i in range(parts) if i not in self._parts]
        return f"part {', '.join(absent)} of {parts} never came"


def _head(part: Part) -> tuple[Any, ...]:
    """What all parts of an oscillogram have in common."""
    return part._replace(seq=0, t_ms=0, part=0, beats=())


def _joined(parts: list[Part]) -> Oscillogram:
    head = parts[0]
    return Oscillogram(
        cycle=head.cycle,
        algorithm=head.algorithm,
        beats=tuple(Beat(t / 100, p / 100, a / 1000) for part in parts for p, a, t in part.beats),
        direction=None if head.direction is None else name_of(CuffDirection, head.direction),
        left_out=head.left_out,
        noise_mmhg=None if head.noise_mmmhg is None else head.noise_mmmhg / 1000,
        begin_mmhg=None if head.begin_cmmhg is None else head.begin_cmmhg / 100,
        end_mmhg=None if head.end_cmmhg is None else head.end_cmmhg / 100,
    )


def evaluation_of(result: NibpResult) -> Evaluation:
    """What the board said of a cycle."""
    return Evaluation(
        outcome=name_of(NibpOutcome, result.outcome),
        sbp_mmhg=result.sbp_mmhg,
        map_mmhg=result.map_mmhg,
        dbp_mmhg=result.dbp_mmhg,
        pulse_bpm=result.pulse_bpm,
        quality=result.quality,
        peak_amplitude_mmhg=result.peak_amplitude_mmhg,
        beats=result.beats,
        doubts=None if result.doubts is None else tuple(names_of(NibpDoubt, result.doubts)),
    )


__all__ = ["NUMBERS", "Assembly", "Beat", "Evaluation", "Oscillogram", "evaluation_of"]
