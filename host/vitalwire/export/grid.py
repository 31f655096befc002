# SPDX-License-Identifier: Apache-2.0
"""Items on an even grid of time, for formats that know no other: a sample a place, missing where there was none.

Nothing is interpolated and nothing is measured over. What such a grid cannot say goes into lines beside it
(`notes.py`), so that `items_of` gives back readings to the millisecond, with their reasons and flags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..codes import CODES, PER_MIN, PLETH_MDC, Code
from ..errors import UsageError
from ..items import Item, Reading, Wave, item_of
from ..link.readings import iso_utc
from . import notes
from .material import Material

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]

LONGEST_S: Final = 7 * 86_400
"""A grid is laid over what lies between too: a record whose clock jumped by years would fill a disk with nothing."""
OFFSET: Final = "offset_ms"
_OFFSET_MAX_MS: Final = 32_767
_OF_CODE: Final = {(code.field, code.source): code for code in CODES}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A signal of one sample a second. `unit` as in medicine's files (`bpm`), `places`: its decimals, `high`: the
    largest value that is usual."""

    label: str
    field: str
    source: str
    unit: str
    ucum: str
    places: int
    high: float
    code: Code | None = None

    @property
    def codes(self) -> str:
        """`MDC 150456 MDC_PULS_OXIM_SAT_O2, LOINC 59408-5`; empty where there are none."""
        if self.code is None:
            return ""
        loinc = next((one for one in self.code.loinc if one not in self.code.unsure), "")
        return f"MDC {self.code.mdc} {self.code.mdc_name}" + (f", LOINC {loinc}" if loinc else "")


def _measured(label: str, name: str, source: str, high: float) -> Numeric:
    code = _OF_CODE[name, source]
    unit = "bpm" if code.unit == PER_MIN else code.unit.text
    return Numeric(label, name, source, unit, code.unit.ucum, code.places, high, code)


NUMERICS: Final = (
    _measured("SaO2", "spo2_pct", "oximeter", 100),
    _measured("Pulse", "pulse_bpm", "oximeter", 300),
    _measured("PI", "perfusion_pct", "oximeter", 25),
    Numeric("Quality", "quality", "oximeter", "score", "{score}", 0, 100),
    Numeric("Offset", OFFSET, "oximeter", "ms", "ms", 0, _OFFSET_MAX_MS),
    _measured("NIBP sys", "sbp_mmhg", "cuff", 300),
    _measured("NIBP dia", "dbp_mmhg", "cuff", 300),
    _measured("NIBP mean", "map_mmhg", "cuff", 300),
    _measured("NIBP pulse", "pulse_bpm", "cuff", 300),
)
"""`Offset` is how many ms after its place a reading of the oximeter was made. What a person entered is no signal, but a
line."""
WAVES: Final = {"red": "PPG red", "ir": "PPG ir"}
WAVE_CODE: Final = f"MDC {PLETH_MDC[0]} {PLETH_MDC[1]}"


@dataclass(frozen=True)
class Grid:
    """`seconds` whole seconds from `start_ms` (UTC) on. `waves`: red and infrared, `rate_hz` samples a second;
    `numerics`: one a second, by label. NaN is *not measured*, and where nothing came.

    The places of the wave are so many ms later as its line says (`offset_ms`, less than one place), as a grid begins
    with a whole second. `lines` are what is told beside them: (UTC in ms, text). `left_out`: samples of the wave and
    readings for which there was no place.
    """

    start_ms: int
    seconds: int
    rate_hz: int
    waves: dict[str, Samples]
    numerics: dict[str, Samples]
    lines: list[tuple[int, str]] = field(default_factory=list)
    left_out: int = 0


