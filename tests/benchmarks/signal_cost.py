# SPDX-License-Identifier: Apache-2.0
"""What oximeter and cuff cost at 100 samples/s: operations counted, and the share of an RP2040 that is by estimate.

Counted without a clock, so the same on every machine: bytecodes of drivers and algorithms, machine instructions of the
inner loops as they are compiled for the RP2040 (run in an emulator, and held to the plain code's results), bytes on the
buses. `cost/price.py` says what each is taken to cost, from which sources, and what is left out. Run alone, this file
prints which functions and loops the operations are in.

The oximeter reads a finger once it has settled: drained and fed ten times a second, one reading a second. The finger
is usual (72 a minute), fast (230 a minute, averaging 16 s) or all noise. The cuff is a whole cycle on an arm of 120/80
mmHg; its share is that of the deflation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rows import Row

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE / "cost"))

import price  # noqa: E402  (its folder is known only now)
from price import NOTHING, Estimate  # noqa: E402

# At 100 samples/s: draining the sensor and processing its signal; reading and filtering the pressure; any work at once;
# and what both together, with the control of the cuff, its safety and the curve, may take: the board idles 60 %, less
# the 5 % that framing may take.
OXIMETER_BUDGET_PCT = 12
CUFF_BUDGET_PCT = 8
PIECE_BUDGET_MS = 20
TOGETHER_BUDGET_PCT = 35
FILTER = ("Record.feed", "Record._take")
RATE_HZ = 100

Piece = dict[str, Any]


def play() -> dict[str, Any]:
    """Runs the workload in an interpreter of its own, because the firmware's modules are imported there."""
    paths = [
        ROOT / "firmware",
        ROOT / "hardware/twin/cpython",
        ROOT / "tests/firmware/nibp",
        ROOT / "tests/firmware/drivers",
    ]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(str(path) for path in paths))
    command = [sys.executable, "-B", str(HERE / "cost" / "workload.py")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _total(pieces: list[Piece], cost: Callable[[Piece], Estimate] = price.all_s) -> Estimate:
    total = NOTHING
    for piece in pieces:
        total += cost(piece)
    return total


def _estimate(name: str, estimate: Estimate, unit: str, budget: float) -> Row:
    return Row(
        name,
        estimate.middle,
        unit,
        f"{estimate.low:.3g} to {estimate.high:.3g}; budget {budget:g}, half of it {budget / 2:g}",
    )


def _shares(name: str, pieces: list[Piece], samples: int, budget_pct: float | None) -> Iterator[Row]:
    """The rows of one signal path over a number of samples; `budget_pct` None: it has none of its own."""
    yield Row(f"{name}, a sample", sum(p["bytecodes"] for p in pieces) / samples, "bytecodes")
    yield Row(f"{name}, a sample", sum(p["native"]["instructions"] for p in pieces) / samples, "instructions")
    yield Row(f"{name}, a sample", sum(p["wire_bytes"] for p in pieces) / samples, "bytes on I2C")
    percent = 100 * RATE_HZ / samples
    for part, cost in (
        ("bytecodes", price.python_s),
        ("compiled loops", price.native_s),
        ("waiting for I2C", price.wire_s),
    ):
        estimate = _total(pieces, cost).times(percent)
        ends = None if estimate.low == estimate.high else f"{estimate.low:.3g} to {estimate.high:.3g}"
        yield Row(f"{name}, {part}", estimate.middle, "% of an RP2040", ends)
    whole = _total(pieces).times(percent)
    if budget_pct is None:
        yield Row(f"{name}, all", whole.middle, "% of an RP2040", f"{whole.low:.3g} to {whole.high:.3g}")
    else:
        yield _estimate(f"{name}, all", whole, "% of an RP2040", budget_pct)


def turns(pieces: list[Piece]) -> list[Estimate]:
    """What is done at one moment is one piece of work. In ms, the longest last."""
    at: dict[int, Estimate] = {}
    for piece in pieces:
        at[piece["at_ms"]] = at.get(piece["at_ms"], NOTHING) + price.all_s(piece)
    return sorted((turn.times(1000) for turn in at.values()), key=lambda turn: turn.middle)


def _oximeter(name: str, pieces: list[Piece]) -> Iterator[Row]:
    readings = sum(piece["what"] == "begin" for piece in pieces)
    yield from _shares(name, pieces, RATE_HZ * readings, OXIMETER_BUDGET_PCT)
    drains = [piece for piece in pieces if piece["what"] in ("drain", "feed")]
    steps = [piece for piece in pieces if piece["what"] in ("begin", "step")]
    yield _estimate(f"{name}, longest drain", turns(drains)[-1], "ms", PIECE_BUDGET_MS)
    yield _estimate(f"{name}, longest piece of a reading", turns(steps)[-1], "ms", PIECE_BUDGET_MS)


def _cuff(pieces: list[Piece], functions: dict[str, dict[str, int]]) -> Iterator[Row]:
    falling = [piece for piece in pieces if piece["what"].startswith("deflating")]
    finishing = [piece for piece in pieces if piece["what"].startswith("dumping")]
    samples = sum(piece["what"] == "deflating" for piece in falling)
    yield from _shares("cuff deflating", falling, samples, None)
    reading = [piece for piece in falling if piece["what"] == "deflating read"]
    # The compiled loops are counted here as a whole, though most of them look for the period.
    filtering = price.python_s({"bytecodes": sum(functions["deflating"].get(name, 0) for name in FILTER)})
    read = (_total(reading) + filtering + _total(falling, price.native_s)).times(100 * RATE_HZ / samples)
    yield _estimate("cuff deflating, reading and filtering", read, "% of an RP2040", CUFF_BUDGET_PCT)
    each = turns(falling)
    yield _estimate("cuff deflating, usual sample", each[len(each) // 2], "ms", PIECE_BUDGET_MS)
    yield _estimate("cuff deflating, longest sample", each[-1], "ms", PIECE_BUDGET_MS)
    yield _estimate("cuff finishing, longest sample", turns(finishing)[-1], "ms", PIECE_BUDGET_MS)


def rows() -> Iterator[Row]:
    played = play()
    if played["oximeter usual"]["said"]["pulse_x10"] is None or played["cuff"]["said"]["sbp_x10"] is None:
        raise RuntimeError("the signals were not read, so their cost says nothing")
    shares: dict[str, Row] = {}
    for path, what in played.items():
        cuff = path == "cuff"
        for row in _cuff(what["pieces"], what["functions"]) if cuff else _oximeter(path, what["pieces"]):
            shares[row.name] = row
            yield row
    together = shares["oximeter fast, all"].value + shares["cuff deflating, all"].value
    yield Row("oximeter fast and cuff deflating", together, "% of an RP2040", f"budget {TOGETHER_BUDGET_PCT}")


def profile() -> None:
    """Prints where the operations are: of each kind of call the functions and loops that have most of them."""
    for path, played in play().items():
        for what, functions in played["functions"].items():
            pieces = [piece for piece in played["pieces"] if piece["what"] == what]
            loops: dict[str, int] = {}
            for piece in pieces:
                for name, instructions in piece["loops"].items():
                    loops[name] = loops.get(name, 0) + instructions
            print(f"{path}, {what}: {len(pieces)} calls; bytecodes and instructions a call")
            for counts, unit in ((functions, "bytecodes"), (loops, "instructions")):
                for name, count in sorted(counts.items(), key=lambda item: -item[1])[:15]:
                    share = 100 * count / max(1, sum(counts.values()))
                    print(f"    {name:<40} {count / len(pieces):>12,.0f} {unit} {share:>5.1f} %")


if __name__ == "__main__":
    profile()
