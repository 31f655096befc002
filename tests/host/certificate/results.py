# SPDX-License-Identifier: Apache-2.0
"""Results of self-tests for tests: a board that passed, and what can be done to it."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

from vitalwire.service.selftest.catalogue import CATALOGUE


def value(name: str, measured: float | None, unit: str, low: float | None = None, high: float | None = None) -> Any:
    good = measured is not None and (low is None or measured >= low) and (high is None or measured <= high)
    verdict = "not_measured" if measured is None else "passed" if good else "failed"
    return {
        "name": name, "value": measured, "unit": unit, "low": low, "high": high,
        "source": "GOST 30324.30, 51.103", "verdict": verdict, "detail": None,
    }  # fmt: skip


def one_test(name: str, group: str, *values: Any, verdict: str = "passed") -> Any:
    return {
        "id": name, "group": group, "title": name.replace("_", " ").capitalize(), "verdict": verdict, "reason": None,
        "advice": None, "values": list(values),
    }  # fmt: skip


PASSED: dict[str, Any] = {
    "format": "vitalwire-selftest",
    "version": 1,
    "result": "passed",
    "simulated": False,
    "device": {
        "serial": "E6614", "bed": "bay 2", "board": "pico", "firmware": "0.1.0", "firmware_sha256": "ab" * 32,
        "interpreter": "MicroPython 1.26", "protocol": "1.3",
    },
    "versions": {"vitalwire": "0.1.0"},
    "by": "AM",
    "cuff_on_cylinder": True,
    "started_utc": "2026-03-01T10:00:00.000Z",
    "finished_utc": "2026-03-01T10:14:00.000Z",
    "calibration": [
        {"kind": kind, "days_date": "2026-02-20", "due": "2027-02-20"} for kind in ("guard", "cuff", "curve")
    ],
    "tests": [
        one_test("processor", "board", value("mismatches", 0, "", high=0)),
        one_test("heap", "board", value("free", 123_456, "bytes", low=60_000)),
        one_test("leak", "pneumatics", value("fall", 2.1, "mmHg/min", high=6.0)),
        one_test("dump", "pneumatics", value("250 to 15 mmHg", 1800, "ms", high=10_000)),
    ],
}  # fmt: skip
_THERE = {test["id"] for test in PASSED["tests"]}
PASSED["tests"] += [one_test(test.id, test.group, value("it", 1, "")) for test in CATALOGUE if test.id not in _THERE]


def result(**changes: Any) -> dict[str, Any]:
    """A passed result with some of its fields changed."""
    return {**copy.deepcopy(PASSED), **changes}


def later(day: date, leak: float, serial: str = "E6614", due: str | None = None) -> dict[str, Any]:
    """The same board, tested on another day, with another leak."""
    made = result(started_utc=f"{day}T10:00:00.000Z", finished_utc=f"{day}T10:14:00.000Z")
    made["device"]["serial"] = serial
    made["tests"][2]["values"][0]["value"] = leak
    for one in made["calibration"]:
        one["due"] = due or f"{day.year + 1}-12-31"
    return made
