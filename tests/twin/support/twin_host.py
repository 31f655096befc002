# SPDX-License-Identifier: Apache-2.0
"""The host's end of the control connection, for tests: small, blocking, on the standard library alone."""

import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "hardware" / "twin" / "run.py"
PROBE = ROOT / "tests" / "twin" / "firmware_probe"
INTERPRETERS = ("micropython", "cpython")


def command(interpreter, *words):
    """The command line that runs a file under an interpreter."""
    if interpreter == "micropython":
        return [sys.executable, "-m", "micropython_unix", "-X", "heapsize=8M", *map(str, words)]
    return [sys.executable, *map(str, words)]


class RefusalError(Exception):
    """The board answered E."""


class Twin:
    """A simulated board in a process of its own. Times in seconds of virtual time."""

    def __init__(self, interpreter, firmware=PROBE, **options):
        if firmware is not None:
            options["firmware"] = str(firmware)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            address = f"127.0.0.1:{server.getsockname()[1]}"
            words = command(interpreter, RUN, "--connect", address, "--token", "abc", "--options", json.dumps(options))
            self.process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            try:
                self.connection = server.accept()[0]
            except TimeoutError:
                self.process.kill()
                raise AssertionError(self.process.communicate()[1].decode()) from None
        self.connection.settimeout(60)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.now_us = 0
        self.received = b""
        kind, payload = self.receive()
        assert kind == b"H"
        self.hello = json.loads(payload)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Ends the connection; the process must end by itself. What it printed is in `printed` and `errors`."""
        if self.process.stdout.closed:
            return
        self.connection.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            printed, errors = self.process.communicate()
            self.printed, self.errors = printed.decode(), errors.decode()

    def send(self, kind, payload=b""):
        self.connection.sendall(kind + struct.pack("<I", len(payload)) + payload)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.connection.recv(n - len(data))
            if not part:
                raise AssertionError("the board has gone: " + self.process.communicate()[1].decode())
            data += part
        return data

    def receive(self):
        head = self._exactly(5)
        return head[:1], self._exactly(struct.unpack("<I", head[1:])[0])

    def step(self, until_us):
        """One `R`: the bytes that came, at `now_us`."""
        self.send(b"R", struct.pack("<Q", until_us))
        kind, payload = self.receive()
        assert kind == b"T", payload
        self.now_us = struct.unpack("<Q", payload[:8])[0]
        self.received += payload[8:]
        return payload[8:]

    def run(self, seconds):
        """Lets virtual time pass; everything the board wrote meanwhile."""
        until_us = self.now_us + round(seconds * 1e6)
        data = b""
        while self.now_us < until_us:
            data += self.step(until_us)
        return data

    def write(self, data):
        self.send(b"W", data)

    def _ask(self, kind, request):
        self.send(kind, json.dumps(request).encode())
        kind, payload = self.receive()
        if kind == b"E":
            raise RefusalError(payload.decode())
        return json.loads(payload)

    def do(self, what, **arguments):
        return self._ask(b"D", {"do": what, **arguments})

    def state(self, what="state"):
        return self._ask(b"Q", {"what": what})
