# SPDX-License-Identifier: CERN-OHL-P-2.0
"""Value and tolerance of every resistor and capacitor, by reference designator: the one place that names them.

The netlist, the bill of materials, the tolerance analysis and the simulation read them here. Ohms, farads; tolerance as
a fraction. The set-points rest on the 0.1 % parts (R3, R4, R5, R6); everything else may be 1 %, capacitors 10 %.
"""

from __future__ import annotations

from typing import NamedTuple


class Value(NamedTuple):
    """`size` in ohm or farad, `tolerance` as a fraction of it, `use` in words."""

    size: float
    tolerance: float
    use: str


P, N, U = 1e-12, 1e-9, 1e-6

RESISTORS = {
    "R1": Value(100e3, 0.01, "guard divider to the ADC, upper"),
    "R2": Value(200e3, 0.01, "guard divider to the ADC, lower"),
    "R3": Value(100e3, 0.001, "guard divider to the comparators, upper"),
    "R4": Value(200e3, 0.001, "guard divider to the comparators, lower"),
    "R5": Value(8.87e3, 0.001, "reference of 315 mmHg, upper"),
    "R6": Value(10e3, 0.001, "reference of 315 mmHg, lower"),
    "R7": Value(47.5e3, 0.01, "references of 15 mmHg and of the broken wire, upper"),
    "R8": Value(2.15e3, 0.01, "between the two references"),
    "R9": Value(249.0, 0.01, "reference of the broken wire, lower"),
    "R10": Value(1e6, 0.01, "hysteresis of the 315 mmHg comparator"),
    "R11": Value(750e3, 0.01, "hysteresis of the 15 mmHg comparator"),
    "R12": Value(10e3, 0.01, "pull-up of PRESSURE_OK (comparators A and C)"),
    "R13": Value(10e3, 0.01, "pull-up of comparator B"),
    "R14": Value(1.2e6, 0.01, "time for which the cuff must be empty before the timer starts anew"),
    "R15": Value(1e3, 0.01, "discharge of that time"),
    "R16": Value(10e3, 0.01, "pull-up of EMPTY (comparator D)"),
    "R17": Value(100e3, 0.01, "half of the supply, upper"),
    "R18": Value(100e3, 0.01, "half of the supply, lower"),
    "R19": Value(1e6, 0.01, "power-on reset of the latch"),
    "R20": Value(10e3, 0.01, "pull-down of external_test"),
    "R21": Value(10e3, 0.01, "slows the switch of the reference"),
    "R22": Value(1e6, 0.01, "holds the test over its end"),
    "R25": Value(10e3, 0.01, "external_ok from 5 V to 3.3 V, upper"),
    "R26": Value(20e3, 0.01, "external_ok from 5 V to 3.3 V, lower, and its pull-down"),
    "R27": Value(1e3, 0.01, "current of the green light"),
    "R28": Value(10e3, 0.01, "pull-down at the gate of Q2"),
    "R29": Value(10e3, 0.01, "pull-down at the gate of Q5"),
    "R30": Value(10e3, 0.01, "pull-up at the gate of Q1: pump off"),
    "R31": Value(10e3, 0.01, "pull-up at the gate of Q4: valves without current"),
    "R32": Value(10e3, 0.01, "pull-down of pump_pwm at Q3"),
    "R33": Value(10e3, 0.01, "pull-down of valve_bleed at Q6"),
    "R34": Value(10e3, 0.01, "pull-down of valve_dump at Q7"),
    "R35": Value(10e3, 0.01, "pull-down of pump_enable"),
    "R36": Value(100e3, 0.01, "divider of the supply, upper"),
    "R37": Value(33e3, 0.01, "divider of the supply, lower"),
    "R38": Value(4.7e3, 0.01, "pull-up of oximeter_sda"),
    "R39": Value(4.7e3, 0.01, "pull-up of oximeter_scl"),
    "R40": Value(4.7e3, 0.01, "pull-up of cuff_sda"),
    "R41": Value(4.7e3, 0.01, "pull-up of cuff_scl"),
    "R42": Value(330.0, 0.01, "current of the red light"),
    "R43": Value(330.0, 0.01, "current of the yellow light"),
    "R44": Value(10e3, 0.01, "pull-down of buzzer at Q9"),
    "R45": Value(1e3, 0.01, "discharges the sounder"),
    "R46": Value(100e3, 0.01, "gate of the reverse-polarity switch"),
    "R47": Value(10e3, 0.01, "pull-up of the pressure sensor's reset"),
}

CAPACITORS = {
    "C1": Value(1 * U, 0.1, "supply of the guard sensor (data sheet)"),
    "C2": Value(10 * N, 0.1, "supply of the guard sensor (data sheet)"),
    "C3": Value(470 * P, 0.1, "output of the guard sensor (data sheet)"),
    "C4": Value(10 * N, 0.1, "filter of the ADC's guard channel, 0.67 ms"),
    "C5": Value(10 * N, 0.1, "filter of the comparators' guard channel, 0.67 ms"),
    "C6": Value(
        2.2 * U, 0.1, "time for which the cuff must be empty; to +5 V, so that it resets the timer at power-on"
    ),
    "C7": Value(330 * N, 0.1, "power-on reset of the latch"),
    "C8": Value(10 * N, 0.1, "slows the switch of the reference"),
    "C9": Value(10 * N, 0.1, "holds the test over its end, 10 ms"),
    "C10": Value(100 * N, 0.1, "supply of Y1"),
    "C12": Value(100 * N, 0.1, "supply of U5"),
    "C13": Value(100 * N, 0.1, "supply of U6"),
    "C14": Value(100 * N, 0.1, "supply of U7"),
    "C15": Value(100 * N, 0.1, "supply of U8"),
    "C16": Value(100 * N, 0.1, "supply of U9"),
    "C17": Value(470 * U, 0.2, "supply at the pump"),
    "C18": Value(1 * U, 0.1, "input of U11"),
    "C19": Value(1 * U, 0.1, "output of U11"),
    "C20": Value(100 * N, 0.1, "supply of U3"),
    "C21": Value(100 * N, 0.1, "filter of the supply's divider"),
    "C22": Value(10 * U, 0.1, "output of U10"),
}

# Time base: oscillator / 2^14 (U7) counted 2^15 times (U6).
OSCILLATOR_HZ = 3_072_000
OSCILLATOR_TOLERANCE = 100e-6  # of the coarsest grade on sale; all in
U7_DIVIDES = 2**14
U6_COUNTS = 2**15
SUPPLY_V = 5.0


def ohm(ref: str) -> float:
    return RESISTORS[ref].size


def farad(ref: str) -> float:
    return CAPACITORS[ref].size


def text(ref: str) -> str:
    """'8.87k', '249', '2.2u': as written on a drawing."""
    value = RESISTORS[ref].size if ref in RESISTORS else CAPACITORS[ref].size
    for unit, size in (("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("u", U), ("n", N), ("p", P)):
        if value >= size * 0.9999:
            return f"{value / size:.4g}{unit}"
    raise ValueError(f"{ref} has no printable value: {value}")
