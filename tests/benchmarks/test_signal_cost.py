# SPDX-License-Identifier: Apache-2.0
"""The counters behind the signals' cost: known work counts as what it is."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "cost")]

import price  # noqa: E402  (their folder is known only now)
from opcodes import OpcodeCounter  # noqa: E402
from signal_cost import turns  # noqa: E402
from thumb import Count, Machine, compile_viper, cycles  # noqa: E402

VIPER = """
import micropython

@micropython.viper
def total(a: ptr32, n: int) -> int:
    t = 0
    for i in range(n):
        t += a[i]
    return t

@micropython.viper
def halve(a: ptr32, n: int, by: int):
    for i in range(n):
        a[i] = (a[i] - 100) // by
"""


def summed(n: int) -> int:
    total = 0
    for i in range(n):
        total += i
    return total


def counted(work: Callable[[], object]) -> int:
    with OpcodeCounter(lambda name: name == __file__) as counter:
        work()
    return counter.total


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    source = tmp_path_factory.mktemp("viper") / "loops.py"
    source.write_text(VIPER, encoding="utf-8")
    return compile_viper(source)


def test_a_loop_costs_the_bytecodes_of_its_body_each_time_round() -> None:
    # Next and store i; load, load, add and store the total; jump back.
    assert counted(lambda: summed(110)) - counted(lambda: summed(10)) == 100 * 7


def test_work_in_other_files_and_in_a_pause_is_not_counted() -> None:
    with OpcodeCounter(lambda name: name.endswith("elsewhere.py")) as elsewhere:
        summed(10)
    assert elsewhere.total == 0
    with OpcodeCounter(lambda name: name == __file__) as counter, counter.paused():
        summed(10)
    assert counter.functions["summed"] == 0


def test_cycles_are_those_of_the_cortex_m0_plus() -> None:
    assert cycles((0x3001,), False) == (1, 1)  # ADDS r0, #1
    assert cycles((0x4348,), False) == (1, 1)  # MULS r0, r1: the single-cycle multiplier
    assert cycles((0x6808, 0x6008, 0x5888, 0x9001, 0x4801), False) == (5, 10)  # loads and stores
    assert cycles((0xD1FC,), True) == (1, 2)  # BNE, taken
    assert cycles((0xD1FC,), False) == (1, 1)
    assert cycles((0xE7FE,), True) == (1, 2)  # B
    assert cycles((0xB5F0,), False) == (1, 6)  # PUSH {r4-r7, lr}
    assert cycles((0xBDF0,), False) == (1, 8)  # POP {r4-r7, pc}
    assert cycles((0xF000, 0xF801), False) == (1, 3)  # BL
    assert cycles((0x4770,), False) == (1, 2)  # BX lr


def test_machine_code_counts_instruction_by_instruction() -> None:
    # MOVS r0, #0; then five times ADDS r0, #1; CMP r0, #5; BNE back; BX lr
    code = b"".join(word.to_bytes(2, "little") for word in (0x2000, 0x3001, 0x2805, 0xD1FC, 0x4770))
    count = Count()
    assert Machine().call(code, (), count) == 5
    assert count.instructions == 1 + 5 * 3 + 1
    assert count.cycles == 1 + 5 * 2 + (4 * 2 + 1) + 2


def test_compiled_functions_give_their_results_and_cost_the_same_each_time_round(compiled: dict[str, bytes]) -> None:
    machine = Machine()
    values = array("i", range(-20, 30))
    counts = []
    for n in (10, 20, 30):
        counts.append(Count())
        assert machine.call(compiled["total"], (values, n), counts[-1]) == sum(values[:n])
    assert counts[1].instructions - counts[0].instructions == counts[2].instructions - counts[1].instructions > 0
    assert counts[1].cycles - counts[0].cycles == counts[2].cycles - counts[1].cycles > 0


def test_divisions_round_down_and_are_counted(compiled: dict[str, bytes]) -> None:
    values = array("i", (50, 100, 107, -3))
    count = Count()
    Machine().call(compiled["halve"], (values, 4, 7), count)
    assert list(values) == [-8, 0, 1, -15]
    assert count.divisions == 4


def test_an_endless_loop_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not end"):
        Machine(most=1000).call((0xE7FE).to_bytes(2, "little"), (), Count())


def test_what_happens_at_one_moment_is_one_piece_of_work() -> None:
    nothing = {"bytecodes": 0, "wire_bytes": 0, "native": {"cycles": 0, "divisions": 0, "conversions": 0}}
    pieces = [{**nothing, "at_ms": at, "bytecodes": 1000} for at in (10, 20, 20)]
    short, long = turns(pieces)
    assert long.middle == 2 * short.middle == pytest.approx(2000 * 1000 * price.BYTECODE[1] / price.CLOCK_HZ)
    assert short.low < short.middle < short.high
