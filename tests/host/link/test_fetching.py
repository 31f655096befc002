# SPDX-License-Identifier: Apache-2.0
"""Getting an oscillogram from a board: parts in any order, lost ones asked for again, and an end to it."""

from __future__ import annotations

import itertools

import pytest
from oscillogram_parts import beats, parts

from vitalwire.link.events import Answered, TimedOut
from vitalwire.link.fetching import AGAIN_MS, ATTEMPTS, Fetching, Missed
from vitalwire.link.oscillogram import Assembly, Beat
from vitalwire_protocol import codec
from vitalwire_protocol.codec import OscillogramGet, Outcome, Refusal

DONE = Answered(1, OscillogramGet.TYPE, Outcome.DONE, 0, None, "")
TIMED_OUT = TimedOut(1, OscillogramGet.TYPE, "the board did not answer")


def refused(refusal: int) -> Answered:
    return Answered(1, OscillogramGet.TYPE, Outcome.REFUSED, refusal, None, "")


def asked(fetching: Fetching, t_ms: int) -> list[int]:
    return [request.cycle for request in fetching.take(t_ms)]


@pytest.fixture
def fetching() -> Fetching:
    """A board is there, and the oscillogram of cycle 1 has been asked for."""
    fetching = Fetching()
    fetching.connected(0)
    assert fetching.want(1, 0) is None
    assert asked(fetching, 0) == [1]
    return fetching


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_parts_in_any_order_give_the_beats_in_order_of_time(order: tuple[int, ...]) -> None:
    three, assembly = parts(25, each=10), Assembly(1)
    *first, whole = [assembly.add(three[i]) for i in order]
    assert first == [None, None]
    assert whole is not None
    assert whole.beats == tuple(Beat(t / 100, p / 100, a / 1000) for p, a, t in beats(25))
    assert (whole.cycle, whole.algorithm, whole.direction, whole.left_out) == (1, 2, "deflation", 1)
    assert (whole.noise_mmhg, whole.begin_mmhg, whole.end_mmhg) == (0.12, 160.0, 50.0)


def test_a_part_that_comes_twice_counts_once() -> None:
    two, assembly = parts(20, each=10), Assembly(1)
    assert assembly.add(two[0]) is assembly.add(two[0]) is None
    whole = assembly.add(two[1])
    assert whole is not None
    assert len(whole.beats) == 20


def test_a_part_of_another_cycle_and_an_impossible_part_are_none() -> None:
    two, assembly = parts(20, each=10), Assembly(1)
    assert assembly.add(two[0]._replace(cycle=2)) is None
    assert assembly.add(two[0]._replace(part=2)) is None
    assert assembly.add(two[0]._replace(parts=0)) is None
    assert assembly.missing == "no part of it came"


def test_parts_that_do_not_belong_together_are_not_joined() -> None:
    two, assembly = parts(20, each=10), Assembly(1)
    assembly.add(two[0])
    assert assembly.add(two[1]._replace(algorithm=9)) is None
    assert assembly.missing == "part 1 of 2 never came"


def test_a_board_of_protocol_1_0_tells_nothing_of_what_was_appended() -> None:
    (part,) = parts(10)
    old = part._replace(direction=None, left_out=None, noise_mmmhg=None, begin_cmmhg=None, end_cmmhg=None, algorithm=1)
    whole = Assembly(1).add(old)
    assert whole is not None
    assert (whole.direction, whole.left_out, whole.noise_mmhg, whole.begin_mmhg, whole.end_mmhg) == (None,) * 5


# ---------------------------------------------------------------- asking


def test_nothing_is_asked_before_a_board_is_there() -> None:
    fetching = Fetching()
    fetching.want(1, 0)
    assert fetching.next_deadline() is None
    assert asked(fetching, 10_000) == []
    fetching.connected(10_000)
    assert fetching.next_deadline() == 10_000
    assert asked(fetching, 10_000) == [1]


