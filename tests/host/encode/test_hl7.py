# SPDX-License-Identifier: Apache-2.0
"""What our HL7 v2.6 messages say, as the `hl7` library reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hl7
import pytest
from given import BOARD, SIMULATED, alarm, cuff, on_its_way, oximeter, technical, wave
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.encode.hl7 import KEY_MAX, Parties, control_id, escape, file_lines, message, time_text
from vitalwire.items import Event, Item, Origin
from vitalwire.link.readings import Reading
from vitalwire.sinks.base import Delivery

AT = 1767225601200
"""2026-01-01, 00:00:01.2 UTC."""
MADE = "20260101000001.200+0000"


def said(item: Item, origin: Origin = BOARD, parties: Parties | None = None, **values: Any) -> str:
    text = message(on_its_way(item, origin=origin, **values)[0], parties or Parties())
    assert text is not None
    assert text.endswith("\r")
    return text


def parsed(item: Item, origin: Origin = BOARD, **values: Any) -> Any:
    return hl7.parse(said(item, origin, **values))


def field(segment: Any, number: int) -> str:
    """A field as it stands, empty where the segment ends before it."""
    return str(segment[number]) if number < len(segment) else ""


def values(message: Any) -> dict[str, Any]:
    """The OBX segments by the name of what they are of (OBX-3.2)."""
    return {str(obx[3][0][1]): obx for obx in message.segments("OBX")}


def notes(message: Any) -> list[str]:
    return [
        message.unescape(field(segment, 3))
        for segment in message
        if str(segment[0]) == "NTE" and field(segment, 2) == "L"
    ]


# ------------------------------------------------------------ whole messages


def lines(*segments: str) -> str:
    return "".join(segment + "\r" for segment in segments)


def head(kind: str, profile: str, order: str) -> tuple[str, ...]:
    return (
        f"MSH|^~\\&|VITALWIRE||||{MADE}||{kind}|VW-0042-1|P|2.6|||AL|NE||UNICODE UTF-8|||{profile}",
        "PID|||P17^^^VITALWIRE^PI||^^^^^^S",
        "PV1||U|^^bed 3",
        f"OBR|1|VW-0042-1^VITALWIRE|VW-0042-1^VITALWIRE|{order}|||{MADE}",
    )


READING = head(
    "ORU^R01^ORU_R01",
    "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO",
    "182777000^monitoring of patient^SCT",
)
ALARM = head("ORU^R40^ORU_R40", "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO", "196616^MDC_EVT_ALARM^MDC")
END = f"|||{MADE}||||VW-0042^VITALWIRE"
MDS = f"OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X{END}"
OXIMETER = (
    MDS,
    f"OBX|2||69642^MDC_DEV_ANALY_SAT_O2_VMD^MDC|1.1.0.0|||||||X{END}",
    f"OBX|3||69643^MDC_DEV_ANALY_SAT_O2_CHAN^MDC|1.1.1.0|||||||X{END}",
)


def test_a_reading_of_the_oximeter_in_full() -> None:
    assert said(oximeter(utc_ms=AT)) == lines(
        *READING,
        *OXIMETER,
        f"OBX|4|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|97.0|262688^MDC_DIM_PERCENT^MDC|||||F{END}",
        f"OBX|5|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.1.1.2|64.0|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F{END}",
        f"OBX|6|NM|150448^MDC_PULS_OXIM_PERF_REL^MDC|1.1.1.3|1.85|262688^MDC_DIM_PERCENT^MDC|||||F{END}",
    )


def test_a_reading_of_the_cuff_in_full() -> None:
    assert said(cuff(utc_ms=AT)) == lines(
        *READING,
        MDS,
        f"OBX|2||70686^MDC_DEV_PRESS_BLD_NONINV_VMD^MDC|1.2.0.0|||||||X{END}",
        f"OBX|3||70687^MDC_DEV_PRESS_BLD_NONINV_CHAN^MDC|1.2.1.0|||||||X{END}",
        f"OBX|4|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.2.1.1|122.0|266016^MDC_DIM_MMHG^MDC|||||F{END}",
        f"OBX|5|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.2.1.2|76.0|266016^MDC_DIM_MMHG^MDC|||||F{END}",
        f"OBX|6|NM|150023^MDC_PRESS_BLD_NONINV_MEAN^MDC|1.2.1.3|91.0|266016^MDC_DIM_MMHG^MDC|||||F{END}",
        f"OBX|7|NM|149546^MDC_PULS_RATE_NON_INV^MDC|1.2.1.4|66.0|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||F{END}",
    )


def test_a_reading_without_a_finger_in_full() -> None:
    fields = ("spo2_pct", "pulse_bpm", "perfusion_pct")
    absent = oximeter(utc_ms=AT, **dict.fromkeys(fields), reasons=tuple((name, "no_finger") for name in fields))
    assert said(absent) == lines(
        *READING,
        *OXIMETER,
        f"OBX|4|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1||262688^MDC_DIM_PERCENT^MDC|||||X{END}",
        "NTE|1|L|spo2_pct: no_finger",
        f"OBX|5|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.1.1.2||264864^MDC_DIM_BEAT_PER_MIN^MDC|||||X{END}",
        "NTE|1|L|pulse_bpm: no_finger",
        f"OBX|6|NM|150448^MDC_PULS_OXIM_PERF_REL^MDC|1.1.1.3||262688^MDC_DIM_PERCENT^MDC|||||X{END}",
        "NTE|1|L|perfusion_pct: no_finger",
    )


def test_an_alarm_in_full() -> None:
    assert said(alarm("raised", utc_ms=AT, detail="judged by the board")) == lines(
        *ALARM,
        f"OBX|1|ST|196670^MDC_EVT_LO^MDC|1.1.1.1.1|spo2 low: judged by the board|||L~PH~SP|||F{END}",
        f"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1.2|88.0|262688^MDC_DIM_PERCENT^MDC|>90.0||||F{END}",
        f"OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.1.1.1.3|start||||||F{END}",
        f"OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|1.1.1.1.4|active||||||F{END}",
        f"OBX|5|ST|68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC|1.1.1.1.5|enabled||||||F{END}",
        f"OBX|6|ST|68484^MDC_ATTR_ALARM_PRIORITY^MDC|1.1.1.1.6|PH||||||F{END}",
        f"OBX|7|ST|68485^MDC_ATTR_ALERT_TYPE^MDC|1.1.1.1.7|SP||||||F{END}",
    )


# ------------------------------------------------------------ values


def test_absence_is_no_number_whatever_its_reason() -> None:
    for value in (None, float("nan"), float("inf")):
        obx = values(parsed(oximeter(spo2_pct=value)))["MDC_PULS_OXIM_SAT_O2"]
        assert (field(obx, 5), field(obx, 11)) == ("", "X")


def test_an_absent_value_without_a_reason_was_not_measured() -> None:
    assert notes(parsed(cuff(pulse_bpm=None))) == ["pulse_bpm: not measured"]


def test_a_doubtful_value_is_there_and_its_reason_stands_behind_it() -> None:
    text = said(oximeter(reasons=(("pulse_bpm", "low_quality"),), doubts=("movement", "noisy")))
    told = hl7.parse(text)
    assert field(values(told)["MDC_PULS_OXIM_PULS_RATE"], 5) == "64.0"
    assert notes(told) == ["doubtful: movement, noisy", "pulse_bpm: low_quality"]
    segments = text.split("\r")
    reason = segments.index("NTE|1|L|pulse_bpm: low_quality")
    assert "MDC_PULS_OXIM_PULS_RATE" in segments[reason - 1]


def test_what_a_person_entered_has_no_device_and_nothing_missing_beside_it() -> None:
    told = parsed(Reading(AT, None, None, None, "manual", sbp_mmhg=131.0, dbp_mmhg=84.0, flags=("observed",)))
    found = values(told)
    assert {name for name, obx in found.items() if field(obx, 5)} == {
        "MDC_PRESS_BLD_NONINV_SYS",
        "MDC_PRESS_BLD_NONINV_DIA",
    }
    obx = found["MDC_PRESS_BLD_NONINV_SYS"]
    assert (field(obx, 17), field(obx, 18)) == ("MMEAS^manual-measurement^MDC", "")
    assert notes(told) == ["OBSERVED", "entered by a person"]
    assert all(field(obx, 11) == "F" for obx in found.values() if field(obx, 2))


def test_what_holds_for_all_values_is_said_before_the_first() -> None:
    flags = ("simulated", "unsigned", "uncalibrated", "cuff_inflated")
    text = said(oximeter(flags=flags), SIMULATED, late=True, repeated=True)
    segments = text.split("\r")
    place = next(n for n, segment in enumerate(segments) if segment.startswith("OBR"))
    assert segments[place + 1] == "NTE|1|L|SIMULATED, UNSIGNED, UNCALIBRATED, CUFF INFLATED, LATE, REPEATED"


@pytest.mark.parametrize("item", [oximeter(), alarm("raised"), technical("raised")])
def test_nobody_takes_a_simulated_board_for_a_patient(item: Item) -> None:
    told = parsed(item, SIMULATED)
    assert field(told.segment("MSH"), 11) == "D"
    assert notes(told)[0] == "SIMULATED"
    assert field(parsed(item).segment("MSH"), 11) == "P"


def test_a_reading_that_says_itself_that_it_is_simulated_is_believed() -> None:
    assert field(parsed(oximeter(flags=("simulated",))).segment("MSH"), 11) == "D"


def test_of_a_patient_there_is_a_code_and_never_a_name() -> None:
    pid = parsed(oximeter()).segment("PID")
    assert (field(pid, 3), field(pid, 5)) == ("P17^^^VITALWIRE^PI", "^^^^^^S")
    pid = parsed(oximeter(), replace(BOARD, patient="")).segment("PID")
    assert (field(pid, 3), field(pid, 5)) == ("", "^^^^^^U")


def test_times_are_exact_to_the_millisecond() -> None:
    assert time_text(AT) == MADE
    assert time_text(AT - 1200 + 7) == "20260101000000.007+0000"
    assert field(values(parsed(oximeter(utc_ms=AT)))["MDC_PULS_OXIM_SAT_O2"], 14) == MADE


# ------------------------------------------------------------ alarms


@pytest.mark.parametrize(
    ("state", "phase", "stands", "sound"),
    [
        ("raised", "start", "active", "enabled"),
        ("worse", "update", "active", "enabled"),
        ("escalated", "update", "active", "enabled"),
        ("acknowledged", "update", "active", "alert-acknowledged"),
        ("latched", "update", "latched", "enabled"),
        ("cleared", "end", "inactive", "enabled"),
    ],
)
def test_an_alarm_has_a_beginning_changes_and_an_end(state: str, phase: str, stands: str, sound: str) -> None:
    found = values(parsed(alarm(state)))
    assert field(found["MDC_ATTR_EVENT_PHASE"], 5) == phase
    assert field(found["MDC_ATTR_ALARM_STATE"], 5) == stands
    assert field(found["MDC_ATTR_ALARM_INACTIVATION_STATE"], 5) == sound


@pytest.mark.parametrize(
    ("priority", "word"), [("high", "PH"), ("medium", "PM"), ("low", "PL"), ("", "PN"), ("none", "PN")]
)
def test_the_priority_of_an_alarm(priority: str, word: str) -> None:
    assert field(values(parsed(alarm("raised", priority=priority)))["MDC_ATTR_ALARM_PRIORITY"], 5) == word


def test_a_value_above_its_limit() -> None:
    found = values(parsed(alarm("raised", "pulse_high", value=131.0, limit=120.0, priority="medium")))
    assert field(found["MDC_EVT_HI"], 8) == "H~PM~SP"
    obx = found["MDC_PULS_OXIM_PULS_RATE"]
    assert (field(obx, 4), field(obx, 5), field(obx, 7)) == ("1.1.1.2.2", "131.0", "<120.0")


def test_an_alarm_of_the_cuff_stands_at_the_cuff() -> None:
    found = values(parsed(alarm("raised", "sbp_rise", value=150.0, limit=145.0)))
    assert field(found["MDC_PRESS_BLD_NONINV_SYS"], 4) == "1.2.1.1.2"


def test_an_alarm_whose_value_is_gone_has_none() -> None:
    obx = values(parsed(alarm("cleared", value=None, limit=None)))["MDC_PULS_OXIM_SAT_O2"]
    assert (field(obx, 5), field(obx, 7), field(obx, 11)) == ("", "", "X")


def test_a_technical_alarm_has_a_code_of_our_own_that_says_so() -> None:
    told = parsed(technical("raised", detail="no heartbeat for 3 s"))
    obx = values(told)["MDC_EVT_ALARM"]
    assert (field(obx, 2), field(obx, 4), field(obx, 8)) == ("CWE", "1.0.0.0.1", "PH~ST")
    assert field(obx, 5) == "link_lost^Board not heard^99VITALWIRE"
    assert notes(told) == ["no heartbeat for 3 s"]


def test_what_a_board_alone_says_of_its_probe_is_technical() -> None:
    told = parsed(alarm("raised", "no_finger", value=None, limit=None))
    assert field(values(told)["MDC_ATTR_ALERT_TYPE"], 5) == "ST"


def test_who_acknowledged_is_said() -> None:
    assert notes(parsed(alarm("acknowledged", by="nurse 7"))) == ["by nurse 7"]


@pytest.mark.parametrize("item", [wave(), Event(AT, "operator", "dose", "given"), Event(AT, "gap", "", "start")])
def test_waves_and_events_that_are_no_alarms_are_no_messages(item: Item) -> None:
    assert message(on_its_way(item)[0]) is None


# ------------------------------------------------------------ who to whom, and repeats


def test_sender_and_receiver_may_have_components_of_their_own() -> None:
    msh = hl7.parse(said(oximeter(), parties=Parties("VW^1.2.3^ISO", "WARD|3", "EHR", "HOSPITAL"))).segment("MSH")
    assert [field(msh, n) for n in range(3, 7)] == ["VW^1.2.3^ISO", "WARD\\F\\3", "EHR", "HOSPITAL"]


def test_a_repeat_has_the_same_control_id_and_says_that_it_is_one() -> None:
    reading = oximeter()
    first, again = parsed(reading), parsed(reading, repeated=True)
    assert field(first.segment("MSH"), 10) == field(again.segment("MSH"), 10) == "VW-0042-1"
    assert (notes(first), notes(again)) == ([], ["REPEATED"])


def test_a_long_key_becomes_a_short_control_id_and_stays_whole_as_the_order_number() -> None:
    long = [Delivery(n, oximeter(), BOARD, key=f"20260101T000000Z-bay-2-{n}") for n in (1, 2)]
    ids = [control_id(one) for one in long]
    assert len(set(ids)) == 2
    assert all(len(one) <= KEY_MAX for one in ids)
    assert ids[0] == control_id(replace(long[0], repeated=True))
    told = hl7.parse(message(long[0]))
    assert field(told.segment("MSH"), 10) == ids[0]
    assert field(told.segment("OBR"), 3) == "20260101T000000Z-bay-2-1^VITALWIRE"


# ------------------------------------------------------------ any text

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(text=texts)
def test_any_text_survives_escaping(text: str) -> None:
    told = hl7.parse("MSH|^~\\&|a|b\r")
    written = escape(text)
    assert not set(written) & set("|^~&\r\n\x0b\x1c")
    assert told.unescape(written) == text


@given(detail=texts, by=texts, patient=texts, bed=texts)
def test_any_text_arrives_where_it_belongs(detail: str, by: str, patient: str, bed: str) -> None:
    origin = replace(BOARD, patient=patient, bed=bed)
    told = parsed(technical("raised", detail=detail, by=by), origin)
    assert notes(told) == [*([f"by {by}"] if by else []), *([detail] if detail else [])]
    assert told.unescape(field(told.segment("PID"), 3)) == (f"{patient}^^^VITALWIRE^PI" if patient else "")
    assert len(told.segments("OBX")) == 7
    told = parsed(alarm("raised", detail=detail), origin)
    where = told.unescape(field(values(told)["MDC_EVT_LO"], 5))
    assert where == ("spo2 low" + (f": {detail}" if detail else ""))


def test_half_a_character_is_a_question_mark_and_the_rest_stays() -> None:
    assert said(technical("raised", detail="a\udcffb")).encode().decode().count("a?b") == 1


# ------------------------------------------------------------ a batch file


def test_a_session_is_one_batch_that_counts_its_messages() -> None:
    origin = replace(BOARD, started_utc_ms=AT)
    items = [oximeter(utc_ms=AT), wave(), cuff(flags=("late",)), alarm("raised"), Event(AT, "operator", "dose")]
    text = "".join(file_lines(origin, items))
    read = hl7.parse_file(text)
    (batch,) = read
    assert len(batch) == 3
    assert [field(one.segment("MSH"), 10) for one in batch] == ["0000002a-1", "0000002a-3", "0000002a-4"]
    assert notes(batch[1])[0] == "LATE"
    for header in (read.header, batch.header):
        assert (field(header, 7), field(header, 9), field(header, 11)) == (MADE, "0000002a", "0000002a")
    assert (field(batch.trailer, 1), field(read.trailer, 1)) == ("3", "1")


def test_a_session_without_anything_is_an_empty_batch() -> None:
    assert "".join(file_lines(Origin(""), [])).endswith("BTS|0\rFTS|1\r")


def test_a_long_session_is_written_as_it_is_read() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield oximeter(utc_ms=AT)

    pieces = file_lines(BOARD, endless())
    for _ in range(4):
        next(pieces)
    assert taken == 3
