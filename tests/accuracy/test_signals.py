# SPDX-License-Identifier: Apache-2.0
"""How a record is made ready: continued at its ends, upright for the peers, and known by its set in one table only."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from accuracy.dataset import read_dataset
from accuracy.sets import SETS, SetRule, rule
from accuracy.signals import AFTER_S, BEFORE_S, Signal, extend, prepare
from vitalwire.errors import UsageError


def one(folder: Any, tmp_path: Path) -> Signal:
    (record,) = read_dataset(folder.close()).ppg
    return prepare(record, tmp_path / "a.rec")


def test_the_continuation_has_no_jump_and_a_rise_stays_a_rise() -> None:
    values = [1000 + 10 * i + round(50 * math.sin(i / 5)) for i in range(60)]
    out = extend(values, 40, 40)
    assert out[40:100] == values
    for k in range(1, 40):
        assert out[40 - k] == 2 * values[0] - values[k]
        assert out[99 + k] == 2 * values[-1] - values[-1 - k]


def test_a_clip_that_is_shorter_than_its_continuation_is_reflected_again_and_again() -> None:
    values = [1000, 1010, 1030, 1020]
    out = extend(values, 30, 30)
    steps = [b - a for a, b in pairwise(out)]
    assert set(steps) == {10, 20, -10}
    assert len(out) == 64
    assert out[30:34] == values


def test_counts_stay_within_the_sensors_range() -> None:
    assert min(extend([3, 0, 10], 20, 20)) >= 0
    assert max(extend([262143, 262000, 262143], 20, 20)) <= 262143


def test_a_record_is_written_with_both_continuations(folder: Any, make_finger: Any, tmp_path: Path) -> None:
    folder.ppg("meadow/a", make_finger(4), trim_s=0.5)
    signal = one(folder, tmp_path)
    assert signal.start_s == pytest.approx(0.5)
    assert signal.seconds == pytest.approx(3.5, abs=0.05)
    head, _, data = signal.path.read_bytes().partition(b"\n")
    assert len(data) == 8 * (len(signal.ir) + 100 * (BEFORE_S + AFTER_S))
    assert b'"loop": false' in head


def test_a_stretch_for_the_peers_rises_when_the_pulse_arrives(folder: Any, make_finger: Any, tmp_path: Path) -> None:
    folder.ppg("meadow/a", make_finger(12, pulse_bpm=60))
    wave = one(folder, tmp_path).upright(1.0, 10.0)
    assert len(wave) == 1000
    assert max(range(100), key=lambda i: wave[i]) == pytest.approx(25, abs=2)


def test_a_set_that_nobody_knows_is_taken_by_the_general_rule() -> None:
    assert rule("meadow") == SetRule(None, None)


def test_the_table_is_all_that_depends_on_a_set() -> None:
    here = Path(__file__).parent
    for path in sorted(here.glob("*.py")):
        if path.name != "sets.py" and not path.name.startswith("test_"):
            text = path.read_text(encoding="utf-8")
            # A peer has the name of a set.
            assert [name for name in SETS if name != "heartpy" and f'"{name}' in text] == [], path


def test_a_record_of_less_than_a_second_is_a_sentence(folder: Any, make_finger: Any, tmp_path: Path) -> None:
    folder.ppg("meadow/a", make_finger(0.8))
    with pytest.raises(UsageError, match="shorter than 1 s"):
        one(folder, tmp_path)
