# SPDX-License-Identifier: Apache-2.0
"""The history of calibrations: a file each, never written to again, and damaged ones do not hide the others."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vitalwire.cli.calibrate_history import table
from vitalwire.errors import UsageError
from vitalwire.service.calibrate import store
from vitalwire.service.calibrate.plan import Reference
from vitalwire.service.calibrate.record import head


def record(day: str, found: float, left: float | None, result: str = "adjusted", serial: str = "E6614") -> Any:
    reference = Reference("Fluke 718", "123", date(2027, 1, 1))
    about = {"simulated": False, "serial": serial, "bed": "bay 2", "board": "pico", "firmware": "0.1.0"}
    due = date(2027, 1, 1) if result == "adjusted" else None
    made = head("pressure", about, "AM", reference, f"{day}T10:00:00.000Z", date.fromisoformat(day), due)
    point = {
        "mmhg": 100, "direction": "up", "reference_mmhg": 100.0, "as_found_mmhg": {"cuff": found, "guard": 0.0},
        "as_left_mmhg": None if left is None else {"cuff": left, "guard": 0.0},
    }  # fmt: skip
    return {**made, "result": result, "points": [point], "left_points": [], "problems": []}


def test_a_record_is_found_again_by_its_serial_number(tmp_path: Path) -> None:
    path = store.save(store.prepare(tmp_path, "E6614"), record("2026-01-02", 2.0, 0.1))
    assert path.relative_to(tmp_path).as_posix() == "E6614/20260102T100000Z_pressure.json"
    store.save(store.prepare(tmp_path, "E9"), record("2026-01-01", 1.0, 0.0, serial="E9"))
    found, damaged = store.history(tmp_path, "E6614")
    assert ([one["serial"] for one in found], damaged) == (["E6614"], [])
    assert [one["serial"] for one in store.history(tmp_path)[0]] == ["E6614", "E9"]


def test_nothing_is_written_to_again(tmp_path: Path) -> None:
    folder = store.prepare(tmp_path, "E6614")
    first = store.save(folder, record("2026-01-02", 2.0, 0.1))
    before = first.read_bytes()
    second = store.save(folder, record("2026-01-02", 1.0, 0.1))
    assert second != first
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ("[]", "no record"),
        ('{"format": "other"}', "no record"),
        ('{"format": "vitalwire-calibration", "version": 9}', "version 9"),
        ('{"format": "vitalwire-calibration", "version": 1, "kind": 3}', "kind, result, serial"),
    ],
)
def test_a_damaged_file_is_named_and_hides_nothing(tmp_path: Path, text: str, why: str) -> None:
    folder = store.prepare(tmp_path, "E6614")
    store.save(folder, record("2026-01-02", 2.0, 0.1))
    (folder / "bad.json").write_text(text)
    found, damaged = store.history(tmp_path)
    assert len(found) == 1
    assert [(one.path.name, why in one.why) for one in damaged] == [("bad.json", True)]


@pytest.mark.parametrize(
    "change",
    [
        {"due": [1]},
        {"due": "soon"},
        {"date": "\x1b[2J"},
        {"done_utc": "yesterday"},
        {"by": "A\ud800"},
        {"points": [1]},
        {"points": [{"as_found_mmhg": {"cuff": "x"}}]},
        {"points": [{"as_found_mmhg": {"cuff": 10**400}}]},
        {"points": [{"as_found_mmhg": {"cuff": float("nan")}}]},
        {"points": [{"as_found_pct": [1]}]},
    ],
)
def test_nonsense_in_a_record_is_named_and_hides_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    store.save(store.prepare(tmp_path, "E6614"), record("2026-02-01", 1.0, 0.1))
    (tmp_path / "E6614" / "bad.json").write_text(json.dumps({**record("2026-03-01", 1.0, 0.1), **change}))
    records, damaged = store.history(tmp_path)
    assert len(records) == 1
    assert [one.path.name for one in damaged] == ["bad.json"]
    assert table(records, date(2026, 6, 1))


def test_a_serial_number_cannot_leave_the_folder(tmp_path: Path) -> None:
    folder = store.prepare(tmp_path / "in", "../../x")
    assert folder.parent == tmp_path / "in"
    assert store.safe_name("..") == "unknown"


def test_the_environment_names_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(store.PLACE, str(tmp_path / "there"))
    assert store.default_folder() == tmp_path / "there"
    monkeypatch.delenv(store.PLACE)
    assert store.default_folder().parts[-2:] == ("Vitalwire", "calibrations")


def test_a_folder_that_cannot_be_made_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--store"):
        store.prepare(tmp_path / "file", "E6614")


def test_drift_is_from_what_the_board_was_left_at_to_what_it_is_found_at() -> None:
    records = [
        record("2026-01-02", 2.0, 0.1),
        record("2026-06-02", 0.6, None, "passed"),
        record("2027-01-02", 1.4, -0.2),
        record("2028-01-02", 0.3, 0.0),
    ]
    rows = [line.split() for line in table(records, date(2026, 3, 1))[1:]]
    assert [(row[4], row[5], row[6]) for row in rows] == [
        ("+2.0", "+0.1", "-"),
        ("+0.6", "-", "+0.5"),
        ("+1.4", "-0.2", "+1.3"),
        ("+0.3", "+0.0", "+0.5"),
    ]


def test_only_the_last_calibration_can_be_overdue_and_a_line_fits_80_columns() -> None:
    records = [record("2025-01-02", 2.0, 0.1), record("2026-01-02", 0.6, 0.0)]
    lines = table(records, date(2027, 1, 2))
    assert lines[3:] == ["OVERDUE: E6614 pressure since 2027-01-01"]
    assert max(map(len, lines)) <= 80
    assert "OVERDUE" not in "".join(table(records, date(2027, 1, 1)))


def test_a_record_is_plain_json(tmp_path: Path) -> None:
    path = store.save(store.prepare(tmp_path, "E6614"), record("2026-01-02", 2.0, 0.1))
    assert json.loads(path.read_text())["reference"] == {
        "make": "Fluke 718",
        "serial": "123",
        "due": "2027-01-01",
        "simulated": False,
    }
