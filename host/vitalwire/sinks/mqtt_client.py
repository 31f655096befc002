# SPDX-License-Identifier: Apache-2.0
"""One MQTT 5 connection: connects, publishes a batch and waits for all of its acknowledgements, ends.

Everything happens in the caller's thread. A connection that broke is never mended: the caller makes another one.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from ..errors import ItemRefused, SinkDown, SinkRefused
from .mqtt_topics import Message

if TYPE_CHECKING:
    from paho.mqtt.client import Client, DisconnectFlags, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

CONNECT_S: Final = 4.0
"""For TCP with TLS, and again for the broker's answer."""
ACK_S: Final = 8.0
"""Without any acknowledgement for so long, the connection counts as broken."""
KEEPALIVE_S: Final = 10
CLOSE_S: Final = 2.0
WINDOW_MAX: Final = 1000
"""Unacknowledged messages at once, where the broker allows that many."""
_TLS_PORT: Final = "is it the port for TLS, usually 8883?"
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux alone has it

# Reason codes of MQTT 5 (2.4), of CONNACK and DISCONNECT, that stay as they are until a person acts.
_REFUSALS: Final = {
    0x84: "it does not speak MQTT 5",
    0x85: "it does not take our client id; give another one with client=",
    0x86: "wrong user name or password",
    0x87: "not authorised",
    0x8A: "this client is banned",
    0x8C: "it wants another way to log in",
    0x8E: "another program uses our client id; give one of them another id with client=",
    0x9A: "it keeps no retained messages",
    0x9B: "it does not support QoS 1",
    0x9D: "it says that another server is to be used",
}
_PACKET_TOO_LARGE: Final = 0x95
# Of PUBACK: what is wrong is this message, and it will not get better by repeating it.
_BAD_MESSAGE: Final = (0x90, 0x99)
_NOT_AUTHORISED: Final = 0x87


@dataclass(frozen=True)
class Where:
    """Which broker, as whom. `shown` is what messages call it; it holds no password."""

    host: str
    port: int
    shown: str
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None


