# SPDX-License-Identifier: Apache-2.0
"""Single keys from a terminal, on every system, without taking Ctrl-C away."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol


class Keys(Protocol):
    def pressed(self) -> str:
        """The keys pressed since the last call, possibly none; never waits."""
        ...


class NoKeys:
    """Where there is no terminal to read from."""

    def pressed(self) -> str:
        return ""


@contextlib.contextmanager
def keys() -> Iterator[Keys]:
    """Reads keys as they are pressed while it lasts; the terminal is put back as it was."""
    if not sys.stdin or not sys.stdin.isatty():
        yield NoKeys()
    elif sys.platform == "win32":
        yield _WindowsKeys()
    else:
        with _posix_keys() as found:
            yield found


if sys.platform == "win32":
    import msvcrt

    class _WindowsKeys:
        def pressed(self) -> str:
            found = ""
            while msvcrt.kbhit():
                found += msvcrt.getwch()
            return found

else:

    @contextlib.contextmanager
    def _posix_keys() -> Iterator[Keys]:
        import os
        import select
        import termios
        import tty

        fd = sys.stdin.fileno()

        class PosixKeys:
            def pressed(self) -> str:
                try:
                    ready, _, _ = select.select([fd], [], [], 0)
                    return os.read(fd, 64).decode("utf-8", "replace") if ready else ""
                except OSError:
                    return ""  # the terminal is gone; the session goes on

        before = termios.tcgetattr(fd)
        tty.setcbreak(fd)
        try:
            yield PosixKeys()
        finally:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
