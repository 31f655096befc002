# SPDX-License-Identifier: Apache-2.0
"""InfluxDB line protocol: `measurement,tag=value field=value timestamp`. Pure.

| measurement | of | tags | fields |
|---|---|---|---|
| `vitals` | each reading | board, bed, source, session, simulated | the values that were measured, `quality`, `seq`; |
| | | | `reason_FIELD` for each that is absent or doubtful; `flags`; `late` |
| `events` | each event | board, bed, kind, name, state, priority, session, simulated, variant | `value`, `limit`, |
| | | | `detail`, `by`, `late` |
| `pleth` | each sample of the wave | board, bed, session, simulated | `red`, `ir` (counts); `lost` before the first |

An absent value is no field: no number stands for it. The same item gives the same measurement, tags and timestamp
whenever it is written, so that a repeat replaces and adds nothing. `variant` keeps events apart that happen in the same
millisecond with the same name but say different things (0 to 15, from what they say).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from ..codes import CODES
from ..items import Event, Origin, Reading, Wave
from ..sinks.base import Delivery

Precision = Literal["ns", "ms"]
Field = float | int | bool | str | None
_FIELDS: Final = tuple(dict.fromkeys(code.field for code in CODES))


def lines_of(delivery: Delivery, precision: Precision = "ns") -> list[str]:
    """The lines of one item, without their ends. A wave has one for each sample; in `ms` its times are rounded down."""
    item, origin = delivery.item, delivery.origin
    if isinstance(item, Reading):
        return [
            _line("vitals", _tags(origin, source=item.source), _vitals(item, delivery.late), item.utc_ms, precision)
        ]
    if isinstance(item, Event):
        tags = _tags(origin, kind=item.kind, name=item.name, state=item.state, priority=item.priority)
        if not item.alarm and (item.detail or item.by):
            tags["variant"] = str(zlib.crc32(f"{item.detail}\n{item.by}".encode()) & 15)
        fields: dict[str, Field] = {"value": _real(item.value), "limit": _real(item.limit), "detail": item.detail}
        fields |= {"by": item.by, "late": delivery.late}
        return [_line("events", tags, fields, item.utc_ms, precision)]
    return list(_wave(item, _tags(origin), precision))


def _vitals(reading: Reading, late: bool) -> dict[str, Field]:
    found: dict[str, Field] = {name: _real(getattr(reading, name)) for name in _FIELDS}
    found |= {"quality": reading.quality, "seq": reading.seq}
    found |= {f"reason_{name}": why for name, why in reading.reasons}
    return {**found, "flags": " ".join(reading.flags), "late": late}


def _wave(wave: Wave, tags: dict[str, str], precision: Precision) -> Iterator[str]:
    head = _head("pleth", tags)
    lost = f",lost={wave.lost}i" if wave.lost else ""
    for place, (red, ir) in enumerate(zip(wave.red, wave.ir, strict=True)):
        at_ns = wave.utc_ms * 1_000_000 + place * 1_000_000_000 // wave.rate_hz
        yield f"{head} red={red}i,ir={ir}i{lost} {at_ns if precision == 'ns' else at_ns // 1_000_000}"
        lost = ""


def _tags(origin: Origin, **more: str) -> dict[str, str]:
    """In the order in which InfluxDB keeps them."""
    about = {"board": origin.board, "bed": origin.bed, "session": origin.session, **more}
    return {**about, "simulated": "true" if origin.simulated else "false"}


def _line(measurement: str, tags: dict[str, str], fields: dict[str, Field], utc_ms: int, precision: Precision) -> str:
    said = ",".join(f"{escape(name)}={_field(value)}" for name, value in fields.items() if value not in (None, ""))
    return f"{_head(measurement, tags)} {said} {utc_ms * 1_000_000 if precision == 'ns' else utc_ms}"


def _head(measurement: str, tags: dict[str, str]) -> str:
    shown = [f",{escape(name)}={said}" for name, value in sorted(tags.items()) if (said := escape(value))]
    return measurement + "".join(shown)


def escape(text: str) -> str:
    """A tag's key or value, or a field's key. It can hold no control characters (they become spaces), and before a
    comma or at the end readers disagree on what a backslash is (it becomes a slash)."""
    clean = "".join(c if c.isprintable() else " " for c in text).replace("\\", "/")
    for mark in (",", "=", " "):
        clean = clean.replace(mark, "\\" + mark)
    return clean


def _field(value: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value)
    clean = "".join(c if c.isprintable() else " " for c in str(value))
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _real(value: float | None) -> float | None:
    """Always a float: a field that was an integer once takes no fraction later. NaN and infinity have no form here."""
    return float(value) if value is not None and math.isfinite(value) else None


def text_of(deliveries: Iterable[Delivery], precision: Precision = "ns") -> str:
    """The lines of a batch, each with its end."""
    return "".join(line + "\n" for delivery in deliveries for line in lines_of(delivery, precision))


__all__ = ["Precision", "escape", "lines_of", "text_of"]
