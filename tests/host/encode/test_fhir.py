# SPDX-License-Identifier: Apache-2.0
"""What we say in FHIR R4: valid by the models of `fhir.resources`, coded as clinicians code it, absent where absent."""

from __future__ import annotations

import importlib.util
import json
import warnings
from typing import Any

import pytest
from given import BOARD, SIMULATED, alarm, cuff, on_its_way, oximeter, technical, wave
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.encode.fhir import LOINC, bundle, bundle_lines, observations
from vitalwire.items import Event, Item, Origin, Reading, Wave

if importlib.util.find_spec("fhir") is None:
    pytest.skip("NOT RUN: fhir.resources is not installed (make setup-interop)", allow_module_level=True)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the library's own
    from fhir.resources.R4B.bundle import Bundle
    from fhir.resources.R4B.observation import Observation


def made(item: Item, origin: Origin = BOARD, **values: Any) -> list[dict[str, Any]]:
    """The Observations of an item, each of them valid."""
    (delivery,) = on_its_way(item, origin=origin, **values)
    found = observations(delivery)
    for one in found:
        Observation.model_validate(one)
    return found


def loinc(concept: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in concept["coding"] if coding["system"] == LOINC]


def test_a_reading_of_the_oximeter_is_an_observation_for_each_value() -> None:
    spo2, pulse, perfusion = made(oximeter(utc_ms=1_767_225_601_234))
    assert loinc(spo2["code"]) == ["59408-5", "2708-6"]
    assert spo2["valueQuantity"] == {
        "value": 97.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"
    }  # fmt: skip
    assert loinc(pulse["code"]) == ["8867-4"]
    assert pulse["valueQuantity"]["code"] == "/min"
    assert loinc(perfusion["code"]) == [], "a code that was not checked is no promise"
    assert spo2["effectiveDateTime"] == "2026-01-01T00:00:01.234Z"
    assert spo2["category"][0]["coding"][0]["code"] == "vital-signs"
    assert spo2["subject"]["identifier"]["value"] == "P17"
    assert spo2["device"]["identifier"]["value"] == "VW-0042"


def test_a_blood_pressure_is_one_observation_with_its_components_and_the_pulse_another() -> None:
    pressure, pulse = made(cuff())
    assert loinc(pressure["code"]) == ["85354-9"]
    assert "valueQuantity" not in pressure
    found = {tuple(loinc(c["code"])): c["valueQuantity"] for c in pressure["component"]}
    assert found[("8480-6",)] == {
        "value": 122.0, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"
    }  # fmt: skip
    assert found[("8462-4",)]["value"] == 76.0
    assert len(pressure["component"]) == 3
    assert loinc(pulse["code"]) == ["8867-4"]


def test_what_was_not_measured_has_a_reason_and_no_value() -> None:
    reading = oximeter(spo2_pct=None, reasons=(("spo2_pct", "no_finger"),))
    spo2 = made(reading)[0]
    assert "valueQuantity" not in spo2
    assert spo2["dataAbsentReason"]["coding"][0]["code"] == "error"
    assert spo2["dataAbsentReason"]["text"] == "no finger"
    settling = made(oximeter(pulse_bpm=None, reasons=(("pulse_bpm", "settling"),)))[1]
    assert settling["dataAbsentReason"]["coding"][0]["code"] == "temp-unknown"


def test_a_cuff_cycle_without_a_result_says_so_of_each_pressure() -> None:
    nothing = dict.fromkeys(("sbp_mmhg", "dbp_mmhg", "map_mmhg", "pulse_bpm"))
    reasons = tuple((name, "aborted") for name in ("sbp_mmhg", "dbp_mmhg", "map_mmhg"))
    (pressure,) = made(cuff(**nothing, reasons=reasons))
    assert {c["dataAbsentReason"]["coding"][0]["code"] for c in pressure["component"]} == {"not-performed"}


