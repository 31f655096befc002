# SPDX-License-Identifier: CERN-OHL-P-2.0
"""The external layer in ngspice. The deck follows from circuit/netlist.txt and circuit/values.py: what is wired is run.

`python -m circuit.simulate` (in `hardware/`) runs every case and prints what it measured; 1 if one fails, 2 without
ngspice. Comparators, gates and switches are models of their levels and delays; the timer (Y1, U7, U6) is a counter
of the same length. Every output of the microcontroller is a source that holds its worst level: high.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from circuit.setpoints import NOMINAL, V_PER_MMHG, ZERO_V, timer_s
from circuit.values import CAPACITORS, RESISTORS

NETLIST = Path(__file__).resolve().parent / "netlist.txt"
TIMEOUT_S = 120
# Loads: ohm and henry of the pump's winding and of the valves' coils. 23 Ohm is that of V2 as ordered (bom.csv); the
# others, and all henries, are examples.
LOADS = {"M1": (6.0, 1e-3), "V1": (60.0, 0.2), "V2": (23.0, 0.2)}
SUPPLY_V = 6.0

MODELS = """
.model od sw(vt=0 vh=0.01m ron=50 roff=1e9)
.model nm sw(vt=1.0 vh=0.2 ron=0.03 roff=1e8)
.model nt sw(vt=1.8 vh=0.2 ron=5 roff=1e8)
.model pm sw(vt=1.0 vh=0.2 ron=0.065 roff=1e8)
.model schottky d(is=1u n=1.05 rs=0.1)
.model silicon d(is=4n n=1.9 rs=0.6)
.options rshunt=1e12 method=gear reltol=1e-3
"""
# NMOS and PMOS: gate capacitance, usual values of their kind (650 pF; a small one 50 pF).
GATE_F = {"Q8": 50e-12}
SMALL = ("Q8",)
SILICON = ("D4", "D5")


def read_netlist(path: Path = NETLIST) -> dict[str, dict[str, str]]:
    """{reference: {pin: node}} of the text netlist; GND is node 0."""
    pins: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or ":" not in line:
            continue
        net, _, ends = line.partition(":")
        node = "0" if net == "GND" else "n_" + net.lower()
        for end in ends.split():
            ref, _number, name = end.split(".", 2)
            pins.setdefault(ref, {})[name] = node
    return pins


def passives(parts: dict[str, dict[str, str]]) -> list[str]:
    lines = []
    for ref, pins in parts.items():
        if ref in RESISTORS:
            lines.append(f"{ref} {pins['A']} {pins['B']} {RESISTORS[ref].size:.6g}")
        elif ref in CAPACITORS:
            lines.append(f"{ref} {pins['A']} {pins['B']} {CAPACITORS[ref].size:.6g}")
        elif ref in ("D1", "D2", "D3", "D4", "D5"):
            model = "silicon" if ref in SILICON else "schottky"
            lines.append(f"{ref} {pins['A']} {pins['K']} {model}")
    return lines


def switches(parts: dict[str, dict[str, str]]) -> list[str]:
    """The transistors as switches with a gate capacitance: N by gate over source, P by source over gate."""
    lines = []
    for ref in ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8"):
        pins = parts[ref]
        gate, source, drain = pins["G"], pins["S"], pins["D"]
        p_type = ref in ("Q1", "Q4")
        control = f"{source} {gate}" if p_type else f"{gate} {source}"
        model = "pm" if p_type else "nt" if ref in SMALL else "nm"
        lines.append(f"S{ref} {drain} {source} {control} {model}")
        lines.append(f"C{ref} {gate} {source} {GATE_F.get(ref, 650e-12):.3g}")
    return lines


def comparators(parts: dict[str, dict[str, str]]) -> list[str]:
    """Open-drain outputs: low while the inverting input is higher; 1 us by R and C before the switch."""
    pins = parts["U5"]
    lines = []
    for name in "ABCD":
        lines.append(f"E{name} c_{name} 0 {pins[name + '-']} {pins[name + '+']} 1")
        lines.append(f"RC{name} c_{name} d_{name} 1k")
        lines.append(f"CC{name} d_{name} 0 1n")
        lines.append(f"SC{name} {pins['OUT_' + name]} 0 d_{name} 0 od")
    return lines


def gates(parts: dict[str, dict[str, str]]) -> list[str]:
    """HCT gates: 1.4 V threshold, 20 ns."""
    lines = []

    def gate(name: str, out: str, formula: str, supply: str) -> None:
        lines.append(f"B{name} g_{name} 0 V = v({supply})*({formula})")
        lines.append(f"RG{name} g_{name} {out} 100")
        lines.append(f"CG{name} {out} 0 200p")

    def high(node: str) -> str:
        return "0" if node == "0" else f"(0.5+0.5*tanh(30*(v({node})-1.4)))"

    for unit in "123":
        a, b = high(parts["U8"][unit + "A"]), high(parts["U8"][unit + "B"])
        gate("nor" + unit, parts["U8"][unit + "Y"], f"(1-{a})*(1-{b})", parts["U8"]["VCC"])
    for unit in "1234":
        a, b = high(parts["U9"][unit + "A"]), high(parts["U9"][unit + "B"])
        gate("and" + unit, parts["U9"][unit + "Y"], f"{a}*{b}", parts["U9"]["VCC"])
    return lines


def counter(parts: dict[str, dict[str, str]]) -> list[str]:
    """U7 and U6: rises from 0 to 1 in the timer's length, held at 0 while MR is high; Q falls at 1."""
    pins = parts["U6"]
    reset = f"(0.5+0.5*tanh(20*(v({pins['MR']})-2.5)))"
    rate = 1 / timer_s(NOMINAL)
    return [
        f"Bcount 0 count I = (1-{reset})*{rate:.9g} - {reset}*v(count)*1000",
        "Ccount count 0 1 ic=0",
        f"Bq g_q 0 V = v({pins['VDD']})*(0.5-0.5*tanh(50000*(v(count)-1)))",
        f"Rq g_q {pins['Q']} 400",
    ]


