# SPDX-License-Identifier: Apache-2.0
"""`vitalwire profile`: a site copies, checks and signs; whatever is wrong with a file is a sentence."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from vitalwire import profiles
from vitalwire.cli.main import run

Capture = pytest.CaptureFixture[str]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="devices, pipes and modes of POSIX systems")


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The site's folder, in a place of its own."""
    folder = tmp_path / "site" / "profiles"
    monkeypatch.setattr(profiles, "site_folder", lambda: folder)
    return folder


def ran(capfd: Capture, *arguments: str | Path, code: int = 0) -> tuple[str, str]:
    assert run(["profile", *map(str, arguments)]) == code
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    return said.out, said.err


def rows(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_the_list_names_the_shipped_profiles_and_says_that_nobody_signed_them(capfd: Capture) -> None:
    out, _ = ran(capfd, "list", "--json")
    found = rows(out)
    assert [row["name"] for row in found] == sorted(str(row["name"]) for row in found)
    assert {row["state"] for row in found} == {"unsigned"}
    assert {row["origin"] for row in found} == {"shipped"}
    out, _ = ran(capfd, "list")
    assert out.count("not signed by a clinician") == len(found) == 5


def test_a_site_copies_reviews_and_signs(capfd: Capture, site: Path) -> None:
    out, err = ran(capfd, "copy", "ketamine-iv")
    ours = Path(out.strip())
    assert ours == site / "ketamine-iv.toml"
    assert "review" in err
    ours.write_text(ours.read_text(encoding="utf-8").replace("limit = 90 ", "limit = 92 "), encoding="utf-8")
    _, err = ran(capfd, "check", "ketamine-iv", "--signed", code=1)
    assert "not signed by a clinician" in err
    out, err = ran(capfd, "sign", "ketamine-iv", "--by", "Dr. A. Example")
    assert "signed by Dr. A. Example on " in out
    assert "was not read in a primary document" in err
    out, _ = ran(capfd, "check", "ketamine-iv", "--signed", "--json")
    (row,) = rows(out)
    assert (row["good"], row["state"], row["by"], row["origin"]) == (True, "signed", "Dr. A. Example", "site")
    assert str(row["utc"]).endswith("Z")

    ours.write_text(ours.read_text(encoding="utf-8").replace("limit = 92 ", "limit = 86 "), encoding="utf-8")
    out, err = ran(capfd, "check", "ketamine-iv", code=1)
    assert "CHANGED since it was signed by Dr. A. Example" in err
    out, _ = ran(capfd, "list")
    assert "CHANGED since it was signed" in out


def test_a_shipped_profile_is_not_signed_itself(capfd: Capture) -> None:
    before = (profiles.SHIPPED / "general.toml").read_bytes()
    for name in ("general", profiles.SHIPPED / "general.toml"):
        _, err = ran(capfd, "sign", name, "--by", "x", code=1)
        assert "profile copy general" in err
    assert (profiles.SHIPPED / "general.toml").read_bytes() == before


def test_a_copy_never_goes_over_a_file_that_is_there(capfd: Capture, tmp_path: Path) -> None:
    target = tmp_path / "our.toml"
    target.write_text("precious")
    _, err = ran(capfd, "copy", "general", target, code=2)
    assert "is not written over" in err
    assert target.read_text() == "precious"
    ran(capfd, "copy", "general", tmp_path / "our.txt", code=2)


@POSIX
def test_signing_keeps_mode_links_and_every_other_line(capfd: Capture, tmp_path: Path) -> None:
    ours, link = tmp_path / "our.toml", tmp_path / "link.toml"
    ran(capfd, "copy", "general", ours)
    text = ours.read_text(encoding="utf-8")
    ours.chmod(0o640)
    link.symlink_to(ours)
    ran(capfd, "sign", link, "--by", "Dr. A. Example")
    assert link.is_symlink()
    assert stat.S_IMODE(ours.stat().st_mode) == 0o640
    assert ours.read_text(encoding="utf-8").startswith(text.rstrip("\n"))
    assert [path.name for path in tmp_path.glob("our*")] == ["our.toml"]


@pytest.mark.parametrize("by", ["", "  ", "a\nb", "x" * 121, "\u202eDr"])
def test_who_signs_has_a_name_that_can_be_shown(capfd: Capture, tmp_path: Path, by: str) -> None:
    ran(capfd, "copy", "general", tmp_path / "our.toml")
    _, err = ran(capfd, "sign", tmp_path / "our.toml", "--by", by, code=2)
    assert "--by" in err


def test_a_limits_file_is_checked_but_not_signed(capfd: Capture, tmp_path: Path) -> None:
    ours = tmp_path / "our.toml"
    ours.write_text("[limits]\nspo2_low = 92\n")
    out, _ = ran(capfd, "check", ours)
    assert "limits file, 7 absolute limits" in out
    _, err = ran(capfd, "sign", ours, "--by", "x", code=1)
    assert "no name and no version to sign" in err


def test_every_problem_of_a_file_is_told_and_the_check_fails(capfd: Capture, tmp_path: Path) -> None:
    ours = tmp_path / "our.toml"
    ran(capfd, "copy", "general", ours)
    text = ours.read_text(encoding="utf-8").replace("delay_s = 10.4\n", "delay_s = -5\n").replace('"time"', '"clock"')
    ours.write_text(text, encoding="utf-8")
    _, err = ran(capfd, "check", ours, code=1)
    assert err.count(f"vitalwire: {ours}, line ") == 2
    out, _ = ran(capfd, "check", ours, "--json", code=1)
    (row,) = rows(out)
    problems = row["problems"]
    assert isinstance(problems, list)
    assert [set(problem) for problem in problems] == [{"line", "column", "problem", "hint"}] * 2
    before = ours.read_bytes()
    ran(capfd, "sign", ours, "--by", "x", code=1)
    assert ours.read_bytes() == before
    ran(capfd, "show", ours, code=2)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[profile]\nname = '\xff'\n", "line 2, column 9: not UTF-8 text (byte 0xff); save it as UTF-8"),
        ("[profile]\n".encode("utf-16"), "line 1, column 1: this is UTF-16, not UTF-8 text"),
        (b"", "the file says nothing"),
        (b"#" * 300_000, "too large for a profile"),
        (b"\x00", "line 1, column 1: not valid TOML"),
    ],
)
def test_what_is_no_text_of_a_profile_is_a_sentence(capfd: Capture, tmp_path: Path, data: bytes, said: str) -> None:
    ours = tmp_path / "our.toml"
    ours.write_bytes(data)
    _, err = ran(capfd, "check", ours, code=1)
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_profile_that_is_not_there_is_named_with_what_there_is(capfd: Capture, tmp_path: Path) -> None:
    _, err = ran(capfd, "show", "ketamine-vi", code=2)
    assert "did you mean ketamine-iv?" in err
    _, err = ran(capfd, "check", tmp_path / "none.toml", code=2)
    assert "No such file" in err
    _, err = ran(capfd, "check", tmp_path, code=2)
    ran(capfd, "check", "a\0.toml", code=2)


