# SPDX-License-Identifier: Apache-2.0
"""This patient's baseline: agreeing readings of the pressure and a steady oximeter, as the profile asks for."""

from __future__ import annotations

from ..course_shown import BaselineShown
from ..profile import BaselineRule
from .values import Pressure, Values

GAP_MS = 5000
"""A steady oximeter has no longer gap between two readings: five seconds are `stale`."""


class Baseline:
    """`values` is what was taken, by fields of the vitals; empty before. `readings` are those it is made of."""

    def __init__(self, rule: BaselineRule | None) -> None:
        self.rule = rule
        self.values: dict[str, float] = {}
        self.readings: tuple[Pressure, ...] = ()
        self.taken_by = ""
        self.against = ""
        """Why it was taken without being complete, where it was."""
        self.missing = "no reading yet"

    @property
    def taken(self) -> bool:
        return bool(self.values)

    @property
    def complete(self) -> bool:
        """Taken, and as the profile asks for."""
        return self.taken and not self.against

    def look(self, values: Values) -> dict[str, float] | None:
        """The baseline that the readings so far give, or None; then `missing` says what is missing."""
        rule = self.rule
        if rule is None:
            self.missing = "the profile asks for none"
            return None
        picked = self._apart(values.pressures, rule)
        if len(picked) < rule.cuff_readings:
            self.missing = f"{len(picked)} of {rule.cuff_readings} pressure readings"
            return None
        for field in ("sbp_mmhg", "dbp_mmhg"):
            found = [getattr(reading, field) for reading in picked]
            if max(found) - min(found) > rule.agree_within_mmhg:
                self.missing = f"the last {len(picked)} pressure readings differ by {max(found) - min(found):g} mmHg"
                return None
        steady = self._steady(values, rule)
        if steady is None:
            return None
        self.readings = tuple(reversed(picked))
        means = {"sbp_mmhg": _mean([p.sbp_mmhg for p in picked]), "dbp_mmhg": _mean([p.dbp_mmhg for p in picked])}
        mean_pressures = [p.map_mmhg for p in picked if p.map_mmhg is not None]
        if mean_pressures:
            means["map_mmhg"] = _mean(mean_pressures)
        return {**means, **steady}

    def latest(self, values: Values) -> dict[str, float]:
        """What there is, complete or not."""
        fields = ("sbp_mmhg", "dbp_mmhg", "map_mmhg", "spo2_pct", "pulse_bpm")
        return {field: values.latest[field].value for field in fields if field in values.latest}

    def shown(self, collecting: bool) -> BaselineShown:
        """For the screen."""
        if self.taken:
            text = f"taken by {self.taken_by}" if self.taken_by else "taken"
            text += f", against: {self.against}" if self.against else f" from {len(self.readings)} readings"
            return BaselineShown("taken", text, **{k: self.values.get(k) for k in _SHOWN})
        return BaselineShown("collecting" if collecting else "none", self.missing)

    @staticmethod
    def _apart(pressures: list[Pressure], rule: BaselineRule) -> list[Pressure]:
        """The newest readings that are far enough apart, newest first."""
        picked: list[Pressure] = []
        for reading in reversed(pressures):
            if not picked or picked[-1].t_ms - reading.t_ms >= rule.apart_s * 1000:
                picked.append(reading)
            if len(picked) == rule.cuff_readings:
                break
        return picked

    def _steady(self, values: Values, rule: BaselineRule) -> dict[str, float] | None:
        span: list[tuple[int, float, float]] = []
        for reading in reversed(values.oximetry):
            if span and span[-1][0] - reading[0] > GAP_MS:
                break
            span.append(reading)
            if span[0][0] - reading[0] >= rule.steady_s * 1000:
                break
        if not span or span[0][0] - span[-1][0] < rule.steady_s * 1000:
            self.missing = f"the oximeter has not been steady for {rule.steady_s:g} s"
            return None
        spo2, pulse = [s for _, s, _ in span], [p for _, _, p in span]
        if max(spo2) - min(spo2) > rule.spo2_within_points or max(pulse) - min(pulse) > rule.pulse_within_bpm:
            self.missing = "SpO2 or pulse is not steady yet"
            return None
        return {"spo2_pct": _mean(spo2), "pulse_bpm": _mean(pulse)}


_SHOWN = ("sbp_mmhg", "map_mmhg", "dbp_mmhg", "pulse_bpm", "spo2_pct")


def _mean(found: list[float]) -> float:
    return round(sum(found) / len(found), 1)


def text_of(values: dict[str, float]) -> str:
    """`sbp 118 dbp 74 map 89 pulse 66 spo2 97`: what stands in the record."""
    names = (
        ("sbp_mmhg", "sbp"),
        ("dbp_mmhg", "dbp"),
        ("map_mmhg", "map"),
        ("pulse_bpm", "pulse"),
        ("spo2_pct", "spo2"),
    )
    return " ".join(f"{word} {values[field]:g}" for field, word in names if field in values)
