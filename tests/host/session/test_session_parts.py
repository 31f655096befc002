# SPDX-License-Identifier: Apache-2.0
"""The parts of a session by themselves, at their edges: sound, the board's side, oscillograms, journal, words."""

from __future__ import annotations

from typing import Any

import pytest

from vitalwire.alarms.rules import Conduct
from vitalwire.link.commands import Command
from vitalwire.link.events import Answered, TimedOut
from vitalwire.session.audio import PAUSE_MAX_S, REMIND_S, Audio
from vitalwire.session.boardside import END_MS, MAX_MINUTES, RETRY_MS, BoardSide
from vitalwire.session.facts import Vitals
from vitalwire.session.inputs import Setup
from vitalwire.session.journal import Journal
from vitalwire.session.oscillograms import Oscillograms
from vitalwire.session.patient import BY_MAX, by_refusal
from vitalwire.session.snapshot import profile_words
from vitalwire_protocol import codec
from vitalwire_protocol.codec import Capabilities, Outcome, Refusal

SESSION, OTHER, CRC = 7, 8, 0x1234


def hello(boot: int = 1, capabilities: int = 0) -> codec.Hello:
    return codec.Hello(0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, capabilities, boot, "B1\nbay\nx")


def beat(session: int | None = None, crc: int = CRC, status: int = 0) -> codec.Heartbeat:
    return codec.Heartbeat(0, 0, 1, status, crc, session, 5000, 1, 1, 0)


def answer(command: type[Any], *, good: bool = True, detail: str = "") -> Answered:
    outcome, refusal = (Outcome.DONE, Refusal.NONE) if good else (Outcome.REFUSED, Refusal.BUSY)
    return Answered(1, command.TYPE, outcome, refusal, None, detail)


def names(commands: list[Command]) -> list[str]:
    return [type(command).__name__ for command in commands]


# ------------------------------------------------------------ sound


@pytest.mark.parametrize(("asked", "paused"), [(0, 1), (1, 1), (180, 180), (181, PAUSE_MAX_S)])
def test_a_pause_is_as_long_as_asked_within_what_the_board_takes(asked: int, paused: int) -> None:
    audio = Audio(Journal(0), asked)
    audio.toggle_pause(0, "AM")
    assert audio.next_deadline() == paused * 1000


def test_what_the_board_says_counts_from_3_s_after_a_request() -> None:
    audio = Audio(Journal(0))
    audio.toggle_pause(10_000, "AM")
    assert audio.board_says(False, 12_999) == []
    assert audio.state == "paused"
    audio.board_says(False, 13_000)
    assert audio.state == "on"


def test_a_sound_that_is_off_is_switched_off_again_where_the_board_forgot_it_and_only_then() -> None:
    audio = Audio(Journal(0))
    audio.board_says(False, 10_000)
    assert names(audio.commands) == []
    audio.off(20_000, "quiet room", "AM")
    audio.commands.clear()
    audio.board_says(True, 30_000)
    assert names(audio.commands) == []
    audio.board_says(False, 31_000)
    assert names(audio.commands) == ["AudioPause"]


def test_a_reminder_names_what_is_silent_and_ends_with_it() -> None:
    audio = Audio(Journal(0))
    audio.alarm_off("spo2_low", 0, "probe off", "AM")
    (fact,) = audio.advance(REMIND_S * 1000)
    assert getattr(fact, "detail", "") == "spo2_low off: probe off"
    audio.off(REMIND_S * 1000, "quiet room", "AM")
    facts = audio.advance(2 * REMIND_S * 1000)
    assert [getattr(fact, "detail", "") for fact in facts] == ["sound off: quiet room; spo2_low off: probe off"]
    audio.alarm_on("spo2_low", 2 * REMIND_S * 1000, "AM")
    audio.on(2 * REMIND_S * 1000, "AM")
    assert audio.advance(3 * REMIND_S * 1000) == []
    assert audio.next_deadline() is None


# ------------------------------------------------------------ the board's side


def side(**more: Any) -> BoardSide:
    made = BoardSide(Setup(SESSION, 1, 0, 0, **more), Conduct())
    made.connected(hello())
    return made


def begun(**more: Any) -> BoardSide:
    """A board on which the session is open with its limits."""
    made = side(**more)
    made.heartbeat(beat(None), 1000)
    made.answered(answer(codec.SessionBegin), 1000)
    made.answered(answer(codec.SetLimits), 1000)
    made.take()
    return made


@pytest.mark.parametrize(
    ("minutes", "t_ms", "told"),
    [
        (30, 0, 32),
        (30, 600_000, 22),
        (30, 599_999, 22),
        (30, 600_001, 21),
        (1, 600_000, 1),
        (10_000, 0, MAX_MINUTES),
        (719, 60_000, 720),
        (None, 0, MAX_MINUTES),
    ],
)
def test_a_session_on_the_board_ends_2_minutes_after_the_host_would_end_it(
    minutes: float | None, t_ms: int, told: int
) -> None:
    board = side(minutes=minutes)
    board.heartbeat(beat(None), t_ms)
    (command,) = board.take()
    assert isinstance(command, codec.SessionBegin)
    assert (command.session, command.max_minutes, command.interval_s) == (SESSION, told, 0)


def test_a_request_can_be_sent_at_the_very_start_of_the_clock() -> None:
    board = side()
    board.heartbeat(beat(None), 0)
    assert names(board.take()) == ["SessionBegin"]