@POSIX
def test_a_pipe_that_nobody_writes_to_and_a_device_without_an_end_do_not_hang(capfd: Capture, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    _, err = ran(capfd, "check", tmp_path / "pipe.toml", code=2)
    assert "is a pipe" in err
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    _, err = ran(capfd, "check", tmp_path / "zero.toml", code=1)
    assert "too large" in err


def test_a_damaged_profile_of_the_site_does_not_spoil_the_list(capfd: Capture, site: Path) -> None:
    site.mkdir(parents=True)
    (site / "ours.toml").write_text("[profile]\nname = 3\n")
    out, _ = ran(capfd, "list")
    assert "cannot be used: " in out
    assert "esketamine-nasal" in out


def test_a_profile_is_shown_in_words_as_toml_and_for_programs(capfd: Capture) -> None:
    out, err = ran(capfd, "show", "esketamine-nasal")
    assert "blood_pressure  40 min after the dose began" in out
    assert "a starting point that a clinician reviews and signs" in err
    out, _ = ran(capfd, "show", "esketamine-nasal", "--toml")
    assert out == (profiles.SHIPPED / "esketamine-nasal.toml").read_text(encoding="utf-8")
    out, _ = ran(capfd, "show", "esketamine-nasal", "--json")
    (row,) = rows(out)
    content = row["content"]
    assert isinstance(content, dict)
    assert len(content["phases"]) == 6
    ran(capfd, "show", "general", "--toml", "--json", code=2)
