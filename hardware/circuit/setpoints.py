# SPDX-License-Identifier: CERN-OHL-P-2.0
"""Set-points of the external layer over the tolerances of its parts: worst case and Monte Carlo.

`python -m circuit.setpoints` (in `hardware/`) prints the table; it ends with 1 if a limit is not kept. The sensor, its
divider and the references hang on the same 5 V, so that the supply cancels out; what does not cancel is in the table.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable
from typing import NamedTuple

from circuit.values import CAPACITORS, OSCILLATOR_HZ, OSCILLATOR_TOLERANCE, RESISTORS, SUPPLY_V, U6_COUNTS, U7_DIVIDES

# MPXV5050GP data sheet: Vout = Vs (0.018 P/kPa + 0.04), 0.2 V to 4.7 V at 5 V, 12 mV/mmHg; error 2.5 % of the 4.5 V
# span in all, 0-85 degC; zero between 0.088 and 0.313 V.
ZERO_V = 0.2
V_PER_MMHG = 0.012
SENSOR_ERROR_V = 0.025 * 4.5
SENSOR_LEAST_V = 0.088
# TLC339: 5 mV at 25 degC, taken as 10 mV (data sheet of the TLC393Q over temperature). Saturation 0.3 V.
OFFSET_V = 0.010
LOW_V = 0.3
# Q8, switched off, can only lower the reference. Data sheets of the 2N7002: at most 1 uA at 25 degC and 500 uA at 125
# degC; between them it grows by the same factor with each degree, which makes 2.5 uA at the 40 degC taken here.
LEAKAGE_A = 1e-6 * 500 ** ((40 - 25) / 100)
# Pololu S13V10F5.
SUPPLY_TOLERANCE = 0.03

LIMIT_MMHG = (300.0, 330.0)
INTERLOCK_S = 173.0
LIMIT_S = 180.0
# From 300 mmHg to below 15 with both valves open: 0.45 mL/mmHg (a large cuff with its air) / (0.42 + 0.16 mL/s/mmHg),
# the conductances that hardware/twin/world/pneumatics.py works with; measured at assembly (docs/test.md).
EMPTYING_S = 0.45 / 0.58 * math.log(300 / 15)


class Draw(NamedTuple):
    """One board: deviation of every part as a share of its tolerance, -1..1 (leakage and supply included)."""

    share: dict[str, float]
    resistor_tolerance: float | None = None
    """In place of every resistor's tolerance, to ask what coarser parts would do."""

    def resistor(self, ref: str) -> float:
        value = RESISTORS[ref]
        return value.size * (1 + (self.resistor_tolerance or value.tolerance) * self.share.get(ref, 0.0))

    @property
    def supply_v(self) -> float:
        return SUPPLY_V * (1 + SUPPLY_TOLERANCE * self.share.get("supply", 0.0))


NOMINAL = Draw({})


def pressure_mmhg(guard_v: float, draw: Draw) -> float:
    """True pressure at which the comparators' divider gives `guard_v`."""
    sensor = guard_v * (1 + draw.resistor("R3") / draw.resistor("R4")) * SUPPLY_V / draw.supply_v
    return (sensor - SENSOR_ERROR_V * draw.share.get("sensor", 0.0) - ZERO_V) / V_PER_MMHG


def high_reference_v(draw: Draw, tripped: bool) -> float:
    """REF_HIGH: R5 from 5 V, R6 to ground, R10 to the output (pulled up by R12, or low)."""
    supply = draw.supply_v
    up, down = 1 / draw.resistor("R5"), 1 / draw.resistor("R6")
    if tripped:
        feedback, source = 1 / draw.resistor("R10"), LOW_V
    else:
        feedback, source = 1 / (draw.resistor("R10") + draw.resistor("R12")), supply
    leakage = LEAKAGE_A * max(0.0, draw.share.get("leakage", 0.0))
    return (supply * up + source * feedback - leakage) / (up + down + feedback)


