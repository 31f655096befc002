# SPDX-License-Identifier: Apache-2.0
"""A session fetches the oscillogram of each cuff cycle by itself, says which is missing, and is disturbed by none."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from fake_board import FakeBoard
from oscillogram_parts import beats, parts

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Plan, Summary
from vitalwire.planned import setup_of
from vitalwire.pump import Pump
from vitalwire.record.capture import read_capture
from vitalwire.record.oscillogram_files import read
from vitalwire.record.rebuild import differences, rebuild
from vitalwire_protocol import codec

Row = dict[str, str]


def monitor(out: Path, board: FakeBoard, minutes: float = 2) -> Summary:
    summary = Pump(Plan("fake", out, DEFAULT_LIMITS, minutes=minutes), None, lambda _port: board).run()
    assert summary.folder is not None
    assert differences(summary.folder) == [], "every CSV follows from the capture"
    return summary


def rows(summary: Summary, name: str) -> list[Row]:
    assert summary.folder is not None
    with (summary.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def missing(summary: Summary) -> list[str]:
    return [
        row["detail"] for row in rows(summary, "events.csv") if (row["name"], row["kind"]) == ("oscillogram", "cuff")
    ]


def questions(board: FakeBoard) -> list[int]:
    return [command.cycle for command in board.commands if isinstance(command, codec.OscillogramGet)]


@pytest.fixture
def board() -> FakeBoard:
    """Has an oscillogram of two parts for each cycle, and ends one cycle after 30 s."""
    board = FakeBoard()
    board.oscillogram = parts(30, each=20)
    board.at(30_000, lambda: board.cuff_result(124.0, 81.0))
    return board


def test_every_beat_of_every_cycle_is_a_row_with_what_the_board_made_of_it(tmp_path: Path, board: FakeBoard) -> None:
    board.at(60_000, lambda: board.cuff_result(None, None, codec.NibpOutcome.MOVEMENT))
    summary = monitor(tmp_path, board)
    found = rows(summary, "oscillograms.csv")
    assert [row["cycle"] for row in found] == ["1"] * 30 + ["2"] * 30
    assert [row["beat"] for row in found[:30]] == [str(n) for n in range(1, 31)]
    first = [(row["t_s"], row["pressure_mmhg"], row["amplitude_mmhg"]) for row in found[:30]]
    assert first == [(f"{t / 100:.2f}", f"{p / 100:.2f}", f"{a / 1000:.3f}") for p, a, t in beats(30)]
    good, failed = found[0], found[30]
    assert (good["outcome"], good["sbp_mmhg"], good["dbp_mmhg"], good["quality"]) == ("ok", "124.0", "81.0", "80")
    assert (failed["outcome"], failed["sbp_mmhg"]) == ("movement", "")
    assert (good["algorithm"], good["direction"], good["left_out"], good["beats"]) == ("2", "deflation", "1", "30")
    cuff = [row for row in rows(summary, "vitals.csv") if row["source"] == "cuff"]
    for kept, reading in zip((good, failed), cuff, strict=True):
        for name in ("time_utc", "elapsed_s", "device_ms", "boot", "flags"):
            assert kept[name] == reading[name], "they can be joined"
    assert (summary.oscillograms, summary.rows["oscillograms"]) == (2, 60)
    assert summary.folder is not None
    assert rebuild(read_capture(summary.folder / "capture.vwire")).sent_agrees


def test_a_board_that_keeps_none_is_not_asked(tmp_path: Path, board: FakeBoard) -> None:
    board.oscillogram = None
    summary = monitor(tmp_path, board)
    assert (questions(board), missing(summary), rows(summary, "oscillograms.csv")) == ([], [], [])


def test_a_cycle_that_ended_before_it_measured_is_not_asked_for(tmp_path: Path, board: FakeBoard) -> None:
    board._plan = [entry for entry in board._plan if entry[0] != 30_000]
    board.at(30_000, lambda: board.cuff_result(None, None, codec.NibpOutcome.LEAK, beats=0))
    summary = monitor(tmp_path, board)
    assert (questions(board), missing(summary)) == ([], [])


def test_a_part_that_is_lost_is_fetched_again(tmp_path: Path, board: FakeBoard) -> None:
    board.lost_parts = [{1}, {0, 1}]
    summary = monitor(tmp_path, board)
    assert questions(board) == [1, 1, 1]
    assert len(rows(summary, "oscillograms.csv")) == 30
    assert missing(summary) == []


def test_a_part_that_never_comes_is_said_and_leaves_no_half_an_oscillogram(tmp_path: Path, board: FakeBoard) -> None:
    board.lost_parts = [{1}] * 20
    summary = monitor(tmp_path, board)
    assert len(questions(board)) == 5
    assert missing(summary) == ["cycle 1: part 2 of 2 never came"]
    assert rows(summary, "oscillograms.csv") == []
    assert len([row for row in rows(summary, "vitals.csv") if row["source"] == "oximeter"]) == 120


def test_a_busy_board_is_asked_again(tmp_path: Path, board: FakeBoard) -> None:
    board.busy = 3
    summary = monitor(tmp_path, board)
    assert len(questions(board)) == 4
    assert len(rows(summary, "oscillograms.csv")) == 30


def test_a_board_that_has_it_no_more_is_asked_once(tmp_path: Path, board: FakeBoard) -> None:
    board.oscillogram = []
    summary = monitor(tmp_path, board)
    assert questions(board) == [1]
    assert missing(summary) == ["cycle 1: the board has it no more"]


def test_it_comes_after_a_silence_that_swallowed_the_parts(tmp_path: Path, board: FakeBoard) -> None:
    board.deaf = [(30_001, 45_000)]
    board.lost_parts = [{0, 1}]
    summary = monitor(tmp_path, board)
    assert len(rows(summary, "oscillograms.csv")) == 30
    assert missing(summary) == []


def test_a_board_that_started_again_has_lost_it(tmp_path: Path, board: FakeBoard) -> None:
    board.busy = 100
    board.at(31_000, board.reboot)
    summary = monitor(tmp_path, board)
    assert missing(summary) == ["cycle 1: the board started again"]
    assert len(questions(board)) == 1


def test_a_late_result_of_this_session_is_fetched_and_that_of_another_is_not(tmp_path: Path, board: FakeBoard) -> None:
    board.at(40_000, lambda: board.cuff_result(130.0, 85.0, late=True))
    board.at(50_000, lambda: board.cuff_result(130.0, 85.0, late=True, session=77))
    summary = monitor(tmp_path, board)
    assert questions(board) == [1, 2]
    assert "late" in rows(summary, "oscillograms.csv")[-1]["flags"]


def test_the_end_of_the_session_waits_for_nothing_and_says_what_is_missing(tmp_path: Path, board: FakeBoard) -> None:
    board.busy = 100
    summary = monitor(tmp_path, board, minutes=0.52)
    assert missing(summary) == ["cycle 1: the session ended before it came"]
    assert summary.simulated_s == pytest.approx(31.2, abs=0.5)
    assert summary.confirmed


def test_a_session_from_before_oscillograms_were_kept_is_rebuilt_as_it_was(
    tmp_path: Path, board: FakeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitalwire.pump.setup_of", lambda *given: replace(setup_of(*given), oscillograms=False))
    summary = monitor(tmp_path, board)
    assert questions(board) == []
    assert summary.folder is not None
    assert not (summary.folder / "oscillograms.csv").exists()
    kept = read(summary.folder / "capture.vwire")
    ((stub, why),) = kept.missing
    assert (stub.cycle, why) == (1, "it was not fetched when this was recorded")


def test_of_a_session_that_goes_on_what_is_there_is_read(tmp_path: Path, board: FakeBoard) -> None:
    summary = monitor(tmp_path, board)
    assert summary.folder is not None
    path = tmp_path / "copy.vwire"
    path.write_bytes((summary.folder / "capture.vwire").read_bytes()[:-200])
    kept = read(path)
    assert len(kept.oscillograms) == 1
    assert kept.note.startswith("this capture was not closed")


class Forgetful(FakeBoard):
    """Never answers when it is asked for an oscillogram."""

    def __init__(self) -> None:
        super().__init__()
        self.oscillogram = parts(30)
        self.heard: list[tuple[int, type]] = []

    def _command(self, message: codec.Message) -> None:
        self.heard.append((self._now(), type(message)))
        if not isinstance(message, codec.OscillogramGet):
            super()._command(message)


def test_a_cuff_is_stopped_at_once_while_an_oscillogram_is_waited_for(tmp_path: Path) -> None:
    board = Forgetful()
    board.at(30_000, lambda: board.cuff_result(124.0, 81.0))
    pump = Pump(Plan("fake", tmp_path, DEFAULT_LIMITS, minutes=2), None, lambda _port: board)
    board.at(30_500, lambda: pump.act("stop_cuff"))
    summary = pump.run()
    (stopped_ms,) = (t_ms for t_ms, kind in board.heard if kind is codec.Abort)
    assert 30_500 <= stopped_ms <= 30_900
    assert missing(summary) == ["cycle 1: the board did not answer"]
    assert summary.confirmed
