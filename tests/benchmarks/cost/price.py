# SPDX-License-Identifier: Apache-2.0
"""What counted work costs on an RP2040, by estimate: counts are exact, prices have a low, a middle and a high end.

PR: pull requests of MicroPython.

**Machine instructions** of the compiled loops: cycles as `thumb` adds them up, which leaves nothing open.

**A bytecode**: 150 / 180 / 210 cycles, from two facts. (1) MicroPython's own benchmark programs (tests/perf_bench,
N=100 M=100) on a Pico at 125 MHz, as its developers published them, each counted here as the firmware is; beside it the
x86-64 instructions that the desktop's MicroPython executes for the same (counted with Valgrind 3.19):

    program   score              Pico, cycles   desktop, instructions   cycles
                                 a bytecode     a bytecode              an instruction
    fannkuch   55.57  PR 12846   123             77                     1.61
    aes       220.60  PR 7826    159             71                     2.25 (2021, before lookups were cached)
    hexiom     37.17  PR 12846   194            123                     1.58
    nqueens  2594.77  PR 12846   236            127                     1.85

(2) In the same way the desktop executes 110 instructions a bytecode in a reading of the oximeter, 112 in a sample of
the cuff while it deflates, and 41 where samples are unpacked (which is charged too much here). Times 1.58 to 1.85 that
is 174 to 207. Fetches from flash, the periodic look at USB and calls of built-in functions are in these figures.

**Division** leaves compiled code for the runtime, which has the RP2040's divider: 8 cycles (RP2040 data sheet), the
rest is calls and the sign: 60 in all, 40 to 100 (assumed). **An argument or result** between Python and compiled code:
100, 60 to 150 (assumed; about 50 on a Cortex-M4 by `viper_call2b` against `viper_call0`, PR 4858).

**The bus** keeps the processor waiting on the rp2 port. 192 bytes of samples in one burst, 195 on the wire, were
measured at 4.7 ms at 400 kHz: 24.1 us a byte.

Left out: interrupts, garbage collection, and everything around drivers and algorithms (the loop, frames, alarms).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLOCK_HZ = 125_000_000  # stock MicroPython on a Pico
BYTECODE = (150, 180, 210)
DIVISION = (40, 60, 100)
CONVERSION = (60, 100, 150)
WIRE_BYTE_S = 4.7e-3 / 195


@dataclass(frozen=True)
class Estimate:
    """A figure with its ends."""

    low: float
    middle: float
    high: float

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.low + other.low, self.middle + other.middle, self.high + other.high)

    def times(self, factor: float) -> Estimate:
        return Estimate(self.low * factor, self.middle * factor, self.high * factor)


NOTHING = Estimate(0, 0, 0)


def python_s(piece: dict[str, Any]) -> Estimate:
    """Seconds of interpreted code in one piece of `workload`."""
    return Estimate(*(piece["bytecodes"] * price / CLOCK_HZ for price in BYTECODE))


def native_s(piece: dict[str, Any]) -> Estimate:
    """Seconds of compiled loops, with what they call."""
    count = piece["native"]
    return Estimate(
        *(
            (count["cycles"] + count["divisions"] * division + count["conversions"] * conversion) / CLOCK_HZ
            for division, conversion in zip(DIVISION, CONVERSION, strict=True)
        )
    )


def wire_s(piece: dict[str, Any]) -> Estimate:
    """Seconds of waiting for a bus."""
    return Estimate(1, 1, 1).times(piece["wire_bytes"] * WIRE_BYTE_S)


def all_s(piece: dict[str, Any]) -> Estimate:
    return python_s(piece) + native_s(piece) + wire_s(piece)
