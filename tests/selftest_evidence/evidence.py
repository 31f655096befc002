# SPDX-License-Identifier: Apache-2.0
"""Fault against test, and healthy boards: does the self-test find what it should, and nothing else?

    python tests/selftest_evidence/evidence.py [--boards 200] [--out FILE]

Prints a table, and with --out one JSON object a line. Exit code 1 where a fault was missed, a near miss noticed, or a
healthy board did not pass.
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cases import CASES, Case

from vitalwire.link.sim_options import parse_sim_url
from vitalwire.link.whole_board import WholeBoard
from vitalwire.service.flash.build import compile_build
from vitalwire.service.flash.image import filesystem

URL = "sim://?speed=max&cuff_on=cylinder"


def selftest(port: str, *tests: str) -> dict[str, Any]:
    """The result of the command, as JSON."""
    command = [sys.executable, "-m", "vitalwire.cli.main", "selftest", port, *tests, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        return {"result": "error", "said": done.stderr.strip()[-300:], "tests": []}
    return dict(json.loads(done.stdout))


def selftest_of_whole(fault: str, test: str) -> dict[str, Any]:
    """The same on a board whose firmware is compiled and lies in its own flash, as `vitalwire image` puts it there."""
    faults = parse_sim_url(f"sim://?fault={fault}").faults if fault else ()
    with tempfile.TemporaryDirectory(prefix="vitalwire-evidence-") as folder:
        board = WholeBoard(Path(folder), faults=faults)
        board.image.write_bytes(image())
        board.start()
        try:
            return selftest(board.port, test)
        finally:
            board.close()


@functools.cache
def image() -> bytes:
    """The flash of such a board. A simulated board runs on this computer's processor."""
    return filesystem(compile_build("pico", "x64"))


def judged(case: Case) -> dict[str, Any]:
    """One row: what the test said with the fault, and with the near miss."""
    row: dict[str, Any] = {"test": case.test, "what": case.what}
    for name, fault in (("fault", case.fault), ("near", case.near)):
        if case.whole:
            result = selftest_of_whole(fault, case.test)
        else:
            result = selftest(f"{URL}&fault={fault}" if fault else URL, case.test)
        missing = {"verdict": "error", "reason": result.get("said")}
        one = next((test for test in result["tests"] if test["id"] == case.test), missing)
        row[name] = {"staged": fault, "verdict": one["verdict"], "reason": one.get("reason")}
        row[name]["values"] = {v["name"]: v["value"] for v in one.get("values", [])}
    row["good"] = row["fault"]["verdict"] == "failed" and row["near"]["verdict"] == "passed"
    return row


def healthy(seed: int) -> dict[str, Any]:
    """One board whose parts are drawn from their tolerances, through all tests."""
    result = selftest(f"{URL}&tolerance={seed}&seed={seed}")
    bad = [f"{t['id']}: {t['reason']}" for t in result["tests"] if t["verdict"] != "passed"]
    return {"board": seed, "result": result["result"], "not_passed": bad, "said": result.get("said")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with ThreadPoolExecutor(2) as pool:
        if not given.no_faults:
            print(f"{'test':<22} {'with the fault':<15} {'near miss':<12} what")
            for row in pool.map(judged, CASES):
                rows.append(row)
                mark = "" if row["good"] else "   <- NOT AS IT SHOULD BE"
                print(
                    f"{row['test']:<22} {row['fault']['verdict']:<15} {row['near']['verdict']:<12} {row['what']}{mark}"
                )
                sys.stdout.flush()
        passed = 0
        for n, row in enumerate(pool.map(healthy, range(given.first, given.first + given.boards)), 1):
            rows.append(row)
            passed += row["result"] == "passed"
            if row["result"] != "passed":
                print(f"board {row['board']}: {row['result']} {row['not_passed']} {row['said'] or ''}")
            sys.stderr.write(f"\r{n} of {given.boards} healthy boards, {passed} passed")
            sys.stderr.flush()
    found = sum(bool(row["good"]) for row in rows if "good" in row)
    print(f"\nfaults found and near misses passed: {found} of {sum('good' in row for row in rows)}")
    print(f"healthy boards passed: {passed} of {given.boards}")
    if given.out:
        given.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return int(passed < given.boards or any(not row.get("good", True) for row in rows))


if __name__ == "__main__":
    sys.exit(main())
