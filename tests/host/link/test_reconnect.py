# SPDX-License-Identifier: Apache-2.0
"""When the port is tried again."""

from __future__ import annotations

from vitalwire.link.reconnect import Reconnect


def attempts(machine: Reconnect, until_ms: int) -> list[int]:
    """The times of all attempts up to `until_ms` if every one fails."""
    times = []
    while (deadline := machine.next_deadline()) is not None and deadline <= until_ms:
        assert machine.advance(deadline)
        times.append(deadline)
        machine.failed(deadline)
    return times


def test_the_first_attempt_is_at_once() -> None:
    machine = Reconnect()
    assert machine.next_deadline() is None
    machine.start(1000)
    assert machine.next_deadline() == 1000
    assert machine.advance(1000)
    assert not machine.advance(1000), "one attempt at a time"


def test_the_pauses_double_up_to_five_seconds() -> None:
    machine = Reconnect()
    machine.start(0)
    assert attempts(machine, 20_000) == [0, 250, 750, 1750, 3750, 7750, 12_750, 17_750]


def test_an_open_port_is_left_alone() -> None:
    machine = Reconnect()
    machine.start(0)
    machine.advance(0)
    machine.opened()
    assert machine.next_deadline() is None
    assert not machine.advance(10_000)


def test_a_lost_link_that_was_good_is_tried_quickly() -> None:
    machine = Reconnect()
    machine.start(0)
    attempts(machine, 20_000)
    machine.advance(22_750)
    machine.opened()
    machine.confirmed()
    machine.lost(60_000)
    assert attempts(machine, 61_000) == [60_250, 60_750]


def test_a_port_that_opens_and_dies_is_not_hammered() -> None:
    machine = Reconnect()
    machine.start(0)
    now = 0
    for _ in range(8):
        machine.advance(now)
        machine.opened()
        machine.lost(now)
        now = machine.next_deadline() or 0
    assert machine.next_deadline() == 0 + 250 + 500 + 1000 + 2000 + 4000 + 3 * 5000


def test_after_stop_nothing_is_tried() -> None:
    machine = Reconnect()
    machine.start(0)
    machine.stop()
    machine.failed(10)
    assert machine.next_deadline() is None
