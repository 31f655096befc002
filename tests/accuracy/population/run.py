# SPDX-License-Identifier: Apache-2.0
"""Measures the population with the firmware under MicroPython, and sets the results beside the truth.

    python tests/accuracy/population/run.py --seeds 0-99 --cuff            # table by stratum
    python tests/accuracy/population/run.py --seeds 0-99 --cuff --worst 15 # and the worst cases, with what they are
    python tests/accuracy/population/run.py --seeds 7,12 --cuff --dump DIR # signals and oscillograms as JSON
    python tests/accuracy/population/run.py --seeds 0-99 --finger          # pulse and SpO2

Tune on seeds 0-99; 100-299 are for reporting. From a program: `for cycle in run(range(100, 300), jobs=2, what="cuff")`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
if str(HERE.parents[1]) not in sys.path:
    sys.path.insert(0, str(HERE.parents[1]))

from accuracy.fixed_ratio import fixed_ratio  # noqa: E402
from accuracy.outcomes import POPULATION, Beat, Cycle, Window  # noqa: E402
from accuracy.population import cuff_patients, finger_patients  # noqa: E402
from accuracy.population.finger_patients import MIDDLES_S, FingerPatient  # noqa: E402
from accuracy.population.rhythm import truth  # noqa: E402
from accuracy.population.table import print_cycles, print_windows, print_worst, print_worst_windows  # noqa: E402
from vitalwire_protocol.codec import CuffPhase  # noqa: E402

TUNING = range(100)
REPORTING = range(100, 300)
OURS = "vitalwire"
TEXTBOOK = "fixed_ratio"
CHUNK = 4
"""Patients measured by one process: each process pays a start, and chunks keep the order of the results."""
_HEAP = "8M"
_TIMEOUT_S = 600

Progress = Callable[[int, int], None]
"""Called with how many patients are done and how many there are."""


class PopulationError(Exception):
    """A run of the firmware on simulated patients that broke; the message holds what it said."""


def run(
    seeds: Iterable[int],
    jobs: int = 2,
    what: str = "cuff",
    *,
    repeat: bool = False,
    peers: bool = True,
    progress: Progress | None = None,
    dump: Path | None = None,
) -> Iterator[Cycle | Window]:
    """Outcomes of the patients of `seeds`, in the order of the seeds; the same seeds give the same outcomes.

    `what` is "cuff" (`Cycle`) or "finger" (`Window`). With `repeat` each cycle holds in `again` the same cycle with
    other noise of the sensors. With `peers` the textbook's outcome on the same signal follows each of ours. `jobs`
    processes run at a time. `dump` is a folder for what each cycle measured, as JSON. PopulationError where the
    firmware broke.
    """
    wanted = list(seeds)
    if what == "cuff":
        yield from _cycles(wanted, jobs, repeat, peers, progress, dump)
    elif what == "finger":
        yield from _windows(wanted, jobs, progress, dump)
    else:
        raise ValueError(f"what must be cuff or finger, not {what}")


def _cycles(
    seeds: list[int], jobs: int, repeat: bool, peers: bool, progress: Progress | None, dump: Path | None
) -> Iterator[Cycle]:
    patients = {seed: cuff_patients.patient(seed) for seed in seeds}
    told = [
        {**patients[seed].board(), "again": again}
        for seed in seeds
        for again in ((False, True) if repeat else (False,))
    ]
    results = played(HERE / "play_cuff.py", told, jobs)
    for done, seed in enumerate(seeds, 1):
        result = next(results)
        if dump is not None:
            _dump(dump, patients[seed], result)
        again = next(results) if repeat else None
        for method in (OURS, TEXTBOOK) if peers else (OURS,):
            cycle = _cycle(patients[seed], result, method)
            if again is not None:
                cycle = replace(cycle, again=_cycle(patients[seed], again, method))
            yield cycle
        if progress is not None:
            progress(done, len(seeds))


def _windows(seeds: list[int], jobs: int, progress: Progress | None, dump: Path | None) -> Iterator[Window]:
    patients = [finger_patients.patient(seed) for seed in seeds]
    told = [{**patient.board(), "raw": dump is not None} for patient in patients]
    results = played(HERE / "play_finger.py", told, jobs)
    for done, (patient, result) in enumerate(zip(patients, results, strict=True), 1):
        if dump is not None:
            dump.mkdir(parents=True, exist_ok=True)
            facts = {"strata": patient.strata(MIDDLES_S[0]), "pulse_bpm": patient.pulse_bpm, "spells": patient.spells}
            (dump / f"finger-{patient.seed:03d}.json").write_text(json.dumps({**facts, **result}), encoding="utf-8")
        for middle_s in MIDDLES_S:
            for task in ("pulse", "spo2"):
                yield _window(patient, result, middle_s, task)
        if progress is not None:
            progress(done, len(seeds))


def _window(patient: FingerPatient, result: dict[str, Any], middle_s: float, task: str) -> Window:
    """Ours is the reading whose averaging is centred on the window."""
    wanted_ms = 1000 * middle_s + result["delay_ms"]
    reading = min(result["readings"], key=lambda row: abs(row[0] - wanted_ms))
    _, spo2, pulse, _, quality, spo2_reason, pulse_reason = reading
    value, reason = (pulse, pulse_reason) if task == "pulse" else (spo2, spo2_reason)
    answerable = patient.answerable(task)
    truth_of = patient.pulse if task == "pulse" else patient.spo2
    return Window(
        set=POPULATION,
        record=f"{patient.seed:03d}",
        method=OURS,
        task=task,
        t_s=middle_s,
        reference=truth_of(middle_s) if answerable else None,
        value=None if value is None else value / 10,
        quality=quality,
        reason=reason,
        answerable=answerable,
        strata=patient.strata(middle_s),
    )


def played(script: Path, told: Sequence[dict[str, Any]], jobs: int) -> Iterator[dict[str, Any]]:
    """What a player prints for each patient, in order, from `jobs` processes of MicroPython."""
    chunks = [told[i : i + CHUNK] for i in range(0, len(told), CHUNK)]
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for results in pool.map(lambda chunk: _play(script, chunk), chunks):
            yield from results


def _play(script: Path, chunk: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="vitalwire-") as folder:
        path = Path(folder) / "patients.jsonl"
        path.write_text("".join(json.dumps(patient) + "\n" for patient in chunk), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "micropython_unix",
            "-X",
            f"heapsize={_HEAP}",
            str(script),
            str(ROOT),
            str(path),
        ]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=_TIMEOUT_S, check=False
        )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(chunk) or not all(line.startswith("{") for line in lines):
        seeds = ", ".join(str(patient["seed"]) for patient in chunk)
        said = "\n".join(line[:300] for line in lines if not line.startswith("{"))
        raise PopulationError(f"patients {seeds}: the firmware's run broke\n{said}\n{done.stderr}")
    return [json.loads(line) for line in lines]


def _cycle(patient: cuff_patients.CuffPatient, result: dict[str, Any], method: str) -> Cycle:
    attempts = result["attempts"]
    last = attempts[-1] if attempts else {}
    sbp_ref, map_ref, dbp_ref = reference(patient, last)
    cycle = Cycle(
        set=POPULATION,
        record=f"{patient.seed:03d}",
        method=method,
        sbp_ref_mmhg=sbp_ref,
        dbp_ref_mmhg=dbp_ref,
        map_ref_mmhg=map_ref,
        sbp_mmhg=None,
        dbp_mmhg=None,
        map_mmhg=None,
        pulse_bpm=None,
        quality=None,
        outcome=last.get("outcome", "refused" if "refused" in result else "no_result"),
        duration_s=(last["ended_ms"] - last["started_ms"]) / 1000 if last else None,
        attempts=len(attempts),
        answerable=patient.answerable,
        strata=patient.strata(),
        oscillogram=_oscillogram(last),
    )
    return _textbook(patient, cycle, attempts) if method == TEXTBOOK else _ours(cycle, last)


def _ours(cycle: Cycle, last: dict[str, Any]) -> Cycle:
    if cycle.outcome != "ok":
        return cycle
    return replace(
        cycle,
        sbp_mmhg=last["sbp_x10"] / 10,
        dbp_mmhg=last["dbp_x10"] / 10,
        map_mmhg=last["map_x10"] / 10,
        pulse_bpm=None if last["pulse_x10"] is None else last["pulse_x10"] / 10,
        quality=last["quality"],
    )


def _textbook(patient: cuff_patients.CuffPatient, cycle: Cycle, attempts: Sequence[dict[str, Any]]) -> Cycle:
    """The textbook on the signals that the firmware measured: first on the last attempt, which ours is from."""
    for attempt in reversed(attempts):
        values = fixed_ratio([cmmhg / 100 for cmmhg in attempt["signal_cmmhg"]], 100)
        if values is not None:
            sbp_ref, map_ref, dbp_ref = reference(patient, attempt)
            cycle = replace(cycle, sbp_ref_mmhg=sbp_ref, map_ref_mmhg=map_ref, dbp_ref_mmhg=dbp_ref, oscillogram=())
            sbp, mean, dbp = values
            return replace(cycle, sbp_mmhg=sbp, map_mmhg=mean, dbp_mmhg=dbp, outcome="ok")
    return replace(cycle, outcome="no_value", oscillogram=())


def reference(patient: cuff_patients.CuffPatient, attempt: dict[str, Any]) -> tuple[float | None, ...]:
    """The truth over the beats from the pump's start to the valves' opening; None where there is no right answer."""
    if not patient.answerable or not attempt:
        return None, None, None
    times = {phase: t_ms / 1000 for t_ms, phase in reversed(attempt["phases"])}
    from_s = times.get(CuffPhase.INFLATING, attempt["started_ms"] / 1000)
    to_s = max(times.get(CuffPhase.DUMPING, attempt["ended_ms"] / 1000), from_s + 5)
    return truth(patient.beats, patient.wave, from_s, to_s)


def _oscillogram(attempt: dict[str, Any]) -> tuple[Beat, ...]:
    columns = attempt.get("oscillogram", ((), (), ()))
    return tuple(Beat(p / 100, a / 1000, t / 100) for p, a, t in zip(*columns, strict=True))


def _dump(folder: Path, patient: cuff_patients.CuffPatient, result: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        name: getattr(patient, name) for name in ("age", "stiffness", "sbp", "dbp", "map", "pulse_bpm", "peak_mmhg")
    }
    facts |= {"noise_mmhg": patient.noise_mmhg, "reason": patient.reason, "strata": patient.strata()}
    facts["attempts"] = [{**attempt, "truth": reference(patient, attempt)} for attempt in result["attempts"]]
    (folder / f"{patient.seed:03d}.json").write_text(json.dumps(facts), encoding="utf-8")


def parse_seeds(text: str) -> list[int]:
    """0-99,120 as numbers."""
    out: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        out += range(int(low), int(high or low) + 1)
    return out


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-99", help="as 0-99 or 3,7,20-29 (default: 0-99, those for tuning)")
    parser.add_argument("--cuff", action="store_true", help="blood pressure")
    parser.add_argument("--finger", action="store_true", help="pulse and SpO2")
    parser.add_argument("--repeat", action="store_true", help="measure each patient twice, with other noise")
    parser.add_argument("--no-peers", action="store_true", help="leave the textbook out")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="print the N worst cases")
    parser.add_argument("--dump", type=Path, metavar="DIR", help="write what each cycle measured there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(words)

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{of}", end="" if done < of else "\n", file=sys.stderr, flush=True)

    seeds = parse_seeds(given.seeds)
    parts = [part for part in ("cuff", "finger") if getattr(given, part)] or ["cuff", "finger"]
    try:
        for part in parts:
            options = {"repeat": given.repeat, "peers": not given.no_peers, "progress": progress, "dump": given.dump}
            outcomes = list(run(seeds, given.jobs, part, **options))
            cycles = [outcome for outcome in outcomes if isinstance(outcome, Cycle)]
            windows = [outcome for outcome in outcomes if isinstance(outcome, Window)]
            print_cycles(cycles)
            print_windows(windows)
            if given.worst:
                print_worst([cycle for cycle in cycles if cycle.method == OURS], given.worst)
                print_worst_windows(windows, given.worst)
    except PopulationError as broken:
        print(broken, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