class TidySocket(ssl.SSLSocket):
    """Closes itself where TLS does not come about: paho forgets it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLEOFError, ConnectionError) as error:
            # The other side is gone; why it went (its alert) is still to be read.
            try:
                self.recv(1)
            except ssl.SSLError as alert:
                if "ALERT" in str(alert).upper():
                    raise alert from None
            raise error from None


class Connection:
    """Connected once made. `will` is published by the broker where the connection ends without a goodbye."""

    def __init__(self, where: Where, client_id: str, will: Message) -> None:
        """Raises SinkDown or SinkRefused."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        self._where = where
        self._answer: tuple[int, str] | None = None  # of CONNACK
        self._lost: tuple[int, str] | None = None  # of DISCONNECT; (0, why) where there was none
        self._trouble = ""
        self._window, self._size_max = WINDOW_MAX, 0
        self._open: dict[int, tuple[int, str]] = {}  # message id -> the place of its item in the batch, its topic
        self._failed: list[tuple[int, int, str]] = []
        client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self._client: Client = client
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages = 65535  # the window is kept here: paho does not ask what the broker takes
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        client.on_socket_open = _send_at_once
        if where.user or where.password:
            client.username_pw_set(where.user, where.password or None)
        if where.tls is not None:
            client.tls_set_context(where.tls)
        client.will_set(will.topic, will.payload, qos=1, retain=will.retain, properties=_properties(will, will=True))
        self._connect()

    # ------------------------------------------------------------ what it does

    def publish(self, messages: Sequence[Message], owners: Sequence[int] | None = None) -> None:
        """Returns once the broker has acknowledged all of them; they are on their way together, not one by one.

        `owners`: for each message the place of the item that it is of, for `delivered` of ItemRefused. Raises SinkDown,
        SinkRefused, ItemRefused.
        """
        self._open.clear()
        self._failed.clear()
        places = range(len(messages)) if owners is None else owners
        for place, message in zip(places, messages, strict=True):
            payload = message.payload.encode()
            if self._size_max and len(payload) + len(message.topic) + 64 > self._size_max:
                self._failed.append((place, _PACKET_TOO_LARGE, message.topic))
                continue
            self._await(lambda: len(self._open) < self._window)
            info = self._guard(self._send, message, payload)
            self._open[info.mid] = (place, message.topic)
        self._await(lambda: not self._open)
        self._judge()

    def pump(self) -> None:
        """Answers the broker and keeps the connection alive. Raises SinkDown or SinkRefused where it is gone."""
        self._loop(0.0)
        self._check()

    def close(self, last: Sequence[Message] = ()) -> None:
        """Says goodbye, after the `last` messages where they can still be delivered; raises nothing."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.reasoncodes import ReasonCode

        said = False
        try:
            if self._lost is None and self._answer == (0, "") and last:
                self._open.clear()
                for message in last:
                    self._await(lambda: len(self._open) < self._window, CLOSE_S)
                    self._open[self._guard(self._send, message, message.payload.encode()).mid] = (0, message.topic)
                self._await(lambda: not self._open, CLOSE_S)
            said = self._lost is None
        except (SinkDown, SinkRefused):
            pass
        try:
            if self._lost is None:
                # Where the last messages did not come through, the broker is to publish the will.
                code = ReasonCode(PacketTypes.DISCONNECT, identifier=0 if said else 4)
                self._client.disconnect(code)
        except Exception:  # paho's socket may be in any state here, and there is nothing left to do with it
            pass
        self._drop()

    # ------------------------------------------------------------ inside

    def _connect(self) -> None:
        where = self._where
        try:
            self._client.connect(where.host, where.port, keepalive=KEEPALIVE_S, clean_start=True)
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise SinkRefused(
                f"{where.shown}: its certificate is not accepted: {error.verify_message}",
                "name the authority that signed it with ca=FILE",
            ) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            self._drop()
            raise SinkDown(
                f"{where.shown}: it ended the connection while TLS began ({error.reason or error})"
            ) from None
        except ssl.SSLError as error:
            self._drop()
            raise SinkRefused(
                f"{where.shown}: no TLS with what answers there ({error.reason or error})",
                _TLS_PORT,
            ) from None
        except OSError as error:
            self._drop()
            hint = _TLS_PORT if where.tls and isinstance(error, ConnectionResetError) else ""
            raise SinkDown(f"{where.shown}: {error.strerror or error}", hint) from None
        try:
            self._await(lambda: self._answer is not None, CONNECT_S)
        except (SinkDown, SinkRefused):
            self._drop()
            raise
        assert self._answer is not None
        code, why = self._answer
        if code:
            self._drop()
            raise self._error(code, why)

    def _send(self, message: Message, payload: bytes) -> MQTTMessageInfo:
        return self._client.publish(
            message.topic, payload, qos=1, retain=message.retain, properties=_properties(message)
        )

    def _await(self, done: Callable[[], bool], wait_s: float = ACK_S) -> None:
        """Until it is so; `wait_s` counts anew with every acknowledgement."""
        left, until = len(self._open), time.monotonic() + wait_s
        while not done():
            self._check()
            rest_s = until - time.monotonic()
            if rest_s <= 0:
                self._lost = (0, f"no answer for {wait_s:g} s")
                raise SinkDown(f"{self._where.shown}: no answer for {wait_s:g} s")
            self._acknowledge_at_once()
            self._loop(min(rest_s, 1.0))
            if len(self._open) < left:
                left, until = len(self._open), time.monotonic() + wait_s

    def _acknowledge_at_once(self) -> None:
        # A broker with Nagle's algorithm (Mosquitto's default) holds its second PUBACK back until our system has
        # acknowledged the first segment, which it delays by 40 ms. The option falls back by itself: it is set anew.
        held = self._client.socket()
        if _QUICKACK is not None and held is not None:
            cast(socket.socket, held).setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _loop(self, wait_s: float) -> None:
        self._guard(self._client.loop, wait_s)

    def _guard(self, call: Callable[..., Any], *args: Any) -> Any:
        try:
            return call(*args)
        except Exception as error:  # whatever paho's parser trips over: what answers is no MQTT broker
            raise SinkDown(f"{self._where.shown}: what answers there is no MQTT 5 ({type(error).__name__})") from None

    def _check(self) -> None:
        if self._lost is not None and not (self._answer and self._answer[0]):
            raise self._error(*self._lost)

    def _judge(self) -> None:
        """What the broker did not take: the first of it decides."""
        if not self._failed:
            return
        place, code, topic = min(self._failed)
        shown, name = self._where.shown, _name_of(code)
        if code == _NOT_AUTHORISED:
            raise SinkRefused(f"{shown}: not authorised to publish to {topic}", "see the broker's access list")
        if code == _PACKET_TOO_LARGE:
            raise ItemRefused(f"{shown}: the message for {topic} is larger than it takes", delivered=place)
        if code in _BAD_MESSAGE:
            raise ItemRefused(f"{shown}: it does not take the message for {topic} ({name})", delivered=place)
        raise SinkDown(f"{shown}: it did not take the message for {topic} ({name})")

    def _error(self, code: int, why: str) -> SinkDown | SinkRefused:
        shown = self._where.shown
        if code in _REFUSALS:
            return SinkRefused(f"{shown}: {_REFUSALS[code]}")
        # A broker that asks for a certificate of ours and gets none (or a wrong one) says so in an alert of TLS.
        if code == 0 and "ALERT" in self._trouble.upper():
            return SinkRefused(f"{shown}: it ended TLS ({self._trouble})", "cert=FILE and key=FILE name a certificate")
        return SinkDown(f"{shown}: {why or self._trouble or 'the connection broke'}")

    def _drop(self) -> None:
        held = self._client.socket()
        if held is not None:
            held.close()
        self._lost = self._lost or (0, "it was closed")

    # ------------------------------------------------------------ callbacks of paho; an exception in one is lost

    def _on_connect(self, _c: Client, _u: Any, _f: Any, reason: ReasonCode, properties: Properties | None) -> None:
        code = int(reason.value)
        self._answer = (code, "" if code == 0 else str(reason))
        allowed = getattr(properties, "ReceiveMaximum", None)
        self._window = max(1, min(WINDOW_MAX, allowed or WINDOW_MAX))
        self._size_max = getattr(properties, "MaximumPacketSize", None) or 0

    def _on_disconnect(self, _c: Client, _u: Any, flags: DisconnectFlags, reason: ReasonCode, _p: Any) -> None:
        if self._lost is None:
            said = flags.is_disconnect_packet_from_server
            self._lost = (int(reason.value), str(reason)) if said else (0, "")

    def _on_publish(self, _c: Client, _u: Any, mid: int, reason: ReasonCode, _p: Any) -> None:
        sent = self._open.pop(mid, None)
        if sent is not None and reason.is_failure:
            self._failed.append((sent[0], int(reason.value), sent[1]))

    def _on_log(self, _c: Client, _u: Any, _level: int, text: str) -> None:
        if " on socket: " in text:  # the cause of a broken connection is nowhere else
            self._trouble = text.partition(" on socket: ")[2]


def _send_at_once(_client: Client, _userdata: Any, opened: Any) -> None:
    # Small packets would wait for the acknowledgement of the one before, which the other side delays by 40 ms.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _properties(message: Message, *, will: bool = False) -> Properties:
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    found = Properties(PacketTypes.WILLMESSAGE if will else PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    found.PayloadFormatIndicator = 1  # the payload is UTF-8
    if message.json:
        found.ContentType = "application/json"
    if message.expire_s is not None and message.payload:
        found.MessageExpiryInterval = message.expire_s
    if message.properties:
        found.UserProperty = list(message.properties)
    return found


def _name_of(code: int) -> str:
    from paho.mqtt.reasoncodes import ReasonCode

    names: dict[str, Any] = ReasonCode.names.get(code, {})
    return f"{next(iter(names), 'reason')} 0x{code:02X}"


__all__ = ["Connection", "TidySocket", "Where"]