def test_after_a_refusal_the_same_request_waits_5_s() -> None:
    board = side()
    board.heartbeat(beat(None), 1000)
    board.take()
    board.answered(answer(codec.SessionBegin, good=False), 2000)
    board.heartbeat(beat(None), 2000 + RETRY_MS - 1)
    assert board.take() == []
    board.heartbeat(beat(None), 2000 + RETRY_MS)
    assert names(board.take()) == ["SessionBegin"]


def test_only_the_request_that_is_under_way_can_time_out() -> None:
    board = side()
    board.heartbeat(beat(None), 1000)
    board.take()
    board.timed_out(TimedOut(1, codec.Ping.TYPE, "no answer"))
    board.heartbeat(beat(None), 2000)
    assert board.take() == [], "the session's begin is still under way"
    board.timed_out(TimedOut(1, codec.SessionBegin.TYPE, "no answer"))
    board.heartbeat(beat(None), 3000)
    assert names(board.take()) == ["SessionBegin"]


def ours(board: BoardSide) -> codec.Heartbeat:
    return beat(SESSION, board._crc)


def test_an_interval_that_was_refused_is_asked_for_again_and_one_that_was_taken_is_not() -> None:
    board = begun()
    board.interval(None)
    board.heartbeat(ours(board), 10_000)
    (command,) = board.take()
    assert isinstance(command, codec.SetInterval)
    assert command.interval_s == 0, "none: no reading starts by itself"
    board.answered(answer(codec.SetInterval, good=False), 10_000)
    board.heartbeat(ours(board), 20_000)
    assert names(board.take()) == ["SetInterval"]
    board.answered(answer(codec.SetInterval), 20_000)
    board.heartbeat(ours(board), 30_000)
    assert board.take() == []


@pytest.mark.parametrize(("said", "sent"), [("0", ["ConfigSet"]), ("", ["ConfigSet"]), ("1", [])])
def test_the_waveform_is_switched_on_where_it_was_off(said: str, sent: list[str]) -> None:
    board = BoardSide(Setup(SESSION, 1, 0, 0), Conduct())
    board.connected(hello(capabilities=Capabilities.PPG_STREAM))
    board.heartbeat(beat(None), 1000)
    board.answered(answer(codec.SessionBegin), 1000)
    board.answered(answer(codec.SetLimits), 1000)
    board.take()
    board.heartbeat(ours(board), 2000)
    assert names(board.take()) == ["ConfigGet"]
    board.answered(answer(codec.ConfigGet, detail=said), 2000)
    assert names(board.take()) == sent


def test_the_end_is_confirmed_by_a_board_without_our_session_or_given_up_after_3_s() -> None:
    board = begun()
    board.end(10_000)
    assert "SessionEnd" in names(board.take())
    board.timed_out(TimedOut(1, codec.SessionEnd.TYPE, "no answer"))
    board.heartbeat(ours(board), 11_000)
    assert names(board.take()) == ["SessionEnd"], "still open there"
    board.timed_out(TimedOut(1, codec.SessionEnd.TYPE, "no answer"))
    board.advance(10_000 + END_MS - 1)
    assert not board.finished
    board.advance(10_000 + END_MS)
    assert (board.finished, board.confirmed_end) == (True, False)


def test_a_board_that_is_lost_while_the_session_ends_ends_it_and_one_before_does_not() -> None:
    board = begun()
    board.disconnected()
    assert not board.finished
    board.connected(hello())
    board.end(10_000)
    board.disconnected()
    assert (board.finished, board.confirmed_end) == (True, False)


# ------------------------------------------------------------ oscillograms


def wanted() -> Oscillograms:
    made = Oscillograms(Setup(SESSION, 1, 0, 0, oscillograms=True), Journal(0))
    made.connected(hello(capabilities=Capabilities.OSCILLOGRAM), "B1", 0)
    fields = dict.fromkeys(codec.NibpResult._fields, None) | {
        "flags": 0,
        "session": SESSION,
        "beats": 20,
        "cycle": 3,
        "outcome": 0,
        "doubts": 0,
    }
    made.result(codec.NibpResult(**fields), Vitals(0, 0, "cuff"), 1000)
    return made


@pytest.mark.parametrize(
    ("boot", "serial", "why"),
    [(2, "B1", "the board started again"), (1, "B2", "another board is there"), (2, "B2", "another board is there")],
)
def test_what_a_board_had_kept_is_gone_with_its_restart_and_with_the_board(boot: int, serial: str, why: str) -> None:
    facts = wanted().connected(hello(boot, Capabilities.OSCILLOGRAM), serial, 2000)
    assert [getattr(fact, "detail", "") for fact in facts] == [f"cycle 3: {why}"]


def test_the_same_board_that_comes_back_has_kept_it() -> None:
    assert wanted().connected(hello(1, Capabilities.OSCILLOGRAM), "B1", 2000) == []


# ------------------------------------------------------------ journal, words


def test_a_clock_that_was_set_and_a_time_away_are_in_seconds() -> None:
    journal = Journal(0)
    assert journal.clock_set(3_600_000, 0).value == 3600
    assert journal.away(1_000_000, "killed", 4_600_000, {}).value == 3600
    assert "nobody here watched for 3600 s" in journal.notices[-1]


@pytest.mark.parametrize(
    ("state", "words"),
    [("changed", "esk 2 CHANGED SINCE SIGNED"), ("signed", "esk 2 signed"), ("unsigned", "esk 2 unsigned")],
)
def test_a_profile_in_a_few_words_says_whether_it_is_as_it_was_signed(state: str, words: str) -> None:
    assert profile_words({"name": "esk", "version": "2", "state": state}) == words
    assert profile_words({}) == ""


def test_who_acts_has_a_longest_name() -> None:
    assert by_refusal("x" * BY_MAX) == ""
    assert by_refusal("x" * (BY_MAX + 1))
