# SPDX-License-Identifier: Apache-2.0
"""A board for tests of the host: speaks the real protocol over a transport whose time is virtual.

It knows no sensor and no patient; `readings` says what it reports. A whole board is tested on the simulated one.
"""

from __future__ import annotations

import binascii
import heapq
import struct
from collections.abc import Callable

from cobs import cobs

from vitalwire.clock import VirtualClock
from vitalwire.errors import LinkLost
from vitalwire_protocol import codec
from vitalwire_protocol.framing import decode_body, encode_frame

Values = tuple[float | None, float | None, int]  # SpO2, pulse, reason where absent


def steady(_t_s: float) -> Values:
    return 97.0, 70.0, codec.Reason.OK


class FakeBoard:
    """A transport with a board behind it. All times are ms of its virtual clock."""

    name = "fake"
    simulated = True

    def __init__(self, readings: Callable[[float], Values] = steady, *, boot: int = 7) -> None:
        self.clock = VirtualClock()
        self.readings = readings
        self.boot = boot
        self.minor = codec.VERSION_MINOR
        self.session: int | None = None
        self.crc = 0
        self.status = 0
        self.commands: list[object] = []
        self.deaf: list[tuple[int, int]] = []
        """Spans in which nothing is heard of it and it hears nothing."""
        self.mute: list[tuple[int, int]] = []
        """Spans in which it sends no readings, but everything else."""
        self.unplugged_ms: int | None = None
        self.refuse: dict[int, int] = {}
        self.closed = False
        self.oscillogram: list[codec.Oscillogram] | None = None
        """The parts of the oscillogram of each cycle; None: a board that keeps none."""
        self.lost_parts: list[set[int]] = []
        """For one request after the other the parts that get lost on the way."""
        self.busy = 0
        """So many requests for an oscillogram are refused because the board is busy."""
        self.calibrations: dict[int, codec.CalibrationStored] = {}
        """By kind; what is not there was never done."""
        self.service = 0
        """1: its program has given up; it measures nothing, and answers nothing but with hellos."""
        self._seq = 0
        self._out = bytearray()
        self._inbox = bytearray()
        self._plan: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._cycle = 0
        self.at(300, self._beat)
        self.at(1000, self._reading)

    # ------------------------------------------------------------ the transport

    def read(self, timeout_s: float) -> bytes:
        end_ms = self.clock.monotonic_ms() + round(timeout_s * 1000)
        while not self._out and self._plan and self._plan[0][0] <= end_ms:
            t_ms, _, act = heapq.heappop(self._plan)
            self.clock.advance_to(t_ms)
            self._check_plug()
            act()
        if not self._out:
            self.clock.advance_to(end_ms)
        self._check_plug()
        data = bytes(self._out)
        self._out.clear()
        return data

    def write(self, data: bytes) -> None:
        self._check_plug()
        if self._is_deaf():
            return
        self._inbox += data
        *frames, rest = bytes(self._inbox).split(b"\0")
        self._inbox = bytearray(rest)
        for frame in frames:
            if frame:
                self._command(decode_body(cobs.decode(frame)))

    def close(self) -> None:
        self.closed = True

    # ------------------------------------------------------------ what a test may do

    def at(self, t_ms: int, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._plan, (t_ms, self._number, act))

    def send(self, message: codec.Message) -> None:
        if not self._is_deaf():
            self._out += encode_frame(message, self._seq, self._now())
        self._seq += 1

    def alarm(self, rule: int, state: int, value: float | None, cause: int = codec.AlarmCause.DELAY) -> None:
        self.send(codec.Alarm(0, 0, rule, state, codec.Priority.HIGH, value, 90.0, cause))

    def reboot(self) -> None:
        self.boot += 1
        self._seq = 0
        self.session, self.crc = None, 0
        self.hello()

    def cuff_result(
        self,
        sbp: float | None,
        dbp: float | None,
        outcome: int = 0,
        *,
        late: bool = False,
        beats: int = 20,
        session: int | None = None,
    ) -> None:
        mean = None if sbp is None or dbp is None else (sbp + 2 * dbp) / 3
        flags = codec.ReadingFlags.LATE if late else 0
        self._cycle += 1
        now = self._now()
        quality, pulse = (None, None) if sbp is None else (80, 71.0)
        self.send(
            codec.NibpResult(
                0, 0, sbp, mean, dbp, pulse, quality, session or self.session, 2.0, outcome, 0, 1, beats, 2,
                flags, self._cycle, now, 165.0, 0, 0,
            )
        )  # fmt: skip

    def hello(self) -> None:
        caps = codec.Capabilities.OXIMETER | codec.Capabilities.CUFF
        if self.oscillogram is not None:
            caps |= codec.Capabilities.OSCILLOGRAM
        identity = "FAKE0001\nbay 2\npytest 1"
        self.send(
            codec.Hello(0, 0, self.minor, 1, 0, 0, 0, 1, 0, 0, codec.SCHEMA_HASH, caps, self.boot, identity)._replace(
                service=self.service
            )
        )

    # ------------------------------------------------------------ inside

    def _now(self) -> int:
        return self.clock.monotonic_ms()

    def _is_deaf(self) -> bool:
        return any(start <= self._now() < end for start, end in self.deaf)

    def _check_plug(self) -> None:
        if self.closed or (self.unplugged_ms is not None and self._now() >= self.unplugged_ms):
            raise LinkLost("fake: the link to the board ended")

    def _beat(self) -> None:
        if not self.service:
            self._send_beat()
        self.at(self._now() + 1000, self._beat)

    def _send_beat(self) -> None:
        self.send(codec.Heartbeat(0, 0, self.boot, self.status, self.crc, self.session, 5000, 3, 90_000, 0))

    def _reading(self) -> None:
        self.at(self._now() + 1000, self._reading)
        if self.service or any(start <= self._now() < end for start, end in self.mute):
            return
        spo2, pulse, reason = self.readings(self._now() / 1000)
        no = codec.Reason.OK
        self.send(
            codec.OximetryReading(
                0, 0, spo2, pulse, None if pulse is None else 1.5, 90, self.session,
                no if spo2 is not None else reason, no if pulse is not None else reason,
                no if pulse is not None else reason, 8, 0, None, None,
            )
        )  # fmt: skip

    def _command(self, message: codec.Message) -> None:
        self.commands.append(message)
        if self.service and not isinstance(message, codec.Identify):
            return
        refusal = self.refuse.get(message.TYPE, codec.Refusal.NONE)
        value = None
        if refusal:
            self._answer(message, codec.Outcome.REFUSED, refusal, None)
            return
        if isinstance(message, codec.Identify):
            self.hello()
            return
        if isinstance(message, codec.SessionBegin):
            self.session, self.crc = message.session, 0xDEAD
        elif isinstance(message, codec.SessionEnd):
            self.session = None
        elif isinstance(message, codec.SetLimits):
            items = b"".join(struct.pack("<BBHHH", *item) for item in message.limits)
            more = b"" if self.minor < 2 else struct.pack("<HH", message.latching, message.escalate_s)
            value = binascii.crc32(items + more)
            self.crc, value = value, value - (1 << 32) if value >> 31 else value
        elif isinstance(message, codec.OscillogramGet) and (refusal := self._send_oscillogram(message.cycle)):
            self._answer(message, codec.Outcome.REFUSED, refusal, None)
            return
        elif isinstance(message, codec.CalibrationGet) and message.kind in self.calibrations:
            self.send(self.calibrations[message.kind])
        self._answer(message, codec.Outcome.DONE, 0, value)

    def _send_oscillogram(self, cycle: int) -> int:
        if self.busy:
            self.busy -= 1
            return codec.Refusal.BUSY
        if not self.oscillogram or cycle != self._cycle:
            return codec.Refusal.NOT_FOUND
        lost = self.lost_parts.pop(0) if self.lost_parts else set()
        for part in self.oscillogram:
            if part.part in lost:
                self._seq += 1
            else:
                self.send(part._replace(cycle=cycle))
        return codec.Refusal.NONE

    def _answer(self, message: codec.Message, outcome: int, refusal: int, value: int | None) -> None:
        self.send(codec.Answer(0, 0, message.client, message.number, message.TYPE, outcome, refusal, value, ""))
