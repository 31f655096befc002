# SPDX-License-Identifier: Apache-2.0
"""Which MQTT messages an item becomes: pure, without a broker and without a clock of its own.

Below `PREFIX/SERIAL/`:

| topic | retained | payload |
|---|---|---|
| `status` | yes, last will | `online`; `link_lost` (the program runs, the board is not heard); `offline` |
| `state/FIELD` | yes, expires | the last value as a plain number, e.g. `97`; empty once it is absent |
| `reading` | no | JSON of every reading |
| `event` | no | JSON of every event |
| `alarm/NAME` | yes | JSON of the event that changed the alarm last; empty once it is cleared |
| `alarms` | yes | JSON: every alarm that is raised, with priority and state, and the worst priority |
| `wave` | no | JSON of every batch of the pulse wave, with `waves=yes` |

FIELD is `spo2_pct`, `pulse_bpm`, `perfusion_pct`, `quality` (oximeter) or `sbp_mmhg`, `dbp_mmhg`, `map_mmhg`,
`cuff_pulse_bpm`, `cuff_quality`, `cuff_time_utc` (cuff). Values that a person entered are in `reading` alone: `state`
is what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ..alarms.rules import ALL_RULES, TECHNICAL_RULES
from ..codes import codes_of
from ..encode.envelope import envelope, to_json
from ..items import Event, Origin, Reading
from ..link.readings import iso_utc
from .base import Delivery
from .present import age_ms, gap_begins, heard

ONLINE: Final = "online"
LINK_LOST: Final = "link_lost"
OFFLINE: Final = "offline"
EXPIRE_S: Final = 30
CUFF_EXPIRE_S: Final = 3600
ALARM_EXPIRE_S: Final = 86_400
"""An alarm that a killed program left behind is gone after a day; `status` says `offline` from the first moment."""
_PRIORITIES: Final = ("high", "medium", "low", "")


def _state_of(source: str) -> dict[str, tuple[str, int]]:
    """Topic -> field of the reading, and its decimals."""
    mark = "cuff_" if source == "cuff" else ""
    found = {(mark if c.field == "pulse_bpm" else "") + c.field: (c.field, c.places) for c in codes_of(source)}
    return {**found, f"{mark}quality": ("quality", 0)}


STATES: Final = {source: _state_of(source) for source in ("oximeter", "cuff")}
CUFF_TIME: Final = "cuff_time_utc"


@dataclass(frozen=True, slots=True)
class Message:
    """One PUBLISH. An empty payload with `retain` takes away what was retained. `expire_s` None: it never expires."""

    topic: str
    payload: str
    retain: bool = False
    expire_s: int | None = None
    properties: tuple[tuple[str, str], ...] = ()
    json: bool = False


def level(text: str) -> str:
    """A text as one level of a topic: what separates levels or is a wildcard becomes `_`."""
    return "".join("_" if c in "/+#$" or not c.isprintable() else c for c in text) or "unknown"


class Topics:
    """Follows one board. Remembers what is retained, so that `opening` can put it right after a broken connection."""

    def __init__(self, prefix: str, expire_s: int = EXPIRE_S, cuff_expire_s: int = CUFF_EXPIRE_S) -> None:
        self._prefix = prefix
        self._expire_s = {"oximeter": expire_s, "cuff": cuff_expire_s}
        self._origin = Origin("")
        self._status = ONLINE
        self._alarms: dict[str, Message] = {}
        self._active: dict[str, dict[str, str]] = {}
        self._held: dict[str, tuple[Message, int]] = {}  # by the state's name, with when it was made, on our clock
        self._empty: set[str] = set()  # state that is known to be empty at the broker
        self._measured_ms: dict[str, int] = {}  # by source, of the newest reading

    def topic(self, *levels: str) -> str:
        """Below the board's own."""
        return "/".join((self._prefix, level(self._origin.board), *levels))

    def status(self, word: str) -> Message:
        """The retained message of that status."""
        origin = self._origin
        about = (("bed", origin.bed), ("firmware", origin.firmware), ("simulated", _yes(origin.simulated)))
        return Message(self.topic("status"), word, retain=True, properties=about)

    def begin(self, origin: Origin) -> None:
        """The next messages are of this board; what is known of another one is forgotten."""
        if origin.board != self._origin.board:
            self._status = ONLINE
            for known in (self._alarms, self._active, self._held, self._measured_ms):
                known.clear()
        self._origin = origin
        self._empty.clear()

    def opening(self, now_ms: int) -> list[Message]:
        """What makes the broker's retained messages right, whatever an earlier connection left there."""
        found = []
        for name in (*STATES["oximeter"], *STATES["cuff"], CUFF_TIME):
            message, made_ms = self._held.get(name, (None, 0))
            left_s = (message.expire_s or 0) - (now_ms - made_ms) // 1000 if message else 0
            if message is not None and 0 < left_s <= (message.expire_s or 0):
                found.append(replace(message, expire_s=left_s))
            else:
                found += self._clear(name)
        for name in (*ALL_RULES, *TECHNICAL_RULES):
            found.append(self._alarms.get(name) or Message(self.topic("alarm", name), "", retain=True))
        found += [message for name, message in self._alarms.items() if name not in {**ALL_RULES, **TECHNICAL_RULES}]
        return [*found, self._summary(self._active), self.status(self._status)]

    def closing(self) -> list[Message]:
        """The program ends: nobody measures and nobody judges any longer. What is remembered here stays, for a
        connection that is opened again."""
        found = [Message(self.topic("state", name), "", retain=True) for name in self._held]
        found += [Message(message.topic, "", retain=True) for message in self._alarms.values()]
        return [*found, self._summary({}), self.status(OFFLINE)]

    def expired(self, now_ms: int) -> list[Message]:
        """Takes away what is too old: the broker drops it by itself, but tells nobody who has it already."""
        old = [n for n, (held, made_ms) in self._held.items() if now_ms - made_ms >= (held.expire_s or 0) * 1000]
        return [message for name in old for message in self._clear(name)]

    def of(self, delivery: Delivery, now_ms: int) -> Iterator[Message]:
        """What one item becomes, the item itself first. `now_ms` is UTC."""
        item = delivery.item
        self._origin = delivery.origin if delivery.origin.board else self._origin
        word = "reading" if isinstance(item, Reading) else "event" if isinstance(item, Event) else "wave"
        values = envelope(delivery)
        yield Message(self.topic(word), to_json(values), json=True)
        if isinstance(item, Reading):
            yield from self._reading(item, delivery, now_ms)
        elif isinstance(item, Event):
            yield from self._event(item, values)

    def _reading(self, reading: Reading, delivery: Delivery, now_ms: int) -> Iterator[Message]:
        source = reading.source
        if source not in STATES or reading.utc_ms < self._measured_ms.get(source, reading.utc_ms):
            return
        expire_s = self._expire_s[source]
        age = age_ms(delivery, reading, now_ms)  # it lives as long as it would have, had it come at once
        if age is None or age >= expire_s * 1000:
            return
        expire_s -= age // 1000
        if source == "oximeter" and not delivery.late:
            yield from self._link(ONLINE)
        self._measured_ms[source] = reading.utc_ms
        about = (
            ("time_utc", iso_utc(reading.utc_ms)),
            ("number", str(delivery.number)),
            ("key", delivery.key),
            ("late", _yes(delivery.late)),
            ("repeated", _yes(delivery.repeated)),
            ("simulated", _yes(delivery.origin.simulated)),
        )
        reasons = dict(reading.reasons)
        for name, (field, places) in STATES[source].items():
            value = getattr(reading, field)
            if value is None:
                yield from self._clear(name)
                continue
            why = reasons.get(field)
            said = (*about, ("reason", why)) if why else about
            yield self._hold(name, f"{value:.{places}f}", expire_s, said, now_ms)
        if source == "cuff":
            yield self._hold(CUFF_TIME, iso_utc(reading.utc_ms), expire_s, about, now_ms)

    def _event(self, event: Event, values: dict[str, Any]) -> Iterator[Message]:
        if event.alarm and event.name:
            yield from self._alarm(event, values)
        up = heard(event)
        if up is not None:
            yield from self._link(ONLINE if up else LINK_LOST)
        elif gap_begins(event):
            for name in STATES["oximeter"]:
                yield from self._clear(name)

    def _alarm(self, event: Event, values: dict[str, Any]) -> Iterator[Message]:
        topic, name = self.topic("alarm", level(event.name)), event.name
        if event.state == "cleared":
            self._alarms.pop(name, None)
            self._active.pop(name, None)
            yield Message(topic, "", retain=True)
        else:
            self._active[name] = {"priority": event.priority, "state": event.state, "time_utc": values["time_utc"]}
            self._alarms[name] = Message(topic, to_json(values), retain=True, expire_s=ALARM_EXPIRE_S, json=True)
            yield self._alarms[name]
        yield self._summary(self._active)

    def _summary(self, active: dict[str, dict[str, str]]) -> Message:
        found = [alarm["priority"] for alarm in active.values()]
        worst = next((priority for priority in _PRIORITIES if priority in found), "")
        said = to_json({"active": dict(sorted(active.items())), "count": len(found), "worst": worst})
        return Message(self.topic("alarms"), said, retain=True, json=True)

    def _link(self, word: str) -> Iterator[Message]:
        if word == self._status:
            return
        self._status = word
        if word == LINK_LOST:
            for name in list(self._held):
                yield from self._clear(name)
        yield self.status(word)

    def _hold(self, name: str, payload: str, expire_s: int, about: tuple[tuple[str, str], ...], now_ms: int) -> Message:
        message = Message(self.topic("state", name), payload, retain=True, expire_s=expire_s, properties=about)
        self._held[name] = (message, now_ms)
        self._empty.discard(name)
        return message

    def _clear(self, name: str) -> list[Message]:
        self._held.pop(name, None)
        if name in self._empty:
            return []
        self._empty.add(name)
        return [Message(self.topic("state", name), "", retain=True)]


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


__all__ = ["CUFF_EXPIRE_S", "EXPIRE_S", "LINK_LOST", "OFFLINE", "ONLINE", "STATES", "Message", "Topics", "level"]
