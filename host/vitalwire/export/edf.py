# SPDX-License-Identifier: Apache-2.0
"""EDF+: the pulse wave at its rate, the numbers at one a second, events as annotations.

EDF has no word for *missing*: a sample that is not there is the smallest digital number, -32768, which no measured
value has here; the prefilter text of each signal says so, and `import` takes it back as missing.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..codes import CODES, PER_MIN
from ..errors import UsageError
from ..items import Item, Reading
from .grid import NUMERICS, OF_ALL, Grid, event_times, grid_of
from .material import Material

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LOW: Final = -32_768
"""The digital number of a missing sample."""
HIGH: Final = 32_767
PREFILTER: Final = "-32768 is missing"
LABELS: Final = {
    ("spo2_pct", "oximeter"): "SaO2",
    ("pulse_bpm", "oximeter"): "Pulse",
    ("perfusion_pct", "oximeter"): "PI",
    ("sbp_mmhg", "cuff"): "NIBP sys",
    ("dbp_mmhg", "cuff"): "NIBP dia",
    ("map_mmhg", "cuff"): "NIBP mean",
    ("pulse_bpm", "cuff"): "NIBP pulse",
}
WAVES: Final = {"red": "PPG red", "ir": "PPG ir"}
ANNOTATION_BYTES: Final = 40
"""What the library writes of an annotation."""


def write_edf(material: Material, path: Path) -> None:
    """Raises OSError."""
    import numpy as np
    import pyedflib

    grid = grid_of(material)
    signals = [_wave(name, grid) for name in grid.waves] + [_numeric(key, grid) for key in NUMERICS]
    # The header has no room for them.
    marks = [(0.0, f"flag {flag}") for flag in material.flags if flag in OF_ALL] + [(0.0, f"record {material.state}")]
    events = marks + event_times(material, grid.start_ms)
    writer = pyedflib.EdfWriter(str(path), len(signals), pyedflib.FILETYPE_EDFPLUS)
    try:
        # A record of one second has room for one annotation of each annotation signal.
        writer.set_number_of_annotation_signals(min(64, 1 + -(-len(events) // grid.seconds)))
        writer.setSignalHeaders([header for header, _ in signals])
        origin = material.origin
        writer.setPatientCode(_plain(origin.patient, "X"))
        writer.setEquipment(_plain(f"Vitalwire_{origin.board}", "Vitalwire"))
        writer.setRecordingAdditional("SIMULATED" if origin.simulated else "X")
        writer.setStartdatetime(datetime(1970, 1, 1) + timedelta(milliseconds=grid.start_ms))  # UTC, as EDF knows none
        writer.writeSamples([np.ascontiguousarray(samples) for _, samples in signals], digital=True)
        for onset_s, text in events:
            writer.writeAnnotation(max(0.0, onset_s), -1, _cut(text))
    finally:
        writer.close()


def _wave(name: str, grid: Grid) -> tuple[dict[str, Any], npt.NDArray[np.int32]]:
    """Counts: one digital step a count where the session's span allows, else the next power of two."""
    import numpy as np

    counts = grid.waves[name]
    known = counts[~np.isnan(counts)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    step = 1
    while (high - low) / step > HIGH - LOW - 1:
        step *= 2
    base = low - step  # what LOW stands for, and nothing measured is
    return _signal(WAVES[name], "counts", grid.rate_hz, base, base + step * (HIGH - LOW), counts)


def _numeric(key: tuple[str, str], grid: Grid) -> tuple[dict[str, Any], npt.NDArray[np.int32]]:
    code = next(code for code in CODES if (code.field, code.source) == key)
    scale = 10**code.places
    unit = "bpm" if code.unit == PER_MIN else code.unit.text
    return _signal(LABELS[key], unit, 1, LOW / scale, HIGH / scale, grid.numerics[key], code.mdc_name)


def _signal(
    label: str, unit: str, rate_hz: int, low: float, high: float, values: npt.NDArray[np.float64], note: str = ""
) -> tuple[dict[str, Any], npt.NDArray[np.int32]]:
    import numpy as np

    digital = np.full(values.shape, LOW, np.int32)
    known = ~np.isnan(values)
    digital[known] = np.rint((values[known] - low) / (high - low) * (HIGH - LOW)).astype(np.int32) + LOW
    header = {
        "label": label,
        "dimension": unit,
        "sample_frequency": rate_hz,
        "physical_min": low,
        "physical_max": high,
        "digital_min": LOW,
        "digital_max": HIGH,
        "transducer": note or "MAX30102",
        "prefilter": PREFILTER,
    }
    return header, digital


def _plain(text: str, otherwise: str) -> str:
    """What an EDF header takes: printing ASCII, its fields parted by spaces."""
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in text) or otherwise


def _cut(text: str) -> str:
    """At most what the library writes, and no half of a character."""
    return text.encode()[:ANNOTATION_BYTES].decode(errors="ignore")


def read_edf(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """Readings of the oximeter and the cuff as far as an EDF of ours keeps them: one a second. Raises UsageError."""
    import numpy as np
    import pyedflib

    try:
        with contextlib.closing(pyedflib.EdfReader(str(path))) as file:
            labels = file.getSignalLabels()
            start: datetime = file.getStartdatetime()
            notes = file.readAnnotations()[2]
            found: dict[tuple[str, str], Any] = {}
            for key, label in LABELS.items():
                if label not in labels:
                    raise ValueError(f"there is no signal {label}")
                number = labels.index(label)
                values = file.readSignal(number)
                digital = file.readSignal(number, digital=True)
                found[key] = np.where(digital == LOW, np.nan, values)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {error}") from None
    start_ms = round((start.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    flags = tuple(str(note).removeprefix("flag ") for note in notes if str(note).startswith("flag "))
    state = next((str(note).removeprefix("record ") for note in notes if str(note) in _STATES), "")
    return {"state": state, "flags": list(flags)}, readings_of(found, start_ms, flags)


_STATES: Final = ("record closed", "record not closed", "record damaged")


def readings_of(found: dict[tuple[str, str], Any], start_ms: int, flags: tuple[str, ...]) -> list[Item]:
    """The readings on a grid of seconds; a second in which nothing was measured has none."""
    items: list[Item] = []
    count = min(len(values) for values in found.values())
    for second in range(count):
        for source in ("oximeter", "cuff"):
            values = {
                field: round(float(samples[second]), 2)
                for (field, of), samples in found.items()
                if of == source and samples[second] == samples[second]
            }
            if values:
                given: dict[str, Any] = {"source": source, "flags": flags, **values}
                items.append(Reading(start_ms + 1000 * second, None, None, None, **given))
    return items


__all__ = ["LABELS", "LOW", "WAVES", "read_edf", "readings_of", "write_edf"]
