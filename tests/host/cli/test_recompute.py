# SPDX-License-Identifier: Apache-2.0
"""`vitalwire recompute`: what a person and a program read, and what the exit code says."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_board import FakeBoard
from oscillogram_parts import parts

from vitalwire import board_code
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.cli.main import run
from vitalwire.feed import Plan
from vitalwire.link.oscillogram import Assembly, Oscillogram
from vitalwire.pump import Pump
from vitalwire.record.recompute import recompute


def oscillogram(**changes: Any) -> Oscillogram:
    (part,) = parts(30, algorithm=board_code.algorithm())
    whole = Assembly(1).add(part)
    assert whole is not None
    return replace(whole, **{"result": recompute(whole), **changes})


def file(tmp_path: Path, *kept: Oscillogram) -> str:
    path = tmp_path / "kept.json"
    path.write_text("".join(json.dumps(one.as_dict()) + "\n" for one in kept), encoding="utf-8")
    return str(path)


def here(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["recompute", *arguments])
    out, err = capfd.readouterr()
    return code, out, err


def session(tmp_path: Path, board: FakeBoard) -> Path:
    summary = Pump(Plan("fake", tmp_path, DEFAULT_LIMITS, minutes=2), None, lambda _port: board).run()
    assert summary.folder is not None
    return summary.folder


def test_equal_numbers_are_code_0_and_a_row_for_people(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, oscillogram(flags=("simulated",)), oscillogram(cycle=2))
    code, out, err = here(capfd, path)
    assert code == 0
    header, first, second = out.splitlines()
    assert header.split()[:3] == ["cycle", "ended", "beats"]
    assert first.split()[0] == "1"
    assert "equal" in first
    assert first.endswith("SIMULATED")
    assert "SIMULATED" not in second
    assert err == f"recomputing {path}\n2 cycles equal to what the board said, to the last digit\n"


def test_a_difference_is_code_1_and_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said = recompute(oscillogram())
    wrong = oscillogram(result=replace(said, sbp_mmhg=199.9, quality=1))
    code, out, err = here(capfd, file(tmp_path, oscillogram(cycle=4), wrong))
    assert code == 1
    assert "differs: sbp_mmhg 199.9 on the board," in out
    assert err.endswith("1 of 2 cycles not confirmed: 1 (differs)\n")
    code, out, _ = here(capfd, file(tmp_path, wrong), "--json")
    (about,) = map(json.loads, out.splitlines())
    assert code == 1
    assert (about["verdict"], about["differences"]) == ("differs", ["sbp_mmhg", "quality"])
    assert about["board"]["sbp_mmhg"] == 199.9
    assert about["recomputed"]["sbp_mmhg"] == said.sbp_mmhg


def test_another_algorithm_is_code_1_and_says_which(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = here(capfd, file(tmp_path, oscillogram(algorithm=99)), "--json")
    about = json.loads(out)
    assert code == 1
    assert (about["verdict"], about["algorithm"]) == ("not_recomputed", 99)
    assert about["program_algorithm"] == board_code.algorithm()
    assert about["recomputed"] is None
    code, out, err = here(capfd, file(tmp_path, oscillogram(algorithm=99)))
    assert f"not recomputed: the board judged it by algorithm 99, this program has {board_code.algorithm()}" in out
    assert "1 (not recomputed)" in err


def test_an_oscillogram_without_a_result_is_worked_out_and_good(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = here(capfd, file(tmp_path, oscillogram(result=None)), "--json")
    assert code == 0
    assert json.loads(out)["verdict"] == "not_compared"
    assert json.loads(out)["recomputed"] == recompute(oscillogram()).as_dict()


def test_only_the_cycle_that_is_asked_for_and_an_unknown_one_is_code_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, oscillogram(), oscillogram(cycle=2), oscillogram(cycle=3))
    code, out, _ = here(capfd, path, "--cycle", "3", "--cycle", "1", "--json")
    assert (code, [json.loads(line)["cycle"] for line in out.splitlines()]) == (0, [1, 3])
    code, out, err = here(capfd, path, "--cycle", "7")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"vitalwire: {path}: there is no cycle 7 in it; it has 1, 2, 3"


def test_a_plot_has_a_line_a_beat_and_the_pressures_in_between(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = here(capfd, file(tmp_path, oscillogram()), "--plot")
    bars = [line for line in out.splitlines() if "#" in line]
    assert len(bars) == 30
    said = recompute(oscillogram())
    if said.sbp_mmhg is not None:
        assert f"< systolic {said.sbp_mmhg:.1f}" in out


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, 2, "cannot be read: No such file or directory"),
        (b"", 1, "is empty"),
        (b"\x00\xff\x07", 1, "no capture, and not UTF-8 text"),
        (b"cycle,algorithm\n", 1, "line 1: there is no column t_s"),
        (b"cycle,algorithm,t_s,pressure_mmhg,amplitude_mmhg\n", 1, "there is no oscillogram in it"),
        (b"VITALWIRE CAPTURE 1\n", 1, "the capture has no beginning"),
        (b"VITALWIRE CAPTURE 1\n\x09\xff", 1, "the capture has no beginning"),
        (b"[", 1, "does not read as JSON"),
    ],
)
def test_a_file_that_is_no_good_is_one_sentence_and_its_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes | None, code: int, words: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    got, out, err = here(capfd, str(path), "--json")
    assert (got, out) == (code, "")
    named, said = err.splitlines()
    assert named == f"recomputing {path}"
    assert said.startswith(f"vitalwire: {path}")
    assert words in said


def test_without_a_session_the_latest_is_taken_and_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitalwire.record.folder.default_folder", lambda: tmp_path)
    code, _, err = here(capfd)
    assert (code, err) == (2, f"vitalwire: there is no session in {tmp_path}\n")
    board = FakeBoard()
    board.oscillogram = parts(30, each=20)
    board.at(30_000, lambda: board.cuff_result(None, None, 8, beats=0))
    folder = session(tmp_path, board)
    code, out, err = here(capfd)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"recomputing {folder / 'capture.vwire'}",
        "1 cycle ended before anything was measured",
        f"vitalwire: {folder / 'capture.vwire'}: there is no oscillogram in it; has the cuff measured?",
    ]


def test_a_cycle_whose_oscillogram_never_came_is_said_with_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    board = FakeBoard()
    board.oscillogram = parts(30, each=20)
    board.lost_parts = [{1}] * 20
    board.at(30_000, lambda: board.cuff_result(124.0, 81.0))
    folder = session(tmp_path, board)
    code, out, err = here(capfd, str(folder), "--json")
    about = json.loads(out)
    assert code == 1
    assert (about["verdict"], about["why"]) == ("missing", "part 2 of 2 never came")
    assert about["board"]["sbp_mmhg"] == 124.0
    assert "1 of 1 cycle not confirmed: 1 (missing)" in err


def test_standard_input_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(file(tmp_path, oscillogram())).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code, out, err = here(capfd, "-", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "equal")
    assert err.startswith("recomputing standard input\n")
