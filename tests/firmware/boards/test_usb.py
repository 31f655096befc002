# SPDX-License-Identifier: Apache-2.0
"""The wire of the real boards over a real terminal: every byte passes, and a host that does not read stops nobody."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FIRMWARE = HERE.parents[2] / "firmware"
pty = pytest.importorskip("pty", reason="no pseudo terminals here: the wire over one was NOT TESTED")
tty = pytest.importorskip("tty")


@contextlib.contextmanager
def board(mode: str) -> Iterator[int]:
    """The script on one end of a raw terminal; yields the other end."""
    host, device = pty.openpty()
    tty.setraw(device)
    command = [sys.executable, "-m", "micropython_unix", str(HERE / "play_usb.py"), mode]
    process = subprocess.Popen(
        command, stdin=device, stdout=device, stderr=subprocess.PIPE, env={**os.environ, "MICROPYPATH": str(FIRMWARE)}
    )
    os.close(device)
    try:
        assert read(host, 1) == b"R", "the script did not start"
        yield host
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]
        os.close(host)


def read(end: int, n: int, within_s: float = 10.0) -> bytes:
    data = b""
    deadline = time.monotonic() + within_s
    while len(data) < n and time.monotonic() < deadline:
        if select.select([end], [], [], 0.1)[0]:
            try:
                data += os.read(end, n - len(data))
            except OSError:  # the other end has closed, and everything that it wrote is read
                break
    return data


def test_every_byte_passes_both_ways() -> None:
    every = bytes(range(256)) * 2 + b"\x03\x03\x00\xff\x1a\x1c\r\n\x11\x13" + bytes(reversed(range(256)))
    with board("echo") as end:
        for i in range(0, len(every), 50):
            piece = every[i : i + 50]
            os.write(end, piece)
            assert read(end, len(piece)) == piece
        os.write(end, b"\x04\x04")
        assert read(end, 2) == b"\x04\x04"


def test_a_host_that_does_not_read_stops_nobody_and_loses_nothing() -> None:
    with board("flood") as end:
        time.sleep(1.0)
        os.write(end, b"g")
        data = b""
        while not data.endswith(b"\n"):
            piece = read(end, 4096, 0.5)
            assert piece
            data += piece
    flood, _, said = data.partition(b"\0")
    taken, longest_ms = (int(word) for word in said.split())
    assert taken == len(flood), "what was not taken was not sent, and what was taken arrived"
    assert set(flood) == {0x5A}
    assert longest_ms < 100, "no write waits"
