# SPDX-License-Identifier: Apache-2.0
"""The pump: what it does when the disk is full, the cable is pulled, or somebody presses a key."""

from __future__ import annotations

import csv
import errno
import os
import threading
import time
from pathlib import Path

import pytest
from fake_board import FakeBoard

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.clock import VirtualClock
from vitalwire.errors import LinkLost, NoBoard
from vitalwire.feed import Feed, Plan, Update
from vitalwire.pump import Pump
from vitalwire.record.capture import read_capture
from vitalwire.record.rebuild import differences
from vitalwire.session.inputs import Kind
from vitalwire_protocol import codec


def plan(out: Path, minutes: float = 2.0) -> Plan:
    return Plan("fake", out, DEFAULT_LIMITS, minutes=minutes)


def rows(folder: Path | None, name: str) -> list[dict[str, str]]:
    assert folder is not None
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class RunningClock(VirtualClock):
    """Real time since its start."""

    def __init__(self) -> None:
        super().__init__()
        self._began_s = time.monotonic()

    def monotonic_ms(self) -> int:
        return round((time.monotonic() - self._began_s) * 1000)

    def utc_ms(self) -> int:
        return self._start_utc_ms + self.monotonic_ms()


class WallBoard(FakeBoard):
    """The same board on real time, and not simulated: it can be unplugged and come back."""

    simulated = False

    def __init__(self) -> None:
        super().__init__()
        self.clock = RunningClock()

    def read(self, timeout_s: float) -> bytes:
        end_s = time.monotonic() + timeout_s
        while not (data := super().read(0)) and time.monotonic() < end_s:
            time.sleep(0.005)
        return data


