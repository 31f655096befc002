# SPDX-License-Identifier: Apache-2.0
"""What yields a certificate, what it says, and that it proves itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from results import one_test, result, value

from vitalwire.cli.main import run
from vitalwire.errors import CheckFailed
from vitalwire.report.certificate import TEXT_MAX, limit_text, make_certificate, number_text, record_of, sha256_of
from vitalwire.report.certificate_page import page
from vitalwire.report.certificate_pdf import document

CALIBRATIONS = [
    {
        "serial": "E6614", "kind": "pressure", "result": kind, "date": day, "by": "AM",
        "done_utc": f"{day}T10:00:00.000Z",
        "reference": {"make": "Fluke 718", "serial": number, "due": "2026-12-31"},
    }
    for kind, day, number in (
        ("adjusted", "2025-02-20", "old"), ("adjusted", "2026-02-20", "123"), ("passed", "2026-02-25", "check"),
        ("adjusted", "2026-04-01", "after the test"),
    )
]  # fmt: skip


def changed(**changes: Any) -> dict[str, Any]:
    """A result whose first test's first value is another."""
    made = json.loads(json.dumps(result()))
    made["tests"][0]["values"][0].update(changes)
    return dict(made)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (changed(value=float("nan")), "is no number"),
        (changed(value=float("inf")), "is no number"),
        (changed(high=10**400), "is no number"),
        (changed(value=1), "it says passed, but"),
        (changed(value=None), "it says passed, but"),
        (changed(name="x" * 301), "no page can show"),
        (result(by="X\ud800"), "no page can show"),
        (result(by="\x1b[2J"), "no page can show"),
    ],
)
def test_what_no_page_can_show_or_is_not_so_yields_no_certificate(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(CheckFailed, match=said):
        make_certificate(given, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_longest_texts_still_fit_onto_a_page(tmp_path: Path) -> None:
    made = changed(name="W" * TEXT_MAX, unit="W" * TEXT_MAX, source="W" * TEXT_MAX, detail="W" * TEXT_MAX)
    made["by"] = "W" * TEXT_MAX
    made["tests"][0]["title"] = "W" * TEXT_MAX
    assert make_certificate(made, tmp_path).pdf_file.read_bytes().startswith(b"%PDF")


def failed(**changes: Any) -> dict[str, Any]:
    made = result(**changes)
    made["tests"][2] = one_test("leak", "pneumatics", value("fall", 7.2, "mmHg/min", high=6.0), verdict="failed")
    return made


def test_a_board_that_passed_gets_three_files_named_by_its_serial_number(tmp_path: Path) -> None:
    made = make_certificate(result(), tmp_path, CALIBRATIONS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"E6614_20260301T101400Z.{ending}" for ending in ("html", "json", "pdf")
    ]
    assert made.pdf_file.read_bytes().startswith(b"%PDF")
    assert made.serial == "E6614"


def test_the_record_carries_the_hash_of_its_content(tmp_path: Path) -> None:
    made = make_certificate(result(), tmp_path)
    whole = json.loads(made.json_file.read_bytes())
    assert whole["sha256"] == made.sha256 == sha256_of(whole["record"])
    whole["record"]["selftest"]["tests"][2]["values"][0]["value"] = 1.0
    assert sha256_of(whole["record"]) != made.sha256


def test_the_same_result_gives_the_same_bytes_and_another_one_another_file(tmp_path: Path) -> None:
    first = make_certificate(result(), tmp_path)
    before = {path: path.read_bytes() for path in (first.json_file, first.html_file, first.pdf_file)}
    assert make_certificate(result(), tmp_path).json_file == first.json_file
    assert make_certificate(result(by="other"), tmp_path).json_file.name == "E6614_20260301T101400Z-2.json"
    assert {path: path.read_bytes() for path in before} == before


def test_every_value_stands_there_with_its_limit() -> None:
    text = page(record_of(result(), CALIBRATIONS), "ab" * 32)
    for word in ("E6614", "bay 2", "2.10 mmHg/min", "at most 6 mmHg/min", "at least 60000 bytes", "123456 bytes",
                 "PASSED", "Fluke 718", "123", "rigid test cylinder", "ab" * 32, "GOST 30324.30, 51.103"):  # fmt: skip
        assert word in text, word
    assert "<script" not in text
    assert "http" not in text, "it needs nothing else"


def test_the_instruments_are_those_of_the_calibration_in_force_on_that_day() -> None:
    found = record_of(result(), CALIBRATIONS)["instruments"]
    assert [one["serial"] for one in found] == ["123", None]
    assert "room" not in found[0]["use"], "nobody has said it"
    warm = [{**one, "room_degc": 21.5} for one in CALIBRATIONS]
    assert record_of(result(), warm)["instruments"][0]["use"].endswith(", room 21.5 degC")
    assert record_of(result(cuff_on_cylinder=False), [{**CALIBRATIONS[1], "serial": "other"}])["instruments"] == []


def test_it_is_due_after_twelve_months_or_when_a_calibration_is() -> None:
    made = result()
    assert record_of(made)["next_due"] == "2027-02-20"
    for one in made["calibration"]:
        one["due"] = "2029-01-01"
    assert record_of(made)["next_due"] == "2027-03-01"
    assert record_of(made, months=6)["next_due"] == "2026-09-01"


def test_failed_is_refused_with_what_failed_and_its_limit(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=r"E6614: .*FAILED: Leak failed \(fall 7\.20 mmHg/min, limit at most 6\)"):
        make_certificate(failed(result="failed"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_incomplete_is_refused_with_what_was_not_done(tmp_path: Path) -> None:
    made = result(result="incomplete")
    made["tests"] = [test for test in made["tests"] if test["id"] != "buttons"]
    made["tests"].append({**one_test("buttons", "panel", verdict="not_done"), "reason": "nobody was there"})
    with pytest.raises(CheckFailed, match=r"INCOMPLETE: Buttons not done \(nobody was there\); run"):
        make_certificate(made, tmp_path)


def test_a_result_that_says_passed_and_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="it says passed, but Leak failed"):
        make_certificate(failed(), tmp_path)
    with pytest.raises(CheckFailed, match="25 of 25 tests are not in it"):
        make_certificate(result(tests=[]), tmp_path)
    some = result()
    some["tests"] = [test for test in some["tests"] if test["id"] != "watchdog"]
    with pytest.raises(CheckFailed, match="1 of 25 tests are not in it: watchdog"):
        make_certificate(some, tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "vitalwire-session"}, "no result of a self-test"),
        ({"version": 2}, "of version 2"),
        ({"tests": None}, "no tests"),
        ({"tests": [3]}, "test is no object"),
        ({"device": {"serial": " ", "board": "pico", "firmware": "1"}}, "names no serial number"),
        ({"device": {"board": "pico", "firmware": "1"}}, "device has no serial"),
        ({"finished_utc": "2026-13-01T00:00:00Z"}, "finished_utc is no time"),
        ({"finished_utc": "yesterday"}, "finished_utc is no time"),
        ({"calibration": [{"kind": "cuff", "due": "soon"}]}, "due on 'soon', no date"),
        ({"simulated": "no"}, "no simulated"),
        ({"tests": [one_test("leak", "x", {**value("fall", 1, ""), "high": "6"})]}, "high of fall is no number"),
    ],
)
def test_a_damaged_result_is_one_sentence(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(CheckFailed, match=words):
        make_certificate(result(**change), tmp_path)


def test_a_simulated_boards_says_so_across_every_page() -> None:
    made = result(simulated=True)
    values = [value(f"value {n}", float(n), "mmHg", -1, 200) for n in range(150)]
    made["tests"].append(one_test("long", "pressure", *values))
    text = page(record_of(made), "0" * 64)
    assert text.count("<span>SIMULATED</span>") == 3
    assert "position: fixed" in text, "on paper what is fixed comes on every sheet"
    across = _across(document(record_of(made), "0" * 64))
    assert len(across) >= 3
    assert all(across)
    assert not any(_across(document(record_of(result()), "0" * 64)))
    assert "<span>SIMULATED" not in page(record_of(result()), "0" * 64)


def _across(pdf: bytes) -> list[bool]:
    """For each page of a PDF whether SIMULATED is drawn on it in large letters."""
    import re
    import zlib

    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"BT" in content:
            found.append(b"88.00 Tf" in content and b"SIMULATED" in content)
    return found


def test_a_board_without_calibration_or_with_an_overdue_one_is_marked() -> None:
    made = result(calibration=[{"kind": "cuff", "days_date": "2025-01-01", "due": "2026-01-01"}])
    record = record_of(made)
    assert record["marks"] == ["NOT CALIBRATED", "CALIBRATION OVERDUE"]
    assert record["next_due"] == "2026-01-01", "it is due already"
    assert "OVERDUE" in page(record, "")
    on_the_day = result(calibration=[{"kind": kind, "due": "2026-03-01"} for kind in ("cuff", "guard", "curve")])
    assert record_of(on_the_day)["marks"] == []


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (None, "-"), (2.1, "2.10"), (123456, "123456"), (0.1234, "0.123"), (12.345, "12.3"), (-7.25, "-7.25"),
     (1234.5, "1234"), (3.0, "3")],
)  # fmt: skip
def test_numbers_have_the_digits_that_count(number: float | None, text: str) -> None:
    assert number_text(number) == text


