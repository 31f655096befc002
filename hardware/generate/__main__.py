# SPDX-License-Identifier: Apache-2.0
"""`python -m generate` (in `hardware/`) writes what follows from the tables; `--check` says what is not current.

The netlist itself is written by `python -m circuit.erc --netlist circuit/netlist.txt`, which needs skidl.
"""

from __future__ import annotations

import argparse
import sys

from generate import assembly, documents, pins, wiring
from generate.tables import ROOT


def outputs() -> dict[str, str]:
    """{path below the root: text} of every generated file."""
    found: dict[str, str] = {}
    for part in (pins, wiring, assembly, documents):
        found |= part.outputs()
    return found


def stale() -> list[str]:
    """Paths whose text is not what the tables say."""
    return [
        path
        for path, text in outputs().items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="generate", description="Write pins, drawings and documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is not current")
    options = parser.parse_args(argv)
    if options.check:
        old = stale()
        for path in old:
            print(f"{path} is not what hardware/*.csv says; run: make hardware", file=sys.stderr)
        return 1 if old else 0
    for path, text in outputs().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
