# SPDX-License-Identifier: Apache-2.0
"""Every fault that can be staged, 1.2 times the limit of the test that should find it, and its near miss at 0.8.

How far a value is from a limit is counted from what a healthy board shows. Some faults are there or not: they have no
measure, and their near miss is what the simulated board calls one, or a healthy board.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Case(NamedTuple):
    """`fault` and `near` are faults of a `sim://` URL, "" for none; `test` must fail with the one, and pass with the
    other. `whole`: on a board that runs what lies in its own flash, with a manifest, as `vitalwire image` makes it."""

    test: str
    what: str
    fault: str
    near: str
    whole: bool = False


CASES: Final = (
    # Of its known answers only the CRC can be made wrong: integers are reckoned by this computer's own processor.
    Case("processor", "CRC-32 with a wrong bit", "processor_wrong@0.1", ""),
    Case(
        "heap", "free memory, limit 24576 bytes, / 1.2 and / 0.8",
        "memory_held:free=20480@1", "memory_held:free=30720@1",
    ),
    Case(
        "heap", "the largest block, limit 4096 bytes, / 1.2 and / 0.8 in 60 KB of pieces",
        "memory_held:free=61440:piece=3413@1", "memory_held:free=61440:piece=5120@1",
    ),
    Case("flash", "a bit of a firmware file, or of nobody's", "flash_bit_flipped@1", "flash_bit_flipped:in_file=0@1",
        whole=True),
    Case(
        "flash", "free flash, limit 8 blocks of 4096: 7 (/ 1.14) and 10 (/ 0.8)",
        "flash_full:free=28672@1", "flash_full:free=40960@1",
    ),
    Case("flash", "no block takes what is written, or three of four do", "flash_worn@1", "flash_worn:every=4@1"),
    Case("clock", "fast crystal, limit 200 ppm", "clock_drift:ppm=240@0.1", "clock_drift:ppm=160@0.1"),
    Case("clock", "slow crystal, limit 200 ppm", "clock_drift:ppm=-240@0.1", "clock_drift:ppm=-160@0.1"),
    Case("watchdog", "the watchdog does not bite", "watchdog_dead@0.1", ""),
    Case("buses", "another part at the oximeter's address",
        "oximeter_wrong_id@0.1", "oximeter_wrong_id:part_id=21@0.1"),
    Case("buses", "the cuff sensor is missing", "cuff_sensor_missing@0.1", ""),
    Case(
        "oximeter_temperature", "die temperature, 31 degC and 1.2 / 0.8 of the 19 to the limit",
        "oximeter_warm:celsius=53.8@0.1", "oximeter_warm:celsius=46.2@0.1",
    ),
    Case(
        "oximeter_leds", "light, 2000 counts/mA / 1.2 and x 1.2",
        "finger_off:light_pct=12.4@0.1", "finger_off:light_pct=17.8@0.1",
    ),
    Case("oximeter_order", "red and infrared are swapped", "oximeter_swapped@0.1", ""),
    Case(
        "oximeter_noise", "RMS in the dark, limit 60 counts",
        "oximeter_noisy:counts=172@0.1", "oximeter_noisy:counts=115@0.1",
    ),
    Case("oximeter_fifo", "the loop stands still past the FIFO's 320 ms",
        "fifo_overflow:ms=484@6", "fifo_overflow:ms=156@6",
   ),
    Case(
        "pressure_zero", "zero of the cuff sensor, limit 6 mmHg",
        "cuff_sensor_drift:mmhg=7.2:mmhg_per_s=0@0.1", "cuff_sensor_drift:mmhg=4.8:mmhg_per_s=0@0.1",
    ),
    Case("pressure_zero", "zero of the guard, limit 9.4 mmHg", "guard_drift:mmhg=11.3@0.1", "guard_drift:mmhg=7.5@0.1"),
    Case(
        "pressure_noise", "spread of the cuff sensor, limit 0.6 mmHg",
        "cuff_sensor_noisy:mmhg=0.53@0.1", "cuff_sensor_noisy:mmhg=0.33@0.1",
    ),
    Case("pressure_noise", "spread of the guard, limit 6 mmHg", "guard_noisy:counts=44@0.1",
        "guard_noisy:counts=24@0.1"),
    Case(
        "pressure_agreement", "slope of the guard, 13.9 mmHg at 250",
        "guard_gain:pct=6.67@0.1", "guard_gain:pct=4.3@0.1",
    ),
    Case("pump", "flow of the pump, 15 s to 200 mmHg", "pump_dead:flow_pct=47@0.1", "pump_dead:flow_pct=72@0.1"),
    Case("leak", "leak, 6 mmHg/min at 250 mmHg", "leak:mmhg_per_min=4.32@0.1", "leak:mmhg_per_min=2.88@0.1"),
    Case("bleed", "the bleed valve does not shut", "valve_stuck_open:valve=bleed@0.1", ""),
    Case(
        "dump", "time from 250 to 15 mmHg, limit 8 s",
        "valve_dump_stuck_shut:open_pct=8@0.1", "valve_dump_stuck_shut:open_pct=31@0.1",
    ),
    Case("cuff_timer", "rate of the interlock's timer, limit 5 %", "timer_slow:pct=6.4@0.1", "timer_slow:pct=4@0.1"),
    Case(
        "single_fault", "the bleed valve alone, 30 s from 150 mmHg",
        "valve_bleed_stuck_shut:open_pct=51@0.1", "valve_bleed_stuck_shut:open_pct=63@0.1",
    ),
    Case("comparator", "the external layer says that it is well, and never acts",
        "external_disabled@0.1", "external_drift:trip_mmhg=330:timer_s=180@0.1",
   ),
    Case("sound", "the buzzer makes no sound", "buzzer_dead@0.1", ""),
    Case("light", "the yellow light stays dark", "light_dead@0.1", ""),
    Case("buttons", "button A is not connected", "button_dead@0.1", ""),
    Case("supply", "voltage with the pump, 5.83 V and 1.2 / 0.8 of the 0.63 to the limit",
        "supply_low:mv=5224@0.1", "supply_low:mv=5476@0.1",
   ),
)  # fmt: skip
