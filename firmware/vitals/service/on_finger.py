# SPDX-License-Identifier: Apache-2.0
"""Self-tests of the finger sensor."""

from vitals.link import wire
from vitals.service import ends

_RATE_HZ = 100
_STEPS = (0, 20, 40)  # LED currents, 0.2 mA
_SETTLE = 20  # samples after a change of current
_SAMPLES = 60


def temperature(bench):
    """The die temperature as it was measured last; the driver does so every 10 s."""
    sensor = bench.app.finger.sensor
    _running(sensor)
    yield from bench.wait(11000, (0, 11000))
    c16 = sensor.temperature_c16
    bench.value(wire.MEASURE_CELSIUS, None if c16 is None else c16 * 1000 // 16)


def leds(bench):
    """Counts a mA of each LED against the dark, and how far twice the current is from twice the light."""
    finger = bench.app.finger
    _running(finger.sensor)
    finger.held = True  # the servo leaves the currents alone
    levels = []
    for step in _STEPS:
        finger.sensor.set_leds(step, step)
        yield from _collect(bench, finger)
        levels.append((finger.seen[0] // _SAMPLES, finger.seen[1] // _SAMPLES))
        bench.progress(33 * len(levels))
    (red0, ir0), (red1, ir1), (red2, ir2) = levels
    bench.value(wire.MEASURE_COUNTS_PER_MA, (red1 - red0) * 1000 // 4)
    bench.value(wire.MEASURE_COUNTS_PER_MA, (ir1 - ir0) * 1000 // 4)
    bend = max(_bend(red0, red1, red2), _bend(ir0, ir1, ir2))
    bench.value(wire.MEASURE_PCT, bend)


def order(bench):
    """Lights each LED alone: the light must come in its own channel."""
    finger = bench.app.finger
    _running(finger.sensor)
    finger.held = True
    levels = []
    for red, ir in ((0, 0), (40, 0), (0, 40)):
        finger.sensor.set_leds(red, ir)
        yield from _collect(bench, finger)
        levels.append((finger.seen[0] // _SAMPLES, finger.seen[1] // _SAMPLES))
    dark, red, ir = levels
    own = red[0] - dark[0] + ir[1] - dark[1]
    other = red[1] - dark[1] + ir[0] - dark[0]
    bench.value(wire.MEASURE_COUNT, 1000 if other > own else 0)


def noise(bench):
    """The RMS of both channels without light."""
    finger = bench.app.finger
    _running(finger.sensor)
    finger.held = True
    finger.sensor.set_leds(0, 0)
    yield from _collect(bench, finger)
    for sums in ((finger.seen[0], finger.seen[2]), (finger.seen[1], finger.seen[3])):
        bench.value(wire.MEASURE_SPREAD_COUNTS, _rms_x1000(sums[0], sums[1]))


def fifo(bench):
    """Samples that were lost in 10 s, and how far their rate is from the nominal one."""
    finger = bench.app.finger
    _running(finger.sensor)
    begin, lost, began_ms = finger.taken, finger.lost_ever, bench.t_ms
    yield from bench.wait(10000, (0, 10000))
    n = finger.taken - begin
    bench.value(wire.MEASURE_COUNT, (finger.lost_ever - lost) * 1000)
    wanted = (bench.t_ms - began_ms) * _RATE_HZ // 1000
    bench.value(wire.MEASURE_PPM, (n - wanted) * 1000000 // wanted * 1000 if n else None)


def _running(sensor):
    if not sensor.running:
        raise ends.EndError(wire.SELFTEST_END_NOT_FITTED if sensor.part_id is None else wire.SELFTEST_END_SENSOR_FAULT)


def _collect(bench, finger):
    """Waits for the light to settle, then lets `finger.seen` sum red, ir and their squares over the samples."""
    finger.watch(_SETTLE, _SAMPLES)
    until_ms = bench.t_ms + 3000
    while not finger.watched():
        if bench.t_ms > until_ms:
            raise ends.EndError(wire.SELFTEST_END_SENSOR_FAULT)
        yield


def _bend(dark, one, two):
    """How far `two` is from twice `one`, in 0.001 %; both above `dark`."""
    rise = one - dark
    if rise <= 0:
        return 100000
    return abs((two - dark) - 2 * rise) * 100000 // (2 * rise)


def _rms_x1000(total, squares):
    spread = squares / _SAMPLES - (total / _SAMPLES) ** 2
    return int(max(spread, 0.0) ** 0.5 * 1000)


TESTS = (temperature, leds, order, noise, fifo)
