# SPDX-License-Identifier: Apache-2.0
"""VitalDB's files, read with VitalDB's own package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exported import EVENTS, READINGS, START, WAVES, counterpart, example, theirs

from vitalwire.errors import UsageError
from vitalwire.export.material import Material
from vitalwire.export.vital import read_vital, write_vital

vitaldb, np = counterpart("vitaldb"), counterpart("numpy")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Any]:
    write_vital(example(), tmp_path / "s.vital")
    with theirs():
        yield vitaldb.VitalFile(str(tmp_path / "s.vital"))


def recs(file: Any, track: str) -> list[tuple[int, Any]]:
    return [(round(rec["dt"] * 1000), rec["val"]) for rec in file.trks[f"Vitalwire/{track}"].recs]


@pytest.mark.parametrize(
    ("track", "field", "source", "unit"),
    [
        ("PLETH_SPO2", "spo2_pct", "oximeter", "%"),
        ("PLETH_HR", "pulse_bpm", "oximeter", "/min"),
        ("PLETH_PI", "perfusion_pct", "oximeter", "%"),
        ("NIBP_SBP", "sbp_mmhg", "cuff", "mmHg"),
        ("NIBP_MBP", "map_mmhg", "cuff", "mmHg"),
        ("NIBP_DBP", "dbp_mmhg", "cuff", "mmHg"),
        ("NIBP_HR", "pulse_bpm", "cuff", "/min"),
    ],
)
def test_each_value_stands_at_its_own_time_and_missing_ones_nowhere(
    file: Any, track: str, field: str, source: str, unit: str
) -> None:
    expected = [(one.utc_ms, getattr(one, field)) for one in READINGS if one.source == source]
    assert recs(file, track) == [(at, value) for at, value in expected if value is not None]
    assert file.trks[f"Vitalwire/{track}"].unit == unit


@pytest.mark.parametrize(("track", "light"), [("PLETH_RED", "red"), ("PLETH", "ir")])
def test_each_batch_of_the_wave_stands_at_its_own_time_and_nothing_between(file: Any, track: str, light: str) -> None:
    found = [(at, tuple(map(int, values))) for at, values in recs(file, track)]
    assert found == [(one.utc_ms, getattr(one, light)) for one in WAVES]
    assert file.trks[f"Vitalwire/{track}"].srate == 100


def test_a_reader_of_samples_finds_nothing_in_a_gap(file: Any) -> None:
    with theirs():
        samples = file.get_track_samples("Vitalwire/PLETH", 0.01)
    assert file.dtstart * 1000 == START
    assert np.isnan(samples[191:211]).all()
    assert np.isnan(samples[250:2040]).all()


def test_events_are_a_track_of_texts(file: Any) -> None:
    found = recs(file, "EVENT")
    assert [at for at, _ in found] == [event.utc_ms for event in EVENTS]
    assert any(text.startswith("physiological spo2_low raised ") for _, text in found)


def test_units_codes_and_state_are_in_the_file(file: Any) -> None:
    (_, about), *more = recs(file, "ABOUT")
    assert not more
    assert '"state": "closed"' in about
    assert "150456 MDC_PULS_OXIM_SAT_O2" in about


@pytest.mark.parametrize("items", [(), EVENTS[:1], READINGS[:1], WAVES[:1]])
def test_a_session_may_lack_anything(items: tuple[Any, ...], tmp_path: Path) -> None:
    write_vital(Material(example().origin, items), tmp_path / "s.vital")
    assert tuple(read_vital(tmp_path / "s.vital")[1]) == items


def test_what_is_none_of_ours_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "s.vital").write_bytes(b"VITA")
    with pytest.raises(UsageError, match="no export of Vitalwire"):
        read_vital(tmp_path / "s.vital")
