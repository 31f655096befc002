# SPDX-License-Identifier: Apache-2.0
"""The board's side of the protocol in a few lines, for tests of the client: what it got, and what it says."""

from __future__ import annotations

from cobs import cobs

from vitalwire_protocol import codec
from vitalwire_protocol.framing import decode_body, encode_frame


class BoardScript:
    """Frames in the order of one board; `said` reads what the client sent."""

    def __init__(self, boot: int = 1, serial: str = "E6614", bed: str = "bed 4") -> None:
        self.boot, self.serial, self.bed = boot, serial, bed
        self.seq = 0

    def frame(self, message: codec.Message, t_ms: int = 0) -> bytes:
        data = encode_frame(message, self.seq, t_ms)
        self.seq += 1
        return data

    def hello(self, t_ms: int = 0, **changes: object) -> bytes:
        identity = f"{self.serial}\n{self.bed}\nMicroPython 1.26"
        hello = codec.Hello(0, 0, codec.VERSION_MINOR, 1, 0, 0, 0, 1, 0, 0, codec.SCHEMA_HASH, 0, self.boot, identity)
        return self.frame(hello._replace(**changes), t_ms)  # type: ignore[arg-type]

    def heartbeat(self, t_ms: int = 0) -> bytes:
        return self.frame(codec.Heartbeat(0, 0, self.boot, 0, 0, None, 5000, 3, None, 0), t_ms)

    def reading(self, t_ms: int = 0, spo2_pct: float | None = 97.0) -> bytes:
        reason = codec.Reason.OK if spo2_pct is not None else codec.Reason.NO_FINGER
        reading = codec.OximetryReading(0, 0, spo2_pct, 70.0, 1.5, 90, None, reason, 0, 0, 8, 0, None, None)
        return self.frame(reading, t_ms)

    def answer(
        self, request: codec.Message, outcome: int, t_ms: int = 0, *, refusal: int = 0, value: int | None = None
    ) -> bytes:
        client, number = request.client, request.number  # type: ignore[union-attr]
        return self.frame(codec.Answer(0, 0, client, number, request.TYPE, outcome, refusal, value, ""), t_ms)

    def restart(self) -> None:
        self.boot += 1
        self.seq = 0


def said(data: bytes) -> list[codec.Message]:
    """The commands in the bytes that a client wrote."""
    return [decode_body(cobs.decode(piece)) for piece in data.split(b"\0") if piece]


def requests(data: bytes) -> list[codec.Message]:
    """The commands without pings and questions for identity."""
    return [m for m in said(data) if not isinstance(m, codec.Ping | codec.Identify)]
