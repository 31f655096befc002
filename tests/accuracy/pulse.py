# SPDX-License-Identifier: Apache-2.0
"""Pulse rate in windows of 10 s: what the firmware said, beside what the reference said of the same seconds.

Our value of a window is the reading whose averaging is centred on the middle of the window, which is `delay_ms` after
it. A record that is shorter than a window is one window of its own length, and its value that of its accepted beats.

Beats say what the pulse was at each moment. The readings of an oximeter are themselves an average over seconds that
have passed. Figures take them as they are; `read_later` gives the same windows with what was read some seconds later,
for rows of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from accuracy.dataset import PpgRecord
from accuracy.outcomes import Window
from accuracy.signals import Signal
from vitalwire_protocol.codec import Reason

WINDOW_S = 10.0
NEAR_MS = 500
"""Readings come once a second: one is at most this far from the moment that is wanted."""
READINGS_LATE_S = 8
"""By how much an oximeter's pulse is late: seen on recordings of one set, and kept for every set."""
BEATS_LEAST = 3
SLACK_S = 0.05
"""The last window may lack this much: a record of 300 s ends one sample before. So may a beat at either end of a clip:
its moment is that of the steepest of rises over 80 ms."""

# Places in what `play/ppg.py` prints.
T_MS, SPO2, PULSE, PERFUSION, QUALITY, SPO2_REASON, PULSE_REASON = range(7)
BEAT_MS, INTERVAL_US, FAULT, RATIO, SHARE, LIKENESS = range(6)
SOUND = 0


@dataclass(frozen=True)
class Place:
    """A window: where it is in the record's own time, how long it is, and what the reference says there."""

    from_s: float
    seconds: float
    reference: float | None

    @property
    def middle_s(self) -> float:
        return self.from_s + self.seconds / 2


def places(record: PpgRecord, start_s: float, seconds: float) -> list[Place]:
    """The windows of a record that have a reference, one after the other from its start; all of them without one."""
    length = min(WINDOW_S, seconds)
    froms = [start_s + k * length for k in range(count_of(seconds, length))]
    found = [Place(from_s, length, pulse_reference(record, from_s, from_s + length)) for from_s in froms]
    return [place for place in found if place.reference is not None] if has_reference(record) else found


def count_of(seconds: float, length: float = WINDOW_S) -> int:
    """How many windows there are in a record."""
    return int((seconds + SLACK_S) / length)


def has_reference(record: PpgRecord) -> bool:
    """Whether somebody said what the pulse was in this record."""
    known = record.reference
    return record.pr_ref is not None or (known is not None and bool(known.rr or known.pulse))


def pulse_reference(record: PpgRecord, from_s: float, to_s: float) -> float | None:
    """Pulse per minute in a stretch of a record by its reference; None where that says nothing of it."""
    known = record.reference
    if known is None or not (known.rr or known.pulse):
        return record.pr_ref
    if known.rr:
        intervals = [rr for t_s, rr in known.rr if from_s < t_s <= to_s]
        return 60.0 * len(intervals) / sum(intervals) if intervals else None
    readings = [value for t_s, value in known.pulse if from_s <= t_s < to_s]
    return sum(readings) / len(readings) if readings else None


def windows(signal: Signal, answer: dict[str, Any]) -> list[Window]:
    """What the firmware said in each window of a record."""
    record = signal.record
    found = []
    for place in places(record, signal.start_s, signal.seconds):
        if place.seconds < WINDOW_S:
            value, quality, reason = _of_beats(answer, signal.seconds)
        else:
            value, quality, reason = _of_reading(answer, place.middle_s - signal.start_s)
        found.append(
            Window(
                record.set, record.record, "vitalwire", "pulse", place.middle_s, place.reference, value, quality,
                reason, seconds=place.seconds,
            )
        )  # fmt: skip
    return found


def reading_at(answer: dict[str, Any], middle_s: float, value: int, reason: int) -> tuple[int | None, int | None, str]:
    """(value as in the reading, quality, reason) of the reading whose averaging is centred on that moment.

    `value` and `reason` are the places of what is wanted in a reading.
    """
    wanted_ms = 1000 * middle_s + answer["delay_ms"]
    nearest = min(answer["readings"], key=lambda reading: abs(reading[T_MS] - wanted_ms), default=None)
    if nearest is None or abs(nearest[T_MS] - wanted_ms) > NEAR_MS:
        return None, None, "no_reading"
    return nearest[value], nearest[QUALITY], Reason(nearest[reason]).name.lower()


def _of_reading(answer: dict[str, Any], middle_s: float) -> tuple[float | None, float | None, str]:
    pulse_x10, quality, reason = reading_at(answer, middle_s, PULSE, PULSE_REASON)
    return (None if pulse_x10 is None else pulse_x10 / 10), quality, reason


def read_later(record: PpgRecord, found: Sequence[Window]) -> list[Window]:
    """Windows with what an oximeter said `READINGS_LATE_S` later as their reference; none for other references."""
    if record.reference is None or not record.reference.pulse or record.reference.rr:
        return []
    out = []
    for window in found:
        from_s = window.t_s - window.seconds / 2 + READINGS_LATE_S
        reference = pulse_reference(record, from_s, from_s + window.seconds)
        if window.reference is not None and reference is not None:
            out.append(replace(window, reference=reference))
    return out


def sound_beats(answer: dict[str, Any], seconds: float) -> list[list[int]]:
    """Beats without fault whose interval to the beat before lies in the true record."""
    return [
        beat
        for beat in answer["beats"]
        if beat[FAULT] == SOUND
        and beat[INTERVAL_US] > 0
        and beat[BEAT_MS] * 1000 - beat[INTERVAL_US] >= -1e6 * SLACK_S
        and beat[BEAT_MS] <= 1000 * (seconds + SLACK_S)
    ]


def _of_beats(answer: dict[str, Any], seconds: float) -> tuple[float | None, float | None, str]:
    beats = sound_beats(answer, seconds)
    if len(beats) < BEATS_LEAST:
        return None, None, "too_few_beats"
    return 60e6 * len(beats) / sum(beat[INTERVAL_US] for beat in beats), None, "ok"
