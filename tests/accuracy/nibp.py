# SPDX-License-Identifier: Apache-2.0
"""Blood pressure: every cuff record twice through the firmware, and once through the textbook's method.

The second time the sensor has other noise and the record begins 5 ms later; how far the two readings differ is
`nibp_repeat`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from accuracy.dataset import CuffRecord
from accuracy.fixed_ratio import fixed_ratio
from accuracy.outcomes import Beat, Cycle
from vitalwire.link.recording import RATE_HZ, read_cuff_recording, save_cuff
from vitalwire_protocol.codec import NibpOutcome

SEEDS = (1, 2)
SHIFT_MS = 5
PRESSURE, AMPLITUDE, T_10MS, FIT, KEPT = range(5)


@dataclass(frozen=True)
class Trace:
    """A cuff record at 100 Hz, in the file that the simulated board plays."""

    record: CuffRecord
    cmmhg: list[int]
    path: Path

    @property
    def seconds(self) -> float:
        return len(self.cmmhg) / RATE_HZ

    def jobs(self) -> list[dict[str, Any]]:
        """Both measurements of it."""
        return [
            {"path": str(self.path), "seconds": self.seconds, "seed": seed, "start_ms": SHIFT_MS * number}
            for number, seed in enumerate(SEEDS)
        ]


def prepare(record: CuffRecord, path: Path) -> Trace:
    """Converts a record and writes it to `path`. Raises UsageError where its file is damaged."""
    pressure = read_cuff_recording(record.path)
    save_cuff(path, pressure.cmmhg)
    return Trace(record, pressure.cmmhg, path)


def cycle(trace: Trace, answers: tuple[dict[str, Any], dict[str, Any]]) -> Cycle:
    """What the firmware made of a record, with `again` its second measurement."""
    first, second = (_cycle(trace.record, answer) for answer in answers)
    return replace(first, again=second)


def _cycle(record: CuffRecord, answer: dict[str, Any]) -> Cycle:
    def tenth(name: str) -> float | None:
        value = answer.get(name)
        return None if value is None else value / 10

    outcome = answer["outcome"]
    good = outcome == NibpOutcome.OK
    refused = answer["refused"]
    return Cycle(
        set=record.set,
        record=record.record,
        method="vitalwire",
        sbp_ref_mmhg=record.sbp_ref,
        dbp_ref_mmhg=record.dbp_ref,
        map_ref_mmhg=record.map_ref,
        sbp_mmhg=tenth("sbp_x10") if good else None,
        dbp_mmhg=tenth("dbp_x10") if good else None,
        map_mmhg=tenth("map_x10") if good else None,
        pulse_bpm=tenth("pulse_x10") if good else None,
        quality=answer.get("quality"),
        outcome=NibpOutcome(outcome).name.lower() if outcome is not None else "refused" if refused else "never_ended",
        duration_s=answer["ended_ms"] / 1000,
        oscillogram=tuple(
            Beat(beat[PRESSURE] / 100, beat[AMPLITUDE] / 1000, beat[T_10MS] / 100) for beat in answer["oscillogram"]
        ),
    )


def textbook(trace: Trace) -> Cycle:
    """The same pressure signal by the fixed ratios 0.55 and 0.75."""
    try:
        found = fixed_ratio([value / 100 for value in trace.cmmhg], RATE_HZ)
    except (ArithmeticError, IndexError, ValueError):  # what a peer cannot take is no value of it
        found = None
    sbp, mean, dbp = found or (None, None, None)
    record = trace.record
    return Cycle(
        record.set, record.record, "fixed_ratio", record.sbp_ref, record.dbp_ref, record.map_ref,
        sbp, dbp, mean, None, None, "ok" if found else "no_value",
    )  # fmt: skip