def test_a_pressure_that_a_person_took_says_so_and_claims_nothing_else() -> None:
    taken = Reading(0, None, None, None, "manual", sbp_mmhg=130.0, dbp_mmhg=85.0)
    (pressure,) = made(taken)
    assert {"text": "taken by a person"} in pressure["note"]
    (spo2,) = made(Reading(0, None, None, None, "manual", spo2_pct=96.0))
    assert loinc(spo2["code"])[0] == "59408-5"


def test_what_is_simulated_is_test_data_and_every_mark_goes_along() -> None:
    spo2 = made(oximeter(flags=("uncalibrated",)), origin=SIMULATED, late=True)[0]
    assert spo2["meta"]["security"][0]["code"] == "HTEST"
    assert [tag["code"] for tag in spo2["meta"]["tag"]] == ["uncalibrated", "simulated", "late"]
    assert spo2["note"][0]["text"] == "UNCALIBRATED, SIMULATED, LATE"
    assert spo2["status"] == "preliminary"
    assert "meta" not in made(oximeter())[0]


def test_an_alarm_says_which_when_on_what_value_and_limit() -> None:
    (raised,) = made(alarm("raised"))
    assert raised["code"]["coding"][0]["code"] == "spo2_low"
    assert raised["valueCodeableConcept"]["text"] == "high raised"
    assert [part["valueQuantity"]["value"] for part in raised["component"]] == [88.0, 90.0]
    assert raised["interpretation"][0]["coding"][0]["code"] == "L"
    (lost,) = made(technical("raised"))
    assert "component" not in lost


def test_events_that_are_no_alarms_and_waves_are_not_told_to_a_server() -> None:
    assert made(Event(0, "operator", "acknowledge")) == []
    assert made(wave()) == []
    assert bundle(on_its_way(wave())) is None


def test_a_batch_creates_only_what_the_server_does_not_have() -> None:
    batch = on_its_way(oximeter(), cuff(), alarm("raised"))
    found = bundle(batch)
    again = bundle([type(d)(d.number, d.item, d.origin, d.key, repeated=True) for d in batch])
    assert found is not None
    assert again is not None
    Bundle.model_validate(found)
    names = [one["request"]["ifNoneExist"] for one in found["entry"]]
    assert len(set(names)) == len(names) == 6
    assert names == [one["request"]["ifNoneExist"] for one in again["entry"]], "a repeat has the same names"


texts = st.text(max_size=20)


@given(texts, texts, st.none() | st.floats(0, 300), st.sampled_from(["raised", "cleared", "worse", ""]))
def test_no_text_and_no_value_makes_it_invalid(detail: str, patient: str, value: float | None, state: str) -> None:
    clean = detail.encode(errors="ignore").decode()
    code = patient.encode(errors="ignore").decode()
    made(alarm(state, detail=clean, value=value), origin=Origin("VW-1", patient=code))


def test_a_whole_session_is_one_bundle_with_its_wave_in_pieces_that_end_at_gaps() -> None:
    first = wave(utc_ms=1_767_225_600_000, index=0)
    second = wave(utc_ms=1_767_225_600_030, index=3)
    after_gap = wave(utc_ms=1_767_225_605_000, index=500, lost=40)
    text = "".join(bundle_lines(SIMULATED, [first, oximeter(), second, after_gap, cuff()]))
    found = json.loads(text)
    Bundle.model_validate(found)
    waves = [one["resource"] for one in found["entry"] if "valueSampledData" in one["resource"]]
    assert [len(w["valueSampledData"]["data"].split()) for w in waves] == [12, 6]
    assert waves[0]["valueSampledData"]["period"] == 10
    assert waves[0]["effectivePeriod"] == {"start": "2026-01-01T00:00:00.000Z", "end": "2026-01-01T00:00:00.050Z"}
    assert len(found["entry"]) == 3 + 2 + 2
    assert len({one["fullUrl"] for one in found["entry"]}) == len(found["entry"])


def test_a_session_without_anything_is_an_empty_bundle() -> None:
    assert json.loads("".join(bundle_lines(BOARD, [])))["entry"] == []
    assert isinstance(wave(), Wave)
