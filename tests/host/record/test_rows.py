# SPDX-License-Identifier: Apache-2.0
"""CSV rows: the columns, blanks, times and quoting that other programs rely on."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from vitalwire.record.rows import EVENTS_COLUMNS, VITALS_COLUMNS, events_row, text_cell, utc_text, vitals_row
from vitalwire.session.facts import Happening, Vitals

START_MS = 5000
UTC_MS = 1_767_225_600_000


def cells(columns: str, row: str) -> dict[str, str]:
    (found,) = csv.DictReader(io.StringIO(columns + "\r\n" + row, newline=""))
    return found


def test_the_columns_are_those_that_were_promised() -> None:
    assert VITALS_COLUMNS == (
        "time_utc,elapsed_s,device_ms,boot,seq,source,spo2_pct,pulse_bpm,perfusion_pct,quality,"
        "sbp_mmhg,map_mmhg,dbp_mmhg,reason,flags"
    )
    assert EVENTS_COLUMNS == "time_utc,elapsed_s,device_ms,kind,priority,name,state,value,limit,by,detail"


def test_a_reading_with_all_values() -> None:
    fact = Vitals(6250, UTC_MS + 1250, "oximeter", 4711, 3, 77, 97.0, 70.46, 2.5, 88, flags=("simulated", "late"))
    assert vitals_row(fact, START_MS) == (
        "2026-01-01T00:00:01.250Z,1.250,4711,3,77,oximeter,97.0,70.5,2.50,88,,,,,simulated late\r\n"
    )


def test_what_was_not_measured_is_blank_and_has_its_reason() -> None:
    reasons = (("spo2_pct", "no_finger"), ("pulse_bpm", "no_finger"))
    row = cells(VITALS_COLUMNS, vitals_row(Vitals(6000, UTC_MS, "oximeter", reasons=reasons), START_MS))
    assert row["spo2_pct"] == row["pulse_bpm"] == row["quality"] == row["device_ms"] == ""
    assert row["reason"] == "spo2_pct:no_finger;pulse_bpm:no_finger"


def test_a_cuff_result() -> None:
    fact = Vitals(6000, UTC_MS, "cuff", sbp_mmhg=121.0, map_mmhg=93.4, dbp_mmhg=78.0, pulse_bpm=71.0, quality=80)
    row = cells(VITALS_COLUMNS, vitals_row(fact, START_MS))
    assert (row["sbp_mmhg"], row["map_mmhg"], row["dbp_mmhg"], row["pulse_bpm"]) == ("121.0", "93.4", "78.0", "71.0")


def test_a_reading_from_before_the_start_has_a_negative_time() -> None:
    assert vitals_row(Vitals(4500, UTC_MS, "cuff"), START_MS).split(",")[1] == "-0.500"


def test_an_alarm() -> None:
    fact = Happening(6000, UTC_MS, "physiological", "spo2_low", "raised", "high", 84.3, 90, "judged by the host", 9)
    assert events_row(fact, START_MS) == (
        "2026-01-01T00:00:00.000Z,1.000,9,physiological,high,spo2_low,raised,84.3,90,,judged by the host\r\n"
    )


@given(st.text(max_size=60))
def test_any_text_stays_in_its_cell_and_runs_in_no_spreadsheet(text: str) -> None:
    row = events_row(Happening(6000, UTC_MS, "operator", "note", detail=text), START_MS)
    detail = cells(EVENTS_COLUMNS, row)["detail"]
    assert not detail.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row.count("\r\n") == 1
    assert len(detail) in (len(text), len(text) + 1)


def test_quotes_and_commas_follow_rfc_4180() -> None:
    assert text_cell('a "b", c') == '"a ""b"", c"'
    assert text_cell("=1+1") == "'=1+1"
    assert text_cell("plain") == "plain"


@given(st.integers(-(10**12), 10**13))
def test_times_are_utc_with_milliseconds(utc_ms: int) -> None:
    text = utc_text(utc_ms)
    assert text.endswith("Z")
    assert text[-5] == "."
    assert int(text[-4:-1]) == utc_ms % 1000
