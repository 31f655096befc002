# SPDX-License-Identifier: Apache-2.0
"""One run of the bench: what is measured, what came out, and what could not be used."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from accuracy import nibp, peers, pulse, spo2
from accuracy.dataset import CuffRecord, Dataset, PpgRecord
from accuracy.outcomes import Cycle, Window
from accuracy.players import Failed, play
from accuracy.rows import Outcomes
from accuracy.signals import Signal
from accuracy.signals import prepare as prepare_signal
from vitalwire.errors import CheckFailed, UsageError, VitalwireError

PARTS = ("pulse", "spo2", "nibp", "peers", "population")

Played = tuple[Signal, dict[str, Any]]


class Bars(Protocol):
    """Where progress is shown: `rich.progress.Progress`."""

    def add_task(self, description: str, *, total: float | None) -> Any: ...

    def advance(self, task_id: Any, advance: float = 1) -> None: ...


@dataclass(frozen=True)
class Measured:
    """A cuff record with all that is drawn of it: our cycle, the textbook's, and the evaluation's view of each beat."""

    trace: nibp.Trace
    cycle: Cycle
    textbook: Cycle
    beats: list[list[int]]


@dataclass
class Bench:
    """`only` names parts, sets or records; all of them where it names none of a kind. `folder` is for work files."""

    dataset: Dataset
    folder: Path
    bars: Bars
    only: Sequence[str] = ()
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcomes: Outcomes = field(default_factory=Outcomes)
    measured: list[Measured] = field(default_factory=list)

    def __post_init__(self) -> None:
        named = [part for part in PARTS if part in self.only]
        self.parts = named or list(PARTS)
        self.names = [name for name in self.only if name not in PARTS]
        self.problems += self.dataset.damaged
        records: list[PpgRecord | CuffRecord] = [*self.dataset.ppg, *self.dataset.cuff]
        sets = sorted({record.set for record in records})
        for name in self.names:
            if name not in sets and name not in {record.record for record in records}:
                raise UsageError(
                    f"there is no part, set or record {name!r}", f"parts: {', '.join(PARTS)}; sets: {', '.join(sets)}"
                )

    def run(self) -> None:
        """Measures everything that is wanted."""
        if {"pulse", "spo2", "peers"} & set(self.parts):
            self._finger()
        if "nibp" in self.parts:
            self._cuff()
        if "population" in self.parts and not self.names:
            self._population()

    def _wanted(self, record: PpgRecord | CuffRecord) -> bool:
        return not self.names or record.set in self.names or record.record in self.names

    # ------------------------------------------------------------ the finger

    def _finger(self) -> None:
        played = self._play_finger()
        ours = [(signal, pulse.windows(signal, answer)) for signal, answer in played]
        if {"pulse", "peers"} & set(self.parts):
            self.outcomes.windows += [window for _, windows in ours for window in windows]
            for signal, windows in ours:
                self.outcomes.read_later += pulse.read_later(signal.record, windows)
        if "peers" in self.parts:
            for name in peers.missing():
                self.notes.append(
                    f"THE PEER {name} IS NOT INSTALLED: there are no rows of it; `make accuracy` installs it"
                )
            bar = self.bars.add_task("the peers on the same windows", total=len(ours))
            for signal, windows in ours:
                theirs = peers.windows(signal, windows)
                self.outcomes.windows += theirs
                self.outcomes.read_later += pulse.read_later(signal.record, theirs)
                self.bars.advance(bar)
        if "spo2" in self.parts:
            self._saturation(played)

    def _play_finger(self) -> list[Played]:
        records = [record for record in self.dataset.ppg if self._wanted(record)]
        signals = self._prepared("reading pulse records", records, prepare_signal)
        bar = self.bars.add_task("playing them to the oximeter", total=sum(s.seconds for s in signals))
        answers = play("ppg.py", [s.job() for s in signals], lambda seconds: self.bars.advance(bar, seconds))
        return [
            (signal, answer)
            for signal, answer in zip(signals, answers, strict=True)
            if not self._failed(signal.record.record, answer)
        ]

    def _saturation(self, played: list[Played]) -> None:
        referenced = [p for p in played if spo2.has_reference(p[0])]
        sets = list(dict.fromkeys(signal.record.set for signal, _ in referenced))
        bar = self.bars.add_task("curves, cross-validated", total=len(sets))
        for name in sets:
            of_set = [p for p in referenced if p[0].record.set == name]
            self.bars.advance(bar)
            try:
                found = spo2.measure(of_set)
                without = spo2.uncalibrated(of_set, found.lag_s)
            except CheckFailed as problem:
                self.problems.append(f"{name}: {problem}")
                continue
            self.outcomes.lags[name] = found.lag_s
            self.outcomes.windows += found.windows + without
            self.notes += [f"{name}: a block has no SpO2 curve: {why}" for why in dict.fromkeys(found.without_curve)]

    # ------------------------------------------------------------ the cuff

    def _cuff(self) -> None:
        records = [record for record in self.dataset.cuff if self._wanted(record)]
        traces = self._prepared("reading cuff records", records, nibp.prepare)
        jobs = [job for trace in traces for job in trace.jobs()]
        bar = self.bars.add_task("playing them to the cuff", total=sum(job["seconds"] for job in jobs))
        answers = play("cuff.py", jobs, lambda seconds: self.bars.advance(bar, seconds))
        for trace, first, second in zip(traces, answers[::2], answers[1::2], strict=True):
            if not self._failed(trace.record.record, first, second):
                cycle, textbook = nibp.cycle(trace, (first, second)), nibp.textbook(trace)
                self.measured.append(Measured(trace, cycle, textbook, first["oscillogram"]))
        self.outcomes.cycles += [m.cycle for m in self.measured] + [m.textbook for m in self.measured]

    # ------------------------------------------------------------ simulated patients

    def _population(self) -> None:
        """Patients by the seeds that are kept for reporting; the algorithms were tuned on others."""
        try:
            from accuracy.population.run import REPORTING, PopulationError, run
        except ImportError as problem:
            self.notes.append(f"THE POPULATION IS NOT THERE ({problem}): no simulated patient was measured")
            return
        for what in ("cuff", "finger"):
            bar = self.bars.add_task(f"simulated patients: {what}", total=len(REPORTING))
            try:
                # The textbook's cycle follows each of ours, so progress is told in patients.
                found = list(
                    run(REPORTING, os.cpu_count() or 1, what, progress=lambda *_, bar=bar: self.bars.advance(bar))
                )
            except PopulationError as problem:
                self.problems.append(f"population, {what}: {problem}")
                continue
            self.outcomes.cycles += [outcome for outcome in found if isinstance(outcome, Cycle)]
            self.outcomes.windows += [outcome for outcome in found if isinstance(outcome, Window)]

    # ------------------------------------------------------------ both

    def _prepared(self, what: str, records: Sequence[Any], prepare: Callable[[Any, Path], Any]) -> list[Any]:
        bar = self.bars.add_task(what, total=len(records))
        found = []
        for number, record in enumerate(records):
            try:
                found.append(prepare(record, self.folder / f"{prepare.__module__}-{number}.rec"))
            except VitalwireError as problem:
                self.problems.append(str(problem))
            self.bars.advance(bar)
        return found

    def _failed(self, name: str, *answers: Any) -> bool:
        failed = [answer for answer in answers if isinstance(answer, Failed)]
        if failed:
            self.problems.append(f"{name}: the firmware failed on it: {failed[0].why}")
        return bool(failed)
