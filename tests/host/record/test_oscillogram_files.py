# SPDX-License-Identifier: Apache-2.0
"""Oscillograms from files: what was written reads back; whatever else a file holds is one sentence with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_board import FakeBoard
from oscillogram_parts import parts

from vitalwire.errors import CheckFailed, UsageError
from vitalwire.feed import Plan
from vitalwire.link.oscillogram import Assembly, Beat, Evaluation, Oscillogram
from vitalwire.pump import Pump
from vitalwire.record.capture import CaptureEncoder, read_capture
from vitalwire.record.folder import latest_session, write_session_json
from vitalwire.record.oscillogram_files import find, read
from vitalwire.record.rows import OSCILLOGRAMS_COLUMNS, oscillogram_rows
from vitalwire.session.facts import CuffOscillogram
from vitalwire.session.inputs import Input, Kind, Setup, json_input

SAID = Evaluation("ok", 121.3, 93.2, 78.9, 64.1, 88, 2.05, 30, ("movement", "noisy"))


def oscillogram(cycle: int = 1, count: int = 30, said: Evaluation | None = SAID) -> Oscillogram:
    assembly = Assembly(cycle)
    *_, whole = map(assembly.add, parts(count, cycle=cycle))
    assert whole is not None
    flags = ("simulated", "unsigned")
    return replace(whole, result=said, boot=7, device_ms=46_291, utc_ms=1_767_225_646_491, flags=flags)


def csv_text(*kept: Oscillogram) -> str:
    facts = [CuffOscillogram(46_491, k.utc_ms or 0, k) for k in kept]
    return OSCILLOGRAMS_COLUMNS + "\r\n" + "".join(row for fact in facts for row in oscillogram_rows(fact, 0))


def write(tmp_path: Path, text: str, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def edited(line: int, old: str, new: str, text: str | None = None) -> str:
    """The CSV of one cycle with something replaced in one line."""
    lines = (text or csv_text(oscillogram())).split("\r\n")
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new)
    return "\r\n".join(lines)


def without(lines: slice) -> str:
    """The CSV of one cycle without some of its lines."""
    kept = csv_text(oscillogram()).split("\r\n")
    del kept[lines]
    return "\r\n".join(kept)


# ---------------------------------------------------------------- what was written reads back


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        replace(SAID, doubts=()),
        replace(SAID, doubts=None),
        Evaluation("movement", peak_amplitude_mmhg=1.2, beats=30, doubts=("movement",)),
    ],
)
def test_the_csv_reads_back_as_it_was(tmp_path: Path, said: Evaluation) -> None:
    two = oscillogram(said=said), oscillogram(2, 90, said=replace(said, beats=90))
    assert read(write(tmp_path, csv_text(*two))).oscillograms == list(two)


def test_of_an_older_board_too(tmp_path: Path) -> None:
    nothing = {"direction": None, "left_out": None, "noise_mmhg": None, "begin_mmhg": None, "end_mmhg": None}
    old = replace(oscillogram(said=replace(SAID, doubts=None)), algorithm=1, **nothing)  # type: ignore[arg-type]
    assert read(write(tmp_path, csv_text(old))).oscillograms == [old]


@pytest.mark.parametrize("form", ["one", "list", "lines", "reading"])
def test_json_reads_back_as_it_was(tmp_path: Path, form: str) -> None:
    kept = [oscillogram(), oscillogram(2, said=None)]
    objects = [one.as_dict() for one in kept]
    if form == "lines":
        text = "\n".join(map(json.dumps, objects)) + "\n"
    elif form == "list":
        text = json.dumps(objects, indent=1)
    else:
        del kept[1]
        text = json.dumps(objects[0] if form == "one" else {"type": "reading", "oscillogram": objects[0]})
    assert read(write(tmp_path, text)).oscillograms == kept


def test_a_csv_made_by_hand_needs_five_columns(tmp_path: Path) -> None:
    text = "cycle,algorithm,t_s,pressure_mmhg,amplitude_mmhg\n3,2,9,120,1.5\n3,2,9.9,117.25,1.625\n"
    (kept,) = read(write(tmp_path, text)).oscillograms
    assert kept == Oscillogram(3, 2, (Beat(9.0, 120.0, 1.5), Beat(9.9, 117.25, 1.625)))


# ---------------------------------------------------------------- damaged and hostile files

GOOD = csv_text(oscillogram())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "file is empty"),
        ("\n \n", "file is empty"),
        ("hello\n", "line 1: there is no column cycle; an oscillogram as CSV has at least cycle, algorithm, t_s"),
        (GOOD.replace("beats,beat,", "beats,beats,", 1), "line 1: a column is there twice"),
        (GOOD[:-30], "line 31: "),
        (without(slice(20, None)), "line 2: cycle 1 has 30 beats, and only 19 rows are here"),
        (without(slice(9, 10)), "line 10: this is beat 10 of cycle '1', beat 9 is missing"),
        (edited(5, ",4,", ",04x,"), "line 5: beat is '04x', and not a number from 0 to 65535"),
        (GOOD.replace("simulated", "=1+1"), "line 2: flags is '=1+1 unsigned', and not a list of words"),
        (edited(7, ",1,2,deflation", ",1,3,deflation"), "line 7: algorithm is '3', and '2' in line 2"),
        (edited(9, "0.120", "0.125").replace("0.120", "0.1204"), "noise_mmhg is '0.125'"),
        (GOOD.replace("0.120", "0.1204"), "line 2: noise_mmhg is '0.1204', and not in steps of 0.001"),
        (GOOD.replace("0.120", "nan"), "line 2: noise_mmhg is 'nan', and not a number from 0 to 65.535"),
        (GOOD.replace("0.120", "1e2"), "line 2: noise_mmhg is '1e2'"),
        (GOOD.replace("0.120", "-1"), "line 2: noise_mmhg is '-1'"),
        (GOOD.replace("0.120", "99999999999999999999"), "line 2: noise_mmhg is '99999999999999999999'"),
        (GOOD.replace("2026-01-01T", "yesterday"), "line 2: time_utc is 'yesterday00:00:46.491Z', and not a time"),
        (GOOD.replace("2026-01-01T", "0001-01-01T"), "line 2: time_utc is '0001-01-01T00:00:46.491Z', and not a time"),
        (GOOD.replace("2026-01-01T", "9999-12-31T"), "line 2: time_utc is '9999-12-31T00:00:46.491Z', and not a time"),
        (GOOD.replace("movement noisy", "movement; x"), "line 2: doubts is 'movement; x', and not a list of words"),
        (GOOD.replace(",9.00,", ",600.00,"), "line 3: t_s 9.86 comes after 600"),
        (GOOD.replace('beat,t_s', 'beat,"t_s'), "line "),
        ('"' * 1000, "line 1: "),
        (GOOD.replace("deflation", "x" * 200_000), "line 2: field larger than field limit"),
    ],
)  # fmt: skip
def test_a_damaged_csv_is_one_sentence_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(CheckFailed) as caught:
        read(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[1]", "file: this is no object"),
        ("[{}, 2]", "file, item 1: it has no list of beats"),
        ("{", "file does not read as JSON: "),
        ('{"beats": [}', "file does not read as JSON: "),
        ('{"beats": 1}', "it has no list of beats"),
        ('{"beats": [[1, 2]]}', "beat 1: '[1, 2]' is no [t_s, pressure_mmhg, amplitude_mmhg]"),
        ('{"beats": [[1, 2, true]]}', "beat 1: amplitude_mmhg is 'true', and not a number"),
        ('{"beats": [[1, 2, NaN]]}', "NaN is no number"),
        ('{"beats": [[1, null, 1]]}', "beat 1: it has no pressure_mmhg"),
        ('{"beats": [[1, 700, 1]]}', "beat 1: pressure_mmhg is '700', and not a number from 0 to 655.35"),
        ('{"beats": [[1, 100, 1]]}', "it has no cycle"),
        ('{"beats": [], "cycle": 1}', "it has no algorithm"),
        ('{"beats": [], "cycle": 1, "algorithm": 2, "result": 3}', "its result is no object"),
        ('{"beats": [], "cycle": 1, "algorithm": 2, "result": {"outcome": 3}}', "outcome is '3', and not a word"),
        ('{"beats": [], "cycle": 1, "algorithm": 2, "flags": [1]}', "flags is '[1]', and not a list of words"),
        ('{"beats": [], "cycle": 1, "algorithm": 2, "time_utc": 5}', "time_utc is '5', and not a time"),
        ('{"type": "oscillogram", "cycle": 1, "part": 0, "beats": []}', "this is one message; give the capture"),
        ('{"a": 1}\n{"beats": [}\n', "file, line 1: it has no list of beats"),
        ("[" * 100_000, "it is nested too deep"),
        ('{"beats": [[1, 1' + "0" * 5000 + ", 1]]}", "file does not read as JSON: "),
    ],
)
def test_damaged_json_is_one_sentence_with_its_place(tmp_path: Path, value: str, words: str) -> None:
    path = write(tmp_path, value)
    with pytest.raises(CheckFailed) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab\xff\x00")
    with pytest.raises(CheckFailed, match=r"no capture, and not UTF-8 text \(byte 2\)"):
        read(path)


def test_what_cannot_be_opened_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read(tmp_path / "nothing")
    with pytest.raises(UsageError, match="is no file"):
        read(tmp_path)


# ---------------------------------------------------------------- captures


def capture(*inputs: Input, setup: Input | None = None) -> bytes:
    encoder = CaptureEncoder()
    opening = Setup(session=1, client=2, started_t_ms=0, started_utc_ms=0, oscillograms=True).as_input()
    data = encoder.begin() + encoder.encode(setup or opening)
    return data + b"".join(map(encoder.encode, inputs)) + encoder.close(0, 0, why="test")


@pytest.mark.parametrize(
    "data",
    [
        capture(setup=json_input(Kind.ACTION, 0, 0)),
        capture(setup=json_input(Kind.OPEN, 0, 0, session="x")),
        capture(setup=json_input(Kind.OPEN, 0, 0, session=1, client="x", started_t_ms=0, started_utc_ms=0)),
        capture(setup=json_input(Kind.OPEN, 0, 0, session=1, client=2, started_t_ms=0, started_utc_ms="x")),
        capture(setup=Input(Kind.OPEN, 0, 0, b"\xff{")),
        capture(setup=Input(Kind.OPEN, 0, 0, b"[" * 60_000)),
        capture(Input(Kind.LINK, 0, 0, b"{")),
        capture(json_input(Kind.CLOCK, 0, 0, step_ms="x")),
    ],
)
def test_a_capture_that_is_no_session_is_a_sentence_however_well_it_is_sealed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "capture.vwire"
    path.write_bytes(data)
    with pytest.raises(CheckFailed, match=str(path)):
        read(path)


def test_a_capture_whose_clock_is_impossible_is_a_sentence(tmp_path: Path) -> None:
    board = FakeBoard()
    board.oscillogram = parts(30)
    board.at(20_000, lambda: board.cuff_result(124.0, 81.0))
    summary = Pump(Plan("fake", tmp_path, (), minutes=0.5), None, lambda _port: board).run()
    assert summary.folder is not None
    opening, *rest = read_capture(summary.folder / "capture.vwire").inputs
    setup = json_input(Kind.OPEN, 0, 0, **{**opening.json(), "started_utc_ms": 1 << 80})
    path = tmp_path / "late.vwire"
    path.write_bytes(capture(*rest, setup=setup))
    with pytest.raises(CheckFailed, match="is no time of this calendar"):
        read(path)


def test_what_comes_before_a_damaged_chunk_is_read_and_the_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "capture.vwire"
    data = capture(*[Input(Kind.RECEIVED, 2000 * n, 0, b"\0") for n in range(5)])
    path.write_bytes(data[:-60] + b"x" + data[-59:])
    kept = read(path)
    assert "its content does not match its seal" in kept.trouble
    assert (kept.oscillograms, kept.missing) == ([], [])


# ---------------------------------------------------------------- which file


def test_of_a_session_the_capture_is_read_and_else_its_csv(tmp_path: Path) -> None:
    older, newer = tmp_path / "1", tmp_path / "2"
    for folder in (older, newer):
        folder.mkdir()
        write_session_json(folder, {})
        (folder / "oscillograms.csv").write_text(GOOD)
    (older / "capture.vwire").write_bytes(capture())
    assert find(older) == older / "capture.vwire"
    assert find(newer) == newer / "oscillograms.csv"
    assert find(tmp_path).parent == latest_session(tmp_path)
    assert find(newer / "oscillograms.csv") == newer / "oscillograms.csv"


def test_a_folder_without_a_session_and_a_session_without_a_record_are_wrong_requests(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no session in"):
        find(tmp_path)
    write_session_json(tmp_path, {})
    with pytest.raises(UsageError, match=r"has neither capture\.vwire nor oscillograms\.csv"):
        find(tmp_path)
