# SPDX-License-Identifier: Apache-2.0
"""Files that a person names may be anything: one sentence, at once, and never a traceback."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.given_files import read_bytes, read_json, read_text, write_whole
from vitalwire.service.calibrate.store import save
from vitalwire.service.flash.signing import make_keys

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of POSIX systems")


@pytest.fixture
def commands(tmp_path: Path) -> list[list[str]]:
    """Every service command that is given one file, without the file."""
    image = ["image", "build", "pico", "--out", str(tmp_path / "out.uf2"), "--micropython"]
    return [
        image,
        ["image", "sign", str(tmp_path), "--private"],
        ["config", "import"],
        ["certificate"],
        ["calibrate", "pressure", "sim://", "--readings"],
        ["calibrate", "oximeter", "sim://", "--readings"],
    ]


@POSIX
@pytest.mark.timeout(60)
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(
    tmp_path: Path, commands: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "manifest.json")  # which is a build's as well
    for command in commands:
        assert run([*command, str(tmp_path / "manifest.json")]) == 2, command
        assert "is a pipe" in capfd.readouterr().err


@POSIX
def test_a_device_without_an_end_is_not_read_to_it() -> None:
    with pytest.raises(UsageError, match="too large"):
        read_bytes(Path("/dev/zero"), "hint")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 200_000, "nested too deep"),
        (b'{"a":' * 200_000, "nested too deep"),
        (b'{"a":' + b"9" * 10_000 + b"}", "no JSON"),
        (b"\xff\xfe{\0", "no UTF-8"),
    ],
)
def test_what_is_no_json_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "given").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_json(tmp_path / "given", "hint")


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"\xef\xbb\xbf{}")
    assert read_text(tmp_path / "given", "hint") == "{}"
    assert read_json(tmp_path / "given", "hint") == {}


def test_a_name_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    for name in ("a\0b", "a" * 5000, "nothing/here"):
        with pytest.raises(UsageError):
            read_bytes(tmp_path / name, "hint")


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the disk is full: what is written does not reach it."""

    def no_room(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)


def test_a_full_disk_leaves_what_was_there_and_no_half_of_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_bytes(b"old")
    full(monkeypatch)
    for name in ("old", "new"):
        with pytest.raises(UsageError, match="No space left"):
            write_whole(tmp_path / name, b"fresh", "hint")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"old")]


@POSIX
def test_a_link_stays_a_link_and_a_device_takes_what_it_gets(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"fresh", "hint")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"fresh"
    write_whole(Path("/dev/null"), b"fresh", "hint")


def test_a_result_that_cannot_be_written_is_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    full(monkeypatch)
    assert run(["selftest", "sim://?speed=max", "heap", "--out", str(tmp_path / "r.json")]) == 2
    said = capfd.readouterr()
    assert "memory" in said.err
    assert "I N C O M P L E T E" in said.out
    assert not list(tmp_path.iterdir())


def test_a_calibration_that_cannot_be_kept_is_said_whole_and_leaves_no_damaged_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch)
    with pytest.raises(UsageError, match="nowhere else"):
        save(tmp_path, {"done_utc": "2026-01-01T00:00:00Z", "kind": "the only copy"})
    assert not list(tmp_path.iterdir())


def test_half_a_pair_of_keys_does_not_stand_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:

        def no_room(_path: Path, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        broken.setattr(Path, "write_bytes", no_room)
        with pytest.raises(UsageError, match="No space left"):
            make_keys(tmp_path / "site")
    make_keys(tmp_path / "site")


def test_an_image_is_not_written_over_what_it_is_made_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mp.uf2").write_bytes(b"x")
    arguments = ["image", "build", "pico", "--micropython", str(tmp_path / "mp.uf2"), "--out", str(tmp_path / "mp.uf2")]
    assert run(arguments) == 2
    assert "written over the MicroPython" in capfd.readouterr().err
    assert (tmp_path / "mp.uf2").read_bytes() == b"x"
