# SPDX-License-Identifier: Apache-2.0
"""Keeps the computer awake while a person is monitored, with what the system has for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

_CONTINUOUS: Final = 0x80000000
_SYSTEM_REQUIRED: Final = 0x00000001
CANNOT: Final = "this computer cannot be kept awake from here; see that it does not go to sleep"


def _command() -> list[str] | None:
    """A program that holds sleep off until its standard input closes or we end, or None."""
    if sys.platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-i", "-s", "-w", str(os.getpid())]
    if sys.platform.startswith("linux") and shutil.which("systemd-inhibit"):
        why = ["--what=sleep:idle:handle-lid-switch", "--who=vitalwire", "--why=a session is monitored"]
        return ["systemd-inhibit", *why, "cat"]
    return None


@contextlib.contextmanager
def awake() -> Iterator[str]:
    """Holds sleep off while it lasts. Yields an empty text, or a sentence where that is not possible."""
    if sys.platform == "win32":
        import ctypes

        set_state = ctypes.windll.kernel32.SetThreadExecutionState
        good = set_state(_CONTINUOUS | _SYSTEM_REQUIRED)
        try:
            yield "" if good else CANNOT
        finally:
            set_state(_CONTINUOUS)
        return
    command = _command()
    if command is None:
        yield CANNOT
        return
    try:
        quiet = subprocess.DEVNULL
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)
    except OSError:
        yield CANNOT
        return
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            holder.wait(0.2)  # a system without its service manager refuses at once
        yield CANNOT if holder.poll() is not None else ""
    finally:
        if holder.stdin is not None:
            holder.stdin.close()
        if holder.poll() is None:
            holder.terminate()
        holder.wait()
