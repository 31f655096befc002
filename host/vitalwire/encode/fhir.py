# SPDX-License-Identifier: Apache-2.0
"""FHIR R4: readings and alarms as Observations, as plain dicts. Pure functions.

A blood pressure is one Observation (LOINC 85354-9) with components; SpO2, pulse rate and perfusion are one each. Units
are UCUM, codes LOINC and MDC; what was not measured has a `dataAbsentReason` and no value. The identifier of an
Observation is that of its delivery, so that a server which gets it again knows it (`ifNoneExist`). A simulated board's
are tagged HTEST, as HL7's v3-ActReason calls test data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..alarms.rules import ALL_RULES
from ..codes import BLOOD_PRESSURE_LOINC, BLOOD_PRESSURE_MDC, CODES, PLETH_MDC, Code, codes_of
from ..items import Event, Item, Origin, Reading, Wave
from ..link.readings import iso_utc
from ..sinks.base import Delivery

LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
UCUM: Final = "http://unitsofmeasure.org"
OURS: Final = "urn:vitalwire"
"""Our own identifiers and words begin with it."""
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_PRESSURES: Final = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")
_NOT_YET: Final = frozenset({"settling", "calibrating"})
_NOT_ASKED: Final = frozenset({"aborted", "stopped"})
WAVE_S: Final = 60
"""So many seconds of the pulse wave are one Observation with SampledData."""


def observations(delivery: Delivery) -> list[dict[str, Any]]:
    """The Observations of a delivery: none for a wave by itself (see `wave`), and for events that are no alarms."""
    item = delivery.item
    if isinstance(item, Reading):
        return _reading(item, delivery)
    if isinstance(item, Event) and item.alarm:
        return [_alarm(item, delivery)]
    return []


def bundle(deliveries: Iterable[Delivery]) -> dict[str, Any] | None:
    """A batch Bundle that creates what the server does not have yet; None where there is nothing to tell."""
    entries = [entry(made) for delivery in deliveries for made in observations(delivery)]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries} if entries else None


def entry(observation: dict[str, Any]) -> dict[str, Any]:
    """An entry of a batch: created unless an Observation of the same identifier is there."""
    name = observation["identifier"][0]
    return {
        "resource": observation,
        "request": {
            "method": "POST",
            "url": "Observation",
            "ifNoneExist": f"identifier={name['system']}|{name['value']}",
        },
    }


def bundle_lines(origin: Origin, items: Iterable[Item]) -> Iterator[str]:
    """A collection Bundle of a whole session as text, piece by piece; the pulse wave in pieces of a minute."""
    yield '{"resourceType": "Bundle", "type": "collection", "entry": [\n'
    between = ""
    for made in _all(origin, items):
        full = f"{OURS}:observation:{made['identifier'][0]['value']}"
        yield between + json.dumps({"fullUrl": full, "resource": made}, ensure_ascii=False, allow_nan=False)
        between = ",\n"
    yield "\n]}\n"


def _all(origin: Origin, items: Iterable[Item]) -> Iterator[dict[str, Any]]:
    kept: list[Wave] = []
    for number, item in enumerate(items, 1):
        if isinstance(item, Wave):
            if kept and not _joins(kept, item):
                yield wave(kept, origin)
                kept = []
            kept.append(item)
            continue
        late = not isinstance(item, Event) and "late" in item.flags
        yield from observations(Delivery(number, item, origin, f"{origin.session or 'session'}-{number}", late))
    if kept:
        yield wave(kept, origin)


def _joins(kept: list[Wave], following: Wave) -> bool:
    """Whether a batch follows without a gap and the piece is no minute long yet."""
    last = kept[-1]
    whole = last.rate_hz == following.rate_hz and not following.lost and last.boot == following.boot
    due_ms = last.utc_ms + len(last.ir) * 1000 / last.rate_hz
    return whole and abs(following.utc_ms - due_ms) <= 1000 / last.rate_hz and (
        following.utc_ms - kept[0].utc_ms < WAVE_S * 1000
    )  # fmt: skip


def _base(delivery: Delivery, part: str, utc_ms: int, flags: tuple[str, ...]) -> dict[str, Any]:
    origin = delivery.origin
    marks = dict.fromkeys([*flags, *(["simulated"] if origin.simulated else []), *(["late"] if delivery.late else [])])
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [{"system": f"{OURS}:observation", "value": f"{delivery.key or delivery.number}-{part}"}],
        "status": "preliminary" if "uncalibrated" in marks else "final",
        "effectiveDateTime": iso_utc(utc_ms),
        "device": {
            "identifier": {"system": f"{OURS}:serial", "value": origin.board or "unknown"},
            "display": " ".join(word for word in ("Vitalwire", origin.board, f"(firmware {origin.firmware})") if word),
        },
    }
    tags = [{"system": f"{OURS}:mark", "code": mark} for mark in marks]
    meta: dict[str, Any] = {"tag": tags} if tags else {}
    if origin.simulated:
        system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
        meta["security"] = [{"system": system, "code": "HTEST", "display": "test health data"}]
    if meta:
        found["meta"] = meta
    if origin.patient:
        found["subject"] = {"identifier": {"system": f"{OURS}:patient", "value": origin.patient}}
    if marks:
        found["note"] = [{"text": ", ".join(word.upper().replace("_", " ") for word in marks)}]
    return found


def _reading(reading: Reading, delivery: Delivery) -> list[dict[str, Any]]:
    found = []
    known = codes_of(reading.source)
    if any(code.field in _PRESSURES for code in known):
        pressures = [code for code in known if code.field in _PRESSURES]
        if reading.source != "manual" or any(getattr(reading, code.field) is not None for code in pressures):
            found.append(_pressure(reading, delivery, pressures))
    for code in known:
        if code.field in _PRESSURES:
            continue
        value = getattr(reading, code.field)
        # A cuff cycle that failed says so of its pressures; a person enters only what was taken.
        if value is None and reading.source != "oximeter":
            continue
        made = _base(delivery, code.field.partition("_")[0], reading.utc_ms, reading.flags)
        made |= {"category": _vital_signs(), "code": _concept(code)} | _quantity(reading, code)
        found.append(made)
    for made in found:
        if reading.quality is not None:
            made.setdefault("extension", []).append({"url": f"{OURS}:quality", "valueInteger": reading.quality})
        if reading.source == "manual":
            made.setdefault("note", []).append({"text": "taken by a person"})
        if reading.doubts:
            made.setdefault("note", []).append({"text": f"doubtful: {', '.join(reading.doubts)}"})
    return found


def _pressure(reading: Reading, delivery: Delivery, pressures: list[Code]) -> dict[str, Any]:
    made = _base(delivery, "bp", reading.utc_ms, reading.flags)
    coding = [
        {"system": LOINC, "code": BLOOD_PRESSURE_LOINC[0], "display": BLOOD_PRESSURE_LOINC[1]},
        {"system": MDC, "code": str(BLOOD_PRESSURE_MDC[0]), "display": BLOOD_PRESSURE_MDC[1]},
    ]
    made |= {"category": _vital_signs(), "code": {"coding": coding, "text": "Blood pressure"}}
    made["component"] = [{"code": _concept(code)} | _quantity(reading, code) for code in pressures]
    return made


def _vital_signs() -> list[dict[str, Any]]:
    return [{"coding": [{"system": _CATEGORY, "code": "vital-signs", "display": "Vital Signs"}]}]


def _concept(code: Code) -> dict[str, Any]:
    loinc = [one for one in code.loinc if one not in code.unsure]
    first = [{"system": LOINC, "code": loinc[0], "display": code.loinc_title}] if loinc else []
    more = [{"system": LOINC, "code": one} for one in loinc[1:]]
    return {
        "coding": [*first, *more, {"system": MDC, "code": str(code.mdc), "display": code.mdc_name}],
        "text": code.title,
    }


def _quantity(reading: Reading, code: Code) -> dict[str, Any]:
    value = getattr(reading, code.field)
    if value is None:
        return {"dataAbsentReason": _absent(dict(reading.reasons).get(code.field, ""))}
    unit = code.unit
    quantity = {"value": round(value, code.places), "unit": unit.text, "system": UCUM, "code": unit.ucum}
    return {"valueQuantity": quantity}


def _absent(reason: str) -> dict[str, Any]:
    """HL7's word for why there is no value, and ours as its text."""
    word = "temp-unknown" if reason in _NOT_YET else "not-performed" if reason in _NOT_ASKED else "error"
    display = {"temp-unknown": "Temporarily Unknown", "not-performed": "Not Performed", "error": "Error"}[word]
    return {
        "coding": [{"system": _ABSENT, "code": word, "display": display}],
        "text": (reason or "not measured").replace("_", " "),
    }


