# SPDX-License-Identifier: Apache-2.0
"""The report of a session: what the record proves, in one page and one PDF that need nothing else."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from vitalwire import profiles
from vitalwire.cli.main import run
from vitalwire.feed import Plan
from vitalwire.pump import Pump
from vitalwire.record.folder import CAPTURE, VITALS
from vitalwire.report.make import Made, make
from vitalwire.session.profile_sign import record_of

HOSTILE = '<script>alert(1)</script> "&'
SCRIPT = (
    (5000, "note", {"text": HOSTILE}),
    (6000, "manual", {"sbp_mmhg": 121, "dbp_mmhg": 79, "breathing_rate": 14}),
    (7000, "dose", {"text": "spray", "amount": 28, "unit": "mg", "why": "a test"}),
    (8000, "side_effect", {"name": "dizziness", "severity": "mild"}),
    (9000, "correct", {"number": 1, "text": "calm"}),
    (10_000, "alarm_off", {"rule": "pulse_low", "reason": "athlete"}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = profiles.find("esketamine-nasal")
    profile = profiles.load(found)
    plan = Plan(
        "sim://?patient=calm&seed=3&speed=max", tmp_path_factory.mktemp("report"), profile.limits, minutes=0.5,
        profile=record_of(profile), profile_text=profiles.read_text(found.path), patient="K-017", by="AM",
        script=SCRIPT,
    )  # fmt: skip
    made = Pump(plan).run().folder
    assert made is not None
    return made


@pytest.fixture(scope="module")
def made(folder: Path) -> Made:
    return make(folder)


class Page(HTMLParser):
    """The text of a page, and everything that it would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.tags, self.fetched = "", [], list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def cell(made: Made, title: str, name: str) -> str:
    rows = next(table.rows for table in made.tables if table.title == title)
    return next(row[1] for row in rows if row[0] == name)


def test_the_page_needs_nothing_else_and_runs_nothing(made: Made) -> None:
    page = Page(made.html().decode())
    assert all(source.startswith("data:image/png;base64,") for source in page.fetched)
    assert page.fetched, "the trend is in it"
    assert not {"script", "link", "iframe"} & set(page.tags)


def test_text_of_people_is_text(made: Made) -> None:
    assert HOSTILE in Page(made.html().decode()).text


def test_it_says_who_what_when_and_that_nobody_signed(made: Made) -> None:
    said = Page(made.html().decode()).text
    for words in ("K-017", "SIMULATED", "UNSIGNED LIMITS", "not signed by a clinician", "esketamine-nasal 1",
                  "not a certified medical device"):  # fmt: skip
        assert words in said
    assert re.search(r"[0-9a-f]{64}", said), "the head of the capture"
    assert "was noted elsewhere" in said


def test_the_items_of_the_monitoring_form_are_there_and_absent_is_a_dash(made: Made) -> None:
    assert cell(made, "Esketamine monitoring", "Pressure before dosing").startswith("121/79 mmHg")
    assert cell(made, "Esketamine monitoring", "Pressure at about 40 min") == "-"
    assert "dizziness, mild" in cell(made, "Esketamine monitoring", "Side effects marked")


def test_a_correction_keeps_the_original(made: Made) -> None:
    rows = next(table.rows for table in made.tables if table.title.startswith("Doses"))
    texts = [row[3] for row in rows]
    assert f"{HOSTILE} [CORRECTED]" in texts
    assert any(text.startswith("calm (corrects 1)") for text in texts)


def test_what_was_decided_against_is_told_with_its_reason(made: Made) -> None:
    why = next(row[4] for table in made.tables if table.title == "Phases" for row in table.rows if row[0] == "dosing")
    assert why.startswith("a test; against: ")
    silenced = next(table.rows for table in made.tables if table.title == "Silenced, and refused")
    assert ("alarm off", "pulse_low: athlete", "AM") in [row[1:] for row in silenced]


def test_the_pdf_is_one_and_the_same_record_gives_the_same_bytes(folder: Path, made: Made) -> None:
    data = made.pdf()
    assert data.startswith(b"%PDF-")
    again = make(folder)
    assert again.html() == made.html()
    assert again.pdf() == data


def test_a_record_that_was_changed_has_a_report_that_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    path = copy / VITALS
    path.write_text(path.read_text(encoding="utf-8").replace(",oximeter,", ",cuff,", 1), encoding="utf-8")
    assert run(["report", str(copy), "--html"]) == 1
    assert "vitals.csv, line" in capsys.readouterr().err
    assert "vitals.csv, line" in (copy / "report.html").read_text(encoding="utf-8")


def test_a_session_that_was_cut_off_is_reported_as_that(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    data = (copy / CAPTURE).read_bytes()
    (copy / CAPTURE).write_bytes(data[: len(data) // 2])
    assert run(["report", str(copy), "--html", "--out", str(tmp_path / "out")]) == 1
    assert "NOT CLOSED" in next((tmp_path / "out").iterdir()).read_text(encoding="utf-8")


def test_it_is_json_where_a_program_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(folder), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["state"] == "closed"
    assert {"Session", "Phases", "Limits", "The record"} <= {table["title"] for table in said["tables"]}


def test_no_record_no_report(tmp_path: Path) -> None:
    assert run(["report", str(tmp_path)]) == 2


def test_a_second_process_makes_the_same_files_and_one_that_fails_does_not_matter(made: Made) -> None:
    from vitalwire.report.beside import Beside

    with Beside(["html"], cores=2) as beside:
        assert beside.files(made) == {"html": made.html()}
    for broken in (Beside(["html"], python="/no/python", cores=2), Beside(["html"], python="/bin/false", cores=2)):
        with broken as beside:
            assert beside.files(made) == {"html": made.html()}
    with Beside(["html"], cores=1) as beside:
        assert beside.files(made) == {"html": made.html()}
