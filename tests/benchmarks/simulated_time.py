# SPDX-License-Identifier: Apache-2.0
"""How much faster than the wall the simulated board runs under MicroPython, idle and while it measures pressure.

The figure is of the whole board (chips, world, firmware) with the sensor at 100 samples/s and a host that only reads
the bytes. Start-up and settling are left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from rows import Row
from vitalwire.link.decoder import Decoder
from vitalwire.link.transport import Transport, open_transport
from vitalwire_protocol.codec import CuffPhase, CuffPressure, CuffStart, NibpResult, Ppg
from vitalwire_protocol.framing import encode_frame

SETTLE_S = 10
IDLE_S = 240
CYCLES = 3
CYCLE_MOST_S = 170
REST_S = 35


class _Run:
    """A board at full speed; `until` reads on, and says how long that took on both clocks."""

    def __init__(self) -> None:
        self.transport: Transport = open_transport("sim://?patient=calm&seed=1&speed=max")
        self.decoder = Decoder()
        self.samples = 0
        self.measuring_ms = self.measuring_s = 0.0
        self.results: list[NibpResult] = []
        self._number = 0

    def read_for(self, seconds: float) -> tuple[float, float]:
        clock = self.transport.clock
        t0, w0 = clock.monotonic_ms(), time.perf_counter()
        end = t0 + round(seconds * 1000)
        measuring = False
        while clock.monotonic_ms() < end:
            before_ms, before_s = clock.monotonic_ms(), time.perf_counter()
            data = self.transport.read((end - before_ms) / 1000)
            if measuring:
                self.measuring_ms += clock.monotonic_ms() - before_ms
                self.measuring_s += time.perf_counter() - before_s
            for message in self.decoder.feed(data):
                if isinstance(message, Ppg):
                    self.samples += len(message.samples) // 2
                elif isinstance(message, CuffPressure):
                    measuring = message.phase not in (CuffPhase.IDLE, CuffPhase.RESTING)
                elif isinstance(message, NibpResult):
                    self.results.append(message)
                    measuring = False
        return (clock.monotonic_ms() - t0) / 1000, time.perf_counter() - w0

    def measure(self) -> None:
        """One reading, and the rest that the board asks for after it."""
        self._number += 1
        done = len(self.results)
        frame = encode_frame(CuffStart(0, 0, 1, self._number), self._number, self.transport.clock.monotonic_ms())
        self.transport.write(frame)
        for _ in range(CYCLE_MOST_S):
            self.read_for(1)
            if len(self.results) > done:
                break
        self.read_for(REST_S)


def rows() -> Iterator[Row]:
    run = _Run()
    try:
        run.read_for(SETTLE_S)
        virtual_s, wall_s = run.read_for(IDLE_S)
        yield Row("simulated time, cuff idle", virtual_s / wall_s, "x wall")
        for _ in range(CYCLES):
            run.measure()
        if len(run.results) != CYCLES:
            raise RuntimeError(f"{CYCLES} cuff cycles were started and {len(run.results)} ended")
        yield Row("simulated time, while it measures", run.measuring_ms / 1000 / run.measuring_s, "x wall")
    finally:
        run.transport.close()