def _alarm(event: Event, delivery: Delivery) -> dict[str, Any]:
    """An alarm that changed: our own code, as there is none for an alarm of a device in R4; what it was raised on and
    the limit are components."""
    made = _base(delivery, "alarm", event.utc_ms, event.flags)
    name = event.name.replace("_", " ")
    made |= {
        "category": [{"coding": [{"system": f"{OURS}:category", "code": f"{event.kind}-alarm"}]}],
        "code": {"coding": [{"system": f"{OURS}:alarm", "code": event.name}], "text": f"Alarm: {name}"},
        "valueCodeableConcept": {
            "coding": [{"system": f"{OURS}:alarm-state", "code": event.state or "said"}],
            "text": " ".join(word for word in (event.priority, event.state) if word) or "said",
        },
    }
    rule = ALL_RULES.get(event.name)
    code = next((c for c in CODES if rule and (c.field, c.source) == (rule.field, rule.source)), None)
    parts = []
    for what, value in (("value", event.value), ("limit", event.limit)):
        if value is not None:
            part: dict[str, Any] = {
                "code": {"coding": [{"system": f"{OURS}:alarm", "code": what}], "text": what}
                if code is None or what == "limit"
                else _concept(code)
            }
            if code is None:
                part["valueQuantity"] = {"value": value}
            else:
                unit = code.unit
                part["valueQuantity"] = {"value": value, "unit": unit.text, "system": UCUM, "code": unit.ucum}
            parts.append(part)
    if parts:
        made["component"] = parts
    if code is not None and event.state == "raised":
        low = rule is not None and rule.low
        made["interpretation"] = [{"coding": [{"system": _INTERPRETATION, "code": "L" if low else "H"}]}]
    if event.detail:
        made.setdefault("note", []).append({"text": event.detail})
    return made


