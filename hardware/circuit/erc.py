# SPDX-License-Identifier: CERN-OHL-P-2.0
"""The electrical rule check: skidl's own rules, and the wiring rules of hardware/README.md.

`python -m circuit.erc` (in `hardware/`) prints what it found and ends with 0 (nothing), 1 (a rule is broken) or 2 (no
skidl). `--netlist FILE` writes the netlist as text: one net a line.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """skidl writes logs where it stands: let that be a folder that is thrown away."""
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def nets_of(sheet: Any) -> dict[str, set[str]]:
    """{net: {'U1.pump_pwm', ...}} of a sheet."""
    return {name: {f"{pin.part.ref}.{pin.name}" for pin in net.pins} for name, net in sheet.nets.items()}


def skidl_findings(sheet: Any) -> list[str]:
    """Errors and warnings of skidl's own check, each as a sentence."""
    from circuit.parts import skidl

    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                found.append(f"skidl {record.levelname.lower()}: {record.getMessage()}")

    logger = skidl.logger.erc_logger
    keep = Keep()
    logger.addHandler(keep)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            sheet.circuit.ERC()
    finally:
        logger.removeHandler(keep)
    counted = logger.error.count + logger.warning.count
    if counted != len(found):
        found.append(f"skidl counts {counted} findings and says {len(found)}")
    return found


def resistor_between(nets: dict[str, set[str]], first: str, second: str) -> bool:
    """Whether one resistor joins the two nets."""
    ends = [{pin.split(".")[0] for pin in nets.get(net, set()) if pin.startswith("R")} for net in (first, second)]
    return bool(ends[0] & ends[1])


# What decides in the external layer; no output of the microcontroller may be on it.
EXTERNAL = [
    "GUARD",
    "GUARD_CMP",
    "REF_HIGH",
    "REF_15",
    "REF_WIRE",
    "PRESSURE_OK",
    "BELOW_15",
    "EMPTY_TIME",
    "EMPTY",
    "HALF",
    "CLOCK",
    "TIMER_OK",
    "FAULT_N",
    "LATCH_SET",
    "LATCHED",
    "LATCH_OK",
    "POWER_ON",
    "OK",
    "PUMP_ON",
    "VALVES_ON",
    "PUMP_GATE",
    "VALVE_GATE",
]


def house_findings(nets: dict[str, set[str]]) -> list[str]:
    """The wiring rules that skidl cannot know."""
    found = []
    for net, pins in nets.items():
        if len(pins) < 2:
            found.append(f"net {net} joins nothing: {', '.join(sorted(pins)) or 'empty'}")
    for gate in ("pump_pwm", "pump_enable", "valve_bleed", "valve_dump", "external_test", "buzzer"):
        if not resistor_between(nets, gate, "GND"):
            found.append(f"{gate} has no pull-down: a board in reset would leave it open")
    for gate in ("PUMP_ON", "VALVES_ON"):
        if not resistor_between(nets, gate, "GND"):
            found.append(f"{gate} has no pull-down")
    for gate in ("PUMP_GATE", "VALVE_GATE"):
        if not resistor_between(nets, gate, "VBAT"):
            found.append(f"{gate} has no pull-up: its switch would not open without the external layer")
    for net in EXTERNAL:
        pins = nets.get(net, set())
        if not pins:
            found.append(f"net {net} of the external layer does not exist")
        if any(pin.startswith("U1.") for pin in pins):
            found.append(f"net {net} of the external layer reaches the microcontroller")
    found += power_findings(nets)
    clip, cuff = (nets_with(nets, ref) - {"GND"} for ref in ("U2", "U3"))
    if clip & cuff:
        found.append(f"finger clip and cuff sensor share {', '.join(sorted(clip & cuff))}")
    return found


def nets_with(nets: dict[str, set[str]], ref: str) -> set[str]:
    """The nets on which a part has a pin."""
    return {net for net, pins in nets.items() if any(pin.startswith(f"{ref}.") for pin in pins)}


def power_findings(nets: dict[str, set[str]]) -> list[str]:
    """Pump and valves hang between a high-side and a low-side switch, each with a diode across it."""
    found = []
    for load, high, low, diode in (
        ("M1", "Q1", "Q3", "D1"),
        ("V1", "Q4", "Q6", "D2"),
        ("V2", "Q4", "Q7", "D3"),
    ):
        top = {pin for pins in nets.values() if f"{load}.P" in pins for pin in pins}
        bottom = {pin for pins in nets.values() if f"{load}.N" in pins for pin in pins}
        if f"{high}.D" not in top or f"{low}.D" not in bottom:
            found.append(f"{load} does not hang between {high} and {low}")
        if f"{diode}.K" not in top or f"{diode}.A" not in bottom:
            found.append(f"{load} has no diode {diode} across it")
    return found


def check(sheet: Any) -> list[str]:
    """Every finding; [] for a circuit that keeps all rules."""
    return skidl_findings(sheet) + house_findings(nets_of(sheet))


def netlist_text(sheet: Any) -> str:
    """One net a line: `net: REF.NUMBER.NAME ...`."""
    lines = ["# SPDX-License-Identifier: CERN-OHL-P-2.0", "# Written by `make hardware` from circuit/board.py."]
    for name, net in sorted(sheet.nets.items()):
        pins = sorted(f"{pin.part.ref}.{pin.num}.{pin.name}" for pin in net.pins)
        lines.append(f"{name}: {' '.join(pins)}")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check the circuit against the electrical rules.")
    parser.add_argument("--netlist", type=Path, help="write the netlist as text")
    options = parser.parse_args(argv)
    target = options.netlist.resolve() if options.netlist else None
    with elsewhere():
        try:
            from circuit.board import build
        except ImportError:
            print("erc: skidl is not installed; install it with: pip install 'vitalwire[hardware]'", file=sys.stderr)
            return 2
        sheet = build()
        found = check(sheet)
        if target:
            target.write_text(netlist_text(sheet), encoding="utf-8")
    for line in found:
        print(line)
    print(f"{len(sheet.parts)} parts, {len(sheet.nets)} nets, {len(found)} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
