# SPDX-License-Identifier: Apache-2.0
"""From what the board read and what the reference showed to zero and gain of a channel, and whether they may be used.

A channel is a straight line: true pressure = (reading - zero) x gain. Least squares in mmHg. Gain and offset are held
against what a healthy part can have: a calibration makes up for a part's tolerance, never for a broken part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Channel = Literal["cuff", "guard"]
CHANNELS: Final[tuple[Channel, ...]] = ("cuff", "guard")
ERROR_MMHG, ERROR_PCT = 3.0, 2.0
"""Largest error of the cuff pressure: +-3 mmHg or 2 % of the reading, whichever is more (IEC 80601-2-30)."""
GAIN_PCT, OFFSET_MMHG = 5.0, 6.0
"""Beyond this no channel is adjusted, whatever its part is."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a channel stands on the board: `zero` in its own units, `gain` as an integer; `unit` is mmHg x `per_mmhg`."""

    zero: int
    gain: int
    gain_one: float
    """The gain of a channel as the data sheet has it."""
    zero_nominal: int
    per_mmhg: float
    """Own units a mmHg: of a nominal channel."""
    gain_span_pct: float
    """A healthy part's tolerance, which the board holds too (`firmware/vitals/store/calibration.py`)."""
    zero_span_mmhg: float

    @property
    def offset_mmhg(self) -> float:
        """What it reads, by its data sheet, at no pressure."""
        return (self.zero - self.zero_nominal) / self.per_mmhg

    @property
    def gain_pct(self) -> float:
        """By how much its gain differs from the data sheet's."""
        return 100 * (self.gain / self.gain_one - 1)

    def mmhg(self, reading: float) -> float:
        """The pressure that a reading in own units stands for."""
        return (reading - self.zero) / self.per_mmhg * (self.gain / self.gain_one)

    def with_numbers(self, zero: int, gain: int) -> Scale:
        """The same channel with other numbers."""
        return Scale(
            zero, gain, self.gain_one, self.zero_nominal, self.per_mmhg, self.gain_span_pct, self.zero_span_mmhg
        )


CUFF_GAIN_ONE: Final = 1 << 14
GUARD_GAIN_ONE: Final = 5156
GUARD_ZERO: Final = 2648
NOMINAL: Final[dict[Channel, Scale]] = {
    # MPRLS0300YG: 0.01 mmHg as read; 1.5 % of full scale in all.
    "cuff": Scale(0, CUFF_GAIN_ONE, CUFF_GAIN_ONE, 0, 100.0, 492 / CUFF_GAIN_ONE * 100, 4.5),
    # MPXV5050GP behind 2/3: 0.01 mmHg a count times 2^13; 2.5 % of full scale and 1 % of its divider.
    "guard": Scale(
        GUARD_ZERO, GUARD_GAIN_ONE, GUARD_GAIN_ONE, GUARD_ZERO, 100 * (1 << 13) / GUARD_GAIN_ONE,
        206 / GUARD_GAIN_ONE * 100, 1500 * GUARD_GAIN_ONE / (1 << 13) / 100,
    ),
}  # fmt: skip


class NoLineError(ValueError):
    """These readings make no line; the message says why."""


def allowed_mmhg(reference_mmhg: float) -> float:
    """The largest error at a pressure."""
    return max(ERROR_MMHG, ERROR_PCT / 100 * abs(reference_mmhg))


def fit(pairs: Sequence[tuple[float, float]], nominal: Scale) -> Scale:
    """The channel's numbers from (reading in own units, reference in mmHg). Raises NoLineError."""
    n = len(pairs)
    if n < 3 or max(r for _, r in pairs) - min(r for _, r in pairs) < 100:
        raise NoLineError("the readings span less than 100 mmHg: no slope can be told from them")
    mean_x = math.fsum(x for x, _ in pairs) / n
    mean_y = math.fsum(y for _, y in pairs) / n
    spread = math.fsum((x - mean_x) ** 2 for x, _ in pairs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs) / spread if spread else 0.0
    if slope <= 0:
        raise NoLineError("the channel does not rise with the pressure: its sensor or its hose is not connected")
    return nominal.with_numbers(round(mean_x - mean_y / slope), round(slope * nominal.per_mmhg * nominal.gain_one))


def errors_mmhg(pairs: Sequence[tuple[float, float]], scale: Scale) -> list[float]:
    """What the channel would show less what the reference showed, for each pair."""
    return [scale.mmhg(reading) - reference for reading, reference in pairs]


def refused(channel: Channel, scale: Scale) -> list[str]:
    """Why these numbers must not be used, in sentences that say what it means; empty where they may."""
    found = []
    gain_pct = min(GAIN_PCT, scale.gain_span_pct)
    offset_mmhg = min(OFFSET_MMHG, scale.zero_span_mmhg)
    if abs(scale.gain_pct) > gain_pct:
        found.append(
            f"{channel}: gain {scale.gain_pct:+.1f} %, limit +-{gain_pct:.1f} %: more than a healthy sensor is off, so"
            " the sensor, its divider, a leak at the reference or the reference itself is wrong"
        )
    if abs(scale.offset_mmhg) > offset_mmhg:
        found.append(
            f"{channel}: offset {scale.offset_mmhg:+.1f} mmHg, limit +-{offset_mmhg:.1f} mmHg: the sensor's zero has"
            " left its tolerance, or the line was not empty at 0"
        )
    return found


def beyond(errors: Sequence[float], limits: Sequence[float]) -> int | None:
    """The position of the error that is furthest beyond its limit; None where all are within."""
    over = [abs(error) - limit for error, limit in zip(errors, limits, strict=True)]
    worst = max(range(len(over)), key=over.__getitem__, default=None)
    return worst if worst is not None and over[worst] > 1e-9 else None


__all__ = [
    "CHANNELS", "ERROR_MMHG", "ERROR_PCT", "GAIN_PCT", "NOMINAL", "OFFSET_MMHG", "Channel", "NoLineError", "Scale",
    "allowed_mmhg", "beyond", "errors_mmhg", "fit", "refused",
]  # fmt: skip
