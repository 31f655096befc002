# SPDX-License-Identifier: Apache-2.0
"""Self-tests of both pressure channels, pump, valves and the tightness of it all."""

from vitals.link import wire
from vitals.nibp import limits

_REACHED = 20000
_TOP_MMHG = 250


def agreement(bench):
    """One channel against the other at zero, 150 and 250 mmHg."""
    yield from bench.mean(1000)
    _difference(bench)
    for mmhg in (150, _TOP_MMHG):
        yield from bench.inflate(mmhg)
        yield from bench.wait(2000)
        yield from bench.mean(1000)
        yield from bench.deflate()
        _difference(bench)


def zero(bench):
    """Both channels with the manifold open."""
    yield from bench.mean(2000)
    for cmmhg in (bench.cuff, bench.guard):
        bench.value(wire.MEASURE_MMHG, None if cmmhg is None else cmmhg * 10)


def noise(bench):
    """The spread of both channels with the manifold open."""
    yield from bench.mean(2000)
    for cmmhg in (bench.spread, bench.guard_spread):
        bench.value(wire.MEASURE_SPREAD_MMHG, None if cmmhg is None else cmmhg * 10)


def pump(bench):
    """The time from empty to 200 mmHg, and how far it runs on."""
    cuff = bench.app.cuff
    work = bench.inflate(_REACHED // 100 + 10)
    began_ms = reached_ms = None
    peak = 0
    for _ in work:
        cmmhg = cuff.cmmhg
        if began_ms is None and cuff.controller.pump_enable:
            began_ms = bench.t_ms
        if cmmhg is not None:
            peak = max(peak, cmmhg)
            if reached_ms is None and cmmhg >= _REACHED:
                reached_ms = bench.t_ms
        yield
    if reached_ms is None:
        reached_ms = bench.t_ms
    yield from bench.mean(500)
    peak = max(peak, bench.cuff or 0)
    yield from bench.deflate()
    bench.value(wire.MEASURE_MS, (reached_ms - began_ms - bench.looked_ms) * 1000)
    bench.value(wire.MEASURE_MMHG, peak * 10)


def leak(bench):
    """After 5 s at 250 mmHg, what is lost in 60 s."""
    yield from bench.inflate(_TOP_MMHG)
    yield from bench.wait(5000, (0, 66000))
    yield from bench.mean(500)
    first, first_ms = bench.cuff, bench.t_ms
    yield from bench.wait(59500, (5500, 66000))
    yield from bench.mean(500)
    last, passed_ms = bench.cuff, bench.t_ms - first_ms
    yield from bench.deflate()
    known = first is not None and last is not None
    bench.value(wire.MEASURE_MMHG_PER_MIN, (first - last) * 600 * 1000 // passed_ms if known else None)


def bleed(bench):
    """The fall at three openings from about 200 mmHg; each must be quicker than the one before."""
    yield from bench.inflate(200)
    rates = []
    for permille in (900, 800, 700):
        bench.valves(permille, True)
        yield from bench.wait(300)
        yield from bench.mean(100)
        first, first_ms = bench.cuff, bench.t_ms
        yield from bench.wait(900)
        yield from bench.mean(100)
        rates.append((first - bench.cuff) * 1000 // (bench.t_ms - first_ms))
    yield from bench.deflate()
    bench.value(wire.MEASURE_MMHG_PER_S, rates[0] * 10)
    bench.value(wire.MEASURE_MMHG_PER_S, rates[2] * 10)
    bench.value(wire.MEASURE_COUNT, ((rates[1] <= rates[0]) + (rates[2] <= rates[1])) * 1000)


def dump(bench):
    """From 250 mmHg to below 15, all valves open."""
    yield from bench.inflate(_TOP_MMHG)
    yield from bench.wait(1000)
    bench.app.cuff.controller.end_service(bench.t_ms)
    yield from until_empty(bench)


def until_empty(bench):
    """Tells how long it takes until the cuff is below 15 mmHg."""
    began_ms = bench.t_ms
    cuff = bench.app.cuff
    while cuff.cmmhg is None or cuff.cmmhg >= limits.EMPTY:
        yield
    bench.value(wire.MEASURE_MS, (bench.t_ms - began_ms) * 1000)
    yield from bench.deflate()


def _difference(bench):
    known = bench.cuff is not None and bench.guard is not None
    bench.value(wire.MEASURE_MMHG, (bench.cuff - bench.guard) * 10 if known else None)


TESTS = (agreement, zero, noise, pump, leak, bleed, dump)
