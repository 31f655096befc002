# SPDX-License-Identifier: Apache-2.0
"""What one run over one record or one simulated patient came to: the seam between those who run and those who count.

A value that was not given is None, and `reason` says why. References are None where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

POPULATION = "population"
"""The name that stands for a dataset's folder where the records are simulated patients."""


@dataclass(frozen=True)
class Beat:
    """One beat of an oscillogram, as on the wire."""

    pressure_mmhg: float
    amplitude_mmhg: float
    t_s: float


@dataclass(frozen=True)
class Cycle:
    """One cuff cycle. `strata` are labels by which rows are parted, as {"ectopy": "yes"}.

    `answerable` is False where nobody could measure a pressure here (label of whoever made it, not of the algorithm);
    None where that is not known. `again` is the same cycle measured a second time with other noise of the sensor.
    """

    set: str
    record: str
    method: str
    sbp_ref_mmhg: float | None
    dbp_ref_mmhg: float | None
    map_ref_mmhg: float | None
    sbp_mmhg: float | None
    dbp_mmhg: float | None
    map_mmhg: float | None
    pulse_bpm: float | None
    quality: float | None
    outcome: str
    duration_s: float | None = None
    attempts: int = 1
    answerable: bool | None = None
    strata: dict[str, str] = field(default_factory=dict)
    oscillogram: tuple[Beat, ...] = ()
    again: Cycle | None = None


@dataclass(frozen=True)
class Window:
    """One stretch of a finger's signal with one value of `task` ("pulse", 1/min, or "spo2", %), or why it has none."""

    set: str
    record: str
    method: str
    task: str
    t_s: float
    reference: float | None
    value: float | None
    quality: float | None
    reason: str
    answerable: bool | None = None
    strata: dict[str, str] = field(default_factory=dict)
    seconds: float = 10.0
