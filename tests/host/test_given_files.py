# SPDX-License-Identifier: Apache-2.0
"""Files that a person names may be anything: one sentence, at once, and never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.given_files import read_bytes, read_json, read_text

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
