# SPDX-License-Identifier: Apache-2.0
"""The codes by which other systems know what we measure.

MDC: ISO/IEEE 11073-10101 (32-bit code and reference id); LOINC; units in MDC and UCUM. Codes marked `unsure` were taken
from secondary sources and not checked against the primary ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: how it is written for people, in UCUM, and in MDC (code, reference id)."""

    text: str
    ucum: str
    mdc: int
    mdc_name: str


MMHG: Final = Unit("mmHg", "mm[Hg]", 266016, "MDC_DIM_MMHG")
PER_MIN: Final = Unit("1/min", "/min", 264864, "MDC_DIM_BEAT_PER_MIN")
PERCENT: Final = Unit("%", "%", 262688, "MDC_DIM_PERCENT")


@dataclass(frozen=True, slots=True)
class Code:
    """What one field of a reading is. `places`: how many decimals it has. The first LOINC is the usual one."""

    field: str
    source: str
    title: str
    unit: Unit
    mdc: int
    mdc_name: str
    loinc: tuple[str, ...]
    loinc_title: str
    places: int = 1
    unsure: tuple[str, ...] = ()


BLOOD_PRESSURE_MDC: Final = (150020, "MDC_PRESS_BLD_NONINV")
BLOOD_PRESSURE_LOINC: Final = ("85354-9", "Blood pressure panel with all children optional")
PLETH_MDC: Final = (150452, "MDC_PULS_OXIM_PLETH")

CODES: Final = (
    Code("spo2_pct", "oximeter", "SpO2", PERCENT, 150456, "MDC_PULS_OXIM_SAT_O2", ("59408-5", "2708-6"),
         "Oxygen saturation in Arterial blood by Pulse oximetry"),
    Code("pulse_bpm", "oximeter", "Pulse rate", PER_MIN, 149530, "MDC_PULS_OXIM_PULS_RATE", ("8867-4", "8889-8"),
         "Heart rate", unsure=("8889-8",)),
    Code("perfusion_pct", "oximeter", "Perfusion index", PERCENT, 150448, "MDC_PULS_OXIM_PERF_REL", ("61006-3",),
         "Perfusion index Tissue by Pulse oximetry", places=2, unsure=("61006-3",)),
    Code("sbp_mmhg", "cuff", "Systolic blood pressure", MMHG, 150021, "MDC_PRESS_BLD_NONINV_SYS", ("8480-6",),
         "Systolic blood pressure"),
    Code("dbp_mmhg", "cuff", "Diastolic blood pressure", MMHG, 150022, "MDC_PRESS_BLD_NONINV_DIA", ("8462-4",),
         "Diastolic blood pressure"),
    # 8478-0: so expanded from LOINC 2.82 by tx.fhir.org, and in FHIR's own example of a mean pressure.
    Code("map_mmhg", "cuff", "Mean blood pressure", MMHG, 150023, "MDC_PRESS_BLD_NONINV_MEAN", ("8478-0",),
         "Mean blood pressure"),
    Code("pulse_bpm", "cuff", "Pulse rate (cuff)", PER_MIN, 149546, "MDC_PULS_RATE_NON_INV", ("8867-4",), "Heart rate"),
)  # fmt: skip


def codes_of(source: str) -> tuple[Code, ...]:
    """The fields of a reading of `oximeter`, `cuff` or `manual` (all that there are), in the order of `CODES`."""
    if source == "manual":
        return tuple(code for code in CODES if code.source == "cuff" or code.field != "pulse_bpm")
    return tuple(code for code in CODES if code.source == source)


__all__ = [
    "BLOOD_PRESSURE_LOINC",
    "BLOOD_PRESSURE_MDC",
    "CODES",
    "MMHG",
    "PERCENT",
    "PER_MIN",
    "PLETH_MDC",
    "Code",
    "Unit",
    "codes_of",
]
