# SPDX-License-Identifier: Apache-2.0
"""A pressure held for a calibration: once a second the means of both channels as they read without calibration."""

from micropython import const

from vitals.link import wire

_ABOVE_MMHG = const(20)
_BLEED_PERMILLE = const(600)
_SECOND_MS = const(1000)


def hold(bench, mmhg, seconds, from_above):
    """Generator: inflates (0: leaves the manifold open), holds for `seconds`. From above: 20 mmHg more, bled down."""
    controller = bench.app.cuff.controller
    if mmhg:
        yield from bench.inflate(mmhg + _ABOVE_MMHG if from_above else mmhg)
        if from_above:
            bench.valves(_BLEED_PERMILLE, True)
            while bench.app.cuff.cmmhg is None or bench.app.cuff.cmmhg > mmhg * 100:
                bench.check()
                yield
            bench.valves(1000, True)
    began_ms = bench.t_ms
    for _ in range(seconds):
        yield from _second(bench, began_ms)
    if mmhg and controller.phase == wire.CUFF_PHASE_SETTLING:
        yield from bench.deflate()


def _second(bench, began_ms):
    cuff = bench.app.cuff
    until_ms = bench.t_ms + _SECOND_MS
    n = total = guard = 0
    low, high = 1 << 28, -(1 << 28)
    channels = 3
    while bench.t_ms < until_ms:
        bench.check()
        cmmhg = cuff.sensor.cmmhg
        if cmmhg is None:
            channels &= ~1
        else:
            total += cmmhg
            low, high = min(low, cmmhg), max(high, cmmhg)
        if cuff.guard.cmmhg is None:
            channels &= ~2
        guard += cuff.guard.raw
        n += 1
        yield
    bench.held(
        channels,
        total // n if channels & 1 else None,
        guard * 16 // n if channels & 2 else None,
        min(65535, high - low) if channels & 1 else None,
        min(65535, bench.t_ms - began_ms),
    )
