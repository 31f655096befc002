# SPDX-License-Identifier: Apache-2.0
"""Delivery: in order, at least once, whatever the counterpart does; and nobody waits for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sink_bench import ORIGIN, Event, ListSink, bench, reading, until, wave

from vitalwire.delivery.spool import Spool
from vitalwire.errors import CheckFailed, LinkLost, PortBusy, SinkRefused, UsageError


def test_items_arrive_in_order_once_each_and_with_their_origin() -> None:
    sink = ListSink()
    hub, _ = bench({"list": sink})
    for number in range(500):
        hub.put(reading(number), ORIGIN)
    (standing,) = hub.end(10)
    assert sink.numbers == list(range(1, 501))
    assert [d.item for d in sink.got] == [reading(n) for n in range(500)]
    assert {d.origin for d in sink.got} == {ORIGIN}
    assert not any(d.late or d.repeated for d in sink.got)
    assert standing.delivered == 500
    assert hub.problem() is None


def test_a_sink_is_given_only_what_it_wants() -> None:
    numbers, waves = ListSink(), ListSink(frozenset({"wave"}))
    hub, _ = bench({"numbers": numbers, "waves": waves})
    hub.put(reading(1), ORIGIN)
    hub.put(wave(1), ORIGIN)
    hub.put(Event(0, "board", "finger_off"), ORIGIN)
    assert hub.wants == {"reading", "event", "wave"}
    hub.end(5)
    assert numbers.numbers == [1, 3]
    assert waves.numbers == [2]


def test_what_came_while_a_sink_was_away_is_delivered_in_order_when_it_is_back() -> None:
    sink = ListSink()
    hub, said = bench({"list": sink})
    hub.put(reading(1), ORIGIN)
    until(lambda: sink.numbers == [1])
    sink.away = True
    for number in range(2, 300):
        hub.put(reading(number), ORIGIN)
    until(lambda: hub.workers[0].standing().state == "down")
    sink.away = False
    hub.end(10)
    assert sink.numbers == list(range(1, 300))
    assert any("the connection broke" in text for text in said)
    assert any("is back after" in text for text in said)


def test_what_may_have_arrived_before_the_connection_broke_is_marked_as_repeated() -> None:
    sink = ListSink()
    sink.away = True
    hub, _ = bench({"list": sink})
    for number in range(1, 11):
        hub.put(reading(number), ORIGIN)
    sink.cut_after = 4
    sink.away = False
    hub.end(10)
    firsts = sink.got[:4]
    again = sink.got[4:]
    assert [d.number for d in again] == list(range(1, 11)), "at least once, and in order"
    assert not any(d.repeated for d in firsts)
    assert all(d.repeated for d in again), "nobody knows which of a batch came through"
    assert {d.key for d in firsts} <= {d.key for d in again}, "the key of a repeat is that of the first"
    assert sink.got[-1].key == "test-10"


def test_only_what_was_under_way_is_marked_as_repeated() -> None:
    sink = ListSink()
    hub, _ = bench({"list": sink})
    sink.cut_after = 0
    hub.put(reading(1), ORIGIN)
    until(lambda: bool(sink.got))
    hub.put(reading(2), ORIGIN)
    hub.end(5)
    assert [(d.number, d.repeated) for d in sink.got] == [(1, True), (2, False)]


def test_what_waited_is_marked_late(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = ListSink()
    sink.away = True
    hub, _ = bench({"list": sink})
    now = time.time_ns() // 1_000_000
    worker = hub.workers[0]
    monkeypatch.setattr(worker, "_now_ms", lambda: now)
    hub.put(reading(1), ORIGIN)
    monkeypatch.setattr(worker, "_now_ms", lambda: now + 6_000)
    hub.put(reading(2), ORIGIN)
    hub.put(reading(3), ORIGIN, late=True)
    sink.away = False
    hub.end(5)
    assert [(d.number, d.late) for d in sink.got] == [(1, True), (2, False), (3, True)]


def test_an_item_that_is_refused_is_counted_and_said_and_the_rest_goes_on() -> None:
    sink = ListSink()
    sink.refuses = lambda item: item == reading(3)
    hub, said = bench({"list": sink})
    for number in range(1, 7):
        hub.put(reading(number), ORIGIN)
    (standing,) = hub.end(5)
    assert sink.numbers == [1, 2, 4, 5, 6]
    assert standing.refused == 1
    assert standing.delivered == 5
    assert isinstance(hub.problem(), CheckFailed)
    assert any("did not take item 3" in text for text in said)


def test_a_stuck_sink_holds_up_neither_the_source_nor_the_other_sinks() -> None:
    stuck, good = ListSink(), ListSink()
    stuck.stuck.set()
    hub, _ = bench({"stuck": stuck, "good": good})
    for number in range(1, 2001):
        hub.put(reading(number), ORIGIN)
    until(lambda: len(good.got) == 2000)
    assert stuck.got == []
    stuck.stuck.clear()
    hub.end(10)
    assert stuck.numbers == list(range(1, 2001))


def test_a_wrong_password_ends_that_sink_with_its_reason_and_the_others_go_on() -> None:
    unwelcome, good = ListSink(), ListSink()
    unwelcome.unwelcome = True
    hub, said = bench({"unwelcome": unwelcome, "good": good})
    hub.put(reading(1), ORIGIN)
    until(lambda: hub.workers[0].standing().state == "refused")
    assert not hub.all_refused()
    hub.put(reading(2), ORIGIN)
    hub.end(5)
    assert good.numbers == [1, 2]
    problem = hub.problem()
    assert isinstance(problem, SinkRefused)
    assert problem.exit_code == 4
    assert any("wrong password" in text for text in said)


def test_beyond_the_bound_the_oldest_go_and_the_loss_is_counted_said_and_delivered() -> None:
    sink = ListSink()
    sink.away = True
    spool = Spool(None, bytes_max=20_000)
    hub, said = bench({"list": sink}, {"list": spool})
    for number in range(1, 201):
        hub.put(reading(number), ORIGIN)
    sink.away = False
    (standing,) = hub.end(10)
    lost, *rest = sink.got
    assert isinstance(lost.item, Event)
    assert (lost.item.name, lost.item.value) == ("stream_dropped", standing.dropped)
    assert standing.dropped > 100
    assert [d.number for d in rest] == list(range(standing.dropped + 1, 201)), "the newest are kept, in order"
    assert any(f"{standing.dropped} in all" in text for text in said)
    problem = hub.problem()
    assert isinstance(problem, CheckFailed)
    assert f"{standing.dropped} items were lost" in str(problem)


def test_what_a_run_could_not_deliver_is_delivered_by_the_next_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "list.spool"
    away = ListSink()
    away.away = True
    hub, _ = bench({"list": away}, {"list": Spool(path)})
    for number in range(1, 101):
        hub.put(reading(number), ORIGIN)
    hub.end(0)
    problem = hub.problem()
    assert isinstance(problem, LinkLost)
    assert "100 items wait in" in str(problem)
    back = ListSink()
    hub, _ = bench({"list": back}, {"list": Spool(path)})
    until(lambda: len(back.got) == 100)
    hub.end(5)
    assert back.numbers == list(range(1, 101))
    assert back.origin == ORIGIN
    assert all(d.repeated for d in back.got[:64]), "a batch may have been under way when the run ended"
    assert not any(d.repeated for d in back.got[64:])


def test_items_of_a_record_that_an_earlier_run_took_are_not_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "list.spool"
    sink = ListSink()
    for _ in range(2):
        hub, _ = bench({"list": sink}, {"list": Spool(path)})
        hub.workers[0].resume("test")
        for number in range(1, 11):
            hub.put(reading(number), ORIGIN, number=number)
        hub.end(5)
    assert sink.numbers == list(range(1, 11))


def test_two_programs_do_not_share_a_spool(tmp_path: Path) -> None:
    first = Spool(tmp_path / "a.spool")
    first.put(1, "a-1", reading(1), ORIGIN, False, 0)
    with pytest.raises(PortBusy, match="another program"):
        Spool(tmp_path / "a.spool")
    first.close()


def test_a_file_that_is_no_spool_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(UsageError, match="cannot be used"):
        Spool(path)
    assert path.read_bytes() == b"this is no database" * 100


def test_an_error_of_the_sink_itself_is_said_and_stops_nobody_else() -> None:
    class Broken(ListSink):
        def open(self, _origin: object) -> None:
            raise ZeroDivisionError("a slip")

    broken, good = Broken(), ListSink()
    hub, said = bench({"broken": broken, "good": good})
    hub.put(reading(1), ORIGIN)
    hub.end(1)
    assert good.numbers == [1]
    assert any("ZeroDivisionError: a slip" in text for text in said)
    assert isinstance(hub.problem(), LinkLost)


def test_a_sink_with_nothing_to_deliver_is_asked_now_and_then_whether_it_is_still_there() -> None:
    sink = ListSink()
    hub, _ = bench({"list": sink})
    hub.put(reading(1), ORIGIN)
    until(lambda: sink.idled >= 1)
    hub.end(1)


def test_while_the_disk_of_the_spool_is_full_what_comes_is_delivered_and_kept_in_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "list.spool")
    spool._db.execute("PRAGMA max_page_count=1")  # from now on SQLite says "database or disk is full"
    sink = ListSink()
    sink.away = True
    hub, _ = bench({"list": sink}, {"list": spool})
    for number in range(1, 2001):
        hub.put(reading(number), ORIGIN)
    assert "full" in spool.trouble
    sink.away = False
    until(lambda: len(sink.got) >= 2000)
    spool._db.execute("PRAGMA max_page_count=1000000")
    hub.put(reading(2001), ORIGIN)
    (standing,) = hub.end(10)
    assert sink.numbers == list(range(1, 2002)), "in order, each once"
    assert standing.dropped == 0
    assert spool.trouble == ""


def test_a_disk_that_takes_no_deletion_does_not_bring_anything_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "list.spool")
    for number in range(1, 11):
        spool.put(number, f"k-{number}", reading(number), ORIGIN, False, 0)
    spool._db.execute("CREATE TRIGGER stuck BEFORE DELETE ON waiting BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    spool.done(spool.first(4)[-1].place)
    assert [one.number for one in spool.first(20)] == [5, 6, 7, 8, 9, 10]
    assert spool.waiting == 6
    assert "full" in spool.trouble
    spool.close()


def test_at_the_end_a_sink_that_is_there_again_is_tried_at_once_also_behind_one_that_stays_away() -> None:
    gone, back = ListSink(), ListSink()
    gone.away = back.away = True
    hub, _ = bench({"gone": gone, "back": back}, first_pause_s=20)
    hub.put(reading(1), ORIGIN)
    until(lambda: all(worker.standing().state == "down" for worker in hub.workers))
    back.away = False
    hub.end(1)
    assert back.numbers == [1]
    assert gone.numbers == []
