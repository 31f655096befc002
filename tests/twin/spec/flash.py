# SPDX-License-Identifier: Apache-2.0
"""Flash: it keeps what was written, and a write can be cut at any byte."""

import gc
import os

from board.flash import make_flash
from board.interpreter import MICROPYTHON
from double import FirmwareEnded, make


def board_with_flash():
    board = make()
    board.flash = make_flash(board)
    return board, board.flash.storage_path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def replace(path, data):
    """What careful firmware does: a new file, then its name."""
    with open(path + "new", "wb") as f:
        f.write(data)
    os.rename(path + "new", path + "kept")


def it_keeps_files_over_a_restart():
    board, path = board_with_flash()
    replace(path, b"precious")
    board.flash.mount()
    board.restart("watchdog")
    assert read(path + "kept") == b"precious"


def it_loses_power_after_any_byte_and_the_old_or_the_new_file_is_there():
    board, path = board_with_flash()
    old, new = b"old" * 100, b"new" * 100
    cuts = finished = 0
    for n in list(range(0, 1500, 13)):
        replace(path, old)
        board.flash.cut_after(n)
        board.dead = False
        try:
            replace(path, new)
            finished += 1
        except FirmwareEnded as end:
            assert end.cause == "brown_out"
            cuts += 1
        board.flash.cut_after(None)
        board.flash.mount()
        board.restart("brown_out")
        assert read(path + "kept") in (old, new), n
    assert cuts > 5
    assert finished > 5


def it_leaves_a_half_written_file_when_it_is_written_in_place():
    board, path = board_with_flash()
    board.flash.cut_after(40)
    try:
        with open(path + "plain", "wb") as f:
            f.write(b"x" * 300)
        raise AssertionError("the power did not go")
    except FirmwareEnded:
        pass
    board.flash.mount()
    board.restart("brown_out")
    try:
        assert len(read(path + "plain")) < 300
    except OSError:
        pass  # littlefs knows a file only once its metadata is complete


def it_is_the_current_folder_of_the_firmware_too():
    board, path = board_with_flash()
    here = os.getcwd()
    os.chdir(path)
    try:
        with open("plain", "wb") as f:
            f.write(b"by name")
        assert board.flash.state()["flash_bytes_written"] > 0
        assert read(path + "plain") == b"by name"
    finally:
        os.chdir(here)


def it_counts_writes_while_the_cuff_is_inflated():
    board, path = board_with_flash()
    replace(path, b"calm")
    assert board.flash.state()["flash_writes_inflated"] == 0
    board.world.manifold_mmmhg = 100000
    replace(path, b"not now")
    assert board.flash.state()["flash_writes_inflated"] > 0


def it_lets_no_file_of_the_last_start_reach_the_flash():
    """Its buffer is written when the garbage collector finds it, which is in the midst of the next start."""
    board, path = board_with_flash()
    replace(path, b"kept")
    left_open = open(path + "kept", "wb")  # noqa: SIM115 - left open is the point
    left_open.write(b"x" * 100)
    board.flash.mount()
    board.restart("watchdog")
    left_open = None  # noqa: F841
    replace(path, b"of this start")
    gc.collect()
    if MICROPYTHON:
        assert read(path + "kept") == b"of this start"
        board.flash.mount()
        assert read(path + "kept") == b"of this start"


def it_mounts_anew_without_memory_for_a_second_flash():
    """A heap that has run for hours has no piece of that size."""
    board, path = board_with_flash()
    replace(path, b"kept")
    if MICROPYTHON:
        before = gc.mem_alloc()
        board.flash.mount()
        assert gc.mem_alloc() - before < 64 * 1024, "not a copy of 256 KB"
    assert read(path + "kept") == b"kept"
