# SPDX-License-Identifier: Apache-2.0
"""Chips and microcontroller behave as their documents say, under both interpreters: one test a sentence of `spec/`."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
from twin_host import INTERPRETERS, command

SPEC = Path(__file__).resolve().parent / "spec"
FILES = ("max30102", "mpr", "analog", "bus", "pins", "timers", "resets", "flash", "usb", "computer")
SENTENCES = [
    (file, sentence)
    for file in FILES
    for sentence in re.findall(r"^def (it_\w+)", (SPEC / f"{file}.py").read_text(encoding="utf-8"), re.MULTILINE)
]


@functools.cache
def outcomes(interpreter: str, file: str) -> str:
    done = subprocess.run(
        command(interpreter, SPEC / "run_one.py", SPEC / f"{file}.py"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("interpreter", INTERPRETERS)
@pytest.mark.parametrize(("file", "sentence"), SENTENCES, ids=[f"{f}-{s}" for f, s in SENTENCES])
def test_specification(interpreter: str, file: str, sentence: str) -> None:
    text = outcomes(interpreter, file)
    if f"ok {sentence}\n" not in text:
        failure = text.partition(f"FAIL {sentence}\n")[2] or text
        pytest.fail(re.split(r"^(?:ok|FAIL) it_", failure, flags=re.MULTILINE)[0])
