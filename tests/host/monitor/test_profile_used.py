# SPDX-License-Identifier: Apache-2.0
"""`monitor --profile`: its limits and interval guard, and the record says which profile it was and who signed it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vitalwire import profiles
from vitalwire.cli.live.panels import phase
from vitalwire.cli.main import run
from vitalwire.record.verify import verify
from vitalwire.session.core import Core
from vitalwire.session.inputs import Setup
from vitalwire.session.profile_sign import content_hash


def signed_copy(folder: Path) -> profiles.Found:
    ours = folder / "our.toml"
    profiles.copy(profiles.find("esketamine-nasal"), ours)
    ours.write_text(ours.read_text(encoding="utf-8").replace("limit = 90 ", "limit = 93 ", 1), encoding="utf-8")
    found = profiles.find(str(ours))
    profiles.sign_file(found, "Dr. A. Example", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    return found


def monitored(out: Path, profile: str, *more: str) -> tuple[Path, str]:
    command = ["monitor", "sim://?patient=calm&seed=3&speed=max", "--minutes", "0.2", "--quiet", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "vitalwire.cli.main", *command, "--profile", profile, *WHO, *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = out.iterdir()
    return folder, done.stderr


WHO = ("--patient", "K-017", "--by", "AM")


def read(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]], list[dict[str, str]]]:
    tables = []
    for name in ("events.csv", "vitals.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    return json.loads((folder / "session.json").read_text(encoding="utf-8")), tables[0], tables[1]


def test_a_signed_profile_guards_and_is_named_wherever_the_session_is(tmp_path: Path) -> None:
    found = signed_copy(tmp_path)
    profile = profiles.load(found)
    folder, said = monitored(tmp_path / "out", str(found.path))
    assert "signed by Dr. A. Example on 2026-03-01 09:30 UTC" in said
    about, events, vitals = read(folder)
    assert about["profile"]["name"] == "esketamine-nasal"
    assert about["profile"]["version"] == "1"
    assert about["profile"]["hash"] == content_hash(profile)
    assert about["profile"]["state"] == "signed"
    assert about["limits_signed"] is True
    assert (about["patient"], about["by"]) == ("K-017", "AM")
    assert about["every_s"] is None, "each phase has its own"
    assert {limit["rule"]: limit["threshold"] for limit in about["limits"]}["spo2_low"] == 93
    assert content_hash(profile) in events[0]["detail"]
    assert "signed by Dr. A. Example" in events[0]["detail"]
    assert all("unsigned" not in row["flags"] for row in vitals)
    assert verify(folder).findings == []


def test_an_unsigned_profile_may_be_used_and_says_so_in_every_row(tmp_path: Path) -> None:
    folder, said = monitored(tmp_path / "out", "general")
    assert "profile general version 1: not signed by a clinician" in said
    about, events, vitals = read(folder)
    assert (about["profile"]["state"], about["limits_signed"]) == ("unsigned", False)
    assert "not signed by a clinician" in events[0]["detail"]
    assert all("unsigned" in row["flags"] for row in vitals)


def test_a_profile_that_does_not_read_starts_no_session(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = signed_copy(tmp_path)
    found.path.write_text(found.path.read_text(encoding="utf-8").replace("delay_s = 10.4\n", "delay_s = -5\n"))
    assert run(["monitor", "sim://", "--profile", str(found.path), "--out", str(tmp_path / "out")]) == 2
    assert f"{found.path}, line " in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(["monitor", "sim://", "--profile", "general", "--limits", "x.toml"]) == 2
    assert "exclude" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs --patient and --by"),
        (["--patient", "K-017"], "needs --by"),
        (["--patient", "../K", "--by", "AM"], "a patient's code has letters"),
        (["--patient", "Jane Doe", "--by", "AM"], "a patient's code has letters"),
        (["--patient", "a" * 33, "--by", "AM"], "at most 32 characters"),
        (["--patient", "K-017", "--by", "A\nM"], "none that does not print"),
        (["--patient", "K-017", "--by", "AM", "--every", "5"], "says when readings start"),
    ],
)
def test_what_a_guarded_session_needs_and_what_it_refuses(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["monitor", "sim://", "--profile", "general", "--out", str(tmp_path / "out"), *words]) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


SETUP = Setup(1, 2, 0, 1_767_225_600_000)
KEPT = {"name": "general", "version": "3", "hash": "sha256:00", "state": "changed", "signature": "CHANGED since"}


def test_a_set_up_without_a_profile_reads_and_is_written_as_it_always_was() -> None:
    assert "profile" not in SETUP.as_json()
    assert Setup.from_json(json.loads(json.dumps(SETUP.as_json()))) == SETUP
    with_profile = replace(SETUP, profile=KEPT)
    assert Setup.from_json(json.loads(json.dumps(with_profile.as_json()))) == with_profile


def test_the_screen_says_that_a_profile_was_changed_since_it_was_signed() -> None:
    core = Core(replace(SETUP, profile=KEPT))
    core.apply(core.session.setup.as_input())
    assert "general 3 CHANGED SINCE SIGNED" in phase(core.snapshot(0), 200).plain
