# SPDX-License-Identifier: Apache-2.0
"""Lab Streaming Layer: three streams that recorders and other programs on the network find by themselves.

| stream | type | rate | channels |
|---|---|---|---|
| `NAME-pleth` | `PPG` | nominal, of the board | `red`, `ir`: int32, counts |
| `NAME-vitals` | `Vitals` | irregular | numbers of oximeter and cuff, double64, with units |
| `NAME-events` | `Markers` | irregular | JSON of each event, and of what a person entered |

Time stamps are LSL's own clock: when it was measured, not when it came. In `vitals` NaN means *not measured in this
sample*: a reading of the oximeter has NaN in the channels of the cuff, and the other way round. It is LSL's custom for
what is absent; no number stands for it. Lost samples of the wave are a jump in its time stamps; nothing is filled in.
What waited comes with its own, older time stamp. LSL acknowledges nothing: who is not connected gets nothing.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..codes import CODES
from ..encode.envelope import envelope, to_json
from ..errors import SinkDown, SinkRefused, UsageError
from ..items import Item, Origin, Reading, Wave
from .base import Delivery, Sink, SinkKind
from .urls import SinkUrl

if TYPE_CHECKING:
    import pylsl

NAME: Final = "Vitalwire"
Channel = tuple[str, str, str]  # label, unit, type


def _vitals() -> dict[tuple[str, str], Channel]:
    """Source and field of a reading -> its channel, in the order of the channels."""
    found: dict[tuple[str, str], Channel] = {}
    for source in ("oximeter", "cuff"):
        mark = "cuff_" if source == "cuff" else ""
        for code in CODES:
            if code.source == source:
                label = (mark if code.field == "pulse_bpm" else "") + code.field
                found[source, code.field] = (label, code.unit.text, code.title)
        found[source, "quality"] = (f"{mark}quality", "0-100", f"Quality of the reading ({source})")
    return found


VITALS: Final = _vitals()
PLETH: Final[tuple[Channel, ...]] = (("red", "counts", "PPG"), ("ir", "counts", "PPG"))
MARKERS: Final[tuple[Channel, ...]] = (("event", "json", "Markers"),)


class LslSink(Sink):
    """Its streams exist while it is open; that of the wave from the first batch on, since its rate is not known
    before, and anew where the rate changes."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})

    def __init__(self, name: str, shown: str) -> None:
        self._name, self._shown = name, shown
        self._lsl: Any = None
        self._offset_s: float | None = None
        self._origin = Origin("")
        self._vitals: pylsl.StreamOutlet | None = None
        self._events: pylsl.StreamOutlet | None = None
        self._pleth: pylsl.StreamOutlet | None = None
        self._rate_hz = 0

    def open(self, origin: Origin) -> None:
        self.close()
        try:
            import pylsl
        except (ImportError, RuntimeError, OSError) as error:  # the library itself is not in every package of pylsl
            said = " ".join(str(error).split())[:200]
            raise SinkRefused(f"{self._shown}: LSL cannot be loaded: {said}", "see pylsl's page on liblsl") from None
        _quiet(pylsl)
        self._lsl, self._origin, self._rate_hz = pylsl, origin, 0
        # Simulated time has another calendar: its first item is now.
        self._offset_s = None if origin.simulated else pylsl.local_clock() - time.time()
        self._vitals = self._outlet("vitals", "Vitals", pylsl.IRREGULAR_RATE, "double64", tuple(VITALS.values()))
        self._events = self._outlet("events", "Markers", pylsl.IRREGULAR_RATE, "string", MARKERS)

    def deliver(self, batch: Sequence[Delivery]) -> None:
        if self._vitals is None or self._events is None:
            raise SinkDown(f"{self._shown}: it is not open")
        for delivery in batch:
            item = delivery.item
            if delivery.origin.board not in ("", self._origin.board):
                self.open(delivery.origin)
            if isinstance(item, Wave):
                self._wave(item)
            elif isinstance(item, Reading) and item.source in ("oximeter", "cuff"):
                values = [_number(item, source, name) for source, name in VITALS]
                self._vitals.push_sample(values, self._stamp(item))
            else:
                self._events.push_sample([to_json(envelope(delivery))], self._stamp(item))

    def close(self) -> None:
        # The last reference ends a stream.
        self._vitals = self._events = self._pleth = None

    def _wave(self, wave: Wave) -> None:
        if not wave.ir:
            return
        if self._pleth is None or wave.rate_hz != self._rate_hz:
            self._pleth = None
            self._rate_hz = wave.rate_hz
            self._pleth = self._outlet("pleth", "PPG", wave.rate_hz, "int32", PLETH)
        # The time stamp of a chunk is that of its last sample; the others follow from the nominal rate.
        last_s = self._stamp(wave) + (len(wave.ir) - 1) / wave.rate_hz
        self._pleth.push_chunk([list(pair) for pair in zip(wave.red, wave.ir, strict=True)], last_s)

    def _stamp(self, item: Item) -> float:
        utc_s = item.utc_ms / 1000
        if self._offset_s is None:
            self._offset_s = float(self._lsl.local_clock()) - utc_s
        return utc_s + self._offset_s

    def _outlet(
        self, part: str, kind: str, rate_hz: float, form: str, channels: Sequence[Channel]
    ) -> pylsl.StreamOutlet:
        origin = self._origin
        source = f"vitalwire-{origin.board or 'unknown'}-{part}"
        try:
            info = self._lsl.StreamInfo(f"{self._name}-{part}", kind, len(channels), rate_hz, form, source)
            about = info.desc()
            for name, text in (
                ("manufacturer", "Vitalwire"),
                ("serial_number", origin.board),
                ("firmware", origin.firmware),
                ("bed", origin.bed),
                ("session", origin.session),
                ("simulated", "true" if origin.simulated else "false"),
                ("absent", "NaN: not measured in this sample" if part == "vitals" else "left out, never filled in"),
            ):
                about.append_child_value(name, text)
            listed = about.append_child("channels")
            for label, unit, what in channels:
                channel = listed.append_child("channel")
                for name, text in (("label", label), ("unit", unit), ("type", what)):
                    channel.append_child_value(name, text)
            return self._lsl.StreamOutlet(info)
        except RuntimeError as error:
            raise SinkDown(f"{self._shown}: the stream {self._name}-{part} cannot be made: {error}") from None


