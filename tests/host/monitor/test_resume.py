# SPDX-License-Identifier: Apache-2.0
"""A session whose program was killed goes on: same session, same chain, same tables; or it is said why not."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_board import FakeBoard, Values, steady

from vitalwire import profiles
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.cli.monitor_resume import hint_of_unfinished
from vitalwire.errors import CheckFailed, NoBoard, NoPermission, UsageError
from vitalwire.feed import Plan, Summary
from vitalwire.pump import Pump
from vitalwire.record import folder as names
from vitalwire.record.files import AppendFile
from vitalwire.record.rebuild import differences
from vitalwire.record.resume import read_resumable
from vitalwire.record.verify import verify
from vitalwire_protocol import codec

MINUTE_MS = 60_000


class KilledError(BaseException):
    """What no code catches, like a signal that cannot be handled."""


class Board(FakeBoard):
    """One that is not simulated as far as the host can tell, and whose host can be killed."""

    simulated = False

    def __init__(self, readings: Callable[[float], Values] = steady, *, serial: str = "FAKE0001") -> None:
        super().__init__(readings)
        self.serial = serial

    def hello(self) -> None:
        kept, self.send = self.send, lambda message: kept(message._replace(identity=f"{self.serial}\nbay 2\npytest 1"))
        try:
            super().hello()
        finally:
            self.send = kept

    def kill_host_at(self, t_ms: int) -> None:
        def kill() -> None:
            raise KilledError

        self.at(t_ms, kill)

    def reopen(self, away_ms: int) -> Board:
        """The same board, found again by a later run of the program."""
        self.closed = False
        self.sleep(away_ms)
        return self

    def sleep(self, ms: int) -> None:
        """Time passes and the host takes no part in it."""
        self.deaf.append((self.clock.monotonic_ms(), self.clock.monotonic_ms() + ms))
        super().read(ms / 1000)
        self.deaf.pop()


def begin(out: Path, board: Board, *, kill_ms: int = 90_000, guided: bool = False) -> Path:
    """A session that is killed; returns its folder."""
    board.kill_host_at(kill_ms)
    text = profiles.read_text(profiles.find("esketamine-nasal").path) if guided else ""
    plan = Plan("fake", out, DEFAULT_LIMITS, minutes=5, profile_text=text, patient="K-017" if guided else "", by="AM")
    with pytest.raises(KilledError):
        Pump(plan, None, lambda _port: board).run()
    (folder,) = out.iterdir()
    return folder


def go_on(folder: Path, board: Board, by: str = "BN") -> Summary:
    resumed = read_resumable(folder)
    plan = Plan("fake", folder.parent, (), by=by, resume=resumed)
    return Pump(plan, None, lambda _port: board).run()


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(folder: Path, *names_of: str) -> list[tuple[str, str, float]]:
    found = rows(folder, "events.csv")
    return [(row["name"], row["state"], float(row["elapsed_s"])) for row in found if row["name"] in names_of]


def gaps(folder: Path) -> list[tuple[str, float]]:
    found = rows(folder, "vitals.csv")
    return [(row["reason"], float(row["elapsed_s"])) for row in found if row["source"] == "gap"]


@pytest.fixture
def board() -> Board:
    return Board()


def test_it_is_the_same_session_on_the_board_and_one_closed_chain_in_the_record(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    session = board.session
    summary = go_on(folder, board.reopen(30_000))
    assert summary.folder == folder
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    begun = [command.session for command in board.commands if isinstance(command, codec.SessionBegin)]
    assert begun == [session], "the board was never asked to begin another one"
    found = verify(folder)
    assert (found.state, found.findings, found.recorded_head) == ("closed", [], "agrees")
    assert names.read_session_json(folder)["rows"] == summary.rows
    assert summary.simulated_s == pytest.approx(300.0, abs=1.5), "the minutes away are minutes of the session"


def test_how_long_nobody_watched_is_an_event_and_a_gap(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    go_on(folder, board.reopen(30_000))
    (away,) = [row for row in rows(folder, "events.csv") if row["name"] == "away"]
    assert (away["kind"], away["state"], away["by"]) == ("record", "stopped", "BN")
    assert float(away["value"]) == pytest.approx(30.0, abs=1.0)
    start, end = gaps(folder)
    assert start == ("gap:start;link:away", pytest.approx(90, abs=1.5))
    assert end == ("gap:end;link:away", pytest.approx(121, abs=2.5))


def test_phase_answers_and_what_is_due_are_as_they_were_and_the_time_away_counts(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board, guided=True)
    before = read_resumable(folder).core.session.snapshot(90_000).course
    go_on(folder, board.reopen(30_000))
    assert before is not None
    assert before.phase == "check_in"
    assert events(folder, "check_in")[0][1] == "entered"
    assert len([state for name, state, _ in events(folder, "check_in") if state == "entered"]) == 1
    assert rows(folder, "events.csv")[0]["by"] == "AM"
    assert names.read_session_json(folder)["patient"] == "K-017"


def test_an_alarm_that_was_raised_goes_on_and_is_cleared_by_a_reading(tmp_path: Path) -> None:
    board = Board(lambda t: (85.0, 70.0, 0) if 60 <= t < 180 else (97.0, 70.0, 0))
    folder = begin(tmp_path, board)
    go_on(folder, board.reopen(30_000))
    found = [(state, round(at_s)) for _, state, at_s in events(folder, "spo2_low")]
    assert [state for state, _ in found] == ["raised", "cleared"]
    assert found[0][1] < 90
    assert found[1][1] >= 180


def test_what_falls_due_meanwhile_is_found_when_somebody_watches_again(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    go_on(folder, board.reopen(600_000))
    ended = [(state, at_s) for name, state, at_s in events(folder, "session") if state in ("ending", "ended")]
    assert [state for state, _ in ended] == ["ending", "ended"], "its five minutes were over"
    assert ended[0][1] >= 690
    assert verify(folder).state == "closed"


def test_it_can_be_killed_and_go_on_again_and_again(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board, kill_ms=50_000)
    for _ in range(2):
        board.reopen(7_000)
        board.kill_host_at(board.clock.monotonic_ms() + 30_000)
        with pytest.raises(KilledError):
            go_on(folder, board)
        assert differences(folder) == []
    go_on(folder, board.reopen(5_000))
    assert verify(folder).findings == []
    assert len([row for row in rows(folder, "events.csv") if row["name"] == "away"]) == 3


def test_a_record_and_a_row_that_were_torn_are_mended(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    capture, vitals = folder / "capture.vwire", folder / "vitals.csv"
    capture.write_bytes(capture.read_bytes() + b"\x02\x40\x00\x01")
    vitals.write_bytes(vitals.read_bytes()[:-17])
    (folder / "alarms.csv").unlink()
    assert read_resumable(folder).torn_bytes == 4
    go_on(folder, board.reopen(5_000))
    assert verify(folder).findings == []


def test_a_table_that_somebody_changed_is_kept_aside_and_written_anew(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    vitals = folder / "vitals.csv"
    changed = vitals.read_bytes().replace(b",97", b",99", 1)
    vitals.write_bytes(changed)
    go_on(folder, board.reopen(5_000))
    assert (folder / "vitals-before-resume-1.csv").read_bytes() == changed
    assert verify(folder).findings == []


def test_a_lost_session_json_is_made_again(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    (folder / "session.json").unlink()
    go_on(folder, board.reopen(5_000))
    assert names.read_session_json(folder)["board"]["serial"] == "FAKE0001"
    assert names.read_session_json(folder)["finished"] is True


def test_where_the_clock_went_back_no_time_passes_and_that_is_said(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    board.clock._start_utc_ms -= 3_600_000
    go_on(folder, board.reopen(5_000))
    (away,) = [row for row in rows(folder, "events.csv") if row["name"] == "away"]
    assert float(away["value"]) == 0
    assert "went back by 359" in away["detail"]
    times = [float(row["elapsed_s"]) for row in rows(folder, "vitals.csv")]
    assert times == sorted(times)
    assert verify(folder).findings == []


# ------------------------------------------------------------ what is refused, with nothing written


def untouched(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_another_board_is_refused(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    before = untouched(folder)
    other = Board(serial="FAKE0002")
    other.clock.advance_to(100_000)
    with pytest.raises(NoBoard, match="is on board FAKE0001, and board FAKE0002 is on this port"):
        go_on(folder, other)
    assert untouched(folder) == before


def test_a_board_that_does_not_answer_changes_nothing(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    before = untouched(folder)
    board.deaf = [(0, 1 << 40)]
    with pytest.raises(Exception, match="fake"):
        go_on(folder, board.reopen(5_000))
    assert untouched(folder) == before


def test_a_closed_session_is_refused(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    go_on(folder, board.reopen(1_000))
    with pytest.raises(UsageError, match="is closed and does not go on"):
        read_resumable(folder)


def test_one_that_was_being_ended_is_refused(tmp_path: Path, board: Board) -> None:
    board.refuse[codec.SessionEnd.TYPE] = codec.Refusal.BUSY
    folder = begin(tmp_path, board, kill_ms=300_900)
    with pytest.raises(UsageError, match="was being ended \\(time\\)"):
        read_resumable(folder)


def test_one_that_another_program_records_is_refused(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    other = AppendFile(folder / "capture.vwire", there=((folder / "capture.vwire").stat().st_size,) * 2)
    with pytest.raises(UsageError, match="is being recorded by another program"):
        read_resumable(folder)
    other.close()
    read_resumable(folder)


@pytest.fixture
def somebody_else() -> Iterator[Path]:
    """A folder that everybody may read, and a user who may not write what is filed there."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    root = os.geteuid() == 0
    yield folder
    if root:
        os.seteuid(0)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="this system has other permissions")
