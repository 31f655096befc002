# SPDX-License-Identifier: Apache-2.0
"""Reading indices and references: blanks are unknown, damage is named and left out, the rest is used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from accuracy.dataset import read_dataset
from vitalwire.errors import UsageError

SECOND = [(0.0, 1.0, 2.0), (1.0, 1.0, 2.0)]


def test_a_record_is_read_with_its_references(folder: Any) -> None:
    folder.ppg("meadow/a", SECOND, ref="t_s,spo2,pr\n0,97,\n1,,61.5\n2,96,62\n", spo2_ref=95, pr_ref=60, trim_s=0.5)
    (record,) = read_dataset(folder.close()).ppg
    assert (record.set, record.record, record.spo2_ref, record.pr_ref, record.trim_s) == (
        "meadow",
        "meadow/a",
        95,
        60,
        0.5,
    )
    assert record.reference is not None
    assert record.reference.spo2 == ((0, 97), (2, 96))
    assert record.reference.pulse == ((1, 61.5), (2, 62))
    assert record.reference.rr == ()


def test_intervals_are_the_other_kind_of_reference(folder: Any) -> None:
    folder.ppg("meadow/a", SECOND, ref="t_s,rr_s\n0.9,0.9\n1.7,0.8\n")
    (record,) = read_dataset(folder.close()).ppg
    assert record.reference is not None
    assert record.reference.rr == ((0.9, 0.9), (1.7, 0.8))


def test_blank_references_are_unknown(folder: Any) -> None:
    folder.ppg("meadow/a", SECOND)
    folder.cuff("hill/b", [(0.0, 1.0), (1.0, 2.0)])
    found = read_dataset(folder.close())
    assert (found.ppg[0].spo2_ref, found.ppg[0].pr_ref, found.ppg[0].reference) == (None, None, None)
    assert (found.cuff[0].set, found.cuff[0].sbp_ref, found.cuff[0].dbp_ref) == ("hill", None, None)
    assert found.damaged == []


def test_only_one_of_the_two_indices_is_fine(folder: Any) -> None:
    folder.cuff("hill/b", [(0.0, 1.0), (1.0, 2.0)], 120, 80)
    found = read_dataset(folder.close())
    assert (len(found.ppg), len(found.cuff), found.damaged) == (0, 1, [])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("meadow/x,meadow/none.csv.gz,60,red ir,,,,here,,0,1", r"line 3: record meadow/x: there is no file"),
        ("meadow/x,meadow/a.csv.gz,60,red ir,97%,,,here,,0,1", r"line 3: spo2_ref is '97%', which is no number"),
        ("meadow/x,meadow/a.csv.gz,60,red ir,970,,,here,,0,1", r"line 3: spo2_ref is 970, which cannot be: 0 to 100"),
        ("meadow/x,meadow/a.csv.gz,60,red ir,,nan,,here,,0,1", r"line 3: pr_ref is 'nan'"),
        ("meadow/x,meadow/a.csv.gz,60,red ir,,60,meadow/no.csv,here,,0,1", r"line 3: .*no\.csv cannot be read"),
        (",meadow/a.csv.gz,60,red ir,,,,here,,0,1", r"line 3: it names no record or no file"),
        ("meadow/x", r"line 3: it names no record or no file"),
        ("meadow/x,meadow/a.csv.gz,60,red ir,,,,here,,0,1,more,cells", r"line 3: it has more cells than the header"),
        ("meadow/a,meadow/a.csv.gz,60,red ir,,,,here,,0,1", r"line 3: there is a record 'meadow/a' already"),
    ],
)
def test_a_row_that_makes_no_sense_is_named_and_the_others_are_used(folder: Any, row: str, words: str) -> None:
    folder.ppg("meadow/a", SECOND)
    folder.ppg_rows.append(row)
    folder.ppg("meadow/c", SECOND)
    found = read_dataset(folder.close())
    assert [record.record for record in found.ppg] == ["meadow/a", "meadow/c"]
    (said,) = found.damaged
    assert re.search(words, said), said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,pr\n0,60\n", "line 1: the header is 'time,pr'"),
        ("t_s,pr\n0,60\nsoon,61\n", "line 3: t_s is 'soon'"),
        ("t_s,pr\n0,60\n,61\n", "line 3: t_s is empty"),
        ("t_s,pr\n0,60\n1,-5\n", "line 3: pr is -5, which cannot be"),
    ],
)
def test_a_damaged_reference_leaves_its_record_out(folder: Any, text: str, words: str) -> None:
    folder.ppg("meadow/a", SECOND, ref=text)
    folder.ppg("meadow/b", SECOND)
    found = read_dataset(folder.close())
    assert [record.record for record in found.ppg] == ["meadow/b"]
    assert words in found.damaged[0]


def test_an_index_with_a_wrong_header_is_named_and_the_other_one_is_used(folder: Any) -> None:
    folder.ppg("meadow/a", SECOND)
    folder.cuff("hill/b", [(0.0, 1.0), (1.0, 2.0)])
    path = folder.close()
    (path / "ppg" / "index.csv").write_text("record,path\nmeadow/a,meadow/a.csv.gz\n")
    found = read_dataset(path)
    assert (len(found.ppg), len(found.cuff)) == (0, 1)
    assert "line 1: the header has no column file" in found.damaged[0]


def test_an_index_that_is_no_text_is_named(folder: Any) -> None:
    folder.cuff("hill/b", [(0.0, 1.0), (1.0, 2.0)])
    path = folder.close()
    (path / "ppg").mkdir()
    (path / "ppg" / "index.csv").write_bytes(b"\x1f\x8b\xff\xfe")
    assert "cannot be read" in read_dataset(path).damaged[0]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no dataset folder"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"neither ppg/index\.csv nor cuff/index\.csv"):
        read_dataset(tmp_path)


def test_indices_without_records_are_a_sentence(folder: Any) -> None:
    folder.ppg("meadow/a", SECOND)
    path = folder.close()
    index = path / "ppg" / "index.csv"
    index.write_text(index.read_text().splitlines()[0] + "\n")
    with pytest.raises(UsageError, match="name no record"):
        read_dataset(path)
