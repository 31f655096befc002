# SPDX-License-Identifier: Apache-2.0
"""A whole simulated board: real MicroPython on its flash, `mpremote` at its prompt, firmware that was put there."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from whole_bench import open_at, wait_for

from vitalwire import board_files
from vitalwire.errors import PortBusy
from vitalwire.link.sim_options import micropython_is_here
from vitalwire.link.transport import open_transport
from vitalwire.link.whole_board import Power, WholeBoard
from vitalwire.service.compiled import compile_firmware
from vitalwire_protocol.codec import ServiceEnter

pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32" or not micropython_is_here(),
        reason="no MicroPython or pseudo-terminal here: NOT TESTED",
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[WholeBoard]:
    made = WholeBoard(tmp_path / "board")
    made.start()
    yield made
    made.close()


def prompt(board: WholeBoard) -> Any:
    """mpremote at the prompt of a board."""
    from mpremote.transport_serial import SerialTransport

    wait_for(board, "prompt")
    transport = SerialTransport(board.port, 115200)
    transport.enter_raw_repl(soft_reset=False)
    return transport


def reset(transport: Any) -> None:
    transport.exec_raw_no_follow("import machine\nmachine.reset()")
    transport.close()


def copy(transport: Any, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            transport.fs_mkdir(name)
        else:
            transport.fs_writefile(name, path.read_bytes())


def test_a_bare_board_is_a_prompt_that_knows_what_board_it_is(board: WholeBoard) -> None:
    transport = prompt(board)
    said = transport.exec(
        "import os, sys, machine\nprint(os.listdir(), sys.implementation._machine, machine.unique_id())"
    )
    assert said.decode().strip() == "[] Raspberry Pi Pico with RP2040 b'SIM00001'"
    transport.close()


def test_files_outlive_a_restart_and_the_program(board: WholeBoard) -> None:
    transport = prompt(board)
    transport.fs_writefile("kept.txt", b"still here")
    reset(transport)
    wait_for(board, "firmware")
    transport = prompt(board)
    assert transport.fs_readfile("kept.txt") == b"still here"
    transport.close()
    board.close()
    again = WholeBoard(board.folder)
    again.start()
    transport = prompt(again)
    assert transport.fs_readfile("kept.txt") == b"still here"
    transport.close()
    again.close()


def test_what_main_py_says_comes_out_of_the_port_before_the_prompt(board: WholeBoard) -> None:
    transport = prompt(board)
    transport.fs_writefile("main.py", b"raise ValueError('said by main.py')\n")
    reset(transport)
    port = open_transport(board.port)
    said, end = b"", time.monotonic() + 20
    while b">>> " not in said and time.monotonic() < end:
        said += port.read(0.2)
    port.close()
    assert said.index(b"ValueError: said by main.py") < said.index(b">>> ")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="native code is compiled for x86-64 here: NOT TESTED")
def test_firmware_that_mpremote_copied_runs_and_leaves_the_prompt_in_service(board: WholeBoard, tmp_path: Path) -> None:
    compile_firmware(board_files.firmware(), tmp_path / "firmware", "x64")
    transport = prompt(board)
    copy(transport, tmp_path / "firmware")
    reset(transport)
    wait_for(board, "firmware")
    with open_at(board) as opened:
        assert opened.identity.serial == "SIM00001"
        assert opened.identity.interpreter.startswith("MicroPython")
        opened.command(ServiceEnter.request(), wait=False)
    transport = prompt(board)
    assert b"boot.py" in transport.exec("import os\nprint(os.listdir())")
    transport.close()


@pytest.mark.parametrize(
    "power",
    [*(Power(after_byte=n) for n in (0, 100, 3000, 20_000)), Power(in_erase=0), Power(in_erase=5)],
    ids=lambda power: f"after byte {power.after_byte}" if power.in_erase is None else f"in erase {power.in_erase}",
)
def test_power_that_goes_while_a_file_is_written_leaves_the_others_whole(tmp_path: Path, power: Power) -> None:
    from mpremote.transport import TransportError

    board = WholeBoard(tmp_path / "board")
    board.start()
    transport = prompt(board)
    transport.fs_writefile("old.bin", bytes(range(256)) * 20)
    transport.close()
    board.close()
    board = WholeBoard(board.folder, power=power)
    board.start()
    transport = prompt(board)
    with pytest.raises((OSError, TransportError)):  # what mpremote says of a board that is gone
        transport.fs_writefile("new.bin", bytes(40_000))
    transport.serial.close()
    wait_for(board, "off")
    board.give_power()
    transport = prompt(board)
    assert transport.fs_readfile("old.bin") == bytes(range(256)) * 20
    transport.close()
    board.close()


def test_every_write_to_the_flash_is_in_the_journal(tmp_path: Path) -> None:
    board = WholeBoard(tmp_path / "board", journal=tmp_path / "journal")
    board.start()
    transport = prompt(board)
    transport.fs_writefile("x.bin", b"\x5a" * 5000)
    transport.close()
    board.close()
    assert (tmp_path / "journal").read_bytes().count(b"\x5a" * 256) >= 19


def test_a_paced_board_takes_the_time_of_its_port_and_its_flash(tmp_path: Path) -> None:
    seconds = []
    for bytes_per_s in (None, 100_000):
        board = WholeBoard(tmp_path / str(bytes_per_s), bytes_per_s=bytes_per_s)
        board.start()
        transport = prompt(board)
        begin = time.monotonic()
        transport.fs_writefile("x.bin", bytes(20_000))
        seconds.append(time.monotonic() - begin)
        transport.close()
        board.close()
    assert seconds[1] > 20_000 / 100_000 + 5 * 0.045, "bytes over the port, and at least five sectors erased"
    assert seconds[1] > seconds[0]


def test_two_programs_cannot_run_one_board(board: WholeBoard) -> None:
    with pytest.raises(PortBusy, match="another program runs the board"):
        WholeBoard(board.folder).start()
    prompt(board).close()


def test_a_flash_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "flash.img").write_bytes(b"\xff" * 4096)  # too small for a file system
    board = WholeBoard(tmp_path)
    board.start()
    wait_for(board, "off")
    assert "\n" not in str(board.failure)
    assert board.failure is not None
    board.close()
