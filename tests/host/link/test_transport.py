# SPDX-License-Identifier: Apache-2.0
"""Real ports: pseudo-terminals and sockets, and what is said when they cannot be used."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_script import BoardScript

from vitalwire import open_board
from vitalwire.errors import CrashLoop, Incompatible, LinkLost, NoBoard, NotVitalwire, PortBusy, UsageError
from vitalwire.link.port_errors import port_error
from vitalwire.link.transport import open_transport
from vitalwire_protocol import codec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


class Terminal:
    """A pseudo-terminal: what a test writes comes out of the port."""

    def __init__(self) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.name = os.ttyname(self._slave)

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def unplug(self) -> None:
        for number in (self.master, self._slave):
            with contextlib.suppress(OSError):
                os.close(number)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.unplug()


def later(act: object, *args: object, after_s: float = 0.1) -> None:
    timer = threading.Timer(after_s, act, args)  # type: ignore[arg-type]
    timer.daemon = True
    timer.start()


# ---------------------------------------------------------------- reading and writing


def test_reading_returns_as_soon_as_there_are_bytes(terminal: Terminal) -> None:
    transport = open_transport(terminal.name)
    later(terminal.say, b"\x00\x03\xff\x11\x13\r\n")
    start = time.monotonic()
    assert transport.read(5.0) == b"\x00\x03\xff\x11\x13\r\n", "every byte passes as it is"
    assert time.monotonic() - start < 2.0
    transport.close()


def test_reading_nothing_takes_the_time_out(terminal: Terminal) -> None:
    transport = open_transport(terminal.name)
    start = time.monotonic()
    assert transport.read(0.05) == b""
    assert 0.04 < time.monotonic() - start < 1.0
    transport.close()


def test_writing_reaches_the_other_end(terminal: Terminal) -> None:
    transport = open_transport(terminal.name)
    transport.write(b"\x00\x03abc")
    assert os.read(terminal.master, 10) == b"\x00\x03abc"
    transport.close()


def test_a_port_that_goes_away_is_a_lost_link(terminal: Terminal) -> None:
    transport = open_transport(terminal.name)
    terminal.unplug()
    with pytest.raises(LinkLost, match="the link to the board ended; check the cable"):
        transport.read(2.0)
    transport.close()
    transport.close()


def test_a_socket_is_a_port_too_and_its_end_a_lost_link() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        peer.sendall(b"\x01\x02")
        assert transport.read(2.0) == b"\x01\x02"
        transport.write(b"\x03")
        assert peer.recv(10) == b"\x03"
        peer.close()
        with pytest.raises(LinkLost, match="the link to the board ended") as caught:
            transport.read(2.0)
        assert caught.value.exit_code == 5
        transport.close()


def test_a_socket_that_hangs_up_before_a_byte_is_a_board_that_somebody_else_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_transport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        server.accept()[0].close()
        with pytest.raises(LinkLost, match="hung up before it said anything: another program has the board") as caught:
            transport.read(2.0)
        assert caught.value.exit_code == 4
        transport.close()


class Recorder:
    """What an RFC 2217 server needs of a socket: what goes out."""

    def __init__(self, peer: socket.socket) -> None:
        self.write = peer.sendall


@pytest.mark.filterwarnings("ignore::DeprecationWarning:serial")  # of its use of threads
def test_a_port_of_another_computer_by_rfc_2217() -> None:
    import serial
    import serial.rfc2217

    def serve(server: socket.socket) -> None:
        """Speaks the protocol of the port settings, and echoes what is written."""
        peer, _ = server.accept()
        with peer, serial.serial_for_url("loop://", timeout=0) as port:
            manager = serial.rfc2217.PortManager(port, Recorder(peer))
            while data := peer.recv(1024):
                echo = b"".join(manager.filter(data))
                if echo:
                    peer.sendall(b"".join(manager.escape(echo)))

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        transport = open_transport(f"rfc2217://127.0.0.1:{server.getsockname()[1]}")
        assert transport.read(0.05) == b""
        transport.write(b"\x00\x03\xffabc")
        got = b""
        while len(got) < 6 and (data := transport.read(2.0)):
            got += data
        assert got == b"\x00\x03\xffabc"
        transport.close()


# ---------------------------------------------------------------- ports that cannot be opened


def test_a_port_in_use_says_by_whom(terminal: Terminal) -> None:
    hold = (
        "import sys, time, serial\n"
        f"port = serial.Serial({terminal.name!r}, exclusive=True)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(PortBusy, match="is in use by") as caught:
            open_transport(terminal.name)
        if sys.platform == "linux":
            assert f"(process {other.pid})" in str(caught.value)
        assert caught.value.exit_code == 4
        other.communicate()


def test_a_port_opened_twice_by_us_is_busy(terminal: Terminal) -> None:
    transport = open_transport(terminal.name)
    with pytest.raises(PortBusy):
        open_transport(terminal.name)
    transport.close()


def test_no_permission_names_the_remedy(tmp_path: Path) -> None:
    # As root everything may be opened, so the system's refusal is made here.
    error = port_error(str(tmp_path), PermissionError(13, "Permission denied"))
    assert error.exit_code == 4
    assert "you may not open" in str(error)
    assert "; " in str(error)


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(NoBoard, match="there is no port /dev/ttyACM99; `vitalwire ports` lists"):
        open_transport("/dev/ttyACM99")


def test_a_file_is_no_port_and_decode_is_named(tmp_path: Path) -> None:
    file = tmp_path / "port.bin"
    file.write_bytes(b"abc")
    with pytest.raises(UsageError, match=r"is not a serial port; to read recorded bytes: vitalwire decode"):
        open_transport(str(file))


def test_nobody_listens_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    with pytest.raises(NoBoard, match="nothing answers at socket://"):
        open_transport(f"socket://127.0.0.1:{number}")


@pytest.mark.parametrize("url", ["gopher://host:1", "socket://host", "socket://:x"])
def test_a_url_that_means_nothing(url: str) -> None:
    with pytest.raises(UsageError, match="is not a port that can be opened"):
        open_transport(url)


# ---------------------------------------------------------------- ports that are not ours


def test_a_device_that_says_nothing_is_not_ours(terminal: Terminal) -> None:
    start = time.monotonic()
    with pytest.raises(NotVitalwire, match="not one byte came; choose another port") as caught:
        open_board(terminal.name)
    assert 2.5 < time.monotonic() - start < 5.0
    assert caught.value.exit_code == 6


def test_a_board_at_its_prompt_is_named(terminal: Terminal) -> None:
    later(terminal.say, b"\r\nMicroPython v1.26.0 on 2025-08-09; Raspberry Pi Pico with RP2040\r\n>>> ")
    with pytest.raises(NotVitalwire, match="MicroPython prompt and no Vitalwire firmware runs; `vitalwire flash`"):
        open_board(terminal.name)


def test_a_board_in_a_crash_loop_is_named(terminal: Terminal) -> None:
    def loop() -> None:
        board = BoardScript()
        for _ in range(4):
            terminal.say(b"\0" + board.hello(reset_cause=codec.ResetCause.WATCHDOG))
            board.restart()
            time.sleep(0.1)

    later(loop)
    with (
        pytest.raises(CrashLoop, match=r"starts again and again, 3 times within 1 s \(watchdog\)"),
        open_board(terminal.name) as board,
    ):
        for _ in board.messages(timeout_s=3):
            pass


def test_a_board_with_other_messages_is_incompatible_and_says_what_to_do(terminal: Terminal) -> None:
    later(terminal.say, b"\0" + BoardScript().hello(schema_hash=0x1234))
    with pytest.raises(Incompatible, match=r"laid out differently .*; `vitalwire flash` makes them equal") as caught:
        open_board(terminal.name)
    assert caught.value.exit_code == 6


def test_a_board_in_service_mode_is_welcome_only_where_it_may_be(terminal: Terminal) -> None:
    script = BoardScript()
    hello = script.hello(2000, service=1, reset_fault=codec.Fault.CRASH_LOOP)
    later(terminal.say, b"\0" + hello)
    with pytest.raises(CrashLoop, match="service mode, because of crash_loop"):
        open_board(terminal.name)
    later(terminal.say, b"\0" + hello)
    with open_board(terminal.name, service=True) as board:
        assert board.identity.service


def test_a_healthy_board_on_a_terminal_is_welcome(terminal: Terminal) -> None:
    script = BoardScript()
    later(lambda: terminal.say(b"\0" + script.hello()))
    with open_board(terminal.name) as board:
        assert str(board.identity) == "E6614 (bed 4)"
        later(lambda: terminal.say(script.heartbeat(0) + script.reading(500)))
        reading = next(board.readings(timeout_s=2))
        assert (reading.spo2_pct, reading.source, reading.ok) == (97.0, "oximeter", True)
