# SPDX-License-Identifier: Apache-2.0
"""`vitalwire flash` and `vitalwire image` as they are typed."""

from __future__ import annotations

import contextlib
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_plan import micropython
from whole_bench import open_at, wait_for

from vitalwire.cli.main import run
from vitalwire.link.sim_options import micropython_is_here
from vitalwire.link.transport import open_transport
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.flash import image
from vitalwire.service.flash.build import Build

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
whole = pytest.mark.skipif(
    sys.platform == "win32" or not micropython_is_here() or platform.machine() != "x86_64",
    reason="no MicroPython, pseudo-terminals or x86-64 here: NOT TESTED",
)


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALWIRE_BOARDS", str(tmp_path / "boards"))
    monkeypatch.delenv("VITALWIRE_FIRMWARE_KEY", raising=False)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[WholeBoard]:
    made = WholeBoard(tmp_path / "board", bare=True)
    made.start()
    yield made
    made.close()


@whole
def test_a_board_without_micropython_gets_it_over_its_drive_and_then_the_firmware(
    bare: WholeBoard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wait_for(bare, "bootloader")
    file = tmp_path / "micropython.uf2"
    file.write_bytes(micropython())
    port = str(bare.port_link)
    assert run(["flash", port, "--micropython", str(file), "--drive", str(bare.drive), "--json"]) == 0
    out, err = capfd.readouterr()
    said = json.loads(out)
    assert said["found"] == "MicroPython, just installed"
    assert said["proved_by_hello"] is True
    assert said["after"]["firmware"] == "0.1.0"
    assert "copying micropython.uf2" in err


@whole
@pytest.mark.slow
def test_a_board_that_runs_goes_through_its_boot_loader_and_keeps_its_files(
    bare: WholeBoard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "micropython.uf2"
    file.write_bytes(micropython())
    arguments = ["flash", str(bare.port_link), "--micropython", str(file), "--drive", str(bare.drive), "--json"]
    wait_for(bare, "bootloader")
    assert run(arguments) == 0
    capfd.readouterr()
    assert run(arguments) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["nothing_to_do"] is True
    assert said["proved_by_hello"] is True


@whole
def test_an_image_that_is_dragged_onto_a_new_board_runs_and_is_not_calibrated(
    bare: WholeBoard, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    wait_for(bare, "bootloader")
    (bare.drive / "image.uf2").write_bytes(image.combine(micropython(), build, "file"))
    wait_for(bare, "firmware")
    with open_at(bare) as board:
        assert board.identity.firmware == "0.1.0"
        assert board.identity.bed == ""
    assert run(["info", bare.port, "--json"]) == 0
    assert "uncalibrated" in json.loads(capfd.readouterr().out)["status"]


def test_the_first_line_of_an_image_says_what_it_erases(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "micropython.uf2", tmp_path / "image.uf2"
    file.write_bytes(micropython())
    assert run(["image", "build", "pico", "--micropython", str(file), "--out", str(out)]) == 0
    said = capfd.readouterr()
    assert said.err.splitlines()[0].startswith("This image ERASES the board's configuration and calibration")
    assert "NOT SIGNED" in said.out
    assert out.stat().st_size > 250_000
    assert run(["image", "build", "pico", "--micropython", str(file), "--out", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["erases"] == "configuration and calibration"


def test_builds_are_made_signed_and_refused_in_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, site = tmp_path / "build", tmp_path / "site"
    file, out = tmp_path / "micropython.uf2", tmp_path / "image.uf2"
    file.write_bytes(micropython())
    assert run(["image", "firmware", "pico", str(folder)]) == 0
    assert run(["image", "keys", str(site)]) == 0
    assert (site / "firmware-private.pem").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("VITALWIRE_FIRMWARE_KEY", str(site / "firmware-public.pem"))
    order = ["image", "build", "pico", "--micropython", str(file), "--out", str(out), "--build", str(folder)]
    capfd.readouterr()
    assert run(order) == 1
    assert "is not signed, and this site takes only what its key" in capfd.readouterr().err
    assert not out.exists()
    assert run(["image", "sign", str(folder), "--private", str(site / "firmware-private.pem")]) == 0
    assert run(order) == 0
    assert run(["image", "keys", str(site)]) == 2
    assert "is there already" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["flash", "sim://"], 2, "vitalwire sim --whole"),
        (["flash", "/dev/none-here"], 3, "there is no port"),
        (["image", "build", "esp32s3", "--micropython", "x", "--out", "y"], 2, "no drive"),
        (["image", "build", "pico", "--micropython", "none.uf2", "--out", "y"], 2, "none.uf2: No such file"),
        (["image", "sign", "none", "--private", "none"], 2, "holds no build"),
        (["flash", "--drive", ".", "--micropython", "none.uf2"], 3, "is not the drive of a boot loader"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert run(arguments) == code
    err = capfd.readouterr().err
    assert said in err
    assert "Traceback" not in err


@whole
@pytest.mark.slow
def test_a_port_that_another_program_holds_is_named_busy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    board = WholeBoard(tmp_path / "board")
    board.start()
    try:
        with contextlib.closing(open_transport(board.port)):
            assert run(["flash", board.port]) == 4
        assert "in use" in capfd.readouterr().err
    finally:
        board.close()


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("--key", b"no key", "is no public key"),
        ("--restore", b"{}", "holds no saved settings of a board"),
        ("--restore", b"[", "is no JSON, or cut short"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_a_board_is_looked_for(
    option: str, content: bytes, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given"
    given.write_bytes(content)
    assert run(["flash", str(tmp_path / "no-board"), option, str(given)]) == 2
    err = capfd.readouterr().err
    assert said in err
    assert "no-board" not in err
