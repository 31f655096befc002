# SPDX-License-Identifier: Apache-2.0
"""The command: what it prints and writes, what it does with damaged files, and its exit codes."""

from __future__ import annotations

import gzip
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accuracy.run import main

HERE = Path(__file__).resolve().parent
FIGURES = {"method", "task", "set", "n", "coverage_pct", "bias", "sd", "arms", "mae", "p95_abs"}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def command(tmp_path: Path, datasets: Path, *more: str) -> list[str]:
    return ["--datasets", str(datasets), "--out", str(tmp_path / "out" / "rows.json"), "--no-page", *more]


def test_a_folder_that_is_not_there_is_one_sentence_and_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(tmp_path, tmp_path / "nowhere")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("accuracy: there is no dataset folder ")
    assert said.err.count("\n") == 1


def test_empty_indices_are_one_sentence_and_two(
    folder: Any, make_finger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.ppg("meadow/a", make_finger(2))
    path = folder.close()
    (path / "ppg" / "index.csv").write_text("record,file,rate_hz,channels,spo2_ref,pr_ref,ref_file\n")
    assert main(command(tmp_path, path)) == 2
    assert "name no record" in capsys.readouterr().err


def test_a_name_that_nothing_has_is_one_sentence_and_two(
    folder: Any, make_finger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.ppg("meadow/a", make_finger(2))
    assert main(command(tmp_path, folder.close(), "--only", "medow")) == 2
    assert "no part, set or record 'medow'" in capsys.readouterr().err


def test_everything_measured_is_zero_with_a_table_and_rows(
    folder: Any, make_finger: Any, make_cuff: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.ppg("meadow/a", make_finger(25), pr_ref=72)
    folder.cuff("hill/a", make_cuff(), 120, 80)
    assert main(command(tmp_path, folder.close(), "--only", "pulse", "--only", "nibp")) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:4] == ["task", "set", "method", "n"]
    assert [line.split()[:3] for line in out[1:3]] == [
        ["pulse", "meadow", "vitalwire"],
        ["nibp_sbp", "hill", "vitalwire"],
    ]
    found = rows(tmp_path / "out" / "rows.json")
    assert all(row.keys() >= FIGURES for row in found)
    assert {row["task"] for row in found} == {"pulse", "nibp_sbp", "nibp_dbp", "nibp_map", "nibp_repeat"}
    assert {row["record"] for row in found if "record" in row} == {"meadow/a", "hill/a"}


def test_only_narrows_to_a_record(folder: Any, make_finger: Any, tmp_path: Path) -> None:
    for name in ("meadow/a", "meadow/b", "pond/c"):
        folder.ppg(name, make_finger(12), pr_ref=72)
    assert main(command(tmp_path, folder.close(), "--only", "pulse", "--only", "meadow/b")) == 0
    found = rows(tmp_path / "out" / "rows.json")
    assert {row.get("record") for row in found} == {None, "meadow/b"}


def test_damaged_files_are_named_and_left_out_and_the_run_goes_on_to_one(
    folder: Any, make_finger: Any, make_cuff: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("torn", "nogzip", "header", "text", "backwards", "whole"):
        folder.ppg(f"meadow/{name}", make_finger(12), pr_ref=72)
    folder.ppg_rows.append("meadow/gone,meadow/gone.csv.gz,60,ir,,,,here,,0,1")
    folder.cuff("hill/odd", make_cuff())
    path = folder.close()
    meadow = path / "ppg" / "meadow"
    (meadow / "torn.csv.gz").write_bytes((meadow / "torn.csv.gz").read_bytes()[:-200])
    (meadow / "nogzip.csv.gz").write_bytes(b"t_s,red,ir\n0,1,2\n1,1,2\n")
    (meadow / "header.csv.gz").write_bytes(gzip.compress(b"time,light\n0,1\n1,2\n"))
    (meadow / "text.csv.gz").write_bytes(gzip.compress(b"t_s,red,ir\n0,1,2\n1,one,2\n"))
    (meadow / "backwards.csv.gz").write_bytes(gzip.compress(b"t_s,red,ir\n0,1,2\n2,1,2\n1,1,2\n"))
    (path / "cuff" / "hill" / "odd.csv.gz").write_bytes(gzip.compress(b"t_s,pressure_mmhg\n0,1\n1,99999\n"))
    assert main(command(tmp_path, path, "--only", "pulse", "--only", "nibp")) == 1
    said = capsys.readouterr().err
    for words in (
        "torn.csv.gz cannot be read", "nogzip.csv.gz cannot be read", "header.csv.gz, line 1: the header is",
        "text.csv.gz, line 3: '1,one,2'", "backwards.csv.gz, line 4: the time 1.0 s does not follow",
        "there is no file", "odd.csv.gz, line 3: 99999.0 mmHg is no cuff pressure",
    ):  # fmt: skip
        assert words in said, words
    assert [row["record"] for row in rows(tmp_path / "out" / "rows.json") if "record" in row] == ["meadow/whole"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_command_runs_on_another_folder_with_another_set(
    folder: Any, make_finger: Any, make_cuff: Any, tmp_path: Path
) -> None:
    for k in range(12):
        ratio = 0.45 + 0.07 * k
        folder.ppg(f"clips/{k:02d}", make_finger(6, ratio=ratio), spo2_ref=f"{112 - 31 * ratio:.1f}", pr_ref=72)
    rising = [(t, 500 - (ir - 110_000) / 10) for t, _, ir in make_finger(150, pulse_bpm=81)]
    folder.ppg("long/a", rising, header="t_s,green", ref="t_s,spo2,pr\n" + "".join(f"{t},,81\n" for t in range(150)))
    folder.cuff("hill/a", make_cuff(), 120, 80)
    folder.cuff("hill/b", make_cuff(140, 95))
    out = tmp_path / "rows.json"
    words = [sys.executable, str(HERE / "run.py"), "--datasets", str(folder.close()), "--out", str(out)]
    words += [word for part in ("pulse", "spo2", "nibp", "peers") for word in ("--only", part)]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    found = {
        (row["method"], row["task"], row["set"]): row
        for row in rows(out)
        if "record" not in row and "stratum" not in row
    }
    assert found["vitalwire", "pulse", "long"]["coverage_pct"] == 100
    assert found["vitalwire", "pulse", "long"]["mae"] < 1
    assert found["vitalwire", "spo2", "clips"]["arms"] < 1
    assert found["vitalwire", "nibp_sbp", "hill"]["n"] == 1
    assert found["fixed_ratio", "nibp_sbp", "hill"]["coverage_pct"] is not None
    for name in ("heartpy", "neurokit2"):
        if importlib.util.find_spec(name) is None:
            assert f"THE PEER {name} IS NOT INSTALLED" in done.stderr
        else:
            assert found[name, "pulse", "long"]["n"] == found[f"{name}@ours", "pulse", "long"]["n"] == 15
    if importlib.util.find_spec("matplotlib") is None:
        assert "THERE IS NO PAGE" in done.stderr
    else:
        page = (tmp_path / "rows.html").read_text(encoding="utf-8")
        assert page.index("This is no claim of accuracy") < page.index("Figures that are wanted")
        assert page.count("data:image/png;base64,") >= 4
        assert "http" not in page.split("</style>")[1].replace("https://", "http"), "it needs nothing else"