def loads(parts: dict[str, dict[str, str]]) -> list[str]:
    """Pump and valves, each with a sense source of 0 V."""
    lines = []
    for ref, (ohm, henry) in LOADS.items():
        pins = parts[ref]
        lines.append(f"VI{ref} {pins['P']} {ref}_a 0")
        lines.append(f"RL{ref} {ref}_a {ref}_b {ohm:g}")
        lines.append(f"LL{ref} {ref}_b {pins['N']} {henry:g}")
    return lines


def load_a(ref: str) -> float:
    """What a load draws at the supply's voltage."""
    return SUPPLY_V / LOADS[ref][0]


def points(pairs: list[tuple[float, float]]) -> str:
    return "PWL(" + " ".join(f"{t:.9g} {v:.9g}" for t, v in pairs) + ")"


def guard_v(mmhg: float) -> float:
    return ZERO_V + V_PER_MMHG * mmhg


class Case:
    """One run from power-on, 5 V rising in 10 ms: the guard sensor's output and external_test over time."""

    def __init__(
        self,
        guard: list[tuple[float, float]],
        end_s: float,
        step_s: float,
        test: list[tuple[float, float]] | None = None,
    ) -> None:
        self.guard = guard
        self.end_s = end_s
        self.step_s = step_s
        self.test = test or [(0, 0)]

    def deck(self, output: str, parts: dict[str, dict[str, str]] | None = None) -> str:
        """The deck; `parts` replaces the netlist, to stage a fault."""
        parts = parts or read_netlist()
        supply = points([(0, 0), (0.01, 5)])
        lines = ["* external layer, from circuit/netlist.txt", MODELS.strip()]
        lines += [f"V5 n_5v 0 {supply}", "VB n_vbat 0 6", "V3 n_3v3 0 3.3", "VO n_oximeter_3v3 0 3.3"]
        lines.append(f"VG n_guard 0 {points(self.guard)}")
        lines.append(f"VT n_external_test 0 {points(self.test)}")
        lines += [f"V{name} n_{name} 0 3.3" for name in ("pump_pwm", "pump_enable", "valve_bleed", "valve_dump")]
        for block in (passives, switches, comparators, gates, counter, loads):
            lines += block(parts)
        shown = "v(n_ok) i(VIM1) i(VIV1) i(VIV2) v(n_guard) v(n_external_ok)"
        lines += [f".tran {self.step_s:g} {self.end_s:g} 0 {self.step_s:g} uic", ".control", "run"]
        lines += ["set wr_singlescale", f"wrdata {output} {shown}", "quit", ".endc", ".end", ""]
        return "\n".join(lines)


