# SPDX-License-Identifier: Apache-2.0
"""Windows, their references, and which reading counts in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accuracy.dataset import PpgRecord, Reference
from accuracy.pulse import places, pulse_reference, read_later, sound_beats, windows
from accuracy.signals import Signal


def record(reference: Reference | None = None, pr_ref: float | None = None) -> PpgRecord:
    return PpgRecord("meadow", "meadow/a", Path("a"), None, pr_ref, reference, 0.0)


def signal(seconds: float, start_s: float = 0.0, **known: Any) -> Signal:
    return Signal(record(**known), start_s, ("ir",), "ir", [100_000] * int(seconds * 100), Path("a"))


def reading(t_ms: int, pulse_x10: int | None, reason: int = 0) -> list[int | None]:
    return [t_ms, None, pulse_x10, 100, 90, 3, reason]


def test_windows_follow_one_another_from_the_start_and_the_rest_is_left_over() -> None:
    found = places(record(pr_ref=60), 2.0, 35.0)
    assert [(place.from_s, place.seconds, place.reference) for place in found] == [
        (2, 10, 60),
        (12, 10, 60),
        (22, 10, 60),
    ]


def test_a_reference_of_readings_is_their_mean_in_the_window() -> None:
    known = record(Reference(pulse=((0, 60), (5, 62), (10, 80))), pr_ref=99)
    assert pulse_reference(known, 0, 10) == 61
    assert pulse_reference(known, 10, 20) == 80


def test_a_reference_of_intervals_is_sixty_over_the_mean_of_those_that_end_in_the_window() -> None:
    known = record(Reference(rr=((1, 1.0), (2, 1.0), (2.5, 0.5), (11, 2.0))))
    assert pulse_reference(known, 0, 10) == pytest.approx(60 / (2.5 / 3))
    assert pulse_reference(known, 10, 20) == 30


def test_a_window_in_which_the_reference_is_silent_is_not_counted() -> None:
    known = record(Reference(pulse=((1, 60), (25, 66))), pr_ref=99)
    assert [(place.from_s, place.reference) for place in places(known, 0, 30)] == [(0, 60), (20, 66)]


def test_without_any_reference_every_window_is_kept_without_one() -> None:
    assert [place.reference for place in places(record(), 0, 30)] == [None, None, None]


def test_the_reading_that_counts_is_centred_on_the_middle_of_the_window() -> None:
    answer = {"delay_ms": 5500, "beats": [], "readings": [reading(1000 * k + 500, 600 + k) for k in range(31)]}
    found = windows(signal(20, start_s=3.0, pr_ref=60), answer)
    assert [(w.t_s, w.value, w.quality) for w in found] == [(8.0, 61.0, 90), (18.0, 62.0, 90)]


def test_a_reading_without_value_says_why() -> None:
    answer = {"delay_ms": 5500, "beats": [], "readings": [reading(10500, None, reason=5)]}
    (found,) = windows(signal(10, pr_ref=60), answer)
    assert (found.value, found.reason) == (None, "motion")


def test_a_reading_that_is_not_there_is_no_value() -> None:
    (found,) = windows(signal(10, pr_ref=60), {"delay_ms": 5500, "beats": [], "readings": [reading(9000, 600)]})
    assert (found.value, found.reason) == (None, "no_reading")


def beat(t_ms: int, interval_ms: int, fault: int = 0) -> list[int]:
    return [t_ms, 1000 * interval_ms, fault, 600, 64, 900]


def test_a_beat_counts_only_if_the_interval_that_it_closes_lies_in_the_record() -> None:
    beats = [beat(500, 800), beat(800, 800), beat(1600, 800), beat(2400, 800, fault=1), beat(3060, 600), beat(900, 0)]
    assert [b[0] for b in sound_beats({"beats": beats}, 3.0)] == [800, 1600]


def test_a_clip_is_one_window_and_its_value_that_of_its_beats() -> None:
    beats = [beat(1000, 900), beat(2000, 1000), beat(3100, 1100)]
    (found,) = windows(signal(4, pr_ref=61), {"delay_ms": 5500, "beats": beats, "readings": [reading(7500, 900)]})
    assert (found.value, found.seconds, found.reference) == (60.0, 4.0, 61)
    (found,) = windows(signal(4, pr_ref=61), {"delay_ms": 5500, "beats": beats[:2], "readings": []})
    assert (found.value, found.reason) == (None, "too_few_beats")


def test_figures_take_an_oximeter_as_it_is_and_later_windows_are_told_apart() -> None:
    rates = [60, 80, 65, 90, 70, 100]
    late = Reference(pulse=tuple((float(t), float(rates[t // 10])) for t in range(60)))
    readings = [reading(10500 + 10000 * k, 10 * rate) for k, rate in enumerate(rates)]
    found = windows(signal(60, reference=late), {"delay_ms": 5500, "beats": [], "readings": readings})
    assert [window.reference for window in found] == rates
    later = read_later(record(late), found)
    assert [(window.t_s, window.value) for window in later] == [(window.t_s, window.value) for window in found]
    assert later[1].reference == pytest.approx((2 * 80 + 8 * 65) / 10)


def test_beats_are_late_by_nothing() -> None:
    beats = Reference(rr=((1, 1.0), (2, 1.0)))
    found = windows(signal(10, reference=beats), {"delay_ms": 5500, "beats": [], "readings": [reading(10500, 600)]})
    assert read_later(record(beats), found) == []
    assert read_later(record(pr_ref=60), found) == []