def test_a_full_disk_is_said_at_once_and_nothing_is_lost_when_it_empties_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = os.write, False

    def write(fd: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr("vitalwire.record.files.os.write", write)
    monkeypatch.setattr("vitalwire.record.recorder.SYNC_EVERY_S", 0.0)
    board, feed = FakeBoard(lambda t: (85.0, 70.0, 0) if 65 <= t < 80 else (97.0, 70.0, 0)), Feed(every_s=0.0)

    def set_full(value: bool) -> None:
        nonlocal full
        full = value

    board.at(60_000, lambda: set_full(True))
    board.at(90_000, lambda: set_full(False))
    summary = Pump(plan(tmp_path), feed, lambda _port: board).run()
    found = [(r["name"], r["state"]) for r in rows(summary.folder, "events.csv")]
    assert ("not_recorded", "raised") in found
    assert ("not_recorded", "cleared") in found
    assert ("spo2_low", "raised") in found, "alarms went on"
    shown = [u.snapshot for u in feed.take(0) if 62_000 < u.snapshot.t_ms < 89_000]
    assert all("No space left" in snapshot.not_recorded for snapshot in shown)
    assert all(any(alarm.name == "not_recorded" for alarm in snapshot.alarms) for snapshot in shown)
    assert len([r for r in rows(summary.folder, "vitals.csv") if r["source"] == "oximeter"]) == 120
    assert summary.folder is not None
    assert differences(summary.folder) == []
    assert summary.complete


def test_a_pulled_cable_is_an_alarm_at_once_and_the_session_goes_on_when_it_is_back(tmp_path: Path) -> None:
    board, attempts = WallBoard(), []

    def open_port(_port: str | None) -> WallBoard:
        attempts.append(time.monotonic())
        if len(attempts) in (2, 3):
            raise NoBoard("no board")
        if attempts[1:]:
            board.closed, board.unplugged_ms = False, None
        return board

    board.unplugged_ms = 2500
    pump = Pump(plan(tmp_path, 0.1), None, open_port)
    summary = pump.run()
    assert len(attempts) == 4
    events = [(r["name"], r["state"], float(r["elapsed_s"])) for r in rows(summary.folder, "events.csv")]
    lost = [(state, t) for name, state, t in events if name == "link_lost"]
    assert [state for state, _ in lost] == ["raised", "cleared"]
    assert lost[0][1] == pytest.approx(2.5, abs=0.3)
    gaps = [r for r in rows(summary.folder, "vitals.csv") if r["source"] == "gap"]
    assert [r["reason"] for r in gaps] == ["gap:start;link:unplugged", "gap:end;link:unplugged"]
    begins = [c for c in board.commands if isinstance(c, codec.SessionBegin)]
    assert len(begins) == 1, "the board kept the session, so it is not begun again"
    assert summary.folder is not None
    assert differences(summary.folder) == []


def test_a_reading_is_in_the_csv_before_it_is_shown(tmp_path: Path) -> None:
    board, pump_box = FakeBoard(), []

    class Checking(Feed):
        def put(self, update: Update) -> None:
            folder = pump_box[0].summary.folder
            if folder is not None:
                text = (folder / "vitals.csv").read_bytes()
                for fact in update.facts:
                    if getattr(fact, "source", "") == "oximeter":
                        assert f",{fact.device_ms},".encode() in text
                        checked.append(fact.device_ms)

    checked: list[int] = []
    pump = Pump(plan(tmp_path), Checking(each_fact=True), lambda _port: board)
    pump_box.append(pump)
    pump.run()
    assert len(checked) >= 100


def test_keys_become_commands_and_are_in_the_capture(tmp_path: Path) -> None:
    board = FakeBoard(lambda t: (85.0, 70.0, 0) if t >= 20 else (97.0, 70.0, 0))
    pump = Pump(plan(tmp_path), None, lambda _port: board)
    for t_ms, name in ((30_000, "start_cuff"), (40_000, "stop_cuff"), (50_000, "acknowledge"), (60_000, "silence")):
        board.at(t_ms, lambda name=name: pump.act(name))  # type: ignore[misc]
    board.at(90_000, lambda: pump.act("quit", "test"))
    summary = pump.run()
    kinds = {type(command) for command in board.commands}
    assert {codec.CuffStart, codec.Abort, codec.AudioPause} <= kinds
    assert summary.why == "test"
    assert summary.folder is not None
    capture = read_capture(summary.folder / "capture.vwire")
    actions = [item.json()["action"] for item in capture.inputs if item.kind == Kind.ACTION]
    assert actions == ["start_cuff", "stop_cuff", "acknowledge", "silence", "quit"]
    states = [r["state"] for r in rows(summary.folder, "events.csv") if r["name"] == "spo2_low"]
    assert states == ["raised", "acknowledged"]
    assert differences(summary.folder) == []


def test_a_refused_cuff_is_said_in_words(tmp_path: Path) -> None:
    board, feed = FakeBoard(), Feed(every_s=0.0)
    board.refuse[codec.CuffStart.TYPE] = codec.Refusal.RESTING
    pump = Pump(plan(tmp_path), feed, lambda _port: board)
    board.at(30_000, lambda: pump.act("start_cuff"))
    pump.run()
    assert "the board refused to start the cuff: resting" in feed.take(0)[-1].snapshot.notices


def test_somebody_who_takes_no_updates_holds_nothing_up(tmp_path: Path) -> None:
    feed = Feed(size=8, every_s=0.0)
    summary = Pump(plan(tmp_path), feed, lambda _port: FakeBoard()).run()
    assert summary.rows["vitals"] == 120
    assert feed.dropped > 0
    assert len(feed.take(0)) <= 8


def test_a_clock_that_is_set_back_is_recorded_and_changes_no_time_of_the_session(tmp_path: Path) -> None:
    board = FakeBoard()
    clock = board.clock

    def set_back() -> None:
        clock._start_utc_ms -= 3_600_000

    board.at(60_000, set_back)
    summary = Pump(plan(tmp_path), None, lambda _port: board).run()
    times = [r["time_utc"] for r in rows(summary.folder, "vitals.csv")]
    assert times == sorted(times)
    assert [float(r["elapsed_s"]) for r in rows(summary.folder, "vitals.csv")] == [float(s) for s in range(1, 121)]
    (step,) = (r for r in rows(summary.folder, "events.csv") if r["name"] == "clock_set")
    assert step["value"] == "-3600"
    assert summary.folder is not None
    assert differences(summary.folder) == []


def test_the_plug_is_pulled_before_the_board_has_answered(tmp_path: Path) -> None:
    board = FakeBoard()
    board.deaf, board.unplugged_ms = [(0, 5000)], 500
    with pytest.raises(LinkLost):
        Pump(plan(tmp_path), None, lambda _port: board).run()
    assert list(tmp_path.iterdir()) == []


def test_two_pumps_at_once_make_two_folders(tmp_path: Path) -> None:
    pumps = [Pump(plan(tmp_path, 0.5), None, lambda _port: FakeBoard()) for _ in range(2)]
    threads = [threading.Thread(target=pump.run) for pump in pumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({pump.summary.folder for pump in pumps}) == 2


def test_a_reading_is_in_the_csv_within_100_ms(tmp_path: Path) -> None:
    left: dict[int, float] = {}
    late: list[float] = []

    class Timed(WallBoard):
        def send(self, message: codec.Message) -> None:
            if isinstance(message, codec.OximetryReading):
                left[self._now()] = time.monotonic()
            super().send(message)

    board = Timed()
    pump = Pump(plan(tmp_path, 0.08), None, lambda _port: board)
    thread = threading.Thread(target=pump.run)
    thread.start()
    seen: set[int] = set()
    while thread.is_alive():
        folder = pump.summary.folder
        if folder is not None:
            for line in (folder / "vitals.csv").read_bytes().split(b"\r\n")[1:-1]:
                device_ms = int(line.split(b",")[2] or -1)
                if device_ms in left and device_ms not in seen:
                    seen.add(device_ms)
                    late.append(time.monotonic() - left[device_ms])
        time.sleep(0.002)
    thread.join()
    assert len(late) >= 3
    assert max(late) < 0.1
