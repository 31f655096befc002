# SPDX-License-Identifier: Apache-2.0
"""What each shipped profile is to do, in minutes and at the bedside: written from the clinical reference and from what
the profiles' own comments promise, not read from the files."""

from __future__ import annotations

from dataclasses import dataclass, field

Observed = tuple[float, str, str]
"""(minute, item, state)."""


@dataclass(frozen=True)
class Plan:
    """`cuff` is at which minutes of a phase the cuff reads by itself, `least` and `most` its bounds in minutes,
    `observed` what falls due and is missed in its first `watched` minutes if nobody does anything."""

    watched: float
    cuff: tuple[float, ...] = ()
    least: float | None = None
    most: float | None = None
    observed: tuple[Observed, ...] = ()


SILENT = (("spo2", 1), ("pulse", 1))


def due(item: str, late: float, *at: float) -> tuple[Observed, ...]:
    return tuple(pair for t in at for pair in ((t, item, "due"), (t + late, item, "missed")))


LOST = tuple((1.0, item, "interrupted") for item, _ in SILENT)
ONCE_AT_ARRIVAL = (*due("spo2", 5, 0), *due("pulse", 5, 0), *due("breathing_rate", 5, 0))
CHECK_IN = Plan(10, observed=ONCE_AT_ARRIVAL)
BASELINE = Plan(16, cuff=(0, 3, 6, 9, 12, 15), observed=(*due("blood_pressure", 15, 0), *due("sedation", 15, 0), *LOST))
DISCHARGE = Plan(15, cuff=(0,), observed=(*due("blood_pressure", 10, 0), *due("spo2", 5, 0), *due("sedation", 5, 0)))


def every(item: str, minutes: float, late: float, until: float) -> tuple[Observed, ...]:
    """Falls due every so often until `until`; each is missed."""
    found, t = [], minutes
    while t <= until:
        found += [(t, item, "due"), *([(t + late, item, "missed")] if t + late <= until else [])]
        t += minutes
    return tuple(found)


PLANS: dict[str, dict[str, Plan]] = {
    # Every 10 min during the infusion, then every 15 (Emory, Yale); readings at 60 and 90 min (Szarmach).
    "ketamine-iv": {
        "dosing": Plan(35, (0, 10, 20, 30), 40, 60, (
            *every("blood_pressure", 10, 3, 35), *every("sedation", 15, 5, 35), *every("dissociation", 15, 5, 35),
            *LOST)),
        "monitoring": Plan(96, (0, 15, 30, 45, 60, 75, 90), 30, None, (
            *every("blood_pressure", 15, 3, 96), *due("blood_pressure", 5, 60, 90), *every("sedation", 15, 5, 96),
            *LOST)),
        "recovery": Plan(40, (0, 15, 30), 30, 120, (
            *every("blood_pressure", 15, 3, 40), *every("sedation", 30, 5, 40), *LOST)),
    },
    # As during an infusion, with the peaks of both series at 30 and 40 min.
    "ketamine-im": {
        "dosing": Plan(25, (0, 10, 20), 10, 30, (
            *every("blood_pressure", 10, 3, 25), *every("sedation", 10, 5, 25), *every("dissociation", 15, 5, 25),
            *LOST)),
        "monitoring": Plan(48, (0, 10, 20, 30, 40), 60, None, (
            *every("blood_pressure", 10, 3, 48), *due("blood_pressure", 5, 30, 40), *every("sedation", 15, 5, 48),
            *every("dissociation", 15, 5, 48), *LOST)),
        "recovery": Plan(40, (0, 15, 30), 30, 120, (
            *every("blood_pressure", 15, 3, 40), *every("sedation", 30, 5, 40), *LOST)),
    },
    # At home: fewer readings, more patience; the peak at 40 min.
    "ketamine-sublingual-home": {
        "dosing": Plan(25, (0, 15), 10, 30, (
            *every("blood_pressure", 15, 5, 25), *every("sedation", 15, 5, 25), *LOST)),
        "monitoring": Plan(52, (0, 15, 30, 40, 45), 60, None, (
            *every("blood_pressure", 15, 5, 52), *due("blood_pressure", 10, 40), *every("sedation", 15, 5, 52),
            *every("dissociation", 30, 5, 52), *LOST)),
        "recovery": Plan(45, (0, 30), 60, 120, (
            *every("blood_pressure", 30, 10, 45), *every("sedation", 30, 5, 45), *LOST)),
    },
    # Pressure at about 40 min after the first device; two hours and well before leaving (label, REMS).
    "esketamine-nasal": {
        "dosing": Plan(25, (0, 10, 20), None, 30, (*every("blood_pressure", 10, 3, 25), *LOST)),
        "monitoring": Plan(48, (0, 10, 20, 30, 40), 60, None, (
            *every("blood_pressure", 10, 3, 48), *due("blood_pressure", 5, 40), *every("sedation", 15, 5, 48),
            *every("dissociation", 30, 10, 48), *every("breathing_rate", 30, 10, 48), *LOST)),
        "recovery": Plan(45, (0, 15, 30, 45), None, None, (
            *every("blood_pressure", 15, 3, 45), *every("sedation", 30, 10, 45), *LOST)),
    },
    "general": {
        "dosing": Plan(25, (0, 10, 20), None, None, (*every("blood_pressure", 10, 3, 25), *LOST)),
        "monitoring": Plan(25, (0, 10, 20), 60, None, (
            *every("blood_pressure", 10, 3, 25), *every("sedation", 15, 5, 25), *LOST)),
        "recovery": Plan(40, (0, 15, 30), 30, 120, (
            *every("blood_pressure", 15, 3, 40), *every("sedation", 30, 5, 40), *LOST)),
    },
}  # fmt: skip
for plans in PLANS.values():
    plans |= {"check_in": CHECK_IN, "baseline": BASELINE, "discharge": DISCHARGE}

