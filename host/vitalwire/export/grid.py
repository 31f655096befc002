# SPDX-License-Identifier: Apache-2.0
"""Items on an even grid of time, for formats that know no other: a sample a place, missing where there was none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..items import Wave
from .material import Material

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]

NUMERICS: Final = (
    ("spo2_pct", "oximeter"),
    ("pulse_bpm", "oximeter"),
    ("perfusion_pct", "oximeter"),
    ("sbp_mmhg", "cuff"),
    ("dbp_mmhg", "cuff"),
    ("map_mmhg", "cuff"),
    ("pulse_bpm", "cuff"),
)
"""Field and source of each signal of one sample a second. What a person entered is no signal, but an event."""


@dataclass(frozen=True)
class Grid:
    """`seconds` whole seconds from `start_ms` (UTC) on. `waves`: red and infrared, `rate_hz` samples a second;
    `numerics`: one a second, for the second in which it was measured. NaN is *not measured*, and where nothing came.

    `moved`: samples that were put one place earlier or later, as the board's clock ran off the grid's.
    """

    start_ms: int
    seconds: int
    rate_hz: int
    waves: dict[str, Samples]
    numerics: dict[tuple[str, str], Samples]
    moved: int


def grid_of(material: Material) -> Grid:
    """The grid of a session. It is laid so that the first sample of the pulse wave is in its place to the millisecond;
    later ones are within one place of their time."""
    import numpy as np

    waves = material.waves
    rate_hz = waves[0].rate_hz if waves else 0
    times = [item.utc_ms for item in material.items]
    period_ms = 1000 // rate_hz if rate_hz else 1
    phase_ms = waves[0].utc_ms % period_ms if waves else 0
    first_ms = min(times, default=0)
    start_ms = (first_ms - phase_ms) // 1000 * 1000 + phase_ms
    last_ms = max([*times, *(wave.utc_ms + len(wave.ir) * 1000 // wave.rate_hz for wave in waves)], default=start_ms)
    seconds = max(1, -((start_ms - last_ms - 1) // 1000))
    numerics = {key: np.full(seconds, np.nan) for key in NUMERICS}
    for reading in material.readings:
        place = (reading.utc_ms - start_ms) // 1000
        for key in NUMERICS:
            value = getattr(reading, key[0])
            if value is not None and reading.source == key[1]:
                numerics[key][place] = value
    laid, moved = _lay(waves, start_ms, seconds, rate_hz) if waves else ({}, 0)
    return Grid(start_ms, seconds, rate_hz, laid, numerics, moved)


def _lay(waves: list[Wave], start_ms: int, seconds: int, rate_hz: int) -> tuple[dict[str, Any], int]:
    import numpy as np

    laid = {name: np.full(seconds * rate_hz, np.nan) for name in ("red", "ir")}
    moved, following = 0, None
    before: Wave | None = None
    for wave in waves:
        if wave.rate_hz != rate_hz:
            continue  # one rate a session is all that a board sends
        place = round((wave.utc_ms - start_ms) * rate_hz / 1000)
        joins = before is not None and not wave.lost and _follows(before, wave)
        if joins and following is not None and place != following and abs(place - following) <= 1:
            place = following  # the times of batches jitter by less than a place
            moved += 1
        count = min(len(wave.ir), seconds * rate_hz - place)
        if place >= 0 and count > 0:
            laid["red"][place : place + count] = wave.red[:count]
            laid["ir"][place : place + count] = wave.ir[:count]
        before, following = wave, place + len(wave.ir)
    return laid, moved


def _follows(before: Wave, wave: Wave) -> bool:
    if before.index is None or wave.index is None or before.boot != wave.boot:
        return False
    return wave.index == before.index + len(before.ir)


OF_ALL: Final = frozenset({"simulated", "unsigned", "uncalibrated", "replayed", "observed"})
"""Marks of a whole session; others, such as `late`, come and go, and are told where they do."""


def event_times(material: Material, start_ms: int) -> list[tuple[float, str]]:
    """What is told beside the signals: events, and each reading of the cuff and of a person, in seconds from the start
    with a few words."""
    found = []
    for event in material.events:
        numbers = "".join(f" {value:g}" for value in (event.value,) if value is not None)
        limit = f" (limit {event.limit:g})" if event.limit is not None else ""
        words = " ".join(word for word in (event.kind, event.name, event.state, event.priority) if word)
        found.append(((event.utc_ms - start_ms) / 1000, words + numbers + limit))
    for reading in material.readings:
        if reading.source == "oximeter":
            continue
        values = [f"{name} {value:g}" for name in _TOLD if (value := getattr(reading, name)) is not None] or [
            f"{name} {why}" for name, why in reading.reasons[:1]
        ]
        late = " LATE" if "late" in reading.flags else ""
        found.append(((reading.utc_ms - start_ms) / 1000, f"{reading.source} {' '.join(values)}{late}"))
    return sorted(found + _marks(material, start_ms))


def _marks(material: Material, start_ms: int) -> list[tuple[float, str]]:
    """Where a mark that only some readings of the oximeter have begins and ends."""
    found: list[tuple[float, str]] = []
    on: set[str] = set()
    for reading in sorted(material.readings, key=lambda one: one.utc_ms):
        if reading.source != "oximeter":
            continue
        now = set(reading.flags) - OF_ALL
        at_s = (reading.utc_ms - start_ms) / 1000
        found += [(at_s, f"{flag} begins") for flag in sorted(now - on)]
        found += [(at_s, f"{flag} ends") for flag in sorted(on - now)]
        on = now
    return found


_TOLD: Final = ("sbp_mmhg", "dbp_mmhg", "map_mmhg", "pulse_bpm", "spo2_pct")

__all__ = ["NUMERICS", "OF_ALL", "Grid", "event_times", "grid_of"]
