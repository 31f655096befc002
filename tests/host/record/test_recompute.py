# SPDX-License-Identifier: Apache-2.0
"""Working a blood pressure out again: by the firmware's own code, to the last digit, or with the reason why not."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import pytest
from oscillogram_parts import parts

from vitalwire import board_code, board_files
from vitalwire.link.oscillogram import Assembly, Beat, Oscillogram
from vitalwire.record.recompute import NotRecomputable, compare, recompute


def oscillogram(count: int = 30) -> Oscillogram:
    assembly = Assembly(1)
    *_, whole = map(assembly.add, parts(count, algorithm=board_code.algorithm()))
    assert whole is not None
    return whole


# ---------------------------------------------------------------- the firmware's code


def test_the_firmware_is_loaded_and_leaves_nothing_behind() -> None:
    mine = types.ModuleType("micropython")
    sys.modules["micropython"] = mine
    before = (dict(sys.modules), list(sys.path), list(sys.meta_path), sys.dont_write_bytecode)
    try:
        board_code._oscillometry.cache_clear()
        assert board_code.algorithm() >= 1
        assert (dict(sys.modules), sys.path, sys.meta_path, sys.dont_write_bytecode) == before
        assert sys.modules["micropython"] is mine
    finally:
        del sys.modules["micropython"]


def test_nothing_is_written_where_the_boards_files_are() -> None:
    board_code._oscillometry.cache_clear()
    before = set(board_files.firmware().rglob("*"))
    board_code.algorithm()
    assert set(board_files.firmware().rglob("*")) == before


def test_the_firmware_does_not_find_what_is_not_its_own() -> None:
    finder = board_code._Finder()
    assert finder.find_spec("vitals") is not None
    assert finder.find_spec("micropython") is not None
    assert finder.find_spec("json") is finder.find_spec("main") is finder.find_spec("vitals_extra") is None


def test_the_same_beats_give_the_same_numbers_every_time() -> None:
    first = recompute(oscillogram())
    recompute(oscillogram(90))
    assert recompute(oscillogram()) == first
    assert first.beats == 30


# ---------------------------------------------------------------- the comparison


def test_what_the_board_said_is_equal_or_the_difference_is_named() -> None:
    said = recompute(oscillogram())
    assert said.peak_amplitude_mmhg is not None
    assert compare(replace(oscillogram(), result=said)).verdict == "equal"
    other = replace(said, peak_amplitude_mmhg=said.peak_amplitude_mmhg + 0.01, outcome="leak", beats=29)
    found = compare(replace(oscillogram(), result=other))
    assert (found.verdict, found.differences) == ("differs", ("outcome", "peak_amplitude_mmhg", "beats"))
    assert found.recomputed == said


def test_a_board_that_tells_no_doubts_is_not_compared_by_them() -> None:
    said = replace(recompute(oscillogram()), doubts=None)
    assert compare(replace(oscillogram(), result=said)).verdict == "equal"
    said = replace(said, doubts=("no_such_doubt",))
    assert compare(replace(oscillogram(), result=said)).differences == ("doubts",)


def test_without_a_result_there_is_nothing_to_compare_with() -> None:
    found = compare(oscillogram())
    assert (found.verdict, found.recomputed) == ("not_compared", recompute(oscillogram()))


def test_no_beats_are_judged_as_the_board_would() -> None:
    assert recompute(replace(oscillogram(), beats=())).outcome == "no_pulse"


def test_another_algorithm_is_not_recomputed_and_both_versions_are_said() -> None:
    ours = board_code.algorithm()
    found = compare(replace(oscillogram(), algorithm=ours + 1))
    assert (found.verdict, found.recomputed) == ("not_recomputed", None)
    assert found.why == f"the board judged it by algorithm {ours + 1}, this program has {ours}"


@pytest.mark.parametrize("name", ["direction", "left_out", "noise_mmhg", "begin_mmhg", "end_mmhg"])
def test_what_the_algorithm_needs_is_not_made_up(name: str) -> None:
    with pytest.raises(NotRecomputable, match=f"^{name} not known"):
        recompute(replace(oscillogram(), **{name: None}))  # type: ignore[arg-type]


def test_what_no_board_could_have_recorded_is_refused() -> None:
    most = board_code.most_beats()
    with pytest.raises(NotRecomputable, match=f"{most + 1} beats, and a board has at most {most}"):
        recompute(replace(oscillogram(), beats=tuple(Beat(n / 10, 100.0, 1.0) for n in range(most + 1))))
    with pytest.raises(NotRecomputable, match="knows no direction 'sideways'"):
        recompute(replace(oscillogram(), direction="sideways"))
