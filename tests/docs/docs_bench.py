# SPDX-License-Identifier: Apache-2.0
"""What the tests of the recipes share: programs that run beside the test, and a server that takes what is posted."""

from __future__ import annotations

import contextlib
import http.server
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vitalwire.sinks.registry import load_kinds, missing

VITALWIRE = (sys.executable, "-m", "vitalwire.cli.main")


def needs_sink(name: str) -> None:
    """Skips where the library of that sink is not installed."""
    (kind,) = (kind for kind in load_kinds()[0] if kind.name == name)
    if absent := missing(kind):
        pytest.skip(f"NOT TESTED: the sink {name} needs {', '.join(absent)}")


def command(line: str, **replaced: str) -> list[str]:
    """A command line of a page, to be run here: `vitalwire` is this one, and placeholders are replaced."""
    for old, new in replaced.items():
        assert old in line, f"{line!r} has no {old}"
        line = line.replace(old, new)
    program, *rest = shlex.split(line)
    assert program == "vitalwire"
    return [*VITALWIRE, *rest]


def run(arguments: list[str], cwd: Path, **env: str) -> str:
    """Runs it to its end and gives its standard output."""
    done = subprocess.run(
        arguments, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, encoding="utf-8", timeout=100
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Beside:
    """A program that runs meanwhile; what it prints is in `text`."""

    def __init__(self, arguments: list[str], cwd: Path, **env: str) -> None:
        self.text = ""
        pipe, out = subprocess.PIPE, subprocess.STDOUT
        surroundings = {**os.environ, "PYTHONUNBUFFERED": "1", **env}
        self._process = subprocess.Popen(
            arguments, cwd=cwd, env=surroundings, stdout=pipe, stderr=out, text=True, encoding="utf-8"
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.text += line

    def wait_for(self, said: str, within_s: float = 30) -> None:
        wait_until(lambda: said in self.text or self._process.poll() is not None, within_s, lambda: self.text)
        assert said in self.text, self.text

    def wait(self, within_s: float = 60) -> int:
        code = self._process.wait(within_s)
        self._reader.join(5)
        return code

    def kill(self) -> None:
        """Ends it at once, as a power cut does."""
        self._process.kill()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        self._reader.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextlib.contextmanager
def beside(arguments: list[str], cwd: Path, **env: str) -> Iterator[Beside]:
    running = Beside(arguments, cwd, **env)
    try:
        yield running
    finally:
        running.end()


class Posted(http.server.BaseHTTPRequestHandler):
    """Takes what is posted, and says that it has it."""

    def do_POST(self) -> None:  # the name is http.server's
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.posts.append((self.path, body))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        """Whether it is there is asked first by some."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def post_box() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """A server on a free port, and what was posted to it: (path, text)."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Posted) as server:
        server.daemon_threads = True
        server.posts = posts = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], posts
        finally:
            server.shutdown()
            thread.join()


def wait_until(true: Callable[[], bool], within_s: float = 30, why: Callable[[], object] = lambda: "") -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, why()
        time.sleep(0.02)
