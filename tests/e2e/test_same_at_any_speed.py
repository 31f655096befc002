# SPDX-License-Identifier: Apache-2.0
"""The same seed and the same commands give the same CSVs, byte for byte, at any speed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vitalwire.alarms.rules import DEFAULT_LIMITS
from vitalwire.feed import Plan
from vitalwire.pump import Pump
from vitalwire.record.rebuild import differences


def run(out: Path, speed: str, minutes: float, faults: str = "") -> dict[str, bytes]:
    plan = Plan(
        f"sim://?patient=esketamine&seed=5&speed={speed}{faults}", out / speed, DEFAULT_LIMITS, 120, minutes
    )  # fmt: skip
    folder = Pump(plan).run().folder
    assert folder is not None
    assert differences(folder) == []
    return {name: (folder / name).read_bytes() for name in ("vitals.csv", "events.csv")}


def run_all(out: Path, speeds: tuple[str, ...], minutes: float, faults: str = "") -> list[dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    threads = [
        threading.Thread(target=lambda s=speed: found.update({s: run(out, s, minutes, faults)})) for speed in speeds
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[speed] for speed in speeds]


def test_speed_1_and_20_and_max_give_the_same_rows(tmp_path: Path) -> None:
    slow, quick, quickest = run_all(tmp_path, ("1", "20", "max"), 0.2)
    assert slow["vitals.csv"].count(b"\r\n") >= 12
    assert slow == quick == quickest


@pytest.mark.slow
def test_a_cuff_cycle_a_lost_finger_and_a_restart_are_the_same_at_any_speed(tmp_path: Path) -> None:
    faults = "&fault=finger_off@70&fault=soft_reset@90"
    first, second = run_all(tmp_path, ("20", "max"), 2.0, faults)
    assert b",cuff," in first["vitals.csv"]
    assert b"no_finger,raised" in first["events.csv"]
    assert first == second


@pytest.mark.slow
def test_micropython_and_cpython_give_the_same_readings(tmp_path: Path) -> None:
    def readings(interpreter: str) -> bytes:
        plan = Plan(
            f"sim://?patient=esketamine&seed=5&speed=max&interpreter={interpreter}",
            tmp_path / interpreter,
            DEFAULT_LIMITS,
            120,
            1.5,
        )
        folder = Pump(plan).run().folder
        assert folder is not None
        return (folder / "vitals.csv").read_bytes()

    pytest.importorskip("micropython_unix")
    assert readings("micropython") == readings("cpython")
