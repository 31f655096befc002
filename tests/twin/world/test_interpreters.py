# SPDX-License-Identifier: Apache-2.0
"""MicroPython and CPython live in the same world, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("long_run.py")
TWIN = Path(__file__).resolve().parents[3] / "hardware" / "twin"
INTERPRETERS = {
    "micropython": [sys.executable, "-m", "micropython_unix", "-X", "heapsize=8M"],
    "cpython": [sys.executable],
}


def ask(interpreter, *words):
    command = [*INTERPRETERS[interpreter], str(PROGRAM), str(TWIN), *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def test_a_long_eventful_session_is_the_same_on_both():
    micropython, cpython = ask("micropython"), ask("cpython")
    assert micropython == cpython
    assert len({number for session in micropython for number in session[:8]}) == 24


def test_what_it_costs(record_property, capsys):
    """No clock is judged here: the figures are printed for whoever looks, as times faster than wall time."""
    costs = ask("micropython", "--speed")
    times_faster = {
        "at rest": 10000 / (costs["idle_us"] + costs["sample_us"]),
        "measuring": 10000 / (costs["active_us"] + costs["sample_us"]),
    }
    with capsys.disabled():
        told = ", ".join(f"{name} {value:.2f} us" for name, value in costs.items())
        print(f"\nworld under MicroPython: {told}; " + ", ".join(f"{k} {v:.0f}x" for k, v in times_faster.items()))
    for name, value in (costs | times_faster).items():
        record_property(name, value)
    assert all(value > 0 for value in costs.values())
