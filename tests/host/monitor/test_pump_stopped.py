# SPDX-License-Identifier: Apache-2.0
"""The pump and a board that cannot be used: before the record an error and nothing shown, afterwards an alarm."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from fake_board import FakeBoard

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.errors import CrashLoop, Incompatible, LinkLost
from vitalwire.feed import Feed, Plan
from vitalwire.pump import Pump
from vitalwire_protocol import codec


def plan(out: Path, minutes: float = 2.0) -> Plan:
    return Plan("fake", out, DEFAULT_LIMITS, minutes=minutes)


def rows(folder: Path | None, name: str) -> list[dict[str, str]]:
    assert folder is not None
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_board_in_service_mode_begins_no_session(tmp_path: Path) -> None:
    board = FakeBoard()
    board.service = 1
    with pytest.raises(CrashLoop, match=r"fake: board FAKE0001 .* is in service mode; it measures nothing; .*flash"):
        Pump(plan(tmp_path), Feed(), lambda _port: board).run()
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_no_record_is_not_shown(tmp_path: Path) -> None:
    class Other(FakeBoard):
        def hello(self) -> None:
            self.send(codec.Hello(0, 0, codec.VERSION_MINOR, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, "X\n\n"))

    feed = Feed(every_s=0.0, each_fact=True)
    with pytest.raises(Incompatible, match=r"fake: .*laid out differently.*; `vitalwire flash`"):
        Pump(plan(tmp_path), feed, lambda _port: Other()).run()
    assert [fact for update in feed.take(0) for fact in update.facts] == []


def test_a_board_that_gives_up_is_one_standing_alarm_and_is_told_nothing_more(tmp_path: Path) -> None:
    board, feed = FakeBoard(), Feed(every_s=0.0)
    told: list[int] = []

    def give_up() -> None:
        board.service = 1
        board.reboot()
        board.at(30_100, lambda: told.append(len(board.commands)))

    board.at(30_000, give_up)
    summary = Pump(plan(tmp_path, minutes=1.0), feed, lambda _port: board).run()
    assert len(board.commands) == told[0]
    events = rows(summary.folder, "events.csv")
    alarms = [(row["name"], row["state"]) for row in events if row["kind"] == "technical"]
    assert alarms.count(("link_lost", "raised")) == 1
    assert ("link_lost", "cleared") not in alarms
    assert len(events) < 30
    shown = [update.snapshot for update in feed.take(0) if 31_000 < update.snapshot.t_ms < 59_000]
    assert shown
    assert all(one.oximetry is None and one.link == "stopped" and "service" in one.link_detail for one in shown)


def test_a_session_that_ends_without_its_board_says_so(tmp_path: Path) -> None:
    board = FakeBoard()
    board.deaf = [(30_000, 1 << 40)]
    summary = Pump(plan(tmp_path, minutes=1.0), None, lambda _port: board).run()
    assert summary.why == "time"
    assert not summary.confirmed, "and the command ends with the exit code of a lost link"
    ended = rows(summary.folder, "events.csv")[-1]
    assert (ended["name"], ended["state"]) == ("session", "ended")
    assert "the board did not confirm" in ended["detail"]


def test_a_session_whose_time_is_over_before_any_hello_is_no_success(tmp_path: Path) -> None:
    board = FakeBoard()
    board.deaf = [(0, 1 << 40)]
    with pytest.raises(LinkLost, match="had not answered yet"):
        Pump(plan(tmp_path, minutes=0.01), None, lambda _port: board).run()
