# SPDX-License-Identifier: Apache-2.0
"""Oscillograms as a board sends them, for tests of the host."""

from __future__ import annotations

from vitalwire_protocol import codec

ALGORITHM = 2


def beats(count: int = 30) -> tuple[tuple[int, int, int], ...]:
    """A hill with its top at 95 mmHg: (pressure_cmmhg, amplitude_mmmhg, t_10ms)."""
    pressures = [16000 - round(11000 * i / max(1, count - 1)) for i in range(count)]
    return tuple((p, max(200, 2000 - abs(p - 9500) // 4), 900 + 86 * i) for i, p in enumerate(pressures))


def parts(count: int = 30, each: int = 80, cycle: int = 1, algorithm: int = ALGORITHM) -> list[codec.Oscillogram]:
    """The parts of an oscillogram of `count` beats."""
    every = beats(count)
    number = max(1, -(-count // each))
    return [
        codec.Oscillogram(
            0, 0, cycle, algorithm, i, number, codec.CuffDirection.DEFLATION, 1, 120, 16000, 5000,
            every[i * each : (i + 1) * each],
        )
        for i in range(number)
    ]  # fmt: skip
