# SPDX-License-Identifier: Apache-2.0
"""Parquet and Arrow, read with pyarrow and with DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from exported import EVENTS, READINGS, START, WAVES, counterpart, example

from vitalwire.errors import UsageError
from vitalwire.export import columns
from vitalwire.items import Event, Item, Reading, Wave

pa, parquet = counterpart("pyarrow"), counterpart("pyarrow.parquet")

FORMS = {"parquet": columns.write_parquet, "arrow": columns.write_arrow}


@pytest.fixture(params=FORMS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"s.{request.param}"
    FORMS[request.param](example(), path)
    return path


def table_of(path: Path) -> Any:
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    return pa.ipc.open_file(path.read_bytes()).read_all()


def test_a_row_is_an_item_in_the_order_of_arrival_value_by_value(file: Path) -> None:
    rows = table_of(file).to_pylist()
    items = example().items
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        assert row["type"] == item.as_dict()["type"]
        assert row["time_utc"] == item.time
        said = {name: value for name, value in row.items() if name not in ("type", "time_utc")}
        for name, value in said.items():
            expected = getattr(item, name, None)
            if isinstance(value, list):
                value = tuple(value)
            assert value == expected, (item, name)


def test_what_was_not_measured_is_null_with_its_reason(file: Path) -> None:
    row = next(row for row in table_of(file).to_pylist() if row["seq"] == 13)
    assert (row["spo2_pct"], row["pulse_bpm"], row["quality"]) == (None, None, 0)
    assert row["reasons"] == [("spo2_pct", "no_finger"), ("pulse_bpm", "no_finger")]
    assert row["flags"] == ["simulated", "unsigned", "uncalibrated"]


def test_columns_have_units_and_codes_in_their_metadata(file: Path) -> None:
    schema = table_of(file).schema
    spo2 = schema.field("spo2_pct").metadata
    assert spo2[b"unit"] == b"%"
    assert spo2[b"ucum"] == b"%"
    assert spo2[b"mdc"] == b"150456 MDC_PULS_OXIM_SAT_O2"
    assert spo2[b"loinc"] == b"59408-5 2708-6"
    assert schema.field("sbp_mmhg").metadata[b"ucum"] == b"mm[Hg]"
    assert schema.field("pulse_bpm").metadata[b"mdc_cuff"] == b"149546 MDC_PULS_RATE_NON_INV"
    assert schema.field("ir").metadata[b"mdc"] == b"150452 MDC_PULS_OXIM_PLETH"
    assert b"loinc" not in schema.field("perfusion_pct").metadata, "a code that was not checked is not given"
    assert schema.field("time_utc").type == pa.timestamp("ms", "UTC")


def test_whose_it_is_and_in_what_state_is_in_the_file(file: Path) -> None:
    about, _ = columns.read(file)
    assert (about["patient"], about["board"], about["bed"]) == ("K-017", "E661Ä3", "bay 2")
    assert (about["state"], about["simulated"], about["started_utc"]) == ("closed", True, "2026-01-01T00:00:00.000Z")
    assert "SIMULATED" in about["notice"]


def test_import_gives_the_very_same_items(file: Path) -> None:
    assert list(columns.read(file)[1]) == list(example().items)


def test_duckdb_reads_readings_without_touching_the_wave(tmp_path: Path) -> None:
    duckdb = counterpart("duckdb")
    path = tmp_path / "s.parquet"
    columns.write_parquet(example(), path)
    rows = duckdb.sql(
        f"""SELECT epoch_ms(time_utc), spo2_pct, reasons['spo2_pct'], list_contains(flags, 'late')
            FROM '{path}' WHERE type = 'reading' AND source = 'oximeter' ORDER BY time_utc"""
    ).fetchall()
    expected = sorted((one for one in READINGS if one.source == "oximeter"), key=lambda one: one.utc_ms)
    why = [dict(one.reasons).get("spo2_pct") for one in expected]
    late = ["late" in one.flags for one in expected]
    values = [(one.utc_ms, one.spo2_pct) for one in expected]
    assert rows == [(*value, reason, marked) for value, reason, marked in zip(values, why, late, strict=True)]


def test_duckdb_unrolls_the_wave_and_a_gap_has_no_samples(tmp_path: Path) -> None:
    duckdb = counterpart("duckdb")
    path = tmp_path / "s.parquet"
    columns.write_parquet(example(), path)
    rows = duckdb.sql(
        f"""SELECT epoch_ms(time_utc) + (n - 1) * 1000 // rate_hz AS at_ms, red[n], ir[n]
            FROM (SELECT *, unnest(range(1, len(ir) + 1)) AS n FROM '{path}' WHERE type = 'wave') ORDER BY at_ms"""
    ).fetchall()
    assert rows == [(one.utc_ms + 10 * n, one.red[n], one.ir[n]) for one in WAVES for n in range(len(one.ir))]
    assert not [at for at, _, _ in rows if START + 1910 <= at < START + 2110], "the lost samples are not filled in"


def test_duckdb_reads_alarms_with_values_and_limits(tmp_path: Path) -> None:
    duckdb = counterpart("duckdb")
    path = tmp_path / "s.parquet"
    columns.write_parquet(example(), path)
    where = "type = 'event' AND kind = 'physiological'"
    found = duckdb.sql(f"""SELECT name, state, priority, value, "limit" FROM '{path}' WHERE {where}""").fetchall()
    assert found == [("spo2_low", "raised", "high", 84.7, 85.0)]
    assert duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE type = 'event'").fetchall() == [(len(EVENTS),)]


@pytest.mark.parametrize("items", [(), EVENTS[:1], READINGS[:1], WAVES[:1]])
def test_a_session_may_lack_anything(items: tuple[Item, ...], tmp_path: Path) -> None:
    for name, write in FORMS.items():
        material = type(example())(example().origin, items)
        write(material, tmp_path / f"s.{name}")
        assert tuple(columns.read(tmp_path / f"s.{name}")[1]) == items


def test_a_file_of_somebody_else_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    parquet.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(UsageError, match="no export of Vitalwire"):
        columns.read(path)
    (tmp_path / "none.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(UsageError, match="no export of Vitalwire"):
        columns.read(tmp_path / "none.parquet")
    about = {columns.ABOUT: b"{}"}
    parquet.write_table(pa.table({"a": [1]}).replace_schema_metadata(about), path)
    with pytest.raises(UsageError, match="no export of Vitalwire"):
        list(columns.read(path)[1])


def test_every_field_of_an_item_has_a_column(file: Path) -> None:
    names = set(table_of(file).column_names)
    for made in (Reading, Event, Wave):
        assert set(made.__dataclass_fields__) - {"utc_ms"} <= names


def test_the_queries_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = counterpart("duckdb")
    monkeypatch.chdir(tmp_path)
    columns.write_parquet(example(), Path("x.parquet"))
    page = (Path(columns.__file__).parent / "README.md").read_text(encoding="utf-8")
    readings, samples = page.split("```sql\n")[1].split("```")[0].strip().rstrip(";").split(";\n")
    assert len(duckdb.sql(readings).fetchall()) == sum(one.source == "oximeter" for one in READINGS)
    rows = duckdb.sql(samples).fetchall()
    assert [ir for _, ir in rows] == [ir for one in WAVES for ir in one.ir]
    assert round(rows[-1][0].timestamp() * 1000) == WAVES[-1].utc_ms + 10 * (len(WAVES[-1].ir) - 1)
