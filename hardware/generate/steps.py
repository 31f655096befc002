# SPDX-License-Identifier: Apache-2.0
"""Assembly as data: areas of the board, what each step fits, and what must be true before the next step begins."""

from __future__ import annotations

from typing import NamedTuple


class Area(NamedTuple):
    """A place on the drawing: x, y, width, height, and its words."""

    box: tuple[int, int, int, int]
    title: str


class Step(NamedTuple):
    """One step: the area it fills, references it fits, what to do, and the check that ends it."""

    area: str
    title: str
    refs: str
    todo: tuple[str, ...]
    check: str


AREAS = {
    "supply": Area((20, 90, 220, 120), "Supply"),
    "guard": Area((260, 90, 220, 120), "Guard sensor"),
    "comparators": Area((500, 90, 220, 120), "Comparators"),
    "timer": Area((740, 90, 220, 120), "Timer and latch"),
    "power": Area((740, 250, 220, 120), "Power stage"),
    "board": Area((260, 250, 220, 120), "Microcontroller"),
    "panel": Area((20, 250, 220, 120), "Lights, sounder, buttons"),
    "test": Area((500, 250, 220, 120), "Test input, gates"),
    "air": Area((740, 410, 220, 120), "Pump, valves, cuff"),
    "patient": Area((20, 410, 220, 120), "Finger clip, isolation"),
}
LINKS = (
    ("supply", "guard"), ("guard", "comparators"), ("comparators", "timer"), ("timer", "power"),
    ("power", "air"), ("panel", "board"), ("board", "test"), ("patient", "board"), ("test", "power"),
)  # fmt: skip
STEPS = (
    Step(
        "supply",
        "Supply",
        "A1 A2 A9 J1 F1 Q10 R46 C17 U10 C22 D8 U11 C18 C19 R36 R37 C21",
        (
            "On A1, with wire A9. SOT-23 parts go on A2, here and later: solder them there first.",
            "Fit Q10 with its drain to the fuse and its source to VBAT: the other way round it does not protect.",
            "Fit U10; then D8 (ring towards the board), U11 and their capacitors. Mind the polarity of C17 and C22.",
        ),
        "6.0 V at J1: 6.0 V at VBAT, 4.85-5.15 V at 5V, 3.2-3.4 V at U11 pin 3, 1.45-1.53 V across R37. "
        "Reversed supply: 0 V at VBAT and no current.",
    ),
    Step(
        "guard",
        "Guard sensor and its two dividers",
        "U4 C1 C2 C3 R1 R2 C4 R3 R4 C5",
        (
            "U4 has its notch at pin 1; 2 is supply, 3 ground, 4 output; 1 and 5-8 stay open.",
            "R3 and R4 are the 0.1 % parts. C1, C2, C3 sit within 10 mm of U4.",
        ),
        "Open port: 0.09-0.31 V at U4 pin 4, and two thirds of it at C4 and at C5.",
    ),
    Step(
        "comparators",
        "Comparators and references",
        "A4 U5 C12 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 D4 C6 R16 R17 R18",
        (
            "Fit the references first and measure them, then U5 in its socket (A4).",
            "C6 goes from 5V to pin 11 of U5, not to ground.",
        ),
        "REF_HIGH (pin 5) 2.64-2.68 V, REF_15 (pin 7) 0.24-0.27 V, REF_WIRE (pin 8) 0.022-0.032 V at 5.0 V. "
        "PRESSURE_OK (pins 2, 14) high; EMPTY (pin 13) high two seconds after power-on.",
    ),
    Step(
        "timer",
        "Time base, timer, latch",
        "A5 A6 U6 C13 U7 C14 Y1 C10 U8 C15 C7 R19",
        (
            "All in sockets. Y1 has its square corner at pin 1; its output (5) goes to pin 11 of U7; 10 stays open.",
            "Pins 1 and 2 of U6 stay open: its clock comes from U7 pin 3.",
        ),
        "3.072 MHz at pin 11 of U7; 187.5 Hz at pin 3 of U6; pin 8 of U6 high; "
        "LATCH_OK (U8 pin 10) high one second after power-on.",
    ),
    Step(
        "test",
        "Gates and test input",
        "U9 C16 R20 R21 C8 Q8 D5 R22 C9 R25 R26 R27 DS3 R35",
        (
            "U8 and U9 must be HCT: HC parts do not take 3.3 V for high.",
            "Check the direction of D5: its ring is at C9.",
        ),
        "DS3 lights. 3.3 V touched to external_test: DS3 goes out at once and comes back when it is taken away.",
    ),
    Step(
        "power",
        "Power stage, without pump and valves",
        "Q1 R30 Q2 R28 Q3 R32 D1 Q4 R31 Q5 R29 Q6 R33 D2 Q7 R34 D3",
        (
            "MOSFETs: pin 1 gate, 2 source, 3 drain. Rings of D1, D2, D3 towards the high side.",
            "Do not connect pump and valves yet.",
        ),
        "With DS3 lit: VALVE_P at VBAT, PUMP_P at 0 V. pump_enable to 3.3 V: PUMP_P at VBAT. "
        "external_test to 3.3 V as well: both at 0 V.",
    ),
    Step(
        "panel",
        "Lights, sounder, buttons",
        "DS1 R42 DS2 R43 LS1 Q9 R44 R45 S1 S2",
        ("Long legs of the lights to the resistors.",),
        "3.3 V at led_red and at led_yellow lights each; each button joins its net to ground.",
    ),
    Step(
        "board",
        "Microcontroller and cuff sensor",
        "A3 U1 A14 U3 C20 R40 R41 R47",
        (
            "Wire the header by wiring-BOARD.svg, every wire checked with a meter before the board goes in.",
            "U3 on 3.3 V of the board, at most 100 mm of wire, its port towards the manifold.",
        ),
        "`make firmware`, flash, `vitalwire info`: the board answers; no fault but those of parts not fitted yet.",
    ),
    Step(
        "air",
        "Pump, valves, manifold, cuff",
        "A7 M1 V1 V2 A15 A16 CUFF1",
        (
            "Manifold of at most 20 mL: pump, V1, V2, U3, U4 and the cuff's hose, each tube at most 100 mm.",
            "U4 on a branch of its own: a kink in the cuff's hose must not part it from the pump.",
        ),
        "Unpowered, blow into the cuff's hose: air goes through without resistance. Then docs/test.md, from its start.",
    ),
    Step(
        "patient",
        "Finger clip, own supply, isolation",
        "A8 A12 A13 U2 R38 R39 A10 BT1 PS1 PS2 J2 IS1 A11",
        (
            "Finger clip on U11's 3.3 V with its own pull-ups R38 and R39; strain relief on the cable.",
            "BT1, or PS1 through J2 and PS2, to J1; never both. "
            "Measure 6 V at PS2 before J1 is wired: 12 V there would go to pump and valves.",
            "USB only through IS1, or to a computer on its battery.",
        ),
        "`vitalwire config` or the hello says: own supply. Shorted 3.3 V in the patient cable: the board goes on.",
    ),
)
