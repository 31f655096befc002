# SPDX-License-Identifier: Apache-2.0
"""A healthy board whose parts lie anywhere in their data sheets' tolerances.

MPR: +-1.5 % of full scale in all (4.5 mmHg), shared between zero and slope. MPXV5050GP: +-2.5 % of full scale, and its
divider 1 %. Pump +-30 % of its flow. Comparator 300-330 mmHg, its timer +-0.1 %. LEDs and photodiode 70 to 100 % of the
brightest. Supply 5.6 to 6.6 V. Leak up to 3 mmHg/min at 150 mmHg. Crystal +-50 ppm. Die 18 to 40 degC.
"""

from world.rng import Rng


def draw(board, seed):
    """Draws every part of a board."""
    rng = Rng(seed, 77)
    zero = rng.spread(2250)
    board.cuff_sensor.drift(zero)
    board.cuff_sensor.gain_ppm = rng.spread(7500)
    board.analog.guard_drift_mmmhg = rng.spread(7000)
    board.analog.guard_gain_ppm = rng.spread(15000)
    board.oximeter.die_temperature_16ths = (29 * 16) + rng.spread(11 * 16)
    board.crystal.run_at(rng.spread(50))
    world = board.world
    world.pump_pct = 100 + rng.spread(30)
    world.external.trip_mmmhg = 315000 + rng.spread(15000)
    world.external.timer_us = 175000000 + rng.spread(175000)
    world.supply_unloaded_mv = 6100 + rng.spread(500)
    world.finger.light_pct = 85 + rng.spread(15)
    world.air.set_leak(2 + rng.spread(1000) / 1000)
