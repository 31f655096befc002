# SPDX-License-Identifier: Apache-2.0
"""A folder of certificates: what is due, what drifts, what is damaged; a thousand of them at once."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from results import later

from vitalwire.cli.fleet import lines
from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.report.certificate import FORMAT, VERSION, make_certificate, record_of, sha256_of
from vitalwire.report.fleet import read_fleet

TODAY = date(2026, 6, 1)


def put(folder: Path, day: date, leak: float, serial: str = "E6614", due: str | None = None) -> Path:
    """A certificate's record alone, which is all that a fleet reads."""
    record = record_of(later(day, leak, serial, due))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{serial}_{day:%Y%m%d}.json"
    whole = {"format": FORMAT, "version": VERSION, "sha256": sha256_of(record), "record": record}
    path.write_text(json.dumps(whole))
    return path


def years(folder: Path, *leaks: float, serial: str = "E6614") -> None:
    for number, leak in enumerate(leaks):
        put(folder, date(2022 + number, 5, 1), leak, serial)


def test_boards_are_sorted_by_when_they_are_due_each_by_its_last_certificate(tmp_path: Path) -> None:
    put(tmp_path, date(2025, 5, 1), 2.0, "A")
    put(tmp_path, date(2026, 5, 1), 2.0, "A")
    put(tmp_path, date(2025, 8, 1), 2.0, "B")
    put(tmp_path / "2025", date(2025, 6, 20), 2.0, "C")
    put(tmp_path, date(2025, 5, 31), 2.0, "D")
    fleet = read_fleet(tmp_path)
    assert [(one.serial, one.next_due.isoformat(), one.state(TODAY), one.certificates) for one in fleet.boards] == [
        ("D", "2026-05-31", "overdue", 1),
        ("C", "2026-06-20", "due soon", 1),
        ("B", "2026-08-01", "good", 1),
        ("A", "2027-05-01", "good", 2),
    ]


def test_a_board_is_overdue_from_the_day_after(tmp_path: Path) -> None:
    put(tmp_path, date(2025, 6, 1), 2.0)
    (one,) = read_fleet(tmp_path).boards
    assert (one.state(TODAY), one.state(TODAY + timedelta(1))) == ("due soon", "overdue")


def test_a_value_that_moves_towards_its_limit_drifts_and_the_list_says_when_it_is_reached(tmp_path: Path) -> None:
    years(tmp_path, 2.0, 3.0, 4.1, 5.0)
    (one,) = read_fleet(tmp_path).boards
    (drift,) = one.drifts
    assert (drift.test, drift.first, drift.last, drift.limit) == ("Leak", 2.0, 5.0, 6.0)
    assert abs((drift.reaches - date(2026, 5, 1)).days) < 30
    text = lines(read_fleet(tmp_path), tmp_path, TODAY)
    assert text[2] == "    drifts: Leak, fall: 2 to 5 mmHg/min, reaches 6 about 2026-04"


@pytest.mark.parametrize(
    ("leaks", "why"),
    [
        ((2.0, 5.0), "two points always make a line"),
        ((5.0, 4.0, 3.0, 2.0), "it moves away from its only limit"),
        ((2.0, 2.0, 2.0), "it does not move"),
        ((2.0, 3.5, 1.8, 2.6, 2.2), "it scatters more than it moves"),
        ((1.0, 1.1, 1.2, 1.3), "it would take far more than two years"),
    ],
)
def test_what_is_no_drift_is_not_called_one(tmp_path: Path, leaks: tuple[float, ...], why: str) -> None:
    years(tmp_path, *leaks)
    assert read_fleet(tmp_path).boards[0].drifts == (), why


def test_boards_do_not_drift_into_one_another(tmp_path: Path) -> None:
    for number, serial in enumerate("ABCD"):
        put(tmp_path, date(2022 + number, 5, 1), 2.0 + number, serial)
    assert [one.drifts for one in read_fleet(tmp_path).boards] == [(), (), (), ()]


