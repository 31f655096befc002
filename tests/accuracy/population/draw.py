# SPDX-License-Identifier: Apache-2.0
"""Random draws that follow from a seed alone: the same patient on every computer and Python version."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_NORMAL = NormalDist()


class Draw:
    """One stream of draws of one patient. Streams do not disturb one another: a draw more in one changes no other.

    Only `Random.random` is used, the one method whose sequence Python promises to keep.
    """

    def __init__(self, seed: int, stream: str) -> None:
        self._random = random.Random(zlib.crc32(f"vitalwire population/{seed}/{stream}".encode()))

    def unit(self) -> float:
        """0 <= x < 1."""
        return self._random.random()

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.unit()

    def normal(self, mean: float, sd: float, low: float = -math.inf, high: float = math.inf) -> float:
        """Normal, drawn again until it lies within the limits."""
        while True:
            x = mean + sd * _NORMAL.inv_cdf(min(max(self.unit(), 1e-9), 1 - 1e-9))
            if low <= x <= high:
                return x

    def around(self, median: float, log_sd: float, low: float = 0.0, high: float = math.inf) -> float:
        """Log-normal around a median, drawn again until it lies within the limits."""
        while True:
            x = median * math.exp(self.normal(0.0, log_sd))
            if low <= x <= high:
                return x

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def one_of(self, choices: Sequence[tuple[float, T]]) -> T:
        """One of (share, choice); the shares need not add up to 1."""
        at = self.unit() * sum(share for share, _ in choices)
        for share, choice in choices:
            at -= share
            if at < 0:
                return choice
        return choices[-1][1]