def grid_of(material: Material, lead_ms: int = 0) -> Grid:
    """The grid of a session. It begins with a whole second, at least `lead_ms` before the first item. The first sample
    of the pulse wave is in its place to the millisecond, later ones are within two places of their time. Raises
    UsageError where the session spans more than a week."""
    import numpy as np

    waves, readings = material.waves, material.readings
    rates = Counter(wave.rate_hz for wave in waves)
    rate_hz = rates.most_common(1)[0][0] if rates else 0
    times = [item.utc_ms for item in material.items]
    period_ms = max(1, 1000 // rate_hz) if rate_hz else 1
    wave_ms = next((wave.utc_ms % 1000 % period_ms for wave in waves if wave.rate_hz == rate_hz), 0)
    first_ms = min(times, default=material.origin.started_utc_ms or 0)
    start_ms = (first_ms - lead_ms) // 1000 * 1000
    last_ms = max([*times, *(wave.utc_ms + len(wave.ir) * 1000 // wave.rate_hz for wave in waves)], default=start_ms)
    places = _places(readings, start_ms)
    seconds = max((last_ms - start_ms) // 1000, *(second for second, _ in places), 0) + 1
    if seconds > LONGEST_S:
        raise UsageError(
            f"the record spans {seconds / 86_400:.0f} days, too many for a format with even samples",
            "its clock may have been set; export it as parquet, arrow, vital or json",
        )
    laid, lost = _lay(waves, start_ms + wave_ms, seconds, rate_hz)
    numerics = {one.label: np.full(seconds, np.nan) for one in NUMERICS}
    lost += _fill(places, numerics, start_ms)
    return Grid(start_ms, seconds, rate_hz, laid, numerics, _lines(material, wave_ms), lost)


def _places(readings: list[Reading], start_ms: int) -> list[tuple[int, Reading]]:
    """The second of each reading. Those of the oximeter have one each, in their order: where the board's clock runs
    faster than the computer's two come into one second, and the later one waits for the next that is free."""
    found: list[tuple[int, Reading]] = []
    free = 0
    for reading in sorted(readings, key=lambda one: one.utc_ms):
        second = (reading.utc_ms - start_ms) // 1000
        if reading.source == "oximeter":
            second = max(second, free)
            free = second + 1
        found.append((second, reading))
    return found


def _fill(places: list[tuple[int, Reading]], numerics: dict[str, Samples], start_ms: int) -> int:
    """Puts the readings into their seconds. Returns how many were left out, as they are too far from theirs."""
    left_out = 0
    for second, reading in places:
        if reading.source == "oximeter":
            offset_ms = reading.utc_ms - start_ms - 1000 * second
            if offset_ms < -_OFFSET_MAX_MS:
                left_out += 1
                continue
            numerics["Offset"][second] = offset_ms
        for one in NUMERICS:
            value = getattr(reading, one.field, None)
            if one.source == reading.source and value is not None:
                numerics[one.label][second] = value
    return left_out


def _lay(waves: list[Wave], start_ms: int, seconds: int, rate_hz: int) -> tuple[dict[str, Samples], int]:
    """The wave, sample by sample, and how many of its samples had no place.

    Batches that follow one another by the board's count stay together, as their times jitter by less than two places;
    where the board's clock has run off by more, one starts anew at its own time.
    """
    import numpy as np

    if not waves:
        return {}, 0
    laid = {name: np.full(seconds * rate_hz, np.nan) for name in WAVES}
    left_out = following = 0
    before: Wave | None = None
    for wave in waves:
        size = len(wave.ir)
        if wave.rate_hz != rate_hz:
            left_out += size
            continue
        exact = (wave.utc_ms - start_ms) * rate_hz / 1000
        place = round(exact)
        if before is not None and (step := _step(before, wave)) is not None and abs(exact - following - step) <= 1.5:
            place = following + step
        skip = max(0, following - place)  # what is laid stays
        end = min(place + size, seconds * rate_hz)
        place += skip
        if end > place:
            laid["red"][place:end] = wave.red[skip : skip + end - place]
            laid["ir"][place:end] = wave.ir[skip : skip + end - place]
        left_out += size - max(0, end - place)
        before, following = wave, max(following, end)
    return laid, left_out


def _step(before: Wave, wave: Wave) -> int | None:
    """How many samples are missing between two batches by the board's count; None where it does not tell."""
    if before.index is None or wave.index is None or before.boot != wave.boot:
        return None
    step = wave.index - before.index - len(before.ir)
    return step if step >= 0 else None


def _lines(material: Material, wave_ms: int) -> list[tuple[int, str]]:
    """Events; each reading of the cuff and of a person; where reasons and flags of oximeter and wave change."""
    found: list[tuple[int, str]] = [(event.utc_ms, notes.event_line(event)) for event in material.events]
    state = ""
    for reading in sorted(material.readings, key=lambda one: one.utc_ms):
        text = notes.state_line(reading) if reading.source == "oximeter" else notes.reading_line(reading)
        if reading.source != "oximeter" or text != state:
            found.append((reading.utc_ms, text))
        if reading.source == "oximeter":
            state = text
    flags: tuple[str, ...] | None = None
    for wave in material.waves:
        if wave.flags != flags:
            flags = wave.flags
            found.append((wave.utc_ms, notes.line(notes.WAVE, {"offset_ms": wave_ms, "flags": list(flags)})))
    return sorted(found, key=lambda one: one[0])


def items_of(grid: Grid) -> list[Item]:
    """The items of a grid that was read back, in order of time. The board's own counts (`device_ms`, `seq`, `index`) of
    oximeter and wave are not in it. Raises ValueError."""
    states: list[tuple[int, dict[str, Any]]] = []
    flags: list[tuple[int, dict[str, Any]]] = []
    items: list[Item] = []
    for utc_ms, text in grid.lines:
        words, values = notes.parsed(text)
        if words == [notes.READING, "oximeter"]:
            states.append((utc_ms, values))
        elif words[:1] == [notes.READING]:
            items.append(_reading(utc_ms, words[-1], values))
        elif words == [notes.WAVE]:
            flags.append((utc_ms, values))
        elif words != [notes.ABOUT]:
            items.append(item_of({**notes.event_of(words, values), "time_utc": iso_utc(utc_ms)}))
    items += _readings(grid, states)
    items += _waves(grid, flags)
    return notes.in_order(items)


def _reading(utc_ms: int, source: str, values: dict[str, Any]) -> Item:
    counts = {"device_ms": None, "boot": None, "seq": None}
    return item_of({**counts, **values, "type": "reading", "source": source, "time_utc": iso_utc(utc_ms)})


def _current(states: list[tuple[int, dict[str, Any]]], times: Iterable[int]) -> Iterator[dict[str, Any]]:
    """What held at each of these times, which ascend."""
    at = 0
    for utc_ms in times:
        while at < len(states) and states[at][0] <= utc_ms:
            at += 1
        yield states[at - 1][1] if at else {}


def _readings(grid: Grid, states: list[tuple[int, dict[str, Any]]]) -> Iterator[Item]:
    offsets = grid.numerics["Offset"]
    found: list[tuple[int, dict[str, Any]]] = []
    for second in range(len(offsets)):
        if offsets[second] != offsets[second]:
            continue
        utc_ms = grid.start_ms + 1000 * second + round(float(offsets[second]))
        values: dict[str, Any] = {}
        for one in NUMERICS:
            value = float(grid.numerics[one.label][second])
            if one.source == "oximeter" and one.field != OFFSET and value == value:
                values[one.field] = round(value, one.places) if one.places else round(value)
        found.append((utc_ms, values))
    found.sort(key=lambda one: one[0])
    for (utc_ms, values), state in zip(found, _current(states, (one[0] for one in found)), strict=True):
        yield _reading(utc_ms, "oximeter", {**state, **values})


def _waves(grid: Grid, flags: list[tuple[int, dict[str, Any]]]) -> Iterator[Item]:
    """Runs of samples, a second each at most; `lost` are the empty places before one."""
    import numpy as np

    if not grid.waves:
        return
    red, ir = grid.waves["red"], grid.waves["ir"]
    places = np.flatnonzero(~np.isnan(ir))
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if places.size else []
    starts: list[tuple[int, int, int]] = []
    end = None
    for run in runs:
        first, last = int(run[0]), int(run[-1]) + 1
        lost = first - end if end is not None else 0
        for place in range(first, last, grid.rate_hz):
            starts.append((place, min(place + grid.rate_hz, last), lost if place == first else 0))
        end = last
    wave_ms = int(flags[0][1].get("offset_ms", 0)) if flags else 0
    times = [grid.start_ms + wave_ms + round(place * 1000 / grid.rate_hz) for place, _, _ in starts]
    for (place, until, lost), utc_ms, state in zip(starts, times, _current(flags, times), strict=True):
        yield Wave(
            utc_ms,
            grid.rate_hz,
            tuple(map(int, np.rint(red[place:until]))),
            tuple(map(int, np.rint(ir[place:until]))),
            lost,
            flags=tuple(state.get("flags", ())),
        )


__all__ = ["NUMERICS", "OFFSET", "WAVES", "WAVE_CODE", "Grid", "Numeric", "grid_of", "items_of"]