def test_damaged_files_are_named_and_hide_nothing(tmp_path: Path) -> None:
    put(tmp_path, date(2026, 5, 1), 2.0, "A")
    changed = put(tmp_path, date(2026, 5, 1), 5.9, "B")
    changed.write_text(changed.read_text().replace("5.9", "1.9"))
    (tmp_path / "cut.json").write_text(changed.read_text()[:500])
    (tmp_path / "result.json").write_text(json.dumps(later(date(2026, 5, 1), 2.0)))
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "deep.json").write_text('{"format": "vitalwire-certificate", "version": 7}')
    (tmp_path / "notes.txt").write_text("no certificate, and none that should be")
    fleet = read_fleet(tmp_path)
    assert [one.serial for one in fleet.boards] == ["A"]
    why = {one.file.relative_to(tmp_path).as_posix(): one.why for one in fleet.damaged}
    assert set(why) == {"B_20260501.json", "cut.json", "result.json", "list.json", "sub/deep.json"}
    assert "changed after it was made" in why["B_20260501.json"]
    assert "cut short" in why["cut.json"]
    assert why["result.json"] == "it is a vitalwire-selftest, no certificate"
    assert "version 7" in why["sub/deep.json"]
    assert any(line.startswith("damaged: sub/deep.json: ") for line in lines(fleet, tmp_path, TODAY))


def test_a_hash_that_fits_does_not_make_a_certificate_of_anything(tmp_path: Path) -> None:
    for number, record in enumerate(({}, {"next_due": "soon"}, {"next_due": "2026-01-01", "device": 3})):
        whole = {"format": FORMAT, "version": VERSION, "sha256": sha256_of(record), "record": record}
        (tmp_path / f"{number}.json").write_text(json.dumps(whole))
    fleet = read_fleet(tmp_path)
    assert (fleet.boards, len(fleet.damaged)) == ([], 3)


def test_nonsense_under_a_hash_that_fits_is_named_and_what_cannot_be_looked_at_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, date(2026, 5, 1), 2.0, "A")
    for number in range(3):
        whole = json.loads(put(tmp_path, date(2026, 6, 1 + number), 2.0, "B").read_text())
        record = whole["record"]
        record["selftest"]["tests"][2]["values"][0]["value"] = 10 ** (400 + number)
        path = tmp_path / f"huge{number}.json"
        path.write_text(json.dumps({**whole, "sha256": sha256_of(record)}))
        (tmp_path / f"B_202606{1 + number:02}.json").unlink()
    (tmp_path / "loop.json").symlink_to("loop.json")
    fleet = read_fleet(tmp_path)
    assert [one.serial for one in fleet.boards] == ["A"]
    assert {one.file.name for one in fleet.damaged} == {"huge0.json", "huge1.json", "huge2.json", "loop.json"}


def test_a_drift_ends_with_the_calendar(tmp_path: Path) -> None:
    for day in (10, 20, 30):
        put(tmp_path, date(9999, 12, day), 2.0 + day / 100, due="9999-12-31")
    (one,) = read_fleet(tmp_path).boards
    assert [drift.reaches for drift in one.drifts] == [date.max]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        read_fleet(tmp_path / "nowhere")


def test_what_make_certificate_wrote_is_listed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_certificate(later(date(2024, 5, 1), 2.0), tmp_path)
    assert run(["fleet", str(tmp_path)]) == 0
    said = capfd.readouterr()
    assert "1 boards" in said.err
    assert "1 overdue" in said.err
    assert "OVERDUE  E6614  bay 2" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    assert run(["fleet", str(tmp_path), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["state"] == "overdue"


def test_a_thousand_certificates_cost_little_more_than_to_parse_and_hash_them(tmp_path: Path) -> None:
    whole = later(date(2022, 5, 1), 2.0)
    for number in range(250):
        for year in range(4):
            day = date(2022 + year, 5, 1)
            record = record_of({**whole, **dict.fromkeys(("started_utc", "finished_utc"), f"{day}T10:00:00.000Z")})
            record["device"] = {**record["device"], "serial": f"E{number:04d}"}
            data = {"format": FORMAT, "version": VERSION, "sha256": sha256_of(record), "record": record}
            (tmp_path / f"{number}-{year}.json").write_text(json.dumps(data))
    took, plain = [], []
    for _ in range(3):
        began = time.process_time()
        for file in tmp_path.iterdir():
            sha256_of(json.loads(file.read_text())["record"])
        plain.append(time.process_time() - began)
        began = time.process_time()
        fleet = read_fleet(tmp_path)
        took.append(time.process_time() - began)
    assert (len(fleet.boards), fleet.damaged) == (250, [])
    assert min(took) < 6 * min(plain)
