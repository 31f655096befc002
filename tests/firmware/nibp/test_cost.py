# SPDX-License-Identifier: Apache-2.0
"""In steady state the signal paths allocate nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitalwire_protocol.codec import CuffPhase


def test_nothing_is_allocated_while_samples_flow(play_micropython: Callable[..., Any]) -> None:
    said = play_micropython(Path(__file__).with_name("play_cost.py"))
    assert said["pulse_x10"] == 750
    assert said["spo2_x10"] is not None
    assert said["sbp_x10"] is not None
    assert said["oximetry_per_s"] <= 16
    assert said["cuff"][str(int(CuffPhase.INFLATING))] == 0
    assert said["cuff"][str(int(CuffPhase.DEFLATING))] == 0
    # The fit is tried out a few times near the end of a deflation; its whole numbers may pass 2^30.
    most, steps = said["trials"]
    assert steps > 20
    assert most <= 4096
