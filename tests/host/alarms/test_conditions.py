# SPDX-License-Identifier: Apache-2.0
"""Technical alarms: raised after their delay, cleared after theirs, to the millisecond, and never flapping."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.alarms.conditions import TechnicalEngine
from vitalwire.alarms.rules import TECHNICAL_RULES


@pytest.mark.parametrize("name", TECHNICAL_RULES)
def test_every_condition_raises_after_its_delay_and_clears_after_its_own(name: str) -> None:
    rule, engine = TECHNICAL_RULES[name], TechnicalEngine()
    found = engine.set(name, True, 1000, "why")
    if rule.delay_ms:
        assert found == []
        assert engine.next_deadline() == 1000 + rule.delay_ms
        assert engine.advance(999 + rule.delay_ms) == []
        found = engine.advance(1000 + rule.delay_ms)
    assert [(c.rule.name, c.raised, c.t_ms, c.detail) for c in found] == [(name, True, 1000 + rule.delay_ms, "why")]
    gone_ms = 100_000
    found = engine.set(name, False, gone_ms) or engine.advance(gone_ms + rule.clear_ms)
    assert [(c.raised, c.t_ms) for c in found] == [(False, gone_ms + rule.clear_ms)]
    assert engine.next_deadline() is None


def test_a_condition_shorter_than_its_delay_is_no_alarm() -> None:
    engine = TechnicalEngine()
    engine.set("no_finger", True, 0)
    assert engine.set("no_finger", False, TECHNICAL_RULES["no_finger"].delay_ms - 1) == []
    assert engine.advance(60_000) == []


def test_a_look_long_after_reports_the_time_at_which_it_was_due() -> None:
    engine = TechnicalEngine()
    engine.set("sensor_fault", True, 0)
    assert [c.t_ms for c in engine.advance(3_600_000)] == [TECHNICAL_RULES["sensor_fault"].delay_ms]


@given(st.lists(st.tuples(st.integers(1, 6000), st.booleans()), max_size=60))
def test_raised_and_cleared_take_turns_and_are_apart_by_the_delays(said: list[tuple[int, bool]]) -> None:
    rule, engine, t_ms, found = TECHNICAL_RULES["no_finger"], TechnicalEngine(), 0, []
    for dt, present in said:
        t_ms += dt
        found += engine.set("no_finger", present, t_ms)
    found += engine.advance(t_ms + 60_000)
    assert [c.raised for c in found] == [i % 2 == 0 for i in range(len(found))]
    for before, after in itertools.pairwise(found):
        assert after.t_ms - before.t_ms >= (rule.delay_ms if after.raised else rule.clear_ms)
