# SPDX-License-Identifier: Apache-2.0
"""`vitalwire selftest` at a terminal that goes away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="pseudo-terminals as on POSIX")
COMMAND = (sys.executable, "-m", "vitalwire.cli.main")


def test_what_was_measured_until_the_terminal_went_is_in_the_file(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    ours, its = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "selftest", "sim://?speed=20", "processor", "heap", "flash", "buses", "leak", "--out", str(out)],
        stdin=its, stdout=its, stderr=its, start_new_session=True, env={**os.environ, "TERM": "xterm"},
        preexec_fn=_take_terminal,
    ) as process:  # fmt: skip
        os.close(its)
        seen = b""
        while seen.count(b"ok ") < 4:
            seen += os.read(ours, 4096)
        os.close(ours)
        process.wait(timeout=60)
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["result"] == "incomplete"
    verdicts = [test["verdict"] for test in result["tests"]]
    assert verdicts.count("passed") == 4


def _take_terminal() -> None:
    """The pseudo-terminal becomes the process's own, so that its end is a SIGHUP."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
