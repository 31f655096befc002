# SPDX-License-Identifier: Apache-2.0
"""Plays a finger and a cuff cycle into the firmware's drivers and algorithms and prints, as JSON, what each call cost.

Runs under CPython with the firmware, the simulated board's `micropython`, and the tests' chips and cuff on its path.
Python code is counted in bytecodes; each inner loop is run both plain and as compiled for the RP2040, held to the same
result, and counted in machine instructions; each transfer on a bus is counted in bytes on the wire.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cuff_model import Cuff
from fakes import I2C, Lines, Oximeter, Pressure
from vitals import signal
from vitals.drivers import mprls
from vitals.drivers.bus import Bus
from vitals.drivers.max30102 import Max30102
from vitals.link import wire
from vitals.nibp import kernels_plain as cuff_kernels
from vitals.nibp.controller import CuffController
from vitals.oximetry.oximeter import Oximetry

from opcodes import OpcodeCounter
from thumb import Count, Machine, compile_viper

SIGNAL = Path(signal.__file__).parent
FIRMWARE = str(SIGNAL.parents[1])
SETTLE_S = 20
CUFF_MOST_S = 120
# Fingers as the oximeter's tests make them: what kind, how long it is measured (s), and the averaging (s).
FINGERS: dict[str, tuple[dict[str, float], int, int]] = {
    "usual": ({}, 10, 8),
    "fast": ({"pulse_bpm": 230}, 5, 16),
    "noise": ({"perfusion_pct": 0.1, "noise_counts": 150.0}, 5, 8),
}


def _is_interpreted(file: str) -> bool:
    """Whether a board interprets the code of a file: all of the firmware but the loops it has compiled."""
    return file.startswith(FIRMWARE) and not file.startswith(str(SIGNAL)) and not file.endswith("kernels_plain.py")


@dataclass
class Piece:
    """One call: what it executed. `loops` has the machine instructions of each inner loop."""

    at_ms: int
    what: str
    bytecodes: int = 0
    wire_bytes: int = 0
    native: Count = field(default_factory=Count)
    loops: dict[str, int] = field(default_factory=dict)


class Meter:
    """`measure` makes one call and notes what it cost; what is called without it costs nothing."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.opcodes = OpcodeCounter(_is_interpreted)
        self._machine = Machine()
        self._piece: Piece | None = None
        self._before: Counter[str] = Counter()
        self.functions: dict[str, Counter[str]] = {}
        for plain, compiled in (
            (signal.kernels, SIGNAL / "kernels_viper.py"),
            (signal.rhythm_kernels, SIGNAL / "rhythm_viper.py"),
            (cuff_kernels, SIGNAL.parent / "nibp" / "kernels_viper.py"),
        ):
            for name, code in compile_viper(compiled).items():
                self._replace(getattr(plain, name), self._both(name, getattr(plain, name), code))

    @staticmethod
    def _replace(loop: Callable[..., Any], counted: Callable[..., Any]) -> None:
        """Puts the counted loop wherever the firmware has the plain one, under whatever module imported it."""
        for module in [module for name, module in sys.modules.items() if name.startswith("vitals.")]:
            for name, value in list(vars(module).items()):
                if value is loop:
                    setattr(module, name, counted)

    def measure(self, at_ms: int, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        before = self.opcodes.total
        self._piece = Piece(at_ms, what)
        try:
            with self.opcodes:
                return call(*arguments)
        finally:
            self._piece.bytecodes = self.opcodes.total - before
            self.pieces.append(self._piece)
            self._piece = None
            functions = self.opcodes.functions
            self.functions.setdefault(what, Counter()).update(functions - self._before)
            self._before = functions

    def transfer(self, wire_bytes: int) -> None:
        if self._piece:
            self._piece.wire_bytes += wire_bytes

    def _both(self, name: str, plain: Callable[..., Any], code: bytes) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            piece = self._piece
            if piece is None:
                return plain(*arguments)
            with self.opcodes.paused():
                copies = {id(a): a[:] for a in arguments if isinstance(a, (array, bytearray))}
                count = Count()
                got = self._machine.call(code, tuple(copies.get(id(a), a) for a in arguments), count)
                wanted = plain(*arguments)
                if (wanted is not None and wanted != got) or any(copies.get(id(a), a) != a for a in arguments):
                    raise RuntimeError(f"{name}: compiled and plain code differ")
                piece.native.add(count)
                piece.loops[name] = piece.loops.get(name, 0) + count.instructions
                return wanted

        return run


class CountedI2C(I2C):
    """The tests' bus, which tells the meter how many bytes each transfer takes on the wire, addresses too."""

    def __init__(self, chips: dict[int, Any], meter: Meter) -> None:
        super().__init__(chips)
        self._meter = meter

    def readfrom_mem_into(self, address: int, register: int, buf: Any) -> None:
        self._meter.transfer(3 + len(buf))
        super().readfrom_mem_into(address, register, buf)

    def writeto_mem(self, address: int, register: int, buf: Any) -> None:
        self._meter.transfer(2 + len(buf))
        super().writeto_mem(address, register, buf)

    def readfrom_into(self, address: int, buf: Any) -> None:
        self._meter.transfer(1 + len(buf))
        super().readfrom_into(address, buf)

    def writeto(self, address: int, buf: Any) -> None:
        self._meter.transfer(1 + len(buf))
        super().writeto(address, buf)


def finger(seconds: float, **what: float) -> list[tuple[int, int]]:
    """The counts of a finger, as the oximeter's tests make them."""
    path = SIGNAL.parents[2] / "tests" / "firmware" / "oximetry" / "conftest.py"
    spec = importlib.util.spec_from_file_location("finger_signal", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Finger(**what).samples(seconds)  # type: ignore[no-any-return]


def oximeter(meter: Meter, what: dict[str, float], seconds: int, averaging_s: int) -> dict[str, Any]:
    """A finger at 100 samples/s: the sensor drained every 100 ms, a reading made every second."""
    chip = Oximeter()
    driver = Max30102(Bus(Lines(CountedI2C({0x57: chip}, meter))))
    oximetry = Oximetry(averaging_s=averaging_s)
    t_ms = 0
    while not driver.running:
        driver.advance(t_ms)
        t_ms += 10
    begin_ms = t_ms + 1000 * SETTLE_S
    for i, sample in enumerate(finger(SETTLE_S + seconds, **what)):
        chip.sample()
        if chip.fifo:
            chip.fifo[-1] = sample
        t_ms += 10
        if i % 10 != 9:
            continue
        run = meter.measure if t_ms > begin_ms else _unmeasured
        n = run(t_ms, "drain", driver.advance, t_ms)
        if n:
            run(t_ms, "feed", oximetry.feed, driver.red, driver.ir, n, driver.lost)
        if i % 100 == 99:
            # A piece a turn, as the application does it where a piece takes long.
            run(t_ms, "begin", oximetry.begin)
            piece_ms = t_ms + 1
            while not run(piece_ms, "step", oximetry.step):
                piece_ms += 1
    return {"pulse_x10": oximetry.pulse_x10, "spo2_x10": oximetry.spo2_x10}


def _unmeasured(_at_ms: int, _what: str, call: Callable[..., Any], *arguments: Any) -> Any:
    return call(*arguments)


def cuff(meter: Meter) -> dict[str, Any]:
    """A whole cuff cycle at 100 samples/s, the pressure read through its driver; each sample is called by its phase."""
    chip, model, controller = Pressure(), Cuff(), CuffController()
    driver = mprls.Mprls(Bus(Lines(CountedI2C({0x18: chip}, meter))))
    names = {getattr(wire, name): name[11:].lower() for name in dir(wire) if name.startswith("CUFF_PHASE_")}
    controller.sample(0, 0, 0)
    controller.start(0, wire.TRIGGER_HOST)
    t_ms = 0
    result = None
    while result is None and t_ms < 1000 * CUFF_MOST_S:
        t_ms += 10
        model.step(controller.pump_permille, controller.pump_enable, controller.bleed_permille, controller.dump_shut)
        # The driver's own scale, rounded up, so that its division gives the same hundredths of a mmHg.
        chip.counts = mprls._COUNTS_AT_ZERO - (-model.reading_cmmhg() * mprls._PER_TIMES // mprls._TIMES)
        guard = model.guard_cmmhg()
        phase = names[controller.phase]
        meter.measure(t_ms, phase + " read", driver.advance, t_ms, True)
        if driver.fresh:
            meter.measure(t_ms, phase, controller.sample, t_ms, driver.cmmhg, guard)
        result = controller.take_result()
    if result is None:
        raise RuntimeError(f"the cuff cycle did not end within {CUFF_MOST_S} s")
    return {"outcome": result.outcome, "sbp_x10": result.sbp_x10, "dbp_x10": result.dbp_x10}


def main() -> None:
    meter = Meter()
    out: dict[str, Any] = {}

    def note(name: str, said: dict[str, Any]) -> None:
        out[name] = {"said": said, "pieces": [asdict(p) for p in meter.pieces], "functions": meter.functions}
        meter.pieces, meter.functions = [], {}

    for name, (what, seconds, averaging_s) in FINGERS.items():
        note(f"oximeter {name}", oximeter(meter, what, seconds, averaging_s))
    note("cuff", cuff(meter))
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
