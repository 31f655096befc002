# SPDX-License-Identifier: Apache-2.0
"""The board as one stands before it, and as it starts: buttons, service mode, crashes, missing parts, other boards."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from talk import Talk

from vitalwire_protocol.codec import (
    BoardKind,
    Capabilities,
    ConfigKey,
    ConfigSet,
    CuffStart,
    Fault,
    Heartbeat,
    Hello,
    Identify,
    NibpOutcome,
    NibpResult,
    Outcome,
    OximetryReading,
    Ping,
    Refusal,
    ResetCause,
    ServiceEnter,
    SessionBegin,
    Status,
    Trigger,
)

Open = Callable[..., Talk]


def test_button_a_starts_a_reading_and_stops_it(board: Open) -> None:
    talk = board()
    talk.twin.do("press", button="a")
    talk.run(8)
    assert talk.twin.state()["cuff_mmhg"] > 50
    talk.twin.do("press", button="a")
    talk.run(0.2)
    state = talk.twin.state()
    assert not state["pump_enable"], "stop always wins"
    assert state["levels_permille"]["valve_dump"] == 0
    talk.run(9)
    (result,) = talk.all(NibpResult)
    assert (result.trigger, result.outcome) == (Trigger.BUTTON, NibpOutcome.ABORTED)
    assert talk.events().count("button_a") == 2


def test_button_a_stops_a_reading_that_a_host_began(board: Open) -> None:
    talk = board()
    number = talk.send(CuffStart)
    talk.run_pinging(8)
    talk.twin.do("press", button="a")
    talk.run_pinging(10)
    done = [m for m in talk.said if getattr(m, "number", None) == number and m.outcome == Outcome.DONE]
    assert [m.value for m in done] == [NibpOutcome.ABORTED], "whoever waits for it is told"


def test_button_b_pauses_the_sound(board: Open) -> None:
    talk = board()
    talk.twin.do("press", button="b")
    talk.run(2)
    assert Status.AUDIO_PAUSED in Status(talk.last(Heartbeat).status)
    talk.twin.do("press", button="b")
    talk.run(2)
    assert Status.AUDIO_PAUSED not in Status(talk.last(Heartbeat).status)


def test_service_mode_leaves_the_prompt_and_comes_back_after_power(board: Open) -> None:
    talk = board()
    assert talk.ask(ServiceEnter).outcome == Outcome.DONE
    talk.run(6)
    hello = talk.last(Hello)
    assert (hello.service, hello.boot) == (1, 2)
    assert b"service mode" in talk.twin.received
    assert b">>>" in talk.twin.received
    since = len(talk.said)
    talk.run(20)
    assert talk.said[since:] == [], "no watchdog bites, nothing is measured"
    state = talk.twin.state()
    assert state["watchdog_ms"] == 0
    assert not state["pump_enable"]
    talk.twin.do("power_cycle")
    talk.run(5)
    assert talk.last(Hello).service == 0


def test_both_buttons_at_power_on_are_service_mode(board: Open) -> None:
    talk = board()
    for button in "ab":
        talk.twin.do("hold", button=button)
    talk.twin.do("power_cycle")
    talk.run(6)
    assert talk.last(Hello).service == 1


def test_a_board_of_whose_cuff_nobody_knows_can_be_put_into_service(board: Open) -> None:
    """Both pressure sensors gone, or not fitted yet: a technician still reaches the prompt, on either way."""
    talk = board(faults=[["cuff_sensor_missing", 0], ["guard_open", 0]])
    talk.run_pinging(20)
    assert talk.ask(ServiceEnter).outcome == Outcome.DONE
    talk.run(15)  # the valves get their time first
    assert talk.last(Hello).service == 1
    for button in "ab":
        talk.twin.do("hold", button=button)
    talk.twin.do("power_cycle")
    talk.run(15)
    assert talk.last(Hello).service == 1


def test_an_exception_empties_the_cuff_is_said_and_restarts(board: Open) -> None:
    talk = board()
    talk.send(CuffStart)
    talk.run(8)
    talk.twin.do("fault", name="crash")
    talk.run(0.2)
    assert not talk.twin.state()["pump_enable"]
    talk.run(15)
    state = talk.twin.state()
    assert state["cuff_mmhg"] < 15
    assert state["flash_writes_inflated"] == 0
    assert b"simulated crash" in talk.console, "the traceback is on the wire"
    hello = talk.last(Hello)
    assert (hello.boot, hello.reset_cause) == (2, ResetCause.EXCEPTION)
    assert "exception" in talk.events()


def test_a_hang_with_a_full_cuff_is_ended_by_the_layers_below(board: Open) -> None:
    talk = board()
    talk.send(CuffStart)
    talk.run(8)
    talk.twin.do("fault", name="hang")
    talk.run(20)
    assert talk.twin.state()["cuff_mmhg"] < 15
    hello = talk.last(Hello)
    assert (hello.boot, hello.reset_cause) == (2, ResetCause.WATCHDOG)
    assert talk.twin.state()["flash_writes_inflated"] == 0


def test_three_crashes_in_five_minutes_end_in_service_mode_with_the_reason(board: Open) -> None:
    talk = board()
    for _ in range(3):
        talk.run(4)
        talk.twin.do("fault", name="crash")
        talk.run(4)
    talk.run(10)
    hello = talk.last(Hello)
    assert (hello.service, hello.reset_fault) == (1, Fault.CRASH_LOOP)


def test_two_crashes_are_no_loop(board: Open) -> None:
    talk = board()
    for _ in range(2):
        talk.run(4)
        talk.twin.do("fault", name="crash")
        talk.run(4)
    talk.run(310)
    talk.twin.do("fault", name="crash")
    talk.run(14)
    assert talk.last(Hello).service == 0


@pytest.mark.parametrize("fault", ["oximeter_missing", "cuff_sensor_missing", "oximeter_bus_held", "cuff_bus_held"])
def test_a_board_with_a_missing_chip_runs_and_names_it(board: Open, fault: str) -> None:
    talk = board(faults=[[fault, 0]])
    talk.run_pinging(8)
    chip = Fault.OXIMETER_BUS if fault.startswith("oximeter") else Fault.CUFF_BUS
    raised = {Fault(e.fault) for e in talk.said if getattr(e, "event", None) == 7}
    assert chip in raised
    assert talk.last(Hello).boot == 1, "and never restarts for it"
    reading = talk.last(OximetryReading)
    answer = talk.ask(CuffStart)
    if chip == Fault.CUFF_BUS:
        assert (answer.outcome, answer.refusal) == (Outcome.REFUSED, Refusal.CUFF_FAULT)
        assert reading.spo2_pct is not None, "the other half works on"
    else:
        assert reading.spo2_pct is None
        assert answer.outcome == Outcome.ACCEPTED


def test_a_low_supply_is_named_and_refuses_the_cuff(board: Open) -> None:
    talk = board()
    talk.ask(ConfigSet, ConfigKey.OWN_SUPPLY, "1")
    talk.twin.do("fault", name="supply_low")
    talk.run_pinging(3)
    assert Status.SUPPLY_LOW in Status(talk.last(Heartbeat).status)
    answer = talk.ask(CuffStart)
    assert (answer.outcome, answer.refusal) == (Outcome.REFUSED, Refusal.SUPPLY_LOW)


@pytest.mark.parametrize(("name", "kind"), [("pico2", BoardKind.PICO2), ("esp32s3", BoardKind.ESP32S3)])
def test_the_other_boards_measure_too(board: Open, name: str, kind: BoardKind) -> None:
    talk = board(board=name)
    talk.ask(Identify)
    hello = talk.last(Hello)
    assert hello.board == kind
    hard = Capabilities.HARD_INTERLOCK in Capabilities(hello.capabilities)
    assert hard == (kind != BoardKind.ESP32S3), "a soft timer is declared"
    talk.send(CuffStart)
    talk.run_pinging(60)
    assert talk.last(NibpResult).outcome == NibpOutcome.OK
    assert talk.last(OximetryReading).spo2_pct is not None


def test_without_a_hard_timer_the_cuff_needs_the_external_layer(board: Open) -> None:
    talk = board(board="esp32s3", faults=[["external_missing", 0]])
    answer = talk.ask(CuffStart)
    assert (answer.outcome, answer.refusal) == (Outcome.REFUSED, Refusal.NO_EXTERNAL_LAYER)


def test_under_cpython_the_board_says_so(board: Open) -> None:
    talk = board("cpython")
    talk.send(Ping)
    talk.ask(SessionBegin, 3, 0, 60, 0)
    talk.run_pinging(10)
    assert talk.last(Hello).identity.split("\n")[2].startswith("CPython 3.")
    assert talk.last(OximetryReading).session == 3
