# SPDX-License-Identifier: Apache-2.0
"""Self-tests of buzzer, lights, buttons and supply. Of the first two only a person can say whether they worked."""

from vitals.link import wire

_ON_MS = 3000
_PRESS_MS = 15000


def sound(bench):
    """The buzzer for 3 s."""
    panel = bench.app.panel
    panel.held = True
    panel.annunciator.show(wire.PRIORITY_NONE, wire.PRIORITY_HIGH, bench.t_ms)
    yield from _run(bench, panel, _ON_MS)
    panel.annunciator.show(wire.PRIORITY_NONE, wire.PRIORITY_NONE, bench.t_ms)


def light(bench):
    """Red, then yellow, 3 s each."""
    panel = bench.app.panel
    panel.held = True
    for priority in (wire.PRIORITY_HIGH, wire.PRIORITY_LOW):
        panel.annunciator.show(priority, wire.PRIORITY_NONE, bench.t_ms)
        yield from _run(bench, panel, _ON_MS)
    panel.annunciator.show(wire.PRIORITY_NONE, wire.PRIORITY_NONE, bench.t_ms)


def buttons(bench):
    """Waits for a press of A, then of B, 15 s each."""
    app = bench.app
    bench.wants_button = True
    for button in (app.board.button_a, app.board.button_b):
        seen = False
        until_ms = bench.t_ms + _PRESS_MS
        while not seen and bench.t_ms < until_ms:
            seen = button.value() == 0
            bench.progress(0, (until_ms - bench.t_ms) // 1000)
            yield
        bench.value(wire.MEASURE_COUNT, 1000 if seen else 0)
    bench.wants_button = False


def supply(bench):
    """Volts without and with the pump."""
    app = bench.app
    idle = app.supply_now()
    least = None
    for _ in bench.inflate(100):
        if app.cuff.controller.pump_enable:
            mv = app.supply_now()
            least = mv if least is None else min(least, mv)
        yield
    yield from bench.deflate()
    bench.value(wire.MEASURE_MV, idle * 1000)
    bench.value(wire.MEASURE_MV, None if least is None else least * 1000)
    bench.value(wire.MEASURE_MV, None if least is None else (idle - least) * 1000)


def _run(bench, panel, ms):
    until_ms = bench.t_ms + ms
    while bench.t_ms < until_ms:
        panel.annunciator.advance(bench.t_ms)
        bench.progress(100 - (until_ms - bench.t_ms) * 100 // ms)
        yield


TESTS = (sound, light, buttons, supply)
