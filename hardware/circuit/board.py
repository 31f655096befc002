# SPDX-License-Identifier: CERN-OHL-P-2.0
"""The netlist. `build()` returns a skidl circuit; nets that carry a signal of pinout.csv have the signal's name."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from circuit import parts
from circuit.values import CAPACITORS, RESISTORS, text

PINOUT = Path(__file__).resolve().parent.parent / "pinout.csv"


def signals() -> list[tuple[str, str]]:
    """(signal, direction) of every row of pinout.csv."""
    with PINOUT.open(encoding="utf-8", newline="") as file:
        return [(row["signal"], row["direction"]) for row in csv.DictReader(file)]


class Sheet:
    """Places parts and joins pins to nets by name."""

    def __init__(self) -> None:
        self.circuit = parts.skidl.Circuit()
        self.nets: dict[str, Any] = {}
        self.parts: dict[str, Any] = {}

    def net(self, name: str) -> Any:
        if name not in self.nets:
            self.nets[name] = parts.skidl.Net(name, circuit=self.circuit)
        return self.nets[name]

    def place(self, ref: str, kind: Any, value: str = "", **pins: str) -> Any:
        """`pins` maps pin names to nets; a name that is no Python word is given as `pin_to` does."""
        part = kind(ref=ref, value=value or kind.name, circuit=self.circuit)
        self.parts[ref] = part
        self.pin_to(ref, pins)
        return part

    def pin_to(self, ref: str, pins: dict[str, str]) -> None:
        part = self.parts[ref]
        for name, net in pins.items():
            (pin,) = [pin for pin in part.pins if pin.name == name]
            self.net(net).connect(pin)

    def r(self, ref: str, first: str, second: str) -> None:
        assert ref in RESISTORS, ref
        self.place(ref, parts.RESISTOR, text(ref), A=first, B=second)

    def c(self, ref: str, first: str, second: str = "GND") -> None:
        assert ref in CAPACITORS, ref
        self.place(ref, parts.CAPACITOR, text(ref), A=first, B=second)


def supply(s: Sheet) -> None:
    """Battery or medical supply of 6 V: fuse, reverse polarity, 5 V for logic and sensors, 3.3 V for the clip."""
    s.place("J1", parts.JACK, P="SUPPLY_IN", N="GND")
    s.place("F1", parts.FUSE, A="SUPPLY_IN", B="SUPPLY_FUSED")
    s.place("Q10", parts.PMOS, D="SUPPLY_FUSED", S="VBAT", G="REVERSE_GATE")
    s.r("R46", "REVERSE_GATE", "GND")
    s.c("C17", "VBAT")
    s.place("U10", parts.REGULATOR_5V, VIN="VBAT", GND="GND", VOUT="5V")
    s.c("C22", "5V")
    s.place("D8", parts.DIODE, A="5V", K="VSYS")
    s.place("U11", parts.REGULATOR_3V3, VIN="5V", GND="GND", VOUT="OXIMETER_3V3")
    s.c("C18", "5V")
    s.c("C19", "OXIMETER_3V3")
    s.r("R36", "VBAT", "supply_adc")
    s.r("R37", "supply_adc", "GND")
    s.c("C21", "supply_adc")


def board(s: Sheet) -> None:
    """Microcontroller, buses, lights, sounder, buttons."""
    names = signals()
    s.place("U1", parts.microcontroller(names))
    s.pin_to("U1", {"VSYS": "VSYS", "GND": "GND", "3V3": "3V3"} | {name: name for name, _ in names})
    s.place("U2", parts.FINGER_CLIP, VIN="OXIMETER_3V3", GND="GND", SDA="oximeter_sda", SCL="oximeter_scl")
    s.r("R38", "OXIMETER_3V3", "oximeter_sda")
    s.r("R39", "OXIMETER_3V3", "oximeter_scl")
    s.place("U3", parts.CUFF_SENSOR, VDD="3V3", GND="GND", SDA="cuff_sda", SCL="cuff_scl", RES="CUFF_RES")
    s.r("R40", "3V3", "cuff_sda")
    s.r("R41", "3V3", "cuff_scl")
    s.r("R47", "3V3", "CUFF_RES")
    s.c("C20", "3V3")
    for light, resistor, signal in (("DS1", "R42", "led_red"), ("DS2", "R43", "led_yellow")):
        s.r(resistor, signal, f"{light}_A")
        s.place(light, parts.LED, A=f"{light}_A", K="GND")
    s.place("Q9", parts.NMOS, G="buzzer", S="GND", D="SOUNDER_N")
    s.r("R44", "buzzer", "GND")
    s.r("R45", "5V", "SOUNDER_N")
    s.place("LS1", parts.SOUNDER, P="5V", N="SOUNDER_N")
    s.place("S1", parts.BUTTON, A="button_a", B="GND")
    s.place("S2", parts.BUTTON, A="button_b", B="GND")


def guard(s: Sheet) -> None:
    """The guard sensor, and one divider each for the ADC and for the comparators: no pin of the board can hold both."""
    s.place("U4", parts.GUARD_SENSOR, VS="5V", GND="GND", VOUT="GUARD")
    s.c("C1", "5V")
    s.c("C2", "5V")
    s.c("C3", "GUARD")
    s.r("R1", "GUARD", "guard_adc")
    s.r("R2", "guard_adc", "GND")
    s.c("C4", "guard_adc")
    s.r("R3", "GUARD", "GUARD_CMP")
    s.r("R4", "GUARD_CMP", "GND")
    s.c("C5", "GUARD_CMP")


def comparators(s: Sheet) -> None:
    """A: above 315 mmHg. B: above 15 mmHg. C: the wire is broken. D: the cuff has been empty long enough."""
    s.place("U5", parts.QUAD_COMPARATOR, VDD="5V", GND="GND")
    s.pin_to("U5", {"A+": "REF_HIGH", "A-": "GUARD_CMP", "OUT_A": "PRESSURE_OK"})
    s.pin_to("U5", {"B+": "REF_15", "B-": "GUARD_CMP", "OUT_B": "BELOW_15"})
    s.pin_to("U5", {"C+": "GUARD_CMP", "C-": "REF_WIRE", "OUT_C": "PRESSURE_OK"})
    s.pin_to("U5", {"D+": "EMPTY_TIME", "D-": "HALF", "OUT_D": "EMPTY"})
    s.c("C12", "5V")
    s.r("R5", "5V", "REF_HIGH")
    s.r("R6", "REF_HIGH", "GND")
    s.r("R10", "PRESSURE_OK", "REF_HIGH")
    s.r("R12", "5V", "PRESSURE_OK")
    s.r("R7", "5V", "REF_15")
    s.r("R8", "REF_15", "REF_WIRE")
    s.r("R9", "REF_WIRE", "GND")
    s.r("R11", "BELOW_15", "REF_15")
    s.r("R13", "5V", "BELOW_15")
    s.r("R14", "BELOW_15", "EMPTY_TIME")
    s.place("D4", parts.DIODE, A="EMPTY_TIME", K="EMPTY_DOWN")
    s.r("R15", "EMPTY_DOWN", "BELOW_15")
    s.c("C6", "5V", "EMPTY_TIME")
    s.r("R17", "5V", "HALF")
    s.r("R18", "HALF", "GND")
    s.r("R16", "5V", "EMPTY")


def timer(s: Sheet) -> None:
    """Oscillator, 2^14, 2^15: low 174.8 s after EMPTY went low. EMPTY resets it."""
    s.place("U7", parts.DIVIDER, Q14="CLOCK", GND="GND", VCC="5V", MR="GND", XIN="TIME_BASE")
    s.place("Y1", parts.OSCILLATOR, "3.072 MHz", VCC="5V", GND="GND", OUT="TIME_BASE")
    s.c("C10", "5V")
    s.c("C14", "5V")
    s.place("U6", parts.TIMER, RS="CLOCK", MR="EMPTY", VSS="GND", Q="TIMER_OK", MODE="GND", VDD="5V")
    # Auto reset off (EMPTY resets at power-on), output high after reset, 16 stages.
    s.pin_to("U6", {"AR": "5V", "SELECT": "5V", "A": "5V", "B": "5V"})
    s.c("C13", "5V")


def logic(s: Sheet) -> None:
    """FAULT_N acts at once; a fault outside a test sets the latch, which only the power's return resets."""
    s.place("U8", parts.QUAD_NOR, GND="GND", VCC="5V")
    s.pin_to("U8", {"1A": "FAULT_N", "1B": "TEST_HOLD", "1Y": "LATCH_SET"})
    s.pin_to("U8", {"2A": "POWER_ON", "2B": "LATCH_OK", "2Y": "LATCHED"})
    s.pin_to("U8", {"3A": "LATCH_SET", "3B": "LATCHED", "3Y": "LATCH_OK"})
    s.pin_to("U8", {"4A": "GND", "4B": "GND"})
    s.c("C15", "5V")
    s.c("C7", "5V", "POWER_ON")
    s.r("R19", "POWER_ON", "GND")
    s.place("U9", parts.QUAD_AND, GND="GND", VCC="5V")
    s.pin_to("U9", {"1A": "PRESSURE_OK", "1B": "TIMER_OK", "1Y": "FAULT_N"})
    s.pin_to("U9", {"2A": "FAULT_N", "2B": "LATCH_OK", "2Y": "OK"})
    s.pin_to("U9", {"3A": "OK", "3B": "pump_enable", "3Y": "PUMP_ON"})
    s.pin_to("U9", {"4A": "FAULT_N", "4B": "LATCH_OK", "4Y": "VALVES_ON"})
    s.c("C16", "5V")
    s.r("R35", "pump_enable", "GND")
    s.r("R25", "OK", "external_ok")
    s.r("R26", "external_ok", "GND")
    s.r("R27", "OK", "DS3_A")
    s.place("DS3", parts.LED, A="DS3_A", K="GND")