def test_the_oscillogram_is_there_with_its_last_part_whatever_the_answer(fetching: Fetching) -> None:
    (part,) = parts()
    whole = fetching.part(part)
    assert whole is not None
    assert len(whole.beats) == 30
    assert fetching.answered(DONE, 50) is None
    assert fetching.next_deadline() is None
    assert fetching.part(part) is None, "nothing is wanted any more"


def test_a_lost_part_is_asked_for_again_and_those_that_came_count(fetching: Fetching) -> None:
    two = parts(20, each=10)
    fetching.part(two[1])
    assert fetching.answered(DONE, 100) is None
    assert asked(fetching, 100 + AGAIN_MS - 1) == []
    assert asked(fetching, 100 + AGAIN_MS) == [1]
    assert fetching.part(two[0]) is not None


def test_a_busy_board_is_asked_again_and_not_for_ever(fetching: Fetching) -> None:
    t_ms, missed, questions = 0, None, 1
    while missed is None:
        missed = fetching.answered(refused(Refusal.BUSY), t_ms)
        t_ms = fetching.next_deadline() or t_ms
        questions += len(asked(fetching, t_ms))
    assert missed == Missed(1, "the board was busy")
    assert questions == ATTEMPTS
    assert fetching.next_deadline() is None


def test_parts_that_never_come_are_named_in_the_end(fetching: Fetching) -> None:
    fetching.part(parts(20, each=10)[0])
    missed = None
    for attempt in range(ATTEMPTS):
        missed = fetching.answered(DONE, attempt * AGAIN_MS)
        fetching.take((attempt + 1) * AGAIN_MS)
    assert missed == Missed(1, "part 2 of 2 never came")


def test_what_the_board_does_not_have_is_not_asked_for_again(fetching: Fetching) -> None:
    assert fetching.answered(refused(Refusal.NOT_FOUND), 10) == Missed(1, "the board has it no more")
    assert fetching.next_deadline() is None


def test_another_refusal_is_said_in_its_words(fetching: Fetching) -> None:
    assert fetching.answered(refused(Refusal.UNKNOWN_COMMAND), 10) == Missed(1, "unknown command")


def test_acceptance_and_answers_to_others_change_nothing(fetching: Fetching) -> None:
    accepted = Answered(1, OscillogramGet.TYPE, Outcome.ACCEPTED, 0, None, "")
    other = Answered(1, codec.CuffStart.TYPE, Outcome.REFUSED, Refusal.BUSY, None, "")
    assert fetching.answered(accepted, 10) is fetching.answered(other, 10) is None
    assert fetching.timed_out(TimedOut(1, codec.CuffStart.TYPE, "x"), 10) is None
    assert (fetching.wanted, fetching.next_deadline()) == (1, None)


def test_a_link_that_is_lost_in_between_goes_on_when_it_is_back(fetching: Fetching) -> None:
    fetching.disconnected()
    assert fetching.timed_out(TIMED_OUT, 4000) is None
    assert fetching.next_deadline() is None, "nobody hears us"
    fetching.connected(60_000)
    assert asked(fetching, 60_000) == [1]


def test_a_link_that_is_back_at_once_does_not_ask_twice(fetching: Fetching) -> None:
    fetching.disconnected()
    fetching.connected(500)  # the request itself is repeated under its number
    assert asked(fetching, 500) == []
    assert fetching.answered(DONE, 600) is None
    assert asked(fetching, 600 + AGAIN_MS) == [1]


def test_a_newer_cycle_takes_the_place_of_an_older_one_and_its_late_answer_harms_nothing(fetching: Fetching) -> None:
    assert fetching.want(2, 100) == Missed(1, "a newer cycle took its place")
    assert asked(fetching, 100) == [2]
    assert fetching.answered(refused(Refusal.NOT_FOUND), 150) is None, "that was about cycle 1"
    assert fetching.wanted == 2
    assert fetching.part(parts(cycle=2)[0]) is not None


def test_giving_up_is_said_once(fetching: Fetching) -> None:
    assert fetching.drop("the session ended") == Missed(1, "the session ended")
    assert fetching.drop("the session ended") is None
    assert fetching.timed_out(TIMED_OUT, 4000) is None
