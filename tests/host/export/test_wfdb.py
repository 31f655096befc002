# SPDX-License-Identifier: Apache-2.0
"""WFDB, read with PhysioNet's own package as anybody would."""

from __future__ import annotations

import warnings
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from exported import EVENTS, READINGS, START, WAVES, counterpart, example, theirs

from vitalwire.errors import UsageError
from vitalwire.export.formats import export, format_named
from vitalwire.export.material import Material
from vitalwire.export.wfdb_files import read_wfdb

wfdb, np = counterpart("wfdb"), counterpart("numpy")
BEGIN = START - 1000
"""A reader drops a note at sample 0; so the record begins before its first item."""


@pytest.fixture
def record(tmp_path: Path) -> str:
    export(example(), format_named("wfdb"), tmp_path / "bed4.hea")
    return str(tmp_path / "bed4")


def test_the_files_have_the_names_that_readers_look_for(record: str) -> None:
    found = sorted(path.name for path in Path(record).parent.iterdir())
    assert found == ["bed4.dat", "bed4.evt", "bed4.hea", "bed4n.dat", "bed4n.hea"]


def test_the_wave_reads_at_its_own_rate_and_lost_samples_are_nan(record: str) -> None:
    found = wfdb.rdrecord(record)
    assert (found.fs, found.sig_name, found.units) == (100, ["PPG red", "PPG ir"], ["counts", "counts"])
    assert (found.base_date, found.base_time) == (date(2025, 12, 31), time(23, 59, 59))
    places = (201, 231, 261, 311, 2148, 2178)
    for column, light in enumerate(("red", "ir")):
        values = found.p_signal[:, column]
        expected = {
            p + n: getattr(one, light)[n] for p, one in zip(places, WAVES, strict=True) for n in range(len(one.ir))
        }
        assert {int(n): values[n] for n in np.flatnonzero(~np.isnan(values))} == expected


def test_numbers_are_one_a_second_and_nan_where_nothing_was_measured(record: str) -> None:
    found = wfdb.rdrecord(record + "n")
    assert found.fs == 1
    columns = dict(zip(found.sig_name, found.p_signal.T, strict=True))
    fields = {"SaO2": "spo2_pct", "Pulse": "pulse_bpm", "PI": "perfusion_pct", "Quality": "quality"}
    read = np.flatnonzero(~np.isnan(columns["Offset"]))
    at = [BEGIN + 1000 * int(n) + round(columns["Offset"][n]) for n in read]
    expected = {one.utc_ms: one for one in READINGS if one.source == "oximeter"}
    assert at == sorted(expected)
    for label, field in fields.items():
        for n, utc_ms in zip(read, at, strict=True):
            value = getattr(expected[utc_ms], field)
            assert np.isnan(columns[label][n]) if value is None else columns[label][n] == pytest.approx(value, abs=1e-6)
        assert np.isnan(np.delete(columns[label], read)).all()
    assert list(np.flatnonzero(~np.isnan(columns["NIBP sys"]))) == [23]
    assert columns["NIBP sys"][23] == pytest.approx(122.4)


def test_units_and_codes_are_in_the_header(record: str) -> None:
    found = wfdb.rdheader(record + "n")
    assert dict(zip(found.sig_name, found.units, strict=True))["NIBP mean"] == "mmHg"
    assert "SaO2: MDC 150456 MDC_PULS_OXIM_SAT_O2, LOINC 59408-5, UCUM %" in found.comments
    assert "notice: Not from a certified medical device. SIMULATED." in found.comments
    assert "state: closed" in found.comments


def test_events_are_annotations_in_milliseconds(record: str) -> None:
    with theirs():
        found = wfdb.rdann(record, "evt")
    assert found.fs == 1000
    said = list(zip((int(at) + BEGIN for at in found.sample), found.aux_note, strict=True))
    assert {at for at, _ in said} >= {event.utc_ms for event in EVENTS}
    assert any(at == START + 2999 and text.startswith("physiological spo2_low raised {") for at, text in said)
    assert all(text.isascii() for _, text in said)


def test_a_session_without_a_wave_has_numbers_and_events(tmp_path: Path) -> None:
    items = (*EVENTS, *READINGS)
    export(Material(example().origin, items), format_named("wfdb"), tmp_path / "s.hea")
    assert not (tmp_path / "s.dat").exists()
    assert len(read_wfdb(tmp_path / "s.hea")[1]) == len(items)


def test_what_replaces_an_export_leaves_nothing_of_it(tmp_path: Path) -> None:
    form = format_named("wfdb")
    export(example(), form, tmp_path / "s.hea")
    export(Material(example().origin, EVENTS), form, tmp_path / "s.hea", force=True)
    assert not (tmp_path / "s.dat").exists(), "the old wave would belong to the new session"


@pytest.mark.parametrize("name", ["bed.4.hea", "bed 4.hea", "bäd.hea"])
def test_a_name_that_wfdb_does_not_take_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="letters, digits"):
        export(example(), format_named("wfdb"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_none_of_ours_is_refused_in_words(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("", "s 1 100 10\ns.dat 16 200 16 0 0 0 0 x\n", "\0\0"):
            (tmp_path / "s.hea").write_text(text)
            (tmp_path / "sn.hea").write_text(text.replace("s 1", "sn 1"))
            with pytest.raises(UsageError, match="no export of Vitalwire"):
                read_wfdb(tmp_path / "s.hea")


def test_texts_that_are_no_ascii_come_back(record: str) -> None:
    found: list[Any] = [item for item in read_wfdb(Path(record + ".hea"))[1] if getattr(item, "kind", "") == "note"]
    assert [note.detail for note in found] == [event.detail for event in EVENTS if event.kind == "note"]
