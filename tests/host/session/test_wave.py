# SPDX-License-Identifier: Apache-2.0
"""The last seconds of the pleth wave: what came, when it was taken, and nothing in between."""

from __future__ import annotations

from vitalwire.session.wave import Wave
from vitalwire_protocol.codec import Ppg


def batch(first: int, *, lost: int = 0) -> Ppg:
    return Ppg(0, 0, first, 100, lost, tuple(value for n in range(10) for value in (1000 + n, 2000 + n)))


def test_samples_keep_their_channels_and_their_time() -> None:
    wave = Wave()
    wave.add(batch(0), 1000)
    (kept,) = wave.since(0)
    assert kept.red == tuple(range(1000, 1010))
    assert kept.ir == tuple(range(2000, 2010))
    assert (kept.begin_ms, kept.t_ms) == (910, 1000)


def test_what_was_lost_is_said_and_not_filled_in() -> None:
    wave = Wave()
    wave.add(batch(0), 1000)
    wave.add(batch(20, lost=10), 1200)
    assert [(kept.lost, len(kept.ir)) for kept in wave.since(0)] == [(0, 10), (10, 10)]


def test_it_is_bounded_and_gives_what_ends_after_a_moment() -> None:
    wave = Wave(kept_ms=500)
    for n in range(100):
        wave.add(batch(10 * n), 100 * n)
    assert [kept.t_ms for kept in wave.since(9700)] == [9800, 9900]
    assert len(wave.since(0)) == 6


def test_an_empty_batch_is_none() -> None:
    wave = Wave()
    wave.add(Ppg(0, 0, 0, 100, 0, ()), 1000)
    assert wave.since(0) == ()
