# SPDX-License-Identifier: Apache-2.0
"""Courses of the MAX30102 driver against a chip at register level."""

import json

from fakes import I2C, Lines, Oximeter
from vitals.drivers.bus import Bus
from vitals.drivers.max30102 import Max30102


def made():
    chip = Oximeter()
    i2c = I2C({0x57: chip})
    lines = Lines(i2c)
    bus = Bus(lines)
    return chip, i2c, lines, bus, Max30102(bus)


def run(driver, start_ms, end_ms, chip=None, rate=1):
    """Ticks of 10 ms; a sample a tick. Returns the values of red, and the losses told with them."""
    red, lost = [], 0
    for t_ms in range(start_ms, end_ms, 10):
        if chip:
            chip.sample(rate)
        if t_ms % 100 == 0 or not driver.running:
            n = driver.advance(t_ms)
            lost += driver.lost
            red += list(driver.red[:n])
    return red, lost


def normal():
    chip, i2c, _, _, driver = made()
    driver.set_leds(30, 40)
    red, lost = run(driver, 0, 1000, chip)
    registers = chip.registers
    return {
        "red": red,
        "ir": driver.ir[0],
        "lost": lost,
        "fault": driver.fault,
        "part": driver.part_id,
        "restarts": driver.restarts,
        "leds": [registers[0x0C], registers[0x0D]],
        "setup": [registers[8], registers[9], registers[0x0A]],
    }


def overflow():
    """The loop was away: 32 samples are kept, the count of the others comes with the batch after them."""
    chip, _, _, _, driver = made()
    run(driver, 0, 500, chip)
    chip.sample(32 - len(chip.fifo) + 7)
    first = [driver.advance(900), driver.lost]
    chip.sample(10)
    second = [driver.advance(1000), driver.lost]
    chip.sample(132)  # the counter of five bits has come to its end: time tells the rest
    third = [driver.advance(2320), driver.lost]
    chip.sample(3)
    return [first, second, third, [driver.advance(2350), driver.lost], driver.fault]


def exactly_full():
    """Equal pointers and no overflow: full, not empty."""
    chip, _, _, _, driver = made()
    run(driver, 0, 500, chip)
    driver.advance(500)
    chip.sample(32)
    full = driver.advance(820)
    return [full, driver.lost, driver.advance(830), driver.fault]


def temperature(whole, part):
    chip, _, _, _, driver = made()
    run(driver, 0, 500, chip)
    before = driver.temperature_c16
    chip.registers[0x1F], chip.registers[0x20] = whole, part
    run(driver, 500, 12000, chip)
    return [before, driver.temperature_c16]


def missing():
    chip, i2c, _, _, driver = made()
    i2c.chips = {}
    run(driver, 0, 3000)
    attempts = i2c.transfers
    i2c.chips = {0x57: chip}
    absent = driver.fault
    red, _ = run(driver, 3000, 5000, chip)
    return {"fault": absent, "attempts": attempts, "after": driver.fault, "flows": len(red) > 100}


def wrong_part():
    chip, _, _, _, driver = made()
    chip.part = 0x11
    run(driver, 0, 100)
    return [driver.fault, driver.part_id, driver.running]


def stuck_in_reset():
    chip, i2c, _, _, driver = made()
    chip.resets = False
    run(driver, 0, 500)
    return [driver.fault, driver.running, i2c.transfers]


def silent():
    chip, _, _, _, driver = made()
    run(driver, 0, 500, chip)
    run(driver, 500, 1200)
    stopped = driver.fault
    run(driver, 1200, 3000, chip)
    return [stopped, driver.fault, driver.restarts]


def lost_power():
    chip, _, _, _, driver = made()
    run(driver, 0, 500, chip)
    chip.power_on()
    red, _ = run(driver, 500, 1500, chip)
    return [driver.fault, driver.restarts, len(red) > 50]


def held_bus():
    """A chip that lets go after five clocks: nine are given, one a tick, and the sensor starts again."""
    chip, i2c, lines, bus, driver = made()
    run(driver, 0, 500, chip)
    lines.hold(5)
    transfers = i2c.transfers
    driver.advance(500)
    wasted = i2c.transfers - transfers
    ticks = 0
    while bus.held:
        driver.advance(510 + 10 * ticks)
        bus.advance(510 + 10 * ticks)
        ticks += 1
    during = i2c.transfers - transfers - wasted
    fault = driver.fault
    red, _ = run(driver, 1000, 3000, chip)
    return {
        "wasted": wasted,
        "during": during,
        "log": lines.log,
        "ticks": ticks,
        "fault": fault,
        "after": driver.fault,
        "flows": len(red) > 50,
    }


def held_for_good():
    """A chip that never lets go costs one time-out, then nothing but a look; nine clocks again every second."""
    chip, i2c, lines, bus, driver = made()
    run(driver, 0, 500, chip)
    lines.hold(100000)
    transfers = i2c.transfers
    for t_ms in range(500, 5500, 10):
        bus.advance(t_ms)
        if t_ms % 100 == 0:
            driver.advance(t_ms)
    return {
        "transfers": i2c.transfers - transfers,
        "rounds": lines.log.count("take"),
        "held": bus.held,
        "fault": driver.fault,
    }


print(
    json.dumps(
        {
            "normal": normal(),
            "overflow": overflow(),
            "exactly_full": exactly_full(),
            "temperature": [temperature(25, 8), temperature(0xFB, 4)],
            "missing": missing(),
            "wrong_part": wrong_part(),
            "stuck_in_reset": stuck_in_reset(),
            "silent": silent(),
            "lost_power": lost_power(),
            "held_bus": held_bus(),
            "held_for_good": held_for_good(),
        }
    )
)