def wave(batches: list[Wave], origin: Origin) -> dict[str, Any]:
    """Batches that follow one another without a gap, as one Observation with SampledData, infrared and red in turn."""
    first, last = batches[0], batches[-1]
    delivery = Delivery(0, first, origin, f"{origin.session or origin.board}-{first.utc_ms}")
    made = _base(delivery, "pleth", first.utc_ms, first.flags)
    del made["effectiveDateTime"]
    end_ms = last.utc_ms + (len(last.ir) - 1) * 1000 // last.rate_hz
    pairs: list[str] = []
    for batch in batches:
        for infrared, red in zip(batch.ir, batch.red, strict=True):
            pairs.append(str(infrared))
            pairs.append(str(red))
    coding = [{"system": MDC, "code": str(PLETH_MDC[0]), "display": PLETH_MDC[1]}]
    return made | {
        "code": {"coding": coding, "text": "Pulse wave, infrared and red light"},
        "effectivePeriod": {"start": iso_utc(first.utc_ms), "end": iso_utc(end_ms)},
        "valueSampledData": {
            "origin": {"value": 0, "unit": "counts", "system": UCUM, "code": "{counts}"},
            "period": 1000 / first.rate_hz,
            "dimensions": 2,
            "data": " ".join(pairs),
        },
    }


__all__ = ["LOINC", "MDC", "OURS", "UCUM", "bundle", "bundle_lines", "entry", "observations", "wave"]
