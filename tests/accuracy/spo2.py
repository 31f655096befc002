# SPDX-License-Identifier: Apache-2.0
"""SpO2 beside its reference, read from a curve that was fitted to other readings of the same sensor.

A record with `spo2_ref` is one clip: its ratio is that of all accepted beats (at least three). A record with SpO2 over
time is cut into windows of 10 s: the ratio is that of the beats in it, the value the firmware's own reading with its
averaging centred there, when it runs with the fitted curve. The items of a set, in their order, are parted into five
contiguous blocks; the curve for a block is fitted to the other four.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

from accuracy.calibrate import CalibrationError, Knots, blocks, fit
from accuracy.outcomes import Window
from accuracy.players import Failed, play
from accuracy.pulse import (
    BEAT_MS,
    BEATS_LEAST,
    LIKENESS,
    RATIO,
    SPO2,
    SPO2_REASON,
    WINDOW_S,
    count_of,
    reading_at,
    sound_beats,
)
from accuracy.signals import Signal
from vitalwire.errors import CheckFailed

Played = tuple[Signal, dict[str, Any]]

LIKENESS_MIN = 640
"""Squared correlation of red and infrared over a beat, in 1/1000, from which the firmware takes its ratio."""
INLIER_PCT = 20
"""The ratio of a clip leaves out beats whose own is further than this from their median."""
LAG_MOST_S = 15
UNCALIBRATED = "textbook_curve"
"""Method of the rows with the firmware's example curve, 110 - 25 R: what it comes to without a calibration."""


@dataclass(frozen=True)
class Item:
    """A clip or a window: a reference, and the ratio of its accepted beats (None: too few)."""

    signal: Signal
    answer: dict[str, Any]
    from_s: float
    seconds: float
    reference: float
    ratio: float | None
    is_clip: bool

    @property
    def middle_s(self) -> float:
        return self.from_s + self.seconds / 2


@dataclass(frozen=True)
class Found:
    """The outcomes of a set, the lag that was allowed for, and why a block has no curve."""

    windows: list[Window]
    lag_s: int
    without_curve: list[str]


def has_reference(signal: Signal) -> bool:
    """Whether somebody said what SpO2 was in this record."""
    record = signal.record
    return record.spo2_ref is not None or (record.reference is not None and bool(record.reference.spo2))


def accepted(answer: dict[str, Any], seconds: float) -> list[tuple[float, int]]:
    """(t_s, ratio in 1/1000) of the sound beats over which red follows infrared."""
    return [
        (beat[BEAT_MS] / 1000, beat[RATIO])
        for beat in sound_beats(answer, seconds)
        if beat[RATIO] > 0 and beat[LIKENESS] >= LIKENESS_MIN
    ]


