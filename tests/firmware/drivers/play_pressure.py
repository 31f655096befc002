# SPDX-License-Identifier: Apache-2.0
"""Courses of the MPR driver, the guard channel and the supply."""

import json

from fakes import I2C, Lines, Pressure
from vitals.drivers import guard
from vitals.drivers.bus import Bus
from vitals.drivers.mprls import Mprls

COUNTS = (419430, 419430 + 112, 2097152, 3774873, 3718998, 3719172, 83998, 83551, 1677722)


def made():
    chip = Pressure()
    i2c = I2C({0x18: chip})
    return chip, i2c, Mprls(Bus(Lines(i2c)))


def ticks(driver, chip, start_ms, end_ms, active=True, step=10, moving=True):
    """[fresh readings, fault] after ticks of `step` ms."""
    fresh = 0
    for t_ms in range(start_ms, end_ms, step):
        if moving:
            chip.counts += 1
        driver.advance(t_ms, active)
        fresh += driver.fresh
    return [fresh, driver.fault, driver.cmmhg is not None]


def scale():
    found = []
    for counts in COUNTS:
        chip, _, driver = made()
        chip.counts = counts
        for t_ms in range(0, 60, 10):
            driver.advance(t_ms, False)
        found.append([driver.cmmhg, driver.fault])
    return found


def error_of_scale():
    """The largest error of the integer scale over the sensor's range, in 0.01 mmHg."""
    worst = t_ms = 0
    chip, _, driver = made()
    for counts in range(419430, 3718000, 2503):
        chip.counts = counts
        for _ in range(2):  # one conversion is under way, the next one is of these counts
            t_ms += 10
            driver.advance(t_ms, False)
        worst = max(worst, abs(driver.cmmhg - (counts - 419430) * 30000 / 3355443.2))
    return worst < 1.01


def flagged(flags):
    chip, _, driver = made()
    ticks(driver, chip, 0, 100)
    chip.flags = flags
    once = ticks(driver, chip, 100, 110)
    return [once, ticks(driver, chip, 110, 200)]


def transfers_never_wait():
    """A conversion is collected on the tick after it was started, and never asked for before 5 ms."""
    chip, i2c, driver = made()
    driver.advance(0, True)
    first = i2c.transfers
    driver.advance(4, True)
    early = i2c.transfers
    driver.advance(10, True)
    return [first, early, i2c.transfers, driver.fresh, chip.commands]


def slow(reads):
    chip, _, driver = made()
    chip.busy_reads = reads
    return ticks(driver, chip, 0, 500)


def stale(active, moving_from):
    chip, _, driver = made()
    found = [ticks(driver, chip, 0, 500, active)]
    for end_ms in (2400, 2700):
        start_ms = 500 if end_ms == 2400 else 2400
        found.append(ticks(driver, chip, start_ms, end_ms, active, 10, False)[1])
    found.append(ticks(driver, chip, 2700, moving_from, active)[1])
    return found


def missing():
    chip, i2c, driver = made()
    i2c.chips = {}
    gone = ticks(driver, chip, 0, 200)
    i2c.chips = {0x18: chip}
    return [gone, ticks(driver, chip, 200, 300)]


def one_error():
    chip, i2c, driver = made()
    ticks(driver, chip, 0, 100)
    i2c.chips = {}
    ticks(driver, chip, 100, 110)
    i2c.chips = {0x18: chip}
    return ticks(driver, chip, 110, 200)


def guard_channel():
    found = []
    for raw in (2648, 2648 + 15887, 50309, 700, 741, 63020, 63021, 0, 65535):
        channel = guard.Guard(lambda: raw)
        found.append([channel.sample(), channel.fault])
    channel = guard.Guard(lambda: 2700)
    channel.calibrate(2700, 5200)
    return [found, channel.sample(), [guard.supply_mv(raw) for raw in (0, 29789, 65535)]]


print(
    json.dumps(
        {
            "scale": scale(),
            "exact": error_of_scale(),
            "flags": {str(flags): flagged(flags) for flags in (0x00, 0x44, 0x41, 0xC0, 0x50, 0x48, 0x42)},
            "waits": transfers_never_wait(),
            "slow": [slow(2), slow(3), slow(1000)],
            "stale": [stale(True, 2800), stale(False, 2800)],
            "missing": missing(),
            "one_error": one_error(),
            "guard": guard_channel(),
        }
    )
)
