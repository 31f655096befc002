# SPDX-License-Identifier: Apache-2.0
"""A session from the first byte to the closed folder, on a board that does as the test says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_board import FakeBoard, Values

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.errors import Incompatible, LinkLost, NotVitalwire
from vitalwire.feed import Feed, Plan, Summary
from vitalwire.pump import Pump
from vitalwire.record.capture import read_capture
from vitalwire.record.rebuild import differences, rebuild
from vitalwire_protocol import codec

Row = dict[str, str]


def monitor(
    out: Path, board: FakeBoard, minutes: float = 2, *, every_s: int | None = None, feed: Feed | None = None
) -> Summary:
    plan = Plan("fake", out, DEFAULT_LIMITS, every_s=every_s, minutes=minutes)
    return Pump(plan, feed, lambda _port: board).run()


def rows(summary: Summary, name: str) -> list[Row]:
    assert summary.folder is not None
    with (summary.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(summary: Summary, *names: str) -> list[tuple[float, str, str]]:
    return [(float(r["elapsed_s"]), r["name"], r["state"]) for r in rows(summary, "events.csv") if r["name"] in names]


def during(start_s: float, end_s: float, values: Values) -> Callable[[float], Values]:
    return lambda t_s: values if start_s <= t_s < end_s else (97.0, 70.0, codec.Reason.OK)


def commands(board: FakeBoard, kind: type) -> list[object]:
    return [command for command in board.commands if isinstance(command, kind)]


# ---------------------------------------------------------------- a calm session


def test_every_reading_is_a_row_and_the_csvs_follow_from_the_capture(tmp_path: Path) -> None:
    summary = monitor(tmp_path, FakeBoard())
    vitals = rows(summary, "vitals.csv")
    assert [row["elapsed_s"] for row in vitals] == [f"{second}.000" for second in range(1, 121)]
    assert {row["spo2_pct"] for row in vitals} == {"97.0"}
    assert {row["flags"] for row in vitals} == {"simulated unsigned"}
    assert summary.folder is not None
    assert differences(summary.folder) == []
    capture = read_capture(summary.folder / "capture.vwire")
    assert capture.state == "closed"
    assert capture.head.hex() == summary.head
    assert rebuild(capture).sent_agrees


def test_the_board_is_told_the_session_its_limits_and_its_end(tmp_path: Path) -> None:
    board = FakeBoard()
    monitor(tmp_path, board, every_s=300)
    (begin,) = commands(board, codec.SessionBegin)
    assert (begin.interval_s, begin.max_minutes) == (300, 3)
    (limits,) = commands(board, codec.SetLimits)
    assert len(limits.limits) == 7
    assert len(commands(board, codec.CuffStart)) == 1, "a first reading, for the baseline"
    (end,) = commands(board, codec.SessionEnd)
    assert end.session == begin.session
    assert board.session is None
    assert board.closed


def test_a_cuff_result_is_a_row_and_a_failed_one_has_its_outcome(tmp_path: Path) -> None:
    board = FakeBoard()
    board.at(30_000, lambda: board.cuff_result(124.0, 81.0))
    board.at(60_000, lambda: board.cuff_result(None, None, codec.NibpOutcome.LEAK))
    summary = monitor(tmp_path, board)
    good, failed = (row for row in rows(summary, "vitals.csv") if row["source"] == "cuff")
    assert (good["sbp_mmhg"], good["dbp_mmhg"], good["pulse_bpm"]) == ("124.0", "81.0", "71.0")
    assert failed["sbp_mmhg"] == failed["dbp_mmhg"] == ""
    assert failed["reason"] == "sbp_mmhg:leak;map_mmhg:leak;dbp_mmhg:leak"
    assert events(summary, "cuff_no_reading") == [(60.0, "cuff_no_reading", "raised")]
    assert (summary.cuff_good, summary.cuff_failed) == (1, 1)


# ---------------------------------------------------------------- alarms


def test_a_low_saturation_is_raised_after_its_delay_and_cleared_by_a_good_one(tmp_path: Path) -> None:
    summary = monitor(tmp_path, FakeBoard(during(20, 40, (85.0, 70.0, 0))))
    assert events(summary, "spo2_low") == [(30.4, "spo2_low", "raised"), (40.0, "spo2_low", "cleared")]
    raised = next(r for r in rows(summary, "events.csv") if r["name"] == "spo2_low")
    assert (raised["priority"], raised["value"], raised["limit"]) == ("high", "85", "90")


def test_the_boards_own_alarm_counts_also_where_the_host_sees_no_reason(tmp_path: Path) -> None:
    board = FakeBoard()
    board.at(30_000, lambda: board.alarm(codec.Rule.PULSE_HIGH, codec.AlarmState.ACTIVE, 131.0))
    board.at(50_000, lambda: board.alarm(codec.Rule.PULSE_HIGH, codec.AlarmState.CLEAR, 117.0))
    summary = monitor(tmp_path, board)
    assert events(summary, "pulse_high") == [(30.0, "pulse_high", "raised"), (50.0, "pulse_high", "cleared")]
    raised = next(r for r in rows(summary, "events.csv") if r["name"] == "pulse_high")
    assert raised["detail"].startswith("judged by the board; delay; total delay 20.1 s")


def test_an_alarm_that_both_judge_is_one_alarm(tmp_path: Path) -> None:
    board = FakeBoard(during(20, 40, (85.0, 70.0, 0)))
    board.at(30_401, lambda: board.alarm(codec.Rule.SPO2_LOW, codec.AlarmState.ACTIVE, 85.0))
    board.at(40_001, lambda: board.alarm(codec.Rule.SPO2_LOW, codec.AlarmState.CLEAR, 97.0))
    summary = monitor(tmp_path, board)
    assert events(summary, "spo2_low") == [(30.4, "spo2_low", "raised"), (40.001, "spo2_low", "cleared")]


def test_a_finger_that_slips_off_is_a_technical_alarm_and_raises_no_limit(tmp_path: Path) -> None:
    summary = monitor(tmp_path, FakeBoard(during(20, 50, (None, None, codec.Reason.NO_FINGER))))
    assert events(summary, "no_finger", "spo2_low", "pulse_low") == [
        (24.0, "no_finger", "raised"),
        (52.0, "no_finger", "cleared"),
    ]


def test_a_sensor_that_does_not_answer_is_a_sensor_fault(tmp_path: Path) -> None:
    summary = monitor(tmp_path, FakeBoard(during(20, 50, (None, None, codec.Reason.BUS_FAULT))))
    assert events(summary, "sensor_fault") == [(22.0, "sensor_fault", "raised"), (52.0, "sensor_fault", "cleared")]
    raised = next(r for r in rows(summary, "events.csv") if r["name"] == "sensor_fault")
    assert raised["detail"] == "bus_fault"


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (codec.Status.CUFF_FAULT, "cuff_fault"),
        (codec.Status.GUARD_FAULT, "cuff_fault"),
        (codec.Status.SUPPLY_LOW, "supply"),
        (codec.Status.OXIMETER_FAULT, "sensor_fault"),
    ],
)
def test_what_the_heartbeat_says_is_a_technical_alarm(tmp_path: Path, bit: int, name: str) -> None:
    board = FakeBoard()

    def set_status(status: int) -> Callable[[], None]:
        return lambda: setattr(board, "status", status)

    board.at(30_000, set_status(bit))
    board.at(60_000, set_status(0))
    summary = monitor(tmp_path, board)
    assert [state for _, _, state in events(summary, name)] == ["raised", "cleared"]


def test_a_cuff_that_does_not_empty_is_a_high_alarm_until_the_board_says_it_has(tmp_path: Path) -> None:
    board = FakeBoard()

    def fault(kind: int) -> Callable[[], None]:
        return lambda: board.send(codec.Event(0, 0, kind, codec.Fault.CUFF_NOT_EMPTY, None, ""))

    board.at(30_000, fault(codec.EventKind.FAULT_RAISED))
    board.at(50_000, fault(codec.EventKind.FAULT_CLEARED))
    summary = monitor(tmp_path, board)
    assert events(summary, "cuff_not_empty") == [
        (30.0, "cuff_not_empty", "raised"),
        (52.0, "cuff_not_empty", "cleared"),
    ]


def test_limits_that_the_board_lost_are_a_mismatch_and_are_set_again(tmp_path: Path) -> None:
    board = FakeBoard()
    board.at(30_000, lambda: setattr(board, "crc", 1))
    board.refuse[codec.SetLimits.TYPE] = 0
    board.at(29_000, lambda: board.refuse.update({codec.SetLimits.TYPE: codec.Refusal.STORAGE}))
    board.at(50_000, lambda: board.refuse.clear())
    summary = monitor(tmp_path, board)
    assert [state for _, _, state in events(summary, "limits_mismatch")] == ["raised", "cleared"]
    assert board.session is None


def test_a_session_that_somebody_left_open_is_ended_before_ours_begins(tmp_path: Path) -> None:
    board = FakeBoard()
    board.session, board.crc = 0x1234, 99
    monitor(tmp_path, board)
    first, *_ = commands(board, codec.SessionEnd)
    assert first.session == 0x1234
    (begin,) = commands(board, codec.SessionBegin)
    assert begin.session != 0x1234


# ---------------------------------------------------------------- when things go badly


def test_a_silent_board_is_an_alarm_a_gap_and_no_number(tmp_path: Path) -> None:
    board = FakeBoard()
    board.deaf = [(60_000, 75_000)]
    feed = Feed(every_s=0.0)
    summary = monitor(tmp_path, board, feed=feed)
    assert [(name, state) for _, name, state in events(summary, "link_lost")] == [
        ("link_lost", "raised"),
        ("link_lost", "cleared"),
    ]
    raised_s = events(summary, "link_lost")[0][0]
    assert raised_s == pytest.approx(59.3 + 3.0, abs=0.01)
    start, end = (row for row in rows(summary, "vitals.csv") if row["source"] == "gap")
    assert (start["reason"], end["reason"]) == ("gap:start;link:silent", "gap:end;link:silent")
    assert float(start["elapsed_s"]) == pytest.approx(59.3, abs=0.01)
    assert float(end["elapsed_s"]) == 75.0
    silent = [u.snapshot for u in feed.take(0) if u.snapshot.link == "silent" and u.snapshot.t_ms < 75_000]
    assert silent
    assert all(shown.oximetry is None for shown in silent)


def test_readings_that_stop_while_the_board_talks_are_stale(tmp_path: Path) -> None:
    board = FakeBoard()
    board.mute = [(40_000, 60_000)]
    summary = monitor(tmp_path, board)
    assert events(summary, "stale") == [(44.0, "stale", "raised"), (60.0, "stale", "cleared")]
    start, end = (row for row in rows(summary, "vitals.csv") if row["source"] == "gap")
    assert (float(start["elapsed_s"]), float(end["elapsed_s"])) == (39.0, 60.0)
    assert start["reason"] == "gap:start;link:stale"


def test_a_board_that_restarts_is_given_the_session_again(tmp_path: Path) -> None:
    board = FakeBoard()
    board.at(60_500, board.reboot)
    summary = monitor(tmp_path, board)
    assert [state for _, _, state in events(summary, "board_restarted")] == ["raised", "cleared"]
    first, second = commands(board, codec.SessionBegin)
    assert first.session == second.session
    assert len(commands(board, codec.SetLimits)) == 2
    assert [row["reason"] for row in rows(summary, "vitals.csv") if row["source"] == "gap"] == [
        "gap:start;link:restarted",
        "gap:end;link:restarted",
    ]
    assert {row["boot"] for row in rows(summary, "vitals.csv") if row["boot"]} == {"7", "8"}


def test_late_readings_are_filed_with_their_own_time_and_judged_by_nobody(tmp_path: Path) -> None:
    board = FakeBoard()

    def late(session: int | None) -> Callable[[], None]:
        def send() -> None:
            board._out += codec_frame(
                codec.OximetryReading(
                    0, 0, 70.0, 70.0, 1.0, 80, session or board.session, 0, 0, 0, 8, codec.ReadingFlags.LATE, None, None
                ),
                board,
                40_000,
            )

        return send

    board.at(80_000, late(None))
    board.at(81_000, late(77))
    summary = monitor(tmp_path, board)
    (row,) = (row for row in rows(summary, "vitals.csv") if "late" in row["flags"].split())
    assert float(row["elapsed_s"]) == pytest.approx(40.0, abs=0.05)
    assert row["spo2_pct"] == "70.0"
    assert events(summary, "spo2_low") == []
    assert [state for _, _, state in events(summary, "late_reading")] == ["not filed"]


def codec_frame(message: codec.Message, board: FakeBoard, t_ms: int) -> bytes:
    from vitalwire_protocol.framing import encode_frame

    board._seq += 1
    return encode_frame(message, board._seq - 1, t_ms)


def test_what_answers_but_is_no_vitalwire_board_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    board = FakeBoard()
    board.deaf = [(0, 1 << 40)]
    with pytest.raises(NotVitalwire):
        monitor(tmp_path, board)
    assert list(tmp_path.iterdir()) == []
    assert board.closed


def test_another_layout_of_messages_is_refused(tmp_path: Path) -> None:
    board = FakeBoard()
    board.hello = lambda: board.send(  # type: ignore[method-assign]
        codec.Hello(0, 0, codec.VERSION_MINOR, 1, 0, 0, 0, 1, 0, 0, 12345, 3, 1, "FAKE0001\n\n")
    )
    with pytest.raises(Incompatible, match="laid out"):
        monitor(tmp_path, board)


def test_a_simulated_board_that_ends_closes_the_record_and_is_a_lost_link(tmp_path: Path) -> None:
    board = FakeBoard()
    board.unplugged_ms = 60_000
    with pytest.raises(LinkLost):
        monitor(tmp_path, board)
    (folder,) = tmp_path.iterdir()
    assert read_capture(folder / "capture.vwire").state == "closed"
    assert differences(folder) == []
    with (folder / "vitals.csv").open(newline="") as file:
        gaps = [row for row in csv.DictReader(file) if row["source"] == "gap"]
    assert [row["reason"] for row in gaps] == ["gap:start;link:unplugged", "gap:end;link:unplugged"]


def test_while_the_board_is_not_heard_nobody_claims_that_it_guards(tmp_path: Path) -> None:
    board, feed = FakeBoard(), Feed(every_s=0.0)
    board.deaf = [(60_000, 75_000)]
    monitor(tmp_path, board, feed=feed)
    words = {u.snapshot.link: u.snapshot.guard for u in feed.take(0) if 5000 < u.snapshot.t_ms < 110_000}
    assert words == {"up": "guarding", "silent": "not known"}


# ---------------------------------------------------------------- what the board says of the cuff


def test_the_next_reading_by_itself_is_an_interval_after_the_boards_session_began(tmp_path: Path) -> None:
    board, feed = FakeBoard(), Feed(every_s=0.0)

    def began() -> None:
        board.send(codec.Event(0, 0, codec.EventKind.SESSION_BEGIN, codec.Fault.NONE, None, ""))

    board.at(5_000, began)
    monitor(tmp_path, board, minutes=6, every_s=120, feed=feed)
    shown = {round(u.snapshot.t_ms / 1000): u.snapshot.next_cuff_t_ms for u in feed.take(0)}
    assert shown[3] is None, "not before the board has said that its session began"
    assert [round((shown[at_s] or 0) / 1000) for at_s in (10, 124, 126, 250)] == [125, 125, 245, 365]
    quiet = Feed(every_s=0.0)
    other = FakeBoard()
    other.at(5_000, lambda: other.send(codec.Event(0, 0, codec.EventKind.SESSION_BEGIN, codec.Fault.NONE, None, "")))
    monitor(tmp_path, other, feed=quiet)
    assert {u.snapshot.next_cuff_t_ms for u in quiet.take(0)} == {None}, "without an interval there is none"


def test_events_of_the_cuff_are_told_from_those_of_the_board_and_name_their_fault(tmp_path: Path) -> None:
    board, feed = FakeBoard(), Feed(every_s=0.0)

    def say(kind: int, fault: int = codec.Fault.NONE) -> Callable[[], None]:
        return lambda: board.send(codec.Event(0, 0, kind, fault, None, "so"))

    board.at(10_000, say(codec.EventKind.CUFF_STARTED))
    board.at(10_500, say(codec.EventKind.FAULT_RAISED, codec.Fault.CUFF_BUS))
    board.at(30_000, say(codec.EventKind.CUFF_STOPPED))
    summary = monitor(tmp_path, board, minutes=1, feed=feed)
    found = {r["name"]: (r["kind"], r["detail"]) for r in rows(summary, "events.csv") if r["detail"].endswith("so")}
    assert found == {
        "cuff_started": ("cuff", "so"), "fault_raised": ("board", "cuff_bus so"), "cuff_stopped": ("cuff", "so"),
    }  # fmt: skip
    phases = [u.snapshot.cuff_phase for u in feed.take(0) if 10_050 <= u.snapshot.t_ms < 11_000]
    assert phases[0] == "zeroing"