def ratio_of(ratios: Sequence[int]) -> float | None:
    """One ratio from those of the beats: the mean of those near their median."""
    if len(ratios) < BEATS_LEAST:
        return None
    middle = sorted(ratios)[len(ratios) // 2]
    return mean(r for r in ratios if abs(r - middle) * 100 <= middle * INLIER_PCT) / 1000


def items(played: Sequence[Played], lag_s: int) -> list[Item]:
    """Everything of a set that has a reference, in its order. The reference over time is read `lag_s` later."""
    found = []
    for signal, answer in played:
        record = signal.record
        beats = accepted(answer, signal.seconds)
        if record.spo2_ref is not None:
            ratio = ratio_of([r for _, r in beats])
            found.append(Item(signal, answer, signal.start_s, signal.seconds, record.spo2_ref, ratio, True))
            continue
        known = record.reference.spo2 if record.reference else ()
        for k in range(count_of(signal.seconds)):
            from_s = signal.start_s + k * WINDOW_S
            said = [v for t_s, v in known if from_s <= t_s - lag_s < from_s + WINDOW_S]
            if said:
                inside = [r for t_s, r in beats if k * WINDOW_S <= t_s < (k + 1) * WINDOW_S]
                found.append(Item(signal, answer, from_s, WINDOW_S, mean(said), ratio_of(inside), False))
    return found


def measure(played: Sequence[Played], done: Callable[[float], None] = lambda _: None) -> Found:
    """All items of one set, each with a value from the curve of the other blocks."""
    lag_s = best_lag(played)
    all_items = items(played, lag_s)
    windows: list[Window | None] = [None] * len(all_items)
    without_curve = []
    for block in blocks(len(all_items)):
        others = [item for k, item in enumerate(all_items) if k not in block]
        try:
            knots: Knots | None = fit([(item.ratio, item.reference) for item in others if item.ratio is not None])
        except CalibrationError as problem:
            knots = None
            without_curve.append(str(problem))
        tested = [all_items[k] for k in block]
        for k, window in zip(block, _values(tested, knots, done), strict=True):
            windows[k] = window
    return Found([window for window in windows if window is not None], lag_s, without_curve)


def uncalibrated(played: Sequence[Played], lag_s: int) -> list[Window]:
    """The same clips with the firmware's example curve."""
    clips = [item for item in items(played, lag_s) if item.is_clip]
    return [replace(window, method=UNCALIBRATED) for window in _of_clips(clips, None, True)]


def best_lag(played: Sequence[Played]) -> int:
    """By how many whole seconds the reference over time is late: where it goes most against the ratio. 0 for clips."""
    best, best_s = 0.0, 0
    for lag_s in range(LAG_MOST_S + 1):
        pairs = [(i.ratio, i.reference) for i in items(played, lag_s) if i.ratio is not None and not i.is_clip]
        if len(pairs) >= 3 and (found := correlation(pairs)) < best:
            best, best_s = found, lag_s
    return best_s


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Pearson's; 0 where one of the two does not move."""
    a, b = mean(p[0] for p in pairs), mean(p[1] for p in pairs)
    aa, bb = sum((p[0] - a) ** 2 for p in pairs), sum((p[1] - b) ** 2 for p in pairs)
    return sum((p[0] - a) * (p[1] - b) for p in pairs) / (aa * bb) ** 0.5 if aa > 0 and bb > 0 else 0.0


def _values(tested: list[Item], knots: Knots | None, done: Callable[[float], None]) -> list[Window]:
    if knots is None:
        return [_window(item, None, None, "no_curve") for item in tested]
    of_clips = iter(_of_clips([item for item in tested if item.is_clip], knots, False))
    of_readings = iter(_of_readings([item for item in tested if not item.is_clip], knots, done))
    return [next(of_clips) if item.is_clip else next(of_readings) for item in tested]


def _of_clips(clips: list[Item], knots: Knots | None, own: bool) -> list[Window]:
    """Values by the firmware's `Curve.spo2_x10`."""
    ratios = [round(1000 * item.ratio) for item in clips if item.ratio is not None]
    job = {"knots": None if own else knots, "ratios_x1000": ratios, "seconds": 1.0}
    (answer,) = play("curve.py", [job])
    if isinstance(answer, Failed):
        raise CheckFailed(f"the firmware does not take the curve {knots}: {answer.why}")
    values = iter(answer["spo2_x10"])
    found = []
    for item in clips:
        if item.ratio is None:
            found.append(_window(item, None, None, "too_few_beats"))
        else:
            value = next(values)
            found.append(_window(item, value, None, "out_of_range" if value is None else "ok"))
    return found


def _of_readings(tested: list[Item], knots: Knots, done: Callable[[float], None]) -> list[Window]:
    """The firmware's readings when it is played the record again with the curve."""
    of_name = {item.signal.record.record: item.signal for item in tested}
    jobs = [{**signal.job(), "knots": knots} for signal in of_name.values()]
    answers = dict(zip(of_name, play("ppg.py", jobs, done), strict=True))
    found = []
    for item in tested:
        answer = answers[item.signal.record.record]
        if isinstance(answer, Failed):
            raise CheckFailed(f"{item.signal.record.record}: the firmware failed on it with {knots}: {answer.why}")
        found.append(_window(item, *reading_at(answer, item.middle_s - item.signal.start_s, SPO2, SPO2_REASON)))
    return found


def _window(item: Item, spo2_x10: int | None, quality: float | None, reason: str) -> Window:
    record = item.signal.record
    value = None if spo2_x10 is None else spo2_x10 / 10
    return Window(
        record.set, record.record, "vitalwire", "spo2", item.middle_s, item.reference, value, quality, reason,
        seconds=item.seconds,
    )  # fmt: skip
