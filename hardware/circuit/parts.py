# SPDX-License-Identifier: CERN-OHL-P-2.0
"""Parts as skidl templates, pin by pin, so that no library of a drawing program is needed.

Pin numbers are those of the DIP or SOT-23 package in the data sheet; modules and connectors count from 1 in the order
given here, and `headers.csv` says where a signal sits on a microcontroller board.
"""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any


def _quiet_import() -> Any:
    """skidl without its warnings about libraries that this design does not use."""
    for version in ("", "5", "6", "7", "8", "9", "10"):
        os.environ.setdefault(f"KICAD{version}_SYMBOL_DIR", os.getcwd())
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import skidl
    finally:
        logging.disable(logging.NOTSET)
    return skidl


skidl = _quiet_import()
from skidl.pin import pin_types as kind  # noqa: E402 - only after the quiet import

IN, OUT, IO, OD = kind.INPUT, kind.OUTPUT, kind.BIDIR, kind.OPENCOLL
PAS, PWR, SUP, NC = kind.PASSIVE, kind.PWRIN, kind.PWROUT, kind.NOCONNECT


def template(name: str, pins: list[tuple[str, str, Any]]) -> Any:
    """A part without a library: (number, name, kind) of each pin."""
    made = [skidl.Pin(num=number, name=pin, func=func) for number, pin, func in pins]
    return skidl.Part(name=name, tool=skidl.SKIDL, dest=skidl.TEMPLATE, pins=made)


def two(name: str, first: str = "A", second: str = "B") -> Any:
    return template(name, [("1", first, PAS), ("2", second, PAS)])


def numbered(name: str, pins: list[tuple[str, Any]]) -> Any:
    return template(name, [(str(i), pin, func) for i, (pin, func) in enumerate(pins, 1)])


RESISTOR = two("R")
CAPACITOR = two("C")
DIODE = two("D", "K", "A")
LED = two("LED", "K", "A")
FUSE = two("F")
OSCILLATOR = template("OSCILLATOR", [("1", "NC1", NC), ("4", "GND", PWR), ("5", "OUT", OUT), ("8", "VCC", PWR)])
COIL = two("VALVE", "P", "N")
PUMP = two("PUMP", "P", "N")
SOUNDER = two("SOUNDER", "P", "N")
BUTTON = two("BUTTON")
NMOS = template("NMOS", [("1", "G", IN), ("2", "S", PAS), ("3", "D", PAS)])
PMOS = template("PMOS", [("1", "G", IN), ("2", "S", PAS), ("3", "D", PAS)])
JACK = numbered("SUPPLY", [("P", SUP), ("N", SUP)])
REGULATOR_5V = numbered("S13V10F5", [("VIN", PWR), ("GND", PWR), ("VOUT", SUP)])
REGULATOR_3V3 = template("MCP1700", [("1", "GND", PWR), ("2", "VIN", PWR), ("3", "VOUT", SUP)])
GUARD_SENSOR = template(
    "MPXV5050GP",
    [
        ("1", "NC1", NC),
        ("2", "VS", PWR),
        ("3", "GND", PWR),
        ("4", "VOUT", OUT),
        *((str(i), f"NC{i}", NC) for i in (5, 6, 7, 8)),
    ],
)
CUFF_SENSOR = numbered("MPR", [("VDD", PWR), ("GND", PWR), ("SDA", IO), ("SCL", IN), ("RES", IN)])
FINGER_CLIP = numbered("MAX30102", [("VIN", PWR), ("GND", PWR), ("SDA", IO), ("SCL", IN)])
QUAD_COMPARATOR = template(
    "TLC339",
    [
        ("1", "OUT_B", OD),
        ("2", "OUT_A", OD),
        ("3", "VDD", PWR),
        ("4", "A-", IN),
        ("5", "A+", IN),
        ("6", "B-", IN),
        ("7", "B+", IN),
        ("8", "C-", IN),
        ("9", "C+", IN),
        ("10", "D-", IN),
        ("11", "D+", IN),
        ("12", "GND", PWR),
        ("13", "OUT_D", OD),
        ("14", "OUT_C", OD),
    ],
)
TIMER = template(
    "CD4541B",
    [
        ("1", "RTC", NC),
        ("2", "CTC", NC),
        ("3", "RS", IN),
        ("4", "NC4", NC),
        ("5", "AR", IN),
        ("6", "MR", IN),
        ("7", "VSS", PWR),
        ("8", "Q", OUT),
        ("9", "SELECT", IN),
        ("10", "MODE", IN),
        ("11", "NC11", NC),
        ("12", "A", IN),
        ("13", "B", IN),
        ("14", "VDD", PWR),
    ],
)
DIVIDER = template(
    "74HC4060",
    [
        ("1", "Q12", NC),
        ("2", "Q13", NC),
        ("3", "Q14", OUT),
        ("4", "Q6", NC),
        ("5", "Q5", NC),
        ("6", "Q7", NC),
        ("7", "Q4", NC),
        ("8", "GND", PWR),
        ("9", "CT", NC),
        ("10", "XOUT", NC),
        ("11", "XIN", IN),
        ("12", "MR", IN),
        ("13", "Q9", NC),
        ("14", "Q8", NC),
        ("15", "Q10", NC),
        ("16", "VCC", PWR),
    ],
)
QUAD_NOR = template(
    "74HCT02",
    [
        ("1", "1Y", OUT),
        ("2", "1A", IN),
        ("3", "1B", IN),
        ("4", "2Y", OUT),
        ("5", "2A", IN),
        ("6", "2B", IN),
        ("7", "GND", PWR),
        ("8", "3A", IN),
        ("9", "3B", IN),
        ("10", "3Y", OUT),
        ("11", "4A", IN),
        ("12", "4B", IN),
        ("13", "4Y", NC),
        ("14", "VCC", PWR),
    ],
)
QUAD_AND = template(
    "74HCT08",
    [
        ("1", "1A", IN),
        ("2", "1B", IN),
        ("3", "1Y", OUT),
        ("4", "2A", IN),
        ("5", "2B", IN),
        ("6", "2Y", OUT),
        ("7", "GND", PWR),
        ("8", "3Y", OUT),
        ("9", "3A", IN),
        ("10", "3B", IN),
        ("11", "4Y", OUT),
        ("12", "4A", IN),
        ("13", "4B", IN),
        ("14", "VCC", PWR),
    ],
)


def microcontroller(signals: list[tuple[str, str]]) -> Any:
    """The board as a part: its supply and one pin a signal of pinout.csv, (name, direction)."""
    kinds = {"in": IN, "adc": IN, "out": OUT, "inout": IO}
    fixed = [("VSYS", PWR), ("GND", PWR), ("3V3", SUP)]
    return numbered("BOARD", [*fixed, *((name, kinds[direction]) for name, direction in signals)])
