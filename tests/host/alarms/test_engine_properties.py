# SPDX-License-Identifier: Apache-2.0
"""What must hold of the limits for any readings at all: exact times, no flapping, nothing from absence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vitalwire.alarms.engine import Change, LimitEngine, State
from vitalwire.alarms.rules import DEFAULT_LIMITS, Limit

LIMIT = Limit("spo2_low", 90, 1, 5, "high", "test")
READINGS = st.lists(st.tuples(st.integers(1, 9000), st.one_of(st.none(), st.integers(850, 950))), max_size=60)


def run(readings: list[tuple[int, int | None]], limit: Limit = LIMIT, step_ms: int = 0) -> list[Change]:
    """Feeds readings that are `dt` ms apart; with `step_ms` somebody also looks that often in between."""
    engine, t_ms, found = LimitEngine([limit]), 0, []
    for dt, value in readings:
        if step_ms:
            for between in range(t_ms + step_ms, t_ms + dt, step_ms):
                found += engine.advance(between)
        t_ms += dt
        found += engine.update(limit.rule, value, t_ms)
    return found + engine.advance(t_ms + 60_000)


@given(READINGS, st.integers(7, 4000))
def test_when_somebody_looks_changes_nothing(readings: list[tuple[int, int | None]], step_ms: int) -> None:
    assert run(readings) == run(readings, step_ms=step_ms)


@given(READINGS)
def test_states_follow_the_only_allowed_ways(readings: list[tuple[int, int | None]]) -> None:
    allowed = {
        (State.CLEAR, State.PENDING),
        (State.PENDING, State.ACTIVE),
        (State.PENDING, State.CLEAR),
        (State.ACTIVE, State.CLEAR),
    }
    state = State.CLEAR
    last_ms = 0
    for change in run(readings):
        assert (state, change.state) in allowed
        assert change.t_ms >= last_ms
        state, last_ms = change.state, change.t_ms


@given(READINGS)
def test_an_alarm_is_cleared_only_by_a_value_beyond_the_hysteresis(readings: list[tuple[int, int | None]]) -> None:
    for before, change in zip(run(readings), run(readings)[1:], strict=False):
        if before.state == State.ACTIVE and change.state == State.CLEAR:
            assert change.value_x10 is not None
            assert change.value_x10 >= 910


@given(st.lists(st.integers(895, 909), min_size=1, max_size=300))
def test_values_around_the_threshold_make_one_alarm_at_most(values: list[int]) -> None:
    without_delay = Limit("spo2_low", 90, 1, 0, "high", "test")
    changes = run([(1000, value) for value in values], without_delay)
    assert [c.state for c in changes] == [State.ACTIVE] * any(value < 900 for value in values)


@given(st.integers(0, 120), st.integers(1, 40))
def test_a_violation_that_lasts_is_raised_after_exactly_the_delay(delay_s: int, readings: int) -> None:
    limit = Limit("pulse_high", 120, 2, delay_s, "medium", "test")
    engine = LimitEngine([limit])
    found = []
    for second in range(readings):
        found += engine.update("pulse_high", 1300, 1000 + second * 1000)
    active = [change for change in found if change.state == State.ACTIVE]
    assert [c.t_ms for c in active] == ([1000 + delay_s * 1000] if readings > delay_s else [])


@given(st.lists(st.integers(1, 9000), max_size=40))
def test_absence_alone_raises_nothing(waits: list[int]) -> None:
    assert run([(dt, None) for dt in waits]) == []


@given(READINGS)
def test_a_deadline_always_lies_ahead(readings: list[tuple[int, int | None]]) -> None:
    engine, t_ms = LimitEngine(DEFAULT_LIMITS), 0
    for dt, value in readings:
        t_ms += dt
        engine.advance(t_ms)
        engine.update("spo2_low", value, t_ms)
        deadline = engine.next_deadline()
        assert deadline is None or deadline > t_ms


# A reading with its newest beats: ms since the last one, value, the newest beats' value and how long ago they began.
WITH_NEWEST = st.lists(
    st.tuples(
        st.integers(1, 5000),
        st.one_of(st.none(), st.integers(870, 930)),
        st.one_of(st.none(), st.integers(850, 950)),
        st.integers(0, 8000),
    ),
    max_size=60,
)


def first_alarm_ms(readings: list[tuple[int, int | None, int | None, int]], with_newest: bool) -> int | None:
    engine, t_ms, found = LimitEngine([LIMIT]), 0, []
    for dt, value, newest, ago_ms in readings:
        t_ms += dt
        found += engine.update("spo2_low", value, t_ms, newest if with_newest else None, ago_ms)
    found += engine.advance(t_ms + 60_000)
    return next((change.t_ms for change in found if change.state == State.ACTIVE), None)


@given(WITH_NEWEST)
def test_newest_beats_never_make_an_alarm_later(readings: list[tuple[int, int | None, int | None, int]]) -> None:
    by_the_value = first_alarm_ms(readings, with_newest=False)
    if by_the_value is not None:
        found = first_alarm_ms(readings, with_newest=True)
        assert found is not None
        assert found <= by_the_value


@given(WITH_NEWEST)
def test_only_a_value_beyond_the_limit_is_an_alarm(readings: list[tuple[int, int | None, int | None, int]]) -> None:
    engine, t_ms, found = LimitEngine([LIMIT]), 0, []
    for dt, value, newest, ago_ms in readings:
        t_ms += dt
        found += engine.update("spo2_low", value, t_ms, newest, ago_ms)
    for change in found + engine.advance(t_ms + 60_000):
        if change.state == State.ACTIVE:
            assert change.value_x10 is not None
            assert change.value_x10 < 900
