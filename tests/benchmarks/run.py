# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks: `make bench` prints a table, `OUT=file.json` also writes one JSON object a line.

Figures are of one machine at one moment. A ratio compares two figures of the same run and travels; a time does not.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from pathlib import Path

MODULES = (
    "decode",
    "firmware_size",
    "firmware_memory",
    "simulated_time",
    "signal_cost",
    "host_cost",
    "records",
    "streams",
    "four_hours",
    "cli_startup",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the rows here too, one JSON object a line")
    parser.add_argument("--only", choices=MODULES, action="append", help="run only this part (may be repeated)")
    args = parser.parse_args()

    sys.path.insert(0, str(Path(__file__).parent))
    failed = []
    found = []
    for name in args.only or MODULES:
        print(f"-- {name}", file=sys.stderr, flush=True)
        try:
            for row in importlib.import_module(name).rows():
                found.append(row)
                print(row.text(), flush=True)
        except Exception:
            failed.append(name)
            traceback.print_exc()
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("".join(row.json() + "\n" for row in found), encoding="utf-8")
    if failed:
        print(f"These parts failed and gave no figures: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