@pytest.mark.parametrize("where", ["capture.vwire", "vitals.csv"])
def test_one_that_this_user_may_not_write_to_is_refused(where: str, somebody_else: Path, board: Board) -> None:
    folder = begin(somebody_else, board)
    for path in folder.iterdir():
        path.chmod(0o444 if path.name == where else 0o666)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may write to everything
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(NoPermission, match="cannot be written to, so it cannot go on"):
        go_on(folder, board.reopen(5_000))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_one_that_another_program_went_on_with_meanwhile_is_refused_and_keeps_what_that_wrote(
    tmp_path: Path, board: Board
) -> None:
    folder = begin(tmp_path, board)
    waiting = read_resumable(folder)  # its board does not answer yet
    go_on(folder, board.reopen(5_000))
    before = untouched(folder)
    with pytest.raises(UsageError, match="is being recorded by another program"):
        waiting.recorder()
    assert untouched(folder) == before
    assert verify(folder).state == "closed"


def test_a_damaged_or_shortened_capture_is_refused(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path / "a", board)
    shutil.copytree(folder, tmp_path / "b" / folder.name)
    capture = folder / "capture.vwire"
    data = bytearray(capture.read_bytes())
    data[len(data) // 2] ^= 1
    capture.write_bytes(data)
    with pytest.raises(CheckFailed, match=r"is damaged and cannot go on: chunk \d+ at byte"):
        read_resumable(folder)
    short = tmp_path / "b" / folder.name
    about = names.read_session_json(short)
    names.write_session_json(short, {**about, "capture": {"head": "00", "bytes": 1 << 30, "chunks": 9}})
    with pytest.raises(CheckFailed, match="shorter than its recorded head"):
        read_resumable(short)


def test_one_that_was_left_the_day_before_is_refused(tmp_path: Path, board: Board) -> None:
    folder = begin(tmp_path, board)
    board.clock._start_utc_ms += 13 * 3_600_000
    with pytest.raises(UsageError, match="was left 13 hours ago"):
        go_on(folder, board.reopen(1_000))


# ------------------------------------------------------------ the computer slept


def test_a_computer_that_slept_has_lost_no_time_and_says_so(tmp_path: Path, board: Board) -> None:
    board.at(60_000, lambda: board.sleep(40_000))
    summary = Pump(Plan("fake", tmp_path, DEFAULT_LIMITS, minutes=3), None, lambda _port: board).run()
    folder = summary.folder
    assert folder is not None
    (away,) = [row for row in rows(folder, "events.csv") if row["name"] == "away"]
    assert (away["state"], round(float(away["value"]))) == ("slept", 40)
    gaps = [
        (row["reason"], round(float(row["elapsed_s"]))) for row in rows(folder, "vitals.csv") if row["source"] == "gap"
    ]
    assert gaps[0] == ("gap:start;link:away", 60)
    assert gaps[1][0] == "gap:end;link:away"
    assert gaps[1][1] in (100, 101, 102)
    assert summary.simulated_s == pytest.approx(180, abs=1.5)
    assert verify(folder).findings == []


def test_whoever_begins_a_new_session_is_told_of_one_that_was_left(
    tmp_path: Path, board: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    hint_of_unfinished(tmp_path)
    assert capsys.readouterr().err == ""
    folder = begin(tmp_path, board)
    hint_of_unfinished(tmp_path)
    assert (
        f"session {folder.name} was not closed; `vitalwire monitor --resume` goes on with it" in capsys.readouterr().err
    )
    go_on(folder, board.reopen(1_000))
    hint_of_unfinished(tmp_path)
    assert capsys.readouterr().err == ""


def test_a_port_that_takes_its_time_to_refuse_is_no_absence(
    tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, sleep = threading.current_thread(), time.sleep

    def wait(seconds: float) -> None:
        if threading.current_thread() is not here:  # what another test left running has its own time
            sleep(seconds)
            return
        board.clock.advance_to(board.clock.monotonic_ms() + max(1, round(seconds * 1000)))

    monkeypatch.setattr("vitalwire.pump.time.sleep", wait)
    board.unplugged_ms = 60_000
    tries: list[int] = []

    def open_port(_port: str | None) -> Board:
        if not tries:
            tries.append(board.clock.monotonic_ms())
            return board
        board.clock.advance_to(board.clock.monotonic_ms() + 8_000)
        tries.append(board.clock.monotonic_ms())
        if board.clock.monotonic_ms() > 100_000:
            board.unplugged_ms, board.closed = None, False
            return board
        raise NoBoard("nobody there")

    summary = Pump(Plan("fake", tmp_path, DEFAULT_LIMITS, minutes=3), None, open_port).run()
    assert summary.folder is not None
    assert len(tries) > 3
    assert [row for row in rows(summary.folder, "events.csv") if row["name"] == "away"] == []
