# SPDX-License-Identifier: Apache-2.0
"""What our FHIR R4 resources say, and that the models of `fhir.resources` take them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from given import BOARD, SIMULATED, alarm, cuff, on_its_way, oximeter, technical, wave
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.codes import CODES
from vitalwire.encode.fhir import EMPTY, HEAD, TAIL, bundle_lines, bundle_text, observations
from vitalwire.items import Event, Item, Origin
from vitalwire.link.readings import Reading
from vitalwire_protocol.codec import NibpOutcome, Reason

try:
    from fhir.resources.R4B.bundle import Bundle
except ImportError:
    Bundle = None

AT = 1767225601200
"""2026-01-01, 00:00:01.2 UTC."""


def valid(text: str) -> dict[str, Any]:
    """A bundle, once the models have taken it."""
    if Bundle is None:
        pytest.skip("NOT VALIDATED: fhir.resources is not installed (pip install -e '.[interop]')")
    Bundle.model_validate_json(text)
    told: dict[str, Any] = json.loads(text)
    return told


def made(item: Item, origin: Origin = BOARD, **values: Any) -> list[dict[str, Any]]:
    """The resources of an item, as JSON gives them back."""
    told = valid(bundle_text(on_its_way(item, origin=origin, **values)))
    return [entry["resource"] for entry in told["entry"]]


def codes(concept: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in concept["coding"]]


def by_code(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Resources or components by their first code."""
    return {codes(one["code"])[0]: one for one in resources}


def texts_of(resource: dict[str, Any]) -> list[str]:
    return [note["text"] for note in resource.get("note", [])]


# ------------------------------------------------------------ whole resources

DEVICE = {
    "resourceType": "Device",
    "id": "board",
    "identifier": [{"system": "urn:x-vitalwire:serial", "value": "VW-0042"}],
    "serialNumber": "VW-0042",
    "deviceName": [{"name": "Vitalwire", "type": "user-friendly-name"}],
    "type": {
        "coding": [
            {
                "system": "urn:iso:std:iso:11073:10101",
                "code": "69965",
                "display": "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS",
            }
        ]
    },
    "version": [{"value": "1.2.0"}],
    "location": {"display": "bed 3"},
}
VITAL_SIGNS = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs",
            "display": "Vital Signs",
        }
    ]
}


def test_a_saturation_in_full() -> None:
    saturation, pulse, perfusion = made(oximeter(utc_ms=AT))
    assert saturation == {
        "resourceType": "Observation",
        "contained": [DEVICE],
        "identifier": [{"system": "urn:x-vitalwire:item", "value": f"VW-0042-1.{AT}.spo2_pct"}],
        "status": "final",
        "category": [VITAL_SIGNS],
        "code": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": "59408-5",
                    "display": "Oxygen saturation in Arterial blood by Pulse oximetry",
                },
                {"system": "http://loinc.org", "code": "2708-6"},
                {"system": "urn:iso:std:iso:11073:10101", "code": "150456", "display": "MDC_PULS_OXIM_SAT_O2"},
            ],
            "text": "SpO2",
        },
        "subject": {"type": "Patient", "identifier": {"system": "urn:x-vitalwire:patient", "value": "P17"}},
        "effectiveDateTime": "2026-01-01T00:00:01.200Z",
        "valueQuantity": {"value": 97.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        "device": {"reference": "#board"},
        "component": [
            {"code": {"coding": [{"system": "urn:x-vitalwire:part", "code": "quality"}], "text": "quality"},
             "valueInteger": 92}
        ],
    }  # fmt: skip
    assert codes(pulse["code"]) == ["8867-4", "149530"]
    assert pulse["valueQuantity"]["code"] == "/min"
    assert codes(perfusion["code"]) == ["150448"]  # its LOINC is not sure
    assert perfusion["valueQuantity"]["value"] == 1.85


def test_a_blood_pressure_is_one_observation_with_its_components() -> None:
    pressure, pulse = made(cuff(utc_ms=AT))
    assert codes(pressure["code"]) == ["85354-9", "150020"]
    assert "valueQuantity" not in pressure
    parts = by_code(pressure["component"])
    values = {code: part["valueQuantity"]["value"] for code, part in parts.items() if "valueQuantity" in part}
    assert values == {"8480-6": 122.0, "8462-4": 76.0, "8478-0": 91.0}
    assert parts["8480-6"]["valueQuantity"] == {
        "value": 122.0,
        "unit": "mmHg",
        "system": "http://unitsofmeasure.org",
        "code": "mm[Hg]",
    }
    assert codes(pulse["code"]) == ["8867-4", "149546"]


def test_what_is_unsure_of_a_code_is_not_promised() -> None:
    unsure = {loinc for code in CODES for loinc in code.unsure}
    assert unsure
    told = json.dumps([*made(oximeter()), *made(cuff())])
    assert not [code for code in unsure if f'"{code}"' in told]


def test_a_value_has_its_decimals_and_no_more() -> None:
    (saturation, *_) = made(oximeter(spo2_pct=96.30000000000001))
    text = bundle_text(on_its_way(oximeter(spo2_pct=96.30000000000001)))
    told = json.loads(text, parse_float=Decimal)
    assert told["entry"][0]["resource"]["valueQuantity"]["value"] == Decimal("96.3")
    assert saturation["valueQuantity"]["value"] == 96.3


