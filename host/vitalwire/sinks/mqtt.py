# SPDX-License-Identifier: Apache-2.0
"""An MQTT 5 broker: last values and alarms that stay and go as they should, and every item. Topics: `mqtt_topics`.

Everything has QoS 1; a batch is delivered once the broker has acknowledged all of its messages.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from ..errors import UsageError
from ..items import Origin
from . import homeassistant as ha
from .base import Delivery, Sink, SinkKind
from .mqtt_client import Connection, TidySocket, Where
from .mqtt_topics import CUFF_EXPIRE_S, EXPIRE_S, OFFLINE, Message, Topics, level
from .tls import client_tls
from .urls import SinkUrl

PREFIX: Final = "vitalwire"
Discovery = Callable[[Origin], list[Message]]
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class MqttSink(Sink):
    """One connection at a time, its client id made of the serial number: after a broken connection the broker lets the
    new one take the place of what is left of the old one, and publishes the old one's last will before."""

    def __init__(self, where: Where, topics: Topics, client_id: str = "", discovery: Discovery | None = None) -> None:
        self._where, self._topics, self._client_id = where, topics, client_id
        self._discovery = discovery
        self._connection: Connection | None = None
        self._board = ""

    def open(self, origin: Origin) -> None:
        self.close()
        topics = self._topics
        topics.begin(origin)
        self._board = origin.board
        client_id = self._client_id or f"vitalwire-{level(origin.board)}"
        self._connection = Connection(self._where, client_id, topics.status(OFFLINE))
        found = [] if self._discovery is None else self._discovery(origin)
        self._connection.publish([*found, *topics.opening(_now_ms())])

    def deliver(self, batch: Sequence[Delivery]) -> None:
        messages: list[Message] = []
        owners: list[int] = []
        for place, delivery in enumerate(batch):
            if delivery.origin.board not in (
                "",
                self._board,
            ):  # the last will is one board's: another one needs its own
                self._publish(messages, owners)
                messages, owners = [], []
                self.open(delivery.origin)
            for message in self._topics.of(delivery, _now_ms()):
                messages.append(message)
                owners.append(place)
        self._publish(messages, owners)

    def idle(self) -> None:
        if self._connection is not None:
            self._connection.pump()
            self._publish(self._topics.expired(_now_ms()), None)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close(self._topics.closing())
            self._connection = None

    def _publish(self, messages: Sequence[Message], owners: Sequence[int] | None) -> None:
        if messages and self._connection is not None:
            self._connection.publish(messages, owners)


class MqttSinkWithWaves(MqttSink):
    """The pulse wave too."""

    wants: ClassVar[frozenset[str]] = frozenset({"reading", "event", "wave"})


def make(url: SinkUrl) -> Sink:
    """Raises UsageError for a URL that cannot be used."""
    if not url.host:
        raise UsageError(f"--to {url.shown}: no broker is named", f"as in {KIND.example}")
    prefix = url.path.strip("/") or PREFIX
    if any(c in "+#" or not c.isprintable() for c in prefix) or "" in prefix.split("/") or prefix.startswith("$"):
        raise UsageError(f"--to {url.shown}: {prefix} is no beginning of a topic")
    where = Where(url.host, url.port or _PORTS[url.scheme], url.shown, url.user, url.secret(), _tls(url))
    expire_s = url.whole("expire", EXPIRE_S, 2, 3600)
    cuff_expire_s = url.whole("cuff_expire", CUFF_EXPIRE_S, 60, 86_400)
    topics = Topics(prefix, expire_s, cuff_expire_s)
    client_id, waves = url.text("client"), url.flag("waves")
    shown, below = url.flag("homeassistant"), url.text("discovery", ha.PREFIX)
    url.finish()

    def discovery(origin: Origin) -> list[Message]:
        return ha.discovery(topics, origin, expire_s, cuff_expire_s, below)

    return (MqttSinkWithWaves if waves else MqttSink)(where, topics, client_id, discovery if shown else None)


def _tls(url: SinkUrl) -> ssl.SSLContext | None:
    context = client_tls(url, "mqtts")
    if context is not None:
        context.sslsocket_class = TidySocket
    return context


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


KIND: Final = SinkKind(
    name="mqtt",
    schemes=("mqtt", "mqtts"),
    summary="MQTT 5 broker: last values that expire, alarms, every reading and event; Home Assistant",
    example="mqtt://vitalwire@localhost/ward3?homeassistant=yes",
    make=make,
    options={
        "password_file": "file with the password (or VITALWIRE_SINK_PASSWORD)",
        "expire": f"seconds after which a value of the oximeter disappears (2 to 3600, {EXPIRE_S})",
        "cuff_expire": f"the same for the cuff (60 to 86400, {CUFF_EXPIRE_S})",
        "waves": "yes: the pulse wave too",
        "homeassistant": "yes: announce the board to Home Assistant",
        "discovery": f"Home Assistant's discovery prefix ({ha.PREFIX})",
        "client": "client id (vitalwire-SERIAL)",
        "ca": "mqtts: file with the authority that signed the broker's certificate (else those of the system)",
        "cert": "mqtts: our certificate, where the broker asks for one",
        "key": "mqtts: its key, where it is not in the same file",
    },
    modules=("paho.mqtt",),
    extra="mqtt",
)

__all__ = ["KIND", "MqttSink", "make"]
