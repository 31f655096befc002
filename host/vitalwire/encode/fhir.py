# SPDX-License-Identifier: Apache-2.0
"""FHIR R4: readings, events and waves as Observations, and bundles of them. Pure functions of a delivery.

A blood pressure is one Observation with a component for each pressure; SpO2, pulse rate and perfusion index are one
each. What was not measured has a `dataAbsentReason` and no value. Marks such as `simulated` and `late` are tags
(`urn:x-vitalwire:flag`) and a note; what is simulated has the security label HTEST.

An alarm, and any other event, is an Observation too, one for each change of its state: it is a fact with a time, never
changed later, and found where the values are. A Flag is a standing warning in a patient's chart with a life of its own,
a DetectedIssue somebody's judgement, a Communication says who was told: none of them is what a device can say. Its
category and its components have codes of our own, so that no chart takes the value in it for a measurement.

Each has an `identifier` that stays the same in a repeat, and a request that creates it where it is not there yet
(`ifNoneExist`). Codes are those of `codes.py`, without the ones that it calls unsure: MDC stands for them alone.
Resources, code systems and rules: hl7.org/fhir/R4, with its vital signs profiles (SpO2 has 59408-5 and 2708-6).
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from ..alarms.rules import ALL_RULES, TECHNICAL_RULES
from ..codes import (
    BLOOD_PRESSURE_LOINC,
    BLOOD_PRESSURE_MDC,
    MMHG,
    PER_MIN,
    PERCENT,
    PLETH_MDC,
    Code,
    Unit,
    codes_of,
)
from ..items import Event, Item, Origin, Reading, Wave
from ..link.readings import iso_utc
from ..link.words import reason_text
from ..sinks.base import Delivery

HEAD: Final = '{"resourceType":"Bundle","type":"transaction","entry":[\n'
"""The first line of a bundle; then an entry a line, each but the first with a comma before it; then `TAIL`."""
TAIL: Final = "]}\n"
EMPTY: Final = '{"resourceType":"Bundle","type":"transaction"}\n'
"""FHIR has no empty lists."""
OURS: Final = "urn:x-vitalwire"
PATIENTS: Final = f"{OURS}:patient"
"""The system of patient codes where the site names none of its own."""
LOINC, MDC, UCUM = "http://loinc.org", "urn:iso:std:iso:11073:10101", "http://unitsofmeasure.org"
_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_VITAL_SIGNS: Final = {
    "coding": [{"system": f"{_TERMS}/observation-category", "code": "vital-signs", "display": "Vital Signs"}]
}
_HTEST: Final = {"system": f"{_TERMS}/v3-ActReason", "code": "HTEST", "display": "test health data"}
_MONITOR: Final = {"system": MDC, "code": "69965", "display": "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS"}
_PRESSURES: Final = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")
_UNITS: Final = {"%": PERCENT, "/min": PER_MIN, "mmHg": MMHG}

_ABSENT: Final = {
    "not-performed": ("no_finger", "aborted", "blocked", "no_inflation"),
    "temp-unknown": ("settling", "cuff_inflated"),
    "error": (
        "bus_fault", "wrong_part", "channels_swapped", "samples_lost", "sensor_stale", "no_curve", "saturated", "leak",
        "deflation_too_fast", "deflation_too_slow", "over_pressure", "timeout", "zero_error", "sensor_fault",
        "guard_fault", "channel_mismatch", "interlock", "external_tripped", "supply_low",
    ),
}  # fmt: skip
"""Code of `data-absent-reason` -> words of the protocol: it was not done, it is on its way, the device failed. All
others were tried without a result, as with a weak pulse: `unknown`."""
_ABSENT_OF: Final = {word: code for code, words in _ABSENT.items() for word in words}


# ------------------------------------------------------------ bundles


def bundle_lines(origin: Origin, items: Iterable[Item], patients: str = PATIENTS) -> Iterator[str]:
    """A bundle of a whole session, piece by piece: a transaction, which a server can also be given twice."""
    begun = False
    for number, item in enumerate(items, 1):
        late = not isinstance(item, Event) and "late" in item.flags
        delivery = Delivery(number, item, origin, f"{origin.session or 'session'}-{number}", late)
        for line in entry_lines(delivery, patients):
            yield f",{line}" if begun else HEAD + line
            begun = True
    yield TAIL if begun else EMPTY


def bundle_text(batch: Iterable[Delivery], patients: str = PATIENTS) -> str:
    """A bundle of some deliveries; `EMPTY` where there is nothing in them."""
    lines = [line for delivery in batch for line in entry_lines(delivery, patients)]
    return HEAD + ",".join(lines) + TAIL if lines else EMPTY


def entry_lines(delivery: Delivery, patients: str = PATIENTS) -> list[str]:
    """The entries of a delivery as JSON, each on a line of its own."""
    return [
        json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
        for entry in map(_entry, observations(delivery, patients))
    ]


def _entry(observation: dict[str, Any]) -> dict[str, Any]:
    (identifier,) = observation["identifier"]
    system, value = identifier["system"], identifier["value"]
    return {
        "fullUrl": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{system}:{value}')}",
        "resource": observation,
        "request": {
            "method": "POST",
            "url": "Observation",
            "ifNoneExist": f"identifier={quote(system, safe=':')}%7C{quote(_token(value), safe='')}",
        },
    }


def _token(value: str) -> str:
    r"""In a search, `$ , |` and `\` have a backslash before them."""
    return "".join(f"\\{c}" if c in "\\$,|" else c for c in value)


def observations(delivery: Delivery, patients: str = PATIENTS) -> list[dict[str, Any]]:
    """The resources of a delivery: one or more of a reading, one of an event or a wave."""
    item = delivery.item
    if isinstance(item, Reading):
        return _readings(item, delivery, patients)
    return [_event(item, delivery, patients) if isinstance(item, Event) else _wave(item, delivery, patients)]


# ------------------------------------------------------------ readings


def _readings(reading: Reading, delivery: Delivery, patients: str) -> list[dict[str, Any]]:
    reasons = dict(reading.reasons)
    manual = reading.source == "manual"
    notes = ["entered by a person"] if manual else []
    notes += [f"doubtful: {', '.join(reading.doubts)}"] if reading.doubts else []
    found, pressures = [], []
    for code in codes_of(reading.source):
        value = _number(getattr(reading, code.field), code.places)
        if manual and value is None:
            continue  # a person enters what was taken, and nothing is missing beside it
        part = {"code": _concept(code), **_value(value, code.unit, reasons.get(code.field, ""))}
        doubt = [f"{code.field}: {reason_text(reasons[code.field])}"] if code.field in reasons else []
        if code.field in _PRESSURES:
            pressures.append(part)
            notes += doubt
        else:
            found.append((code.field, part, doubt))
    made = []
    if pressures:
        panel = {"code": _coded([(LOINC, *BLOOD_PRESSURE_LOINC), (MDC, *BLOOD_PRESSURE_MDC)], "Blood pressure")}
        made.append(("blood_pressure", {**panel, "component": pressures}, list[str]()))
    made += found
    quality = _part("quality", {"valueInteger": reading.quality}) if reading.quality is not None else None
    return [
        _observation(
            f"{delivery.key or delivery.number}.{reading.utc_ms}.{name}",
            delivery,
            patients,
            _VITAL_SIGNS,
            {**part, "component": [*part.get("component", []), *([quality] if quality else [])]},
            [*notes, *doubt],
            device=not manual,
        )
        for name, part, doubt in made
    ]


def _concept(code: Code) -> dict[str, Any]:
    sure = [loinc for loinc in code.loinc if loinc not in code.unsure]
    # The title is that of the first LOINC alone.
    titles = [code.loinc_title, *("" for _ in sure[1:])]
    loincs = [(LOINC, loinc, title) for loinc, title in zip(sure, titles, strict=False)]
    return _coded([*loincs, (MDC, code.mdc, code.mdc_name)], code.title)


def _value(value: float | None, unit: Unit, reason: str) -> dict[str, Any]:
    if value is not None:
        return {"valueQuantity": _quantity(value, unit)}
    code = _ABSENT_OF.get(reason, "unknown")
    return {"dataAbsentReason": _coded([(f"{_TERMS}/data-absent-reason", code, "")], reason_text(reason or "not_said"))}


def _quantity(value: float, unit: Unit | None) -> dict[str, Any]:
    named = {} if unit is None else {"unit": unit.text, "system": UCUM, "code": unit.ucum}
    return {"value": value, **named}


def _number(value: float | None, places: int = 3) -> float | None:
    """With so many decimals; None for what is no number."""
    return None if value is None or not math.isfinite(value) else round(float(value), places)


# ------------------------------------------------------------ events and waves


def _event(event: Event, delivery: Delivery, patients: str) -> dict[str, Any]:
    rule, technical = ALL_RULES.get(event.name), TECHNICAL_RULES.get(event.name)
    category = "alarm" if event.alarm else "event"
    name = event.name if event.alarm else ".".join(filter(None, (event.kind, event.name)))
    said = technical.text if technical and event.alarm else name.replace("_", " ")
    parts = [_part("kind", {"valueString": event.kind})] if _text(event.kind) else []
    if _word(event.priority):
        parts.append(_part("priority", {"valueCodeableConcept": _own("priority", event.priority)}))
    for part, given in (("value", event.value), ("limit", event.limit)):
        number = _number(given)
        if number is not None:
            parts.append(_part(part, {"valueQuantity": _quantity(number, _UNITS[rule.unit] if rule else None)}))
    state = {"valueCodeableConcept": _own("state", event.state)} if _word(event.state) else {}
    note = {"text": _text(event.detail)} if _text(event.detail) else None
    made = _observation(
        f"{delivery.key or delivery.number}.{event.utc_ms}",
        delivery,
        patients,
        _own("category", category),
        {"code": _coded([(f"{OURS}:{category}", _word(name) or category, "")], said), **state, "component": parts},
        [],
    )
    who = _text(event.by)
    if note or who:
        by = {"authorString": who} if who else {}
        made.setdefault("note", []).append({**by, **(note or {"text": "done by this person"})})
    return made


def _wave(wave: Wave, delivery: Delivery, patients: str) -> dict[str, Any]:
    parts = [
        _part(
            name,
            {
                "valueSampledData": {
                    "origin": {"value": 0, "unit": "counts", "system": UCUM, "code": "1"},
                    "period": round(1000 / wave.rate_hz, 6),  # ms
                    "dimensions": 1,
                    "data": " ".join(map(str, samples)),
                }
            },
        )
        for name, samples in (("red", wave.red), ("ir", wave.ir))
        if samples
    ]
    code = _coded([(MDC, *PLETH_MDC)], "Pulse wave: light that came back, in counts")
    lost = [f"{wave.lost} samples are missing just before these"] if wave.lost else []
    identifier = f"{delivery.key or delivery.number}.{wave.utc_ms}"
    return _observation(
        identifier, delivery, patients, _own("category", "wave"), {"code": code, "component": parts}, lost
    )


# ------------------------------------------------------------ what all have


def _observation(
    identifier: str, delivery: Delivery, patients: str, category: dict[str, Any], content: dict[str, Any],
    notes: list[str], *, device: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """`content` is its code, value and components; `notes` come behind the marks."""
    origin, item = delivery.origin, delivery.item
    marks = dict.fromkeys(item.flags)
    marks |= {"simulated": None} if origin.simulated else {}
    marks |= {"late": None} if delivery.late else {}
    words = [word for word in map(_word, marks) if word]
    said = [", ".join(word.upper().replace("_", " ") for word in words)] if words else []
    meta = {
        "security": [_HTEST] if "simulated" in marks else [],
        "tag": [{"system": f"{OURS}:flag", "code": word} for word in words],
    }
    patient = _text(origin.patient)
    made = {
        "resourceType": "Observation",
        "meta": _full(meta),
        "contained": [_device(origin)] if device else [],
        "identifier": [{"system": f"{OURS}:item", "value": _text(identifier)}],
        "status": "final",
        "category": [category],
        "code": content["code"],
        "subject": {"type": "Patient", "identifier": {"system": patients, "value": patient}} if patient else {},
        "effectiveDateTime": iso_utc(item.utc_ms),
        **{name: value for name, value in content.items() if name not in ("code", "component")},
        "note": [{"text": text} for text in (*said, *map(_text, notes)) if text],
        "device": {"reference": "#board"} if device else {},
        "component": content.get("component", []),
    }
    return _full(made)


def _device(origin: Origin) -> dict[str, Any]:
    serial, firmware, bed = _text(origin.board), _text(origin.firmware), _text(origin.bed)
    return _full(
        {
            "resourceType": "Device",
            "id": "board",
            "identifier": [{"system": f"{OURS}:serial", "value": serial}] if serial else [],
            "serialNumber": serial,
            "deviceName": [{"name": "Vitalwire", "type": "user-friendly-name"}],
            "type": {"coding": [_MONITOR]},
            "version": [{"value": firmware}] if firmware else [],
            "location": {"display": bed} if bed else {},
        }
    )


def _full(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: FHIR has no empty texts, lists and objects."""
    return {name: value for name, value in values.items() if value not in ("", [], {})}


def _part(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"code": _own("part", name), **value}


def _own(system: str, word: str) -> dict[str, Any]:
    return _coded([(f"{OURS}:{system}", _word(word), "")], word.replace("_", " "))


def _coded(codings: Iterable[tuple[str, object, str]], text: str) -> dict[str, Any]:
    said = [_full({"system": system, "code": str(code), "display": display}) for system, code, display in codings]
    return _full({"coding": said, "text": _text(text)})


def _text(text: str) -> str:
    """What FHIR takes as a string: control characters and halves of characters are shown as such; empty where there is
    nothing to see."""
    clean = text.encode(errors="replace").decode()
    clean = "".join("\ufffd" if c < " " and c not in "\t\n\r" else c for c in clean)
    return clean if clean.strip() else ""


def _word(text: str) -> str:
    """A code: no spaces but single ones inside."""
    return " ".join(_text(text).split())


__all__ = ["EMPTY", "HEAD", "OURS", "PATIENTS", "TAIL", "bundle_lines", "bundle_text", "entry_lines", "observations"]
