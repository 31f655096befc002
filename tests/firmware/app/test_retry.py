# SPDX-License-Identifier: Apache-2.0
"""A reading that failed is tried once more in a session, under a number of its own; then a person is waited for."""

from __future__ import annotations

from collections.abc import Callable

from talk import Talk

from vitalwire_protocol.codec import CuffStart, Event, EventKind, NibpOutcome, NibpResult, SessionBegin, Trigger

Open = Callable[..., Talk]


def test_a_failed_reading_is_tried_once_more_and_belongs_to_the_session(board: Open) -> None:
    talk = board()
    talk.twin.do("fault", name="pump_dead")
    talk.ask(SessionBegin, 4, 0, 60, 0)
    talk.send(CuffStart)
    talk.run_pinging(200)
    results = talk.all(NibpResult)
    assert [(r.trigger, r.attempt, r.session) for r in results] == [(Trigger.HOST, 1, 4), (Trigger.RETRY, 2, 4)]
    assert {r.outcome for r in results} == {NibpOutcome.NO_INFLATION}
    started = [e.value for e in talk.all(Event) if e.event == EventKind.CUFF_STARTED]
    assert started == [r.cycle for r in results], "each start is told"
    assert results[1].started_ms - results[0].started_ms >= 60_000


def test_no_retry_outside_a_session(board: Open) -> None:
    talk = board()
    talk.twin.do("fault", name="pump_dead")
    talk.send(CuffStart)
    talk.run_pinging(150)
    assert [r.trigger for r in talk.all(NibpResult)] == [Trigger.HOST]


def test_no_retry_while_the_external_layer_has_tripped(board: Open) -> None:
    talk = board()
    talk.twin.do("fault", name="pump_dead")
    talk.ask(SessionBegin, 4, 0, 60, 0)
    talk.send(CuffStart)
    talk.run_pinging(20)
    talk.twin.do("fault", name="external_missing")
    talk.run_pinging(150)
    assert len(talk.all(NibpResult)) == 1