def low_references_v(draw: Draw, above: bool) -> tuple[float, float]:
    """(REF_15, REF_WIRE): R7, R8, R9 in a row, R11 from REF_15 to the output (pulled up by R13, or low)."""
    supply = draw.supply_v
    up, down = 1 / draw.resistor("R7"), 1 / (draw.resistor("R8") + draw.resistor("R9"))
    if above:
        feedback, source = 1 / draw.resistor("R11"), LOW_V
    else:
        feedback, source = 1 / (draw.resistor("R11") + draw.resistor("R13")), supply
    ref_15 = (supply * up + source * feedback) / (up + down + feedback)
    return ref_15, ref_15 * draw.resistor("R9") / (draw.resistor("R8") + draw.resistor("R9"))


def trip_mmhg(draw: Draw) -> float:
    return pressure_mmhg(high_reference_v(draw, False) + OFFSET_V * draw.share.get("offset_a", 0.0), draw)


def release_mmhg(draw: Draw) -> float:
    return pressure_mmhg(high_reference_v(draw, True) + OFFSET_V * draw.share.get("offset_a", 0.0), draw)


def cuff_mmhg(draw: Draw) -> float:
    return pressure_mmhg(low_references_v(draw, False)[0] + OFFSET_V * draw.share.get("offset_b", 0.0), draw)


def cuff_release_mmhg(draw: Draw) -> float:
    return pressure_mmhg(low_references_v(draw, True)[0] + OFFSET_V * draw.share.get("offset_b", 0.0), draw)


def wire_v(draw: Draw) -> float:
    """Voltage of the sensor below which the wire counts as broken."""
    guard_v = low_references_v(draw, False)[1] + OFFSET_V * draw.share.get("offset_c", 0.0)
    return guard_v * (1 + draw.resistor("R3") / draw.resistor("R4"))


def timer_s(draw: Draw) -> float:
    """From the fall of EMPTY: 2^15 edges of a clock that runs freely, so that the first comes up to a period early."""
    period = U7_DIVIDES / (OSCILLATOR_HZ * (1 + OSCILLATOR_TOLERANCE * draw.share.get("oscillator", 0.0)))
    return (U6_COUNTS - max(0.0, draw.share.get("phase", 0.0))) * period


def hold_s(draw: Draw) -> float:
    """For so long the pressure must stay below 15 mmHg before the timer starts anew: R14, C6 to half of the supply."""
    capacitor = CAPACITORS["C6"]
    farad = capacitor.size * (1 + capacitor.tolerance * draw.share.get("C6", 0.0))
    resistance = draw.resistor("R14") + draw.resistor("R13")
    start = LOW_V + 0.6  # the output's low level and the diode
    return resistance * farad * math.log((SUPPLY_V - start) / (SUPPLY_V / 2))


class Quantity(NamedTuple):
    """What is worked out: its function, the parts it hangs on, unit, and the limits it must keep (None: none)."""

    name: str
    of: Callable[[Draw], float]
    parts: tuple[str, ...]
    unit: str
    least: float | None
    most: float | None


COMMON = ("sensor", "supply", "R3", "R4")
HIGH = (*COMMON, "R5", "R6", "R10", "R12", "offset_a", "leakage")
LOW = (*COMMON, "R7", "R8", "R9", "R11", "R13", "offset_b")
QUANTITIES = (
    Quantity("comparator trips", trip_mmhg, HIGH, "mmHg", *LIMIT_MMHG),
    Quantity("comparator releases (before the latch)", release_mmhg, HIGH, "mmHg", 280.0, None),
    Quantity("timer starts above", cuff_mmhg, LOW, "mmHg", 0.0, 30.0),
    Quantity("timer stops below", cuff_release_mmhg, LOW, "mmHg", 0.0, None),
    Quantity("broken wire below (sensor output)", wire_v, (*COMMON, *LOW[4:-1], "offset_c"), "V", 0.0, SENSOR_LEAST_V),
    Quantity("timer acts after", timer_s, ("oscillator", "phase"), "s", INTERLOCK_S, LIMIT_S - EMPTYING_S),
    Quantity("empty for, to start anew", hold_s, ("R13", "R14", "C6"), "s", 1.0, 2.0),
)
ONE_SIDED = ("leakage", "phase")


