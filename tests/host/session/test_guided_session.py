# SPDX-License-Identifier: Apache-2.0
"""A guided session on a board: what the course asks for reaches the board and the limits, and the course ends it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from fake_board import FakeBoard

from vitalwire import profiles
from vitalwire.feed import Feed, Plan, Update
from vitalwire.pump import Pump
from vitalwire_protocol import codec

WHY = "a test"
ANSWERS = {"cuff_arm": "left", "iv_arm": "none", "probe_limb": "right", "cuff_size": "adult", "oxygen": "room_air"}


class Bed:
    """A session of seven minutes: what people do is queued at the second that it is done at."""

    def __init__(self, out: Path) -> None:
        found = profiles.find("esketamine-nasal")
        profile = profiles.load(found)
        self.board, self.feed = FakeBoard(), Feed(every_s=0.0)
        text = profiles.read_text(found.path)
        plan = Plan("fake", out, profile.limits, minutes=7, profile_text=text, patient="K-1", by="AM")
        self.pump = Pump(plan, self.feed, lambda _port: self.board)
        self.rows: list[dict[str, str]] = []

    def at(self, second: float, name: str, **values: Any) -> None:
        self.board.at(round(second * 1000), lambda: self.pump.act(name, **values))

    def cuff(self, second: float, sbp: float, dbp: float) -> None:
        self.board.at(round(second * 1000), lambda: self.board.cuff_result(sbp, dbp))

    def run(self) -> list[Update]:
        folder = self.pump.run().folder
        assert folder is not None
        with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file))
        return self.feed.take(0)

    def said(self, kind: str, name: str = "") -> list[tuple[int, str, str]]:
        rows = [row for row in self.rows if row["kind"] == kind and name in ("", row["name"])]
        return [(round(float(row["elapsed_s"])), row["name"], row["state"]) for row in rows]

    def commands(self, kind: type) -> list[Any]:
        return [command for command in self.board.commands if isinstance(command, kind)]


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    one = Bed(tmp_path)
    for number, (item, value) in enumerate(ANSWERS.items()):
        one.at(5 + number, "answer", id=item, value=value)
    one.at(12, "phase", to="baseline", why=WHY)
    for second, sbp, dbp in ((40, 120, 80), (200, 124, 82)):
        one.cuff(second, sbp, dbp)
    return one


def test_phases_start_the_cuff_and_set_the_boards_interval_behind_their_own(bed: Bed) -> None:
    bed.run()
    entered = [(at_s, name) for at_s, name, state in bed.said("phase") if state == "entered"]
    assert entered[:2] == [(0, "check_in"), (12, "baseline")]
    assert bed.commands(codec.CuffStart), "a reading is started where the phase begins"
    assert [command.interval_s for command in bed.commands(codec.SetInterval)][-1] > 0


def test_two_agreeing_readings_and_a_steady_oximeter_give_the_baseline_that_limits_are_judged_by(bed: Bed) -> None:
    bed.at(230, "phase", to="dosing", why=WHY)
    bed.cuff(260, 161.9, 80)
    bed.cuff(290, 162.0, 80)
    bed.run()
    (taken,) = [row for row in bed.rows if row["name"] == "baseline" and row["state"] == "taken"]
    assert "sbp 122 dbp 81" in taken["detail"]
    assert [at_s for at_s, _, state in bed.said("physiological", "sbp_rise") if state == "raised"] == [290]


def test_relative_limits_are_silent_before_the_dose(bed: Bed) -> None:
    bed.cuff(260, 175, 80)
    bed.run()
    assert bed.said("physiological", "sbp_rise") == []


def test_a_late_reading_decides_nothing_in_the_course(tmp_path: Path) -> None:
    plain = Bed(tmp_path)
    for number, (item, value) in enumerate(ANSWERS.items()):
        plain.at(5 + number, "answer", id=item, value=value)
    plain.at(12, "phase", to="baseline", why=WHY)
    for second in (40, 200):
        plain.board.at(second * 1000, lambda: plain.board.cuff_result(120, 80, late=True))
    plain.run()
    assert [row for row in plain.rows if row["name"] == "baseline" and row["state"] == "taken"] == []


@pytest.mark.parametrize(("hand", "states"), [("left", []), ("right", ["raised", "cleared"])])
def test_a_pulse_that_the_cuff_on_its_arm_takes_away_is_no_alarm(hand: str, states: list[str], tmp_path: Path) -> None:
    one = Bed(tmp_path)
    lost = (None, None, codec.Reason.NO_PULSE)
    one.board.readings = lambda t_s: lost if 60 <= t_s < 100 else (97.0, 70.0, codec.Reason.OK)

    def squeeze() -> None:
        one.board.send(codec.CuffPressure(0, 0, 120.0, 120.0, 120.0, codec.CuffPhase.DEFLATING, 0, 1))

    for tenth in range(580, 1000, 5):
        one.board.at(tenth * 100, squeeze)
    one.at(5, "answer", id="cuff_arm", value="left")
    one.at(6, "answer", id="probe_limb", value=hand)
    one.run()
    assert [state for _, _, state in one.said("technical", "no_pulse")] == states


def test_the_ready_check_knows_the_board(bed: Bed) -> None:
    updates = bed.run()
    course = next(u.snapshot.course for u in updates if u.snapshot.t_ms >= 8000)
    assert course is not None
    ready = {item.id: item.state for item in course.ready}
    assert (ready["link"], ready["probe"], ready["calibration"]) == ("passed", "passed", "passed")
    assert ready["supply"] == "failed"
    assert ready["buzzer"] == "open"


def test_the_last_phase_ends_the_session(bed: Bed) -> None:
    bed.at(300, "phase", to="end", why=WHY)
    bed.run()
    ended = [(at_s, state) for at_s, name, state in bed.said("session", "session") if state == "ended"]
    assert ended
    assert ended[0][0] <= 305
