# SPDX-License-Identifier: Apache-2.0
"""Measures the firmware's oximetry and oscillometry against recordings and simulated patients; see README.md here.

make accuracy                            # DATASETS=dir OUT=file.json PAGE=file.html ONLY=...
python tests/accuracy/run.py --datasets ../shared/datasets --only pulse --only uw_phone
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rich.console import Console
from rich.progress import Progress

import nibp
import pulse
import spo2
from dataset import Dataset, read_dataset
from outcomes import Cycle, Window
from players import Failed, play
from signals import Signal, prepare
from stats import Pair, Row, row
from vitalwire.errors import VitalwireError

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"
PARTS = ("pulse", "spo2", "nibp", "population", "peers")
Played = tuple[Signal, dict[str, Any]]
talk = Console(stderr=True)


class Bench:
    """One run: what is measured, what came out, and what could not be used."""

    def __init__(self, dataset: Dataset, only: list[str], folder: Path) -> None:
        self.dataset = dataset
        self.parts = [part for part in PARTS if not set(only) & set(PARTS) or part in only]
        self.names = [name for name in only if name not in PARTS]
        self.folder = folder
        self.problems = list(dataset.damaged)
        self.rows: list[Row] = []

    def wanted(self, record: Any) -> bool:
        return not self.names or record.set in self.names or record.record in self.names

    def finger(self, progress: Progress) -> list[Played]:
        """Every pulse record that can be read, with what the firmware made of it."""
        signals: list[Signal] = []
        records = [record for record in self.dataset.ppg if self.wanted(record)]
        bar = progress.add_task("reading pulse records", total=len(records))
        for number, record in enumerate(records):
            try:
                signals.append(prepare(record, self.folder / f"{number}.rec"))
            except VitalwireError as problem:
                self.problems.append(str(problem))
            progress.advance(bar)
        bar = progress.add_task("playing them to the oximeter", total=sum(s.seconds for s in signals))
        answers = play("ppg.py", [s.job() for s in signals], lambda seconds: progress.advance(bar, seconds))
        found = []
        for signal, answer in zip(signals, answers, strict=True):
            if isinstance(answer, Failed):
                self.problems.append(f"{signal.record.record}: the firmware failed on it: {answer.why}")
            else:
                found.append((signal, answer))
        return found

    def cuff(self, progress: Progress) -> list[tuple[nibp.Trace, Cycle, Cycle]]:
        """Every cuff record that can be read: its trace, our cycle and the textbook's."""
        traces: list[nibp.Trace] = []
        records = [record for record in self.dataset.cuff if self.wanted(record)]
        bar = progress.add_task("reading cuff records", total=len(records))
        for number, record in enumerate(records):
            try:
                traces.append(nibp.prepare(record, self.folder / f"cuff{number}.rec"))
            except VitalwireError as problem:
                self.problems.append(str(problem))
            progress.advance(bar)
        jobs = [job for trace in traces for job in trace.jobs()]
        bar = progress.add_task("playing them to the cuff", total=sum(job["seconds"] for job in jobs))
        answers = play("cuff.py", jobs, lambda seconds: progress.advance(bar, seconds))
        found = []
        for number, trace in enumerate(traces):
            both = answers[2 * number], answers[2 * number + 1]
            failed = [answer for answer in both if isinstance(answer, Failed)]
            if failed:
                self.problems.append(f"{trace.record.record}: the firmware failed on it: {failed[0].why}")
            else:
                found.append((trace, nibp.cycle(trace, both), nibp.textbook(trace)))
        return found


def spo2_rows(played: list[Played], progress: Progress) -> list[Row]:
    """A row for each set with its cross-validated curve, one for each record, and one without a calibration."""
    rows = []
    for name in dict.fromkeys(signal.record.set for signal, _ in played):
        of_set = [p for p in played if p[0].record.set == name and spo2.has_reference(p[0])]
        if not of_set:
            continue
        bar = progress.add_task(f"{name}: curves, cross-validated")
        found = spo2.measure(of_set)
        progress.update(bar, total=1, completed=1)
        rows += window_rows(found.windows, lag_s=found.lag_s)
        rows += window_rows(spo2.uncalibrated(of_set, found.lag_s))
    return rows


def window_rows(windows: list[Window], **more: Any) -> list[Row]:
    """A row for each set, method and task of windows with a reference, and one for each record."""
    rows = []
    for method, task, name in dict.fromkeys((w.method, w.task, w.set) for w in windows):
        some = [w for w in windows if (w.method, w.task, w.set) == (method, task, name)]
        rows.append(row(method, task, name, pairs_of(some), **more))
        for record in dict.fromkeys(w.record for w in some):
            rows.append(
                row(method, task, name, pairs_of([w for w in some if w.record == record]), record=record, **more)
            )
    return rows


def pairs_of(windows: list[Window]) -> list[Pair]:
    return [(w.reference, w.value) for w in windows if w.reference is not None]


def pulse_rows(played: list[Played]) -> list[Row]:
    of_set: dict[str, list[tuple[float, float | None]]] = {}
    rows = []
    for signal, answer in played:
        pairs = [(w.reference, w.value) for w in pulse.windows(signal, answer) if w.reference is not None]
        of_set.setdefault(signal.record.set, []).extend(pairs)
        rows.append(row("vitalwire", "pulse", signal.record.set, pairs, record=signal.record.record))
    return [row("vitalwire", "pulse", name, pairs) for name, pairs in of_set.items()] + rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, default=DATASETS, help="folder of recordings")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "accuracy.json", help="rows, one JSON object a line")
    parser.add_argument("--only", action="append", default=[], help="a part, set or record; may be repeated")
    arguments = parser.parse_args()
    try:
        dataset = read_dataset(arguments.datasets)
    except VitalwireError as problem:
        print(f"accuracy: {problem}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, Progress(console=talk, transient=True) as progress:
        bench = Bench(dataset, arguments.only, Path(folder))
        if {"pulse", "spo2"} & set(bench.parts):
            played = bench.finger(progress)
            bench.rows += pulse_rows(played)
            bench.rows += spo2_rows(played, progress)
        if "nibp" in bench.parts:
            measured = bench.cuff(progress)
            bench.rows += nibp.rows([*(ours for _, ours, _ in measured), *(theirs for _, _, theirs in measured)])
    for found in bench.rows:
        print(json.dumps(found))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text("".join(json.dumps(found) + "\n" for found in bench.rows), encoding="utf-8")
    for problem in bench.problems:
        print(f"accuracy: {problem}", file=sys.stderr)
    return 1 if bench.problems else 0


if __name__ == "__main__":
    sys.exit(main())
