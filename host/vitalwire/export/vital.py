# SPDX-License-Identifier: Apache-2.0
"""VitalDB's `.vital`: each value and each batch of the pulse wave at its own time; what is missing has no record."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..codes import CODES, PER_MIN
from ..errors import UsageError
from ..items import Item, Reading
from .grid import OF_ALL, event_times
from .material import Material

DEVICE: Final = "Vitalwire"
TRACKS: Final = {
    ("spo2_pct", "oximeter"): "PLETH_SPO2",
    ("pulse_bpm", "oximeter"): "PLETH_HR",
    ("perfusion_pct", "oximeter"): "PLETH_PI",
    ("sbp_mmhg", "cuff"): "NIBP_SBP",
    ("dbp_mmhg", "cuff"): "NIBP_DBP",
    ("map_mmhg", "cuff"): "NIBP_MBP",
    ("pulse_bpm", "cuff"): "NIBP_HR",
}
WAVES: Final = {"red": "PLETH_RED", "ir": "PLETH"}
EVENTS: Final = "EVENT"
ABOUT: Final = "ABOUT"


def write_vital(material: Material, path: Path) -> None:
    """Raises OSError."""
    import numpy as np
    import vitaldb

    file = vitaldb.VitalFile()
    times = [item.utc_ms for item in material.items]
    file.dtstart, file.dtend, file.dgmt = min(times, default=0) / 1000, max(times, default=0) / 1000, 0
    file.add_device(DEVICE, DEVICE, material.origin.board)
    codes = {(code.field, code.source): code for code in CODES}
    for key, track in TRACKS.items():
        field, source = key
        recs = [
            {"dt": reading.utc_ms / 1000, "val": float(getattr(reading, field))}
            for reading in material.readings
            if reading.source == source and getattr(reading, field) is not None
        ]
        unit = "/min" if codes[key].unit == PER_MIN else codes[key].unit.text
        if recs:
            file.add_track(f"{DEVICE}/{track}", recs, unit=unit, maxdisp=200 if unit != "%" else 100)
    waves = material.waves
    for name, track in WAVES.items():
        batches = [{"dt": wave.utc_ms / 1000, "val": np.array(getattr(wave, name), np.float32)} for wave in waves]
        if batches:
            file.add_track(f"{DEVICE}/{track}", batches, srate=waves[0].rate_hz, unit="counts", maxdisp=262_143)
    start_ms = min(times, default=0)
    marks = [{"dt": start_ms / 1000 + onset_s, "val": text} for onset_s, text in event_times(material, start_ms)]
    if marks:
        file.add_track(f"{DEVICE}/{EVENTS}", marks)
    about = material.about()
    said = "; ".join(f"{name}: {value}" for name, value in about.items() if value not in ("", None))
    file.add_track(f"{DEVICE}/{ABOUT}", [{"dt": start_ms / 1000, "val": said}])
    # Packed, the library would join the batches to one, and fill in what lies between them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not file.to_vital(str(path), compresslevel=4, packed=False):
            raise OSError(0, "it was not written as a whole", str(path))


def read_vital(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """Readings of the oximeter and the cuff, each at its time. Raises UsageError."""
    import vitaldb

    try:
        file = vitaldb.VitalFile(str(path))
        names = dict(file.trks)
        if f"{DEVICE}/{ABOUT}" not in names:
            raise ValueError("it has no track of Vitalwire")
    except Exception as error:  # the library raises what it meets
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None
    about = str(names[f"{DEVICE}/{ABOUT}"].recs[0]["val"])
    marks = next((text for text in about.split("; ") if text.startswith("flags: ")), "flags: []")
    words = marks.removeprefix("flags: ").strip("[]").replace("'", "").replace(",", "").split()
    flags = tuple(flag for flag in words if flag in OF_ALL)
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for (field, source), track in TRACKS.items():
        known = names.get(f"{DEVICE}/{track}")
        for rec in known.recs if known is not None else ():
            utc_ms = round(rec["dt"] * 1000)
            found.setdefault((utc_ms, source), {})[field] = round(float(rec["val"]), 2)
    items: list[Item] = []
    for (utc_ms, source), values in sorted(found.items()):
        given: dict[str, Any] = {"source": source, "flags": flags, **values}
        items.append(Reading(utc_ms, None, None, None, **given))
    started = datetime.fromtimestamp(file.dtstart, UTC).isoformat()
    return {"state": "", "flags": list(flags), "started_utc": started}, items


__all__ = ["DEVICE", "EVENTS", "TRACKS", "WAVES", "read_vital", "write_vital"]
