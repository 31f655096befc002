# SPDX-License-Identifier: Apache-2.0
"""A calibration that is overdue is seen wherever the session is: the host judges, the board only keeps the days."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from fake_board import FakeBoard

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.cli.live.panels import header
from vitalwire.cli.monitor_plain import plain_line
from vitalwire.feed import Feed, Plan, Summary, Update
from vitalwire.link.calibration import day_of, lacking, on_wire, overdue_words, stored_of
from vitalwire.pump import Pump
from vitalwire.record.rebuild import differences
from vitalwire.report.make import make
from vitalwire.session.course.checkin import CheckIn, Equipment
from vitalwire_protocol import codec

TODAY = date(2026, 1, 1)  # the simulated calendar begins then


def stored(kind: codec.Calibration, due: date) -> codec.CalibrationStored:
    return codec.CalibrationStored(0, 0, kind, on_wire(due) - 365, on_wire(due), 0, 1 << 14, ())


def board_due(**dues: date) -> FakeBoard:
    board = FakeBoard()
    for name, due in dues.items():
        kind = codec.Calibration[name.upper()]
        board.calibrations[kind] = stored(kind, due)
    return board


class Seen(Feed):
    """Keeps what a screen would get."""

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[Update] = []

    def put(self, update: Update) -> None:
        self.updates.append(update)


def monitor(out: Path, board: FakeBoard, feed: Feed | None = None) -> Summary:
    return Pump(Plan("fake", out, DEFAULT_LIMITS, minutes=0.5), feed, lambda _port: board).run()


def events(summary: Summary) -> list[tuple[str, str, str]]:
    assert summary.folder is not None
    with (summary.folder / "events.csv").open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["state"], row["detail"]) for row in csv.DictReader(file)]


def test_a_calibration_is_overdue_from_the_day_after_it_was_due() -> None:
    found = {2: stored_of(stored(codec.Calibration.CUFF, TODAY))}
    assert overdue_words(found, TODAY) == ""  # type: ignore[arg-type]
    assert overdue_words(found, date(2026, 1, 2)) == "cuff pressure since 2026-01-01"  # type: ignore[arg-type]
    assert lacking(found) == ["guard pressure", "SpO2 curve"]  # type: ignore[arg-type]


def test_a_board_that_was_never_told_when_it_is_due_is_not_overdue() -> None:
    one = stored_of(codec.CalibrationStored(0, 0, codec.Calibration.CUFF, 9000, 0, 0, 1 << 14, ()))
    assert one is not None
    assert (one.due, one.overdue(date(2099, 1, 1))) == (None, False)
    assert stored_of(codec.CalibrationStored(0, 0, 9, 9000, 0, 0, 0, ())) is None, "a channel of a later version"


def test_the_record_says_once_what_is_overdue_and_rebuilds(tmp_path: Path) -> None:
    summary = monitor(tmp_path, board_due(cuff=date(2025, 12, 1), guard=date(2025, 11, 1), curve=date(2027, 1, 1)))
    said = [detail for name, state, detail in events(summary) if (name, state) == ("calibration", "overdue")]
    assert said[-1] == "guard pressure since 2025-11-01, cuff pressure since 2025-12-01"
    assert summary.folder is not None
    assert differences(summary.folder) == []


def test_a_board_that_is_not_due_says_nothing(tmp_path: Path) -> None:
    summary = monitor(tmp_path, board_due(cuff=date(2026, 12, 1)))
    assert [row for row in events(summary) if row[0] == "calibration"] == []


def test_an_older_board_is_not_asked(tmp_path: Path) -> None:
    board = board_due(cuff=date(2020, 1, 1))
    board.minor = 2
    summary = monitor(tmp_path, board)
    assert not any(isinstance(command, codec.CalibrationGet) for command in board.commands)
    assert [row for row in events(summary) if row[0] == "calibration"] == []


def test_a_board_that_cannot_tell_disturbs_nothing(tmp_path: Path) -> None:
    board = FakeBoard()
    board.refuse[codec.CalibrationGet.TYPE] = codec.Refusal.UNKNOWN_COMMAND
    summary = monitor(tmp_path, board)
    assert [row for row in events(summary) if "calibration" in row[2] or row[0] == "calibration"] == []


def test_guarding_goes_before_asking(tmp_path: Path) -> None:
    board = board_due(cuff=date(2025, 12, 1))
    monitor(tmp_path, board)
    kinds = [type(command) for command in board.commands]
    assert kinds.index(codec.SetLimits) < kinds.index(codec.CalibrationGet)
    assert kinds.count(codec.CalibrationGet) == 3


def test_screen_and_lines_show_it(tmp_path: Path) -> None:
    seen = Seen()
    monitor(tmp_path, board_due(cuff=date(2025, 12, 1)), seen)
    last = seen.updates[-1]
    assert last.snapshot.calibration_overdue == "cuff pressure since 2025-12-01"
    assert "CAL OVERDUE" in header(last.snapshot, 80).plain
    assert len(header(last.snapshot, 80).plain) <= 80
    lines = [line for update in seen.updates for fact in update.facts if (line := plain_line(fact, update.snapshot))]
    assert "CALIBRATION OVERDUE" in lines[-1]
    assert any("vitalwire calibrate" in notice for notice in last.snapshot.notices)


def test_the_report_is_marked(tmp_path: Path) -> None:
    summary = monitor(tmp_path, board_due(cuff=date(2025, 12, 1)))
    assert summary.folder is not None
    made = make(summary.folder)
    assert "CALIBRATION OVERDUE" in made.report.marks_words
    about = dict(row[:2] for row in made.tables[0].rows)
    assert about["Calibration"] == "OVERDUE: cuff pressure since 2025-12-01"


@pytest.mark.parametrize(("calibrated", "text", "state"), [(False, "overdue: cuff", "failed"), (True, "", "passed")])
def test_the_ready_check_says_why(calibrated: bool, text: str, state: str) -> None:
    equipment = Equipment(calibrated=calibrated, calibration_text=text)
    one = next(check for check in CheckIn().ready(equipment) if check.id == "calibration")
    assert (one.state, one.values) == (state, text)


def test_days_are_those_of_utc() -> None:
    assert day_of(1_767_225_599_999) == date(2025, 12, 31)
    assert day_of(1_767_225_600_000) == TODAY
