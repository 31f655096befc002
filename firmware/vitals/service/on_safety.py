# SPDX-License-Identifier: Apache-2.0
"""Self-tests of what empties the cuff when something fails: interlock's timer, each valve alone, comparator."""

from vitals.link import wire
from vitals.nibp import limits
from vitals.safety.interlock import TICK_MS

_LOW_MMHG = 40
_HALF_MMHG = 150


def cuff_timer(bench):
    """The rate of the interlock's own timer, and whether it counts the time above 15 mmHg."""
    interlock = bench.app.interlock
    yield from bench.inflate(_LOW_MMHG)
    ticks, began_ms, above_ms = interlock.ticks, bench.t_ms, interlock.above_ms
    yield from bench.wait(5000, (0, 5000))
    ticks, passed_ms = interlock.ticks - ticks, bench.t_ms - began_ms
    counted = abs(interlock.above_ms - above_ms - passed_ms) < 200
    yield from bench.deflate()
    bench.value(wire.MEASURE_PCT, (ticks * TICK_MS - passed_ms) * 100000 // passed_ms)
    bench.value(wire.MEASURE_COUNT, 1000 if counted else 0)


def single_fault(bench):
    """With one valve kept shut the other must empty the cuff: the dump valve alone, then the bleed valve alone."""
    for bleed_permille, dump_shut in ((1000, False), (0, True)):
        yield from bench.inflate(_HALF_MMHG)
        bench.valves(bleed_permille, dump_shut)
        began_ms = bench.t_ms
        cuff = bench.app.cuff
        while cuff.cmmhg is None or cuff.cmmhg >= limits.EMPTY:
            bench.check()
            if bench.t_ms - began_ms > 40000:
                break
            yield
        bench.value(wire.MEASURE_MS, (bench.t_ms - began_ms) * 1000)
        yield from bench.deflate()


def comparator(bench):
    """At 40 mmHg its reference is shifted below zero through the test pin: it must say so, and empty the cuff alone.

    The application holds the valves shut meanwhile (for 2 s at most): what opens them is the layer itself.
    """
    app = bench.app
    yield from bench.inflate(_LOW_MMHG)
    yield from bench.mean(300)
    held = bench.cuff
    began_ms = bench.t_ms
    app.cuff.testing_external = True
    app.board.external_test.value(1)
    said_ms = fell_ms = None
    while bench.t_ms - began_ms < 1500 and (said_ms is None or fell_ms is None):
        if said_ms is None and not app.board.external_ok.value():
            said_ms = bench.t_ms - began_ms
        if fell_ms is None and app.cuff.cmmhg is not None and held is not None and app.cuff.cmmhg < held - 300:
            fell_ms = bench.t_ms - began_ms
        yield
    app.board.external_test.value(0)
    bench.valves(1000, True)  # they shut again
    yield from bench.wait(500)
    app.cuff.testing_external = False
    bench.value(wire.MEASURE_MS, None if said_ms is None else said_ms * 1000)
    bench.value(wire.MEASURE_MS, None if fell_ms is None else fell_ms * 1000)
    bench.value(wire.MEASURE_COUNT, 1000 if app.board.external_ok.value() else 0)
    yield from bench.deflate()


TESTS = (cuff_timer, single_fault, comparator)
