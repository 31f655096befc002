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
        yield from bench.mean(_SECOND_MS, True)
        bench.held(bench.t_ms - began_ms)
    if mmhg and controller.phase == wire.CUFF_PHASE_SETTLING:
        yield from bench.deflate()
