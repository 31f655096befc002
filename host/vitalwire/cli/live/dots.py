# SPDX-License-Identifier: Apache-2.0
"""A small picture of dots in braille characters: two columns and four rows of dots a cell."""

from __future__ import annotations

from typing import Final

_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Dots:
    """`width` x `height` cells; dots are set by column from the left and row from the bottom."""

    def __init__(self, width: int, height: int) -> None:
        self.columns, self.rows = max(1, width) * 2, max(1, height) * 4
        self._cells = [[0] * max(1, width) for _ in range(max(1, height))]

    def set(self, column: int, row: int) -> None:
        """Sets a dot; one outside the picture is left out."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            down = self.rows - 1 - row
            self._cells[down // 4][column // 2] |= _BITS[down % 4][column % 2]

    def bar(self, column: int, low: int, high: int) -> None:
        """A column of dots from row `low` up to row `high`."""
        for row in range(max(0, low), min(self.rows - 1, high) + 1):
            self.set(column, row)

    def lines(self) -> list[str]:
        """The picture, top line first."""
        return ["".join(chr(0x2800 + cell) if cell else " " for cell in line) for line in self._cells]


def row_of(value: float, low: float, high: float, rows: int) -> int:
    """The row of dots for a value in `low`..`high`; values outside are drawn at the edge."""
    share = (min(high, max(low, value)) - low) / (high - low)
    return round(share * (rows - 1))
