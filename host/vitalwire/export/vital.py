# SPDX-License-Identifier: Apache-2.0
"""VitalDB's `.vital`: each value and each batch of the pulse wave at its own time; what is missing has no record.

Tracks of numbers and waves are for viewers. `READING` has, as JSON, what belongs to each reading besides; `WAVE` what
belongs to a batch of samples, where it does not follow from the batch before.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..codes import CODES, PER_MIN
from ..errors import UsageError
from ..items import Item, Wave, item_of
from ..link.readings import iso_utc
from . import notes
from .material import Material, units

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
EVENTS, READINGS, BATCHES, ABOUT = "EVENT", "READING", "WAVE", "ABOUT"
_DOUBLE: Final = 2
"""The library's number for 64-bit numbers; it would take 32 bits, in which 97.3 is 97.30000305."""


@contextmanager
def _library() -> Iterator[Any]:
    """The `vitaldb` package, without its warnings about what pandas and numpy will do one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the file that it reads to the collector
        import vitaldb

        yield vitaldb


def write_vital(material: Material, path: Path) -> None:
    """Raises OSError."""
    with _library() as vitaldb:
        file = vitaldb.VitalFile()
        ends = [item.utc_ms for item in material.items] + [material.origin.started_utc_ms or 0] * (not material.items)
        file.dtstart, file.dtend, file.dgmt = min(ends) / 1000, max(ends) / 1000, 0
        file.add_device(DEVICE, DEVICE, material.origin.board)
        _numbers(material, file)
        _wave(material, file)
        _words(file, EVENTS, [(event.utc_ms, notes.event_line(event)) for event in material.events])
        _words(file, READINGS, [(reading.utc_ms, notes.reading_line(reading)) for reading in material.readings])
        about = {**material.about(), "units": units()}
        _words(file, ABOUT, [(min(ends), notes.line(notes.ABOUT, about))])
        # Packed, the library would join the batches to one, and fill in what lies between them.
        if not file.to_vital(str(path), compresslevel=4, packed=False):
            raise OSError(0, "it was not written as a whole", str(path))


def _numbers(material: Material, file: Any) -> None:
    codes = {(code.field, code.source): code for code in CODES}
    for (field, source), track in TRACKS.items():
        recs = [
            {"dt": reading.utc_ms / 1000, "val": float(getattr(reading, field))}
            for reading in material.readings
            if reading.source == source and getattr(reading, field) is not None
        ]
        unit = codes[field, source].unit
        text = "/min" if unit == PER_MIN else unit.text
        if recs:
            file.add_track(f"{DEVICE}/{track}", recs, unit=text, maxdisp=200 if text != "%" else 100).fmt = _DOUBLE


def _wave(material: Material, file: Any) -> None:
    import numpy as np

    waves = material.waves
    rate_hz = waves[0].rate_hz if waves else 0
    kept = [wave for wave in waves if wave.rate_hz == rate_hz]
    other = sum(len(wave.ir) for wave in waves) - sum(len(wave.ir) for wave in kept)
    if other:
        material.say(f"{other} samples are left out: a track has one rate, here {rate_hz} Hz")
    for name, track in WAVES.items():
        batches = [{"dt": wave.utc_ms / 1000, "val": np.array(getattr(wave, name), np.float32)} for wave in kept]
        if batches:
            file.add_track(f"{DEVICE}/{track}", batches, srate=rate_hz, unit="counts", maxdisp=262_143)
    said: list[tuple[int, str]] = []
    following: dict[str, Any] = {}
    for wave in kept:
        has = {name: getattr(wave, name) for name in ("lost", "index", "device_ms", "boot")}
        has["flags"] = list(wave.flags)
        if has != following:
            said.append((wave.utc_ms, notes.line(notes.WAVE, has)))
        following = _next(has, len(wave.ir), rate_hz)
    _words(file, BATCHES, said)


def _next(has: dict[str, Any], count: int, rate_hz: int) -> dict[str, Any]:
    """What the batch behind one of `count` samples has where nothing came between."""
    index, device_ms = has.get("index"), has.get("device_ms")
    return {
        **has,
        "lost": 0,
        "index": None if index is None else index + count,
        "device_ms": None if device_ms is None else (device_ms + count * 1000 // rate_hz) & 0xFFFFFFFF,
    }


def _words(file: Any, track: str, lines: list[tuple[int, str]]) -> None:
    if lines:
        file.add_track(f"{DEVICE}/{track}", [{"dt": utc_ms / 1000, "val": text} for utc_ms, text in lines])


def read_vital(path: Path) -> tuple[dict[str, Any], list[Item]]:
    """The items of a file of ours, in order of time. Raises UsageError."""
    wrong = ""
    with _library() as vitaldb:
        try:
            file = vitaldb.VitalFile(str(path))
            about = notes.about_of(text for _, text in _lines(file, ABOUT))
            items = [*_events(file), *_readings(file), *_waves(file)]
        except Exception as error:  # the library raises what it meets
            wrong = str(error)[:200] or type(error).__name__
    if wrong:
        raise UsageError(f"{path} is no export of Vitalwire: {wrong}")
    return about, notes.in_order(items)


def _events(file: Any) -> Iterator[Item]:
    for utc_ms, text in _lines(file, EVENTS):
        yield _item(utc_ms, notes.event_of(*notes.parsed(text)))


def _readings(file: Any) -> Iterator[Item]:
    for utc_ms, text in _lines(file, READINGS):
        words, values = notes.parsed(text)
        counts = {"device_ms": None, "boot": None, "seq": None}
        yield _item(utc_ms, {**counts, **values, "type": "reading", "source": words[-1]})


def _item(utc_ms: int, values: dict[str, Any]) -> Item:
    return item_of({**values, "time_utc": iso_utc(utc_ms)})


def _recs(file: Any, track: str) -> list[tuple[int, Any]]:
    found = file.trks.get(f"{DEVICE}/{track}")
    return [] if found is None else [(round(rec["dt"] * 1000), rec["val"]) for rec in found.recs]


def _lines(file: Any, track: str) -> list[tuple[int, str]]:
    return [(utc_ms, str(text)) for utc_ms, text in _recs(file, track)]


def _waves(file: Any) -> Iterator[Wave]:
    red, ir = (_recs(file, WAVES[name]) for name in ("red", "ir"))
    if not ir:
        return
    rate_hz = round(file.trks[f"{DEVICE}/{WAVES['ir']}"].srate)
    said = [(utc_ms, notes.parsed(text)[1]) for utc_ms, text in _lines(file, BATCHES)]
    at = 0
    has: dict[str, Any] = {}
    for (utc_ms, infrared), (_, reds) in zip(ir, red, strict=True):
        if at < len(said) and said[at][0] == utc_ms:
            has = said[at][1]
            at += 1
        counts = {name: has.get(name) for name in ("lost", "index", "device_ms", "boot")}
        samples = {"red": tuple(map(int, reds)), "ir": tuple(map(int, infrared))}
        made = item_of(
            {
                **counts,
                **samples,
                "type": "wave",
                "rate_hz": rate_hz,
                "time_utc": iso_utc(utc_ms),
                "flags": has["flags"],
            }
        )
        assert isinstance(made, Wave)
        yield made
        has = _next(has, len(infrared), rate_hz)


__all__ = ["DEVICE", "EVENTS", "TRACKS", "WAVES", "read_vital", "write_vital"]
