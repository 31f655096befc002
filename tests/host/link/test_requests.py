# SPDX-License-Identifier: Apache-2.0
"""Commands: each is answered once, repeated without being done twice, and ended in time."""

from __future__ import annotations

from board_script import requests, said
from client_bench import ME, Bench, of

from vitalwire.link.commands import Abort, CuffStart, SetInterval
from vitalwire.link.events import Answered, TimedOut
from vitalwire_protocol import codec
from vitalwire_protocol.codec import Outcome


def test_a_command_is_accepted_and_then_done_each_once(connected: Bench) -> None:
    number = connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    assert (command.client, command.number) == (ME, number)  # type: ignore[union-attr]
    accepted, done = (connected.board.answer(command, o) for o in (Outcome.ACCEPTED, Outcome.DONE))
    assert [e.outcome for e in connected.get(accepted)] == [Outcome.ACCEPTED]  # type: ignore[union-attr]
    assert [e.outcome for e in connected.get(done)] == [Outcome.DONE]  # type: ignore[union-attr]
    assert connected.get(connected.board.answer(command, Outcome.DONE)) == []


def test_a_refusal_ends_a_request_with_its_reason(connected: Bench) -> None:
    number = connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    answer = connected.board.answer(command, Outcome.REFUSED, refusal=codec.Refusal.RESTING)
    assert connected.get(answer) == [
        Answered(number, codec.CuffStart.TYPE, Outcome.REFUSED, codec.Refusal.RESTING, None, "")
    ]
    assert of(connected.live(10_000), TimedOut) == []


def test_no_answer_is_asked_again_under_the_same_number_and_then_given_up(connected: Bench) -> None:
    number = connected.send(CuffStart.request())
    events = connected.live(10_000)
    asked = requests(connected.take())
    assert [m.number for m in asked] == [number] * 4  # type: ignore[union-attr]
    assert [(e.number, e.command) for e in of(events, TimedOut)] == [(number, codec.CuffStart.TYPE)]  # type: ignore[union-attr]


def test_a_late_answer_to_a_request_that_ended_poisons_nothing(connected: Bench) -> None:
    connected.send(CuffStart.request())
    (first,) = requests(connected.take())[:1]
    connected.live(6000)
    connected.take()
    second = connected.send(SetInterval.request(300))
    (command,) = requests(connected.take())
    assert connected.get(connected.board.answer(first, Outcome.DONE)) == []
    (event,) = connected.get(connected.board.answer(command, Outcome.DONE))
    assert event.number == second  # type: ignore[union-attr]


def test_a_lost_done_is_fetched_by_asking_again(connected: Bench) -> None:
    connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    connected.get(connected.board.answer(command, Outcome.ACCEPTED))
    connected.live(6000)
    (repeat,) = requests(connected.take())
    assert repeat.number == command.number  # type: ignore[union-attr]
    (event,) = connected.get(connected.board.answer(repeat, Outcome.DONE, value=3))
    assert isinstance(event, Answered)
    assert event.value == 3


def test_a_board_that_forgot_an_accepted_request_does_not_turn_it_into_a_refusal(connected: Bench) -> None:
    connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    connected.get(connected.board.answer(command, Outcome.ACCEPTED))
    assert connected.get(connected.board.answer(command, Outcome.REFUSED, refusal=codec.Refusal.BAD_VALUE)) == []
    assert len(connected.get(connected.board.answer(command, Outcome.DONE))) == 1


def test_an_answer_to_another_client_is_not_ours(connected: Bench) -> None:
    connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    assert connected.get(connected.board.answer(command._replace(client=7), Outcome.DONE)) == []


def test_requests_go_one_after_the_other_and_nothing_overtakes(connected: Bench) -> None:
    first = connected.send(CuffStart.request())
    second = connected.send(SetInterval.request(300))
    connected.live(2000)
    sent = said(connected.take())
    assert {m.number for m in sent} == {first}  # type: ignore[union-attr]
    connected.get(connected.board.answer(sent[0], Outcome.ACCEPTED))
    connected.wait(0)
    assert second in {m.number for m in said(connected.take())}  # type: ignore[union-attr]


def test_stopping_the_cuff_waits_for_nothing(connected: Bench) -> None:
    connected.send(SetInterval.request(300))
    connected.take()
    connected.send(Abort.request())
    assert [type(m) for m in requests(connected.take())] == [codec.Abort]


def test_a_command_given_while_the_link_is_down_is_sent_when_it_comes_back_soon(connected: Bench) -> None:
    connected.client.link_closed(connected.now, "unplugged")
    connected.send(CuffStart.request())
    connected.wait(1000)
    connected.open()
    connected.get(connected.board.hello())
    assert [type(m) for m in requests(connected.take())] == [codec.CuffStart]


def test_a_command_given_while_the_link_is_down_is_dropped_rather_than_done_late(connected: Bench) -> None:
    connected.client.link_closed(connected.now, "unplugged")
    number = connected.send(CuffStart.request())
    (event,) = of(connected.wait(10_000), TimedOut)
    assert event.number == number  # type: ignore[union-attr]
    connected.open()
    connected.get(connected.board.hello())
    assert requests(connected.take()) == []


def test_a_request_is_never_repeated_to_a_board_that_started_again(connected: Bench) -> None:
    number = connected.send(CuffStart.request())
    connected.take()
    connected.board.restart()
    events = connected.get(connected.board.hello())
    assert [e.number for e in of(events, TimedOut)] == [number]  # type: ignore[union-attr]
    connected.live(5000)
    assert requests(connected.take()) == []


def test_a_number_is_not_used_again_while_its_request_is_open(connected: Bench) -> None:
    number = connected.send(CuffStart.request())
    (command,) = requests(connected.take())
    connected.get(connected.board.answer(command, Outcome.ACCEPTED))
    numbers = [connected.client._requests.number(codec.Ping.request()).number for _ in range(70_000)]
    assert number not in numbers
    assert 0 not in numbers
