# SPDX-License-Identifier: Apache-2.0
"""A board whose program does not run, or that began again: nothing is sent into its prompt, and no reading of a new
start gets a time of the old one."""

from __future__ import annotations

import pytest
from board_script import BoardScript
from client_bench import Bench, kinds, of

from vitalwire.link.commands import CuffStart
from vitalwire.link.events import Connected, Lost, NoHello, Received, Restarted, Silent, Stopped, TimedOut
from vitalwire_protocol import codec

PROMPT = b"\r\n>>> "


def test_a_board_in_service_mode_is_said_and_left_in_peace(bench: Bench) -> None:
    bench.open()
    bench.take()
    events = bench.get(bench.board.hello(service=1, reset_fault=codec.Fault.CRASH_LOOP))
    (stopped,) = events
    assert isinstance(stopped, Stopped)
    assert stopped.cause == "service"
    assert "service mode, because of crash_loop" in stopped.why
    assert bench.wait(60_000) == []
    assert bench.take() == b"", "each byte would go into its prompt, and 0x04 restarts it"


def test_a_board_that_gives_up_while_it_is_monitored_is_said_once(connected: Bench) -> None:
    connected.board.restart()
    events = connected.get(connected.board.hello(service=1, reset_fault=codec.Fault.CRASH_LOOP))
    events += connected.get(connected.board.hello(service=1, reset_fault=codec.Fault.CRASH_LOOP))
    assert kinds(events) == ["Restarted", "Stopped"]
    connected.take()
    assert connected.wait(60_000) == []
    assert connected.take() == b""


def test_a_prompt_in_the_middle_stops_the_talk(connected: Bench) -> None:
    connected.wait(0)
    connected.take()
    number = connected.send(CuffStart.request())
    connected.take()
    events = connected.get(b"\0" + PROMPT) + connected.wait(60_000)
    assert "prompt" in of(events, Stopped)[0].why  # type: ignore[union-attr]
    assert [event.number for event in of(events, TimedOut)] == [number]  # type: ignore[union-attr]
    assert not of(events, Silent)
    assert connected.take() == b""


def test_a_prompt_instead_of_a_hello_is_asked_nothing_more(bench: Bench) -> None:
    bench.open()
    events = bench.get(PROMPT) + bench.wait(1500)
    bench.take()
    events += bench.wait(30_000)
    assert bench.take() == b""
    assert [event.cause for event in of(events, NoHello)] == ["repl"]  # type: ignore[union-attr]


def test_a_prompt_that_answers_every_question_is_found_out_before_the_second_one(bench: Bench) -> None:
    bench.open()
    events = []
    asked = 0
    for _ in range(40):  # a real one: it restarts at our Ctrl-D and greets, within milliseconds
        if bench.take():
            asked += 1
            bench.wait(100)
            events += bench.get(b'\r\nMicroPython v1.26 on 2026-01-01; Pico\r\nType "help()"\r\n>>> ')
        events += bench.wait(100)
    assert asked == 1
    assert [event.cause for event in of(events, NoHello)] == ["repl"]  # type: ignore[union-attr]


@pytest.mark.parametrize("sign", ["hello", "heartbeat"])
def test_a_program_that_runs_again_is_welcome(connected: Bench, sign: str) -> None:
    connected.get(b"\0" + PROMPT)
    connected.wait(5_000)
    connected.take()
    if sign == "heartbeat":  # a hello may have been missed; a board at its prompt has no heartbeat
        connected.get(b"\0" + connected.board.heartbeat(connected.now))
        assert connected.take() != b"", "it is asked who it is"
    events = connected.get(b"\0" + connected.board.hello(connected.now))
    assert of(events, Connected)


# ---------------------------------------------------------------- the same count of starts is not the same start


def test_what_a_new_start_sends_before_its_hello_gets_the_new_start_s_times(connected: Bench) -> None:
    connected.live(20_000)
    connected.board.restart()
    boot = connected.board.frame(codec.Event(0, 0, codec.EventKind.BOOT, 0, None, ""), 0)
    assert connected.get(boot) == []
    events = connected.get(connected.board.hello(t_ms=0))
    assert kinds(events) == ["Restarted", "Connected", "Received"]
    (received,) = of(events, Received)
    assert received.utc_ms == 1_000_000 + 20_000  # type: ignore[union-attr]


def test_a_restart_behind_a_high_sequence_is_no_loss_of_thousands_of_frames(connected: Bench) -> None:
    connected.board.seq = 40_000
    connected.get(connected.board.reading(t_ms=50_000))
    connected.client.decoder.take_losses()
    connected.board.restart()
    events = connected.get(connected.board.frame(codec.Event(0, 0, codec.EventKind.BOOT, 0, None, ""), 0))
    events += connected.get(connected.board.hello())
    assert not of(events, Lost)


def test_a_restart_whose_hello_never_comes_is_a_silence(connected: Bench) -> None:
    connected.live(5_000)
    connected.board.restart()
    connected.get(connected.board.frame(codec.Event(0, 0, codec.EventKind.BOOT, 0, None, ""), 0))
    assert len(of(connected.wait(10_000), Silent)) == 1


def test_a_board_that_could_not_count_its_start_is_known_by_its_clock(connected: Bench) -> None:
    connected.live(5_000)
    connected.client.link_closed(connected.now, "unplugged")
    connected.now += 8_000
    connected.open()
    connected.board = BoardScript(boot=connected.board.boot)
    events = connected.get(connected.board.hello(t_ms=600) + connected.board.reading(t_ms=1_000))
    assert kinds(events) == ["Restarted", "Connected", "Received"]
    assert events[0] == Restarted(1, 0)
    (received,) = of(events, Received)
    assert received.utc_ms == 1_000_000 + 13_000, "never the time that the old clock gave"  # type: ignore[union-attr]


def test_after_the_computer_slept_the_clock_is_fitted_anew_and_nothing_is_called_a_restart(connected: Bench) -> None:
    connected.live(5_000)
    connected.client.link_closed(connected.now, "unplugged")
    connected.open()
    events = connected.get(connected.board.hello(t_ms=3_600_000) + connected.board.reading(t_ms=3_601_000))
    assert kinds(events) == ["Connected", "Received"]
    assert connected.client.utc_ms(3_600_000) == 1_000_000 + 5_000
