# SPDX-License-Identifier: Apache-2.0
"""Commands: refused, or accepted and then done exactly once; a repeat is answered and not done again."""

from __future__ import annotations

import itertools
import struct
from binascii import crc32
from collections.abc import Callable
from typing import Any

from talk import Talk

from vitalwire_protocol.codec import (
    SCHEMA_HASH,
    Abort,
    Acknowledge,
    Alarm,
    Answer,
    AudioPause,
    BoardKind,
    Capabilities,
    ConfigGet,
    ConfigKey,
    ConfigSet,
    CuffPhase,
    CuffPressure,
    CuffStart,
    Heartbeat,
    Hello,
    Identify,
    NibpOutcome,
    NibpResult,
    Observe,
    Oscillogram,
    OscillogramGet,
    Outcome,
    Ping,
    Refusal,
    Reset,
    ResetCause,
    Rule,
    ServiceEnter,
    SessionBegin,
    SessionEnd,
    SetInterval,
    SetLimits,
    Status,
    Vent,
)
from vitalwire_protocol.framing import encode_frame

Open = Callable[..., Talk]


def answered(answer: Answer) -> tuple[Outcome, Refusal]:
    return Outcome(answer.outcome), Refusal(answer.refusal)


DONE = (Outcome.DONE, Refusal.NONE)


def refused(why: Refusal) -> tuple[Outcome, Refusal]:
    return (Outcome.REFUSED, why)


