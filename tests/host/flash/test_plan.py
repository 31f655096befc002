# SPDX-License-Identifier: Apache-2.0
"""What is to be written, decided without a board; manifests, UF2 files and images."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire.errors import CheckFailed, NoBoard, UsageError
from vitalwire.service.flash import drive, esp32, image, uf2
from vitalwire.service.flash.build import Build
from vitalwire.service.flash.manifest import Manifest, digest, parse
from vitalwire.service.flash.plan import BoardState, check_fits, check_room, make_plan

FILES = {"boot.py": b"boot", "main.py": b"main", "vitals/__init__.mpy": b"i", "vitals/link/wire.mpy": b"w"}


def build_of(files: dict[str, bytes], **changes: str) -> Build:
    about = {"firmware": "1.0.0", "protocol": "1.3", "board": "pico", "processor": "armv6m", "mpy": "6.3", **changes}
    return Build(Manifest(**about, files={path: digest(data) for path, data in files.items()}), files)  # type: ignore[arg-type]


BUILD = build_of(FILES)


def state_of(files: dict[str, bytes] | None = None, active: str | None = None, **changes: object) -> BoardState:
    found = {path: digest(data) for path, data in (files or {}).items()}
    state = BoardState("Raspberry Pi Pico with RP2040", 4 << 10 | 3 << 8 | 6, (1, 28, 0), "E66", 1 << 20, found, active)
    return replace(state, **changes)  # type: ignore[arg-type]


def installed(build: Build, copy: str) -> dict[str, bytes]:
    root = {path: build.files[path] for path in ("boot.py", "main.py")}
    return {**root, **{f"{copy}/{path}": data for path, data in build.copied.items()}}


def test_a_bare_board_gets_everything_into_the_first_copy_and_its_folders_outer_ones_first() -> None:
    plan = make_plan(state_of(), BUILD)
    assert (plan.copy, plan.root, plan.nothing) == ("copy_a", ("main.py", "boot.py"), False)
    assert set(plan.write) == {"vitals/__init__.mpy", "vitals/link/wire.mpy", "manifest.json"}
    assert plan.folders == ("vitals", "vitals/link")


def test_the_manifest_is_the_last_file_of_a_copy() -> None:
    assert list(BUILD.copied)[-1] == "manifest.json"


def test_a_board_that_has_it_all_gets_nothing() -> None:
    plan = make_plan(state_of(installed(BUILD, "copy_b"), "copy_b"), BUILD)
    assert plan.nothing
    assert plan.copy == "copy_b"
    assert not plan.write


def test_the_copy_that_runs_is_never_written() -> None:
    other = build_of({**FILES, "vitals/__init__.mpy": b"other"})
    for active, free in (("copy_a", "copy_b"), ("copy_b", "copy_a")):
        plan = make_plan(state_of(installed(BUILD, active), active), other)
        assert plan.copy == free
        assert plan.changed == ("vitals/__init__.mpy",)


def test_what_an_interrupted_flash_wrote_already_is_not_written_again() -> None:
    files = {**installed(BUILD, "copy_a"), "copy_b/vitals/link/wire.mpy": b"w", "copy_b/vitals/old.mpy": b"o"}
    other = build_of({**FILES, "vitals/__init__.mpy": b"other"})
    plan = make_plan(state_of(files, "copy_a"), other)
    assert set(plan.write) == {"vitals/__init__.mpy", "manifest.json"}
    assert plan.stale == ("vitals/old.mpy",)


def test_a_package_from_before_there_were_copies_is_left_over() -> None:
    plan = make_plan(state_of(FILES), BUILD)
    assert plan.leftovers
    assert not plan.nothing
    assert plan.added == ()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (state_of(machine="Arduino Nano RP2041"), "does not run on"),
        (state_of(machine="Raspberry Pi Pico2 with RP2350"), "build is for pico, and the board is a pico2"),
        (state_of(micropython=(1, 25, 9)), "needs 1.26 or newer"),
        (state_of(mpy=7 << 10 | 3 << 8 | 6), "takes files for armv7emsp"),
        (state_of(mpy=4 << 10 | 2 << 8 | 6), "version 6.2"),
        (state_of(mpy=0), "no processor"),
    ],
)
def test_a_build_that_cannot_run_there_is_refused_before_anything_is_written(state: BoardState, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_fits(state, BUILD)


def test_the_oldest_micropython_that_fits_is_taken() -> None:
    check_fits(state_of(micropython=(1, 26, 0)), BUILD)


def test_a_flash_without_room_is_said_before_anything_is_written() -> None:
    with pytest.raises(CheckFailed, match=r"8 KB free and 12 KB are needed"):
        check_room(state_of(free_bytes=8192), make_plan(state_of(), BUILD))


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse(BUILD.manifest.text(), "here") == BUILD.manifest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "vitalwire-firmware", "version": 2}',
        BUILD.manifest.text().replace("boot.py", "../boot.py"),
        BUILD.manifest.text().replace("boot.py", "/boot.py"),
        BUILD.manifest.text().replace(digest(b"boot"), "no hash"),
        BUILD.manifest.text().replace('"pico"', "1"),
        BUILD.manifest.text().replace('"1.0.0"', '"1.0.0\\u001b[2J"'),
        BUILD.manifest.text().replace('"1.0.0"', '"1.0.0\\ud800"'),
        BUILD.manifest.text().replace("main.py", "other.py"),
        "[" * 200_000,
    ],
)
def test_what_is_no_manifest_is_a_sentence_that_names_it(text: str) -> None:
    with pytest.raises(CheckFailed, match="here"):
        parse(text, "here")


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_manifests(text: str) -> None:
    with pytest.raises(CheckFailed):
        parse(text, "here")


# ---------------------------------------------------------------- images


def micropython(board: str = "pico", blocks: int = 3, start: int = 0x10000000) -> bytes:
    """A UF2 that is as one of MicroPython is built, with other bytes in it."""
    own = [uf2.Block(start + 256 * n, bytes([n % 256]) * 256, uf2.FAMILIES[board]) for n in range(blocks)]
    return uf2.write(own)


def test_a_uf2_is_read_as_it_was_written_and_its_blocks_are_numbered() -> None:
    data = micropython(blocks=5)
    blocks = uf2.read(data, "here")
    assert uf2.write(blocks) == data
    numbers = [struct.unpack_from("<II", data, 512 * n + 20) for n in range(5)]
    assert numbers == [(n, 5) for n in range(5)]


@pytest.mark.parametrize("data", [b"", b"x" * 511, b"x" * 512, micropython()[:-1], b"\0" + micropython()[1:]])
def test_what_is_no_uf2_is_refused(data: bytes) -> None:
    with pytest.raises(CheckFailed, match="here is no UF2 file"):
        uf2.read(data, "here")


def test_a_uf2_that_a_download_has_cut_short_is_no_half_micropython_for_a_board() -> None:
    data = micropython(blocks=5)
    for left in range(1, 5):
        with pytest.raises(CheckFailed, match=rf"cut short: {left} of 5 blocks"):
            uf2.read(data[: 512 * left], "here")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (micropython("pico2"), "is not for a pico"),
        (micropython(start=0x10000100), "does not begin where a pico starts"),
        (micropython(blocks=0xA0000 // 256 + 1), "built for another layout"),
    ],
)
def test_micropython_for_another_board_or_layout_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        image.combine(data, BUILD, "file.uf2")


@pytest.mark.parametrize("board", ["pico", "pico2"])
def test_an_image_holds_micropython_and_all_files_and_no_settings(board: str) -> None:
    littlefs = pytest.importorskip("littlefs")
    made = build_of(FILES, board=board)
    blocks = uf2.read(image.combine(micropython(board), made, "file"), "image")
    assert [b.data[0] for b in blocks[:3]] == [0, 1, 2]
    offset, count = image.LAYOUTS[board]
    flash = bytearray(b"\xff" * (4096 * count))
    for block in blocks[3:]:
        at = block.address - uf2.FLASH_BASE - offset
        assert 0 <= at < len(flash)
        flash[at : at + 256] = block.data
    context = littlefs.UserContext(len(flash))
    context.buffer[:] = flash
    fs = littlefs.LittleFS(context, block_size=4096, block_count=count, prog_size=256, read_size=256)
    found = {
        f"{folder}/{name}".removeprefix("./").lstrip("/"): fs.open(f"{folder}/{name}", "rb").read()
        for folder, _, names in fs.walk(".")
        for name in names
    }
    assert found == {**installed(made, "copy_a"), "active": b"copy_a"}


def test_a_board_without_a_drive_gets_no_image() -> None:
    with pytest.raises(UsageError, match="no drive to drag a file onto"):
        image.check_board("esp32s3")


# ---------------------------------------------------------------- the boot loader


def drive_folder(folder: Path, board_id: str = "RPI-RP2") -> Path:
    folder.mkdir()
    (folder / drive.ABOUT).write_text(f"UF2 Bootloader v3.0\nModel: x\nBoard-ID: {board_id}\n")
    return folder


def test_drives_are_known_by_what_is_on_them(tmp_path: Path) -> None:
    one = drive_folder(tmp_path / "one")
    two = drive_folder(tmp_path / "two", "RP2350")
    other = drive_folder(tmp_path / "other", "SAMD21")
    (tmp_path / "stick").mkdir()
    found = drive.find_drives([one, two, other, tmp_path / "stick", tmp_path / "none"])
    assert [(d.folder, d.board) for d in found] == [(one, "pico"), (two, "pico2")]


def test_a_folder_that_is_no_drive_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoBoard, match="hold BOOTSEL while you plug the board in"):
        drive.only_drive(tmp_path, 0.0)


def test_a_drive_that_goes_with_the_last_byte_has_taken_the_file(tmp_path: Path) -> None:
    found = drive.Drive(drive_folder(tmp_path / "one"), "pico")
    done: list[int] = []

    def progress(amount: int) -> None:
        done.append(amount)
        if sum(done) == 100_000:
            (found.folder / drive.ABOUT).unlink()

    drive.copy_to(found, bytes(100_000), progress)
    drive.wait_gone(found, 0.0)
    assert sum(done) == 100_000


def test_what_is_no_image_for_an_esp32_is_refused_and_one_is_given_to_esptool_whole(tmp_path: Path) -> None:
    file = tmp_path / "micropython.bin"
    file.write_bytes(b"\xe9rest")
    esp32.check_file(file)
    assert esp32.command("COM3", file)[-3:] == ["write-flash", "0", str(file)]
    file.write_bytes(b"MZ")
    with pytest.raises(CheckFailed, match="no image for an ESP32-S3"):
        esp32.check_file(file)
    with pytest.raises(UsageError, match="No such file"):
        esp32.check_file(tmp_path / "none.bin")