def test_input(s: Sheet) -> None:
    """Pulls the 315 mmHg reference below the sensor's zero. R21, C8 pull late, D5, C9 hold the latch off longer."""
    s.r("R20", "external_test", "GND")
    s.r("R21", "external_test", "TEST_GATE")
    s.c("C8", "TEST_GATE")
    s.place("Q8", parts.NMOS, "2N7002", G="TEST_GATE", S="GND", D="REF_HIGH")
    s.place("D5", parts.DIODE, A="external_test", K="TEST_HOLD")
    s.r("R22", "TEST_HOLD", "GND")
    s.c("C9", "TEST_HOLD")


def power_stage(s: Sheet) -> None:
    """Pump: high side by PUMP_ON, low side by pump_pwm. Valves: high side by VALVES_ON, low side each by its pin."""
    s.place("Q1", parts.PMOS, S="VBAT", G="PUMP_GATE", D="PUMP_P")
    s.r("R30", "VBAT", "PUMP_GATE")
    s.place("Q2", parts.NMOS, D="PUMP_GATE", G="PUMP_ON", S="GND")
    s.r("R28", "PUMP_ON", "GND")
    s.place("M1", parts.PUMP, P="PUMP_P", N="PUMP_N")
    s.place("D1", parts.DIODE, K="PUMP_P", A="PUMP_N")
    s.place("Q3", parts.NMOS, D="PUMP_N", G="pump_pwm", S="GND")
    s.r("R32", "pump_pwm", "GND")
    s.place("Q4", parts.PMOS, S="VBAT", G="VALVE_GATE", D="VALVE_P")
    s.r("R31", "VBAT", "VALVE_GATE")
    s.place("Q5", parts.NMOS, D="VALVE_GATE", G="VALVES_ON", S="GND")
    s.r("R29", "VALVES_ON", "GND")
    for valve, diode, switch, pull_down, signal in (
        ("V1", "D2", "Q6", "R33", "valve_bleed"),
        ("V2", "D3", "Q7", "R34", "valve_dump"),
    ):
        s.place(valve, parts.COIL, P="VALVE_P", N=f"{valve}_N")
        s.place(diode, parts.DIODE, K="VALVE_P", A=f"{valve}_N")
        s.place(switch, parts.NMOS, D=f"{valve}_N", G=signal, S="GND")
        s.r(pull_down, signal, "GND")


BLOCKS = (supply, board, guard, comparators, timer, logic, test_input, power_stage)


def build() -> Sheet:
    """The whole circuit, unchecked; `circuit.erc` checks it."""
    sheet = Sheet()
    for block in BLOCKS:
        block(sheet)
    # Passed on through a fuse, a switch or a diode, which skidl takes for passive.
    for rail in ("VBAT", "VSYS"):
        sheet.net(rail).drive = parts.skidl.POWER
    return sheet
