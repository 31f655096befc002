# SPDX-License-Identifier: Apache-2.0
"""Pulse rate in windows of 10 s: what the firmware said, beside what the reference said of the same seconds.

Our value of a window is the middle one of the readings whose averaging lies wholly in the window: with 8 s in 10 s
these are three. A record that is shorter than a window is one window of its own length, and its value that of its
accepted beats.

A reference that is beats says what the pulse was at each moment. One that is readings of an oximeter is itself an
average over seconds that have passed; it is read `READINGS_LATE_S` later, one number for every such reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataset import PpgRecord
from outcomes import Window
from signals import Signal
from vitalwire_protocol.codec import Reason

WINDOW_S = 10.0
AVERAGING_S = 8.0
NEAR_MS = 500
"""Readings come once a second: one is at most this far from the moment that is wanted."""
READINGS_LATE_S = 8.0
"""By how much an oximeter's pulse is late: measured on the open recordings of uw_phone, and kept for every set."""
BEATS_LEAST = 3
LAG_MOST_S = 15
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


def places(record: PpgRecord, start_s: float, seconds: float, lag_s: float | None = None) -> list[Place]:
    """The windows of a record that have a reference, one after the other from its start; all of them without one.

    `lag_s`: the reference is read so much later; without it by what its kind is late.
    """
    if lag_s is None:
        lag_s = READINGS_LATE_S if record.reference is not None and record.reference.pulse else 0.0
    length = min(WINDOW_S, seconds)
    froms = [start_s + k * length for k in range(count_of(seconds, length))]
    found = [
        Place(from_s, length, pulse_reference(record, from_s + lag_s, from_s + length + lag_s)) for from_s in froms
    ]
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


def windows(signal: Signal, answer: dict[str, Any], lag_s: float | None = None) -> list[Window]:
    """What the firmware said in each window of a record."""
    record = signal.record
    found = []
    for place in places(record, signal.start_s, signal.seconds, lag_s):
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
    centre_ms = 1000 * middle_s + answer["delay_ms"]
    spare_ms = 500 * (WINDOW_S - AVERAGING_S) + NEAR_MS / 2
    inside = [reading for reading in answer["readings"] if abs(reading[T_MS] - centre_ms) <= spare_ms]
    given = sorted((reading for reading in inside if reading[PULSE] is not None), key=lambda reading: reading[PULSE])
    if not given:
        _, quality, reason = reading_at(answer, middle_s, PULSE, PULSE_REASON)
        return None, quality, reason
    # Of two the one with the better quality; of three the middle one.
    chosen = given[1] if len(given) == 3 else max(given, key=lambda reading: reading[QUALITY])
    return chosen[PULSE] / 10, chosen[QUALITY], Reason(chosen[PULSE_REASON]).name.lower()


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


def reference_lag(played: Sequence[tuple[Signal, dict[str, Any]]]) -> tuple[int, float] | None:
    """By how many seconds a reference of readings seems to be late, and our MAE then; None for other references.

    Said beside the figures and used in none: an oximeter's own pulse is an average over the seconds before.
    """
    lagging = [p for p in played if p[0].record.reference is not None and p[0].record.reference.pulse]
    found = []
    for lag_s in range(LAG_MOST_S + 1):
        some = [w for signal, answer in lagging for w in windows(signal, answer, lag_s)]
        errors = [abs(w.value - w.reference) for w in some if w.value is not None and w.reference is not None]
        if errors:
            found.append((sum(errors) / len(errors), lag_s))
    if not found:
        return None
    mae, lag_s = min(found)
    return lag_s, mae