def test_a_board_says_who_it_is_until_a_host_has_spoken(board: Open) -> None:
    talk = board()
    talk.run(4)
    hellos = talk.all(Hello)
    assert [h.t_ms // 1000 for h in hellos] == [0, 2, 4, 6]
    hello = hellos[0]
    serial, label, interpreter = hello.identity.split("\n")
    assert (serial, label) == ("SIM00001", "")
    assert interpreter.startswith("MicroPython 1.")
    assert (hello.board, hello.reset_cause, hello.schema_hash) == (BoardKind.PICO, ResetCause.POWER_ON, SCHEMA_HASH)
    assert (hello.boot, hello.service) == (1, 0)
    capable = Capabilities(hello.capabilities)
    assert Capabilities.SIMULATED | Capabilities.HARD_INTERLOCK | Capabilities.EXTERNAL_LAYER in capable
    assert Capabilities.OWN_SUPPLY not in capable, "a board on USB power says that it cannot guard alone"
    talk.send(Ping)
    talk.run(5)
    assert len(talk.all(Hello)) == 4, "a host has spoken"
    assert [h.t_ms for h in talk.all(Heartbeat)] == [1000 * i for i in range(1, 12)], "once a second"


def test_answers_come_once_and_repeats_from_the_cache(board: Open) -> None:
    talk = board()
    number = talk.send(SessionBegin, 5, 0, 60, 0)
    first = [a.outcome for a in talk.run(0.3) if isinstance(a, Answer)]
    assert first == [Outcome.ACCEPTED, Outcome.DONE]
    talk.send(SessionBegin, 5, 0, 60, 0, number=number)
    again = [answered(a) for a in talk.run(0.3) if isinstance(a, Answer)]
    assert again == [DONE], "the session is open, and a repeat is still answered as the request was"
    assert talk.events().count("session_begin") == 1
    talk.client += 1
    talk.send(SessionBegin, 5, 0, 60, 0, number=number)
    other = [answered(a) for a in talk.run(0.3) if isinstance(a, Answer)]
    assert other == [refused(Refusal.SESSION_OPEN)], "another client empties the cache: this is a new request"


def test_an_old_request_that_comes_again_is_not_done_again(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 5, 0, 60, 0)
    old = talk.send(SetInterval, 300)
    talk.run(0.3)
    for _ in range(12):
        talk.ask(SetInterval, 120)
    talk.send(SetInterval, 300, number=old)
    (answer,) = [a for a in talk.run(0.3) if isinstance(a, Answer)]
    assert answered(answer) == refused(Refusal.BAD_VALUE)
    assert answer.detail


def test_abort_and_vent_are_always_done_also_as_a_repeat(board: Open) -> None:
    talk = board()
    for command in (Abort, Vent):
        assert answered(talk.ask(command)) == DONE
        talk.send(CuffStart)
        talk.run(6)
        assert talk.twin.state()["cuff_mmhg"] > 20
        number = talk.number + 1
        talk.send(command)
        talk.run(0.05)
        assert not talk.twin.state()["pump_enable"]
        talk.run(45)
        talk.send(CuffStart)
        talk.run(6)
        talk.send(command, number=number)
        talk.run(4)
        assert talk.twin.state()["cuff_mmhg"] < 15, "a repeat empties the cuff again"
        talk.run(45)


def test_nonsense_is_refused_with_its_reason(board: Open) -> None:
    talk = board()
    assert answered(talk.ask(SetLimits, 0, 0, ())) == refused(Refusal.NO_SESSION)
    assert answered(talk.ask(SetInterval, 120)) == refused(Refusal.NO_SESSION)
    assert answered(talk.ask(SessionEnd, 5)) == refused(Refusal.NO_SESSION)
    for fields in ((0, 0, 60, 0), (5, 119, 60, 0), (5, 60000, 60, 0), (5, 0, 0, 0), (5, 0, 60, 2), (5, 0, 60000, 0)):
        assert answered(talk.ask(SessionBegin, *fields)) == refused(Refusal.BAD_VALUE), fields
    assert answered(talk.ask(SessionBegin, 5, 120, 60, 0)) == DONE
    assert answered(talk.ask(SessionBegin, 6, 120, 60, 0)) == refused(Refusal.SESSION_OPEN)
    assert answered(talk.ask(SessionEnd, 6)) == refused(Refusal.NOT_FOUND)
    assert answered(talk.ask(ServiceEnter)) == refused(Refusal.SESSION_OPEN)
    assert answered(talk.ask(Reset)) == refused(Refusal.SESSION_OPEN)
    assert answered(talk.ask(AudioPause, 20000)) == refused(Refusal.BAD_VALUE)
    assert answered(talk.ask(Acknowledge, Rule.SPO2_LOW)) == refused(Refusal.NOT_FOUND)
    assert answered(talk.ask(Acknowledge, 200)) == refused(Refusal.NOT_FOUND)
    assert answered(talk.ask(ConfigGet, 99)) == refused(Refusal.NOT_FOUND)
    assert answered(talk.ask(ConfigSet, ConfigKey.AVERAGING_S, "4")) == refused(Refusal.SESSION_OPEN)
    assert answered(talk.ask(OscillogramGet, 1)) == refused(Refusal.NOT_FOUND)
    assert answered(talk.ask(Observe, 0)) == refused(Refusal.BAD_VALUE)
    assert answered(talk.ask(SessionEnd, 5)) == DONE


def test_a_type_that_the_board_does_not_know_and_a_short_request(board: Open) -> None:
    talk = board()
    ping = bytearray(encode_frame(Ping(0, 0, 9, 9), 0, 0))
    assert ping[2] == Ping.TYPE
    from cobs import cobs

    def raw(type_: int, payload: bytes) -> None:
        body = struct.pack("<BBHI", 1, type_, 0, 0) + payload
        talk.twin.write(cobs.encode(body + struct.pack("<I", crc32(body))) + b"\0")

    raw(0xEE, struct.pack("<IH", 9, 1))
    raw(SessionBegin.TYPE, struct.pack("<IHI", 9, 2, 5))
    raw(Ping.TYPE, b"\1\2")
    raw(Ping.TYPE, struct.pack("<IH", 0, 3))
    answers = [a for a in talk.run(0.3) if isinstance(a, Answer)]
    assert [(a.number, *answered(a)) for a in answers] == [
        (1, *refused(Refusal.UNKNOWN_COMMAND)),
        (2, *refused(Refusal.BAD_VALUE)),
        (3, *refused(Refusal.BAD_VALUE)),
    ], "what has no client and number cannot be answered"


def test_limits_are_told_by_their_crc_and_by_their_states(board: Open) -> None:
    talk = board()
    talk.ask(SessionBegin, 5, 0, 60, 0)
    items = ((Rule.SPO2_LOW, 3, 900, 10, 50), (Rule.PULSE_HIGH, 2, 1200, 20, 100))
    answer = talk.ask(SetLimits, 0, 0, items)
    packed = b"".join(struct.pack("<BBHHH", *item) for item in items) + struct.pack("<HH", 0, 0)
    assert answered(answer) == DONE
    assert answer.value is not None
    assert answer.value & 0xFFFFFFFF == crc32(packed)
    talk.run(1.5)
    heartbeat = talk.last(Heartbeat)
    assert heartbeat.limits_crc == crc32(packed)
    assert Status.LIMITS_SET | Status.SESSION in Status(heartbeat.status)
    assert heartbeat.session == 5
    since = len(talk.said)
    talk.ask(Identify)
    probe = {Rule.NO_FINGER, Rule.NO_PULSE}
    assert {a.rule for a in talk.all(Alarm, since)} == {Rule.SPO2_LOW, Rule.PULSE_HIGH} | probe
    talk.ask(SessionEnd, 5)
    talk.run(1.5)
    heartbeat = talk.last(Heartbeat)
    assert Status.LIMITS_SET not in Status(heartbeat.status), "limits end with their session"
    assert heartbeat.limits_crc != crc32(packed)
    assert heartbeat.session is None


def test_one_reading_from_start_to_done_with_its_oscillogram(board: Open) -> None:
    talk = board()
    number = talk.send(CuffStart)
    talk.run(1)
    assert answered(talk.ask(CuffStart)) == refused(Refusal.BUSY)
    talk.run_pinging(60)
    answers = [a for a in talk.all(Answer) if a.number == number]
    assert [a.outcome for a in answers] == [Outcome.ACCEPTED, Outcome.DONE]
    (result,) = talk.all(NibpResult)
    assert answers[-1].value == result.outcome == NibpOutcome.OK
    assert answers[-1].t_ms == result.t_ms
    assert result.session is None
    assert result.sbp_mmhg > result.map_mmhg > result.dbp_mmhg
    pressures = talk.all(CuffPressure)
    steps = {b.t_ms - a.t_ms for a, b in itertools.pairwise(pressures)}
    assert steps == {100}, "ten a second while it works"
    assert {CuffPhase(p.phase) for p in pressures} >= {CuffPhase.INFLATING, CuffPhase.DEFLATING, CuffPhase.DUMPING}
    assert answered(talk.ask(CuffStart)) == refused(Refusal.RESTING)
    assert answered(talk.ask(OscillogramGet, result.cycle)) == DONE
    parts = talk.all(Oscillogram)
    assert [p.part for p in parts] == list(range(parts[0].parts))
    assert sum(len(p.beats) for p in parts) == result.beats


def test_settings_are_kept_and_take_effect(board: Open, tmp_path: Any) -> None:
    talk = board(flash=str(tmp_path))
    assert answered(talk.ask(ConfigSet, ConfigKey.BED_LABEL, "Bed 4 · süd")) == DONE
    assert answered(talk.ask(ConfigSet, ConfigKey.AVERAGING_S, "seven")) == refused(Refusal.BAD_VALUE)
    assert answered(talk.ask(ConfigSet, ConfigKey.OWN_SUPPLY, "1")) == DONE
    assert talk.ask(ConfigGet, ConfigKey.BED_LABEL).detail == "Bed 4 · süd"
    talk.ask(Identify)
    assert talk.last(Hello).identity.split("\n")[1] == "Bed 4 · süd"
    assert Capabilities.OWN_SUPPLY in Capabilities(talk.last(Hello).capabilities)
    talk.run(1.2)
    assert 5800 < talk.last(Heartbeat).supply_mv < 6200
    assert answered(talk.ask(Reset)) == DONE
    talk.run(3)
    hello = talk.last(Hello)
    assert (hello.boot, hello.reset_cause) == (2, ResetCause.REQUESTED)
    assert hello.identity.split("\n")[1] == "Bed 4 · süd"
    talk.close()
    other = board(flash=str(tmp_path))
    assert (other.last(Hello).boot, other.last(Hello).identity.split("\n")[1]) == (3, "Bed 4 · süd")
