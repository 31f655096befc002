# SPDX-License-Identifier: Apache-2.0
"""What a pressure calibration comes to: errors as found and as left, lag and bend, the new numbers, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .fit import CHANNELS, Channel, NoLineError, Scale, allowed_mmhg, beyond, errors_mmhg, fit, refused
from .session import Taken


@dataclass(frozen=True, slots=True)
class Judged:
    """One channel. Lists run along the points; `left` is None where it was not adjusted."""

    channel: Channel
    found: Scale
    found_mmhg: tuple[float, ...]
    left: Scale | None = None
    left_mmhg: tuple[float, ...] | None = None
    """By the new numbers, from the same readings."""
    bend_mmhg: float | None = None
    """Largest distance from the best straight line: not even the best numbers take it away."""
    lag_mmhg: float | None = None
    """Largest difference of the errors coming down and going up at one pressure."""

    def as_json(self) -> dict[str, Any]:
        return {
            "as_found": {"zero": self.found.zero, "gain": self.found.gain},
            "as_left": None if self.left is None else {"zero": self.left.zero, "gain": self.left.gain},
            "offset_mmhg": None if self.left is None else round(self.left.offset_mmhg, 2),
            "gain_pct": None if self.left is None else round(self.left.gain_pct, 2),
            "linearity_mmhg": None if self.bend_mmhg is None else round(self.bend_mmhg, 2),
            "hysteresis_mmhg": None if self.lag_mmhg is None else round(self.lag_mmhg, 2),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both channels; `problems` are why the board must not be adjusted, or did not pass a check."""

    taken: tuple[Taken, ...]
    channels: dict[Channel, Judged]
    problems: tuple[str, ...]


def judge_check(taken: Sequence[Taken], found: Mapping[Channel, Scale]) -> Outcome:
    """As found only: is the board within its limit with the numbers it has?"""
    channels = {name: _found(name, taken, found[name]) for name in CHANNELS}
    problems = [text for one in channels.values() if (text := _over(one, taken, one.found_mmhg, "as found"))]
    return Outcome(tuple(taken), channels, tuple(problems))


def judge(taken: Sequence[Taken], found: Mapping[Channel, Scale], nominal: Mapping[Channel, Scale]) -> Outcome:
    """As found, the new numbers, and as left by them; `problems` where these must not be stored."""
    channels: dict[Channel, Judged] = {}
    problems: list[str] = []
    for name in CHANNELS:
        one = _found(name, taken, found[name])
        try:
            left = fit([(t.reading(name), t.reference_mmhg) for t in taken], nominal[name])
        except NoLineError as error:
            problems.append(f"{name}: {error}")
            channels[name] = one
            continue
        errors = _errors(name, taken, left)
        one = Judged(name, one.found, one.found_mmhg, left, errors, max(map(abs, errors)), one.lag_mmhg)
        problems += refused(name, left)
        if text := _over(one, taken, errors, "after the best straight line"):
            problems.append(text + ": the sensor is bent or lags, and no calibration mends that")
        channels[name] = one
    return Outcome(tuple(taken), channels, tuple(problems))


def _found(name: Channel, taken: Sequence[Taken], scale: Scale) -> Judged:
    errors = _errors(name, taken, scale)
    return Judged(name, scale, errors, lag_mmhg=_lag(taken, errors))


def _errors(name: Channel, taken: Sequence[Taken], scale: Scale) -> tuple[float, ...]:
    return tuple(errors_mmhg([(t.reading(name), t.reference_mmhg) for t in taken], scale))


def _lag(taken: Sequence[Taken], errors: Sequence[float]) -> float | None:
    up = {t.point.mmhg: e for t, e in zip(taken, errors, strict=True) if t.point.direction == "up"}
    down = {t.point.mmhg: e for t, e in zip(taken, errors, strict=True) if t.point.direction == "down"}
    lags = [down[mmhg] - up[mmhg] for mmhg in down if mmhg in up]
    return max(lags, key=abs, default=None)


def _over(one: Judged, taken: Sequence[Taken], errors: Sequence[float], when: str) -> str:
    at = beyond(errors, [allowed_mmhg(t.reference_mmhg) for t in taken])
    if at is None:
        return ""
    limit = allowed_mmhg(taken[at].reference_mmhg)
    return f"{one.channel}: error {errors[at]:+.1f} mmHg at {taken[at].point} {when}, limit +-{limit:.1f} mmHg"


__all__ = ["Judged", "Outcome", "judge", "judge_check"]
