# SPDX-License-Identifier: Apache-2.0
"""Alarms that board and host both judge: what the board is told of a profile, and who hears of an acknowledgement."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from fake_board import FakeBoard, Values

from vitalwire import profiles
from vitalwire.feed import Plan, Summary
from vitalwire.pump import Pump
from vitalwire_protocol import codec


def events(summary: Summary, name: str) -> list[tuple[float, str]]:
    assert summary.folder is not None
    with (summary.folder / "events.csv").open(encoding="utf-8", newline="") as file:
        return [(float(row["elapsed_s"]), row["state"]) for row in csv.DictReader(file) if row["name"] == name]


def during(start_s: float, end_s: float, values: Values) -> Callable[[float], Values]:
    return lambda t_s: values if start_s <= t_s < end_s else (97.0, 70.0, codec.Reason.OK)


def commands(board: FakeBoard, kind: type) -> list[object]:
    return [command for command in board.commands if isinstance(command, kind)]


def guided(out: Path, board: FakeBoard, act: Callable[[Pump], None] | None = None) -> Summary:
    """A session under a profile with a worse limit, an index, latching and escalation."""
    found = profiles.find("esketamine-nasal")
    profile = profiles.load(found)
    text = profiles.read_text(found.path)
    plan = Plan("fake", out, profile.limits, minutes=2, profile_text=text, patient="K-1", by="AM")
    pump = Pump(plan, None, lambda _port: board)
    if act is not None:
        act(pump)
    return pump.run()


def test_a_profiles_worse_limits_index_latching_and_escalation_go_to_the_board(tmp_path: Path) -> None:
    board = FakeBoard()
    guided(tmp_path, board)
    (sent,) = commands(board, codec.SetLimits)
    rules = [codec.Rule(item[0]) for item in sent.limits]
    assert codec.Rule.SPO2_LOW_OVERRIDE in rules
    assert codec.Rule.SATURATION_INDEX in rules
    assert sent.latching & 1 << codec.Rule.SPO2_LOW
    assert sent.escalate_s > 0


def test_a_board_of_protocol_1_1_gets_plain_limits_and_is_believed_to_hold_them(tmp_path: Path) -> None:
    board = FakeBoard()
    board.minor = 1
    summary = guided(tmp_path, board)
    (sent,) = commands(board, codec.SetLimits)
    assert {item[0] for item in sent.limits} <= set(range(7))
    assert events(summary, "limits_mismatch") == []


def test_a_probe_alarm_that_is_acknowledged_at_the_board_is_acknowledged_here(tmp_path: Path) -> None:
    board = FakeBoard(during(20, 50, (None, None, codec.Reason.NO_FINGER)))
    rule = codec.Rule.NO_FINGER
    board.at(24_100, lambda: board.alarm(rule, codec.AlarmState.ACTIVE, None))
    board.at(30_100, lambda: board.alarm(rule, codec.AlarmState.ACKNOWLEDGED, None, codec.AlarmCause.NONE))
    summary = guided(tmp_path, board)
    assert [state for _, state in events(summary, "no_finger")] == ["raised", "acknowledged", "cleared"]


def test_one_that_is_acknowledged_here_is_acknowledged_at_the_board(tmp_path: Path) -> None:
    board = FakeBoard(during(20, 50, (None, None, codec.Reason.NO_FINGER)))
    board.at(24_100, lambda: board.alarm(codec.Rule.NO_FINGER, codec.AlarmState.ACTIVE, None))
    guided(tmp_path, board, lambda pump: board.at(30_000, lambda: pump.act("acknowledge")))
    assert [command.rule for command in commands(board, codec.Acknowledge)] == [codec.Rule.NO_FINGER]


def test_a_worse_value_sounds_in_spite_of_an_acknowledgement(tmp_path: Path) -> None:
    board = FakeBoard()
    rule, state, cause = codec.Rule.PULSE_HIGH, codec.AlarmState, codec.AlarmCause
    board.at(30_000, lambda: board.alarm(rule, state.ACTIVE, 131.0))
    board.at(50_000, lambda: board.alarm(rule, state.ACTIVE, 171.0, cause.OVERRIDE))
    summary = guided(tmp_path, board, lambda pump: board.at(40_000, lambda: pump.act("acknowledge")))
    assert [word for _, word in events(summary, "pulse_high")][:3] == ["raised", "acknowledged", "raised"]
    assert len(commands(board, codec.Acknowledge)) == 1


def test_what_is_latched_at_the_board_and_acknowledged_there_is_over_here_too(tmp_path: Path) -> None:
    board = FakeBoard(during(20, 40, (80.0, 70.0, 0)))
    rule, state, cause = codec.Rule.SPO2_LOW, codec.AlarmState, codec.AlarmCause
    board.at(20_001, lambda: board.alarm(rule, state.ACTIVE, 80.0, cause.OVERRIDE))
    board.at(40_001, lambda: board.alarm(rule, state.LATCHED, 97.0, cause.NONE))
    board.at(60_000, lambda: board.alarm(rule, state.CLEAR, 97.0, cause.NONE))
    summary = guided(tmp_path, board)
    words = [(round(at_s), word) for at_s, word in events(summary, "spo2_low")]
    assert words[-1] == (60, "cleared")
    assert "latched" in [word for _, word in words]


def test_a_new_patient_on_the_same_board_gets_nothing_of_the_last_one(tmp_path: Path) -> None:
    board = FakeBoard(during(20, 110, (80.0, 70.0, 0)))  # of the first patient, whose alarm nobody acknowledges

    def silence(pump: Pump) -> None:
        board.at(30_000, lambda: pump.act("audio_off", reason="asleep"))
        board.at(31_000, lambda: pump.act("alarm_off", rule="pulse_high", reason="known"))

    first = guided(tmp_path, board, silence)
    assert events(first, "spo2_low")
    former = board.session
    board.closed = False
    began_ms = board.clock.monotonic_ms()
    late = codec.OximetryReading(0, 0, 80.0, 70.0, 1.0, 80, 0x77, 0, 0, 0, 8, codec.ReadingFlags.LATE, None, None)
    board.at(began_ms + 20_000, lambda: board.send(late))  # what its board had kept of the first
    second = guided(tmp_path, board)
    assert former is None, "the first session was ended on the board"
    assert second.folder != first.folder
    assert [name for name in ("spo2_low", "sound", "alarm", "no_pulse") if events(second, name)] == []
    assert [state for _, state in events(second, "late_reading")] == ["not filed"]
    rules = [{item[0] for item in sent.limits} for sent in commands(board, codec.SetLimits)]
    assert codec.Rule.PULSE_HIGH not in rules[-2]
    assert codec.Rule.PULSE_HIGH in rules[-1], "what was off for the first is judged for the second"
    assert second.folder is not None
    assert {row["patient"] for row in [json.loads((second.folder / "session.json").read_text())]} == {"K-1"}