# ------------------------------------------------------------ what is not there


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_absence_is_a_reason_and_no_number(value: float | None) -> None:
    saturation = made(oximeter(spo2_pct=value, reasons=(("spo2_pct", "no_finger"),)))[0]
    assert "valueQuantity" not in saturation
    assert saturation["dataAbsentReason"] == {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-performed"}
        ],
        "text": "no finger",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("aborted", "not-performed"),
        ("cuff_inflated", "temp-unknown"),
        ("settling", "temp-unknown"),
        ("bus_fault", "error"),
        ("leak", "error"),
        ("motion", "unknown"),
        ("something new", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_pressure_that_was_not_found_says_why(reason: str, code: str) -> None:
    reasons = (("sbp_mmhg", reason),) if reason else ()
    parts = by_code(made(cuff(sbp_mmhg=None, reasons=reasons))[0]["component"])
    assert codes(parts["8480-6"]["dataAbsentReason"]) == [code]
    assert parts["8462-4"]["valueQuantity"]["value"] == 76.0


@pytest.mark.parametrize("word", [one.name.lower() for one in (*Reason, *NibpOutcome) if one.name != "OK"])
def test_every_reason_of_the_protocol_has_one(word: str) -> None:
    absent = made(oximeter(spo2_pct=None, reasons=(("spo2_pct", word),)))[0]["dataAbsentReason"]
    assert codes(absent)[0] in ("unknown", "temp-unknown", "not-performed", "error")
    assert absent["text"]


def test_a_doubtful_value_is_there_with_a_note() -> None:
    pressure, pulse = made(cuff(reasons=(("sbp_mmhg", "movement"),), doubts=("movement", "noisy")))
    assert by_code(pressure["component"])["8480-6"]["valueQuantity"]["value"] == 122.0
    assert texts_of(pressure) == ["doubtful: movement, noisy", "sbp_mmhg: movement"]
    assert "sbp_mmhg: movement" in texts_of(pulse)  # it is of the same cycle


def test_what_a_person_entered_has_no_device_and_nothing_missing_beside_it() -> None:
    (pressure,) = made(Reading(AT, None, None, None, "manual", sbp_mmhg=131.0, dbp_mmhg=84.0))
    assert list(by_code(pressure["component"])) == ["8480-6", "8462-4"]
    assert "device" not in pressure
    assert "contained" not in pressure
    assert texts_of(pressure) == ["entered by a person"]


def test_without_patient_and_board_there_is_no_empty_reference() -> None:
    saturation = made(oximeter(), Origin(board=""))[0]
    assert "subject" not in saturation
    assert set(saturation["contained"][0]) == {"resourceType", "id", "deviceName", "type"}


# ------------------------------------------------------------ marks


@pytest.mark.parametrize("item", [oximeter(), cuff(), alarm("raised"), wave()])
def test_nobody_takes_a_simulated_board_for_a_patient(item: Item) -> None:
    for resource in made(item, SIMULATED):
        assert [label["code"] for label in resource["meta"]["security"]] == ["HTEST"]
        assert texts_of(resource)[0] == "SIMULATED"
    for resource in made(item):
        assert "meta" not in resource


def test_marks_are_tags_to_search_for_and_a_note_to_read() -> None:
    for resource in made(oximeter(flags=("unsigned", "uncalibrated", "cuff_inflated")), late=True):
        assert [tag["code"] for tag in resource["meta"]["tag"]] == ["unsigned", "uncalibrated", "cuff_inflated", "late"]
        assert texts_of(resource)[0] == "UNSIGNED, UNCALIBRATED, CUFF INFLATED, LATE"
        assert "security" not in resource["meta"]


# ------------------------------------------------------------ repeats


def test_a_repeat_creates_nothing_that_is_there() -> None:
    reading = oximeter()
    once, again = (valid(bundle_text(on_its_way(reading, repeated=repeated))) for repeated in (False, True))
    assert once == again
    for entry in once["entry"]:
        (identifier,) = entry["resource"]["identifier"]
        assert entry["request"]["method"] == "POST"
        asked = parse_qs(entry["request"]["ifNoneExist"])
        assert asked == {"identifier": [f"{identifier['system']}|{identifier['value']}"]}


def test_no_two_resources_have_the_same_identifier() -> None:
    items = [oximeter(utc_ms=AT), cuff(utc_ms=AT), alarm("raised", utc_ms=AT), wave(utc_ms=AT)]
    told = valid(bundle_text(on_its_way(*items)))
    assert len({entry["fullUrl"] for entry in told["entry"]}) == len(told["entry"])
    assert len({entry["request"]["ifNoneExist"] for entry in told["entry"]}) == len(told["entry"])


def test_two_sessions_without_names_are_told_apart_by_their_times() -> None:
    nobody = Origin(board="")
    texts = ["".join(bundle_lines(nobody, [oximeter(utc_ms=AT + shift)])) for shift in (0, 86_400_000)]
    first, second = ({e["request"]["ifNoneExist"] for e in valid(text)["entry"]} for text in texts)
    assert not first & second


# ------------------------------------------------------------ events and waves


def test_an_alarm_is_an_observation_that_no_chart_takes_for_a_measurement() -> None:
    (told,) = made(alarm("raised", utc_ms=AT, detail="judged by the board", by="nurse 7"))
    assert codes(told["category"][0]) == ["alarm"]
    assert codes(told["code"]) == ["spo2_low"]
    assert codes(told["valueCodeableConcept"]) == ["raised"]
    parts = by_code(told["component"])
    assert codes(parts["priority"]["valueCodeableConcept"]) == ["high"]
    assert parts["value"]["valueQuantity"]["value"] == 88.0
    assert parts["limit"]["valueQuantity"]["code"] == "%"
    assert told["note"] == [{"authorString": "nurse 7", "text": "judged by the board"}]
    assert "loinc" not in json.dumps(told)


def test_a_technical_alarm_is_said_in_words() -> None:
    (told,) = made(technical("raised"))
    assert told["code"]["text"] == "Board not heard"
    assert by_code(told["component"])["kind"]["valueString"] == "technical"


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event(AT, "operator", "dose", "given", value=28.0, by="nurse 7"), "operator.dose"),
        (Event(AT, "gap", "", "start"), "gap"),
        (Event(AT, "session", "ended"), "session.ended"),
    ],
)
def test_every_other_event_is_one_too(event: Event, code: str) -> None:
    (told,) = made(event)
    assert codes(told["category"][0]) == ["event"]
    assert codes(told["code"]) == [code]
    assert ("valueCodeableConcept" in told) == bool(event.state)


