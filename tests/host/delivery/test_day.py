# SPDX-License-Identifier: Apache-2.0
"""The day of `make stream-day`, some minutes of it: a broker that comes and goes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DAY = Path(__file__).resolve().parents[2] / "benchmarks" / "stream_day.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_broker_that_comes_and_goes_gets_every_reading_in_order_and_repeats_are_marked() -> None:
    if not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("NOT RUN: mosquitto is not installed (Debian: apt-get install mosquitto)")
    spec = importlib.util.spec_from_file_location("stream_day", DAY)
    assert spec is not None
    assert spec.loader is not None
    day = importlib.util.module_from_spec(spec)
    sys.modules["stream_day"] = day
    spec.loader.exec_module(day)
    found = day.run(minutes=30, seed=3)
    assert found["exit_code"] == 0, found["said"]
    assert found["outages"] >= 1
    assert found["readings"] == 1800
    assert (found["missing"], found["out_of_order"], found["repeats_unmarked"]) == (0, 0, 0)
