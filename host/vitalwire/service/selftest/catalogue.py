# SPDX-License-Identifier: Apache-2.0
"""Every self-test: what it measures, between which limits, where these come from, and what to do when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vitalwire_protocol.codec import Selftest

DESIGN: Final = "this project's design (hardware/README.md, set-points)"
MAX30102: Final = "MAX30102 data sheet"
MPR: Final = "Honeywell MPR data sheet: +-1.5 % of full scale in all"
MPXV: Final = "MPXV5050GP data sheet: +-2.5 % of full scale; divider 1 %"
STANDARD: Final = "IEC 80601-2-30 as read through GOST 30324.30-2002"
GROUPS: Final = ("processor", "oximeter", "pressure", "pneumatics", "safety", "panel")


@dataclass(frozen=True, slots=True)
class Value:
    """One number that a test measures, between `low` and `high` (None: no limit on that side), in `unit`."""

    name: str
    unit: str
    low: float | None
    high: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Test:
    """One test. `question`: what only a person can answer after it. `within_s`: by then it has ended."""

    test: Selftest
    group: str
    title: str
    values: tuple[Value, ...]
    advice: str
    inflates: bool = False
    question: str | None = None
    before: str | None = None
    """What a person has to do while it runs."""
    within_s: float = 30.0

    @property
    def id(self) -> str:
        """Its name on the command line and in the result."""
        return self.test.name.lower()


def _mmhg(name: str, most: float, source: str) -> Value:
    return Value(name, "mmHg", -most, most, source)


CATALOGUE: Final = (
    Test(
        Selftest.PROCESSOR, "processor", "processor arithmetic",
        (Value("mismatches", "", 0, 0, "known answers of CRC-32, integer and signal code"),),
        "Flash the board again. If it fails again the processor is damaged: replace the board.",
    ),
    Test(
        Selftest.HEAP, "processor", "memory",
        (
            Value("free", "bytes", 24_576, None, DESIGN),
            Value("largest_block", "bytes", 4_096, None, DESIGN),
        ),
        "Take its power away and give it back; flash the firmware compiled, not as sources.",
    ),
    Test(
        Selftest.FLASH, "processor", "flash and firmware files",
        (
            Value("damaged_files", "", 0, 0, "SHA-256 of every file against the manifest on the board"),
            Value("free", "bytes", 32_768, None, DESIGN),
            Value("read_back_errors", "", 0, 0, DESIGN),
        ),
        "Run `vitalwire flash`. If a file is damaged again, the flash is worn out: replace the board.",
    ),
    Test(
        Selftest.CLOCK, "processor", "clock",
        (Value("drift", "ppm", -200, 200, "crystal +-50 ppm, and what a host's clock adds over the time measured"),),
        "Compare with another computer. If it drifts there too, the crystal is damaged: replace the board.",
        within_s=120,
    ),
    Test(
        Selftest.WATCHDOG, "processor", "watchdog, by letting it bite",
        (Value("bites_after", "ms", 500, 9_000, "RP2040 data sheet: at most 8388 ms"),),
        "Do not use the board: nothing would stop it when it hangs.",
        within_s=40,
    ),
    Test(
        Selftest.BUSES, "processor", "buses and parts",
        (
            Value("oximeter_part_id", "", 0x15, 0x15, MAX30102),
            Value("oximeter_lines_idle", "", 2, 2, "both lines of an idle bus are high (NXP UM10204)"),
            Value("cuff_sensor_faults", "", 0, 0, MPR),
            Value("cuff_lines_idle", "", 2, 2, "both lines of an idle bus are high (NXP UM10204)"),
        ),
        "Check plug and cable of the part that does not answer, then its pull-ups.",
    ),
    Test(
        Selftest.OXIMETER_TEMPERATURE, "oximeter", "die temperature of the finger sensor",
        (Value("temperature", "degC", 5, 50, f"{MAX30102}: +-1 degC; a room, and what the part adds"),),
        "Let the sensor come to the temperature of the room. If it still reads so, replace it.",
    ),
    Test(
        Selftest.OXIMETER_LEDS, "oximeter", "light of the LEDs",
        (
            Value("red", "counts/mA", 2_000, None, DESIGN),
            Value("infrared", "counts/mA", 2_000, None, DESIGN),
            Value("nonlinearity", "%", None, 15, DESIGN),
        ),
        "Clean the sensor's window; put the reflector or a finger on it. If it stays dark, replace it.",
    ),
    Test(
        Selftest.OXIMETER_ORDER, "oximeter", "order of the channels",
        (Value("swapped", "", 0, 0, "clones of the MAX30102 swap red and infrared"),),
        "The sensor is a clone with swapped channels: replace it.",
    ),
    Test(
        Selftest.OXIMETER_NOISE, "oximeter", "noise in the dark",
        (
            Value("red", "counts", None, 60, DESIGN),
            Value("infrared", "counts", None, 60, DESIGN),
        ),
        "Keep lamps away from the sensor and try again; then check its supply and cable.",
    ),
    Test(
        Selftest.OXIMETER_FIFO, "oximeter", "samples of the finger sensor",
        (
            Value("lost", "", 0, 0, DESIGN),
            Value("rate_error", "ppm", -50_000, 50_000, f"{MAX30102}: its oscillator"),
        ),
        "Check the cable; a long one needs stronger pull-ups.",
        within_s=40,
    ),
    Test(
        Selftest.PRESSURE_ZERO, "pressure", "zero of both pressure channels",
        (_mmhg("cuff", 6.0, MPR), _mmhg("guard", 9.4, MPXV)),
        "Open the manifold to the room and try again; then calibrate, or replace the sensor.",
    ),
    Test(
        Selftest.PRESSURE_NOISE, "pressure", "noise of both pressure channels",
        (Value("cuff", "mmHg", None, 0.6, DESIGN), Value("guard", "mmHg", None, 6.0, DESIGN)),
        "Check shield, ground and the supply of the sensor.",
    ),
    Test(
        Selftest.PRESSURE_AGREEMENT, "pressure", "one pressure channel against the other",
        (
            _mmhg("at_zero", 13.9, f"{MPR}; {MPXV}"),
            _mmhg("at_150", 13.9, f"{MPR}; {MPXV}"),
            _mmhg("at_250", 13.9, f"{MPR}; {MPXV}"),
        ),
        "Calibrate both channels; if they still differ, replace the one that is off.",
        inflates=True, within_s=150,
    ),
    Test(
        Selftest.PUMP, "pneumatics", "pump",
        (Value("time_to_200", "ms", 1_500, 15_000, DESIGN), Value("peak", "mmHg", 195, 260, DESIGN)),
        "Check hose and filter; a pump that stays slow is worn out.",
        inflates=True, within_s=120,
    ),
    Test(
        Selftest.LEAK, "pneumatics", "leak at 250 mmHg",
        (Value("leak", "mmHg/min", None, 6.0, STANDARD),),
        "Find the leak with soapy water at joints, hose and valves.",
        inflates=True, within_s=180,
    ),
    Test(
        Selftest.BLEED, "pneumatics", "bleed valve",
        (
            Value("slow", "mmHg/s", 0.2, None, DESIGN),
            Value("fast", "mmHg/s", 3.0, None, DESIGN),
            Value("not_rising", "", 0, 0, DESIGN),
        ),
        "Clean the bleed valve; replace it if its rate does not follow its opening.",
        inflates=True, within_s=150,
    ),
    Test(
        Selftest.DUMP, "pneumatics", "dump from 250 to 15 mmHg",
        (Value("time", "ms", None, 8_000, f"{DESIGN}; {STANDARD}: 10 s"),),
        "Clean or replace the dump valve, and check that no hose is kinked.",
        inflates=True, within_s=120,
    ),
    Test(
        Selftest.CUFF_TIMER, "safety", "timer of the interlock",
        (Value("rate_error", "%", -5, 5, DESIGN), Value("counts_while_inflated", "", 1, 1, DESIGN)),
        "Do not use the board: its time limit for the cuff cannot be trusted.",
        inflates=True, within_s=120,
    ),
    Test(
        Selftest.SINGLE_FAULT, "safety", "emptying with one valve stuck",
        (
            Value("dump_alone", "ms", None, 30_000, STANDARD),
            Value("bleed_alone", "ms", None, 30_000, STANDARD),
        ),
        "Do not use the board: one stuck valve would keep the cuff inflated. Clean both valves.",
        inflates=True, within_s=200,
    ),
    Test(
        Selftest.COMPARATOR, "safety", "comparator and its cut",
        (
            Value("reports_after", "ms", None, 50, DESIGN),
            Value("pressure_falls_after", "ms", None, 500, DESIGN),
            Value("released", "", 1, 1, DESIGN),
        ),
        "Do not use the cuff: the layer that needs no software does not act. Check the comparator and its test input.",
        inflates=True, within_s=120,
    ),
    Test(
        Selftest.SOUND, "panel", "buzzer", (),
        "Check the buzzer's plug and its transistor.",
        question="Did you hear the buzzer?",
    ),
    Test(
        Selftest.LIGHT, "panel", "lights", (),
        "Check the plugs of the red and the yellow light.",
        question="Were both lights, red and yellow, on?",
    ),
    Test(
        Selftest.BUTTONS, "panel", "buttons",
        (Value("a_pressed", "", 1, 1, DESIGN), Value("b_pressed", "", 1, 1, DESIGN)),
        "Check plug and cable of the button that was not seen.",
        before="Press button A, then button B, each within 15 s.",
        within_s=45,
    ),
    Test(
        Selftest.SUPPLY, "panel", "supply",
        (
            Value("idle", "mV", 5_200, 9_000, DESIGN),
            Value("with_pump", "mV", 5_200, None, DESIGN),
            Value("drop", "mV", None, 400, DESIGN),
        ),
        "Charge or replace the battery, or the medical supply; check the plug.",
        inflates=True, within_s=120,
    ),
)  # fmt: skip
BY_ID: Final = {test.id: test for test in CATALOGUE}


def chosen(names: tuple[str, ...], quick: bool) -> tuple[Test, ...]:
    """The tests of these names and groups, in the catalogue's order; all without a name. `quick`: without the cuff.

    Raises KeyError with the first name that is neither.
    """
    for name in names:
        if name not in BY_ID and name not in GROUPS:
            raise KeyError(name)
    wanted = [test for test in CATALOGUE if not names or test.id in names or test.group in names]
    return tuple(test for test in wanted if not (quick and test.inflates))


__all__ = ["BY_ID", "CATALOGUE", "GROUPS", "Test", "Value", "chosen"]
