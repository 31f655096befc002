# SPDX-License-Identifier: Apache-2.0
"""The process of a simulated board and the control connection to it.

The board runs in a process of its own, under the interpreter that it would run under, and connects back to a socket on
this computer; the token proves that what connects is what was started. Both sides send frames

    type (1 ASCII byte) | length u32 little-endian | payload

`R` asks it to run until a virtual time or until it has something to say; virtual time passes only inside that question.
The process ends when the connection does, so it cannot outlive its parent, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from typing import IO, Any, Final

from .. import board_files
from ..errors import LinkLost, UsageError
from .recording import write_cuff_recording, write_ppg_recording
from .sim_options import SimOptions, micropython_is_here

log = logging.getLogger("vitalwire.sim")

HEADER: Final = struct.Struct("<cI")
TIME: Final = struct.Struct("<Q")
MAX_PAYLOAD: Final = 1 << 22  # a reply is a second of bytes or some JSON; more is a broken peer
LAST_WORDS_S: Final = 2.0
LONGEST_ARGUMENT: Final = 250
"""Bytes. MicroPython keeps arguments as names, of 255 at most, and dies of a longer one."""
START_TIMEOUT_S: Final = 30.0
REPLY_TIMEOUT_S: Final = 60.0
"""Real seconds for one answer. A second of virtual time takes about 10 ms; this much means that the process hangs."""
END_TIMEOUT_S: Final = 2.0
STDERR_LINES: Final = 50
REFUSAL: Final = "run.py: "
"""How the runner begins the sentence that says which option is wrong."""
HEAP: Final = "8M"  # for world and firmware; the interpreter sweeps all of it, so more would be slower


class TwinProcess:
    """A simulated board. `start` begins it; all methods block until the board has answered and raise LinkLost."""

    def __init__(self, options: SimOptions) -> None:
        self.options = options
        self.heap = HEAP
        self.interpreter = options.interpreter or ("micropython" if micropython_is_here() else "cpython")
        self.greeting: dict[str, Any] = {}
        """What it said of itself: interpreter, version, board, serial, patient, seed."""
        self.now_us = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._inbox = bytearray()
        self._interrupted = False
        self._said: deque[str] = deque(maxlen=STDERR_LINES)
        self._words: threading.Thread
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._finalizer: weakref.finalize[..., TwinProcess] | None = None

    def start(self) -> None:
        """Starts the process and waits until it is ready. Raises UsageError for options that the board refuses."""
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            try:
                self._process = self._spawn(server.getsockname()[1], token)
                self._finalizer = weakref.finalize(self, _end, self._process)
                self._await_connection(server, token)
            except BaseException:
                self.close()
                raise

    def run_until(self, until_us: int) -> tuple[int, bytes]:
        """Lets virtual time pass to `until_us` or to the board's next bytes; returns the time reached and the bytes."""
        data = self._resynchronise() if self._interrupted else b""
        if not data:
            # Ctrl-C may come between any two steps in here: then nobody knows which answers were read.
            self._interrupted = True
            self._send(b"R", TIME.pack(max(until_us, self.now_us)))
            data = self._take_run(self._expect(b"T"))
            self._interrupted = False
        return self.now_us, data

    def write(self, data: bytes) -> None:
        """Gives the board bytes at the present virtual time."""
        if data:
            self._send(b"W", bytes(data))

    def do(self, what: str, **values: Any) -> dict[str, Any]:
        """Acts on the world: `fault`, `clear`, `button`... Raises UsageError with the board's own sentence."""
        return self._ask(b"D", {"do": what, **values})

    def state(self) -> dict[str, Any]:
        """The truth about the world, for tests and for showing beside what the board reports."""
        return self._ask(b"Q", {"what": "state"})

    def close(self) -> None:
        """Ends the process; may be called twice."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.sendall(HEADER.pack(b"X", 0))
            connection.close()
        if self._finalizer is not None:
            self._finalizer()
            self._finalizer = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _spawn(self, port: int, token: str) -> subprocess.Popen[bytes]:
        runner = board_files.twin() / "run.py"
        if not runner.is_file():
            raise LinkLost(f"the simulated board's program is missing: {runner}", "install vitalwire again")
        python = [sys.executable]
        if self.interpreter == "micropython":
            python += ["-m", "micropython_unix", "-X", f"heapsize={self.heap}"]
        command = [*python, str(runner), "--connect", f"127.0.0.1:{port}", "--token", token]
        command += ["--options", self._options_argument()]
        # A session of its own, so that Ctrl-C in the terminal reaches the host alone and the cuff can still be emptied.
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # MicroPython's own traceback goes there
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
                **own_group,
            )
        except OSError as error:
            raise LinkLost(f"the simulated board cannot be started: {error.strerror or error}") from error
        assert process.stdout is not None
        self._words = threading.Thread(target=_drain, args=(process.stdout, self._said), daemon=True, name="sim-words")
        self._words.start()
        return process

    def _options_argument(self) -> str:
        """The options as JSON without what is not given; in a file where MicroPython takes no argument so long."""
        text = json.dumps({k: v for k, v in self._options().items() if v is not None}, separators=(",", ":"))
        if len(text.encode()) <= LONGEST_ARGUMENT:
            return text
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="vitalwire-sim-")
        path = Path(self._folder.name) / "options.json"
        path.write_text(text, encoding="utf-8")
        return f"@{path}"

    def _options(self) -> dict[str, Any]:
        given = self.options
        ppg = cuff = None
        if given.ppg is not None or given.cuff is not None:
            self._folder = tempfile.TemporaryDirectory(prefix="vitalwire-sim-")
            folder = Path(self._folder.name)
            if given.ppg is not None:
                ppg = str(folder / "ppg.rec")
                write_ppg_recording(
                    given.ppg,
                    Path(ppg),
                    channel=given.ppg_channel,
                    polarity=given.ppg_polarity,
                    skip_s=given.ppg_skip_s,
                )
            if given.cuff is not None:
                cuff = str(folder / "cuff.rec")
                write_cuff_recording(given.cuff, Path(cuff))
        return {
            "board": given.board,
            "patient": given.patient,
            "cuff_on": given.cuff_on,
            "tolerance": given.tolerance,
            "ppg": ppg,
            "cuff": cuff,
            "seed": given.seed,
            "faults": [list(fault) for fault in given.faults],
            "flash": str(given.flash) if given.flash else None,
            "serial": given.serial,
        }

    def _await_connection(self, server: socket.socket, token: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        server.settimeout(0.05)
        while True:
            try:
                connection, _ = server.accept()
            except TimeoutError:
                self._check_start(deadline)
                continue
            connection.settimeout(REPLY_TIMEOUT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = connection
            try:
                kind, payload = self._receive()
                greeting = json.loads(payload)
                if kind == b"E":
                    raise UsageError(_sentence(payload))
                if kind == b"H" and secrets.compare_digest(str(greeting.get("token")), token):
                    self.greeting = {key: value for key, value in greeting.items() if key != "token"}
                    return
            except (LinkLost, ValueError, AttributeError):
                self._check_start(deadline)
            # Something else on this computer knocked: not what was started.
            connection.close()
            self._socket = None
            self._inbox.clear()

    def _check_start(self, deadline: float) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            refusal = next((line for line in self._last_lines() if line.startswith(REFUSAL)), None)
            if refusal is not None:
                raise UsageError(f"the simulated board refused: {refusal.removeprefix(REFUSAL)}")
            raise LinkLost(f"the simulated board did not start: {self._last_words()}")
        if time.monotonic() > deadline:
            raise LinkLost(f"the simulated board did not start within {START_TIMEOUT_S:.0f} s")

    def _last_words(self) -> str:
        lines = [line for line in self._last_lines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def _last_lines(self) -> list[str]:
        """What a process that ends has said, to its last line."""
        self._words.join(LAST_WORDS_S)
        return list(self._said)

    def _take_run(self, payload: bytes) -> bytes:
        (self.now_us,) = TIME.unpack_from(payload)
        return payload[TIME.size :]

    def _resynchronise(self) -> bytes:
        """Asks something else: when that is answered, every answer before it has come, or was lost by the interruption.

        Returns the board's bytes among them. A lost piece of the stream is a gap as on any wire.
        """
        self._send(b"Q", b'{"what": "state"}')
        data = b""
        while True:
            kind, payload = self._receive()
            if kind == b"T":
                data += self._take_run(payload)
            elif kind == b"O":
                self._interrupted = False
                return data
            else:
                raise UsageError(_sentence(payload))

    def _ask(self, kind: bytes, question: dict[str, Any]) -> dict[str, Any]:
        self._send(kind, json.dumps(question).encode())
        answer = json.loads(self._expect(b"O"))
        return answer if isinstance(answer, dict) else {}

    def _expect(self, wanted: bytes) -> bytes:
        kind, payload = self._receive()
        if kind == b"E":
            raise UsageError(_sentence(payload))
        if kind != wanted:
            raise LinkLost(f"the simulated board answered {kind!r} instead of {wanted!r}")
        return payload

    def _send(self, kind: bytes, payload: bytes) -> None:
        if self._socket is None:
            raise LinkLost("the simulated board is closed")
        try:
            self._socket.sendall(HEADER.pack(kind, len(payload)) + payload)
        except OSError as error:
            raise self._gone() from error

    def _receive(self) -> tuple[bytes, bytes]:
        """One frame; what has come of the next one stays in the inbox."""
        need = HEADER.size
        while True:
            if len(self._inbox) >= HEADER.size:
                kind, length = HEADER.unpack_from(self._inbox)
                if length > MAX_PAYLOAD:
                    raise LinkLost(f"the simulated board announced {length} bytes")
                need = HEADER.size + length
                if len(self._inbox) >= need:
                    payload = bytes(self._inbox[HEADER.size : need])
                    del self._inbox[:need]
                    return kind, payload
            if self._socket is None:
                raise LinkLost("the simulated board is closed")
            try:
                data = self._socket.recv(65536)
            except TimeoutError as error:
                raise LinkLost(f"the simulated board has not answered for {REPLY_TIMEOUT_S:.0f} s") from error
            except OSError as error:
                raise self._gone() from error
            if not data:
                raise self._gone()
            self._inbox += data

    def _gone(self) -> LinkLost:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        time.sleep(0.05)
        return LinkLost(f"the simulated board ended: {self._last_words()}")


def _sentence(payload: bytes) -> str:
    return payload.decode("utf-8", "replace").strip() or "the simulated board refused without a word"


def _drain(stream: IO[bytes], said: deque[str]) -> None:
    """Keeps the last lines, each cut to a sane length; a process that nobody listens to must not block."""
    with contextlib.suppress(OSError, ValueError), stream:
        while line := stream.readline(1000):
            text = line.decode("utf-8", "replace").rstrip()
            said.append(text)
            log.debug("%s", text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waits for the process to end by itself, and ends it if it does not."""
    for stronger in (process.terminate, process.kill, None):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT_S)
            return
        if stronger is not None:
            with contextlib.suppress(OSError):
                stronger()


__all__ = ["TwinProcess"]
