# SPDX-License-Identifier: Apache-2.0
"""The peers hear the very same windows; what they raise is no value."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from accuracy import peers
from accuracy.dataset import PpgRecord
from accuracy.outcomes import Window
from accuracy.signals import Signal

RECORD = PpgRecord("meadow", "meadow/a", Path("a"), None, 60, None, 0.0)
SIGNAL = Signal(RECORD, 2.0, ("ir",), "ir", list(range(3000, 0, -1)), Path("a"))
OURS = [
    Window("meadow", "meadow/a", "vitalwire", "pulse", 7.0, 60.0, 61.0, 90, "ok"),
    Window("meadow", "meadow/a", "vitalwire", "pulse", 17.0, 60.0, None, None, "motion"),
]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """A peer that always says 70, and what it was given."""
    given: list[list[float]] = []

    def rate(wave: Sequence[float]) -> float:
        given.append(list(wave))
        return 70.0

    monkeypatch.setattr(peers, "PEERS", {"listener": rate})
    monkeypatch.setattr(peers, "missing", list)
    return given


def test_a_peer_hears_the_window_of_the_true_record_upright(heard: list[list[float]]) -> None:
    peers.windows(SIGNAL, OURS)
    assert [wave[0] for wave in heard] == [-3000, -2000]
    assert [len(wave) for wave in heard] == [1000, 1000]
    assert heard[0][1] > heard[0][0], "the counts fall, the peers' wave rises"


def test_a_peer_is_counted_on_all_windows_and_on_ours(heard: list[list[float]]) -> None:
    found = peers.windows(SIGNAL, OURS)
    assert [(w.method, w.t_s) for w in found] == [("listener", 7.0), ("listener@ours", 7.0), ("listener", 17.0)]
    assert len(heard) == 2


def test_windows_without_a_reference_are_not_asked(heard: list[list[float]]) -> None:
    assert peers.windows(SIGNAL, [replace(OURS[0], reference=None)]) == []
    assert heard == []


def test_what_a_peer_raises_or_warns_of_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Sequence[float]) -> float:
        raise RuntimeError("no peaks")

    def strange(_: Sequence[float]) -> float:
        warnings.warn("mean of nothing", RuntimeWarning, stacklevel=1)
        return float("nan")

    monkeypatch.setattr(peers, "PEERS", {"broken": broken, "strange": strange})
    monkeypatch.setattr(peers, "missing", list)
    assert [(w.value, w.reason) for w in peers.windows(SIGNAL, OURS[1:])] == [(None, "no_value")] * 2


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", {"no_such_peer_anywhere": lambda _: 1.0})
    assert peers.missing() == ["no_such_peer_anywhere"]
    assert peers.windows(SIGNAL, OURS) == []