LEAVING_MIN = {"ketamine-iv": ("dosing_end", 60.0)}
"""From when, and for how long a patient stays; two hours from the dose where nothing else is said."""
FROM_DOSE_MIN = {
    "ketamine-iv": (60, 90),
    "ketamine-im": (30, 40),
    "ketamine-sublingual-home": (40,),
    "esketamine-nasal": (40,),
    "general": (),
}
"""Readings that are asked for so many minutes after the dose, whenever the phase began."""
QUESTIONS_BEFORE = {"ketamine-sublingual-home": {"call"}}
"""What is asked before the dose besides screening, consent and escort."""


@dataclass(frozen=True)
class Edge:
    """The two sides of an absolute limit: `good` does not violate, `bad` does; back at `back` it is over, at `near` not
    yet; `delay_s` is how long it lasts until it is an alarm. `worse` does not wait, `not_worse` still does."""

    field: str
    good: float
    bad: float
    near: float
    back: float
    delay_s: float
    priority: str
    worse: float | None = None
    not_worse: float | None = None
    worse_priority: str = "high"
    latches: bool = False
    phases: tuple[str, ...] = field(default=())


# SpO2 below 90, pulse 50 to 120: what monitors ship with; desaturation at 85, the careful end of 80 to 85. Above
# 180/110 one clinic holds, above 200/120 at once; below 90/50 adults at rest are looked at.
EDGES = {
    "spo2_low": Edge("spo2_pct", 90.0, 89.9, 90.9, 91.0, 10.4, "high", 84.9, 85.0, latches=True),
    "pulse_low": Edge("pulse_bpm", 50.0, 49.9, 51.9, 52.0, 10, "medium"),
    "pulse_high": Edge("pulse_bpm", 120.0, 120.1, 118.1, 118.0, 10, "medium"),
    "sbp_low": Edge("sbp_mmhg", 90.0, 89.9, 94.9, 95.0, 0, "medium"),
    "sbp_high": Edge("sbp_mmhg", 180.0, 180.1, 175.1, 175.0, 0, "medium", 200.1, 200.0),
    "dbp_low": Edge("dbp_mmhg", 50.0, 49.9, 54.9, 55.0, 0, "medium"),
    "dbp_high": Edge("dbp_mmhg", 110.0, 110.1, 105.1, 105.0, 0, "medium", 120.1, 120.0),
}
# The label's classes of a rise: 40 systolic, 25 diastolic. Recovery scores take points off beyond 20 % of the baseline.
BASE = {"sbp_mmhg": 120.0, "dbp_mmhg": 80.0, "pulse_bpm": 70.0, "spo2_pct": 98.0}
AFTER_DOSE = ("dosing", "monitoring", "recovery")
RELATIVE = {
    "sbp_rise": Edge("sbp_mmhg", 159.9, 160.0, 155.1, 155.0, 0, "low", phases=AFTER_DOSE),
    "dbp_rise": Edge("dbp_mmhg", 104.9, 105.0, 100.1, 100.0, 0, "low", phases=AFTER_DOSE),
    "sbp_fall": Edge("sbp_mmhg", 96.1, 96.0, 100.9, 101.0, 0, "low", phases=AFTER_DOSE),
}