class Trace:
    """Columns over time: `ok` (V), `pump`, `bleed`, `dump` (A), `guard` (V), `external_ok` (V)."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.t = [row[0] for row in rows]
        names = ("ok", "pump", "bleed", "dump", "guard", "external_ok")
        self.column = {name: [row[i] for row in rows] for i, name in enumerate(names, 1)}

    def at(self, name: str, t_s: float) -> float:
        index = min(range(len(self.t)), key=lambda i: abs(self.t[i] - t_s))
        return self.column[name][index]

    def first_below(self, name: str, level: float, after_s: float = 0.0) -> float | None:
        """The first time from `after_s` on at which the column is below `level`; None if it never is."""
        values = zip(self.t, self.column[name], strict=True)
        return next((t for t, value in values if t >= after_s and value < level), None)


class NgspiceMissingError(Exception):
    """ngspice is not on the path."""


def run(case: Case, parts: dict[str, dict[str, str]] | None = None) -> Trace:
    """Raises NgspiceMissingError, or RuntimeError with the end of what ngspice said."""
    program = shutil.which("ngspice")
    if program is None:
        raise NgspiceMissingError("ngspice is not installed; on Debian: apt-get install ngspice")
    with tempfile.TemporaryDirectory() as folder:
        deck, output = Path(folder) / "deck.cir", Path(folder) / "out"
        deck.write_text(case.deck(str(output), parts), encoding="ascii")
        said = subprocess.run([program, "-b", str(deck)], capture_output=True, text=True, timeout=TIMEOUT_S)
        data = output.with_name("out.data") if output.with_name("out.data").exists() else output
        if not data.exists():
            raise RuntimeError("ngspice gave no result: " + (said.stdout + said.stderr)[-800:])
        rows = [[float(cell) for cell in line.split()] for line in data.read_text().splitlines() if line.strip()]
    trace = Trace(rows)
    if trace.t[-1] < case.end_s * 0.999:
        raise RuntimeError(f"ngspice stopped at {trace.t[-1]} s of {case.end_s}: " + (said.stdout + said.stderr)[-800:])
    return trace


def ramp(low: float, high: float, start_s: float, end_s: float) -> list[tuple[float, float]]:
    return [(0, guard_v(low)), (start_s, guard_v(low)), (end_s, guard_v(high))]


OVER_PRESSURE = Case([*ramp(280, 340, 0.6, 0.8), (0.85, guard_v(20)), (1, guard_v(20))], 1.0, 20e-6)
NEAR_MISS = Case([*ramp(280, 308, 0.6, 0.8), (0.85, guard_v(280)), (1, guard_v(280))], 1.0, 50e-6)
TEST = Case([(0, guard_v(0))], 1.0, 10e-6, test=[(0, 0), (0.6, 0), (0.600001, 3.3), (0.65, 3.3), (0.650001, 0)])
BROKEN_WIRE = Case([(0, guard_v(40)), (0.6, guard_v(40)), (0.6001, 0)], 0.7, 50e-6)
SHORTED_WIRE = Case([(0, guard_v(40)), (0.6, guard_v(40)), (0.6001, 5)], 0.7, 50e-6)
POWER_ON = Case([(0, 0), (0.02, 0), (0.03, guard_v(0))], 4.0, 200e-6)
# Empty for 5 s, inflated; a dip of 0.5 s does not start the timer anew, one of 3 s does.
START_S, DIP_S = 5.0, 60.0
_DIPPED = [(0, guard_v(0)), (START_S, guard_v(0)), (START_S + 0.1, guard_v(50)), (DIP_S, guard_v(50))]
SHORT_DIP = Case(
    [*_DIPPED, (DIP_S + 0.01, guard_v(5)), (DIP_S + 0.5, guard_v(5)), (DIP_S + 0.51, guard_v(50))], 190, 0.01
)
LONG_DIP = Case([*_DIPPED, (DIP_S + 0.01, guard_v(5)), (DIP_S + 3, guard_v(5)), (DIP_S + 3.01, guard_v(50))], 190, 0.01)


def cut_ms(trace: Trace, name: str, after_s: float, full: float) -> float | None:
    """How long after `after_s` a load's current is below a tenth of `full`, ms."""
    t = trace.first_below(name, full / 10, after_s)
    return None if t is None else (t - after_s) * 1000


def over_pressure_figures(trace: Trace) -> dict[str, float | None]:
    """Pressure at the trip (mmHg) and the time from it to each load's end (ms)."""
    t = trace.first_below("ok", 2.5, 0.1)
    if t is None:
        return {"trip_mmhg": None}
    return {
        "trip_mmhg": (trace.at("guard", t) - ZERO_V) / V_PER_MMHG,
        "pump_ms": cut_ms(trace, "pump", t, load_a("M1")),
        "bleed_ms": cut_ms(trace, "bleed", t, load_a("V1")),
        "dump_ms": cut_ms(trace, "dump", t, load_a("V2")),
        "ok_after_v": trace.column["ok"][-1],
    }


def main(argv: list[str] | None = None) -> int:
    argparse.ArgumentParser(description="Run the external layer in ngspice.").parse_args(argv)
    cases = {"over-pressure": OVER_PRESSURE, "near miss (308 mmHg)": NEAR_MISS, "test input": TEST}
    cases |= {"broken wire": BROKEN_WIRE, "shorted wire": SHORTED_WIRE, "power-on": POWER_ON}
    cases |= {"timer, short dip": SHORT_DIP, "timer, long dip": LONG_DIP}
    trips = {"over-pressure", "broken wire", "shorted wire", "timer, short dip"}
    good = True
    try:
        for name, case in cases.items():
            trace = run(case)
            off = trace.column["ok"][-1] < 1
            good &= off == (name in trips)
            print(f"{name}: ends {'cut' if off else 'released'}")
            if name == "over-pressure":
                for figure, value in over_pressure_figures(trace).items():
                    print(f"  {figure}: {'none' if value is None else f'{value:.2f}'}")
            if name == "timer, short dip":
                t = trace.first_below("ok", 2.5, 1.0)
                print(f"  after_s: {'none' if t is None else f'{t - START_S:.2f}'}")
    except NgspiceMissingError as missing:
        print(f"simulate: {missing}", file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
