# SPDX-License-Identifier: Apache-2.0
"""The files of a report, made by a second process: it loads what draws while this one reads the record.

To load matplotlib and fpdf2 takes half as long as to run four hours again. Where no second process comes about, or it
fails, the files are made here; they are the same bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # what reads a record is loaded after the other process was started
    from .make import Made

TIMEOUT_S: Final = 60.0
"""Drawing takes a second; after this the other process is taken for stuck."""
_NEEDS: Final = {"html": ("matplotlib.figure", "matplotlib.backends.backend_agg"), "pdf": ("fpdf",)}


class Beside:
    """Starts the second process; `files` gives what it made. It is gone when the `with` is over.

    `kinds` are `html` and `pdf`. On a machine of one core there is nothing to gain, and nothing is started.
    """

    def __init__(self, kinds: Sequence[str], python: str = sys.executable, cores: int | None = os.cpu_count()) -> None:
        self._kinds = tuple(kinds)
        self._process: subprocess.Popen[bytes] | None = None
        if not python or not self._kinds or (cores or 1) < 2:
            return
        # -P: a folder that the command happens to be run in is not where modules come from.
        words = [python, "-P", "-m", "vitalwire.report.beside", *self._kinds]
        pipe = subprocess.PIPE
        with contextlib.suppress(OSError):  # no more processes, say: the files are made here
            self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def files(self, made: Made) -> dict[str, bytes]:
        """Each kind of file. Raises UsageError where what draws is missing."""
        return self._theirs(made) or made.files(self._kinds)

    def _theirs(self, made: Made) -> dict[str, bytes] | None:
        process = self._process
        if process is None:
            return None
        try:
            out, _ = process.communicate(pickle.dumps(made), TIMEOUT_S)
            files = pickle.loads(out) if process.returncode == 0 else None
        except (OSError, subprocess.TimeoutExpired, EOFError, pickle.PickleError):
            return None
        return files if isinstance(files, dict) and tuple(files) == self._kinds else None


def main() -> None:
    """The second process: a report on standard input, its files on standard output; both are pickles."""
    kinds = sys.argv[1:]
    for module in (name for kind in kinds for name in _NEEDS[kind]):
        importlib.import_module(module)
    made = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(pickle.dumps(made.files(kinds)))


if __name__ == "__main__":
    main()


__all__ = ["Beside"]
