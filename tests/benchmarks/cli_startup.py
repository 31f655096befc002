# SPDX-License-Identifier: Apache-2.0
"""How long a person waits for `vitalwire --help`, and what `import vitalwire` costs, over `python -c pass`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from rows import Row, fastest_s


def rows() -> Iterator[Row]:
    def run(*args: str) -> float:
        return fastest_s(lambda: subprocess.run([sys.executable, *args], check=True, capture_output=True), 9)

    nothing = run("-c", "pass")
    for name, args in (
        ("vitalwire --help, over python -c pass", ("-m", "vitalwire.cli.main", "--help")),
        ("import vitalwire, over python -c pass", ("-c", "import vitalwire")),
    ):
        yield Row(name, (run(*args) - nothing) * 1000, "ms")
