# SPDX-License-Identifier: Apache-2.0
"""`vitalwire export` and `vitalwire import` as a person types them."""

from __future__ import annotations

import importlib.machinery
import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from exported import counterpart

sys.path.insert(0, str(Path(__file__).parents[1] / "record"))
from recorded import edit, not_closed

import vitalwire.export.formats as formats
from vitalwire.cli.main import run
from vitalwire.export.material import material_of
from vitalwire.items import Event, Reading, Wave, item_of
from vitalwire.record.items import open_record

for library in ("pyarrow", "pyedflib", "wfdb", "vitaldb"):
    counterpart(library)

Said = pytest.CaptureFixture[str]
ENDS = (".parquet", ".arrow", ".edf", ".bdf", ".hea", ".vital", ".json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and one of sessions beside it."""
    monkeypatch.setenv("VITALWIRE_SESSIONS", str(tmp_path / "sessions"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# ------------------------------------------------------------ export


@pytest.mark.parametrize("end", ENDS)
def test_a_session_becomes_a_file_of_the_format_that_its_name_says(
    session: Path, here: Path, end: str, capfd: Said
) -> None:
    assert run(["export", str(session), "--out", f"bed4{end}"]) == 0
    out, err = capfd.readouterr()
    assert out.splitlines()[0] == f"bed4{end}"
    assert f"exporting {session}" in err
    assert sorted(out.split()) == sorted(path.name for path in here.iterdir()), (
        "it says what it wrote, and leaves no more"
    )


def test_without_a_session_it_is_the_latest_and_without_a_name_it_is_called_as_it(session: Path, capfd: Said) -> None:
    assert run(["export", "--format", "json"]) == 0
    assert capfd.readouterr().out.strip() == f"{session.name}.json"


def test_an_anonymous_file_is_not_called_by_date_and_bed(session: Path, capfd: Said) -> None:
    assert run(["export", session.name, "--format", "json", "--anonymise"]) == 0
    assert capfd.readouterr().out.strip() == "session.json"


def test_json_says_what_was_written_for_a_program(session: Path, capfd: Said) -> None:
    assert run(["export", str(session), "--out", "s.parquet", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    material = material_of(open_record(session))
    assert said["files"] == ["s.parquet"]
    assert (said["state"], said["readings"]) == ("closed", len(material.readings))
    assert said["waves"] == len(material.waves) == 30


def test_the_wave_stays_out_where_it_is_not_wanted(session: Path, capfd: Said) -> None:
    assert run(["export", str(session), "--out", "s.json", "--no-waves", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["waves"] == 0
    assert '"type":"wave"' not in Path("s.json").read_text(encoding="utf-8")


def test_the_list_names_every_format(capfd: Said) -> None:
    assert run(["export", "--list"]) == 0
    names = [line.split()[0] for line in capfd.readouterr().out.splitlines()]
    assert names == ["parquet", "arrow", "edf", "wfdb", "vital", "json", "fhir", "hl7"]


def test_a_file_that_is_there_is_not_replaced_unless_told_to(session: Path, capfd: Said) -> None:
    Path("s.json").write_text("mine", encoding="utf-8")
    assert run(["export", str(session), "--out", "s.json"]) == 2
    assert "s.json is there already; give another --out, or --force" in capfd.readouterr().err
    assert Path("s.json").read_text(encoding="utf-8") == "mine"
    assert run(["export", str(session), "--out", "s.json", "--force"]) == 0
    assert json.loads(Path("s.json").read_text(encoding="utf-8"))["state"] == "closed"


@pytest.mark.parametrize("name", ["s.dat", "sn.hea", "s.evt"])
def test_nor_is_one_that_would_belong_beside_it(session: Path, name: str, capfd: Said) -> None:
    Path(name).write_text("mine", encoding="utf-8")
    assert run(["export", str(session), "--out", "s.hea"]) == 2
    assert f"{name} is there already" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "s.xyz"], "the format is not said; give --format: parquet, arrow"),
        (["--format", "xlsx"], "there is no format 'xlsx'; there are: parquet"),
        (["--format", "wfdb", "--out", "s.dat"], "a wfdb header ends with .hea; name it s.hea"),
        (["--format", "json", "--out", "nowhere/s.json"], "nowhere/s.json cannot be written: No such file"),
        (["--format", "json", "--out", "."], "is a directory"),
    ],
)
def test_a_wrong_request_is_a_sentence_and_exit_code_2(session: Path, words: list[str], said: str, capfd: Said) -> None:
    assert run(["export", str(session), *words]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_session_that_is_none_is_exit_code_2(capfd: Said) -> None:
    assert run(["export", "nothing", "--out", "s.json"]) == 2
    assert "nothing is no session" in capfd.readouterr().err


def test_what_is_not_installed_is_named_with_how_to_get_it(
    session: Path, monkeypatch: pytest.MonkeyPatch, capfd: Said
) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _name: None)
    for name, extra in (
        ("parquet", "parquet"),
        ("arrow", "parquet"),
        ("edf", "edf"),
        ("wfdb", "wfdb"),
        ("vital", "vital"),
    ):
        assert run(["export", str(session), "--format", name]) == 2
        assert f"; pip install 'vitalwire[{extra}]'" in capfd.readouterr().err
    assert run(["export", str(session), "--format", "json"]) == 0, "which needs nothing"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size here: a full disk was NOT TESTED")
@pytest.mark.parametrize("end", ENDS)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(session: Path, here: Path, end: str, capfd: Said) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))  # as a disk with so much room
    try:
        code = run(["export", str(session), "--out", f"s{end}"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    err = capfd.readouterr().err
    assert code == 2
    assert f"s{end} cannot be written: " in err
    assert "nothing was left behind" in err
    assert "Traceback" not in err
    assert list(here.iterdir()) == []


def test_what_was_there_stays_where_the_new_one_cannot_be_written(
    session: Path, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    Path("s.json").write_text("mine", encoding="utf-8")

    def fails(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats, "_to_disk", fails)
    assert run(["export", str(session), "--out", "s.json", "--force"]) == 2
    assert Path("s.json").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in here.iterdir()] == ["s.json"]


# ------------------------------------------------------------ states of a record


def state_of(path: str) -> tuple[str, str]:
    about = formats.read_back(Path(path))[0]
    return about["state"], about["why"]


@pytest.mark.parametrize("end", ENDS)
def test_of_a_damaged_record_what_is_good_is_written_and_says_so(session: Path, end: str, capfd: Said) -> None:
    whole = len(list(open_record(session)))
    edit(session / "capture.vwire", lambda data: data[:30_000] + bytes((data[30_000] ^ 1,)) + data[30_001:])
    assert run(["export", str(session), "--out", f"s{end}"]) == 1
    err = capfd.readouterr().err
    assert "the record is damaged: chunk " in err
    assert "; what is good of it is in the file, which says so" in err
    state, why = state_of(f"s{end}")
    assert state == "damaged"
    assert why.startswith("chunk ")
    about, items = formats.read_back(Path(f"s{end}"))
    good = list(open_record(session))
    assert 0 < len(good) < whole
    assert [i for i in items if isinstance(i, Event)] == sorted(
        (i for i in good if isinstance(i, Event)), key=lambda event: event.utc_ms
    )
    assert about["simulated"] is True


def test_a_session_that_goes_on_or_was_cut_off_is_good_and_noted(session: Path, capfd: Said) -> None:
    not_closed(session, keep_chunks=40, recorded_chunks=40)
    assert run(["export", str(session), "--out", "s.json"]) == 0
    assert "note: the session is not closed; what was recorded by now is in the file" in capfd.readouterr().err
    assert state_of("s.json") == ("not closed", "")


def test_a_record_that_lost_its_end_is_found_out(session: Path, capfd: Said) -> None:
    """Its chain is whole as far as it goes; session.json knows of more."""
    head = (session / "session.json").read_bytes()
    not_closed(session, keep_chunks=40, recorded_chunks=40)
    (session / "session.json").write_bytes(head)
    assert run(["export", str(session), "--out", "s.json"]) == 1
    assert "the record is shorter than its recorded head: " in capfd.readouterr().err
    state, why = state_of("s.json")
    assert state == "shorter than its recorded head"
    assert "are missing at the end of capture.vwire" in why


def test_a_capture_without_a_beginning_is_a_sentence_and_no_file(session: Path, here: Path, capfd: Said) -> None:
    (session / "capture.vwire").write_bytes(b"something else")
    assert run(["export", str(session), "--out", "s.json"]) == 1
    err = capfd.readouterr().err
    assert "the capture has no beginning" in err
    assert list(here.iterdir()) == []


# ------------------------------------------------------------ what others encode


@pytest.mark.parametrize(
    ("form", "module", "function", "name"),
    [("fhir", "fhir", "bundle_lines", "s.fhir.json"), ("hl7", "hl7", "file_lines", "s.hl7")],
)
def test_an_encoder_is_given_the_origin_and_the_items_and_its_pieces_are_written_in_order(
    session: Path, monkeypatch: pytest.MonkeyPatch, form: str, module: str, function: str, name: str
) -> None:
    def lines(origin: object, items: tuple[object, ...]) -> Iterator[str]:
        yield f"{getattr(origin, 'board', '')}\r"
        yield f"{len(items)} »Stück«\n"

    made = types.ModuleType(f"vitalwire.encode.{module}")
    made.__spec__ = importlib.machinery.ModuleSpec(made.__name__, None)
    setattr(made, function, lines)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    assert run(["export", str(session), "--out", name]) == 0, f"{form} is told by the end of the name"
    record = open_record(session)
    expected = f"{record.origin.board}\r{len(list(record))} »Stück«\n"
    assert Path(name).read_bytes() == expected.encode()


def test_a_session_is_a_bundle_of_fhir_and_a_batch_of_hl7(session: Path) -> None:
    assert run(["export", str(session), "--out", "s.fhir.json"]) == 0
    bundle = json.loads(Path("s.fhir.json").read_text(encoding="utf-8"))
    assert bundle["resourceType"] == "Bundle"
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} >= {"Observation"}
    assert run(["export", str(session), "--out", "s.hl7"]) == 0
    segments = Path("s.hl7").read_bytes().decode().split("\r")
    assert [segment[:3] for segment in (segments[0], segments[1], segments[-2])] == ["FHS", "BHS", "FTS"]


# ------------------------------------------------------------ import


@pytest.mark.parametrize("end", [".parquet", ".arrow", ".json"])
def test_every_item_comes_back_as_json_lines(session: Path, end: str, capfd: Said) -> None:
    assert run(["export", str(session), "--out", f"s{end}"]) == 0
    capfd.readouterr()
    assert run(["import", f"s{end}"]) == 0
    out, err = capfd.readouterr()
    assert [item_of(json.loads(line)) for line in out.splitlines()] == list(open_record(session))
    assert "note: the values are marked SIMULATED" in err


@pytest.mark.parametrize("end", [".parquet", ".arrow", ".json", ".vital"])
def test_a_csv_of_it_is_the_vitals_csv_of_the_session_itself(session: Path, end: str) -> None:
    assert run(["export", str(session), "--out", f"s{end}"]) == 0
    assert run(["import", f"s{end}", "--out", "s.csv"]) == 0
    assert Path("s.csv").read_bytes() == (session / "vitals.csv").read_bytes()


@pytest.mark.parametrize("end", [".edf", ".bdf", ".hea"])
def test_but_for_the_boards_own_counts_in_edf_and_wfdb(session: Path, end: str) -> None:
    assert run(["export", str(session), "--out", f"s{end}"]) == 0
    assert run(["import", f"s{end}", "--out", "s.csv"]) == 0

    def without_counts(path: Path) -> list[list[str]]:
        rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        return [row[:2] + row[5:] for row in rows]

    assert without_counts(Path("s.csv")) == without_counts(session / "vitals.csv")


@pytest.mark.parametrize("end", ENDS)
def test_replay_takes_what_import_gives(session: Path, end: str, capfd: Said) -> None:
    assert run(["export", str(session), "--out", f"s{end}"]) == 0
    assert run(["import", f"s{end}", "--out", "s.csv"]) == 0
    capfd.readouterr()
    assert run(["replay", "s.csv"]) == 0
    out, err = capfd.readouterr()
    assert "spo2_low" in out
    assert "1 alarms of the patient were raised" in err


def test_a_csv_goes_to_standard_output_too(session: Path, capfd: Said) -> None:
    assert run(["export", str(session), "--out", "s.json"]) == 0
    capfd.readouterr()
    assert run(["import", "s.json", "--csv"]) == 0
    assert capfd.readouterr().out.replace("\r\n", "\n") == (session / "vitals.csv").read_text(encoding="utf-8")


def test_import_says_in_what_state_the_record_was(session: Path, capfd: Said) -> None:
    edit(session / "capture.vwire", lambda data: data[:9000] + bytes((data[9000] ^ 1,)) + data[9001:])
    assert run(["export", str(session), "--out", "s.json"]) == 1
    capfd.readouterr()
    assert run(["import", "s.json", "--out", "s.jsonl"]) == 0
    assert "note: the record was damaged when it was exported: chunk " in capfd.readouterr().err


def test_a_file_of_import_gets_its_name_when_it_is_whole(session: Path, here: Path, capfd: Said) -> None:
    assert run(["export", str(session), "--out", "s.json"]) == 0
    text = Path("s.json").read_text(encoding="utf-8")
    Path("s.json").write_text(text.replace('"type":"reading"', '"type":"song"', 1), encoding="utf-8")
    assert run(["import", "s.json", "--out", "s.csv"]) == 2
    err = capfd.readouterr().err
    assert "there is no item of type 'song'" in err
    assert [path.name for path in here.iterdir()] == ["s.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["s.txt"], "what this is cannot be read back"),
        (["s.fhir.json"], "what this is cannot be read back"),
        (["none.parquet"], "there is no such file"),
        (["s.json", "--out", "s.xlsx"], "let it end with .csv or .jsonl"),
        (["s.json", "--out", "there.csv"], "there.csv is there already"),
        (["s.json"], "no export of Vitalwire"),
        (["s.parquet"], "no export of Vitalwire"),
        (["s.arrow"], "no export of Vitalwire"),
        (["s.edf"], "no export of Vitalwire"),
        (["s.hea"], "no export of Vitalwire"),
        (["s.vital"], "no export of Vitalwire"),
    ],
)
def test_what_cannot_be_imported_is_a_sentence_and_exit_code_2(words: list[str], said: str, capfd: Said) -> None:
    for end in (".txt", ".fhir.json", ".json", ".parquet", ".arrow", ".edf", ".hea", ".vital"):
        Path(f"s{end}").write_bytes(b'{"items": 3}' if end == ".json" else b"\x1f\x8b nonsense \0\xff")
    Path("there.csv").write_text("mine", encoding="utf-8")
    assert run(["import", *words]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert Path("there.csv").read_text(encoding="utf-8") == "mine"


def test_the_recorded_session_has_what_these_tests_are_about(recorded: Path) -> None:
    items = list(open_record(recorded))
    assert {item.source for item in items if isinstance(item, Reading)} == {"oximeter", "cuff"}
    assert [item.lost for item in items if isinstance(item, Wave) and item.lost] == [30]
    assert [event.state for event in items if isinstance(event, Event) and event.kind == "gap"] == ["start", "end"]
