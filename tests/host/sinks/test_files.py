# SPDX-License-Identifier: Apache-2.0
"""JSON Lines and CSV: whole lines or none, whatever happens to the program, the disk and the file."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from given import BOARD, alarm, cuff, on_its_way, oximeter, sink_of, wave

from vitalwire.cli.stream import COLUMNS
from vitalwire.errors import SinkDown, SinkRefused, UsageError
from vitalwire.items import Event, Item, item_of
from vitalwire.sinks.base import Sink
from vitalwire.sinks.files import KIND

FORMS = ("jsonl", "csv")


def opened(text: str) -> Sink:
    sink = sink_of(KIND, text)
    sink.open(BOARD)
    return sink


def table(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    assert data.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def delivered(form: str, path: Path, *items: Item, **values: Any) -> None:
    sink = opened(f"{form}:{path}")
    sink.deliver(on_its_way(*items, **values))
    sink.close()


def test_a_line_of_json_is_an_item_and_how_it_came(tmp_path: Path) -> None:
    path = tmp_path / "vitals.jsonl"
    items = [oximeter(), cuff(reasons=(("sbp_mmhg", "motion"),)), alarm("raised", detail='a "quote"')]
    delivered("jsonl", path, *items, late=True)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [item_of(line) for line in lines] == items
    assert [line["number"] for line in lines] == [1, 2, 3]
    assert {line["late"] for line in lines} == {True}


def test_the_columns_of_the_table_begin_with_those_of_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    delivered("csv", path, oximeter(), cuff(spo2_pct=None, reasons=(("sbp_mmhg", "motion"),)), alarm("raised"))
    rows = table(path)
    assert tuple(rows[0])[: len(COLUMNS)] == COLUMNS
    assert [(row["type"], row["spo2_pct"], row["sbp_mmhg"]) for row in rows] == [
        ("reading", "97.0", ""),
        ("reading", "", "122.0"),
        ("event", "", ""),
    ]
    assert rows[1]["reason"] == "sbp_mmhg:motion"
    assert (rows[2]["name"], rows[2]["limit"], rows[2]["board"]) == ("spo2_low", "90.0", "VW-0042")


def test_no_spreadsheet_runs_a_text_as_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    bad = Event(0, "operator", "note", detail='=HYPERLINK("http://evil";"x")\r\nsecond, line')
    delivered("csv", path, bad)
    (row,) = table(path)
    assert row["detail"] == '\'=HYPERLINK("http://evil";"x")  second, line'


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_there_is_appended_to(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a file.txt"
    delivered(form, path, oximeter())
    delivered(form, path, oximeter(), first=2)
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") == (3 if form == "csv" else 2)
    assert text.count("time_utc,device_ms") == (1 if form == "csv" else 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("torn", [1, 5, 60])
def test_a_line_that_a_killed_program_left_torn_is_taken_away(tmp_path: Path, form: str, torn: int) -> None:
    path = tmp_path / "vitals"
    delivered(form, path, oximeter(), oximeter())
    whole = path.read_bytes()
    path.write_bytes(whole[:-torn])
    delivered(form, path, oximeter(), first=2, repeated=True)
    lines = path.read_bytes().splitlines(keepends=True)
    first = whole.splitlines(keepends=True)
    assert lines[:-1] == first[:-1]
    assert len(lines) == len(first)


def test_a_table_torn_in_its_header_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    path.write_bytes(b"time_utc,devi")
    delivered("csv", path, oximeter())
    assert len(table(path)) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_something_else_is_refused_and_untouched(tmp_path: Path, form: str) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear colleague,\nplease")
    with pytest.raises(SinkRefused, match="something else"):
        opened(f"{form}:{path}")
    assert path.read_bytes() == b"Dear colleague,\nplease"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_has_one_writer(tmp_path: Path, form: str) -> None:
    path = tmp_path / "vitals"
    first = opened(f"{form}:{path}")
    with pytest.raises(SinkRefused, match="another"):
        opened(f"{form}:{path}")
    first.close()
    opened(f"{form}:{path}").close()


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_down_and_no_half_line_is_left(tmp_path: Path, form: str) -> None:
    path = tmp_path / "vitals"
    delivered(form, path, oximeter())
    before = path.read_bytes()
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[1]); from given import *\n"
        "from vitalwire.sinks.files import KIND; from vitalwire.errors import SinkDown\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "sink = sink_of(KIND, sys.argv[2]); sink.open(BOARD)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))\n"
        "batch = on_its_way(oximeter(), oximeter())\n"
        "try: sink.deliver(batch); raise SystemExit('it was taken')\n"
        "except SinkDown as error: print(error)\n"
        "sink.close(); sink.open(BOARD)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2); sink.deliver(batch); sink.close()\n"
    )
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", code, here, f"{form}:{path}", str(len(before) + 100)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "space" in ended.stdout
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 2


def test_a_disk_that_takes_nothing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vitals.jsonl"
    sink = opened(f"jsonl:{path}")
    sink.deliver(on_its_way(oximeter()))
    before = path.read_bytes()
    real = os.write

    def full(fd: int, data: bytes) -> int:
        real(fd, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(SinkDown, match="No space"):
            sink.deliver(on_its_way(oximeter(), first=2))
    assert path.read_bytes() == before
    sink.deliver(on_its_way(oximeter(), first=2))
    sink.close()
    assert path.read_bytes().count(b"\n") == 2


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    sink = opened(f"csv:{path}")
    sink.deliver(on_its_way(oximeter()))
    path.rename(tmp_path / "vitals.csv.1")
    sink.deliver(on_its_way(oximeter(), first=2))
    sink.idle()
    sink.close()
    assert [len(table(p)) for p in (tmp_path / "vitals.csv.1", path)] == [1, 1]


@pytest.mark.parametrize("form", FORMS)
def test_standard_output_gets_each_line_at_once(form: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sink = opened(f"{form}:-")
    sink.deliver(on_its_way(oximeter()))
    sink.deliver(on_its_way(alarm("raised"), first=2))
    sink.close()
    sink.open(BOARD)  # after a trouble: no second header
    said = capfdbinary.readouterr().out
    assert said.count(b"\n") == (3 if form == "csv" else 2)


def test_standard_output_that_nobody_reads_is_refused() -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from given import *\n"
        "from vitalwire.sinks.files import KIND; from vitalwire.errors import SinkRefused\n"
        "sink = sink_of(KIND, 'jsonl:-'); sink.open(BOARD); sys.stdin.read()\n"
        "try: sink.deliver(on_its_way(oximeter()))\n"
        "except SinkRefused as error: sys.stderr.write(str(error)); sys.stderr.flush(); os._exit(7)\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        running.stdin.close()
        assert b"nobody reads" in running.stderr.read()
        assert running.wait(30) == 7


def test_waves_are_lines_of_json_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "waves.jsonl"
    assert opened(f"jsonl:{tmp_path / 'other.jsonl'}").wants == {"reading", "event"}
    sink = opened(f"jsonl:{path}?waves=yes")
    assert "wave" in sink.wants
    batch = on_its_way(wave())
    sink.deliver(batch)
    sink.close()
    assert item_of(json.loads(path.read_text(encoding="utf-8"))) == batch[0].item


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jsonl:", "no file is named"),
        ("jsonl://host/file", "no file is named"),
        ("csv:x.csv?waves=yes", "no row"),
        ("csv:x.csv?header=no", "no option header"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        sink_of(KIND, text)


@pytest.mark.parametrize("where", ["missing/vitals.jsonl", "."])
def test_a_file_that_cannot_be_made_needs_a_person(tmp_path: Path, where: str) -> None:
    with pytest.raises(SinkRefused, match="directory"):
        opened(f"jsonl:{tmp_path / where}")