class Range(NamedTuple):
    nominal: float
    worst: tuple[float, float]
    drawn: tuple[float, float, float]
    outside: int


def worst_case_with(quantity: Quantity, tolerance: float | None) -> tuple[float, float]:
    """As `worst_case`, with `tolerance` for every resistor (None: its own)."""
    ends = []
    for sign in (-1, 1):
        share = {}
        for part in quantity.parts:
            low = 0.0 if part in ONE_SIDED else -1.0
            values = [quantity.of(Draw({part: end}, tolerance)) for end in (low, 1.0)]
            share[part] = 1.0 if (values[1] - values[0]) * sign > 0 else low
        ends.append(quantity.of(Draw(share, tolerance)))
    return ends[0], ends[1]


def worst_case(quantity: Quantity) -> tuple[float, float]:
    """Every part at the end of its tolerance that moves the quantity furthest, down and up."""
    return worst_case_with(quantity, None)


def monte_carlo(quantity: Quantity, boards: int, seed: int) -> tuple[tuple[float, float, float], int]:
    """(0.1 %, mean, 99.9 %) of boards with every part evenly drawn over its tolerance; how many keep no limit."""
    rng = random.Random(f"{quantity.name}/{seed}")
    values = []
    for _ in range(boards):
        share = {part: rng.uniform(0.0 if part in ONE_SIDED else -1.0, 1.0) for part in quantity.parts}
        values.append(quantity.of(Draw(share)))
    values.sort()
    outside = sum(not within(quantity, value) for value in values)
    return (values[boards // 1000], sum(values) / boards, values[boards - 1 - boards // 1000]), outside


def within(quantity: Quantity, value: float) -> bool:
    return (quantity.least is None or value >= quantity.least) and (quantity.most is None or value <= quantity.most)


def analyse(boards: int = 20000, seed: int = 1) -> dict[str, Range]:
    found = {}
    for quantity in QUANTITIES:
        drawn, outside = monte_carlo(quantity, boards, seed)
        nominal = quantity.of(NOMINAL)
        found[quantity.name] = Range(nominal, worst_case(quantity), drawn, outside)
    return found


def contributions(quantity: Quantity) -> list[tuple[str, float]]:
    """(part, the most it alone moves the quantity), largest first."""
    nominal = quantity.of(NOMINAL)
    moved = [(part, max(abs(quantity.of(Draw({part: e})) - nominal) for e in (-1, 1))) for part in quantity.parts]
    return sorted(moved, key=lambda item: -item[1])


def kept(found: dict[str, Range]) -> bool:
    return all(
        within(q, found[q.name].worst[0]) and within(q, found[q.name].worst[1]) and not found[q.name].outside
        for q in QUANTITIES
    )


def number(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.{3 if unit == 'V' else 2 if unit == 's' else 1}f}"


def table(found: dict[str, Range], boards: int) -> str:
    """The set-points as a Markdown table."""
    lines = [
        f"| quantity | unit | nominal | worst case | {boards} boards: 0.1 % / mean / 99.9 % | limits | outside |",
        "|---|---|---|---|---|---|---|",
    ]
    for q in QUANTITIES:
        r = found[q.name]
        worst = " to ".join(number(v, q.unit) for v in r.worst)
        drawn = " / ".join(number(v, q.unit) for v in r.drawn)
        limits = f"{number(q.least, q.unit)} to {number(q.most, q.unit)}"
        lines.append(
            f"| {q.name} | {q.unit} | {number(r.nominal, q.unit)} | {worst} | {drawn} | {limits} | {r.outside} |"
        )
    lines += ["", "What moves the comparator's set-point, each part alone:", "", "| part | mmHg |", "|---|---|"]
    lines += [f"| {part} | {value:.2f} |" for part, value in contributions(QUANTITIES[0])]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print the set-points over the tolerances of the parts.")
    parser.add_argument("--boards", type=int, default=20000, metavar="N", help="boards to draw, 1000 or more")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    if options.boards < 1000:
        parser.error("--boards must be 1000 or more")
    found = analyse(options.boards, options.seed)
    print(table(found, options.boards), end="")
    return 0 if kept(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