def test_the_pulse_wave_is_sampled_data() -> None:
    (told,) = made(wave(utc_ms=AT, lost=4))
    assert codes(told["code"]) == ["150452"]
    samples = by_code(told["component"])["ir"]["valueSampledData"]
    assert (samples["period"], samples["data"]) == (10, "60001 60002 60003")
    assert texts_of(told) == ["4 samples are missing just before these"]


# ------------------------------------------------------------ any text

texts = st.text(max_size=40)


def shown(text: str) -> str:
    """What FHIR can hold of a text: no control characters, no half characters."""
    return "".join("?" if "\ud800" <= c <= "\udfff" else "\ufffd" if c < " " and c not in "\t\n\r" else c for c in text)


@given(detail=texts, by=texts, patient=texts, name=texts, state=texts, bed=texts)
def test_any_text_gives_a_valid_resource(detail: str, by: str, patient: str, name: str, state: str, bed: str) -> None:
    origin = replace(BOARD, patient=patient, bed=bed)
    (told,) = made(alarm(state, name, detail=detail, by=by), origin)
    if shown(detail).strip():
        assert told["note"][0]["text"] == shown(detail)
    if shown(by).strip():
        assert told["note"][0]["authorString"] == shown(by)
    assert ("subject" in told) == bool(shown(patient).strip())
    if "subject" in told:
        assert told["subject"]["identifier"]["value"] == shown(patient)


# ------------------------------------------------------------ bundles


def test_a_session_is_one_transaction_an_entry_a_line() -> None:
    items = [oximeter(utc_ms=AT), cuff(flags=("late",)), alarm("raised"), Event(AT, "operator", "dose"), wave()]
    pieces = list(bundle_lines(replace(BOARD, session="0000002a"), items))
    told = valid("".join(pieces))
    assert (told["type"], len(told["entry"])) == ("transaction", 3 + 2 + 1 + 1 + 1)
    assert told["entry"][0]["resource"]["identifier"][0]["value"] == f"0000002a-1.{AT}.spo2_pct"
    assert "late" in [tag["code"] for tag in told["entry"][3]["resource"]["meta"]["tag"]]
    assert "".join(pieces).count("\n") == len(told["entry"]) + 2
    assert pieces[0].startswith(HEAD)
    assert pieces[-1] == TAIL


def test_a_session_without_anything_is_a_bundle_without_entries() -> None:
    assert "".join(bundle_lines(BOARD, [])) == EMPTY
    assert valid(EMPTY) == {"resourceType": "Bundle", "type": "transaction"}


def test_a_long_session_is_written_as_it_is_read() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield oximeter(utc_ms=AT + taken)

    pieces = bundle_lines(BOARD, endless())
    for _ in range(7):
        next(pieces)
    assert taken == 3


def test_the_order_of_the_items_is_that_of_the_entries() -> None:
    told = valid("".join(bundle_lines(BOARD, [oximeter(utc_ms=AT + n) for n in range(20)])))
    times = [entry["resource"]["effectiveDateTime"] for entry in told["entry"]]
    assert all(a <= b for a, b in pairwise(times))
    assert len(set(times)) == 20


def test_resources_are_plain_values() -> None:
    for item in (oximeter(), cuff(), alarm("raised"), wave()):
        (delivery,) = on_its_way(item)
        for resource in observations(delivery):
            assert json.loads(json.dumps(resource, allow_nan=False)) == resource