class LslSinkWithoutWaves(LslSink):
    """Numbers and events alone."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event"})


def _quiet(lsl: Any) -> None:
    """Warnings alone on standard error, unless somebody configured LSL: theirs is then left as it is."""
    places = (Path("lsl_api.cfg"), Path.home() / "lsl_api" / "lsl_api.cfg", Path("/etc/lsl_api/lsl_api.cfg"))
    if "LSLAPICFG" in os.environ or any(place.is_file() for place in places):
        return
    with contextlib.suppress(AttributeError, NotImplementedError):  # older ones cannot be told
        lsl.set_config_content("[log]\nlevel = -1\n")


def _number(reading: Reading, source: str, name: str) -> float:
    value = getattr(reading, name) if reading.source == source else None
    return math.nan if value is None else float(value)


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    waves = url.flag("waves", default=True)
    url.finish()
    if url.host:
        raise UsageError(f"--to {url.shown}: a name, not an address", f"as in {KIND.example}")
    return (LslSink if waves else LslSinkWithoutWaves)(url.path.strip("/") or NAME, url.shown)


KIND: Final = SinkKind(
    name="lsl",
    schemes=("lsl",),
    summary="Lab Streaming Layer: pulse wave, numbers and events as three streams",
    example="lsl:Bed3",
    make=make,
    options={"waves": "no: without the pulse wave"},
    modules=("pylsl",),
    extra="lsl",
    keeps=False,
)

__all__ = ["KIND", "LslSink", "make"]
