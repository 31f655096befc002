# SPDX-License-Identifier: Apache-2.0
"""A session that was recorded, as the files that `vitalwire export` makes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import hl7
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "record"))
from recorded import record

from vitalwire.export.formats import export, format_named
from vitalwire.export.material import Material, material_of
from vitalwire.items import Event
from vitalwire.record.items import open_record


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = record(tmp_path_factory.mktemp("session")).folder
    return material_of(open_record(folder), waves=False)


def test_hl7_has_every_reading_and_every_alarm(material: Material, tmp_path: Path) -> None:
    (path,) = export(material, format_named("hl7"), tmp_path / "session.hl7")
    (batch,) = hl7.parse_file(path.read_bytes().decode())
    alarms = sum(1 for item in material.items if isinstance(item, Event) and item.alarm)
    kinds = [str(told.segment("MSH")[9]) for told in batch]
    assert alarms > 0
    assert kinds.count("ORU^R01^ORU_R01") == len(material.readings)
    assert kinds.count("ORU^R40^ORU_R40") == alarms
    assert str(batch.trailer[1]) == str(len(kinds))
    ids = [str(told.segment("MSH")[10]) for told in batch]
    assert len(set(ids)) == len(ids)


def test_fhir_has_every_value_and_every_event(material: Material, tmp_path: Path) -> None:
    pytest.importorskip("fhir.resources", reason="NOT VALIDATED: pip install -e '.[interop]'")
    from fhir.resources.R4B.bundle import Bundle

    (path,) = export(material, format_named("fhir"), tmp_path / "session.fhir.json")
    text = path.read_text(encoding="utf-8")
    Bundle.model_validate_json(text)
    entries = json.loads(text)["entry"]
    codes = [entry["resource"]["code"]["coding"][0]["code"] for entry in entries]
    assert codes.count("59408-5") == sum(1 for reading in material.readings if reading.source == "oximeter")
    assert codes.count("85354-9") == 2
    categories = [entry["resource"]["category"][0]["coding"][0]["code"] for entry in entries]
    assert len(categories) - categories.count("vital-signs") == len(material.events)
    wanted = [reading.spo2_pct for reading in material.readings if reading.source == "oximeter"]
    given = [
        entry["resource"].get("valueQuantity", {}).get("value")
        for entry, code in zip(entries, codes, strict=True)
        if code == "59408-5"
    ]
    assert given == wanted


def test_the_same_session_gives_the_same_bytes(material: Material, tmp_path: Path) -> None:
    for name in ("hl7", "fhir"):
        form = format_named(name)
        files = [export(material, form, tmp_path / f"{n}{form.suffix}")[0].read_bytes() for n in (1, 2)]
        assert files[0] == files[1]