def test_limits_in_words() -> None:
    assert limit_text({"low": None, "high": 6.0}) == "at most 6"
    assert limit_text({"low": 3, "high": None}) == "at least 3"
    assert limit_text({"low": -3, "high": 3}) == "-3 to 3"
    assert limit_text({"low": 0, "high": 0}) == "0"
    assert limit_text({}) == "-"


def test_the_command_writes_the_files_and_says_when_it_is_due(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "result.json"
    given.write_text(json.dumps(result(simulated=True)))
    arguments = ["certificate", str(given), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "none")]
    assert run(arguments) == 0
    said = capfd.readouterr()
    assert said.out.split() == [str(tmp_path / "out" / f"E6614_20260301T101400Z.{e}") for e in ("json", "html", "pdf")]
    assert "SIMULATED: board E6614 is due again on 2027-02-20" in said.err
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["next_due"] == "2027-02-20"


@pytest.mark.parametrize(("text", "code"), [("{", 2), ("[]", 2), (json.dumps(failed(result="failed")), 1)])
def test_the_command_refuses_in_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, code: int
) -> None:
    given = tmp_path / "result.json"
    given.write_text(text)
    assert run(["certificate", str(given), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "none")]) == code
    said = capfd.readouterr()
    assert said.err.startswith("vitalwire: ")
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
