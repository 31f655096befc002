# SPDX-License-Identifier: Apache-2.0
"""`--anonymise`: nothing that leads to a person or a place leaves, and what was measured stays as it was."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from exported import EVENTS, READINGS, WAVES, counterpart, example

from vitalwire.export import material as materials
from vitalwire.export.formats import FORMATS, export, format_named, read_back
from vitalwire.export.material import DAY_MS, anonymised

for library in ("pyarrow", "pyedflib", "wfdb", "vitaldb"):
    counterpart(library)

TELLING = ("K-017", "bay 2", "E661", "86c54cad", "AM", "kribbelt", "signed by a clinician", "ours 1.2", "2026")
_READS = re.compile("[ -~]{6,}")


@pytest.mark.parametrize("form", [one.name for one in FORMATS if one.read])
def test_no_file_tells_who_it_was_or_when(form: str, tmp_path: Path) -> None:
    chosen = format_named(form)
    files = export(anonymised(example()), chosen, tmp_path / f"s{chosen.suffix}")
    about, items = read_back(files[0])
    said = json.dumps(about) + json.dumps([item.as_dict() for item in items])
    if form not in ("parquet", "arrow"):  # of which nothing that reads lies open
        for file in files:
            data = file.read_bytes()
            said += " ".join(_READS.findall((gzip.decompress(data) if form == "vital" else data).decode("latin-1")))
    assert [word for word in TELLING if word in said] == []
    assert about["anonymised"] is True


def test_what_was_measured_and_when_in_the_day_stays() -> None:
    moved = anonymised(example(), days=400)
    for was, now in zip(example().items, moved.items, strict=True):
        assert now.utc_ms == was.utc_ms - 400 * DAY_MS
        dropped = {"detail": "", "by": ""} if was in EVENTS else {"boot": None}
        assert now == replace(was, utc_ms=now.utc_ms, **dropped)
    assert moved.origin.started_utc_ms == example().items[0].utc_ms - 400 * DAY_MS
    assert moved.origin.simulated
    assert len(moved.items) == len(EVENTS) + len(READINGS) + len(WAVES)


def test_dates_move_by_a_number_of_days_that_is_drawn_anew_and_kept_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    shifts = set()
    for _ in range(8):
        moved = anonymised(example())
        shift_ms = example().items[0].utc_ms - moved.items[0].utc_ms
        assert shift_ms % DAY_MS == 0
        assert 365 <= shift_ms // DAY_MS <= 3650
        shifts.add(shift_ms)
    assert len(shifts) > 1
    drawn: list[int] = []
    monkeypatch.setattr(materials.secrets, "randbelow", lambda below: drawn.append(below) or 0)
    anonymised(example())
    assert drawn == [3286], "from the system's own source of chance, not from the record"


@pytest.mark.parametrize(
    ("profile", "kept"),
    [("esketamine-nasal 1.0 unsigned", "esketamine-nasal 1.0 unsigned"), ("st-mary-ward-3 2 signed", ""), ("", "")],
)
def test_a_profile_of_a_site_tells_the_site_and_a_shipped_one_does_not(profile: str, kept: str) -> None:
    material = example()
    given = replace(material, origin=replace(material.origin, profile=profile))
    assert anonymised(given).origin.profile == kept


def test_the_state_of_the_record_stays() -> None:
    moved = anonymised(replace(example(), state="damaged", why="chunk 3 at byte 900, session clock 5 to 9 ms"))
    assert (moved.state, moved.why) == ("damaged", "")
