# SPDX-License-Identifier: Apache-2.0
"""From what changes in the simulated patient to the alarm on the host: the delay that is stated, and 200 ms at most."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from vitalwire.alarms.delays import total_delay
from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Plan
from vitalwire.link.transport import SimTransport, Transport, open_transport
from vitalwire.pump import Pump

SLACK_S = 0.2
CASES = [
    # the rule, what changes in the patient, and when: at different moments between two readings
    ("spo2_low", {"spo2_pct": 80}, 30.0),
    ("pulse_high", {"pulse_bpm": 160}, 30.4),
    pytest.param("spo2_low", {"spo2_pct": 80}, 31.3, marks=pytest.mark.slow),
    pytest.param("spo2_low", {"spo2_pct": 86}, 30.7, marks=pytest.mark.slow),
    pytest.param("spo2_low", {"spo2_pct": 89}, 31.1, marks=pytest.mark.slow),
    pytest.param("spo2_low", {"spo2_pct": 89, "pulse_bpm": 52}, 30.2, marks=pytest.mark.slow),
    pytest.param("pulse_low", {"pulse_bpm": 36}, 30.9, marks=pytest.mark.slow),
]


class Staged:
    """A simulated board whose patient changes at moments on its own clock: (ms, what is then so), in order."""

    simulated = True

    def __init__(self, url: str, changes: Sequence[tuple[int, dict[str, float]]]) -> None:
        inner = open_transport(url)
        assert isinstance(inner, SimTransport)
        self._inner, self.name, self.clock = inner, inner.name, inner.clock
        self._changes = list(changes)
        self.changed_ms: int | None = None

    def read(self, timeout_s: float) -> bytes:
        now_ms = self.clock.monotonic_ms()
        while self._changes and now_ms >= self._changes[0][0]:
            self._inner.port._twin().do("patient", **self._changes.pop(0)[1])
            self.changed_ms = self.changed_ms or now_ms
        if self._changes:
            timeout_s = min(timeout_s, (self._changes[0][0] - now_ms) / 1000)
        return self._inner.read(timeout_s)

    def write(self, data: bytes) -> None:
        self._inner.write(data)

    def close(self) -> None:
        self._inner.close()


def raised_s(folder: Path, rule: str) -> float:
    with (folder / "events.csv").open(newline="") as file:
        return next(float(r["elapsed_s"]) for r in csv.DictReader(file) if (r["name"], r["state"]) == (rule, "raised"))


@pytest.mark.parametrize(("rule", "values", "at_s"), CASES)
def test_an_alarm_comes_within_its_stated_delay(
    rule: str, values: dict[str, float], at_s: float, tmp_path: Path
) -> None:
    staged: list[Staged] = []

    def open_port(url: str | None) -> Transport:
        staged.append(Staged(str(url), [(round(at_s * 1000), values)]))
        return staged[0]

    plan = Plan("sim://?patient=calm&speed=max", tmp_path, DEFAULT_LIMITS, minutes=(at_s + 30) / 60)
    summary = Pump(plan, None, open_port).run()
    assert summary.folder is not None
    assert staged[0].changed_ms is not None
    took_s = raised_s(summary.folder, rule) - staged[0].changed_ms / 1000
    stated = next(total_delay(limit) for limit in DEFAULT_LIMITS if limit.rule == rule)
    print(f"{rule} {values}: {took_s:.2f} s, stated {stated.total_s:.2f} s")
    assert took_s <= stated.total_s + SLACK_S
    # The beat in which it began may have begun before it.
    assert took_s >= stated.delay_s - 1, "the rule waits for its own delay at least"


@pytest.mark.parametrize("lasts_s", [5.0, 7.0])
def test_a_dip_that_is_over_in_the_patient_before_the_delay_is_no_alarm(lasts_s: float, tmp_path: Path) -> None:
    """Though the average of eight seconds shows it, and for longer than it lasted."""
    dip = [(30_000, {"spo2_pct": 88.0}), (30_000 + round(lasts_s * 1000), {"spo2_pct": 97.0})]
    plan = Plan("sim://?patient=calm&speed=max", tmp_path, DEFAULT_LIMITS, minutes=1)
    summary = Pump(plan, None, lambda url: Staged(str(url), dip)).run()
    assert summary.folder is not None
    with (summary.folder / "vitals.csv").open(newline="") as file:
        low = [r for r in csv.DictReader(file) if r["spo2_pct"] and float(r["spo2_pct"]) < 90]
    assert len(low) >= lasts_s - 4, "the average went below the limit"
    with (summary.folder / "events.csv").open(newline="") as file:
        assert [r["state"] for r in csv.DictReader(file) if r["name"] == "spo2_low"] == []
