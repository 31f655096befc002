# SPDX-License-Identifier: Apache-2.0
"""The session on the board: it guards on when nobody listens, and leaves nothing to the next patient."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from talk import Talk

from vitalwire_protocol.codec import (
    Acknowledge,
    Alarm,
    AlarmCause,
    AlarmState,
    AudioPause,
    ConfigKey,
    ConfigSet,
    CuffStart,
    EventKind,
    Heartbeat,
    NibpOutcome,
    NibpResult,
    OximetryReading,
    Ping,
    Ppg,
    Priority,
    ReadingFlags,
    Reason,
    Rule,
    SessionBegin,
    SessionEnd,
    SetInterval,
    SetLimits,
    Status,
    Trigger,
    name_of,
)

Open = Callable[..., Talk]


def test_outside_a_session_no_cycle_starts_by_itself(board: Open) -> None:
    talk = board()
    talk.run_pinging(5)
    talk.run(400)
    assert talk.all(NibpResult) == []
    assert all(reading.session is None for reading in talk.all(OximetryReading))


def test_cycles_come_at_their_interval_until_the_session_ends_by_itself(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 9, 120, 7, 0)
    began_ms = next(e.t_ms for e in talk.said if getattr(e, "event", None) == EventKind.SESSION_BEGIN)
    talk.run_pinging(430)
    results = talk.all(NibpResult)
    assert [r.started_ms - began_ms for r in results] == [120_000, 240_000, 360_000]
    assert {r.trigger for r in results} == {Trigger.INTERVAL}
    assert {r.session for r in results} == {9}
    assert {r.outcome for r in results} == {NibpOutcome.OK}
    expired = [e for e in talk.said if getattr(e, "event", None) == EventKind.SESSION_EXPIRED]
    assert [e.t_ms - began_ms for e in expired] == [420_000]
    talk.run_pinging(130)
    assert len(talk.all(NibpResult)) == 3
    assert talk.last(Heartbeat).session is None


def test_the_interval_can_be_changed_and_switched_off(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 9, 600, 60, 0)
    talk.ask(SetInterval, 120)
    talk.run_pinging(180)
    assert len(talk.all(NibpResult)) == 1
    talk.ask(SetInterval, 0)
    talk.run_pinging(300)
    assert len(talk.all(NibpResult)) == 1


def test_an_interval_that_falls_into_a_rest_waits_for_its_end(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 9, 120, 60, 0)
    talk.run_pinging(62)
    talk.send(CuffStart)
    talk.run_pinging(110)
    by_host, by_interval = talk.all(NibpResult)[0], talk.events().count("cuff_started")
    assert by_host.trigger == Trigger.HOST
    assert by_interval == 2, "the second cycle began when the cuff had rested, not an interval later"


def test_ending_a_session_empties_the_cuff_and_stops_its_readings(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 9, 0, 60, 0)
    talk.send(CuffStart)
    talk.run(8)
    assert talk.twin.state()["cuff_mmhg"] > 50
    talk.ask(SessionEnd, 9, seconds=0.1)
    talk.run(9)
    assert talk.twin.state()["cuff_mmhg"] < 15
    (result,) = talk.all(NibpResult)
    assert (result.outcome, result.session, result.sbp_mmhg) == (NibpOutcome.ABORTED, 9, None)


def test_without_a_host_everything_goes_on_and_is_sent_late_on_return(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 9, 120, 60, 0)
    talk.run_pinging(30)
    left_ms = talk.twin.now_us // 1000
    talk.run(90)
    silent_from = len(talk.said)
    talk.run(60)
    alone = talk.said[silent_from:]
    assert {type(m) for m in alone} == {Heartbeat}, "nothing is sent into the void but the sign of life"
    assert Status.HOST_LOST in Status(talk.last(Heartbeat).status)
    back = len(talk.said)
    talk.run_pinging(3)
    readings = [r for r in talk.all(OximetryReading, back) if r.flags & ReadingFlags.LATE]
    assert {r.session for r in readings} == {9}
    seconds = sorted(round((r.t_ms - left_ms) / 1000) for r in readings)
    assert seconds[0] <= 6
    assert seconds[-1] >= 148
    gaps = {b - a for a, b in itertools.pairwise(seconds)}
    assert gaps <= {1, 2}, "the whole time without a host is covered, the more thinly the longer it was"
    (result,) = talk.all(NibpResult, back)
    assert (result.trigger, result.outcome) == (Trigger.INTERVAL, NibpOutcome.OK)
    assert result.flags & ReadingFlags.LATE
    order = [m.t_ms for m in talk.said[back:] if getattr(m, "flags", 0) & ReadingFlags.LATE]
    assert order == sorted(order)
    events = talk.events(back)
    assert events.index("host_returned") < events.index("late_begin") < events.index("late_end")
    talk.run_pinging(3)
    assert not talk.last(OximetryReading).flags & ReadingFlags.LATE


def test_alarms_go_on_without_a_host(board: Open) -> None:
    talk = board(patient="desaturation")
    talk.ask(SessionBegin, 9, 0, 60, 0)
    talk.ask(SetLimits, 0, 0, ((Rule.SPO2_LOW, 3, 950, 10, 20),))
    talk.twin.do("patient", spo2_pct=82)
    talk.run(40)
    levels = talk.twin.state()["levels_permille"]
    seen_red = False
    for _ in range(10):
        seen_red = seen_red or talk.twin.state()["levels_permille"]["led_red"] > 0
        talk.run(0.1)
    assert seen_red, f"a person at the board sees it: {levels}"
    talk.run_pinging(2)
    states = [AlarmState(a.state) for a in talk.all(Alarm) if a.rule == Rule.SPO2_LOW]
    assert AlarmState.ACTIVE in states


def changes(talk: Talk, rule: Rule, since: int = 0) -> list[tuple[AlarmState, int, AlarmCause]]:
    """State, priority and cause of what the board said of `rule`; what it repeats for a host that asks is left out."""
    found = [a for a in talk.all(Alarm, since) if a.rule == rule]
    return [(AlarmState(a.state), a.priority, AlarmCause(a.cause)) for a in found if a.cause or not a.state]


def test_alone_the_board_guards_with_the_worse_limit_latching_and_escalation(board: Open) -> None:
    talk = board(patient="calm")
    talk.ask(SessionBegin, 9, 0, 60, 0)
    items = ((Rule.SPO2_LOW, Priority.LOW, 950, 10, 1200), (Rule.SPO2_LOW_OVERRIDE, Priority.MEDIUM, 880, 0, 0))
    assert talk.ask(SetLimits, 1 << Rule.SPO2_LOW, 20, items).refusal == 0
    talk.run_pinging(15)
    talk.twin.do("patient", spo2_pct=82)
    talk.run(60)  # nobody listens
    talk.twin.do("patient", spo2_pct=98)
    talk.run(40)
    since = len(talk.said)
    talk.run_pinging(4)
    told = changes(talk, Rule.SPO2_LOW, since)
    raised = [(priority, cause) for state, priority, cause in told if state == AlarmState.ACTIVE]
    assert raised == [(Priority.MEDIUM, AlarmCause.OVERRIDE), (Priority.HIGH, AlarmCause.ESCALATED)]
    states = [AlarmState(a.state) for a in talk.all(Alarm, since) if a.rule == Rule.SPO2_LOW]
    assert states[-1] == AlarmState.LATCHED, "it is over, and nobody has seen it yet"
    assert talk.ask(Acknowledge, Rule.SPO2_LOW).refusal == 0
    talk.run_pinging(2)
    assert [a.state for a in talk.all(Alarm) if a.rule == Rule.SPO2_LOW][-1] == AlarmState.CLEAR


def test_the_saturation_index_is_gathered_on_the_board(board: Open) -> None:
    talk = board(patient="calm")
    talk.ask(SessionBegin, 9, 0, 60, 0)
    items = ((Rule.SPO2_LOW, Priority.LOW, 950, 10, 6000), (Rule.SATURATION_INDEX, Priority.HIGH, 600, 0, 0))
    assert talk.ask(SetLimits, 0, 0, items).refusal == 0
    talk.run_pinging(15)
    talk.twin.do("patient", spo2_pct=90)
    talk.run_pinging(40)
    (raised,) = [told for told in changes(talk, Rule.SPO2_LOW) if told[0] == AlarmState.ACTIVE]
    assert raised[1:] == (Priority.HIGH, AlarmCause.INDEX)


def test_a_probe_that_slips_off_is_seen_and_heard_at_the_board_until_somebody_has_seen_it(board: Open) -> None:
    talk = board(patient="calm")
    talk.ask(SessionBegin, 9, 0, 60, 0)
    talk.run_pinging(10)
    assert not Status(talk.last(Heartbeat).status) & Status.ALARM_ACTIVE
    talk.twin.do("patient", finger=False)
    heard = set()
    for _ in range(80):
        heard |= {name for name, level in talk.twin.state()["levels_permille"].items() if level}
        talk.run(0.1)
    assert {"led_yellow", "buzzer"} <= heard
    talk.run_pinging(1)
    assert talk.ask(Acknowledge, Rule.NO_FINGER).refusal == 0
    talk.run_pinging(1)
    quiet = [talk.twin.state()["levels_permille"]["buzzer"] for _ in range(200) if talk.run(0.1) is not None]
    assert not any(quiet), "acknowledged it is seen, not heard"
    talk.twin.do("patient", finger=None)
    talk.run_pinging(8)
    states = [AlarmState(a.state).name for a in talk.all(Alarm) if a.rule == Rule.NO_FINGER]
    assert [state for state, _ in itertools.groupby(states)] == ["ACTIVE", "ACKNOWLEDGED", "CLEAR"]


def test_a_missing_finger_is_no_alarm_without_a_session(board: Open) -> None:
    talk = board(patient="calm")
    talk.twin.do("patient", finger=False)
    talk.run_pinging(20)
    assert [a for a in talk.all(Alarm) if a.rule in (Rule.NO_FINGER, Rule.NO_PULSE) and a.state] == []


def test_nobody_inherits_the_limits_the_silence_or_the_pressure_of_another(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 1, 0, 60, 1)
    talk.ask(SetLimits, 0, 0, ((Rule.PULSE_HIGH, 2, 1000, 20, 0),))
    talk.ask(AudioPause, 120)
    talk.run_pinging(2)
    status = Status(talk.last(Heartbeat).status)
    assert Status.AUDIO_PAUSED | Status.LIMITS_SET in status
    talk.ask(SessionEnd, 1)
    talk.ask(SessionBegin, 2, 0, 60, 0)
    since = len(talk.said)
    talk.run_pinging(3)
    status = Status(talk.last(Heartbeat).status)
    assert not status & (Status.AUDIO_PAUSED | Status.LIMITS_SET | Status.ALARM_ACTIVE)
    first = talk.all(OximetryReading, since)[0]
    assert (first.session, first.pulse_bpm, first.spo2_pct) == (2, None, None), "no beat of the last patient counts"


def test_readings_kept_for_one_session_are_never_sent_under_another(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 1, 0, 1, 0)
    talk.run(70)
    since = len(talk.said)
    talk.run_pinging(2)
    late = [r for r in talk.all(OximetryReading, since) if r.flags & ReadingFlags.LATE]
    assert late
    assert {r.session for r in late} == {1}
    talk.ask(SessionBegin, 2, 0, 60, 0)
    talk.run(10)
    since = len(talk.said)
    talk.run_pinging(3)
    assert {r.session for r in talk.all(OximetryReading, since)} == {2}


def test_samples_are_streamed_when_asked_for_and_numbered_without_gaps(board: Open) -> None:
    talk = board()
    talk.ask(ConfigSet, ConfigKey.PPG_STREAM, "1")
    talk.run_pinging(10)
    batches = talk.all(Ppg)
    counts = [len(b.samples) // 2 for b in batches]
    assert sum(counts) > 900
    assert all(b.first_index == a.first_index + n for a, b, n in zip(batches, batches[1:], counts, strict=False))
    assert sum(b.lost for b in batches) == 0
    assert max(counts) <= 60
    talk.ask(ConfigSet, ConfigKey.PPG_STREAM, "0")
    since = len(talk.said)
    talk.run_pinging(3)
    assert talk.all(Ppg, since) == []


def test_no_number_is_said_again_when_the_sensor_is_gone(board: Open) -> None:
    talk = board()
    talk.run_pinging(15)
    assert talk.last(OximetryReading).spo2_pct is not None
    talk.twin.do("fault", name="oximeter_missing")
    talk.run_pinging(2)
    since = len(talk.said)
    talk.run_pinging(5)
    for reading in talk.all(OximetryReading, since):
        assert (reading.spo2_pct, reading.pulse_bpm, reading.perfusion_pct, reading.quality) == (None,) * 4
        assert name_of(Reason, reading.spo2_reason) == "bus_fault"
    assert "fault_raised" in talk.events()
    talk.send(Ping)
    talk.twin.do("clear", name="oximeter_missing")
    talk.run_pinging(20)
    assert talk.last(OximetryReading).spo2_pct is not None
